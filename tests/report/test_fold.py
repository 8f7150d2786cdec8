"""Text on a terminal: folded between words, whole where it goes elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.report.fold import folded, terminal_width


@pytest.mark.parametrize(
    ("line", "width", "wanted"),
    [
        ("a b c", 0, ["a b c"]),
        ("a b c", 5, ["a b c"]),
        ("aaaa bbbb cccc", 9, ["aaaa bbbb", "    cccc"]),
        ("  aaaa bbbb cccc", 11, ["  aaaa bbbb", "     cccc"]),
        ("/a/very/long/path: word", 12, ["/a/very/long/path:", "    word"]),
        ("", 10, [""]),
    ],
)
def test_folded(line: str, width: int, wanted: list[str]) -> None:
    assert list(folded(line, width)) == wanted


def test_colours_take_no_room() -> None:
    line = "\x1b[31mred\x1b[0m words and more"
    assert list(folded(line, 18)) == [line]
    assert list(folded(line, 17)) == ["\x1b[31mred\x1b[0m words and", "    more"]


def test_no_word_is_lost() -> None:
    line = "  " + " ".join(f"word{n}" for n in range(200))
    found = list(folded(line, 50))
    assert " ".join(each.strip() for each in found) == line.strip() and all(len(each) <= 50 for each in found)


def test_what_goes_to_no_terminal_is_not_folded(tmp_path: Path) -> None:
    assert terminal_width(tmp_path / "file") == 0
