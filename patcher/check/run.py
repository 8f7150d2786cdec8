"""The check itself: configure → choose → compile → judge, commit after commit, each in all configurations at once."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from patcher.cache import Cache
from patcher.check.away import Away
from patcher.check.builds import Builds
from patcher.check.choose import choose, graph
from patcher.check.compose import Extra, with_extra
from patcher.check.configuration import Configuration
from patcher.check.configurations import Maker, arches, asked, file_checks, must_compile, places
from patcher.check.configure import Configured
from patcher.check.coverage import uncovered
from patcher.check.filecheck import FileChecks
from patcher.check.judge import Findings, Judge
from patcher.check.kconfigs import Kconfigs
from patcher.check.making import Here, Making, Outcomes
from patcher.check.meanwhile import UNDONE, Meanwhile
from patcher.check.results import Cell, Column, LeftOut, Report, Row, Status
from patcher.check.runner import Runner, must_trust
from patcher.check.selects import selected
from patcher.check.series import Series
from patcher.check.settle import settle
from patcher.check.snapshot import Snapshot, take
from patcher.check.store import Store
from patcher.check.tools import MODPOST
from patcher.check.undefined import Undefined
from patcher.check.unknown import column, unknown
from patcher.check.variables import Variables
from patcher.check.workers import Meter, Progress, Workers
from patcher.model import Frozen
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import version
from patcher.tree.objects import Commit
from patcher.units import Elsewhere

Other = Callable[[Series], Extra]


class Means(NamedTuple):
    """With what, by whom and for whom a check is made. ``others`` are checks beside those of the options;
    ``elsewhere``: who compiles, if not this machine; ``meanwhile`` hears of what is known before the end."""

    cache: Cache
    progress: Progress | None = None
    others: Sequence[Other] = ()
    elsewhere: Elsewhere | None = None
    meanwhile: Meanwhile | None = None


class Options(Frozen, frozen=True):
    """How to check. Raises InputError unless the tree's build is ``trusted`` to run.

    ``configs`` are what ``specs.parse`` reads; where there are none, they are chosen from what the series changes.
    ``tools`` are names of compilers and checkers, parted by commas, "" for the one that make would use with those
    ``variables``; ``lint`` and ``prove`` are checks beside them.
    ``sandboxed``: whether the tree's programs run in the sandbox. ``jobs``: processes at once, 0 for as many as there
    are cores. ``most``: users of touched headers that are compiled for a commit in a configuration. ``seed``: the first
    of configurations that are drawn. ``alone``: whether to compile is all that is to be done.
    """

    trusted: bool
    configs: tuple[str, ...] = ()
    tools: str = ""
    variables: Variables = Variables()
    lint: bool = False
    prove: bool = False
    sandboxed: bool = True
    jobs: int = 0
    most: int = 64
    seed: int = 1
    alone: bool = False

    def __post_init__(self) -> None:
        must_trust(self.trusted)


def run(series: Series, tree: Path, options: Options, means: Means) -> Report:
    """Compile every commit in every configuration. ``tree`` is what the user named. What stays behind is only what is
    kept for later runs.

    Raises InputError where there is no sandbox, or no room to work, or no compiler for what is to be done alone.
    """
    wanted = asked(options.configs, options.tools, options.variables, options.seed)
    root = str(tree.resolve())
    runner = Runner(sandboxed=options.sandboxed) if series.commits else None
    release = version(GitTree(series.repository, series.base))
    if runner is None:  # no patch made a commit: there is nothing to compile
        return Report(root, release, series.base, (), (), (), (), (), ())
    found = arches(series, wanted)
    snapshots = take(
        series.repository, series.base, [commit.id for commit in series.commits], places(found), means.cache
    )
    jobs, meter = options.jobs or len(os.sched_getaffinity(0)), Meter(means.progress, len(series.commits))
    store = Store(means.cache)
    with contextlib.ExitStack() as stack:
        making: Making
        if means.elsewhere is None:
            builds = stack.enter_context(Builds(series.repository, snapshots, runner, means.cache))
            making = Here(builds, stack.enter_context(Workers(jobs, runner)), store, meter)
        else:
            making = Away(series, means.elsewhere, store, meter, places(found), sandboxed=options.sandboxed)
        maker = Maker(snapshots[0], wanted, found, jobs, series.repository.identity)
        kconfigs = stack.enter_context(Kconfigs(store))
        stages = _Stages(series, snapshots, store, making, kconfigs, meter, means.meanwhile)
        alone = options.alone and not wanted.tools.beside
        report = stages.report(root, release, maker, structs.replace(options, alone=alone), runner)
        looking = FileChecks(series.repository, snapshots, runner, means.cache, meter)
        return functools.reduce(with_extra, map(looking.column, file_checks(wanted.tools.beside)), report)


class _Stages(NamedTuple):
    """What all stages share."""

    series: Series
    snapshots: tuple[Snapshot, ...]
    store: Store
    making: Making
    kconfigs: Kconfigs
    meter: Meter
    meanwhile: Meanwhile | None

    def report(self, tree: str, release: str, maker: Maker, options: Options, runner: Runner) -> Report:
        """Go through them."""
        self.meter.say(0, "choosing configurations")
        chosen = maker.all(self.snapshots, self._config_of, self.kconfigs)
        if options.alone:
            must_compile(chosen.each)
        if self.meanwhile and maker.chooses:
            self.meanwhile.chosen(list(dict.fromkeys(each.spec.name for each in chosen.each)))
        configurations, configured, settled = settle(chosen.each, self.snapshots, self._configured, self.kconfigs)
        identity = self.series.repository.identity
        graphs = functools.cache(lambda arch: graph(self.snapshots, arch, self.store, identity))
        choice = choose(self.snapshots, configurations, configured, graphs, options.most)
        self.meter.total = sum(len(targets) for row in choice.targets for targets in row)
        findings = Findings()
        notes = tuple(dict.fromkeys(note for each in configurations for note in each.adjustments.notes))
        left_out = (*chosen.left_out, *(choice.left_out if configurations else ()))
        cells: list[list[Cell]] = []

        def known(more: Sequence[LeftOut] = ()) -> Report:
            undone = [Cell(each.name, Status.SKIP, UNDONE, 0) for each in configurations]
            rows = (*cells, *itertools.repeat(undone, len(self.series.commits) - len(cells)))
            return Report(
                tree, release, self.series.base, tuple(map(_column, configurations)),
                tuple(map(_row, itertools.count(1), self.series.commits, rows)), findings.all(), (*left_out, *more),
                notes, (*settled, *runner.gaps()),
            )  # fmt: skip

        for row in self._judged(configurations, configured, choice.targets, findings):
            cells.append(row)
            if self.meanwhile and configurations:
                self.meanwhile.known(known)
        report = known(tuple(uncovered(self.snapshots, configurations, configured, chosen.hindered)))
        warned = [[each.unmet for each in row] for row in configured]
        names = [each.spec.name for each in configurations]
        extra = column(self.snapshots, unknown(self.snapshots, self.kconfigs), selected(self.snapshots, names, warned))
        return report if extra is None else with_extra(report, extra)

    def _config_of(self, trial: Configuration) -> str | None:
        (configured,) = self.making.configured([trial], self.snapshots[-1], [None])
        return configured.config or None

    def _configured(self, configurations: Sequence[Configuration]) -> list[list[Configured]]:
        """By commit, the base first, and by configuration."""
        rows: list[list[Configured]] = []
        for snapshot in self.snapshots:
            if rows and snapshot.config_files == self.snapshots[snapshot.number - 1].config_files:
                rows.append(rows[-1])
            else:
                parents: Sequence[Configured | None] = rows[-1] if rows else [None] * len(configurations)
                rows.append(self._all_configured(configurations, snapshot, parents))
        return rows

    def _all_configured(
        self, configurations: Sequence[Configuration], snapshot: Snapshot, parents: Sequence[Configured | None]
    ) -> list[Configured]:
        """The plain compilers first: what is prepared for them is there for checkers."""
        found: dict[int, Configured] = {}
        for beside in (False, True):
            some = [number for number, each in enumerate(configurations) if bool(each.tool.plain) == beside]
            made = self.making.configured([configurations[n] for n in some], snapshot, [parents[n] for n in some])
            found |= zip(some, made, strict=True)
        return [found[number] for number in range(len(configurations))]

    def _judged(
        self, configurations: Sequence[Configuration], configured: Sequence[Sequence[Configured]],
        targets: Sequence[Sequence[Sequence[str]]], findings: Findings,
    ) -> Iterator[list[Cell]]:  # fmt: skip
        """By commit, without the base, and by configuration."""
        judges = [Judge(configuration, findings) for configuration in configurations]
        links = [self._undefined(each) if each.tool.name == MODPOST else None for each in configurations]
        made = self.making.compiled(configurations, self.snapshots, configured, targets)
        for snapshot, now, outcomes in zip(self.snapshots, configured, made, strict=True):
            if snapshot.number:
                outcomes = [
                    link.told(snapshot, *each) if link else each[1]
                    for link, each in zip(links, zip(now, outcomes, strict=True), strict=True)
                ]
                yield list(map(Judge.cell, judges, itertools.repeat(snapshot), now, outcomes))
            else:
                list(map(Judge.base, judges, outcomes))
                for link, each in zip(links, outcomes, strict=True):
                    if link:
                        link.base(each)

    def _undefined(self, configuration: Configuration) -> Undefined:
        def compile_more(snapshot: Snapshot, configured: Configured, targets: Sequence[str]) -> Outcomes:
            self.meter.total += len(targets)
            (made,) = self.making.compiled([configuration], [snapshot], [[configured]], [[targets]])
            return made[0]

        return Undefined(configuration, compile_more)


def _column(configuration: Configuration) -> Column:
    name, spec, compiler = configuration.name, configuration.spec, configuration.tool
    return Column(name, compiler.name, spec.name, spec.made_of(), compiler.version.rpartition(" (")[0])


def _row(number: int, commit: Commit, cells: Sequence[Cell]) -> Row:
    if not any(cell.count or cell.status not in (Status.PASS, Status.SKIP) for cell in cells):
        nothing = (Status.SKIP, "nothing that it changes is compiled", 0)
        cells = [Cell(cell.check, *nothing) if cell.status is Status.PASS else cell for cell in cells]
    return Row(number, commit.id, commit.subject, tuple(cells))
