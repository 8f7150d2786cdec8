"""How each command ends at a signal: at once, with nothing left running and nothing lying about."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import begun

from patcher import processes, temporary

COMMANDS = {
    "plan": ["plan", "--scope", "tree"],
    "apply": ["apply", "--series", "identity", "--dry-run"],
    "check": [
        "check",
        "--series",
        "identity",
        "--trust-tree",
        "--configs",
        "mini_defconfig,noxen_defconfig",
        "-j",
        "1",
    ],
    "prove": ["prove", "--property", "9"],
    "lint": ["lint", "HEAD^!"],
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_ends_it(
    mini_repo: Path, command_environment: dict[str, str], tmp_path: Path, command: str, number: int
) -> None:
    """To patcher alone, as ``kill`` does it: at moments that are other ones each time."""
    if command == "lint":
        subprocess.run(["git", "-C", mini_repo, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    place = tmp_path / "tmp"
    place.mkdir()
    environment = {**command_environment, "PATCHER_CACHE_DIR": str(tmp_path / "cold"), "TMPDIR": str(place)}
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-m", "patcher", *COMMANDS[command], "--tree", mini_repo, "-q"], env=environment,
            start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as child:  # fmt: skip
            time.sleep(0.5 + random.random())
            child.send_signal(number)
            _, said = child.communicate(timeout=60)
        assert b"Traceback" not in said, said.decode()
        assert begun(child.pid) == []
        if child.returncode in (0, 1):  # it was done already
            continue
        assert child.returncode in (128 + number, -number), said.decode()
        assert all(each.name.lstrip(".").startswith("patcher-") for each in place.iterdir())  # no time to clean up
    with temporary.directory("next", place):  # as in the next run, which leaves alone what may just be being made
        pass
    assert [each.name for each in place.iterdir() if not each.name.startswith(".")] == []


def test_a_signal_that_was_ignored_stays_so(mini_repo: Path, command_environment: dict[str, str]) -> None:
    """As for nohup, and for a job in the background of a shell."""
    script = f"trap '' HUP INT; echo; exec '{sys.executable}' -m patcher plan --tree '{mini_repo}' -q"
    with subprocess.Popen(["sh", "-c", script], env=command_environment, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        for _ in range(20):
            child.send_signal(signal.SIGHUP)
            child.send_signal(signal.SIGINT)
            time.sleep(0.05)
        output, _ = child.communicate(timeout=60)
    assert (child.returncode, b"redundant" in output) == (1, True)


def test_children_of_children_end_too(tmp_path: Path) -> None:
    """A compiler that gcc has started runs on when gcc alone is killed."""
    script = (
        "import subprocess; from patcher.processes import end_children\n"
        "subprocess.Popen(['sh', '-c', 'sleep 71 & sleep 71 & wait']); import time; time.sleep(0.5); end_children()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(processes.__file__).parent.parent)},
    ) as child:  # fmt: skip
        child.wait(timeout=30)
    assert begun(child.pid) == []


def test_one_that_comes_in_a_destructor() -> None:
    """Python tells of an exception there, and goes on. Many short sleeps: a signal that comes after Python has looked
    for one, and before the kernel begins to wait, is seen when the wait is over."""
    script = (
        "import time; from patcher.processes import end_on_signals\n"
        "end_on_signals()\n"
        "class Slow:\n    def __del__(self):\n        print(flush=True)\n        while True: time.sleep(0.02)\n"
        "try:\n    slow = Slow(); del slow\n    while True: time.sleep(0.02)\nfinally:\n    print('cleaned up')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(processes.__file__).parent.parent)},
    ) as child:  # fmt: skip
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        output, said = child.communicate(timeout=30)
    assert (child.returncode, output, said) == (128 + signal.SIGTERM, b"cleaned up\n", b"")


def test_one_that_does_not_clean_up_ends_all_the_same() -> None:
    """Stuck in what it does at the end: in a lock that nobody frees."""
    script = (
        "import threading, time; from patcher.processes import end_on_signals\n"
        "end_on_signals(); lock = threading.Lock(); lock.acquire(); print(flush=True)\n"
        "try:\n    while True: time.sleep(0.02)\nfinally:\n    lock.acquire()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(processes.__file__).parent.parent)},
    ) as child:  # fmt: skip
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=60)  # nobody frees the lock
    assert child.returncode == 128 + signal.SIGTERM
