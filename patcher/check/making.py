"""Where configurations are configured and objects are made: on this machine, in the threads of the run."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from patcher.check.builds import Builds
from patcher.check.compile import compile_objects
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured, configure
from patcher.check.results import Outcome
from patcher.check.snapshot import Snapshot
from patcher.check.store import Store
from patcher.check.workers import Meter, Workers

Outcomes = Mapping[str, Outcome]


class Making(Protocol):
    """What a check has others do."""

    def configured(
        self, configurations: Sequence[Configuration], snapshot: Snapshot, parents: Sequence[Configured | None]
    ) -> list[Configured]:
        """How a commit comes out in each configuration. ``parents``: what came of the commit before."""
        ...

    def compiled(
        self, configurations: Sequence[Configuration], snapshots: Sequence[Snapshot],
        configured: Sequence[Sequence[Configured]], targets: Sequence[Sequence[Sequence[str]]],
    ) -> Iterator[Sequence[Outcomes]]:  # fmt: skip
        """For each commit, in order, the outcomes in each configuration; see ``compile_objects``."""
        ...


class Here:
    """All of it is done here: each commit in all configurations at once."""

    def __init__(self, builds: Builds, workers: Workers, store: Store, meter: Meter) -> None:
        self._builds, self._workers, self._store, self._meter = builds, workers, store, meter

    def configured(
        self, configurations: Sequence[Configuration], snapshot: Snapshot, parents: Sequence[Configured | None]
    ) -> list[Configured]:
        return self._workers.each(self._configure, configurations, itertools.repeat(snapshot), parents)

    def _configure(self, configuration: Configuration, snapshot: Snapshot, parent: Configured | None) -> Configured:
        if parent and parent.prepared is None:
            return parent
        self._meter.say(snapshot.number, f"{configuration.name} configuring")
        return configure(configuration, snapshot, parent, self._builds, self._store)

    def compiled(
        self, configurations: Sequence[Configuration], snapshots: Sequence[Snapshot],
        configured: Sequence[Sequence[Configured]], targets: Sequence[Sequence[Sequence[str]]],
    ) -> Iterator[Sequence[Outcomes]]:  # fmt: skip
        make = functools.partial(compile_objects, builds=self._builds, store=self._store, meter=self._meter)
        for snapshot, now, wanted in zip(snapshots, configured, targets, strict=True):
            yield self._workers.each(make, configurations, itertools.repeat(snapshot), now, wanted)
