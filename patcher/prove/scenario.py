"""A scenario: a machine, and what happens on it. Plain data, so that one can be stored and played again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from patcher.errors import InputError
from patcher.prove.protocol import CALLS, OPERATIONS, Point

RAM, RESERVED, ACPI, NVS, UNUSABLE = 1, 2, 3, 4, 5  # types of E820 regions
ENOSYS = -38
_CODE = {name: number for number, name in enumerate(OPERATIONS)}
_NUMBERS = {  # how many each operation takes that can be a step; a call takes two at most
    "booted": 0, "diff": 0, "facts": 0, "fail": 2, "high": 4, "limit": 1, "lost": 0, "m2p": 2, "owners": 2, "peek": 2,
    "resume": 1, "scan": 2, "snapshot": 0, "stats": 0, "view": 2, "watch": 2,
}  # fmt: skip
Step = tuple[Any, ...]
Region = tuple[int, int, int]


class Machine(msgspec.Struct, frozen=True):
    """What a domain finds at boot.

    Attributes:
        nr_pages: frames the domain was given
        initial: whether it is the initial domain
        frames: runs of (count, first MFN, step): the domain builder's list, for PFN 0 on. Without any the list is all
            zeros and takes no memory, so that a domain can be as large as there are: to count pages, not to look up.
        tail: what lies behind that list in its last page
        e820: regions (address, bytes, type) in the order the hypervisor gives them
        e820_result: 0, or the error the hypervisor answers instead
        arena: PFN of the first page that the list, early and late allocations are in; RAM from there on
        heap: pages there are to be allocated after boot
        order: MFNs are below 2**order
        translated: Xen translates by itself (XENFEAT_auto_translated_physmap)
        pat: pat_enabled
    """

    nr_pages: int
    initial: bool
    frames: tuple[tuple[int, int, int], ...]
    tail: int = 0
    e820: tuple[Region, ...] = ()
    e820_result: int = 0
    arena: int = 0x10
    heap: int = 24
    order: int = 22
    translated: bool = False
    pat: bool = False

    def frame(self, pfn: int) -> int | None:
        """The MFN the builder gave to a PFN, or None past ``nr_pages``."""
        if pfn >= self.nr_pages:
            return None
        for count, mfn, step in self.frames:
            if pfn < count:
                return mfn + pfn * step
            pfn -= count
        return None


class Scenario(msgspec.Struct, frozen=True):
    """A machine, and steps: (operation, numbers…), each as its name says; see docs/prove.md."""

    machine: Machine
    steps: tuple[Step, ...]


def words(scenario: Scenario, bits: int, brk_pages: int, jumps: Sequence[int], data: tuple[int, int]) -> list[int]:
    """The scenario as the driver reads it: words of 64 bits.

    ``brk_pages``: pages there are for extend_brk(); ``jumps``: addresses of the jumps back in the code under test;
    ``data``: where what the program can write begins and ends.
    """
    machine = scenario.machine
    per_page = 4096 * 8 // bits
    flags = machine.initial | machine.translated << 1 | machine.pat << 2
    listed = max(1, -(-machine.nr_pages // per_page))
    found = [
        _CODE["machine"], machine.nr_pages, flags, machine.arena, listed, brk_pages, machine.heap, machine.tail,
        machine.order, len(machine.frames), *(number for run in machine.frames for number in run),
    ]  # fmt: skip
    found += [_CODE["e820"], machine.e820_result, len(machine.e820)]
    found += [number for region in machine.e820 for number in region]
    counted = jumps if any(step[0] == "limit" for step in scenario.steps) else ()
    found += [_CODE["jumps"], len(counted), *counted, *data]
    for step in scenario.steps:
        found += _step(step)
    return [word % 2**64 for word in found]


def _step(step: Step) -> Iterator[int]:
    name, *rest = step
    if name in CALLS:
        yield _CODE["call"]
        yield from _call(step)
    elif name == "race":  # point, at, the rival's call, the call it meets; perhaps once more at and a rival's call
        point, at, rival, met, *second = rest
        yield from (_CODE["race"], Point[str(point).upper()].value, 1 + len(second) // 2, int(at), *_call(rival))
        if second:
            yield from (int(second[0]), *_call(second[1]))
        yield from _call(met)
    else:
        yield _CODE[str(name)]
        yield from (int(each) for each in rest)


def _call(step: Sequence[Any]) -> tuple[int, int, int]:
    name, *rest = step
    first, second = [*(int(each) for each in rest), 0, 0][:2]
    return CALLS.index(str(name)), first, second


def check(scenario: Scenario) -> None:
    """Look at a scenario that anybody may have written. Raises InputError for what ``words`` has no words for."""
    machine = scenario.machine
    numbers = [machine.nr_pages, machine.tail, machine.e820_result, machine.arena, machine.heap, machine.order]
    numbers += [number for run in (*machine.frames, *machine.e820) for number in run]
    if not all(_is_word(number) for number in numbers):
        raise InputError("a number of its machine is none of 64 bits")
    for number, step in enumerate(scenario.steps):
        if not (_is_race(step) or _is_operation(step)):
            raise InputError(f"step {number} is no operation of ours, or has other numbers than it takes")


def _is_word(number: object) -> bool:
    return isinstance(number, int) and -(2**63) <= number < 2**64


def _is_operation(step: object) -> bool:
    if _is_call(step):
        return True
    name, *rest = step if isinstance(step, list | tuple) and step else ("",)
    return isinstance(name, str) and _NUMBERS.get(name) == len(rest) and all(_is_word(each) for each in rest)


def _is_call(step: object) -> bool:
    name, *rest = step if isinstance(step, list | tuple) and step else ("",)
    return isinstance(name, str) and name in CALLS and len(rest) <= 2 and all(_is_word(each) for each in rest)


def _is_race(step: object) -> bool:
    if not isinstance(step, list | tuple) or len(step) not in (5, 7):
        return False
    name, point, at, rival, met, *second = step
    points = [each.name.lower() for each in Point]
    calls = (rival, met, *second[1:])
    return name == "race" and point in points and all(map(_is_word, (at, *second[:1]))) and all(map(_is_call, calls))


BOOT: tuple[Step, ...] = (("build",), ("list",))
