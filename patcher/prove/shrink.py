"""Making the choices of a failing case fewer and smaller, in the same order of tries everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
Found = tuple[tuple[int, ...], T]  # choices, and what came of them
Attempt = Callable[[tuple[int, ...]], Found[T] | None]
_BLOCKS = (16, 8, 4, 2, 1)


class _Search(Generic[T]):
    """The smallest choices so far. Choices are smaller that are fewer, or as many and lower at the first difference."""

    def __init__(self, first: Found[T], attempt: Attempt[T], tries: int) -> None:
        self.best, self._attempt, self._left = first, attempt, tries
        self._seen = {first[0]}

    def smaller(self, given: Sequence[int]) -> bool:
        """Whether these choices fail, too, and are smaller: then they are the best."""
        key = tuple(given)
        if key in self._seen or self._left <= 0 or not _below(key, self.best[0]):
            return False
        self._seen.add(key)
        self._left -= 1
        found = self._attempt(key)
        if found is None or not _below(found[0], self.best[0]):
            return False
        self.best = found
        return True


def smallest(first: Found[T], attempt: Attempt[T], tries: int) -> Found[T]:
    """The smallest choices found that fail, too, and what came of them.

    ``attempt`` makes a case of choices, and answers with those it took and with what came of it, or None where the case
    does not fail. It is called ``tries`` times at most.
    """
    search = _Search(first, attempt, tries)
    while True:
        before = search.best
        for size in _BLOCKS:
            _delete(search, size)
        for at in range(len(search.best[0])):
            _lower(search, at)
        if search.best == before:
            return before


def _below(one: Sequence[int], other: Sequence[int]) -> bool:
    return (len(one), *one) < (len(other), *other)


def _delete(search: _Search[T], size: int) -> None:
    """Leave out blocks of choices, the last one first."""
    for at in _down(len(search.best[0]) - size):
        now = search.best[0]
        search.smaller((*now[:at], *now[at + size :]))


def _down(start: int) -> Iterator[int]:
    return iter(range(start, -1, -1))


def _lower(search: _Search[T], at: int) -> None:
    """The lowest value of a choice that still fails, by halving."""
    low = 0
    while at < len(search.best[0]) and low < search.best[0][at]:
        now = search.best[0]
        value = low if low == 0 else (low + now[at]) // 2
        if not search.smaller((*now[:at], value, *now[at + 1 :])):
            low = value + 1
