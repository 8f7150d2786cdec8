"""Text made to fit: folded between words, whole where it must be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.report.fold import Whole, columns, fitted, folded, padded, prose, shortened


@pytest.mark.parametrize(
    ("line", "width", "wanted"),
    [
        ("a b c", 5, ["a b c"]),
        ("aaaa bbbb cccc", 9, ["aaaa bbbb", "  cccc"]),
        ("  aaaa bbbb cccc", 11, ["  aaaa bbbb", "    cccc"]),
        ("/a/very/long/path: word", 12, ["/a/very/long/path:", "  word"]),
        ("    /a/very/long/path: word", 12, ["    /a/very/long/path:", "      word"]),
        ("", 10, [""]),
        ("- aaaa bbbb cccc", 11, ["- aaaa bbbb", "  cccc"]),
        ("  12. aaaa bbbb", 12, ["  12. aaaa", "      bbbb"]),
        ("  ok   aaaa bbbb", 12, ["  ok   aaaa", "       bbbb"]),
        ("  ok   a/path   aaaa bbbb", 30, ["  ok   a/path   aaaa bbbb"]),
        ("  ok   a/path   aaaa bbbb cccc dddd", 30, ["  ok   a/path   aaaa bbbb cccc", " " * 16 + "dddd"]),
        ("aaaa bbbb cccc dddd  (so far to the right)", 24, ["aaaa bbbb cccc dddd  (so", "  far to the right)"]),
        ("漢字 漢字 漢字", 9, ["漢字 漢字", "  漢字"]),
        ("cafe\u0301 cafe\u0301 cafe\u0301", 9, ["cafe\u0301 cafe\u0301", "  cafe\u0301"]),
    ],
)
def test_folded(line: str, width: int, wanted: list[str]) -> None:
    assert list(folded(line, width)) == wanted


def test_prose_goes_on_where_it_began() -> None:
    assert list(folded("aaaa bbbb cccc", 9, deeper=0)) == ["aaaa bbbb", "cccc"]


def test_markdown_is_filled_and_code_is_left_alone() -> None:
    page = (
        "# a: b\n\naaaa bbbb\ncccc dddd\n- eeee ffff gggg\n  hhhh\n\n````c\nint x; /* long */\n```\n````\niiii\njjjj\n"
    )
    filled = (
        "# a: b\n\naaaa bbbb cccc\ndddd\n- eeee ffff\n  gggg hhhh\n\n````c\nint x; /* long */\n```\n````\niiii jjjj\n"
    )
    assert prose(page, 14) == filled


def test_colours_take_no_room_and_end_with_each_line() -> None:
    line = "\x1b[31mred\x1b[0m words and more"
    assert list(folded(line, 18)) == [line]
    assert list(folded(line, 17)) == ["\x1b[31mred\x1b[0m words and", "  more"]
    line = "\x1b[1m\x1b[31mred words and more\x1b[0m"
    assert list(folded(line, 17)) == ["\x1b[1m\x1b[31mred words and\x1b[0m", "  \x1b[1m\x1b[31mmore\x1b[0m"]
    assert list(folded("\x1b[90m  aaaa bbbb cccc\x1b[0m", 11)) == [
        "\x1b[90m  aaaa bbbb\x1b[0m",
        "    \x1b[90mcccc\x1b[0m",
    ]


def test_what_is_whole_stays_so() -> None:
    source = Whole("    if (a && b && c)")
    assert fitted(["aa bb cc", source, "dd\nee ff gg"], 5) == f"aa bb\n  cc\n{source}\ndd\nee ff\n  gg\n"


@given(st.text(st.sampled_from("ab漢 \u0301é–…"), max_size=60), st.integers(8, 40))
def test_no_word_is_lost_and_only_words_are_too_long(line: str, width: int) -> None:
    found = list(folded(line, width))
    assert " ".join(found).split() == line.split()
    for each in found:
        assert columns(each) <= width or re.fullmatch(r" *\S+ *", each) or len(found) == 1


@given(st.text(st.sampled_from("ab漢 \u0301é…"), max_size=30), st.integers(1, 20))
def test_cells_of_tables_are_as_wide_as_they_should_be(text: str, width: int) -> None:
    cut = shortened(text, width)
    assert columns(cut) <= width and (cut == text or cut.endswith("…"))
    assert columns(padded(cut, width)) == width
