"""TOML and JSON that anybody may have written: what cannot be right is told in one line, at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from patcher.errors import InputError
from patcher.lazy import expression

LEVELS = 64  # tables and lists inside each other
_SHOWN = 300  # characters of what a parser says

T = TypeVar("T")

# What TOML is made of, as far as it takes to tell keys from text. Each byte is in one token, and none is tried twice:
# a string that does not end goes on to the end of its line, or of the file.
_TOKEN = expression(
    rb"""
    (?P<part>[\w-]++)
  | (?P<long>\"{3}(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}+)? | '{3}(?:[^']|'(?!''))*+(?:'{3,5}+)?)
  | (?P<quoted>"(?:[^"\\\n]|\\[^\n])*+"? | '[^'\n]*+'?)
  | (?P<blank>[ \t]++)
  | (?P<dot>\.)
  | (?P<other>\#[^\n]*+ | .)
    """,
    re.VERBOSE | re.DOTALL,
)
_OF_A_KEY = ("part", "quoted", "blank")


def from_toml(content: bytes, kind: type[T], where: object, advice: str) -> T:
    """TOML as ``kind``, strictly.

    Arguments:
        where: the file it is from, for people
        advice: what an error says that the user can do

    Raises InputError with the place where it is no TOML, is not ``kind``, has more than LEVELS levels, or integers of
    more than 64 bits.
    """
    return _read(content, _toml, kind, where, advice)


def from_json(content: bytes, kind: type[T], where: object, advice: str) -> T:
    """JSON as ``kind``, strictly; see ``from_toml``. Raises InputError as that does."""
    return _read(content, msgspec.json.decode, kind, where, advice)


def _read(content: bytes, parse: Callable[[bytes], Any], kind: type[T], where: object, advice: str) -> T:
    try:
        found = parse(content)
        _check(found)
        return msgspec.convert(found, type=kind, strict=True)
    except RecursionError as error:
        raise InputError(f"{where}: it has more than {LEVELS} levels", advice) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(f"{where}: {_short(error)}", advice) from error


def _toml(content: bytes) -> Any:
    _check_keys(content)
    return msgspec.toml.decode(content)


def _check_keys(content: bytes) -> None:
    """Raises ValueError for a dotted key of more than LEVELS parts. Each part makes the parser look at all before it:
    20,000 of them take ten seconds."""
    dots = 0
    for token in _TOKEN.finditer(content):
        if token.lastgroup == "dot":
            dots += 1
            if dots > LEVELS:
                raise ValueError(f"it has a key of more than {LEVELS} parts")
        elif token.lastgroup not in _OF_A_KEY:
            dots = 0


def _check(found: Any) -> None:
    """Raises ValueError for what is too deep, or holds an integer that nothing here can mean."""
    level = [found]
    for _ in range(LEVELS):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, int) and not -(2**63) <= each < 2**64:
                raise ValueError("it has an integer of more than 64 bits")
        if not below:
            return
        level = below
    raise ValueError(f"it has more than {LEVELS} levels")


def _short(error: Exception) -> str:
    text = str(error)
    if text.startswith("Exceeds the limit"):
        return "it has an integer of more than 64 bits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"
