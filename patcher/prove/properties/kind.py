"""A property of the design, and the way it is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from patcher.prove.history import Context, Mismatch
from patcher.prove.properties.claims import Claim

Case = Any


class Property(NamedTuple):
    """``number`` is the design's. ``claim`` says whether the tree claims it, and by what; ``cases`` draws, ``check``
    runs one. ``weight`` scales the number of examples."""

    id: str
    number: int
    statement: str
    claim: Callable[[Context], Claim]
    cases: Callable[[Context], st.SearchStrategy[Case]]
    check: Callable[[Context, Case], Mismatch | None]
    weight: float = 1.0
