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
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from distributed import Client, KilledWorker, LocalCluster, Security, SSHCluster

from patcher import temporary
from patcher.cluster import layers, task
from patcher.cluster.address import Where
from patcher.cluster.frames import Failed, Made
from patcher.cluster.process import Died
from patcher.cluster.sending import Sender, Sent
from patcher.errors import InputError
from patcher.units import Lost, Offer, Unit

_CONNECT = 10  # seconds
_WORKERS = 60.0  # seconds to wait for a worker, where there is none
_ANSWER = 60  # seconds for a result that is there to come here
_AHEAD = 2  # units for each thread of a worker that are under way
_RETRIES = 2  # after a unit's process has died
_made_decoder = msgspec.msgpack.Decoder(Made | Failed)
_AGAIN = "what was done is in the cache: the same command again does the rest"


class Cost(NamedTuple):
    """What a unit cost: bytes that went to the scheduler and came back, and the processor's seconds of its process."""

    about: str
    sent: int
    received: int
    seconds: float


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

    def __enter__(self) -> Cluster:
        logging.disable(logging.CRITICAL)  # dask tells in its log what we tell in a line
        warnings.filterwarnings("ignore", module="distributed")
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
        waiting = deque(units)
        under_way: dict[Any, Unit] = {}
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threads, looked, without = 0, 0.0, time.monotonic()
        try:
            while waiting or under_way:
                if time.monotonic() > looked + 1:
                    threads, looked = self._threads(resource), time.monotonic()
                    without = looked if threads else without
                    if looked > without + _WORKERS:
                        raise InputError(f"no worker came in {_WORKERS:g} s to do the rest", f"start some: {_AGAIN}")
                while waiting and len(under_way) < _AHEAD * threads:
                    unit = waiting.popleft()
                    future = self._submit(unit, resource)
                    under_way[future] = unit
                    future.add_done_callback(ended.put)
                with contextlib.suppress(queue.Empty):
                    future = ended.get(timeout=1)
                    yield (unit := under_way.pop(future)), self._result(future, unit)
        finally:
            if under_way:
                with contextlib.suppress(Exception):
                    self._client.cancel(list(under_way), force=True)

    def _submit(self, unit: Unit, resource: str) -> Any:
        packed = zlib.compress(msgspec.msgpack.encode(unit), task.LEVEL)
        self._packed[unit.key] = len(packed)
        with self._reached():
            return self._client.submit(
                task.perform, packed, key=f"patcher-{unit.kind}-{unit.key}",
                resources={resource: 1}, retries=_RETRIES, pure=False,
            )  # fmt: skip

    def _result(self, future: Any, unit: Unit) -> bytes | Lost:
        try:
            with self._reached():
                packed = future.result(timeout=_ANSWER)
            made = _made_decoder.decode(zlib.decompress(packed))
            if isinstance(made, Failed):
                return Lost(made.reason)
            self.costs.append(Cost(unit.about, self._packed.pop(unit.key), len(packed), made.seconds))
            result: bytes = made.result
            return result
        except KilledWorker as error:
            return Lost(f"{unit.about}: {error.allowed_failures + 1} workers ended while they did it")
        except Died as error:
            return Lost(f"{unit.about}: {error}, {_RETRIES + 1} times")
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a worker raised, it is that unit's
            return Lost(f"{unit.about}: {type(error).__name__}: {error}")
        finally:
            future.release()

    def _threads(self, resource: str) -> int:
        """Of the workers that do such units."""
        with self._reached():
            if self._client.status != "running":
                raise OSError
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return sum(int(each["resources"].get(resource, 0)) for each in workers.values())

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn what tells that the scheduler is gone into one line."""
        try:
            yield
        except (OSError, CancelledError, TimeoutError) as error:
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
            with contextlib.suppress(ImportError, AttributeError):  # a worker without patcher: told below
                self._client.register_plugin(task.Fit(resource, kind, tools, ours), name=resource)
            until = time.monotonic() + _CONNECT
            while not (differs := self._client.run(task.differs, resource, on_error="return")):
                if time.monotonic() > until:
                    raise InputError(f"{self._where.address or 'the scheduler'} has no workers", "start some")
                time.sleep(0.2)
        wrong = {address: str(why) for address, why in differs.items() if why != ""}
        if len(wrong) == len(differs):
            address, why = next(iter(wrong.items()))
            raise InputError(f"no worker is as this machine is: {address}: {why}", "have the same on all machines")
        for address, why in wrong.items():
            if address not in self._told and sys.stderr is not None:
                self._told.add(address)
                sys.stderr.write(f"patcher: {address} is not used: {why}\n")
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


def _here(workers: int) -> Any:
    """A scheduler and workers on this machine, which end with us."""
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        silence_logs=logging.CRITICAL,
    )  # fmt: skip


def _by_ssh(hosts: Sequence[str]) -> Any:
    """Workers on all of the machines, a thread in each process, and the scheduler on the first."""
    try:
        return SSHCluster([hosts[0], *hosts], worker_options={"nthreads": 1, "n_workers": -1})
    except Exception as error:
        why = str(error).partition("\n")[0]
        raise InputError(f"cannot start workers by ssh ({why})", "try 'ssh HOST dask --version'") from error
