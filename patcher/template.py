"""Sentences with places to fill in: ``{name}`` and nothing else of what ``str.format`` would do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_FIELD = re.compile(r"\{(\w+)\}|\{\{|\}\}|[{}]")
_LONG = 300  # characters of a value: an identifier of a tree can have a million
_TEMPLATE = 10_000


def fault(template: str, names: Collection[str]) -> str:
    """What is wrong with a template that may name these, or "". Braces that stand for themselves are doubled."""
    if len(template) > _TEMPLATE:
        return f"it has more than {_TEMPLATE} characters"
    for match in _FIELD.finditer(template):
        if match.group() in ("{", "}"):
            return f"a brace at character {match.start() + 1} does not enclose just a name; double it if it is meant"
        if match.group(1) and match.group(1) not in names:
            return f"there is nothing to fill in for {{{match.group(1)[:50]}}}; there is {', '.join(sorted(names))}"
    return ""


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each ``{name}`` replaced by its value, which is cut where it is long."""

    def value(match: re.Match[str]) -> str:
        if match.group(1) in values:
            text = values[match.group(1)]
            return text if len(text) <= _LONG else f"{text[:_LONG]}…"
        return match.group()[:1] if match.group() in ("{{", "}}") else match.group()

    return _FIELD.sub(value, template)
