"""Which of the branches that a series touches no configuration compiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from patcher.check.affected import elsewhere
from patcher.check.auto import placeless
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.guards import Branch, changes, compiled
from patcher.check.kbuild import Reading
from patcher.check.results import LeftOut
from patcher.check.snapshot import Snapshot
from patcher.check.touched import code_only, of_commit


def uncovered(
    series: Sequence[Snapshot], configurations: Sequence[Configuration], rows: Sequence[Sequence[Configured]],
    hindered: Mapping[Branch, str],
) -> Iterator[LeftOut]:  # fmt: skip
    """The lines that no configuration compiles, each with what none of them has.

    Arguments:
        series: the base and the commits
        rows: by commit and configuration
        hindered: why no configuration could be made for a branch
    """
    told: set[Branch] = set()
    said: set[tuple[int, str]] = set()
    readings = [Reading(configuration.arch) for configuration in configurations]
    for parent, snapshot in pairwise(series):
        wanted = [each for each in of_commit(parent, snapshot) if placeless(each) not in told]
        looked = _Looked(snapshot, configurations, rows[snapshot.number], readings) if wanted else None
        for branch in wanted:
            key = placeless(branch)
            if looked is None or key in told or not (missing := looked.missing(branch)):
                continue
            told.add(key)
            if not code_only(branch.path) and (snapshot.number, missing) in said:
                continue  # a Makefile's line says what Kconfig's says
            said.add((snapshot.number, missing))
            why = f" ({hindered[key]})" if key in hindered else ""
            lines = f"line {branch.line}" if branch.line == branch.last else f"lines {branch.line}-{branch.last}"
            yield LeftOut(
                f"commit {snapshot.number}, {lines} of {branch.path}", f"no configuration here has {missing}{why}"
            )


class _Looked:
    """The configurations of one commit."""

    def __init__(
        self, snapshot: Snapshot, configurations: Sequence[Configuration], configured: Sequence[Configured],
        readings: Sequence[Reading],
    ) -> None:  # fmt: skip
        found = {
            (each.config, configuration.arch): reading
            for configuration, each, reading in zip(configurations, configured, readings, strict=True)
            if each.prepared is not None and not each.failure
        }
        self._made = [(arch, reading.at(snapshot.text, text)) for (text, arch), reading in found.items()]

    def missing(self, branch: Branch) -> str:
        """What it would take to compile a branch, or "" where that is done, or is no matter of symbols."""
        seen = [
            makefiles.config
            for arch, makefiles in self._made
            if not elsewhere(branch.path, arch) and (not code_only(branch.path) or makefiles.builds(branch.path))
        ]
        if not seen or any(compiled(branch, config) for config in seen):
            return ""  # a file that nothing builds is told of elsewhere
        ways = [way for config in seen if (way := changes(branch, config, frozenset()))]
        if not ways:
            return f"what {branch.text} wants"
        return " and ".join(f"CONFIG_{name}={value}" for name, value in min(ways, key=len))
