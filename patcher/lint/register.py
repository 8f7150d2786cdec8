"""The checks that need code, registered where they are defined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar, overload

from patcher.lint.gate import OPEN, Gate
from patcher.lint.job import Change, ChangedTree, Message, Series, Tags
from patcher.lint.model import Hit

Check = Callable[[Any], Iterator[Hit]]
C = TypeVar("C", bound=Check)


class About(StrEnum):
    """What a rule looks at."""

    MESSAGE = "message"
    TAGS = "tags"
    DIFF = "diff"
    TREE = "tree"
    SERIES = "series"


VIEWS = {About.MESSAGE: Message, About.TAGS: Tags, About.DIFF: Change}
_KINDS: dict[object, About] = {kind: about for about, kind in VIEWS.items()} | {
    ChangedTree: About.TREE, Series: About.SERIES,
}  # fmt: skip


class Registered(NamedTuple):
    """A check, what it is about, and what a patch must have for it."""

    about: About
    check: Check
    gate: Gate = OPEN


CHECKS: dict[str, Registered] = {}


@overload
def check(function: C) -> C: ...


@overload
def check(
    *, files: tuple[str, ...] = (), added: tuple[str, ...] = (), message: tuple[str, ...] = ()
) -> Callable[[C], C]: ...


def check(
    function: C | None = None, *,
    files: tuple[str, ...] = (), added: tuple[str, ...] = (), message: tuple[str, ...] = (),
) -> C | Callable[[C], C]:  # fmt: skip
    """Register a check for the rule of the same name (``summary_length`` for ``rules/lint/summary-length.toml``). The
    type of its one parameter says what the rule is about: Message, Tags, Change, ChangedTree or Series. ``files``,
    ``added`` and ``message`` are what it cannot do without in a patch: see ``Gate``. Of other patches it is not asked.

    Raises TypeError where it is about none of these, where another function has the name, or where what is about a
    whole series has a gate.
    """
    gate = Gate(files, added, message)
    return _registered(function, gate) if function else lambda function: _registered(function, gate)


def _registered(function: C, gate: Gate) -> C:
    name = function.__name__.replace("_", "-")
    annotated = next((text for key, text in function.__annotations__.items() if key != "return"), "")
    about = _KINDS.get(function.__globals__.get(annotated, annotated))
    if about is None or name in CHECKS or (gate != OPEN and about not in VIEWS):
        why = "its parameter is none that a check is given" if about is None else "its name is taken"
        why = "a series has no gate" if gate != OPEN and about not in VIEWS else why
        raise TypeError(f"{function.__module__}.{function.__name__}: {why}")
    CHECKS[name] = Registered(about, function, gate)
    return function
