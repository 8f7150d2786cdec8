"""Looking for a case that does not hold: first those that showed a fault once, then new ones; the smallest is told."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from patcher.prove.choices import Choices, Source, drawn
from patcher.prove.context import Context
from patcher.prove.history import Mismatch
from patcher.prove.properties.kind import AnyProperty
from patcher.prove.protocol import Why
from patcher.prove.shrink import Found, smallest

FEWEST, TRIES = 3, 400


class Failure(NamedTuple):
    """A case that does not hold, and what was not as it had to be. ``known``: the corpus has it."""

    case: msgspec.Struct
    mismatch: Mismatch
    known: bool


def search(context: Context, each: AnyProperty, seed: int, examples: int, *, shrink: bool = True) -> Failure | None:
    """A case of the property that does not hold, or None.

    The corpus is played first, and the property's situations. Then ``examples`` cases are drawn, times the property's
    weight; one that was drawn before is not played again. Without ``shrink`` the first case that fails is told, not the
    smallest one.
    """
    for case in each.stored(context):
        found = case.play()
        if found is not None and found.outcome.why is not Why.NO_SYMBOL:
            return Failure(case.value, found, True)
    for case in each.stated(context):
        if found := case.play():
            return Failure(case.value, found, False)
    seen = set()
    for number in range(max(FEWEST, int(examples * each.weight))):
        source = drawn(seed, each.id, number)
        case = each.drawn(context, source)
        if case.value in seen:
            continue
        seen.add(case.value)
        if found := case.play():
            first = tuple(source.taken), Failure(case.value, found, False)
            return _smallest(context, each, first)[1] if shrink else first[1]
    return None


def _smallest(context: Context, each: AnyProperty, first: Found[Failure]) -> Found[Failure]:
    def attempt(given: tuple[int, ...]) -> Found[Failure] | None:
        found = tried(context, each, source := Choices(given))
        return (tuple(source.taken), found) if found else None

    return smallest(first, attempt, TRIES)


def tried(context: Context, each: AnyProperty, source: Source) -> Failure | None:
    """The case that the source gives, if it does not hold."""
    case = each.drawn(context, source)
    mismatch = case.play()
    return Failure(case.value, mismatch, False) if mismatch else None
