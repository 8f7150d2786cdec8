"""A scenario: a machine, and what happens on it. Plain data, so that one can be stored and played again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from patcher.prove.protocol import OPERATIONS
from patcher.prove.steps import AnyStep, Build, Limit, List

RAM, RESERVED, ACPI, NVS, UNUSABLE = 1, 2, 3, 4, 5  # types of E820 regions
ENOSYS = -38
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

    def given(self, mfn: int) -> bool:
        """Whether the builder gave the domain this frame."""
        return any(
            mfn == first or (step and (mfn - first) % step == 0 and 0 <= (mfn - first) // step < count)
            for count, first, step in self.frames
        )


class Scenario(msgspec.Struct, frozen=True):
    """A machine, and what is played on it."""

    machine: Machine
    steps: tuple[AnyStep, ...]


def words(scenario: Scenario, bits: int, brk_pages: int, jumps: Sequence[int], data: tuple[int, int]) -> list[int]:
    """The scenario as the shim reads it: words of 64 bits.

    ``brk_pages``: pages there are for extend_brk(); ``jumps``: addresses of the jumps back in the code under test;
    ``data``: where what the program can write begins and ends.
    """
    machine = scenario.machine
    per_page = 4096 * 8 // bits
    flags = machine.initial | machine.translated << 1 | machine.pat << 2
    listed = max(1, -(-machine.nr_pages // per_page))
    found = [
        OPERATIONS.index("machine"), machine.nr_pages, flags, machine.arena, listed, brk_pages, machine.heap,
        machine.tail, machine.order, len(machine.frames), *(number for run in machine.frames for number in run),
    ]  # fmt: skip
    found += [OPERATIONS.index("e820"), machine.e820_result, len(machine.e820)]
    found += [number for region in machine.e820 for number in region]
    counted = jumps if any(isinstance(step, Limit) for step in scenario.steps) else ()
    found += [OPERATIONS.index("jumps"), len(counted), *counted, *data]
    for step in scenario.steps:
        found += step.words()
    return [word % 2**64 for word in found]


BOOT: tuple[AnyStep, ...] = (Build(), List())
BEFORE = 3  # operations before the first step: the machine, its map, the jumps
