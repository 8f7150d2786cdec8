"""Work that libclang does, each piece in a process of its own: confined, bounded, and killed where it is stuck.

A process is made for one piece and answers with bytes and nothing else, so what a hostile file does to it ends with it.
It has no descriptor but its answer's, and can open what the piece names (see ``patcher.confine``).
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from patcher import confine
from patcher.errors import InputError
from patcher.source import libclang

Key = TypeVar("Key")

VARIABLE = "PATCHER_PARSE_SECONDS"
_SECONDS = 30.0
_CLOCK = 2  # wall-clock seconds for each second of processor time: the machine has other work
_SLOW = 4  # files: no honest tree has one
_MEMORY_BYTES = 3 * 2**30
_FILE_BYTES = 2**30
_ANSWER_BYTES = 2**28
_BLOCK = 2**16
_DONE, _REFUSED, _FAILED = b"+", b"!", b"-"  # the first byte of an answer: the rest is a result, a message, a reason
_TEXT_BYTES = 2000


class Piece(NamedTuple):
    """One piece of work. ``read``: the files and directories it can read, ``write``: those it can write, too;
    ``patience``: how many times the usual time it may take; ``about``: the file that is parsed, if others are, too."""

    work: Callable[[], bytes]
    read: tuple[Path, ...]
    write: tuple[Path, ...] = ()
    patience: int = 1
    about: str = ""


class Lost(NamedTuple):
    """A piece of work that gave no result, and why. ``slow``: since it took too long."""

    reason: str
    slow: bool = False


def cores() -> int:
    """How many processes can run at a time."""
    return len(os.sched_getaffinity(0))


def seconds() -> float:
    """Processor time that one file may take, and half the time by the clock: ``$PATCHER_PARSE_SECONDS``, else 30.

    Raises InputError where that is no positive number.
    """
    named = os.environ.get(VARIABLE, "")
    try:
        found = float(named) if named else _SECONDS
    except ValueError:
        found = 0.0
    if not 0 < found < 10**6:
        raise InputError(f"{VARIABLE}={named[:40]!r} is no number of seconds", "give a positive number")
    return found


def run(pieces: Mapping[Key, Piece]) -> Iterator[tuple[Key, bytes | Lost]]:
    """Do all the pieces, as many at a time as there are cores; each key with its result, as it is done.

    A piece is Lost where its process dies, takes too long, or wants too much memory. What took too long once is not
    tried again for others about the same file; after _SLOW files nothing more is tried that is about one. Raises
    InputError where a piece does, where libclang is missing, and where this machine has nothing to confine a process
    with. All that runs is killed where the caller breaks off.
    """
    if not pieces:
        return
    libclang.load()  # before there are rights to lose, and once for all
    confine.way()
    limit = seconds()
    waiting = deque(pieces.items())
    running: dict[int, tuple[Key, _Process]] = {}
    slow: dict[str, Lost] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < cores():
                    key, piece = waiting.popleft()
                    if (lost := _not_tried(piece, slow)) is not None:
                        yield key, lost
                        continue
                    process = _Process(piece, limit * piece.patience)
                    running[process.answer] = key, process
                    selector.register(process.answer, selectors.EVENT_READ)
                if not running:
                    break
                deadline = min(process.deadline for _, process in running.values())
                ready = [each.fd for each, _ in selector.select(max(0.0, deadline - time.monotonic()))]
                for descriptor in ready:
                    running[descriptor][1].receive()
                now = time.monotonic()
                for descriptor, (key, process) in list(running.items()):
                    if process.complete or now >= process.deadline:
                        selector.unregister(descriptor)
                        del running[descriptor]
                        found = process.end()
                        if isinstance(found, Lost) and found.slow and (about := pieces[key].about):
                            slow[about] = found
                        yield key, found
        finally:
            for _, process in running.values():
                process.kill()


def _not_tried(piece: Piece, slow: Mapping[str, Lost]) -> Lost | None:
    """Why a piece is lost before it is tried, or None. ``slow``: the files that took too long."""
    if not piece.about:
        return None
    if piece.about in slow:
        return slow[piece.about]
    return Lost(f"not tried, as libclang took too long on {len(slow)} others") if len(slow) >= _SLOW else None


def alone(piece: Piece) -> bytes | Lost:
    """The result of a single piece. See ``run``."""
    ((_, found),) = run({"": piece})
    return found


class _Process:
    """A process that works on one piece. ``answer`` is the descriptor to wait for."""

    def __init__(self, piece: Piece, limit: float) -> None:
        self.deadline = time.monotonic() + limit * _CLOCK
        self.complete = False
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        parent = os.getpid()
        self.answer, theirs = os.pipe()
        # Born with the signals blocked: Ctrl-C must not find it half made.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            self._pid = os.fork()
            if self._pid == 0:
                _work(piece, theirs, parent, limit)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(theirs)

    def receive(self) -> None:
        """Take what there is of the answer."""
        block = os.read(self.answer, _BLOCK)
        self._parts.append(block)
        self._size += len(block)
        self.complete = not block or self._size > _ANSWER_BYTES

    def end(self) -> bytes | Lost:
        """What came of it. Raises InputError where that was the answer."""
        too_long = not self.complete
        status = self.kill()
        if too_long:
            return Lost(f"libclang took longer than {self._limit * _CLOCK:g} s", slow=True)
        answer = b"".join(self._parts)
        if self._size <= _ANSWER_BYTES and answer[:1] == _DONE and status == 0:
            return answer[1:]
        text = answer[1 : _TEXT_BYTES + 1].decode("utf-8", "replace")
        if answer[:1] == _REFUSED and status == 0:
            raise InputError(text)
        if answer[:1] == _FAILED and status == 0:
            return Lost(text)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return Lost(f"libclang took more than {self._limit:g} s of processor time", slow=True)
        return Lost("libclang died")

    def kill(self) -> int:
        """End it with all it started, unless it has ended; its status."""
        os.close(self.answer)
        for end in (os.kill, os.killpg):  # where it is at its end already, its status stays as it is
            with suppress(OSError):
                end(self._pid, signal.SIGKILL)
        return os.waitpid(self._pid, 0)[1]


def _work(piece: Piece, answer: int, parent: int, limit: float) -> None:
    """What runs in the process. Does not return."""
    kind, content = _FAILED, b""
    try:
        _settle(answer, parent)
        gc.disable()  # it would touch, and so copy, all that is the parent's; the process is soon at its end
        confine.limit(memory_bytes=_MEMORY_BYTES, file_bytes=_FILE_BYTES, cpu_seconds=max(1, round(limit)))
        confine.shut(piece.read, piece.write)
        kind, content = _DONE, piece.work()
    except InputError as error:
        kind, content = _REFUSED, str(error).encode("utf-8", "replace")
    except MemoryError:
        content = b"libclang wanted too much memory"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must not return into the caller's code
        content = f"it cannot be read ({type(error).__name__}: {error})".encode("utf-8", "replace")
    status = 1
    try:
        left = memoryview(kind + content)
        while left:
            left = left[os.write(3, left) :]
        status = 0
    finally:
        os._exit(status)


def _settle(answer: int, parent: int) -> None:
    """Be a process of its own: no descriptor of the parent's but for the answer (as 3), no share in its signals."""
    os.setpgid(0, 0)
    confine.die_with_parent(parent)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    libclang.die_at_a_crash()
    if answer != 3:
        os.dup2(answer, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)
    if nothing > 3:
        os.close(nothing)
