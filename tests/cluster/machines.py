"""A scheduler and workers of dask's, as a user starts them, on the loopback interface."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from patience import not_stuck


class Machines:
    """Processes in the directory ``place``; each worker has a cache of its own there. Ended when it is closed."""

    def __init__(self, place: Path, environment: Mapping[str, str]) -> None:
        self.place, self._environment = place, environment
        self._file = place / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(self._file))
        self.workers: list[subprocess.Popen[bytes]] = []
        with not_stuck():
            while not (self._file.exists() and self._file.stat().st_size):
                assert self.scheduler.poll() is None, self.log("scheduler")
                time.sleep(0.05)
        self.address = str(json.loads(self._file.read_text())["address"])

    def add(self) -> Path:
        """Start a worker; its cache."""
        name = f"worker{len(self.workers)}"
        cache = self.cache(len(self.workers))
        more = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.place / f"{name}-scratch"))
        self.workers.append(self._start(name, self.address, *more, cache=cache))
        return cache

    def cache(self, number: int) -> Path:
        return self.place / f"worker{number}-cache"

    def log(self, name: str) -> str:
        return (self.place / f"{name}.log").read_text()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(OSError):
                self.kill(process)

    def _start(self, name: str, *arguments: str, cache: Path | None = None) -> subprocess.Popen[bytes]:
        kind = "scheduler" if name == "scheduler" else "worker"
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", "--no-dashboard"]
        with (self.place / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.place,
                env={**self._environment, "PATCHER_CACHE_DIR": str(cache or self.place / "none")},
            )  # fmt: skip


def units_of(worker: subprocess.Popen[bytes]) -> list[int]:
    """The processes of a worker that do its units."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = place.read_bytes().split(b"\0")
            if b"patcher.cluster.serve" in words and str(worker.pid).encode() in words:
                found.append(int(place.parent.name))
    return [each for each in found if _alive(each)]


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    return False


def wait_until(holds: object, *, asking: subprocess.Popen[bytes] | None = None) -> None:
    """Until ``holds()``; raises AssertionError where the process that is under way ends before."""
    assert callable(holds)
    with not_stuck():
        while not holds():
            assert asking is None or asking.poll() is None
            time.sleep(0.02)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """That of the machines: without the user's settings of dask."""
    return {name: value for name, value in {**os.environ, **own}.items() if not name.startswith("DASK_")}
