"""Boots as a column of check."""

from __future__ import annotations

from patcher.boot.column import extra
from patcher.boot.results import Began, Booted, Report, Row, Seen
from patcher.check.results import Status

A, B, C = "a" * 40, "b" * 40, "c" * 40
PLACE = ("x86_64", "xen-dom0", "large")


def _report(*rows: Row, began: tuple[Began, ...] = ()) -> Report:
    boots = (Booted(C, *PLACE, ()),)
    return Report("tree", "base", C, "last", rows, began, (), boots, (), (), 1.0)


def _row(probe: str, status: Status, mark: str) -> Row:
    return Row(*PLACE, probe, None, Seen(probe, status, "killed in read", ("BUG: Bad page map",)), mark)


def test_nothing_speaks_against_it() -> None:
    found = extra(_report(_row("boot", Status.PASS, ""), _row("mmap rom", Status.FAIL, "as before")), [A, B, C])
    assert [found.by_commit[each][0] for each in (A, B, C)] == [Status.SKIP, Status.SKIP, Status.PASS]


def test_a_fault_belongs_to_the_commit_that_began_it() -> None:
    began = (Began(*PLACE, "mmap rom", B, "second"),)
    found = extra(_report(_row("mmap rom", Status.FAIL, "new"), began=began), [A, B, C])
    assert [found.by_commit[each][0] for each in (A, B, C)] == [Status.SKIP, Status.FAIL, Status.FAIL]
    (finding,) = found.by_commit[B][2]
    assert (finding.message, finding.source) == ("mmap rom: killed in read", "BUG: Bad page map")
    assert found.by_commit[C][2] == ()


def test_a_promise_that_is_not_kept_is_the_last_commits() -> None:
    found = extra(_report(_row("mmap rom", Status.FAIL, "promised")), [A, C])
    (finding,) = found.by_commit[C][2]
    assert finding.message.startswith("mmap rom (promised)")
