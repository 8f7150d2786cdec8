"""Headers that many files read, parsed once for all of them, as a precompiled header.

It may stand before a file if that reads all of its headers anyway, whatever is configured, and defines nothing before
that they ask for: then it sees the same macros and declarations, if in another order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.source import lex
from patcher.source.unit import Batch, Unit
from patcher.tree.includes import Includes

_FEWEST = 6  # files for which one is made
_MOST = 8  # of them in a configuration
_NAMEABLE = "include/"  # headers of an architecture are read by those of all
_TRIED = 60  # sets of units that have the most in common
_COST = 1.5  # of making one, by what parsing its headers costs
_KERNEL = ("include/", "arch/x86/include/")
_DEFINES = re.compile(rb"^[ \t]*#[ \t]*(?:define|undef)[ \t]+(\w+)", re.MULTILINE)
_INCLUDES = re.compile(rb"^[ \t]*#[ \t]*include\b", re.MULTILINE)
_NO_WORD = re.compile(rb"\W+")
# Headers only give them a default, and use them where functions print.
_DEFAULTED = frozenset((b"pr_fmt", b"dev_fmt"))


class Prefix(NamedTuple):
    """``headers``: to be included, in this order; ``users``: the files that all of them are surely read with."""

    headers: tuple[str, ...]
    users: frozenset[Unit]


def choose(batch: Batch, place: Path) -> list[Prefix]:
    """The prefixes that are worth making for the units of a batch, whose files are below ``place``. A unit may be of
    several: the last is the best for it."""
    sure = {unit: batch.includes.surely(unit.main) for unit in batch.units if unit.main.endswith(".c")}
    if len(sure) < _FEWEST:
        return []
    users = _users(sure)
    sizes: defaultdict[int, int] = defaultdict(int)
    for path, who in users.items():
        sizes[who] += _size(place / path)
    units, saved, found = list(sure), [0] * len(sure), []
    for _ in range(_MOST):
        worth, who, size = _best(sizes, saved)
        if worth <= 0:
            break
        chosen = [number for number in range(len(units)) if who >> number & 1 and size > saved[number]]
        for number in chosen:
            saved[number] = size
        named = [path for path, of in users.items() if of & who == who and path.startswith(_NAMEABLE)]
        found.append(Prefix(_named(named, batch.includes), frozenset(units[number] for number in chosen)))
    return found


def _users(sure: Mapping[Unit, Collection[str]]) -> dict[str, int]:
    """The headers that some units surely read, each with those units: a bit for each."""
    found: defaultdict[str, int] = defaultdict(int)
    for number, (unit, paths) in enumerate(sure.items()):
        for path in paths:
            if path != unit.main:
                found[path] |= 1 << number
    return {path: who for path, who in sorted(found.items()) if who.bit_count() >= _FEWEST}


def _best(sizes: Mapping[int, int], saved: Sequence[int]) -> tuple[float, int, int]:
    """The units for which a prefix is worth most: how much, which, and how long the headers are that all of them read.

    One set of units after the other is left out, as long as what the others have in common becomes worth more.
    """
    best = _worth((1 << len(saved)) - 1, sizes, saved)
    largest = sorted(sizes, key=lambda who: (-sizes[who], who))[:_TRIED]
    while True:
        tried = max((_worth(best[1] & who, sizes, saved) for who in largest), default=best)
        if tried[0] <= best[0]:
            return best
        best = tried


def _worth(who: int, sizes: Mapping[int, int], saved: Sequence[int]) -> tuple[float, int, int]:
    if who.bit_count() < _FEWEST:
        return (0.0, 0, 0)
    size = sum(each for of, each in sizes.items() if of & who == who)
    gain = sum(max(0, size - had) for number, had in enumerate(saved) if who >> number & 1)
    return (gain - _COST * size, who, size)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # a generated header: they are short


def _named(headers: Sequence[str], includes: Includes) -> tuple[str, ...]:
    """Of these headers those that include all of them: those first that include most."""
    reached = {path: includes.surely(path) for path in headers}
    seen: set[str] = set()
    found = []
    for path in sorted(headers, key=lambda path: (-len(reached[path]), path)):
        if path not in seen:
            found.append(path)
            seen |= reached[path]
    return tuple(found)


def words(place: Path, paths: Collection[str]) -> frozenset[bytes]:
    """The words of some files below ``place``, as far as they are there."""
    found: set[bytes] = set()
    for path in paths:
        if (file := place / path).is_file():
            found.update(_NO_WORD.split(file.read_bytes()))
    return frozenset(found)


def fits(unit: Unit, batch: Batch, place: Path, covered: Collection[str], known: frozenset[bytes]) -> bool:
    """Whether headers may stand before a unit of a batch: they are ``covered``, and their words ``known``."""
    if not set(unit.headers).isdisjoint(covered):
        return False
    own = [path for path in batch.includes.surely(unit.main) if not path.startswith(_KERNEL) and path not in covered]
    files = (place / path for path in own)
    return all(_DEFAULTED.issuperset(known.intersection(_first(file.read_bytes()))) for file in files if file.is_file())


def _first(text: bytes) -> Iterator[bytes]:
    """The macros that a file defines, or makes undefined, before its last include."""
    code = lex.code_only(text)
    last = max((match.start() for match in _INCLUDES.finditer(code)), default=0)
    return (match.group(1) for match in _DEFINES.finditer(code, 0, last))
