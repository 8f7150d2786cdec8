"""The place in a line: marked, wherever it is, and whatever the line is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.report.excerpt import marked
from patcher.report.fold import columns


@pytest.mark.parametrize(
    ("line", "column", "width", "wanted"),
    [
        ("int x;", 5, 1, ["int x;", "    ^"]),
        ("\tint x;", 6, 1, ["        int x;", "            ^"]),
        ("a\tx", 2, 1, ["a       x", " ^^^^^^^"]),
        ("漢字 x", 4, 1, ["漢字 x", "     ^"]),
        ("漢字 x", 1, 2, ["漢字 x", "^^^^"]),
        ("cafe\u0301 x", 7, 1, ["cafe\u0301 x", "     ^"]),
        ("a\x1b[2Jx", 6, 1, ["a\\x1b[2Jx", "        ^"]),
        ("all of it", 1, 9, ["all of it"]),
        ("no place", 0, 0, ["no place"]),
        ("too short", 30, 1, ["too short", "         ^"]),
        ("", 1, 1, [""]),
    ],
)
def test_marked(line: str, column: int, width: int, wanted: list[str]) -> None:
    assert list(marked(line, column, width, 40)) == wanted


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "x" * 50 + "HERE" + "y" * 50
    assert list(marked(line, 51, 4, 20)) == ["…xxxxxxxHEREyyyyyyy…", "        ^^^^"]
    assert list(marked(line, 1, 4, 20)) == ["x" * 19 + "…", "^^^^"]
    assert list(marked(line, 101, 4, 20)) == ["…" + "y" * 19, " " * 16 + "^^^^"]
    endless = "x" * 10**7
    assert list(marked(f"{endless}HERE{endless}", 10**7 + 1, 4, 20)) == ["…xxxxxxxHERExxxxxxx…", "        ^^^^"]
    assert list(marked(line, 11, 80, 20))[1].strip("^ ") == ""


@given(
    st.text(st.sampled_from("ab\t漢\x1b\u0301é"), max_size=60),
    st.integers(0, 70),
    st.integers(0, 70),
    st.integers(12, 60),
)
def test_the_mark_is_below_the_place_and_nothing_is_too_wide(line: str, column: int, width: int, room: int) -> None:
    shown, *below = marked(line, column, width, room)
    assert columns(shown) <= room and all(columns(each) <= room + 1 for each in below)
    if below:
        assert set(below[0].strip()) == {"^"} and len(below[0]) - len(below[0].lstrip(" ")) <= columns(shown)
