"""Processes that work on one piece each: what they can do, and what happens when one dies, is stuck, or lies."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from patience import not_stuck

from patcher import confine
from patcher.errors import InputError
from patcher.source import libclang, walk, workers
from patcher.source.workers import Lost, Piece, alone, run

BROKEN_OFF = """
import os, sys, time
from patcher.source.workers import Piece, run

def stuck():
    os.write(3, b"+the rest never comes")
    time.sleep(600)

def born():
    open(sys.argv[1] + f"/{os.getpid()}", "w").close()
    stuck()

from pathlib import Path
try:
    for _ in run({number: Piece(born, (), (Path(sys.argv[1]),)) for number in range(20)}):
        pass
except KeyboardInterrupt:
    print("broken off")
"""


@pytest.fixture(params=list(confine.Way))
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[confine.Way]:
    """Each way to confine a process, on a kernel that seems to have no better one."""
    if request.param is not confine.Way.LANDLOCK:
        monkeypatch.setattr(confine, "_CREATE_RULESET", 100_000)  # a system call that no kernel has
    if request.param is confine.Way.NONE:
        monkeypatch.setattr(confine, "_namespaces", lambda: "none here")
        monkeypatch.setenv(confine.VARIABLE, "1")
    confine.best.cache_clear()
    try:
        if confine.way() is not request.param:
            pytest.skip(f"this machine has no {request.param.value}")
        yield request.param
    finally:
        confine.best.cache_clear()


def opened(*paths: Path) -> Callable[[], bytes]:
    """Work that tells which of the paths can be opened."""

    def work() -> bytes:
        found = b""
        for path in paths:
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
                found += b"1"
            except OSError:
                found += b"0"
        return found

    return work


def test_what_a_piece_names_can_be_read_and_nothing_else(tmp_path: Path, way: confine.Way) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "file").touch()
    (tmp_path / "given" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").touch()
    os.mkfifo(tmp_path / "fifo")
    paths = [tmp_path / name for name in ("given/file", "given/link", "secret", "fifo")]
    found = alone(Piece(opened(*paths, Path("/etc/passwd"), Path("/proc/self/environ")), (tmp_path / "given",)))
    assert found == (b"111111" if way is confine.Way.NONE else b"100000")


def test_what_a_piece_names_can_be_written_and_nothing_else(tmp_path: Path, way: confine.Way) -> None:
    for name in ("given", "other"):
        (tmp_path / name).mkdir()

    def work() -> bytes:
        (tmp_path / "given" / "new").touch()
        try:
            (tmp_path / "other" / "new").touch()
        except OSError:
            return b"refused"
        return b"written"

    found = alone(Piece(work, (tmp_path / "other",), (tmp_path / "given",)))
    assert found == (b"written" if way is confine.Way.NONE else b"refused")
    assert (tmp_path / "given" / "new").exists()


def test_where_there_is_nothing_to_confine_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "_CREATE_RULESET", 100_000)
    monkeypatch.setattr(confine, "_namespaces", lambda: "they are forbidden")
    confine.best.cache_clear()
    try:
        with pytest.raises(InputError, match=r"they are forbidden.*PATCHER_TRUST_TREE"):
            alone(Piece(lambda: b"", ()))
    finally:
        confine.best.cache_clear()


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:

        def work() -> bytes:
            found = []
            for descriptor in range(256):
                with contextlib.suppress(OSError):
                    found.append(f"{descriptor}:{os.fstat(descriptor).st_ino == os.fstat(0).st_ino}")
            return " ".join(found).encode()

        assert file.fileno() > 2
        assert alone(Piece(work, ())) == b"0:True 1:True 2:True 3:False"


def test_each_with_its_own_result() -> None:
    def answer(number: int) -> bytes:
        return b"%d" % number * 100_000

    pieces = {number: Piece(functools.partial(answer, number), ()) for number in range(20)}
    assert dict(run(pieces)) == {number: b"%d" % number * 100_000 for number in range(20)}


def _sleep() -> bytes:
    time.sleep(600)
    return b""


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "libclang died"),
        (lambda: os._exit(0), "libclang died"),
        (lambda: os.write(3, b"+part") and os._exit(1), "libclang died"),
        (lambda: _sleep(), "libclang took longer than 2 s"),
        (lambda: (os.write(3, b"+part"), _sleep())[1], "libclang took longer than 2 s"),
        (lambda: bytes(workers._MEMORY_BYTES), "libclang wanted too much memory"),
        (lambda: 1 // 0, "it cannot be read (ZeroDivisionError: integer division or modulo by zero)"),
    ],
)
def test_a_piece_that_is_lost(work: Callable[[], bytes], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, "1")
    with not_stuck():
        found = dict(run({"lost": Piece(work, ()), "fine": Piece(lambda: b"fine", ())}))
    assert found == {"lost": Lost(reason, "took longer" in reason), "fine": b"fine"}


def test_processor_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, "1")
    monkeypatch.setattr(workers, "_CLOCK", 60)  # whatever else the machine does
    assert alone(Piece(_spin, ())) == Lost("libclang took more than 1 s of processor time", slow=True)


def _spin() -> bytes:
    while True:
        pass


def test_an_endless_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_ANSWER_BYTES", 10**6)

    def work() -> bytes:
        while True:
            os.write(3, b"+" * 10**5)

    assert alone(Piece(work, ())) == Lost("libclang died")


def test_what_it_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, "1")

    def work() -> bytes:
        child = os.fork()
        (tmp_path / "born").write_text(str(child or os.getpid()))
        time.sleep(600)
        return b""

    assert alone(Piece(work, (), (tmp_path,))) == Lost("libclang took longer than 2 s", slow=True)
    child = int((tmp_path / "born").read_text())
    end = time.monotonic() + 10
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_wrong_input_is_told() -> None:
    def work() -> bytes:
        raise InputError("wrong", "correct it")

    with pytest.raises(InputError, match=r"^wrong: correct it$"):
        alone(Piece(work, ()))


@pytest.mark.parametrize("named", ["", "x", "-1", "0", "nan", "inf", "9" * 5000])
def test_the_bound_on_time(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, named)
    if not named:
        assert workers.seconds() == 30
        return
    with pytest.raises(InputError, match=r"PATCHER_PARSE_SECONDS=.* is no number of seconds"):
        workers.seconds()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_broken_off(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", BROKEN_OFF, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 30
        while not list(tmp_path.iterdir()) and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(how)
        said, _ = process.communicate(timeout=20)
    assert said == ("broken off\n" if how is signal.SIGINT else "")
    born = [int(place.name) for place in tmp_path.iterdir()]
    assert born
    while any(map(_runs, born)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(_runs, born))


def test_a_crash_ends_it_also_where_libclang_was_used_before(tmp_path: Path) -> None:
    """With its first index, libclang begins to survive its crashes; that is inherited."""
    file = tmp_path / "crash.c"
    file.write_text("#pragma clang __debug crash\n")
    libclang.load().Index.create()

    def work() -> bytes:
        walk.read(str(file), ["-x", "c"], [str(file)])
        return b"it went on"

    assert alone(Piece(work, (file,))) == Lost("libclang died")


def test_what_is_slow_once_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in many configurations, and a header that makes all files slow: the time for a few of them is lost."""
    monkeypatch.setenv(workers.VARIABLE, "0.2")
    monkeypatch.setattr(workers, "cores", lambda: 1)

    def stuck(number: int) -> Callable[[], bytes]:
        def work() -> bytes:
            (tmp_path / str(number)).touch()
            time.sleep(600)
            return b""

        return work

    same = {n: Piece(stuck(n), (), (tmp_path,), about="mm/slow.c") for n in range(50)}
    found = dict(run({**same, 50: Piece(lambda: b"done", (), about="mm/other.c")}))
    assert found.pop(50) == b"done"
    assert found == dict.fromkeys(range(50), Lost("libclang took longer than 0.4 s", slow=True))
    assert [file.name for file in tmp_path.iterdir()] == ["0"]

    each = {n: Piece(stuck(n), (), (tmp_path,), about=f"mm/{n}.c") for n in range(100, 150)}
    found = dict(run({**each, 150: Piece(lambda: b"done", ())}))
    assert found.pop(150) == b"done"
    assert found.keys() == each.keys()
    assert found[149] == Lost("not tried, as libclang took too long on 4 others")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0", "100", "101", "102", "103"]
