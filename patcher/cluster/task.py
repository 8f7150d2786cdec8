"""What runs in a worker of dask's: the task that does a unit, what brings it what it lacks, and whether it may."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
from distributed import Worker, WorkerPlugin
from distributed.worker import get_worker, thread_state

from patcher.cluster import layers
from patcher.cluster.frames import Came, Failed, Wants, Why
from patcher.cluster.process import NotWanted, Processes
from patcher.model import Frozen
from patcher.units import Unit

TOPIC = "patcher-units"
LEVEL = 1  # of compression: what a unit of check is packed in shrinks to a quarter
_TICK = 0.05  # seconds
_AGAIN = 5.0  # seconds after which it is asked once more for what nobody sends
_PATIENCE = 600.0  # seconds without a byte after which what was asked for is not waited for any more: packs take time
_processes = Processes()
_unit_decoder = msgspec.msgpack.Decoder(Unit)
_wants_decoder = msgspec.msgpack.Decoder(Wants)


class Fit(WorkerPlugin):  # type: ignore[misc]  # mypy does not look at dask
    """Gives a worker the resource that units ask for, if units come out the same there as at the asker's machine."""

    def __init__(self, resource: str, kind: str, tools: tuple[str, ...], ours: Mapping[str, str]) -> None:
        self._resource, self._kind, self._tools, self._ours = resource, kind, tools, dict(ours)
        self.name = resource
        self.differs: str | None = None

    async def setup(self, worker: Worker) -> None:
        """Look, and say it to the scheduler."""
        theirs = await asyncio.to_thread(layers.identity, self._kind, self._tools)
        self.differs = layers.differing(theirs, self._ours)
        await worker.set_resources(**{self._resource: 0 if self.differs else worker.state.nthreads})


def differs(resource: str, dask_worker: Worker) -> str | None:
    """Why units that ask for a resource are not done by this worker, or "". None where it does not know yet."""
    plugin = dask_worker.plugins.get(resource)
    return plugin.differs if isinstance(plugin, Fit) else None


class _Arrival:
    """Something that was asked for, on its way."""

    def __init__(self) -> None:
        descriptor, name = tempfile.mkstemp(prefix="patcher-cluster-")
        self.path = Path(name)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")
        self.changed = time.monotonic()
        self.sender = ""
        self.there = threading.Event()
        self.came: Came | Failed = Failed("it did not come")

    def add(self, part: bytes) -> None:
        self._file.write(part)
        self.changed = time.monotonic()

    def complete(self, came: Came | Failed) -> None:
        self._file.close()
        self.came = came
        self.there.set()

    def remove(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


_arrivals: dict[str, _Arrival] = {}


def _full(error: OSError) -> Failed:
    return Failed(f"cannot write to {tempfile.gettempdir()} ({error.strerror or error})", Why.MACHINE)


class End(Frozen, frozen=True):
    """All of it was sent; or why not. See ``Came``."""

    commits: tuple[str, ...] = ()
    shallow: tuple[str, ...] = ()
    failure: str = ""


_end_decoder = msgspec.msgpack.Decoder(End)


def arrive(name: str, sender: str, part: bytes, end: bytes) -> bool:
    """Take in a part of what a unit of this worker has asked for under that name, from the first who answered. ``end``:
    packed, with the last part. False where it is not waited for from this one, or not any more."""
    arrival = _arrivals.get(name)
    if arrival is None or arrival.sender not in ("", sender) or arrival.there.is_set():
        return False
    arrival.sender = sender
    try:
        arrival.add(part)
    except OSError as error:
        arrival.complete(_full(error))
        return False
    if end:
        told = _end_decoder.decode(end)
        came = Came(str(arrival.path), told.commits, told.shallow)
        arrival.complete(Failed(told.failure) if told.failure else came)
    return True


def perform(packed: bytes) -> bytes:
    """How a unit came out, packed and compressed: Made or Failed. What it lacks is asked for under TOPIC, of whoever
    asked for the unit: that may be another one by now. Raises Died."""
    worker: Any = get_worker()
    key: str = thread_state.key
    unit = _unit_decoder.decode(zlib.decompress(packed))

    def wanted() -> bool:
        state = worker.state.tasks.get(key)
        at_work = worker.status.name in ("running", "paused")  # not about to end
        return at_work and state is not None and state.state in ("executing", "long-running")

    def bring(wants: Wants) -> Came | Failed:
        name = uuid.uuid4().hex
        arrival = _arrivals[name] = _Arrival()
        asked = 0.0
        try:
            while not arrival.there.wait(_TICK):
                now = time.monotonic()
                if not wanted():
                    raise NotWanted
                if not arrival.sender and now > asked + _AGAIN:
                    worker.log_event(TOPIC, (name, worker.address, msgspec.msgpack.encode(wants)))
                    asked = now
                if now > arrival.changed + _PATIENCE:
                    return Failed(f"nobody sent what it lacks for {_PATIENCE:g} s")
            return arrival.came
        finally:
            del _arrivals[name]
            if isinstance(arrival.came, Failed):
                arrival.remove()

    try:
        done = _processes.do(unit, bring, wanted)
    except OSError as error:
        done = _full(error)
    if isinstance(done, Failed) and not done.machine:
        done = Failed(f"{unit.about}: {worker.address}: {_line(done)}")
    return zlib.compress(msgspec.msgpack.encode(done), LEVEL)


def _line(done: Failed) -> str:
    """The reason in a line: of a fault the last of its traceback, which goes to the worker's log."""
    if done.why is not Why.FAULT:
        return done.reason
    sys.stderr.write(done.reason)
    return done.reason.rstrip("\n").rpartition("\n")[2]
