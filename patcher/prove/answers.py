"""What the steps of a scenario answer, and how an answer is read from the shim's words.

Words are unsigned and of 64 bits. All that reads raises ValueError where they cannot be the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from patcher.prove.protocol import CALLS, FACTS

_ALL_ONES = 2**64 - 1
Words = Iterator[int]


class Run(NamedTuple):
    """``length`` PFNs from ``start`` on with the values ``first``, ``first + step``, … (step 0 or 1)."""

    start: int
    length: int
    first: int
    step: int

    def value(self, pfn: int) -> int:
        return (self.first + (pfn - self.start) * self.step) % 2**64


class Unreachable(NamedTuple):
    """The toolstack's way to a PFN ends at ``level`` (1 top, 2 mid, 3 leaf): the MFN is no page of the domain's.

    Level 4: it leads to another leaf than the code itself uses.
    """

    pfn: int
    level: int
    mfn: int


class Stats(NamedTuple):
    """What a scenario has taken so far: pages, allocations, turns of loops; ``changed``: the number of the last step
    that changed the watched PFN's entry or leaf, from 1 as the driver counts them, or 0; ``place``: the address of the
    instruction that did, where that step was watched; ``messages``: calls of printk()."""

    early: int
    late: int
    freed: int
    allocations: int
    turns: int
    place: int
    changed: int
    messages: int


class Rival(NamedTuple):
    """Whether a rival came, what its call answered, and the instruction before it, or 0 where that is not told."""

    came: bool
    answer: int
    place: int


class Raced(NamedTuple):
    """What a race came to.

    Attributes:
        answer: of the call that was disturbed
        points: at which a rival could come, as long as one was waited for
        rivals: those who were to come
        data: whether one wrote to the code's own data
        written: addresses of the pages that the last one wrote to; None where there are too many
        trace: where the last one did not come, the accesses before each point: a page, and whether it was written
    """

    answer: int
    points: int
    rivals: tuple[Rival, ...]
    data: bool
    written: frozenset[int] | None
    trace: tuple[tuple[int, bool], ...]


class High(NamedTuple):
    """What is gone of the kernel's high map: of the image, up to the end of the brk that was taken, in PMDs; of the
    builder's list, in pages; whether the start info is; and ``left``: PMDs between the brk and _end that are mapped."""

    image: int
    list: int
    info: int
    left: int


class Facts(msgspec.Struct, frozen=True):
    """Constants of the tree, by name, and which calls there are."""

    values: dict[str, int]
    calls: frozenset[str]

    def __getitem__(self, name: str) -> int:
        return self.values[name]


def word(words: Words) -> int:
    """The next word. Where there is none a StopIteration would end whatever generator it is in."""
    found = next(words, None)
    if found is None:
        raise ValueError("an answer is too short")
    return found


def several(words: Words, count: int) -> tuple[int, ...]:
    """The next ``count`` words."""
    return tuple(word(words) for _ in range(count))


def facts(words: Words) -> Facts:
    """A word for each of FACTS, and for each of CALLS whether it is there."""
    values = dict(zip(FACTS, several(words, len(FACTS)), strict=True))
    there = zip(CALLS, several(words, len(CALLS)), strict=True)
    return Facts(values, frozenset(call for call, defined in there if defined))


def lookups(start: int, end: int, words: Words) -> tuple[Run, ...]:
    """Runs that cover [start, end) from its first to its last."""
    found = view(start, end, words)
    if any(isinstance(each, Unreachable) for each in found):
        raise ValueError("a lookup has no way to go")
    return tuple(each for each in found if isinstance(each, Run))


def view(start: int, end: int, words: Words) -> tuple[Run | Unreachable, ...]:
    """Runs that cover [start, end) from its first to its last, or to one that cannot be reached."""
    found: list[Run | Unreachable] = []
    while count := word(words):
        if count == _ALL_ONES:
            found.append(unreachable(word(words), words))
            continue
        if count > end - start:
            raise ValueError(start)
        found.append(Run(start, count, *several(words, 2)))
        start += count
    if start < end and not (found and isinstance(found[-1], Unreachable)):
        raise ValueError(start)
    return tuple(found)


def unreachable(pfn: int, words: Words) -> Unreachable:
    """Where the way to a PFN ends."""
    level = word(words)
    if not 1 <= level <= 4:
        raise ValueError(level)
    return Unreachable(pfn, level, word(words))


def raced(rivals: int, words: Words) -> Raced:
    """What a race with so many rivals came to."""
    answer, points = several(words, 2)
    each = tuple(Rival(bool(word(words)), *several(words, 2)) for _ in range(rivals))
    data, pages = bool(word(words)), word(words)
    written = None if pages == _ALL_ONES else frozenset(several(words, pages))
    trace = several(words, word(words))
    return Raced(answer, points, each, data, written, tuple((access & ~1, bool(access & 1)) for access in trace))
