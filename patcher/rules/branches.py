"""The branches of #if in a piece of C: the text as each choice among them leaves it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator

from patcher.tree.buildable import of_others

_Branch = tuple[str, int, int]  # the directive that begins it, and its text: from, to

_VARIANTS = 16
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w*)((?:\\\r?\n|[^\n])*)", re.MULTILINE)


def variants(text: str, *, everywhere: bool = False) -> Iterator[tuple[str, str]]:
    """The text as each choice among its #if branches leaves it, same length, with the directives of those chosen.

    Where there are too many, all first branches and all last ones. ``#if 0`` is never chosen, nor what another
    architecture has, unless code of all of them is asked for (``everywhere``).
    """
    groups = list(_groups(text))
    choices = [[each for each in group if not _never(each[0], everywhere)] or group for group in groups]
    some: Iterator[tuple[_Branch, ...]] = itertools.product(*choices)
    if math.prod(len(each) for each in choices) > _VARIANTS:
        some = iter([tuple(each[0] for each in choices), tuple(each[-1] for each in choices)])
    seen = set()
    for choice in some:
        out = _DIRECTIVE.sub(lambda match: _spaces(match.group()), text)
        for _, start, end in (branch for group in groups for branch in group if branch not in choice):
            out = out[:start] + _spaces(out[start:end]) + out[end:]
        if out not in seen:
            seen.add(out)
            yield out, " and ".join(branch[0] for branch in choice)


def _never(directive: str, everywhere: bool) -> bool:
    told = re.sub(r"^without ", "#else of ", directive)
    return told in ("#if 0", "#else of #if 1") if everywhere else of_others(told)


def without(text: str, never: Callable[[str], bool]) -> str:
    """The text with blanks, same length, for the branches of an ``#if`` whose directive is never true."""
    for directive, start, end in (branch for group in _groups(text) for branch in group):
        if start < end and never(directive):
            text = text[:start] + _spaces(text[start:end]) + text[end:]
    return text


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _groups(text: str) -> Iterator[list[_Branch]]:
    """Each conditional: its branches; an empty one where there is no #else."""
    stack: list[list[_Branch]] = []
    for match in _DIRECTIVE.finditer(text):
        word, told = match.group(1), " ".join(match.group().split())
        if word in ("if", "ifdef", "ifndef"):
            stack.append([(told, match.end(), match.end())])
        elif word in ("elif", "else", "endif") and stack:
            branches = stack[-1]
            name, start, _ = branches[-1]
            branches[-1] = (name, start, match.start())
            if word != "endif":
                told = f"#else of {branches[0][0]}" if word == "else" else told
                branches.append((told, match.end(), match.end()))
                continue
            if not name.startswith("#else"):
                branches.append((f"without {branches[0][0]}", match.start(), match.start()))
            yield stack.pop()
