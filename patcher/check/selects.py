"""What a configuration has by ``select`` although what it depends on is off: Kconfig's own program warns of that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.check.kconfigs import is_kconfig
from patcher.check.results import Finding, Kind
from patcher.check.snapshot import Snapshot

_UNMET = re.compile(
    r"^WARNING: unmet direct dependencies detected for (?P<symbol>\w+)\n(?P<told>(?:[ \t]+.*\n?)*)", re.MULTILINE
)
_DEPENDS = re.compile(r"^\s*Depends on \[[ynm]\]: (.*)$", re.MULTILINE)
_SELECTED = re.compile(r"^\s*- (\w+)", re.MULTILINE)
_BEFORE_4_20 = re.compile(
    r"^warning: \((?P<by>.*)\) selects (?P<symbol>\w+) which has unmet direct dependencies \((?P<depends>.*)\)$",
    re.MULTILINE,
)
_BLOCK = re.compile(r"^[ \t]*(?:menu)?config[ \t]+(\w+)")


class Unmet(NamedTuple):
    """A symbol (without CONFIG_) that is on against what it ``depends`` on, as Kconfig puts it, and those that select
    it."""

    symbol: str
    depends: str
    by: tuple[str, ...]


def unmet(output: str) -> tuple[Unmet, ...]:
    """What Kconfig's program warns of, in the order of the symbols' names."""
    found = set()
    for match in _UNMET.finditer(output):
        depends = _DEPENDS.search(match["told"])
        found.add(Unmet(match["symbol"], depends[1] if depends else "", tuple(_SELECTED.findall(match["told"]))))
    for match in _BEFORE_4_20.finditer(output):
        by = (each.strip(" ()").partition(" ")[0] for each in match["by"].split("||"))
        found.add(Unmet(match["symbol"], match["depends"], tuple(by)))
    return tuple(sorted(found))


def selected(
    series: Sequence[Snapshot], configurations: Sequence[str], rows: Sequence[Sequence[Sequence[Unmet]]]
) -> Mapping[str, tuple[Finding, ...]]:
    """By commit, what it selects and the commit before it did not, in some configuration.

    Arguments:
        series: the base and the commits
        configurations: their names
        rows: by commit and configuration, what is warned of
    """
    found: dict[str, tuple[Finding, ...]] = {}
    for parent, snapshot in pairwise(series):
        now, before = rows[snapshot.number], rows[parent.number]
        fresh: dict[tuple[str, str], tuple[Unmet, list[str]]] = {}
        for name, some, known in zip(configurations, now, before, strict=True):
            old = {(each.symbol, by) for each in known for by in each.by}
            for each in some:
                for by in each.by:
                    if (each.symbol, by) not in old:
                        configs = fresh.setdefault((each.symbol, by), (each, []))[1]
                        configs.extend([name] if name not in configs else [])
        if fresh:
            found[snapshot.commit] = tuple(
                _finding(snapshot, by, each, configs, _until(rows, snapshot.number, each.symbol, by))
                for (_, by), (each, configs) in fresh.items()
            )
    return found


def _until(rows: Sequence[Sequence[Sequence[Unmet]]], number: int, symbol: str, by: str) -> int:
    """The number of the commit that mends it, 0 where none does."""
    for later in range(number + 1, len(rows)):
        if not any(each.symbol == symbol and by in each.by for some in rows[later] for each in some):
            return later
    return 0


def _finding(snapshot: Snapshot, by: str, each: Unmet, configs: Sequence[str], until: int) -> Finding:
    path, line, source = next(_places(snapshot, by, each.symbol), ("", 0, ""))
    message = f"{by} selects {each.symbol}, whose dependencies are not met: {each.depends}"
    identity = "\0".join(["selects", path, by, each.symbol])
    return Finding(
        commit=0, check="kconfig", kind=Kind.WARNING, path=path, line=line, function="", message=message,
        source=source, configs=tuple(configs), targets=(), until=until,
        fingerprint=hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16],
    )  # fmt: skip


def _places(snapshot: Snapshot, by: str, symbol: str) -> Iterator[tuple[str, int, str]]:
    """The line that selects a symbol, in the files that the commit changes first; else that of the one that does."""
    changed = [each.path for each in snapshot.changes if is_kconfig(each.path)]
    paths = [*changed, *sorted(snapshot.naming([by], ["*Kconfig*"]))]
    selects = re.compile(rf"[ \t]+select[ \t]+{symbol}\b")
    lines = [(path, number, line) for path in paths for number, line in enumerate(snapshot.text(path).split("\n"), 1)]
    block, heads = "", []
    for path, number, line in lines:
        if match := _BLOCK.match(line):
            block = match[1]
            heads += [(path, number, line.strip())] if block == by else []
        elif block == by and selects.match(line):
            yield path, number, line.strip()
    yield from heads
