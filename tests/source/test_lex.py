from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.source.lex import arguments, code_only, flat, line_starts, macros, words

# Pieces that make comments, strings and their ends meet in every order.
pieces = st.sampled_from(["/*", "*/", "//", '"', "'", "\\", "\n", "a", " ", "(", ")", ",", "\\\n", "/", "*", "é"])
snippets = st.lists(pieces, max_size=40).map("".join).map(str.encode)
names = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)


@given(st.one_of(snippets, st.binary(max_size=200)))
def test_code_only_keeps_length_and_lines(source: bytes) -> None:
    code = code_only(source)
    assert len(code) == len(source)
    assert line_starts(code) == line_starts(source)


@given(st.one_of(snippets, st.binary(max_size=200)))
def test_code_only_only_blanks(source: bytes) -> None:
    assert all(left == right or left == ord(" ") for left, right in zip(code_only(source), source, strict=True))


@given(snippets)
def test_code_only_twice_is_once(source: bytes) -> None:
    once = code_only(source)
    assert b"/*" not in once
    assert b"//" not in once
    assert code_only(once) == once or b"'" in once or b'"' in once  # an unpaired quote may pair up anew


@pytest.mark.parametrize(
    ("source", "visible"),
    [
        (b"a /* b */ c", ["a", "c"]),
        (b"a // b\nc", ["a", "c"]),
        (b"a // b \\\n b2\nc", ["a", "c"]),
        (b'a "b" c', ["a", "c"]),
        (b'a "b\\" b2" c', ["a", "c"]),
        (b"a 'b' '\\'' c", ["a", "c"]),
        (b'a "/*" c "*/" d', ["a", "c", "d"]),
        (b'a /* " */ c /* " */', ["a", "c"]),
        (b"a /* b // */ c", ["a", "c"]),
        (b"a /* b\n b2 */ c", ["a", "c"]),
        (b"a /* never ends", ["a"]),
        (b"a / b * c", ["a", "b", "c"]),
        (b"/**/a/**/", ["a"]),
    ],
)
def test_what_is_code(source: bytes, visible: list[str]) -> None:
    assert [word for word, _ in words(code_only(source))] == visible


@given(st.lists(names, max_size=10))
def test_words_know_where_they_are(these: list[str]) -> None:
    code = b" + ".join(name.encode() for name in these)
    found = list(words(code))
    assert [word for word, _ in found] == these
    assert all(code[at : at + len(word)] == word.encode() for word, at in found)


expressions = st.recursive(
    st.one_of(names, st.just('",)"'), st.just("','"), st.just("/* ,( */ x")),
    lambda inner: st.one_of(
        st.builds("f({}, {})".format, inner, inner), st.builds("({})".format, inner), st.builds("a[{}]".format, inner),
        st.builds("(struct s){{ {}, {} }}".format, inner, inner),
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.lists(expressions, max_size=5), st.text("xyz;)(\n", max_size=5))
def test_arguments_are_split_where_c_splits_them(these: list[str], behind: str) -> None:
    source = f"call({', '.join(these)})".encode()
    found, end = arguments(code_only(source + behind.encode()), source + behind.encode(), 4)
    assert list(found) == [flat(each.encode()) for each in these]
    assert end == len(source)


def test_arguments_without_an_end() -> None:
    assert arguments(b"f(a, (b", b"f(a, (b", 1) == ((), 7)


def test_arguments_are_one_line_each() -> None:
    source = b"f(a +\n\t  b,\n  c)"
    assert arguments(source, source, 1)[0] == ("a + b", "c")


def test_macros() -> None:
    source = b"#define A 1\n# define B (A | C) /* D */\n#define F(x) \\\n\tg(x, A)\n#undef A\nint define;\n"
    assert dict(macros(code_only(source))) == {"A": frozenset(), "B": {"A", "C"}, "F": {"x", "g", "A"}}


@given(st.binary(max_size=100))
def test_flat_is_one_line(text: bytes) -> None:
    assert not re.search(r"[\n\r\t]|  ", flat(text))
