"""From outcomes to cells and findings: what is new is told once, at the commit that brings it."""

from __future__ import annotations

from patcher.check.adjust import Adjustments
from patcher.check.configuration import Configuration
from patcher.check.judge import Findings, Judge
from patcher.check.results import Finding, Kind, Message, Outcome, Severity, State, Status
from patcher.check.specs import Spec
from patcher.check.tools import Tool

A, B = "mm/a.o", "mm/b.o"


def warning(text: str, line: int = 1) -> Message:
    return Message(Severity.WARNING, "mm/a.c", line, text, "-Wx", text, "f", "")


def error(text: str) -> Message:
    return Message(Severity.ERROR, "mm/a.c", 9, text, "", text, "f", "")


def built(*messages: Message, target: str = A) -> dict[str, Outcome]:
    return {target: Outcome(target, State.BUILT, "", messages, ())}


def failed(*messages: Message) -> dict[str, Outcome]:
    return {A: Outcome(A, State.FAILED, messages[0].message, messages, ())}


def unknown() -> dict[str, Outcome]:
    return {A: Outcome(A, State.ERROR, "disk full", (), ())}


class Series:
    """Commits that are judged in one configuration, with the statuses so far."""

    def __init__(self, base: dict[str, Outcome], name: str = "one", findings: Findings | None = None) -> None:
        self.findings = findings or Findings()
        tool, nothing = Tool("gcc", "gcc", "12", ""), Adjustments((), {}, ())
        self._judge = Judge(Configuration(0, name, Spec(name, "", "", "", (), ()), tool, nothing, 1, ""), self.findings)
        self._judge.base(base)
        self.statuses: list[Status] = []
        self.details: list[str] = []

    def commit(
        self, outcomes: dict[str, Outcome], gone: tuple[str, ...] = (), renamed: dict[str, str] | None = None
    ) -> Series:
        status, detail = self._judge.compare(len(self.statuses) + 1, outcomes, gone, renamed or {})
        self.statuses.append(status)
        self.details.append(detail)
        return self

    def found(self) -> list[tuple[int, Kind, str, int]]:
        return [(each.commit, each.kind, each.message, each.until) for each in self.findings.all()]


def test_what_the_parent_has_is_not_new() -> None:
    series = Series(built(warning("old"))).commit(built(warning("old", line=50)))
    assert (series.statuses, series.found()) == ([Status.PASS], [])


def test_a_warning_is_told_once() -> None:
    series = Series(built()).commit(built(warning("new"))).commit(built(warning("new")))
    assert series.statuses == [Status.WARN, Status.PASS]
    assert series.found() == [(1, Kind.WARNING, "new [-Wx]", 0)]
    assert series.details[0] == "mm/a.c:1: new [-Wx]"


def test_an_error_stays_until_it_is_mended() -> None:
    series = Series(built()).commit(failed(error("bad"))).commit({}).commit(failed(error("bad"))).commit(built())
    assert series.statuses == [Status.FAIL, Status.FAIL, Status.FAIL, Status.PASS]
    assert series.found() == [(1, Kind.ERROR, "bad", 4)]
    assert series.details[1] == f"{A} still does not compile"


def test_removing_the_source_mends_it() -> None:
    series = Series(built()).commit(failed(error("bad"))).commit({}, gone=(A,)).commit({})
    assert series.statuses == [Status.FAIL, Status.PASS, Status.PASS]
    assert series.found() == [(1, Kind.ERROR, "bad", 2)]


def test_a_warning_that_an_error_hid_is_of_the_commit_that_brought_it() -> None:
    series = Series(built()).commit(failed(error("bad"), warning("w"))).commit(built(warning("w")))
    assert series.statuses == [Status.FAIL, Status.PASS]
    assert series.found() == [(1, Kind.WARNING, "w [-Wx]", 0), (1, Kind.ERROR, "bad", 2)]


def test_what_cannot_be_told_is_no_verdict() -> None:
    series = Series(failed(error("old"))).commit(failed(error("old"))).commit(unknown()).commit(built(warning("w")))
    assert series.statuses == [Status.ERROR, Status.ERROR, Status.ERROR]
    assert "does not compile before the series either" in series.details[0]
    assert "its parent could not be compiled (disk full)" in series.details[2]
    assert series.found() == []


def test_a_renamed_source_is_compared_with_what_it_was() -> None:
    moved = Message(Severity.WARNING, "mm/b.c", 1, "old", "-Wx", "old", "f", "")
    series = Series(built(warning("old"))).commit(built(moved, target=B), renamed={"mm/a.c": "mm/b.c"})
    assert (series.statuses, series.found()) == ([Status.PASS], [])


def test_a_renamed_header_moves_no_object() -> None:
    series = Series(built(warning("old"))).commit(built(warning("old")), renamed={"mm/a.h": "mm/b.h"})
    assert (series.statuses, series.found()) == ([Status.PASS], [])


def test_one_finding_for_all_configurations() -> None:
    first = Series(built(), "one").commit(failed(error("bad"))).commit(built())
    second = Series(built(), "two", first.findings).commit(failed(error("bad"))).commit({})
    (found,) = second.findings.all()
    assert isinstance(found, Finding)
    assert (found.configs, found.targets, found.until) == (("one", "two"), (A,), 0)  # one of them is not mended
