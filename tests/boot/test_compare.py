"""Two boots beside each other: what is new, what was so before, what was promised."""

from __future__ import annotations

from patcher.boot import compare
from patcher.boot.results import Booted, Promise, Row, Seen, counts
from patcher.check.results import Status

PASS, FAIL, SKIP, ERROR = Status.PASS, Status.FAIL, Status.SKIP, Status.ERROR
PROMISE = Promise("mmap acpi.RSDT", "xen-dom0", FAIL, "pte-by-lookup")


def _booted(*seen: Seen, messages: tuple[str, ...] = ()) -> Booted:
    return Booted("c", "x86_64", "xen-dom0", "large", seen, messages=messages)


def _row(base: Booted | None, now: Booted, *promises: Promise) -> Row:
    (found,) = compare.rows(base, now, promises)
    return found


def _one(before: Status | None, after: Status, *promises: Promise) -> Row:
    base = _booted(Seen("mmap acpi.RSDT", before, "")) if before else None
    return _row(base, _booted(Seen("mmap acpi.RSDT", after, "")), *promises)


def test_what_a_row_comes_to() -> None:
    told = {
        (before, after): (row.mark, counts(row))
        for before in (PASS, FAIL)
        for after in (PASS, FAIL, SKIP, ERROR)
        for row in [_one(before, after)]
    }
    assert told == {
        (PASS, PASS): ("", False), (PASS, FAIL): ("new", True), (PASS, SKIP): ("", False), (PASS, ERROR): ("new", True),
        (FAIL, PASS): ("mended", False), (FAIL, FAIL): ("as before", False), (FAIL, SKIP): ("", False),
        (FAIL, ERROR): ("as before", False),
    }  # fmt: skip
    assert counts(_one(None, FAIL))
    assert not counts(_one(None, PASS))


def test_a_promise_that_is_not_kept() -> None:
    row = _one(FAIL, FAIL, PROMISE)
    assert (row.mark, counts(row)) == ("promised", True)
    assert _one(FAIL, PASS, PROMISE).mark == "mended"
    assert counts(_one(FAIL, SKIP, PROMISE))


def test_a_promise_about_a_base_that_is_fine_is_told() -> None:
    fine, broken = (_booted(Seen("mmap acpi.RSDT", status, "")) for status in (PASS, FAIL))
    assert len(compare.unmet([fine], [PROMISE])) == 1
    assert compare.unmet([broken], [PROMISE]) == ()


def test_a_probe_that_no_longer_comes_back() -> None:
    base = _booted(Seen("boot", PASS, ""), Seen("foreign", PASS, ""), Seen("p2m", SKIP, ""))
    hung = compare.rows(base, _booted(Seen("boot", FAIL, "hung")))
    assert [(row.probe, row.now.status, row.mark) for row in hung] == [("boot", FAIL, "new"), ("foreign", SKIP, "")]
    gone = compare.rows(base, _booted(Seen("boot", PASS, "")))
    assert [(row.probe, row.now.status, row.mark) for row in gone] == [("boot", PASS, ""), ("foreign", FAIL, "new")]


def test_a_promise_about_what_is_not_there() -> None:
    assert "not looked at" in compare.unmet([_booted(Seen("boot", PASS, ""))], [PROMISE])[0]


def test_less_memory_than_the_base() -> None:
    base = _booted(Seen("memory MemTotal", PASS, "500000 kB"))
    assert _row(base, _booted(Seen("memory MemTotal", PASS, "499000 kB"))).now.status is PASS
    row = _row(base, _booted(Seen("memory MemTotal", PASS, "480000 kB")))
    assert (row.now.status, row.now.detail) == (FAIL, "480000 kB, 20000 kB less than on the base")


def test_another_e820() -> None:
    base = _booted(Seen("e820", PASS, "", ("a", "b")))
    row = _row(base, _booted(Seen("e820", PASS, "", ("a", "c"))))
    assert (row.now.status, row.now.lines) == (FAIL, ("- b", "+ c"))


def test_a_new_bad_message_counts_where_the_base_has_others() -> None:
    old, new = "[    1.0] WARNING: at a.c:1 f()", "[    2.0] BUG: Bad page map in process init"
    before = _booted(Seen("messages", FAIL, ""), messages=(old,))
    same = _row(before, _booted(Seen("messages", FAIL, ""), messages=("[    7.7] WARNING: at a.c:2 f()",)))
    assert (same.mark, counts(same)) == ("as before", False)
    more = _row(before, _booted(Seen("messages", FAIL, ""), messages=(old, new)))
    assert (more.mark, more.now.lines, counts(more)) == ("new", (new,), True)
