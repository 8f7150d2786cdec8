"""What a change of a Makefile is about: the objects that it lists otherwise, where it does nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_CONTINUED = re.compile(r"\\\n")
_ASSIGNMENT = re.compile(r"([^\s:+?=]+) ?(:=|\+=|=) ?(.*)")
_OF_ONE = re.compile(r"(?:[A-Z][A-Z0-9]*_)+([\w.+/-]+\.o)")  # CFLAGS_file.o, KASAN_SANITIZE_file.o
_OBJECTS = re.compile(r"(?:[\w.+-]+/)*[\w.+-]+(?:\.o|/)")
_DIRECT = ("obj-", "lib-")


class _Line(NamedTuple):
    name: str
    sign: str
    words: tuple[str, ...]


def objects(before: str, after: str) -> frozenset[str] | None:
    """The objects, by path from the Makefile's directory, that a change of its text adds, takes away or builds
    otherwise; None where it may be about all of the directory: a flag, a condition, a rule."""
    old, new = Counter(_lines(before)), Counter(_lines(after))
    gone, come = [_read(line) for line in old - new], [_read(line) for line in new - old]
    lines = [*gone, *come]
    kept = {each.name for line in old & new if (each := _read(line))}
    found: set[str] = set()
    for line in lines:
        own = _OF_ONE.fullmatch(line.name) if line else None
        if line is None or not (own or all(map(_OBJECTS.fullmatch, line.words))):
            return None
        signs = {each.sign for each in lines if each and each.name == line.name}
        if line.sign != "+=" and (len(signs) > 1 or line.name in kept):  # it forgets what was listed before
            return None
        if own:
            found.add(own[1])
        elif not line.name.startswith(_DIRECT):  # the parts of one
            found.update(line.words)
    for name in {line.name for line in lines if line and line.name.startswith(_DIRECT)}:
        found |= _words(gone, name) ^ _words(come, name)
    every = [each for line in (*old, *new) if (each := _read(line))]
    parts = {word for name in found for each in every if _is_part(each.name, name) for word in each.words}
    return frozenset(word for word in found | parts if word.endswith(".o"))


def _lines(text: str) -> Iterable[str]:
    """The lines that say something, each as one, and with single blanks."""
    for line in _CONTINUED.sub(" ", text).split("\n"):
        if said := " ".join(line.partition("#")[0].split()):
            yield said


def _read(line: str) -> _Line | None:
    match = _ASSIGNMENT.fullmatch(line)
    return _Line(match[1], match[2], tuple(match[3].split())) if match else None


def _words(lines: Iterable[_Line | None], name: str) -> set[str]:
    return {word for line in lines if line and line.name == name for word in line.words}


def _is_part(name: str, whole: str) -> bool:
    """Whether a variable holds the parts of an object: ``two-y`` and ``two-$(CONFIG_X)`` those of ``two.o``."""
    stem, _, rest = name.rpartition("-")
    return stem == whole.removesuffix(".o") and (rest in ("y", "m", "objs") or rest.startswith("$("))
