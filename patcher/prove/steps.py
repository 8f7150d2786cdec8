"""The steps of a scenario. Each knows the words that the shim is sent for it, and reads what comes back.

A step is stored as a list, its name and its numbers: ``["set", 5, 6]``. Names and order are those of ``protocol.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union

import msgspec

from patcher.prove import answers
from patcher.prove.answers import Run, Unreachable, Words
from patcher.prove.protocol import CALLS, OPERATIONS, Point

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class Step(msgspec.Struct, Generic[A], frozen=True, array_like=True, forbid_unknown_fields=True):
    """Something that is played, and answers with an ``A``."""

    @property
    def name(self) -> str:
        return str(self.__struct_config__.tag)

    def words(self) -> Iterator[int]:
        """What the shim is sent: numbers of at most 64 bits, with a sign or without."""
        yield OPERATIONS.index(self.name)
        yield from map(int, msgspec.structs.astuple(self))

    def answer(self, words: Words) -> A:
        """What the shim's words for it mean. Raises ValueError where they cannot be its answer."""
        raise NotImplementedError


@dataclass(frozen=True)
class Asked(Generic[A_co]):
    """A step whose answer is looked at, and its index in the scenario; from its end, as -1, where that was reached."""

    index: int
    step: Step[Any]


class _Silent(Step[None], frozen=True):
    """A step that says nothing."""

    def answer(self, words: Words) -> None:
        return None


class _Number(Step[int], frozen=True):
    """A step that answers with one number."""

    def answer(self, words: Words) -> int:
        return answers.word(words)


class Call(_Number, frozen=True):
    """A call of the tree's code, of two arguments at most."""

    def words(self) -> Iterator[int]:
        yield OPERATIONS.index("call")
        yield from self.call()

    def call(self) -> tuple[int, int, int]:
        """The call itself, as a race has it, too."""
        first, second = (*msgspec.structs.astuple(self), 0, 0)[:2]
        return CALLS.index(self.name), first, second


class _CallOfPfn(Call, frozen=True):
    pfn: int


class _CallOfMfn(Call, frozen=True):
    mfn: int


class _CallOfRange(Call, frozen=True):
    start: int
    end: int


class Build(Call, frozen=True, tag="build"):
    """xen_build_dynamic_phys_to_machine()"""


class List(Call, frozen=True, tag="list"):
    """xen_build_mfn_list_list()"""


class Memory(Call, frozen=True, tag="memory"):
    """xen_memory_setup()"""


class Set(_CallOfPfn, frozen=True, tag="set"):
    """set_phys_to_machine(): 1 where it worked."""

    entry: int


class Get(_CallOfPfn, frozen=True, tag="get"):
    """get_phys_to_machine(): the entry, with its marks."""


class PfnToMfn(_CallOfPfn, frozen=True, tag="pfn_to_mfn"):
    """pfn_to_mfn()"""


class Valid(_CallOfPfn, frozen=True, tag="valid"):
    """phys_to_machine_mapping_valid(): 0 or 1."""


class MfnToPfn(_CallOfMfn, frozen=True, tag="mfn_to_pfn"):
    """mfn_to_pfn()"""


class Identity(_CallOfRange, frozen=True, tag="identity"):
    """set_phys_range_identity(): the number of PFNs."""


class Missing(_CallOfRange, frozen=True, tag="missing"):
    """set_phys_range_missing(): the number of PFNs."""


class MakePte(Call, frozen=True, tag="make_pte"):
    """xen_make_pte(): the PTE, with the MFN in the place of the PFN."""

    value: int


class PteVal(Call, frozen=True, tag="pte_val"):
    """xen_pte_val(): the value, with the PFN in the place of the MFN."""

    pte: int


class AddDevice(_CallOfRange, frozen=True, tag="add_device"):
    """xen_add_device_range(): 1 where the P2M knows them now."""


class Modify(Call, frozen=True, tag="modify"):
    """mprotect() of a page: xen_pte_val(), the protection as pte_modify() changes it, and xen_make_pte(): the PTE."""

    pte: int
    protection: int


class Hide(Modify, frozen=True, tag="hide"):
    """The same with PROT_NONE first."""


class Booted(_Silent, frozen=True, tag="booted"):
    """Boot is over: from here on there is the page allocator, and no extend_brk()."""


class M2p(_Silent, frozen=True, tag="m2p"):
    """Xen's table says from now on that the frame is this PFN."""

    mfn: int
    pfn: int


class Override(_Silent, frozen=True, tag="override"):
    """The page of a PFN has a granted frame of another domain from now on: m2p_find_override_pfn() finds it."""

    mfn: int
    pfn: int


class Fail(_Silent, frozen=True, tag="fail"):
    """The ``at``-th allocation from now on fails, and so do ``count`` altogether."""

    at: int
    count: int


class Snapshot(_Silent, frozen=True, tag="snapshot"):
    """What ``Diff`` compares with."""


class Watch(_Silent, frozen=True, tag="watch"):
    """Note who changes the entry of a PFN. ``during``: the number of the step that is run an instruction at a time, as
    Stats counts them, or 0."""

    pfn: int
    during: int


class Limit(_Number, frozen=True, tag="limit"):
    """Count turns of loops from now on, and end the scenario at so many; 0: count none. Answers with those so far."""

    turns: int


class Lost(_Number, frozen=True, tag="lost"):
    """The number of pages that were allocated, and that neither the tree has nor the allocator."""


class _Runs(Step[tuple[Run, ...]], frozen=True):
    start: int
    end: int

    def answer(self, words: Words) -> tuple[Run, ...]:
        return answers.lookups(self.start, self.end, words)


class Scan(_Runs, frozen=True, tag="scan"):
    """What a lookup says of the PFNs [start, end)."""


class Owners(_Runs, frozen=True, tag="owners"):
    """Whose the frames [start, end) are, by Xen's table: a PFN, or the invalid entry."""


class View(Step[tuple[Run | Unreachable, ...]], frozen=True, tag="view"):
    """What the toolstack reads of the PFNs [start, end), by MFNs alone."""

    start: int
    end: int

    def answer(self, words: Words) -> tuple[Run | Unreachable, ...]:
        return answers.view(self.start, self.end, words)


class Resume(Step[Unreachable | None], frozen=True, tag="resume"):
    """All frames of the domain get numbers that are ``key`` higher, also in what the toolstack finds of the P2M.
    Answers with the first PFN that it does not find the way to."""

    key: int

    def answer(self, words: Words) -> Unreachable | None:
        above = answers.word(words)
        return answers.unreachable(above - 1, words) if above else None


class Peek(Step[tuple[int, ...]], frozen=True, tag="peek"):
    """``count`` words of the kernel's memory."""

    address: int
    count: int

    def answer(self, words: Words) -> tuple[int, ...]:
        return answers.several(words, self.count)


class Diff(Step[tuple[int, int]], frozen=True, tag="diff"):
    """Since ``Snapshot``: words of old pages that are others, and new pages."""

    def answer(self, words: Words) -> tuple[int, int]:
        return answers.word(words), answers.word(words)


class Facts(Step[answers.Facts], frozen=True, tag="facts"):
    """The tree's constants."""

    def answer(self, words: Words) -> answers.Facts:
        return answers.facts(words)


class Stats(Step[answers.Stats], frozen=True, tag="stats"):
    """What was taken so far."""

    def answer(self, words: Words) -> answers.Stats:
        return answers.Stats(*answers.several(words, len(answers.Stats._fields)))


class High(Step[answers.High], frozen=True, tag="high"):
    """The end of the brk, in the map of the kernel's image.

    Attributes:
        end: the address of _end, from the start of the map
        others: bytes of brk that other files reserve, and do not take
        ramdisk: its size in bytes
        bare: whether this is no domain of Xen's
    """

    end: int
    others: int
    ramdisk: int
    bare: bool

    def answer(self, words: Words) -> answers.High:
        return answers.High(*answers.several(words, len(answers.High._fields)))


class Race(Step[answers.Raced], frozen=True, tag="race"):
    """Another CPU makes the call ``rival`` at the ``at``-th point of ``ours``."""

    point: Point
    at: int
    rival: AnyCall
    ours: AnyCall

    def words(self) -> Iterator[int]:
        yield from (OPERATIONS.index("race"), self.point.number, 1, self.at, *self.rival.call(), *self.ours.call())

    def answer(self, words: Words) -> answers.Raced:
        return answers.raced(1, words)


class RaceOfThree(Race, frozen=True, tag="race_of_three"):
    """A race with a second rival, which comes at the ``second_at``-th point: not before the first one."""

    second_at: int
    second: AnyCall

    def words(self) -> Iterator[int]:
        yield from (OPERATIONS.index("race"), self.point.number, 2, self.at, *self.rival.call())
        yield from (self.second_at, *self.second.call(), *self.ours.call())

    def answer(self, words: Words) -> answers.Raced:
        return answers.raced(2, words)


def _named(base: type[Step[Any]]) -> Iterator[type[Step[Any]]]:
    for each in base.__subclasses__():
        if each.__struct_config__.tag:
            yield each
        yield from _named(each)


if TYPE_CHECKING:
    AnyCall = Call
    AnyStep = Step[Any]
else:  # for msgspec, which tells them apart by their names
    AnyCall = Union[tuple(_named(Call))]  # noqa: UP007
    AnyStep = Union[tuple(_named(Step))]  # noqa: UP007
