"""TOML and JSON that cannot be right are told in one line, and at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from patcher import formats
from patcher.errors import InputError
from patcher.formats import from_json, from_toml


class Kind(msgspec.Struct, forbid_unknown_fields=True):
    order: int = 0
    name: str = ""
    parts: dict[str, Any] = {}


def test_what_is_right_is_read() -> None:
    assert from_toml(b'order = 1\nname = "a.b"\nparts.a.b."c d".e = 2\n', Kind, "x", "") == Kind(
        1, "a.b", {"a": {"b": {"c d": {"e": 2}}}}
    )
    assert from_json(b'{"order": 18446744073709551615}', Kind, "x", "").order == 2**64 - 1
    prose = b'name = """' + b"One. Two. Three, e.g. a.b.c; " * 500 + b'"""'
    assert from_toml(prose, Kind, "x", "").name


_TOML = {
    "arrays": b"parts = " + b"[" * 5000,
    "nearly too deep arrays": b"parts.a = " + b"[" * 70 + b"]" * 70,
    "inline tables": b"parts = " + b"{a = " * 5000,
    "dotted key": b".".join([b"a"] * 50_000) + b" = 1",
    "dotted key, spaced": b" . ".join([b"a"] * 50_000) + b" = 1",
    "dotted key, quoted": b".".join([b'"a\\""'] * 20_000) + b" = 1",
    "dotted key, literal": b".".join([b"'a'"] * 20_000) + b" = 1",
    "dotted table": b"[" + b".".join([b"a"] * 500_000) + b"]",
    "dotted key, long parts": b".".join([b'"' + b"a" * 300 + b'"'] * 3_400) + b" = 1",
    "dotted key behind text": b'a = {x = """a"""", ' + b".".join([b"a"] * 50_000) + b" = 1}",
    "dotted key behind literal text": b"a = {x = '''\\''''', " + b".".join([b"a"] * 50_000) + b" = 1}",
    "quotes": b'parts = "' + b'\\"' * 500_000,
    "quotes, not closed": b"parts = " + b'"\\' * 300_000,
    "text, not closed": b"name = " + b'"""\n"" ' * 100_001,
    "digits": b"order = " + b"9" * 5000,
    "digits apart": b"order = " + b"1_" * 500_000 + b"1",
    "hexadecimal": b"order = 0x" + b"f" * 5000,
    "65 bits": b"order = 18446744073709551616",
    "unknown field": b'"' + b"a" * 500_000 + b'" = 1',
    "another type": b'order = "1"',
    "no UTF-8": b'name = "\xff"',
    "NUL": b"\0",
    "binary": bytes(range(256)) * 4000,
}
_JSON = {
    "arrays": b'{"parts": ' + b"[" * 500_000,
    "unknown and deep": b'{"other": ' + b"[" * 500_000,
    "objects": b'{"parts": ' + b'{"a":' * 100_000,
    "nearly too deep": b'{"parts": {"a":' + b"[" * 70 + b"]" * 70 + b"}}",
    "digits": b'{"order": ' + b"9" * 5000 + b"}",
    "some digits": b'{"order": ' + b"9" * 50 + b"}",
    "infinite": b'{"order": 1e999999}',
    "unknown field": b'{"' + b"a" * 500_000 + b'": 1}',
    "another type": b"[]",
    "empty": b"",
    "no UTF-8": b'{"name": "\xff"}',
    "half a character": b'{"name": "\\ud800"}',
}


@pytest.mark.parametrize(
    ("reader", "content"),
    [pytest.param(from_toml, content, id=f"toml, {name}") for name, content in _TOML.items()]
    + [pytest.param(from_json, content, id=f"json, {name}") for name, content in _JSON.items()],
)
def test_what_is_wrong_is_told(reader: Callable[..., object], content: bytes) -> None:
    with pytest.raises(InputError) as told:
        reader(content, Kind, "/the/file", "the advice")
    assert str(told.value).startswith("/the/file: ")
    assert str(told.value).endswith(": the advice")
    assert len(str(told.value)) < 400


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in _TOML.items()])
def test_each_byte_is_looked_at_once(content: bytes) -> None:
    """Whatever the content, the tokens are its bytes one after the other; none is tried twice."""
    at = 0
    for token in formats._TOKEN.finditer(content):
        assert token.start() == at
        at = token.end()
    assert at == len(content)


def test_text_is_no_key() -> None:
    dots = b"a." * 100
    values = [
        b'"""' + dots + b'"""', b"'''" + dots + b"'''", b'"' + dots + b'"', b"'" + dots + b"'", b"'' # " + dots,
        b'"""\n' + dots + b'\\"""' + dots + b'"""""', b"'''\n" + dots + b"''''",
    ]  # fmt: skip
    for value in values:
        assert isinstance(from_toml(b"name = " + value + b"\n", Kind, "x", "").name, str)
    assert from_toml(b"parts.a = [" + b"1.5, " * 100 + b"]\n", Kind, "x", "").parts["a"] == [1.5] * 100
