"""Tables that fit: labels shortened, columns in blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from patcher.report.fold import columns
from patcher.report.table import Cell, Row, table


def plain(text: str, **_: object) -> str:
    return text


def row(label: str, *texts: str) -> Row:
    return Row(label, tuple(Cell(text, "green") for text in texts))


def test_what_fits_is_one_block() -> None:
    assert list(table(["a", "long"], [row("first", "PASS", "-"), row("the second", "FAIL", "x")], 40, plain)) == [
        "           a    long",
        "first      PASS -",
        "the second FAIL x",
    ]


def test_labels_are_shortened_first() -> None:
    found = list(table(["a"], [row("a label that is far too long for this", "PASS")], 35, plain))
    assert found == [" " * 31 + "a", "a label that is far too long…  PASS"]


def test_too_many_columns_are_told_in_blocks_of_about_as_many() -> None:
    heads = [f"[{number}]" for number in range(1, 13)]
    found = list(table(heads, [row("漢字 " * 20, *["PASS"] * 11, "ERROR")], 80, plain))
    assert [line.split() for line in found if line.startswith("  ")] == [heads[:6], heads[6:]]
    assert all(columns(line) <= 80 for line in found) and found[2] == ""
    assert " ".join(found).count("PASS") == 11 and found[-1].endswith("ERROR")


@given(st.integers(1, 30), st.integers(0, 60), st.integers(40, 160))
def test_no_cell_is_lost_and_no_line_too_wide(count: int, label: int, width: int) -> None:
    heads = [f"c{number}" for number in range(count)]
    found = list(table(heads, [row("x" * label, *(f"v{number}" for number in range(count)))], width, plain))
    assert [word for line in found for word in line.split() if word.startswith("v")] == [f"v{n}" for n in range(count)]
    assert all(columns(line) <= width for line in found)
