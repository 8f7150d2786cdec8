"""A property of the design, and the way it is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from patcher.prove.choices import Source
from patcher.prove.history import Context, Mismatch
from patcher.prove.properties.claims import Claim

C = TypeVar("C")


def _none(context: Context) -> tuple[()]:
    return ()


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


AnyProperty = Property[Any]
