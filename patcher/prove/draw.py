"""The P2M that a tree's own code builds for one machine: booted, the memory map read, and the tables read back.

Which page a pointer leads to is read from the tables themselves, what an entry means is asked of
get_phys_to_machine().
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec

from patcher.errors import InputError
from patcher.prove.answers import Run
from patcher.prove.outcome import Outcome, ending
from patcher.prove.picture import (
    PAGE,
    Ended,
    Kind,
    LeafRun,
    MidRun,
    Pages,
    Picture,
    Piece,
    Shared,
    merged,
    pages_of_ram,
)
from patcher.prove.program import Program
from patcher.prove.protocol import Why
from patcher.prove.prove import lines
from patcher.prove.run import Runner
from patcher.prove.scenario import BOOT, RAM, Machine, Region, Scenario
from patcher.prove.steps import Asked, Facts, Memory, Peek, Scan, Stats, Step

A = TypeVar("A")
MOST_REGIONS = 1024  # the shim's; a kernel takes 128
_ARENA = 0x100  # PFN 1 MiB: the builder's list
_FIRST_MFN, _ORDER = 0x400000, {64: 27, 32: 23}  # the frames' numbers, and below what power of two they are
_LEVELS = {"p2m_missing": "leaf", "p2m_identity": "leaf", "p2m_mid_missing": "mid", "p2m_mid_identity": "mid"}


def draw(
    program: Program, arch: str, regions: tuple[Region, ...], nr_pages: int | None, initial: bool
) -> Picture | Ended:
    """The tree that the program's code builds for a domain.

    ``nr_pages``: as many as the map has RAM where it is None. Raises InputError where the map has no RAM or too many
    regions, or where the tables are not three levels below ``p2m_top``.
    """
    asked = pages_asked(regions, nr_pages)
    with Runner(program) as runner:
        given = min(asked, runner.facts["max_domain_pages"])
        return _Reader(runner, _machine(regions, given, initial, runner)).read(arch, asked)


def pages_asked(regions: tuple[Region, ...], nr_pages: int | None) -> int:
    """How many pages the domain is to have. Raises InputError where the map has none, or more regions than can be
    played."""
    if len(regions) > MOST_REGIONS:
        raise InputError(f"the memory map has {len(regions)} regions", f"at most {MOST_REGIONS} can be given")
    asked = pages_of_ram(regions) if nr_pages is None else nr_pages
    if not asked:
        raise InputError("the memory map has no whole page of RAM", "say how many pages there are with --nr-pages")
    return asked


def _machine(regions: tuple[Region, ...], given: int, initial: bool, runner: Runner) -> Machine:
    """The list is filled as far as the map has holes, where frames are given back; behind it is all zeros."""
    ram = merged([(-(-addr // PAGE), (addr + size) // PAGE) for addr, size, kind in regions if kind == RAM])
    other = merged([(addr // PAGE, -(-(addr + size) // PAGE)) for addr, size, kind in regions if kind != RAM])
    around = next((start for start, end in ram if start < given <= end), given)
    filled = max([around, *(min(end, given) for start, end in other if start < given)])
    frames = ((max(filled, min(given, 0x1000)), _FIRST_MFN, 1),)
    return Machine(given, initial, frames, e820=regions, arena=_ARENA, order=_ORDER[runner.bits])


class _Ended(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class _Reader:
    """Plays the boot, again and again with other questions at its end: each time all is where it was."""

    def __init__(self, runner: Runner, machine: Machine) -> None:
        self.runner, self.machine, self.facts = runner, machine, runner.facts
        self.per_page, self.word = runner.per_page, runner.bits // 8
        start = self.facts["page_offset"] + machine.arena * PAGE
        self.list_pages = max(1, -(-machine.nr_pages // self.per_page))
        self.list = range(start, start + self.list_pages * PAGE)
        self.arena = range(start, start + (self.list_pages + 1 + 2 * (runner.brk_pages + machine.heap)) * PAGE)
        self.names: dict[int, str] = {}

    def read(self, arch: str, asked: int) -> Picture | Ended:
        try:
            return self._read(arch, asked)
        except _Ended as ended:
            outcome = ended.outcome
            addresses = [outcome.numbers[1]] if outcome.why is Why.SIGNAL else []
            place = lines(self.runner.program, [*addresses, *(line - 1 for line in outcome.lines)])
            return Ended(ending(outcome), place[0] if place else "")

    def _ask(self, *questions: Step[A]) -> list[A]:
        before = (*BOOT, Memory())
        outcome = self.runner.play(Scenario(self.machine, (*before, *questions)))
        if not outcome.done:
            raise _Ended(outcome)
        return [outcome.of(Asked[A](index, each)) for index, each in enumerate(questions, len(before))]

    def _peek(self, *wanted: tuple[int, int]) -> list[tuple[int, ...]]:
        return self._ask(*(Peek(address, count) for address, count in wanted))

    def _read(self, arch: str, asked: int) -> Picture:
        (facts,), (stats,) = self._ask(Facts()), self._ask(Stats())
        top = self._top()
        own_mids = sorted(set(top) - self.names.keys())
        mids = dict(zip([*own_mids, *self._shared_mids()], self._mids(own_mids), strict=True))
        self._name_the_rest(top, mids, own_mids)
        leaves = self._leaves(top, mids)
        runs = tuple(self._mid_runs(top, mids, leaves))
        used = {leaf for address in set(top) for leaf in mids[address]} - self.names.keys()
        listed = sum(leaf in self.list for leaf in used)
        pages = Pages(
            brk=stats.early, reserved=self.runner.brk_pages, mids=len(set(top) - self.names.keys()),
            leaves=len(used) - listed, shared=len(self.names), tools=self._tools(), listed=listed,
            list=self.list_pages,
        )  # fmt: skip
        start, size = facts["extra_start"], facts["extra_size"]
        return Picture(
            arch, self.per_page, self.machine.initial, asked, self.machine.nr_pages, self.machine.e820,
            (-(-start // PAGE), (start + size) // PAGE), runs, tuple(self._shared(top, mids, leaves)), pages,
        )  # fmt: skip

    def _top(self) -> tuple[int, ...]:
        """The pointers of the top page. The shared pages that have names become known."""
        variables = {name: self.facts[name] for name in ("p2m_top", *_LEVELS) if self.facts[name]}
        if "p2m_top" not in variables:
            raise self._other_tables()
        values = dict(zip(variables, self._peek(*((each, 1) for each in variables.values())), strict=True))
        self.names = {values[name][0]: name for name in _LEVELS if name in values and values[name][0]}
        address = values["p2m_top"][0]
        self._checked([address])
        found = self._peek((address, self.per_page))[0]
        self._checked(found)
        return found

    def _checked(self, pointers: Sequence[int]) -> None:
        if any(each not in self.arena or each % PAGE for each in pointers):
            raise self._other_tables()

    def _other_tables(self) -> InputError:
        return InputError(
            "the P2M of this tree is no tree of three levels below p2m_top", "2.6.37 is the first that can be drawn"
        )

    def _shared_mids(self) -> list[int]:
        return [address for address, name in self.names.items() if _LEVELS[name] == "mid"]

    def _mids(self, own: list[int]) -> list[tuple[int, ...]]:
        found = self._peek(*((address, self.per_page) for address in [*own, *self._shared_mids()]))
        for mid in found:
            self._checked(mid)
        return found

    def _name_the_rest(self, top: Sequence[int], mids: dict[int, tuple[int, ...]], own: list[int]) -> None:
        """What is shared and has no name that we know gets one."""
        tops, slots = Counter(top), Counter(leaf for address in own for leaf in mids[address])
        for level, counts in (("mid", tops), ("leaf", slots)):
            many = [address for address, count in counts.items() if count > 1 and address not in self.names]
            self.names.update({address: f"shared {level} {number}" for number, address in enumerate(many, 1)})

    def _leaves(self, top: Sequence[int], mids: dict[int, tuple[int, ...]]) -> dict[int, tuple[Piece, ...]]:
        """The entries of each leaf, as a lookup answers at the first place that leads to it; neighbours at once."""
        seen: dict[int, int] = {}
        for slot, address in enumerate(top):
            for index, leaf in enumerate(mids[address]):
                seen.setdefault(leaf, (slot * self.per_page + index) * self.per_page)
        at = {pfn: leaf for leaf, pfn in seen.items()}
        spans = merged([(pfn, pfn + self.per_page) for pfn in at])
        found: dict[int, list[Piece]] = {leaf: [] for leaf in seen}
        for runs in self._ask(*(Scan(start, end) for start, end in spans)):
            for run in runs:
                for start, count, kind in self._kinds(run, at):
                    self._add(found[at[start - start % self.per_page]], start % self.per_page, count, kind)
        return {leaf: tuple(pieces) for leaf, pieces in found.items()}

    def _kinds(self, run: Run, at: dict[int, int]) -> Iterator[tuple[int, int, Kind]]:
        """The run, cut at the ends of leaves and of the builder's list: (first PFN, count, kind)."""
        pfn, end, given = run.start, run.start + run.length, self.machine.nr_pages
        while pfn < end:
            stop = min(end, pfn - pfn % self.per_page + self.per_page)
            if pfn < given < stop:
                stop = given
            kind = self._kind(run.value(pfn))
            if kind is Kind.RAM and pfn >= given and at[pfn - pfn % self.per_page] in self.list:
                kind = Kind.STRAY
            yield pfn, stop - pfn, kind
            pfn = stop

    def _kind(self, value: int) -> Kind:
        if value == self.facts["invalid"]:
            return Kind.MISSING
        if self.facts["identity_mark"] & value:
            return Kind.IDENTITY
        return Kind.FOREIGN if self.facts["foreign_mark"] & value else Kind.RAM

    @staticmethod
    def _add(pieces: list[Piece], first: int, count: int, kind: Kind) -> None:
        if pieces and pieces[-1].kind is kind:
            first, count = pieces[-1].first, pieces.pop().count + count
        pieces.append(Piece(first, count, kind))

    def _mid_runs(
        self, top: Sequence[int], mids: dict[int, tuple[int, ...]], leaves: dict[int, tuple[Piece, ...]]
    ) -> Iterator[MidRun]:
        waiting: MidRun | None = None
        for slot, address in enumerate(top):
            shared = self.names.get(address, "")
            runs = () if shared else tuple(self._leaf_runs(mids[address], leaves))
            alike = waiting and waiting.shared == shared and waiting.leaves == runs
            if waiting and alike and (shared or len(runs) == 1):
                waiting = msgspec.structs.replace(waiting, count=waiting.count + 1)
                continue
            if waiting:
                yield waiting
            waiting = MidRun(slot, 1, shared, runs)
        if waiting:
            yield waiting

    def _leaf_runs(self, mid: Sequence[int], leaves: dict[int, tuple[Piece, ...]]) -> Iterator[LeafRun]:
        """Leaves of their own are told together where all entries of all of them mean the same."""

        def what(slot: int) -> tuple[str, bool, tuple[Piece, ...], int]:
            leaf, pieces = mid[slot], leaves[mid[slot]]
            alone = -1 if len(pieces) == 1 else slot
            return self.names.get(leaf, ""), leaf in self.list, pieces, alone if leaf not in self.names else -1

        for (shared, listed, pieces, _), slots in groupby(range(len(mid)), what):
            each = list(slots)
            yield LeafRun(each[0], len(each), shared, listed, pieces)

    def _shared(
        self, top: Sequence[int], mids: dict[int, tuple[int, ...]], leaves: dict[int, tuple[Piece, ...]]
    ) -> Iterator[Shared]:
        tops = Counter(top)
        slots = Counter(leaf for address in set(top) if address not in self.names for leaf in mids[address])
        for address, name in self.names.items():
            if address in mids:
                targets = set(mids[address])
                to = self.names.get(mids[address][0], "") if len(targets) == 1 else ""
                yield Shared(name, "mid", self._meaning(name, leaves.get(mids[address][0])), tops[address], to)
            else:
                yield Shared(name, "leaf", self._meaning(name, leaves.get(address)), slots[address], "")

    @staticmethod
    def _meaning(name: str, pieces: tuple[Piece, ...] | None) -> Kind:
        """As looked up; a page that nothing leads to can't be, and has its meaning by its name."""
        if pieces:
            return pieces[0].kind
        return Kind.IDENTITY if "identity" in name else Kind.MISSING

    def _tools(self) -> int:
        """Pages of the MFN tree, as far as the tree has it under the names of 2.6.37; else 0."""
        variables = [self.facts["p2m_top_mfn"], self.facts["p2m_top_mfn_p"]]
        if not all(variables):
            return 0
        top, pointers = (each[0] for each in self._peek(*((each, 1) for each in variables)))
        if top not in self.arena or pointers not in self.arena:
            return 0
        return 2 + len(set(self._peek((pointers, self.per_page))[0]))
