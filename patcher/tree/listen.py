"""What a program answers, read with bounds: on the bytes, and on the time."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from contextlib import ExitStack
from typing import IO, NamedTuple

from patcher.errors import InputError

_BLOCK = 2**16
_ERRORS = 2**20  # bytes of standard error that are kept; the rest is read all the same


class Heard(NamedTuple):
    """How a program ended, and what it said on standard error."""

    status: int
    errors: bytes


def listen(process: subprocess.Popen[bytes], into: IO[bytes], *, most: int, seconds: float) -> Heard:
    """Read what a process says until it is at its end.

    Arguments:
        process: with pipes for standard output and standard error
        into: where its standard output goes
        most: bytes that it may be
        seconds: that it may take by the clock

    Raises InputError where it is more, or takes longer; the process is dead then, as after every other exception.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = process.stdout.fileno(), process.stderr.fileno()
    said, size, end = bytearray(), 0, time.monotonic() + seconds
    with ExitStack() as stack:
        stack.enter_context(process.stdout)
        stack.enter_context(process.stderr)
        stack.callback(_end, process)
        selector = stack.enter_context(selectors.DefaultSelector())
        for each in (output, errors):
            selector.register(each, selectors.EVENT_READ)
        while selector.get_map():
            left = end - time.monotonic()
            if left <= 0:
                raise InputError(f"it took longer than {seconds:g} s")
            for ready, _ in selector.select(left):
                block = os.read(ready.fd, _BLOCK)
                if not block:
                    selector.unregister(ready.fd)
                elif ready.fd == output:
                    size += len(block)
                    if size > most:
                        raise InputError(f"it gave more than {most // 2**20} MiB")
                    into.write(block)
                elif len(said) < _ERRORS:
                    said += block
        try:
            return Heard(process.wait(max(0.0, end - time.monotonic())), bytes(said))
        except subprocess.TimeoutExpired as error:
            raise InputError(f"it took longer than {seconds:g} s") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
