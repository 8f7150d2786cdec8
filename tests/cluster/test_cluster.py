"""Units on real workers of dask's: killed, added, interrupted, left without a scheduler."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cluster.machines import Machines, environment, units_of, wait_until
from patience import not_stuck

from patcher import sandbox
from patcher.cluster.address import Where
from patcher.errors import InputError

MMU = "arch/x86/xen/mmu.c"


@pytest.fixture(scope="module", autouse=True)
def _dask() -> None:
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("dask.distributed is not installed (patcher[cluster])")


@pytest.fixture
def machines(tmp_path: Path, command_environment: dict[str, str]) -> Iterator[Machines]:
    """A scheduler and two workers."""
    place = tmp_path / "machines"
    place.mkdir()
    found = Machines(place, environment(command_environment))
    try:
        found.add()
        found.add()
        yield found
    finally:
        found.close()


@pytest.fixture
def begin(command_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """``begin(cache, *arguments)``: a command under way."""
    started: list[subprocess.Popen[bytes]] = []

    def call(cache: Path, *arguments: object) -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "patcher", *map(str, arguments)], cwd=tmp_path, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=environment({**command_environment, "PATCHER_CACHE_DIR": str(cache)}),
            )
        )  # fmt: skip
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def check(mini_repo: Path, git: Callable[..., str]) -> Callable[[str], Sequence[object]]:
    """The arguments that check two commits in a configuration: one that brings a warning, and one that mends it."""
    if sandbox.available() is not None or not shutil.which("gcc") or not shutil.which("make"):
        pytest.skip("there is no sandbox, gcc or make")
    before = (mini_repo / MMU).read_text()
    for subject, more in (("one", "\nstatic int unused(void) { return 1; }\n"), ("two", "")):
        (mini_repo / MMU).write_text(before + more)
        git(mini_repo, "commit", "-q", "-a", "-m", subject)
    how = ("--trust-tree", "--format", "json")
    return lambda config: ("check", "HEAD~2..HEAD", "--tree", mini_repo, "--configs", config, *how)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    with not_stuck():
        out, err = process.communicate()
    assert b"Traceback" not in err, err
    return process.returncode, out.decode(), err.decode()


def builds(machines: Machines) -> dict[tuple[Path, int], int]:
    """The build directories of units, when each was changed, and the number of the worker."""
    place, found = "cluster/worker-0/cache/check/work-*/build/*", {}
    for number in range(len(machines.workers)):
        for each in machines.cache(number).glob(place):
            with contextlib.suppress(OSError):
                found[each, each.stat().st_ctime_ns] = number
    return found


def test_units_go_on_whoever_is_lost(
    machines: Machines, check: Callable[[str], Sequence[object]], begin: Callable[..., Any], run: Callable[..., Any],
    tmp_path: Path,
) -> None:  # fmt: skip
    on, cache = ("--on", machines.address), tmp_path / "asking"

    # A worker is killed in the middle, and another comes: nobody sees it.
    here = run(*check("mini_defconfig"))
    assert here.code == 1
    asking = begin(cache, *check("mini_defconfig"), *on)
    wait_until(lambda: builds(machines), asking=asking)
    (killed,) = set(builds(machines).values())
    assert units_of(machines.workers[killed])
    machines.kill(machines.workers[killed])
    wait_until(lambda: not units_of(machines.workers[killed]))
    machines.add()
    assert ended(asking) == (1, here.stdout, "")
    again = run(*check("mini_defconfig"), env={"PATCHER_CACHE_DIR": str(cache)})
    assert again.stdout == here.stdout
    assert not list(cache.glob("check/ccache")), "it was compiled here"

    # Who asks is interrupted: what runs for it ends, the workers stay.
    before = builds(machines)
    asking = begin(cache, *check("i386:xen32_defconfig"), *on)
    wait_until(lambda: builds(machines).keys() - before, asking=asking)
    at_work = [each for worker in machines.workers for each in units_of(worker)]
    for each in at_work:
        os.kill(each, signal.SIGSTOP)  # so that none gets done meanwhile
    asking.send_signal(signal.SIGINT)
    assert ended(asking) == (130, "", "\npatcher: interrupted\n")
    wait_until(lambda: {each for worker in machines.workers for each in units_of(worker)} < set(at_work))
    for each in (each for worker in machines.workers for each in units_of(worker)):
        os.kill(each, signal.SIGCONT)
    assert [worker.poll() is None for worker in machines.workers] == [number != killed for number in range(3)]

    # Mails, by the same workers.
    mails = sorted((Path(__file__).parent.parent / "lint" / "cases").glob("[a-c]*.patch"))
    lint = ("lint", *mails, "--no-tree", "--strict", "--format", "json")
    linted = run(*lint)
    assert linted.code == 1
    assert ended(begin(cache, *lint, *on)) == (1, linted.stdout, "")

    # The scheduler goes, and then there is none.
    before = builds(machines)
    asking = begin(cache, *check("noxen_defconfig"), *on)
    wait_until(lambda: builds(machines).keys() - before, asking=asking)
    machines.kill(machines.scheduler)
    resumable = "what was done is in the cache: the same command again does the rest"
    assert ended(asking) == (2, "", f"patcher: the scheduler at {machines.address} is gone: {resumable}\n")
    told = f"patcher: no scheduler of dask's answers at {machines.address}: start one with 'dask scheduler'\n"
    assert ended(begin(cache, *check("noxen_defconfig"), *on)) == (2, "", told)


@pytest.mark.parametrize("named", [None, "none.pem"], ids=["unnamed", "unreadable"])
def test_certificates_must_be_there(tmp_path: Path, named: str | None) -> None:
    import dask

    from patcher.cluster.client import Cluster

    names = ("ca-file", "client.cert", "client.key")
    settings = {f"distributed.comm.tls.{name}": str(tmp_path / named) for name in names if named}
    with dask.config.set(settings), pytest.raises(InputError, match="tls:// takes certificates"):
        Cluster(Where(address="tls://127.0.0.1:1")).__enter__()
