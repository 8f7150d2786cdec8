"""What a program is told and what it answers, with bounds: on the bytes, and on the time."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
import weakref

_BLOCK = 2**16
_ERRORS = 2**20  # bytes of standard error that are kept; the rest is read all the same


class TooMuch(Exception):
    """A program takes too long, or says too much."""


class Channels:
    """A program and its pipes. ``output`` and ``errors`` are what it has said; who has read it takes it away."""

    def __init__(self, process: subprocess.Popen[bytes], *, seconds: float, owner: object = None) -> None:
        """``seconds``: that one request may take by the clock; ``owner`` ends the program when it is dropped."""
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.output, self.errors = bytearray(), bytearray()
        self._process, self._stdin = process, process.stdin
        self._input, self._output = process.stdin.fileno(), process.stdout.fileno()
        self._seconds, self._last = seconds, False
        self._selector = selectors.DefaultSelector()
        self.close = weakref.finalize(self, _close, process, self._selector, owner)
        """Close the pipes, and kill the program where it has not ended. So it is when this is dropped."""
        for each in (process.stdout, process.stderr):
            self._selector.register(each.fileno(), selectors.EVENT_READ)
        os.set_blocking(self._input, False)

    @property
    def ended(self) -> bool:
        """Whether the program has closed its standard output and its standard error."""
        return not self._selector.get_map()

    def request(self, data: bytes, *, last: bool, most: int) -> None:
        """Begin to tell something, once all that was told before is answered.

        Arguments:
            last: nothing will follow
            most: bytes of standard output that may be the answer
        """
        self._told, self._last, self._most = memoryview(data), last, most
        self._size, self._deadline = 0, time.monotonic() + self._seconds
        self._selector.register(self._input, selectors.EVENT_WRITE)

    def exchange(self, *, wait: bool = True) -> None:
        """Tell and hear what is possible; ``wait`` until something is. Raises TooMuch where it is not in time, or where
        the program says too much.
        """
        ready = self._selector.select(max(0.0, self._deadline - time.monotonic()) if wait else 0)
        if wait and not ready:
            raise TooMuch(f"it took longer than {self._seconds:g} s")
        for key, _ in ready:
            if key.fd == self._input:
                self._tell()
            elif not (block := os.read(key.fd, _BLOCK)):
                self._selector.unregister(key.fd)
            elif key.fd == self._output:
                self._size += len(block)
                if self._size > self._most:
                    raise TooMuch(f"it gave more than {self._most // 2**20} MiB")
                self.output += block
            elif len(self.errors) < _ERRORS:
                self.errors += block

    def _tell(self) -> None:
        try:
            self._told = self._told[os.write(self._input, self._told[:_BLOCK]) :] if self._told else self._told
        except BrokenPipeError:  # it does not want the rest
            self._told = self._told[:0]
        if not self._told:
            self._selector.unregister(self._input)
            if self._last:
                self._stdin.close()

    def status(self) -> int:
        """How the program ended. Raises TooMuch where it does not in time."""
        try:
            return self._process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise TooMuch(f"it took longer than {self._seconds:g} s") from error


def _close(process: subprocess.Popen[bytes], selector: selectors.BaseSelector, owner: object) -> None:
    """``owner`` only has to be there until now."""
    if process.poll() is None:
        process.kill()
        process.wait()
    selector.close()
    for each in (process.stdin, process.stdout, process.stderr):
        if each:
            each.close()
