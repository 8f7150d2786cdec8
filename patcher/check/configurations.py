"""What a check compiles in: configurations × tools, as asked for, or chosen from what the series changes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from patcher.check import auto, tools
from patcher.check.adjust import Adjustments, adjustments
from patcher.check.arches import ARCHES, directory, looked_into, native
from patcher.check.bindings import Bindings
from patcher.check.configuration import Configuration
from patcher.check.filecheck import FileCheck
from patcher.check.guards import Branch
from patcher.check.kconfig.protocol import Answer
from patcher.check.kconfigs import Goals, Kconfigs
from patcher.check.kerneldoc import KernelDoc
from patcher.check.results import LeftOut
from patcher.check.rst import Rst
from patcher.check.series import Series
from patcher.check.snapshot import Snapshot
from patcher.check.specs import Spec, parse
from patcher.check.tools import Names, Tool
from patcher.check.variables import Variables, for_arch
from patcher.errors import InputError
from patcher.tree.changes import changes

ConfigOf = Callable[[Configuration], str | None]


class Chosen(NamedTuple):
    """The configurations, the files that none of them compiles, and why none could be made for a branch, as ``auto``
    has it."""

    each: list[Configuration]
    left_out: tuple[LeftOut, ...]
    hindered: dict[Branch, str]


class Asked(NamedTuple):
    """What the user asked for: ``specs`` (none where they are to be chosen), names of ``tools``, and ``variables``."""

    specs: tuple[Spec, ...]
    tools: Names
    variables: Variables


def asked(configs: Sequence[str], names: str, variables: Variables, seed: int) -> Asked:
    """Read what the user wrote; ``seed`` is the first for configurations that are drawn. Raises InputError."""
    words = [word for word in configs if word != "auto"]
    return Asked(parse(words, variables.arch, seed), tools.names(names, variables), variables)


def file_checks(names: Sequence[str]) -> tuple[FileCheck, ...]:
    """The checks of BESIDE with these names."""
    known: dict[str, Callable[[], FileCheck]] = {"kernel-doc": KernelDoc, "dt": Bindings, "rst": Rst}
    return tuple(known[name]() for name in names)


def arches(series: Series, wanted: Asked) -> tuple[str, ...]:
    """What ARCH is set to in a run: of the configurations that were named; else ARCH, or this machine's and then those
    of which the series changes code."""
    if wanted.specs:
        return tuple(dict.fromkeys(spec.arch for spec in wanted.specs))
    if wanted.variables.arch:
        return (wanted.variables.arch,)
    changed = changes(series.repository, series.base, series.commits[-1].id)
    places = (path.split("/") for change in changed for path in (change.path, change.old))
    touched = {parts[1] for parts in places if parts[0] == "arch" and len(parts) > 2}
    return (*auto.usual(), *sorted(touched & ARCHES.keys() - {native()}))


def places(found: Sequence[str]) -> tuple[str, ...]:
    """The directories below ``arch/`` that builds for these look into."""
    return tuple(dict.fromkeys(place for arch in found for place in looked_into(arch)))


def must_compile(each: Sequence[Configuration]) -> None:
    """Raises InputError where no compiler is there for any of them."""
    missing = dict.fromkeys(configuration.tool.missing for configuration in each)
    if missing and all(missing):
        raise InputError("; ".join(missing))


class Maker:
    """Makes configurations of a run. ``found`` is what ``arches`` says of it, ``jobs`` the number of processes."""

    def __init__(self, base: Snapshot, wanted: Asked, found: Sequence[str], jobs: int, repository: str) -> None:
        self._base, self._wanted, self._arches = base, wanted, found
        self._jobs, self._repository = jobs, repository
        self._numbers = itertools.count()
        self._tools = functools.cache(self._tools_for)
        self._adjusted = functools.cache(self._adjusted_for)

    @property
    def chooses(self) -> bool:
        """Whether the configurations are chosen, as nobody named them."""
        return not self._wanted.specs and bool(self._wanted.tools.compile)

    def all(self, snapshots: Sequence[Snapshot], config_of: ConfigOf, kconfigs: Kconfigs) -> Chosen:
        """The configurations. ``config_of`` makes the ``.config`` of one on the last commit, None where it cannot be
        made."""
        if not self.chooses:
            specs = [_drawn(spec, snapshots[-1], kconfigs) for spec in self._wanted.specs]
            return Chosen(self._with_tools(specs), (), {})

        def reach(spec: Spec, config: str, goals: Goals) -> Answer:
            return kconfigs.reach(snapshots[-1], spec.arch, config, goals)

        missing = {arch: each.missing for arch in self._arches if (each := self._tools(arch)[0]).missing}
        usual = [arch for arch in self._arches if arch not in missing or directory(arch) == native()]
        chosen = auto.choose(snapshots, usual or self._arches, lambda spec: config_of(self._one(spec)), reach)
        left = [
            LeftOut(f"arch/{arch}", f"its code is not compiled: {why}")
            for arch, why in missing.items()
            if usual and arch not in usual
        ]
        return Chosen(self._with_tools(chosen.specs), (*left, *chosen.left_out), chosen.hindered)

    def _one(self, spec: Spec) -> Configuration:
        return self._configuration(spec, self._tools(spec.arch)[0], self._jobs)

    def _with_tools(self, specs: Sequence[Spec]) -> list[Configuration]:
        share = max(1, self._jobs // max(1, len(specs) * len(self._wanted.tools.compile)))
        return [self._configuration(spec, each, share) for spec in specs for each in self._tools(spec.arch)]

    def _configuration(self, spec: Spec, chosen: Tool, jobs: int) -> Configuration:
        name = f"{spec.name} {chosen.name}" if len(self._wanted.tools.compile) > 1 else spec.name
        adjusted = Adjustments((), {}, ()) if chosen.missing else self._adjusted(chosen.compiler, spec.arch)
        return Configuration(next(self._numbers), name, spec, chosen, adjusted, jobs, self._repository)

    def _tools_for(self, arch: str) -> tuple[Tool, ...]:
        variables = for_arch(self._wanted.variables, arch, self._arches)
        found = tools.tools(self._wanted.tools, arch, variables)
        return tuple(tools.fitting(each, arch, self._base.text) for each in found)

    def _adjusted_for(self, compiler: str, arch: str) -> Adjustments:
        base = self._base
        return adjustments(compiler, base.text, base.entries, base.naming, arch)


def _drawn(spec: Spec, last: Snapshot, kconfigs: Kconfigs) -> Spec:
    """The configuration, drawn if that is to be: for the last commit, so that what the series adds is drawn, too.

    Not by kbuild's own randconfig: before Linux 3.9 it takes no seed, and with one symbol more all others get other
    values. Raises InputError where Kconfig cannot be read.
    """
    if spec.seed < 0:
        return spec
    answer = kconfigs.draw(last, spec.arch, spec.seed)
    if answer.unreadable:
        raise InputError(f"--configs {spec.name}: the tree's Kconfig cannot be read: {answer.unreadable}")
    return spec._replace(text=answer.text)
