"""A boot beside that of the base: what is new, what was so before, and what a series has promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patcher.boot import console
from patcher.boot.results import FAULTS, Booted, Changed, Promise, Row, Seen
from patcher.check.results import Status

_LESS = 0.01  # of the base's memory, by which a commit may have less
_LINES = 40  # messages that are kept of a difference
NEW, BEFORE, MENDED, PROMISED = "new", "as before", "mended", "promised"


def rows(base: Booted | None, now: Booted, promises: Iterable[Promise] = ()) -> tuple[Row, ...]:
    """Each probe of a boot beside the base's. What only the base has seen is missing now."""
    if base is None:
        return tuple(_row(now, None, each, "") for each in now.seen)
    before = {each.probe: each for each in base.seen}
    after = {each.probe: _beside(each, before.get(each.probe)) for each in now.seen}
    ended = any(each.probe == "boot" and each.status in FAULTS for each in now.seen)  # that is told in its own row
    lost = Status.SKIP if ended else Status.FAIL
    for probe, each in before.items():
        if probe not in after and each.status is not Status.SKIP:
            after[probe] = Seen(probe, lost, "it did not come to this" if ended else "there is no such thing now")
    asked = {each.probe: each for each in promises if each.on == now.where}
    marks = {probe: _mark(before.get(probe), each, asked.get(probe)) for probe, each in after.items()}
    messages = after.get("messages")
    if messages and marks["messages"] == BEFORE and (fresh := new_messages(base, now)):
        marks["messages"] = NEW
        detail = f"{len(fresh)} that tell of a fault, and were not on the base"
        after["messages"] = Seen("messages", Status.FAIL, detail, fresh[:_LINES])
    return tuple(_row(now, before.get(probe), each, marks[probe]) for probe, each in after.items())


def _row(now: Booted, before: Seen | None, each: Seen, mark: str) -> Row:
    return Row(now.arch, now.where, now.ramdisk, each.probe, before, each, mark)


def _mark(before: Seen | None, now: Seen, promise: Promise | None) -> str:
    if promise and now.status is not Status.PASS:
        return PROMISED
    if now.status in FAULTS:
        return BEFORE if before and before.status in FAULTS else NEW
    return MENDED if before and before.status in FAULTS and now.status is Status.PASS else ""


def _beside(now: Seen, before: Seen | None) -> Seen:
    """The verdict in the light of the base's: less memory, another map and new messages are faults of the commit's."""
    if before is None or now.status is Status.ERROR:
        return now
    if now.probe == "memory MemTotal":
        had, has = _number(before.detail), _number(now.detail)
        if has < had * (1 - _LESS):
            return Seen(now.probe, Status.FAIL, f"{has} kB, {had - has} kB less than on the base")
    if now.probe == "e820" and now.lines != before.lines:
        differing = [f"- {line}" for line in before.lines if line not in now.lines]
        differing += [f"+ {line}" for line in now.lines if line not in before.lines]
        return Seen(now.probe, Status.FAIL, "other regions than on the base", tuple(differing[:_LINES]))
    return now


def _number(detail: str) -> int:
    word = detail.partition(" ")[0]
    return int(word) if word.isdigit() else 0


def new_messages(base: Booted, now: Booted) -> tuple[str, ...]:
    """What tells of a fault, and did not on the base."""
    return console.difference(console.bad(base.messages), console.bad(now.messages)).new


def changed(base: Booted, now: Booted) -> Changed | None:
    """What kernel and Xen say otherwise; None where that is nothing."""
    found = console.difference(base.messages, now.messages)
    if not found.new and not found.gone:
        return None
    return Changed(now.arch, now.where, now.ramdisk, found.new[:_LINES], found.gone[:_LINES])


def unmet(base: Sequence[Booted], promises: Iterable[Promise]) -> tuple[str, ...]:
    """Promises that show nothing here: the base is not as they say, or does not come to the probe."""
    found = []
    for promise in promises:
        places = [boot for boot in base if boot.where == promise.on]
        seen = {each.status for boot in places for each in boot.seen if each.probe == promise.probe}
        if not places or promise.base in seen:
            continue
        here = ", ".join(sorted(seen)) or "not looked at"
        found.append(f"{promise.on}, {promise.probe}: without the step {promise.since} it is to be {promise.base}; "
                     f"here the base is {here}")  # fmt: skip
    return tuple(found)
