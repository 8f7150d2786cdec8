"""A terminal for a program: a pty of some size that controls it, what is typed there, and what comes out."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

_SAID = ("COLUMNS", "LINES", "PAGER", "LESS", "LV", "NO_COLOR", "FORCE_COLOR")


class Shown(NamedTuple):
    """How a program came out: its exit code, and all that it wrote on the terminal."""

    code: int
    screen: str


def on_terminal(
    arguments: Sequence[str | Path], environment: Mapping[str, str], env: Mapping[str, str] | None = None, *,
    columns: int = 80, lines: int = 24, keys: bytes = b"", stdout: IO[bytes] | int | None = None,
    cwd: Path | None = None,
) -> Shown:  # fmt: skip
    """``python -m patcher ARGUMENTS`` on a terminal of its own, of which the environment says no more than ``env``.

    ``keys`` are typed at once. ``stdout``: standard output goes there instead.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    os.write(leader, keys)
    unsaid = {name: value for name, value in environment.items() if name not in _SAID}
    with subprocess.Popen(
        ["setsid", "--ctty", "--wait", sys.executable, "-m", "patcher", *map(str, arguments)], cwd=cwd,
        env={**unsaid, "TERM": "xterm", **(env or {})}, stdin=follower, stdout=stdout or follower, stderr=follower,
    ) as process:  # fmt: skip
        os.close(follower)
        said = b""
        try:
            while block := os.read(leader, 65536):
                said += block
        except OSError:  # the other side is closed
            pass
        os.close(leader)
    return Shown(process.returncode, said.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
