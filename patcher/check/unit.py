"""Units of a check, done: what ``away.py`` packs, on the machine that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from patcher.cache import Cache
from patcher.check.away import Configure, Place, Work
from patcher.check.building import CannotBuild
from patcher.check.builds import Builds
from patcher.check.compile import compile_objects
from patcher.check.configuration import Configuration
from patcher.check.configure import Prepared, configure
from patcher.check.runner import Runner
from patcher.check.snapshot import Snapshot, take
from patcher.check.store import Store
from patcher.check.tools import tool
from patcher.check.workers import Meter
from patcher.tree.gitrepo import Repository
from patcher.units import Unit

_decoder = msgspec.msgpack.Decoder(Work)


def versions(names: Iterable[str]) -> Mapping[str, str]:
    """The versions of programs, as a check goes by them; why one is missing, instead."""
    found = {name: tool(name) for name in names}
    return {name: each.version or each.missing for name, each in found.items()}


class Bench:
    """Does one unit at a time, and keeps the build directories of one base for the next. ``close`` removes them."""

    def __init__(self, repository: Repository, cache: Cache) -> None:
        self._repository, self._cache, self._store = repository, cache, Store(cache)
        self._meter = Meter(None, 0)
        self._on: Place | None = None
        self._series: list[Snapshot] = []  # the base, and what was asked for so far
        self._texts: dict[str, str] = {}
        self._builds: Builds | None = None
        self._runner: Runner | None = None
        self._numbers: dict[str, int] = {}

    def do(self, unit: Unit, _: bytes) -> bytes:
        """The packed result. Raises InputError where this machine cannot do it."""
        work = _decoder.decode(unit.work)
        builds = self._open(work.place)
        configuration = self._own(work.configuration)
        if isinstance(work, Configure):
            snapshot = self._series[0] if work.commit == work.place.base else self._snapshot(work.commit)
            return msgspec.msgpack.encode(configure(configuration, snapshot, work.parent, builds, self._store))
        if work.configured.prepared:
            self._prepare(configuration, work.configured.prepared, builds)
        snapshot = self._snapshot(work.commit)
        found = compile_objects(
            configuration, snapshot, work.configured, work.targets, builds, self._store, self._meter
        )
        return msgspec.msgpack.encode(found)

    def close(self) -> None:
        """Remove what was kept."""
        if self._runner is not None:
            self._runner.end()
        if self._builds is not None:
            self._builds.__exit__(None)
        self._builds = self._on = None

    def _open(self, place: Place) -> Builds:
        if self._builds is None or self._on != place:
            self.close()
            self._runner = Runner(sandboxed=place.sandboxed)
            self._series[:] = take(self._repository, place.base, (), place.arches)
            self._builds = Builds(self._repository, self._series, self._runner, self._cache)
            self._on = place
            self._numbers.clear()
        return self._builds

    def _snapshot(self, commit: str) -> Snapshot:
        """That of a commit, as the last of those whose programs have run here."""
        base, last = self._series[0], self._series[-1]
        if commit != last.commit:
            if last is not base:
                last.forget()
            arches = self._on.arches if self._on else ()
            number = len(self._series)
            self._series.append(Snapshot(self._repository, self._texts, number, commit, base.commit, arches, base))
        return self._series[-1]

    def _own(self, configuration: Configuration) -> Configuration:
        """The configuration, with a build directory of its own here. A unit is one core's work."""
        key = configuration.key()
        number = self._numbers.setdefault(key, len(self._numbers))
        return configuration._replace(number=number, jobs=1, repository=self._repository.identity)

    def _prepare(self, configuration: Configuration, prepared: Prepared, builds: Builds) -> None:
        """Prepare the base, as it was where it was configured, so that a copy of it serves all commits."""
        if builds.kept(configuration, self._series[0].commit):
            return
        base = self._series[0]
        try:
            build = builds.get(configuration, base, "")
            build.set_config(prepared.config)
            build.prepare(base.entries)
            builds.keep(configuration)
        except CannotBuild:
            return  # then the objects cannot be made either, which tells it
