"""A process that does units: ``python -m patcher.cluster.serve PARENT [REPOSITORY]``.

It is a process of its own, so that what is begun can be ended, and what goes wrong ends no worker. It does one unit at
a time, as it is told on standard input: in the repository, with the user's cache; or, where none is named, as a
worker's, in a clone and with a cache of its own, which outlive it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO

from patcher import confine
from patcher.cache import Cache, CacheError, default_root
from patcher.cluster import frames, layers
from patcher.cluster.frames import Came, Do, Failed, Made, Wants, Why
from patcher.errors import InputError, MachineError
from patcher.processes import end_children, end_on_signals
from patcher.tree.find import find_repository, open_repository
from patcher.tree.gitrepo import Repository
from patcher.tree.packs import Clone
from patcher.units import Unit

BESIDE = "PATCHER_CLUSTER_CLONE"  # a repository that the clones may take objects from
_PLACES = 1024
_IDLE = 600.0  # seconds without a unit after which build directories are removed


class Server:
    """Does units in the repository that ``having`` gives for each; it hears and says from and to two descriptors."""

    def __init__(self, having: Callable[[Unit], Repository], cache: Cache, hears: int, says: int) -> None:
        self._having, self._cache, self._hears, self._says = having, cache, hears, says
        self._benches: dict[tuple[str, Path], layers.Bench] = {}

    def serve(self) -> None:
        """Do units until nobody asks any more."""
        try:
            while True:
                asked = frames.receive(self._hears, self.close, _IDLE)
                if isinstance(asked, Do):
                    frames.send(self._says, self._done(asked.unit))
        except frames.Ended:
            return
        finally:
            self.close()

    def close(self) -> None:
        """Remove what is kept between units."""
        for bench in self._benches.values():
            bench.close()
        self._benches.clear()
        self._cache.close()

    def _done(self, unit: Unit) -> Made | Failed:
        try:
            repository = self._having(unit)
            data, before = self._data(unit.data), os.times()
            result = self._bench(unit, repository).do(unit, data)
            return Made(result, sum(os.times()[:4]) - sum(before[:4]))
        except CacheError as error:
            return Failed(str(error), Why.MACHINE)
        except MachineError as error:
            return Failed(str(error), Why.BROKEN)
        except InputError as error:
            return Failed(str(error))
        except (OSError, MemoryError, RecursionError) as error:
            why = Why.MACHINE if isinstance(error, OSError) else Why.INPUT
            return Failed(f"{type(error).__name__}: {error}", why)
        except Exception:  # noqa: BLE001 - whoever asked tells it as a fault of ours
            return Failed(traceback.format_exc(), Why.FAULT)

    def _bench(self, unit: Unit, repository: Repository) -> layers.Bench:
        key = unit.kind, repository.directory
        if key not in self._benches:
            self._benches[key] = layers.bench(unit.kind, repository, self._cache)
        return self._benches[key]

    def _data(self, digest: str) -> bytes:
        if not digest:
            return b""
        key = f"cluster-data:{digest}"
        kept = self._cache.get(key)
        if kept is None:
            file = Path(_brought(Wants(data=digest), self._hears, self._says).path)
            kept = file.read_bytes()
            file.unlink()
            if hashlib.sha256(kept).hexdigest() != digest:
                raise InputError("what came is not what the unit is made of")
            self._cache.put(key, kept)
        return kept


class Clones:
    """Repositories of our own in the directory ``place``; what they lack is asked for."""

    def __init__(self, place: Path, hears: int, says: int) -> None:
        self._place, self._hears, self._says = place, hears, says
        self._clones: dict[str, Clone] = {}

    def having(self, unit: Unit) -> Repository:
        """One with what the unit needs. Raises OSError where it fails, as it is this machine's."""
        try:
            clone = self._clone(unit)
            if clone.has(unit.commits, history=unit.history):
                return clone.repository
            wants = Wants(unit.commits, clone.there(unit.commits, history=unit.history), history=unit.history)
        except InputError as error:
            raise OSError(str(error)) from error
        came = _brought(wants, self._hears, self._says)
        try:
            clone.take(Path(came.path), came.commits, came.shallow, history=unit.history)
        except InputError as error:
            raise OSError(str(error)) from error
        return clone.repository

    def _clone(self, unit: Unit) -> Clone:
        """Of the repository whose history is asked for; files of all others lie in one, for each length of ids."""
        length = max(map(len, unit.commits), default=40)
        name = f"{length}-{unit.history.partition('-')[0] or 'files'}"
        if name not in self._clones:
            beside = os.environ.get(BESIDE, "")
            repository = find_repository(Path(beside)) if beside else None
            if beside and repository is None:
                raise InputError(f"{BESIDE}={beside} is no repository")
            there = repository.common if repository else None
            self._clones[name] = Clone(self._place / f"{name}.git", length, there)
        return self._clones[name]


def _brought(wants: Wants, hears: int, says: int) -> Came:
    frames.send(says, wants)
    came = frames.receive(hears, lambda: None, _IDLE)
    if isinstance(came, Failed):
        raise OSError(came.reason) if came.machine else InputError(came.reason)
    assert isinstance(came, Came)
    return came


def place() -> tuple[Path, IO[str]]:
    """The first directory for a worker's process that no other has, and the lock that keeps it while it is open."""
    top = Cache(default_root()).directory("cluster")
    for number in range(_PLACES):
        lock = (top / f"worker-{number}.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        found = top / f"worker-{number}"
        found.mkdir(mode=0o700, exist_ok=True)
        return found, lock
    raise InputError(f"{_PLACES} processes of workers share the cache {top}", "give workers other caches")


def main(parent: int, repository: str = "") -> None:
    """Serve the process with that id, until it is at its end."""
    confine.die_with_parent(parent)
    end_on_signals()
    hears, says = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # whatever else is said
    with contextlib.ExitStack() as stack:
        try:
            if repository:
                found = open_repository(Path(repository))
                server = Server(lambda _: found, Cache(), hears, says)
            else:
                directory, lock = place()
                stack.enter_context(lock)
                server = Server(Clones(directory, hears, says).having, Cache(directory / "cache"), hears, says)
        except (InputError, OSError) as error:
            frames.receive(hears, lambda: None, _IDLE)
            frames.send(says, Failed(str(error), Why.MACHINE))
            return
        stack.callback(end_children)
        server.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
