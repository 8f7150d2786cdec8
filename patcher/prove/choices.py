"""Where a case comes from: a sequence of choices, each a whole number between two bounds.

Choices are drawn from a generator of ours, so that a seed means the same cases with every version of Python and on
every machine; or they are those of an earlier case, perhaps changed: what makes a smaller case of a larger one.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
_WORD = 2**64
_WIDE = 100  # from so many values on, the first and the last one are chosen more often than by chance


class Source(ABC):
    """Answers choices. The smallest answer of each is the simplest: that is where a case is made smaller."""

    @abstractmethod
    def integer(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included. Raises ValueError where there is none."""

    def boolean(self) -> bool:
        return bool(self.integer(0, 1))

    def choice(self, among: Sequence[T]) -> T:
        """One of them; the first is the simplest."""
        return among[self.integer(0, len(among) - 1)]

    def one_of(self, *draws: Callable[[], T]) -> T:
        """What one of these ways of drawing gives."""
        return self.choice(draws)()

    def several(self, draw: Callable[[], T], least: int, most: int) -> tuple[T, ...]:
        """From ``least`` to ``most`` drawn alike. Whether there is another one is a choice before each, so that leaving
        one out leaves the others as they are."""
        found: list[T] = []
        while len(found) < least or (len(found) < most and self.integer(0, 2)):
            found.append(draw())
        return tuple(found)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The same in another order; in the same one where all choices are the simplest."""
        found = list(items)
        for at in range(len(found) - 1):
            other = self.integer(at, len(found) - 1)
            found[at], found[other] = found[other], found[at]
        return found


class Random:
    """splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014)."""

    def __init__(self, seed: int) -> None:
        self._state = seed % _WORD

    def word(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) % _WORD
        found = self._state
        found = (found ^ found >> 30) * 0xBF58476D1CE4E5B9 % _WORD
        found = (found ^ found >> 27) * 0x94D049BB133111EB % _WORD
        return found ^ found >> 31

    def below(self, end: int) -> int:
        """A number below ``end``, which is at most 2**64."""
        return self.word() * end >> 64


class Choices(Source):
    """Answers with ``given``, each as its distance from the lower bound, and cut to the upper one; then with random
    ones, or the simplest where there is no ``random``. ``taken`` is what was answered, in the form of ``given``."""

    def __init__(self, given: Sequence[int] = (), random: Random | None = None) -> None:
        self._given, self._random = given, random
        self.taken: list[int] = []

    def integer(self, low: int, high: int) -> int:
        if high < low:
            raise ValueError(f"nothing is from {low} to {high}")
        found, at = 0, len(self.taken)
        if at < len(self._given):
            found = min(self._given[at], high - low)
        elif self._random:
            found = self._drawn(self._random, high - low)
        self.taken.append(found)
        return low + found

    @staticmethod
    def _drawn(random: Random, most: int) -> int:
        end = random.below(16) if most >= _WIDE else 2
        return (0, most)[end] if end < 2 and most >= _WIDE else random.below(most + 1)


def drawn(seed: int, name: str, number: int) -> Choices:
    """The choices of a numbered case of what is called ``name``. The first one, 0, has the simplest everywhere."""
    if number == 0:
        return Choices()
    digest = hashlib.sha256(f"{seed}:{name}:{number}".encode()).digest()
    return Choices(random=Random(int.from_bytes(digest[:8], "little")))
