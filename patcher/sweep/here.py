"""Units of a sweep, done on this machine: by processes of their own, as one uses no more than a processor most of the
time. ``python -m patcher.sweep.here PARENT REPOSITORY``: units on standard input, a line each, and their results."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from patcher import confine
from patcher.cache import Cache
from patcher.errors import InputError, MachineError
from patcher.model import Frozen
from patcher.processes import end_on_signals
from patcher.sweep.unit import Bench
from patcher.tree.find import open_repository
from patcher.units import Offer, Unit

_GRACE = 0.5  # seconds for a process to clean up
_unit_decoder = msgspec.json.Decoder(Unit)


class Answer(Frozen, frozen=True):
    """The result; or what is wrong: with the machine, the input, or, as a traceback, with us."""

    result: bytes = b""
    machine: str = ""
    wrong: str = ""
    fault: str = ""


_answer_decoder = msgspec.json.Decoder(Answer)


class Here:
    """As ``Elsewhere``, by so many processes; one is this process itself."""

    def __init__(self, jobs: int, cache: Cache) -> None:
        self._jobs, self._cache = jobs, cache

    def run(self, units: Sequence[Unit], offer: Offer, tools: Sequence[str]) -> Iterator[tuple[Unit, bytes]]:
        """See ``Elsewhere``. Raises InputError and MachineError as a unit does."""
        assert offer.repository is not None
        if min(self._jobs, len(units)) < 2:
            bench = Bench(offer.repository, self._cache)
            for unit in units:
                yield unit, bench.do(unit, b"")
            return
        waiting = deque(units)
        doing: dict[int, Unit] = {}
        with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
            for _ in range(min(self._jobs, len(units))):
                process = stack.enter_context(_process(offer.repository.directory))
                assert process.stdout is not None
                selector.register(process.stdout, selectors.EVENT_READ, process)
                doing[process.pid] = _given(process, waiting)
            while doing:
                for key, _ in selector.select():
                    unit = doing.pop(key.data.pid)
                    yield unit, _result(key.data, unit)
                    if waiting:
                        doing[key.data.pid] = _given(key.data, waiting)
                    else:
                        selector.unregister(key.fileobj)


@contextlib.contextmanager
def _process(repository: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One that does units. It has a session of its own, so that Ctrl-C comes to us alone."""
    command = [sys.executable, "-P", "-m", __name__, str(os.getpid()), str(repository)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        for end in (process.terminate, process.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


def _given(process: subprocess.Popen[bytes], waiting: deque[Unit]) -> Unit:
    """The next unit, which the process was told to do. Where it has died, its answer says so."""
    unit = waiting.popleft()
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(msgspec.json.encode(unit) + b"\n")
        process.stdin.flush()
    return unit


def _result(process: subprocess.Popen[bytes], unit: Unit) -> bytes:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        status = process.wait()
        by = f"by signal {-status}" if status < 0 else f"with status {status}"
        raise InputError(
            f"{unit.about}: the process that tried it was ended {by}",
            "see to memory, or give fewer --jobs: the same command again does the rest",
        )
    answer = _answer_decoder.decode(line)
    if answer.machine:
        raise MachineError(answer.machine)
    if answer.wrong:
        raise InputError(answer.wrong)
    if answer.fault:
        raise RuntimeError(f"{unit.about}\n{answer.fault}")
    return answer.result


def _answer(bench: Bench, unit: Unit) -> Answer:
    try:
        return Answer(bench.do(unit, b""))
    except InputError as error:
        return Answer(wrong=str(error))
    except MachineError as error:
        return Answer(machine=str(error))
    except Exception:  # noqa: BLE001 - whoever asked tells it as a fault of ours
        return Answer(fault=traceback.format_exc())


def main(parent: int, repository: Path, units: IO[bytes], says: IO[bytes]) -> None:
    """Do units until there are no more, or the parent is gone."""
    confine.die_with_parent(parent)
    end_on_signals()
    cache = Cache()
    bench = Bench(open_repository(repository), cache)
    for line in units:
        says.write(msgspec.json.encode(_answer(bench, _unit_decoder.decode(line))) + b"\n")
        says.flush()
    cache.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)
