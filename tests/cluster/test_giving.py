"""What becomes of a unit whose worker ends, or cannot do it: dask's client is played, as its workers must die."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import warnings
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

if importlib.util.find_spec("distributed") is None:
    pytest.skip("dask.distributed is not installed (patcher[cluster])", allow_module_level=True)

from patcher.cluster import client, task
from patcher.cluster.address import Where
from patcher.cluster.client import Cluster
from patcher.cluster.frames import Came, Failed, Made, Wants, Why
from patcher.cluster.process import Died, Process, Processes
from patcher.errors import InputError
from patcher.units import Lost, Unit

UNITS = tuple(Unit("check", f"key{number}", f"unit {number}", b"", near="config") for number in range(3))
Answer = Callable[[str], Any]


class Played(Future[bytes]):
    """As dask's."""

    status = "pending"

    def release(self) -> None: ...


class Scheduler:
    """As dask's client with its workers; ``answer`` says what one makes of a unit: an answer, an exception, or None
    where it ends."""

    def __init__(self, workers: Sequence[str], answer: Answer) -> None:
        self.workers, self._answer, self.status = list(workers), answer, "running"
        self.given: list[tuple[str, str]] = []

    def scheduler_info(self, n_workers: int) -> Any:
        return {"workers": {each: {"resources": {"fits": 1}} for each in self.workers}}

    def submit(self, _: object, packed: bytes, *, key: str, workers: list[str], **__: object) -> Played:
        future, (worker,) = Played(), workers
        about = msgspec.msgpack.decode(zlib.decompress(packed), type=Unit).about
        self.given.append((about, worker))
        answer = self._answer(worker)
        if answer is None and worker in self.workers:
            self.workers.remove(worker)
        elif isinstance(answer, Exception):
            future.status = "error"
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(zlib.compress(msgspec.msgpack.encode(answer)))
        return future

    def cancel(self, futures: Sequence[Played], force: bool) -> None: ...


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scheduler], dict[str, bytes | Lost]]:
    """``done(scheduler)``: what comes of all units."""
    monkeypatch.setattr(client, "_LOOK", 0.0)
    monkeypatch.setattr(client, "_WORKERS", 0.0)

    def run(scheduler: Scheduler) -> dict[str, bytes | Lost]:
        cluster = Cluster(Where())
        cluster._client = scheduler
        return {unit.about: result for unit, result in cluster._run(UNITS, "fits")}

    return run


Done = Callable[[Scheduler], dict[str, bytes | Lost]]
ALL = {unit.about: b"made" for unit in UNITS}


def test_a_unit_of_a_worker_that_ends_is_given_to_another(done: Done) -> None:
    scheduler = Scheduler(["one", "two"], lambda worker: Made(b"made") if worker == "two" else None)
    assert done(scheduler) == ALL
    assert ("unit 0", "one") in scheduler.given and scheduler.given[-1][1] == "two"


def test_one_that_ends_each_worker_is_lost_with_the_reason(done: Done) -> None:
    def answer(_: str) -> Made | None:
        about, worker = scheduler.given[-1]
        if about == "unit 1":
            scheduler.workers += [f"{worker}'"]  # its nanny starts it anew
            return None
        return Made(b"made")

    scheduler = Scheduler(["one"], answer)
    assert done(scheduler) == {**ALL, "unit 1": Lost("unit 1: the worker that had it ended, 4 times")}


def test_one_that_ends_its_process_is_lost_with_the_reason(done: Done) -> None:
    died = Died("the process that did it was ended by signal 9")
    scheduler = Scheduler(["one"], lambda _: died if scheduler.given[-1][0] == "unit 1" else Made(b"made"))
    told = "unit 1: the process that did it was ended by signal 9, 4 times"
    assert done(scheduler) == {**ALL, "unit 1": Lost(told)}


def test_a_worker_whose_disk_is_full_is_left_alone(done: Done, capsys: pytest.CaptureFixture[str]) -> None:
    full = Failed("cannot write to /tmp (No space left on device)", Why.MACHINE)
    scheduler = Scheduler(["one", "two"], lambda worker: full if worker == "one" else Made(b"made"))
    assert done(scheduler) == ALL
    assert capsys.readouterr().err == f"patcher: one is not used: {full.reason}\n"
    assert len([each for each in scheduler.given if each[1] == "one"]) <= 2


def test_without_workers_it_is_one_line(done: Done) -> None:
    with pytest.raises(InputError, match="no worker came in 0 s"):
        done(Scheduler([], lambda _: None))
    scheduler = Scheduler(["one"], lambda _: None)
    scheduler.status = "closed"
    with pytest.raises(InputError, match="the scheduler at here is gone"):
        done(scheduler)


def test_what_a_task_raises_is_not_taken_for_a_scheduler_that_is_gone(done: Done) -> None:
    found = done(Scheduler(["one"], lambda _: OSError("of the task")))
    assert found["unit 0"] == Lost("unit 0: OSError: of the task")


def test_a_process_that_has_no_place_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(tmp_path / "file"))
    process = Process()
    process.begin(UNITS[0])
    found = process.result(lambda _: Failed("nothing is asked for"), lambda: True)
    assert isinstance(found, Failed) and found.machine and "cannot use the cache" in found.reason
    process.end()


def test_a_clone_that_cannot_be_made_is_the_machine_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(tmp_path))
    unit = msgspec.structs.replace(UNITS[0], commits=("0" * 40,))

    def bring(_: Wants) -> Came:
        (tmp_path / "pack").write_bytes(b"no pack")
        return Came(str(tmp_path / "pack"), unit.commits)

    process = Process()
    process.begin(unit)
    found = process.result(bring, lambda: True)
    assert isinstance(found, Failed) and found.machine and "git cannot take in objects" in found.reason
    process.end()


def test_a_fault_is_told_and_its_process_is_not_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(tmp_path))
    processes, wrong = Processes(), Unit("lint", "key", "unit", b"\xc1")
    found = processes.do(wrong, lambda _: Failed("nothing is asked for"), lambda: True)
    assert isinstance(found, Failed) and found.why is Why.FAULT and not found.machine
    assert processes._own.process is None
    assert task._line(found).startswith("msgspec.DecodeError: ") and "\n" not in task._line(found)
    assert "Traceback" in capsys.readouterr().err, "the worker's log"
    assert task._line(Failed("one\ntwo")) == "one\ntwo"


def test_what_cannot_be_stored_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    arrival = task._Arrival()

    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrival, "add", full)
    monkeypatch.setitem(task._arrivals, "name", arrival)
    assert not task.arrive("name", "sender", b"part", b"") and arrival.there.is_set()
    assert cast(Failed, arrival.came).machine and "No space left" in cast(Failed, arrival.came).reason
    arrival.remove()


class Answering(Scheduler):
    """As dask's client where a worker cannot even load what it is sent."""

    def __init__(self, answers: Sequence[dict[str, Any]]) -> None:
        super().__init__([], lambda _: None)
        self._answers = iter(answers)

    def register_plugin(self, *_: object, **__: object) -> None:
        raise Exception("ModuleNotFoundError(\"No module named\n'patcher'\")")

    def run(self, *_: object, **__: object) -> dict[str, Any]:
        return next(self._answers)


def test_a_worker_that_cannot_load_patcher_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    cluster, broken = Cluster(Where(address="tcp://here:1")), ModuleNotFoundError("No module\nnamed 'patcher'")
    cluster._client = Answering([{"one": broken, "two": None}, {"one": broken, "two": ""}])
    cluster._fitting("lint", ())
    told = "one is not used: patcher cannot be loaded there (ModuleNotFoundError: No module named 'patcher')"
    assert capsys.readouterr().err == f"patcher: {told}\n"
    cluster._client = Answering([{"one": broken}])
    with pytest.raises(InputError, match=r"no worker is as this machine is: one: patcher cannot be loaded there"):
        cluster._fitting("lint", ())


def test_what_python_says_of_an_end_of_its_own_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cluster, "_connected", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(logging, "disable", lambda _: None)
    with warnings.catch_warnings(), Cluster(Where()):
        warnings.warn("resource_tracker: process died unexpectedly, relaunching.", stacklevel=1)
