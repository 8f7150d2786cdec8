"""How programs of a tree are run: in the sandbox, or, where the user said so, as they are."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from patcher import sandbox
from patcher.errors import InputError

MEMORY_BYTES = 6 * 2**30
PROCESSES = 512
# Of the user's environment, outside of the sandbox: where programs are, and no variable that make or a compiler reads.
_INHERITED = ("PATH", "HOME", "TMPDIR", "USER", "LD_LIBRARY_PATH", "CCACHE_DISABLE")


def must_trust(trusted: bool) -> None:
    """Raises InputError unless the user lets the tree's build run."""
    if not trusted:
        raise InputError(
            "compiling runs the tree's own Makefiles and scripts", "say --trust-tree; they are run in a sandbox"
        )


class Runner:
    """Runs one program at a time in each thread that asks; ``end`` ends them all."""

    def __init__(self, *, sandboxed: bool) -> None:
        if sandboxed and (why := sandbox.available()):
            raise InputError(
                f"a build runs programs of the tree, and there is no sandbox for them ({why})",
                "install bubblewrap, or trust the tree with all you may do: --no-sandbox",
            )
        self.sandboxed = sandboxed
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = False

    def run(
        self, argv: Sequence[str], *, read: Sequence[Path], write: Sequence[Path], cwd: Path, env: Mapping[str, str],
        stdin: bytes = b"", seconds: float, programs: Sequence[str] = (),
    ) -> sandbox.Result:  # fmt: skip
        """Run to the end; standard error is part of the standard output, in the order it was written. ``programs`` are
        directories of programs of the user's, which the sandbox is to show."""
        if self._ended:
            return sandbox.Result(130, b"", b"", "it was interrupted")
        merged = ["sh", "-c", 'exec "$@" 2>&1', "sh", *argv]
        if self.sandboxed:
            done = sandbox.run(
                merged, read=read, write=write, programs=programs, cwd=cwd, env=env, stdin=stdin, seconds=seconds,
                memory_bytes=MEMORY_BYTES, processes=PROCESSES,
            )  # fmt: skip
        else:
            done = self._bare(merged, cwd, env, stdin, seconds)
        return done._replace(reason="it was interrupted") if self._ended else done

    def _bare(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: bytes, seconds: float
    ) -> sandbox.Result:
        reason = ""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        process = subprocess.Popen(
            argv, cwd=cwd, env={**inherited, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        with self._lock:
            self._running.add(process)
        try:
            output, _ = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            reason = f"it took longer than {seconds:g} s"
            _kill(process)
            output, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
            _kill(process)  # what it left running
        code = process.returncode
        return sandbox.Result(code if code >= 0 else 128 - code, output or b"", b"", reason)

    def gaps(self) -> tuple[str, ...]:
        """What is not confined here, for the user: a line each. Nothing is where the user did without a sandbox."""
        return tuple(f"sandbox: {gap}" for gap in sandbox.gaps()) if self.sandboxed else ()

    def end(self) -> None:
        """End all that runs, and start nothing more."""
        self._ended = True
        sandbox.end_all()
        with self._lock:
            for process in self._running:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
