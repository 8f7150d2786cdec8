"""Run one virtual machine in the sandbox and watch its console until it ends, or must be ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from patcher import sandbox, temporary
from patcher.boot import console
from patcher.errors import InputError

SILENCE = 120.0  # seconds without a word on the console
SECONDS = 900.0  # of the clock, for one boot
PROCESSOR = 240.0  # seconds of the processor's, for one boot
MOST = 16 * 2**20  # bytes of console
_GRACE = 5.0  # seconds for what is said after the last word, such as a backtrace
_QUIET = 0.75  # seconds without a word, after which nothing more is expected then
_TICK = 0.25
_ROOM = 3 * 2**30  # bytes of address space beside the guest's memory


class End(StrEnum):
    """How a machine ended. OVER: it said so itself; GONE: QEMU ended; the others: it was ended."""

    OVER = "over"
    GONE = "gone"
    SILENT = "silent"
    LIMIT = "limit"


class Boot(NamedTuple):
    """One run. ``seconds`` are of the clock, ``processor`` what QEMU used; ``errors`` is what QEMU said itself."""

    text: str
    end: End
    why: str
    seconds: float
    processor: float
    errors: str


class Limits(NamedTuple):
    silence: float = SILENCE
    seconds: float = SECONDS
    processor: float = PROCESSOR
    memory_bytes: int = 2048 * 2**20 + _ROOM


def memory_bytes(mib: int) -> int:
    """The address space that QEMU needs for a guest of that memory."""
    return mib * 2**20 + _ROOM


def missing() -> str | None:
    """Why no machine can be run here, or None."""
    if shutil.which("qemu-system-x86_64") is None:
        return "QEMU is not installed (Debian: qemu-system-x86)"
    return sandbox.available() and f"no sandbox: {sandbox.available()}"


def must_run() -> None:
    """Raises InputError where no machine can be run."""
    if why := missing():
        raise InputError(why, "install it; docs/boot.md says what is needed")


def run(argv: Sequence[str], files: Mapping[str, Path | bytes], limits: Limits) -> Boot:
    """Start QEMU with these files beside it, and come back when the machine has ended; QEMU is gone then.

    The files can be read, nothing can be written, and there is no network. Raises InputError where it cannot be run.
    """
    with temporary.directory("boot") as scratch:
        own = scratch / "machine"
        own.mkdir(mode=0o755)
        for name, content in files.items():
            if isinstance(content, bytes):
                (own / name).write_bytes(content)
            else:
                shutil.copyfile(content, own / name)
        with (scratch / "errors").open("w+b") as errors:
            started = time.monotonic()
            line = ["sh", "-c", 'cd "$0" && exec "$@"', str(own), *argv]
            with sandbox.opened(line, read=[own], memory_bytes=limits.memory_bytes, errors=errors) as process:
                text, end, why, processor = _watch(process, limits)
            seconds = time.monotonic() - started
            errors.seek(0)
            told = errors.read(4096).decode("utf-8", "replace")
    return Boot(text, end, why, seconds, processor, told)


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> tuple[str, End, str, float]:
    assert process.stdout
    started = heard = time.monotonic()
    parts: list[bytes] = []
    size, line, until, used = 0, b"", 0.0, 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ready = selector.select(_TICK)
            now = time.monotonic()
            used = max(used, _processor(process.pid))
            if ready:
                block = os.read(process.stdout.fileno(), 65536)
                if not block:
                    return _text(parts), End.OVER if until else End.GONE, "QEMU has ended", used
                parts.append(block)
                size += len(block)
                heard = now
                *lines, line = (line + block).split(b"\n")
                line = line[-console.LINE :]
                if not until and any(console.over(each.decode("utf-8", "replace")) for each in (*lines, line)):
                    until = now + _GRACE
            if until and (now > until or now - heard > _QUIET):
                return _text(parts), End.OVER, "", used
            if now - heard > limits.silence:
                return _text(parts), End.SILENT, f"it said nothing for {limits.silence:g} s", used
            if now - started > limits.seconds:
                return _text(parts), End.LIMIT, f"it took longer than {limits.seconds:g} s", used
            if used > limits.processor:
                return _text(parts), End.LIMIT, f"it used more than {limits.processor:g} s of the processor", used
            if size > MOST:
                return _text(parts), End.LIMIT, f"it wrote more than {MOST} bytes", used


def _text(parts: Iterable[bytes]) -> str:
    return b"".join(parts).decode("utf-8", "backslashreplace")


def _processor(pid: int) -> float:
    """Seconds that a process and all below it have used; 0 where that cannot be read."""
    found = 0.0
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        found = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += _processor(int(child))
    return found
