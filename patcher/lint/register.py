"""The checks that need code, registered where they are defined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

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
    """A check, and what it is about."""

    about: About
    check: Check


CHECKS: dict[str, Registered] = {}


def check(function: C) -> C:
    """Register a check for the rule of the same name (``summary_length`` for ``rules/lint/summary-length.toml``). The
    type of its one parameter says what the rule is about: Message, Tags, Change, ChangedTree or Series.

    Raises TypeError where it is none of these, or another function has the name.
    """
    name = function.__name__.replace("_", "-")
    annotated = next((text for key, text in function.__annotations__.items() if key != "return"), "")
    about = _KINDS.get(function.__globals__.get(annotated, annotated))
    if about is None or name in CHECKS:
        why = "its name is taken" if about else "its parameter is none that a check is given"
        raise TypeError(f"{function.__module__}.{function.__name__}: {why}")
    CHECKS[name] = Registered(about, function)
    return function
