"""Progress on a terminal: the line is there while we work, and gone before anything else is written."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from patience import not_stuck

from patcher import cli
from patcher.report import progress

Environment = dict[str, str]
MAIL = b"""From: A <a@example.com>
Subject: [PATCH] x

x
---
diff --git a/a.c b/a.c
--- a/a.c
+++ b/a.c
@@ -1 +1 @@
-a
+b
"""
GONE = b"\r\x1b[K"


class Waiting(NamedTuple):
    """A lint that waits for its mail, and the terminal that its progress goes to."""

    process: subprocess.Popen[bytes]
    terminal: int

    def seen(self, text: bytes) -> bytes:
        """What is on the terminal until that is."""
        said = b""
        with not_stuck():
            while text not in said:
                said += os.read(self.terminal, 4096)
        return said

    def rest(self) -> bytes:
        """What else comes there, until nobody has it open any more."""
        said = b""
        with not_stuck():
            try:
                while block := os.read(self.terminal, 4096):
                    said += block
            except OSError:  # the other side is closed
                pass
        return said


@contextmanager
def waiting(environment: Environment) -> Iterator[Waiting]:
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "patcher", "lint", "--no-tree", "-"], env={**environment, "TERM": "xterm"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=follower, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0),
    ) as process:  # fmt: skip
        os.close(follower)
        yield Waiting(process, leader)
    os.close(leader)


def test_it_is_there_and_then_it_is_not(command_environment: Environment) -> None:
    with waiting(command_environment) as work:
        work.seen(b"\rreading the patches  0:0")
        assert work.process.stdin and work.process.stdout
        work.process.stdin.write(MAIL)
        work.process.stdin.close()
        report = work.process.stdout.read()
        assert work.rest().endswith(GONE) and work.process.wait() == 1
    assert b"lint: " in report and b"\x1b" not in report


def test_ctrl_c_leaves_a_clean_terminal(command_environment: Environment) -> None:
    with waiting(command_environment) as work:
        work.seen(b"\rreading the patches  0:0")
        os.write(work.terminal, b"\x03")
        said = work.rest()
        assert said.endswith(GONE + b"\r\npatcher: interrupted\r\n") and work.process.wait() == 130


def test_nobody_draws_on_when_the_work_was_killed(command_environment: Environment) -> None:
    with waiting(command_environment) as work:
        work.seen(b"\rreading the patches  0:0")
        work.process.send_signal(signal.SIGKILL)
        assert work.rest().endswith(GONE)


def drawn(work: Callable[[], None]) -> bytes:
    """What is drawn on a terminal that is our standard error meanwhile."""
    leader, follower = pty.openpty()
    kept = os.dup(2)
    os.dup2(follower, 2)
    try:
        work()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(follower)
    try:
        return os.read(leader, 4096)
    except OSError:  # nobody has written, or has it open any more
        return b""
    finally:
        os.close(leader)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_whoever_draws_is_ended_twice_in_silence(ending: signal.Signals) -> None:
    """By ctrl-c and by us at once, which once was told as a fault of ours."""

    def work() -> None:
        for _ in range(100):
            bar = progress.Bar("working")
            os.kill(bar._painter, ending)
            bar.close()

    assert not drawn(work)


def test_what_is_quick_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_DELAY", 1e9)

    def work() -> None:
        bar = progress.Bar("being quick")
        bar("being quick", 1, 2)
        bar.close()
        bar.close()

    assert not drawn(work)


def test_it_is_there_before_what_takes_time_is_loaded() -> None:
    """``report`` loaded a second of libraries first."""
    commands = {file.name: file.read_text() for file in Path(cli.__file__).parent.glob("*.py")}
    working = {name: text for name, text in commands.items() if "    with working(quiet" in text}
    assert len(working) > 7
    for name, text in working.items():
        at = text.find("    begin(")
        assert 0 < at < text.index("    with working("), name
        assert "    from patcher." not in text[text.rindex("\ndef ", 0, at) : at], name
