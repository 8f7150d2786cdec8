"""Processes that parse: what happens when one of them dies, or the work is broken off."""

from __future__ import annotations

import subprocess
import sys

BROKEN_OFF = """
import multiprocessing, os, struct, time
from patcher.source.parallel import all_or_killed, pool

def die_in_the_middle():
    results = multiprocessing.current_process()._args[1]
    os.write(results._writer.fileno(), struct.pack("!i", 1 << 20) + b"the rest never comes")
    time.sleep(600)

try:
    with pool(2) as workers, all_or_killed(workers):
        workers.submit(die_in_the_middle)
        time.sleep(0.5)
        raise KeyboardInterrupt
except KeyboardInterrupt:
    print("broken off")
"""

DEAD = BROKEN_OFF.replace("time.sleep(600)", "os._exit(1)").replace(
    "        time.sleep(0.5)\n        raise KeyboardInterrupt\nexcept KeyboardInterrupt:",
    "        workers.submit(die_in_the_middle).result()\nexcept Exception:",
)


def test_broken_off_in_the_middle_of_a_result() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN_OFF], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, "broken off\n")


def test_worker_that_dies_in_the_middle_of_a_result() -> None:
    done = subprocess.run([sys.executable, "-c", DEAD], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, "broken off\n")
