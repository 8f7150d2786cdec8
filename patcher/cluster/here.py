"""Units done on this machine, in the repository itself: by processes, as one uses no more than a processor most of the
time. Knows nothing of dask."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Sequence

from patcher.cache import Cache
from patcher.cluster import layers
from patcher.cluster.frames import Failed, Made, Why
from patcher.cluster.process import Died, Process
from patcher.errors import InputError, MachineError
from patcher.units import Offer, Unit


class Here:
    """As ``Elsewhere``, by so many processes with the user's cache; one is this process itself, with ``cache``."""

    def __init__(self, jobs: int, cache: Cache) -> None:
        self._jobs, self._cache = jobs, cache

    def run(self, units: Sequence[Unit], offer: Offer, tools: Sequence[str]) -> Iterator[tuple[Unit, bytes]]:
        """See ``Elsewhere``. Raises InputError and MachineError as a unit does."""
        assert offer.repository is not None
        if min(self._jobs, len(units)) < 2:
            with contextlib.closing(layers.bench(units[0].kind, offer.repository, self._cache)) as bench:
                for unit in units:
                    yield unit, bench.do(unit, b"")
            return
        waiting = iter(units)
        processes: list[Process] = []
        doing: dict[Process, Unit] = {}
        try:
            for _ in units[: self._jobs]:
                processes.append(Process(str(offer.repository.directory)))
                doing[processes[-1]] = processes[-1].begin(next(waiting))
            while doing:
                for process in select.select(list(doing), (), ())[0]:
                    unit = doing.pop(process)
                    yield unit, _result(process, unit)
                    if more := next(waiting, None):
                        doing[process] = process.begin(more)
        finally:
            for each in processes:
                each.terminate()
            for each in processes:
                each.end()


def _result(process: Process, unit: Unit) -> bytes:
    try:
        done = process.result(lambda _: Failed("nothing can be brought here"), lambda: True)
    except Died as error:
        advice = "see to memory, or give fewer --jobs: the same command again does the rest"
        raise InputError(f"{unit.about}: {error}", advice) from error
    if isinstance(done, Made):
        return done.result
    if done.why is Why.FAULT:
        raise RuntimeError(f"{unit.about}\n{done.reason}")
    raise MachineError(done.reason) if done.why is Why.BROKEN else InputError(done.reason)
