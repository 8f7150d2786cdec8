"""Sentences with places to fill in: ``{name}``, or ``{count:one|several}`` by whether a number is 1, and nothing else
of what ``str.format`` would do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from patcher.escape import safe

_CHOICE = r"((?:[^{}|]|\{\w+\})*)"
_FIELD = re.compile(rf"\{{(\w+)(?::{_CHOICE}\|{_CHOICE})?\}}|\{{\{{|\}}\}}|[{{}}]")
LONG = 300  # characters of a value: an identifier of a tree can have a million
_TEMPLATE = 10_000
_NAMED = 6  # names in a row; of more, that number and how many others


def fault(template: str, names: Collection[str]) -> str:
    """What is wrong with a template that may name these, or "". Braces that stand for themselves are doubled."""
    if len(template) > _TEMPLATE:
        return f"it has more than {_TEMPLATE} characters"
    for match in _FIELD.finditer(template):
        if match.group() in ("{", "}"):
            return f"a brace at character {match.start() + 1} does not enclose just a name; double it if it is meant"
        if match.group(1) and match.group(1) not in names:
            return _unknown(match.group(1), names)
        for choice in match.group(2, 3):
            if choice and (wrong := fault(choice, names)):
                return wrong
    return ""


def _unknown(name: str, names: Collection[str]) -> str:
    return f"there is nothing to fill in for {{{name[:50]}}}; there is {', '.join(sorted(names))}"


def filled(template: str, values: Mapping[str, str], most: int = LONG) -> str:
    """The template with each ``{name}`` replaced by its value, which is cut behind ``most`` characters; of
    ``{name:a|b}`` there is ``a`` where the value is 1, else ``b``. Values may be a tree's: controls in them are
    written out."""

    def value(match: re.Match[str]) -> str:
        if match.group(1) in values:
            text = values[match.group(1)]
            if match.group(2) is not None:
                return filled(match.group(2 if text == "1" else 3), values, most)
            return safe(text if len(text) <= most else f"{text[:most]}…")
        return match.group()[:1] if match.group() in ("{{", "}}") else match.group()

    return _FIELD.sub(value, template)


def unfilled(template: str) -> str:
    """A line that may be a template, for people, where there is nothing to fill it with."""
    return re.sub(r"\{[a-z_]{2,}[^{}]*\}", "…", template.replace("{prefix}", "")).strip()


def in_words(names: Sequence[str], last: str = "and") -> str:
    """Some names as a sentence has them: ``a, b and c``; of many the first, and how many others there are."""
    if len(names) > _NAMED:
        names = [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} others"]
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
