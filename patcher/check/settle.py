"""Configurations that come out as they were asked for: what that takes is found in the tree's Kconfig, and told.

A symbol that a commit adds is asked for from that commit on, and what it depends on is set from the base on: else a
commit would be compared with a parent that is configured otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.kconfigs import Goals, Kconfigs
from patcher.check.snapshot import Snapshot
from patcher.check.specs import Spec, symbols, unmet

Rows = Sequence[Sequence[Configured]]  # by commit, the base first, and by configuration
_ROUNDS = 4


class Settled(NamedTuple):
    """The configurations as they are made after all, how they come out, and a line for each thing to say of that."""

    configurations: tuple[Configuration, ...]
    rows: list[list[Configured]]
    notes: tuple[str, ...]


class _Column(NamedTuple):
    """One configuration, in each commit. ``goals`` are what was asked for."""

    configuration: Configuration
    goals: Goals
    configured: tuple[Configured, ...]


def settle(
    configurations: Sequence[Configuration], series: Sequence[Snapshot],
    configure: Callable[[Sequence[Configuration]], Rows], kconfigs: Kconfigs,
) -> Settled:  # fmt: skip
    """Configure all commits.

    Arguments:
        series: the base and the commits
        configure: does so; where a symbol of the base does not come out as asked, nothing is prepared
    """
    numbers = itertools.count(max((each.number for each in configurations), default=0) + 1)
    columns = _columns(configurations, [each.spec.changes for each in configurations], configure)
    settler = _Settler(series, kconfigs)
    for left in reversed(range(_ROUNDS)):
        specs = [settler.better(column) for column in columns]
        again = [index for index, spec in enumerate(specs) if isinstance(spec, Spec)]
        for index, failed in enumerate(specs):
            if isinstance(failed, _Column):
                columns[index] = failed
        if not left:
            for index in again:
                columns[index] = settler.failed(columns[index], f"it did not settle in {_ROUNDS} rounds")
        if not again or not left:
            break
        changed = [columns[index].configuration._replace(spec=specs[index], number=next(numbers)) for index in again]  # type: ignore[arg-type]
        redone = _columns(changed, [columns[index].goals for index in again], configure)
        for index, column in zip(again, redone, strict=True):
            columns[index] = column
    rows = [list(row) for row in zip(*(column.configured for column in columns), strict=True)]
    notes = tuple(dict.fromkeys(note for column in columns for note in settler.notes(column)))
    return Settled(tuple(column.configuration for column in columns), rows or [[] for _ in series], notes)


def _columns(
    configurations: Sequence[Configuration], goals: Iterable[Goals],
    configure: Callable[[Sequence[Configuration]], Rows],
) -> list[_Column]:  # fmt: skip
    rows = configure(configurations)
    return [
        _Column(configuration, each, tuple(row[index] for row in rows))
        for index, (configuration, each) in enumerate(zip(configurations, goals, strict=True))
    ]


class _Settler:
    """What is done about columns that do not come out as asked."""

    def __init__(self, series: Sequence[Snapshot], kconfigs: Kconfigs) -> None:
        self._series, self._kconfigs = series, kconfigs

    def better(self, column: _Column) -> Spec | _Column | None:
        """How to make a configuration instead; or the column with the reason why it cannot be; None: it is fine."""
        missed = [(number, *each) for number, each in enumerate(self._missed(column)) if each[1]]
        if not missed:
            return None
        number, configured, goals = missed[0]
        if not number:  # the base, in which a symbol may be missing that a later commit adds
            number = max(range(len(self._series)), key=lambda each: (self._count(each, column.goals), -each))
        answer = self._kconfigs.reach(
            self._series[number], column.configuration.spec.arch, configured.config, column.goals
        )
        name, value = next((goal for goal in column.goals if goal[0] == answer.goal), goals[0])
        came = f"CONFIG_{name} comes out as {symbols(configured.config).get(name, 'n')}, not {value}"
        if answer.unreadable:
            return self.failed(column, f"{came}, and Kconfig cannot be read to tell why: {answer.unreadable}")
        if answer.reason:
            return self.failed(column, f"{came}: {answer.reason}")
        spec = self._with(column, answer.changes)
        if spec == column.configuration.spec:
            return self.failed(
                column, f"{came}, though all that it needs is set, but for what the tree finds out itself"
            )
        return spec

    def _missed(self, column: _Column) -> Iterator[tuple[Configured, Goals]]:
        """For each commit, the goals that it does not meet though it has the symbols; all of an unprepared base."""
        unprepared = column.configured[0].prepared is None
        for number, configured in enumerate(column.configured):
            wrong = unmet(column.goals, configured.config) if configured.config and not configured.failure else ()
            if wrong and not unprepared:
                known = self._kconfigs.defines(self._series[number])
                wrong = tuple(goal for goal in wrong if goal[0] in known)
            yield configured, wrong

    def _count(self, number: int, goals: Goals) -> int:
        return len({name for name, _ in goals} & self._kconfigs.defines(self._series[number]))

    def _with(self, column: _Column, changes: Goals) -> Spec:
        """What the base does not know is tried there, not asked for."""
        known = self._kconfigs.defines(self._series[0])
        now = tuple(goal for goal in column.goals if goal[0] in known)
        later = tuple(goal for goal in column.goals if goal[0] not in known)
        spec = column.configuration.spec
        helps = {**dict(spec.helps), **dict(changes), **dict(later)}
        return spec._replace(changes=now, helps=tuple(helps.items()))

    def failed(self, column: _Column, why: str) -> _Column:
        """The column, failing where it does not come out as asked."""
        missed = self._missed(column)
        return column._replace(
            configured=tuple(each._replace(failure=why) if wrong else each for each, wrong in missed)
        )

    def notes(self, column: _Column) -> Iterator[str]:
        """What was done beside what was asked for."""
        spec = column.configuration.spec
        name = spec.name  # the same for each tool
        asked = {each for each, _ in spec.changes}
        for symbol, _ in column.goals if len(asked) < len(column.goals) or len(set(column.configured)) > 1 else ():
            has = [symbol in self._kconfigs.defines(snapshot) for snapshot in self._series]
            if not has[0] and True in has:
                yield f"{name}: CONFIG_{symbol} is asked for from commit {has.index(True)} on, which adds it"
            if True in has and not has[-1]:
                gone = len(has) - has[::-1].index(True)
                yield f"{name}: CONFIG_{symbol} is asked for until commit {gone}, which removes it"
        goals = dict(column.goals)
        if extra := [f"{each}={value}" for each, value in spec.helps if each not in goals]:
            yield f"{name}: set, too, as what was asked for needs it: {', '.join(extra)}"
