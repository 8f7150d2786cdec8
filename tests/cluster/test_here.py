"""Units done by processes of this machine: as a sweep's are, killed, interrupted, and with what goes wrong in them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from cluster.machines import units_of, wait_until
from patience import not_stuck

from patcher.cache import Cache
from patcher.cluster import frames
from patcher.cluster.frames import Failed, Made, Why
from patcher.cluster.here import Here
from patcher.errors import InputError, MachineError
from patcher.tree.find import open_repository
from patcher.units import Offer, Unit

Begin = Callable[..., subprocess.Popen[bytes]]
NAME = "PATCHER_CACHE_DIR"


@pytest.fixture
def sweep(mini_repo: Path, git: Callable[..., str]) -> Sequence[object]:
    """The arguments that try a series on two commits in two processes."""
    file = mini_repo / "arch/x86/xen/mmu.c"
    file.write_text(f"{file.read_text()}\n")
    git(mini_repo, "commit", "-q", "-a", "-m", "one")
    return ("sweep", "HEAD~1..HEAD", "--tree", mini_repo, "-j", "2", "--format", "json")


@pytest.fixture
def begin(command_environment: dict[str, str], tmp_path: Path, cache_dir: Path) -> Begin:
    """``begin(*arguments)``: a command under way, with a cache of its own."""

    def call(*arguments: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "patcher", *map(str, arguments)], cwd=tmp_path, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**command_environment, NAME: str(cache_dir)},
        )  # fmt: skip

    return call


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    with not_stuck():
        out, err = process.communicate()
    assert b"Traceback" not in err, err
    return process.returncode, out.decode(), err.decode()


def using(cache: Path) -> list[int]:
    """The processes that were started with a cache."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{NAME}={cache}".encode() in place.read_bytes().split(b"\0"):
                found.append(int(place.parent.name))
    return found


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "\npatcher: interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_a_signal_ends_all_of_it(
    sweep: Sequence[object], begin: Begin, cache_dir: Path, number: signal.Signals, code: int, told: str
) -> None:  # fmt: skip
    asking = begin(*sweep)
    wait_until(lambda: len(units_of(asking)) == 2, asking=asking)
    asking.send_signal(number)
    assert ended(asking) == (code, "", told)
    assert units_of(asking) == []
    wait_until(lambda: not using(cache_dir))


def test_a_process_that_is_killed_is_one_line_and_the_rest_can_be_done(
    sweep: Sequence[object], begin: Begin, cache_dir: Path
) -> None:  # fmt: skip
    asking = begin(*sweep)
    wait_until(lambda: len(units_of(asking)) == 2, asking=asking)
    os.kill(units_of(asking)[0], signal.SIGKILL)
    code, out, err = ended(asking)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert " identity: the process that did it was ended by signal 9: see to memory, or give fewer --jobs: " in err
    assert units_of(asking) == []
    wait_until(lambda: not using(cache_dir))
    code, out, err = ended(begin(*sweep))
    assert (code, err, len(json.loads(out)["commits"])) == (0, "", 2)


def done(repository: Path, units: Sequence[Unit], jobs: int = 2) -> dict[str, bytes]:
    found = Here(jobs, Cache()).run(units, Offer(open_repository(repository)), ())
    return {unit.about: result for unit, result in found}


def test_what_is_wrong_in_a_process_is_raised_here(mini_repo: Path, cache: Cache) -> None:
    units = [Unit("nothing", f"key{number}", f"unit {number}", b"") for number in range(3)]
    for jobs in (1, 2):
        with pytest.raises(InputError, match="no layer does units of the kind 'nothing'"):
            done(mini_repo, units, jobs)
    units = [Unit("sweep", f"key{number}", f"unit {number}", b"\xc1") for number in range(3)]
    with pytest.raises(RuntimeError, match=r"(?s)unit [01]\nTraceback .*in do\n.*msgspec\.DecodeError: "):
        done(mini_repo, units)
    units = [Unit("lint", f"key{number}", f"unit {number}", b"", data="0" * 64) for number in range(3)]
    with pytest.raises(InputError, match="nothing can be brought here"):
        done(mini_repo, units)


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (None, InputError, "^unit [01]: the process that did it was ended with status 0: see to memory"),
        (Failed("the disk is full", Why.MACHINE), InputError, "^the disk is full$"),
        (Failed("the prover does not work here", Why.BROKEN), MachineError, "^the prover does not work here$"),
    ],
)
def test_what_a_process_may_say(
    mini_repo: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Failed | None,
    error: type[Exception], told: str,
) -> None:  # fmt: skip
    _plays(tmp_path, monkeypatch, answer)
    with pytest.raises(error, match=told):
        done(mini_repo, [Unit("sweep", f"key{number}", f"unit {number}", b"") for number in range(2)])


def test_each_unit_is_done_once(
    mini_repo: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # fmt: skip
    _plays(tmp_path, monkeypatch, Made(b"done"))
    for count in (2, 3, 7):
        names = [f"unit {number}" for number in range(count)]
        units = [Unit("sweep", name, name, b"") for name in names]
        found = [unit.about for unit, _ in Here(3, cache).run(units, Offer(open_repository(mini_repo)), ())]
        assert sorted(found) == names


def _plays(place: Path, monkeypatch: pytest.MonkeyPatch, answer: frames.Frame | None) -> None:
    """Processes that answer so to each unit, and end where there is no answer."""
    (place / "answer").write_bytes(msgspec.msgpack.encode(answer))
    (place / "play").write_text(
        f"""#!{sys.executable}
import pathlib, sys
sys.path[:] = {sys.path}
import msgspec
from patcher.cluster import frames
answer = msgspec.msgpack.decode(pathlib.Path({str(place / "answer")!r}).read_bytes(), type=frames.Frame | None)
frames.receive(0, lambda: None, 60)
while answer:
    frames.send(1, answer)
    frames.receive(0, lambda: None, 60)
"""
    )
    (place / "play").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(place / "play"))


def test_dask_is_not_loaded(mini_repo: Path, command_environment: dict[str, str]) -> None:
    program = (
        "import sys\nfrom patcher.cluster import serve\nfrom patcher.entry import main\nsys.argv[1:] = "
        f"['sweep', 'HEAD^!', '--tree', {str(mini_repo)!r}]\ntry:\n    main()\nfinally:\n"
        "    print(*({'asyncio', 'dask', 'distributed'} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env=command_environment, capture_output=True, check=False
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"\n"), ran
