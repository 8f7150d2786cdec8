"""What the line of progress says, at times that the tests give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.escape import safe
from patcher.report.fold import columns
from patcher.report.pace import Pace, clock, short


def test_what_is_done_of_how_much_how_fast_and_the_time_that_is_left() -> None:
    pace = Pace()
    assert pace.line(0, "parsing", 0, 400, 80) == f"{'parsing':24}  [....................]  0/400  0:00"
    assert pace.line(10, "parsing", 100, 400, 80) == f"{'parsing':24}  [#####...............]  100/400  10/s  0:30 left"
    assert pace.line(20, "parsing", 400, 400, 80) == f"{'parsing':24}  [####################]  400/400  20/s  0:00 left"


def test_without_a_total_what_was_done_so_far_and_for_how_long() -> None:
    pace = Pace()
    assert pace.line(5, "reading the tree", 0, 0, 80) == "reading the tree  0:00 so far"
    assert pace.line(6, "reading the tree", 0, 0, 80) == "reading the tree  0:01 so far"
    assert pace.line(67, "reading the tree", 31, 0, 80) == "reading the tree  31 so far  1:02"
    assert pace.line(69, "reading the tree", 35, 0, 80) == "reading the tree  35 so far  2/s  1:04"


def test_the_rate_is_that_of_late() -> None:
    pace = Pace()
    pace.line(0, "w", 0, 1000, 80)
    pace.line(1, "w", 900, 1000, 80)  # from the cache
    for second in range(2, 62):
        line = pace.line(second, "w", 900 + second - 1, 1000, 80)
    assert line.endswith("  960/1000  1/s  0:40 left")


def test_what_is_slow_is_told_by_the_minute() -> None:
    pace = Pace()
    pace.line(0, "booting", 0, 4, 80)
    assert pace.line(20, "booting", 1, 4, 80).endswith("  1/4  3/min  1:00 left")


def test_another_work_begins_anew() -> None:
    pace = Pace()
    pace.line(0, "a", 0, 10, 80)
    pace.line(10, "a", 10, 10, 80)
    assert pace.line(10, "b", 0, 20, 80).endswith("  0/20  0:00")
    assert pace.line(12, "b", 10, 20, 80).endswith("  10/20  5/s  0:02 left")


def test_nothing_of_a_tree_drives_the_terminal() -> None:
    line = Pace().line(0, "commit \x1b[2J\r\nevil", 1, 2, 80)
    assert line.startswith("commit \\x1b[2J\\x0d evil   [")


@given(st.text(max_size=120), st.integers(0, 10**14), st.integers(0, 10**14), st.integers(5, 120))
def test_it_is_one_line_that_fits(what: str, done: int, total: int, width: int) -> None:
    pace = Pace()
    pace.line(0, what, 0, total, width)
    line = pace.line(7, what, done, total, width)
    assert columns(line) <= width and line == safe(line) and "\n" not in line and "\t" not in line


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0"), (9999, "9999"), (12_345, "12.3k"), (999_999, "1000k"), (4_560_000, "4.56M"), (5 * 10**15, "5000T")],
)
def test_numbers_are_short(number: int, told: str) -> None:
    assert short(number) == told


def test_clock() -> None:
    assert [clock(each) for each in (0, 59.4, 59.6, 3600, 3723)] == ["0:00", "0:59", "1:00", "1:00:00", "1:02:03"]
