"""A property of the design, and the way it is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from patcher.prove import corpus
from patcher.prove.actions import fits
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch
from patcher.prove.properties.claims import Claim

C = TypeVar("C", bound=msgspec.Struct)


def _none(context: Context) -> tuple[()]:
    return ()


class Case(NamedTuple):
    """What was drawn, or stored, and playing it: what was not as it had to be, or None."""

    value: msgspec.Struct
    play: Callable[[], Mismatch | None]


class Property(NamedTuple, Generic[C]):
    """A statement about the P2M, and how it is tried.

    Attributes:
        id: NUMBER-WORD
        number: the design's
        statement: what holds, in one line
        claim: whether the tree claims it, and by what
        case: the type of a case: a frozen msgspec struct, so that one can be stored in the corpus
        draw: makes a case of choices; it asks nothing but the source and the context
        check: plays a case, and says what was not as it had to be
        weight: scales the number of cases that are drawn
        situations: cases that are tried in any run, before any that are drawn
    """

    id: str
    number: int
    statement: str
    claim: Callable[[Context], Claim]
    case: type[C]
    draw: Callable[[Source, Context], C]
    check: Callable[[Context, C], Mismatch | None]
    weight: float = 1.0
    situations: Callable[[Context], tuple[C, ...]] = _none

    def stored(self, context: Context) -> Iterator[Case]:
        """The cases of the corpus that can happen in this tree."""
        for value in corpus.stored(self.id, self.case, context.facts["bits"]):
            if fits(context.facts, value):
                yield self._of(context, value)

    def stated(self, context: Context) -> Iterator[Case]:
        """The situations."""
        return (self._of(context, value) for value in self.situations(context))

    def drawn(self, context: Context, source: Source) -> Case:
        """The case that the source gives."""
        return self._of(context, self.draw(source, context))

    def _of(self, context: Context, value: C) -> Case:
        return Case(value, lambda: self.check(context, value))


class AnyProperty(Protocol):
    """A property, of whatever type its cases are."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def statement(self) -> str: ...
    @property
    def claim(self) -> Callable[[Context], Claim]: ...
    @property
    def case(self) -> type[msgspec.Struct]: ...
    @property
    def weight(self) -> float: ...
    def stored(self, context: Context) -> Iterator[Case]: ...
    def stated(self, context: Context) -> Iterator[Case]: ...
    def drawn(self, context: Context, source: Source) -> Case: ...
