"""The machine that asks: it submits units to dask's scheduler, and sends workers what they lack."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import queue
import sys
import time
import uuid
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from distributed import Client, KilledWorker, LocalCluster, Security, SSHCluster

from patcher import debug, temporary
from patcher.cluster import layers, task
from patcher.cluster.address import Where
from patcher.cluster.frames import Failed, Made
from patcher.cluster.nearest import Nearest
from patcher.cluster.process import Died
from patcher.cluster.sending import Sender, Sent
from patcher.errors import InputError
from patcher.units import Lost, Offer, Unit

_CONNECT = 10  # seconds
_WORKERS = 60.0  # seconds to wait for a worker, where there is none
_TIMEOUT, _ANSWER = 5, 12  # seconds for a result that is there to come here, and how often it is asked for
_LOOK = 1.0  # seconds after which it is looked who is there
_AHEAD = 2  # units for each thread of a worker that are under way, where they are many
_TRIES = 4  # of a unit, where its worker, or its process there, comes to an end
_made_decoder = msgspec.msgpack.Decoder(Made | Failed)
_AGAIN = "what was done is in the cache: the same command again does the rest"


class Cost(NamedTuple):
    """What a unit cost: bytes that went to the scheduler and came back, and the processor's seconds of its process."""

    about: str
    sent: int
    received: int
    seconds: float


class _Given(NamedTuple):
    """A unit that is under way, and at which address."""

    unit: Unit
    worker: str


class _Not(NamedTuple):
    """A unit was not done, though another worker may do it; and why."""

    why: str


class _WorkerGone(Exception):
    """The worker that had a unit has ended."""


class Cluster:
    """Dask's scheduler and workers, as ``Elsewhere``. Use as a context manager: at its end nothing that it has begun
    runs on. ``sent`` counts what workers lacked, ``costs`` has each unit that was done.

    Raises InputError where there is no scheduler, or none is left.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self._stack = contextlib.ExitStack()
        self._told: set[str] = set()
        self._resources: dict[tuple[str, tuple[str, ...]], str] = {}
        self.sent = Sent()
        self.costs: list[Cost] = []
        self._packed: dict[str, int] = {}  # bytes, by key
        self._nearest: Nearest[Unit] = Nearest()

    def __enter__(self) -> Cluster:
        logging.disable(logging.CRITICAL)  # dask tells in its log what we tell in a line
        warnings.filterwarnings("ignore", module="distributed")
        warnings.filterwarnings("ignore", "resource_tracker: ")  # of local workers: an interrupt ends it, too
        with self._stack:
            self._scratch = self._stack.enter_context(temporary.directory("cluster"))
            self._client = self._stack.enter_context(self._connected())
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _connected(self) -> Any:
        target: Any = self._where.address
        if self._where.local:
            target = self._stack.enter_context(_here(self._where.local))
        elif self._where.hosts:
            target = self._stack.enter_context(_by_ssh(self._where.hosts))
        if self._where.address.startswith("tls"):
            _must_have_certificates()
        try:
            return Client(target, timeout=_CONNECT, set_as_default=False, name="patcher")
        except (OSError, TimeoutError) as error:
            raise InputError(
                f"no scheduler of dask's answers at {self._where.address}", "start one with 'dask scheduler'"
            ) from error
        except (TypeError, ValueError, RuntimeError) as error:
            why = str(error).partition("\n")[0]
            raise InputError(f"cannot speak with {self._where.address} ({why})", "see docs/cluster.md") from error

    def run(self, units: Sequence[Unit], offer: Offer, tools: Sequence[str]) -> Iterator[tuple[Unit, bytes | Lost]]:
        """See ``Elsewhere``."""
        asked = units[0].kind, tuple(sorted(tools))
        resource = self._resources[asked] = self._resources.get(asked) or self._fitting(*asked)
        with contextlib.closing(Sender(offer, self._send, self._new_scratch())) as sender:
            self._client.subscribe_topic(task.TOPIC, lambda event: sender.asked(*event[1]))
            try:
                yield from self._run(units, resource)
            finally:
                self.sent = Sent(*(old + new for old, new in zip(self.sent, sender.sent, strict=True)))
                with contextlib.suppress(Exception):
                    self._client.unsubscribe_topic(task.TOPIC)

    def _new_scratch(self) -> Path:
        directory = self._scratch / uuid.uuid4().hex
        directory.mkdir()
        return directory

    def _run(self, units: Sequence[Unit], resource: str) -> Iterator[tuple[Unit, bytes | Lost]]:
        self._nearest.clear()
        for unit in units:
            self._nearest.add(unit.near, unit)
        under_way: dict[Any, _Given] = {}
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threads, looked, without = dict[str, int](), 0.0, time.monotonic()
        tries: Counter[str] = Counter()  # that came to nothing, by the key of the unit
        try:
            while self._nearest or under_way:
                if time.monotonic() > looked + _LOOK:
                    threads, looked = self._threads(resource), time.monotonic()
                    without = looked if threads else without
                    if looked > without + _WORKERS:
                        raise InputError(f"no worker came in {_WORKERS:g} s to do the rest", f"start some: {_AGAIN}")
                    self._nearest.keep(threads)
                    for future in [each for each, given in under_way.items() if given.worker not in threads]:
                        unit, _ = under_way.pop(future)
                        with self._reached():
                            self._client.cancel([future], force=True)
                        yield from self._again(unit, "the worker that had it ended", tries)
                for unit, worker in self._next(threads, under_way):
                    future = self._submit(unit, resource, worker, tries[unit.key])
                    under_way[future] = _Given(unit, worker)
                    future.add_done_callback(ended.put)
                with contextlib.suppress(queue.Empty):
                    future = ended.get(timeout=1)
                    if future in under_way:  # else it was cancelled
                        given = under_way.pop(future)
                        result = self._result(future, given, resource)
                        if isinstance(result, _Not):
                            yield from self._again(given.unit, result.why, tries)
                        else:
                            yield given.unit, result
        finally:
            if under_way:
                with contextlib.suppress(Exception):
                    self._client.cancel(list(under_way), force=True)

    def _again(self, unit: Unit, why: str, tries: Counter[str]) -> Iterator[tuple[Unit, Lost]]:
        """It waits once more, but not for ever."""
        tries[unit.key] += 1
        if tries[unit.key] < _TRIES:
            self._nearest.add(unit.near, unit)
        else:
            yield unit, Lost(f"{unit.about}: {why}, {_TRIES} times")

    def _next(self, threads: Mapping[str, int], under_way: Mapping[Any, _Given]) -> Iterator[tuple[Unit, str]]:
        """Units to be begun, and by whom. No worker has two as long as another has none."""
        busy = Counter(given.worker for given in under_way.values())
        for ahead in range(1, _AHEAD + 1):
            for worker, count in threads.items():
                while (
                    worker not in self._told
                    and busy[worker] < ahead * count
                    and (unit := self._nearest.take(worker, busy=ahead > 1))
                ):
                    busy[worker] += 1
                    yield unit, worker

    def _submit(self, unit: Unit, resource: str, worker: str, attempt: int) -> Any:
        packed = zlib.compress(msgspec.msgpack.encode(unit), task.LEVEL)
        self._packed[unit.key] = len(packed)
        with self._reached():
            return self._client.submit(
                task.perform, packed, key=f"patcher-{unit.kind}-{unit.key}-{attempt}", workers=[worker],
                resources={resource: 1}, pure=False,
            )  # fmt: skip

    def _result(self, future: Any, given: _Given, resource: str) -> bytes | Lost | _Not:
        """What came of a unit."""
        unit = given.unit
        try:
            packed = self._fetched(future, given.worker, resource)
            made: Made | Failed = _made_decoder.decode(zlib.decompress(packed))
        except (KilledWorker, _WorkerGone):
            return _Not("the worker that had it ended")
        except Died as error:
            return _Not(str(error))
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a worker raised, it is that unit's
            return Lost(f"{unit.about}: {type(error).__name__}: {error}")
        finally:
            future.release()
        if isinstance(made, Failed):
            if not made.machine:
                return Lost(made.reason)
            self._unused(given.worker, made.reason)
            return _Not(made.reason)
        self.costs.append(Cost(unit.about, self._packed[unit.key], len(packed), made.seconds))
        return made.result

    def _fetched(self, future: Any, worker: str, resource: str) -> bytes:
        """The answer, which lies at the worker that made it. Raises _WorkerGone, and what the task did."""
        for _ in range(_ANSWER):
            try:
                found: bytes = future.result(timeout=_TIMEOUT)
                return found
            except (OSError, CancelledError):
                if future.status == "error":
                    raise
                if worker not in self._threads(resource):
                    raise _WorkerGone from None
        raise TimeoutError(f"its result does not come for {_ANSWER * _TIMEOUT} s")

    def _threads(self, resource: str) -> dict[str, int]:
        """Of the workers that do such units, by address."""
        with self._reached():
            if self._client.status != "running":
                raise OSError
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        found = {address: int(each["resources"].get(resource, 0)) for address, each in workers.items()}
        return {address: count for address, count in found.items() if count and address not in self._told}

    def _unused(self, worker: str, why: str) -> None:
        """A worker gets no units from now on, which is told."""
        if worker not in self._told and sys.stderr is not None:
            sys.stderr.write(f"patcher: {worker} is not used: {why}\n")
        self._told.add(worker)

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn what tells that the scheduler is gone into one line."""
        try:
            yield
        except (OSError, CancelledError) as error:
            where = self._where.address or "here"
            raise InputError(f"the scheduler at {where} is gone", _AGAIN) from error

    def _send(self, address: str, name: str, part: bytes, end: bytes) -> bool:
        found = self._client.run(task.arrive, name, self._client.id, part, end, workers=[address], on_error="return")
        return found.get(address) is True

    def _fitting(self, kind: str, tools: tuple[str, ...]) -> str:
        """The resource of the workers on which units come out as here. Raises InputError where there is none."""
        ours = layers.identity(kind, tools)
        resource = f"patcher-{hashlib.sha256(msgspec.msgpack.encode(sorted(ours.items()))).hexdigest()[:16]}"
        with self._reached():
            try:
                self._client.register_plugin(task.Fit(resource, kind, tools, ours), name=resource)
            except (OSError, CancelledError):
                raise
            except Exception as error:  # noqa: BLE001 - what a worker raises, on which patcher cannot be loaded: told below
                debug.note("cluster: not all workers took the plugin: %s", error)
            until = time.monotonic() + _CONNECT
            while True:
                differs = self._client.run(task.differs, resource, on_error="return")
                if (differs and None not in differs.values()) or time.monotonic() > until:
                    break
                time.sleep(0.2)
        if not differs:
            raise InputError(f"{self._where.address or 'the scheduler'} has no workers", "start some")
        wrong = {address: _why(answer) for address, answer in differs.items() if answer != ""}
        if len(wrong) == len(differs):
            address, why = next(iter(wrong.items()))
            raise InputError(f"no worker is as this machine is: {address}: {why}", "have the same on all machines")
        for address, why in wrong.items():
            self._unused(address, why)
        return resource


def _must_have_certificates() -> None:
    """Raises InputError where dask's configuration names none that can be used."""
    advice = "name them in dask's configuration: see docs/cluster.md"
    try:
        context = Security().get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        raise InputError(
            f"tls:// takes certificates, and those that are named cannot be read ({error})", advice
        ) from error
    if context is None:
        raise InputError("tls:// takes certificates", advice)


def _why(answer: object) -> str:
    """Why a worker is of no use, by what it answers: that may be an exception."""
    if isinstance(answer, Exception):
        return f"patcher cannot be loaded there ({type(answer).__name__}: {answer})".replace("\n", " ")
    return str(answer or f"it does not answer for {_CONNECT} s")


def _here(workers: int) -> Any:
    """A scheduler and workers on this machine, which end with us."""
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        silence_logs=logging.CRITICAL,
    )  # fmt: skip


def _by_ssh(hosts: Sequence[str]) -> Any:
    """A worker on each of the machines, with a thread for each of its cores, and the scheduler on the first."""
    try:
        return SSHCluster([hosts[0], *hosts])
    except Exception as error:
        why = str(error).partition("\n")[0].removeprefix("Cluster failed to start: ")
        raise InputError(
            f"cannot start workers by ssh: {why}",
            f"for each machine, 'ssh HOST {sys.executable} -m distributed.cli.dask_spec --version' must ask nothing",
        ) from error
