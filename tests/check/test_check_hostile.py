"""A tree that means harm, and a machine that fails: nothing of the user's is reached, and no result is false."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from check.checking import MINI, append, check, commit_edits, require_gcc, table

from patcher import sandbox
from patcher.check.results import Status
from patcher.check.runner import PROCESSES
from patcher.errors import InputError

MMU = "arch/x86/xen/mmu.c"
ONE = "mini_defconfig"


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()
    if why := sandbox.available():
        pytest.skip(why)


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A directory with files of the user's."""
    place = tmp_path / "home of the user"
    place.mkdir()
    (place / "secret").write_text("the-key-to-everything")
    return place


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port on this machine, and who called there."""
    calls: list[object] = []
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, address = server.accept()
            except OSError:
                return
            calls.append(address)
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield server.getsockname()[1], calls
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def hostile(tree: Path, *commands: str) -> None:
    """Let the Makefile of the tree run commands, whenever it is read, and change a file that is compiled."""
    lines = "".join(f"$(shell {command})\n" for command in commands)
    commit_edits(tree, "harm", {"Makefile": lambda text: lines + text})
    commit_edits(tree, "touch", {MMU: append("\n/* touched */\n")})


def everything_below(place: Path) -> bytes:
    return b"".join(file.read_bytes() for file in place.rglob("*") if file.is_file() and not file.is_symlink())


@pytest.mark.parametrize("sandboxed", [True, False])
def test_a_hostile_makefile(
    mini_repo: Path, cache_dir: Path, user: Path, listener: tuple[int, list[object]], sandboxed: bool
) -> None:
    port, calls = listener
    hostile(
        mini_repo,
        f"cat '{user}/secret' > $(or $(O),.)/stolen 2>/dev/null",
        f"touch '{user}/written' 2>/dev/null",
        f"touch '{mini_repo}/written' 2>/dev/null",
        f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>/dev/null",
    )
    report = check(mini_repo, "HEAD~1", cache_dir, configs=ONE, sandboxed=sandboxed)
    assert table(report) == ["PASS"]
    time.sleep(0.1)
    reached = [(user / "written").exists(), (mini_repo / "written").exists(), bool(calls)]
    assert reached == [not sandboxed] * 3  # the same Makefile reaches all of it where nothing holds it back
    if sandboxed:
        assert b"the-key-to-everything" not in everything_below(cache_dir)


def test_links_in_the_build_directory_are_not_followed(mini_repo: Path, cache_dir: Path, user: Path) -> None:
    (user / "x86" / "xen").mkdir(parents=True)
    kept = user / "x86" / "xen" / "mmu.o"
    kept.write_text("mine")
    hostile(
        mini_repo,
        f"cd $(or $(O),.) && rm -rf arch .config && ln -s '{user}' arch && ln -s '{user}/secret' .config",
    )
    report = check(mini_repo, "HEAD~1", cache_dir, configs=ONE)
    assert report.rows[0].cells[0].status is Status.ERROR
    assert kept.read_text() == "mine"
    assert (user / "secret").read_text() == "the-key-to-everything"


def test_what_a_makefile_leaves_running_ends_with_it(mini_repo: Path, cache_dir: Path) -> None:
    seconds = f"61.{os.getpid()}"
    hostile(mini_repo, f"for i in 1 2 3 4 5 6 7 8; do setsid sleep {seconds} >/dev/null 2>&1 & done")
    assert table(check(mini_repo, "HEAD~1", cache_dir, configs=ONE)) == ["PASS"]
    assert running(f"sleep\0{seconds}") == []


def running(words: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes()
        except OSError:
            continue
        if words.encode() in command:
            found.append(place.parent.name)
    return found


def test_many_processes_are_held_to_a_number(mini_repo: Path, cache_dir: Path) -> None:
    if any("number of processes" in gap for gap in sandbox.gaps()):
        pytest.skip("root has no other user id here, and Linux does not hold root to a number of processes")
    seconds = f"9.{os.getpid()}"
    # Once: the first reading of the Makefile tells as much as all. A shell that cannot fork ends, so one waits for it.
    many = f"(for i in $$(seq 1500); do sleep {seconds} & done) 2>/dev/null"
    hostile(mini_repo, f"test -e $(or $(O),.)/many || {{ : > $(or $(O),.)/many; {many}; exec sleep 2; }}")
    most, over = 0, threading.Event()

    def count() -> None:
        nonlocal most
        while not over.wait(0.2):
            most = max(most, len(running(f"sleep\0{seconds}")))

    counting = threading.Thread(target=count)
    counting.start()
    try:
        report = check(mini_repo, "HEAD~1", cache_dir, configs=ONE)
    finally:
        over.set()
        counting.join()
    assert report.rows[0].cells[0].status in (Status.PASS, Status.ERROR)
    assert 100 < most <= PROCESSES


def test_no_sandbox_no_build(mini_repo: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    monkeypatch.setattr(sandbox, "available", lambda: "bwrap is not installed")
    with pytest.raises(InputError, match=r"no sandbox.*bwrap is not installed.*--no-sandbox"):
        check(mini_repo, "HEAD~1", cache_dir, configs=ONE, sandboxed=True)


def test_a_compiler_that_is_killed_is_no_verdict(mini_repo: Path, cache_dir: Path) -> None:
    kill = "\t$(call quiet,CC,$@)$(if $(findstring mmu.o,$@),kill -9 $$$$,$(cc) -c -o $@ $<)\n"
    before = "\t$(call quiet,CC,$@)$(cc) -c -o $@ $<\n"
    commit_edits(mini_repo, "kill", {"Makefile": lambda text: text.replace(before, kill), MMU: append("\n/* x */\n")})
    (cell,) = check(mini_repo, "HEAD~1", cache_dir, configs=ONE).rows[0].cells
    assert (cell.status, "mmu.o" in cell.detail) == (Status.ERROR, True)


def test_an_internal_compiler_error_is_no_verdict(mini_repo: Path, cache_dir: Path) -> None:
    before = "$(cc) -c -o $@ $<\n"
    crash = "echo '$<:1:1: internal compiler error: Segmentation fault' >&2; exit 4\n"
    commit_edits(mini_repo, "crash", {"Makefile": lambda text: text.replace(before, crash), MMU: append("\n/* x */\n")})
    (cell,) = check(mini_repo, "HEAD~1", cache_dir, configs=ONE).rows[0].cells
    assert (cell.status, "internal compiler error" in cell.detail) == (Status.ERROR, True)


def test_a_compiler_that_is_missing(mini_repo: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    (cell,) = check(mini_repo, "HEAD~1", cache_dir, configs=ONE, tools=["clang"]).rows[0].cells
    assert (cell.status, cell.detail) == (Status.SKIP, "clang is not installed: Debian has it in clang")


def test_a_compiler_that_fails_without_a_word_is_no_verdict(mini_repo: Path, cache_dir: Path) -> None:
    commit_edits(mini_repo, "mute", {"Makefile": lambda text: text.replace("$(cc) -c -o $@ $<\n", "false\n")})
    commit_edits(mini_repo, "touch", {MMU: append("\n/* x */\n")})
    (cell,) = check(mini_repo, "HEAD~1", cache_dir, configs=ONE).rows[0].cells
    assert (cell.status, "Error 1" in cell.detail) == (Status.ERROR, True)


def test_a_base_that_does_not_build_is_no_verdict(mini_repo: Path, cache_dir: Path) -> None:
    commit_edits(mini_repo, "broken", {MMU: append("\nint broken = NO_SUCH;\n")})
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    report = check(mini_repo, "HEAD~1", cache_dir, configs=ONE)
    assert (table(report), report.findings) == (["ERROR"], ())
    assert "does not compile before the series either" in report.rows[0].cells[0].detail


def test_a_tree_that_vanishes(mini_repo: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from patcher.check.building import Build

    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    make = Build.make

    def and_gone(self: Build, *args: Any, **others: Any) -> object:
        shutil.rmtree(mini_repo, ignore_errors=True)
        return make(self, *args, **others)

    monkeypatch.setattr(Build, "make", and_gone)
    with pytest.raises(InputError):
        check(mini_repo, "HEAD~1", cache_dir, configs=ONE)
    assert not list((cache_dir / "check").glob("work-*/*"))


def test_two_runs_at_once(mini_repo: Path, cache_dir: Path) -> None:
    commit_edits(mini_repo, "warn", {MMU: append("\nstatic void idle(void)\n{\n}\n")})
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(check(mini_repo, "HEAD~1", cache_dir, configs=ONE)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert table(found[0]) == ["WARN"]


def gone(cache: Path) -> bool:
    """Whether all that was taken away is removed soon."""
    for _ in range(200):
        if not list((cache / "check").glob("gone-*")):
            return True
        time.sleep(0.05)
    return False


Start = Callable[..., "subprocess.Popen[bytes]"]
SLOW = {  # by the part of a check: what its make is asked for
    "configuring": "*config*",
    "preparing": "*prepare*",
    "compiling": "*mmu.o*",
}


@pytest.fixture
def start(command_environment: dict[str, str], cache_dir: Path, tmp_path: Path) -> Iterator[Start]:
    """The command line in a process of its own, at work on something that takes a minute, in three configurations."""
    children = []

    def begin(
        tree: Path, part: str = "compiling", *options: str, span: str = "HEAD~1", configs: str = MINI
    ) -> subprocess.Popen[bytes]:
        hostile(tree, f"case '$(MAKECMDGOALS)' in ({SLOW[part]}) touch $(or $(O),.)/slow; sleep 60.5;; esac")
        (tmp_path / "tmp").mkdir(exist_ok=True)
        child = subprocess.Popen(
            [sys.executable, "-m", "patcher", "check", span, "--tree", tree, "--trust-tree", "--configs", configs,
             "-j", "1", *options],
            env={**command_environment, "PATCHER_CACHE_DIR": str(cache_dir), "TMPDIR": str(tmp_path / "tmp")},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        children.append(child)
        for _ in range(1200):
            if list((cache_dir / "check").glob("work-*/build/*/slow")):
                return child
            time.sleep(0.05)
        child.kill()
        raise AssertionError((child.communicate()[1]).decode())

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def ended(child: subprocess.Popen[bytes], number: int) -> tuple[int, bytes, bytes]:
    """How it came out after a signal, long before what it waits for does."""
    child.send_signal(number)
    output, said = child.communicate(timeout=50)
    return child.returncode, output, said.strip()


@pytest.mark.parametrize("part", SLOW)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_nothing_behind(
    mini_repo: Path, cache_dir: Path, tmp_path: Path, start: Start, part: str, number: int
) -> None:
    child = start(mini_repo, part)
    told = b"patcher: interrupted" if number == signal.SIGINT else b""
    assert ended(child, number) == (128 + number, b"", told)
    assert running("sleep\x0060.5") == []
    assert not list((cache_dir / "check").glob("work-*/*"))
    assert not list((tmp_path / "tmp").iterdir())
    assert gone(cache_dir)


@pytest.mark.parametrize(("number", "options"), [(signal.SIGINT, ()), (signal.SIGTERM, ("--format", "json"))])
def test_what_is_known_by_then_is_told(mini_repo: Path, start: Start, number: int, options: tuple[str, ...]) -> None:
    commit_edits(mini_repo, "warn", {MMU: append("\nstatic void idle(void)\n{\n}\n")})
    child = start(mini_repo, "compiling", *options, span="HEAD~3", configs="mini_defconfig")
    code, output, told = ended(child, number)
    assert (code, output) == (128 + number, b"")
    lines = " ".join(told.decode().split())
    assert lines.startswith("patcher: interrupted, so this is not all of it: [1/3]"), lines
    assert "'idle' defined but not used" in lines
    assert "[1/3] warn WARN [2/3] harm PASS [3/3] touch SKIP" in lines
    assert "3 commits, 1 check: 1 PASS, 1 WARN, 1 SKIP; 2 objects compared" in lines
    assert lines.endswith("patcher: interrupted") is (number == signal.SIGINT)


def test_a_signal_where_there_is_no_sandbox(mini_repo: Path, start: Start) -> None:
    child = start(mini_repo, "compiling", "--no-sandbox")
    assert ended(child, signal.SIGTERM) == (128 + signal.SIGTERM, b"", b"")
    assert running("sleep\x0060.5") == []


def test_one_signal_is_enough(mini_repo: Path, start: Start) -> None:
    child = start(mini_repo)
    for _ in range(20):
        child.send_signal(signal.SIGINT)
        time.sleep(0.005)
    assert ended(child, signal.SIGINT) == (130, b"", b"patcher: interrupted")


def test_after_a_kill_the_next_run_is_right(
    mini_repo: Path, cache_dir: Path, tmp_path: Path, start: Start, git: Callable[..., str]
) -> None:
    child = start(mini_repo)
    assert [place.name[:14] for place in (tmp_path / "tmp").iterdir()] == ["patcher-check-"]
    child.kill()
    child.communicate()
    for _ in range(100):
        if not running("sleep\x0060.5"):
            break
        time.sleep(0.05)
    assert running("sleep\x0060.5") == []
    git(mini_repo, "checkout", "-q", "-b", "good", "HEAD~2")
    commit_edits(mini_repo, "warn", {MMU: append("\nstatic void idle(void)\n{\n}\n")})
    assert isinstance(child.args, list)
    ran = subprocess.run(
        [*child.args[: child.args.index("--configs") + 1], ONE],
        env={**os.environ, "PATCHER_CACHE_DIR": str(cache_dir), "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, "WARN" in ran.stdout) == (1, True), ran.stderr
    assert not list((tmp_path / "tmp").iterdir())
    assert not list((cache_dir / "check").glob("work-*/*"))


@pytest.mark.parametrize("size", ["100k", "200k", "400k"])
def test_a_full_disk(mini_repo: Path, tmp_path: Path, command_environment: dict[str, str], size: str) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    small = tmp_path / "small"
    small.mkdir()
    command = (
        f"mount -t tmpfs -o size={size},mode=700 none '{small}' || exit 99; exec '{sys.executable}' -m patcher "
        f"check HEAD~1 --tree '{mini_repo}' --trust-tree --configs {ONE}"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        capture_output=True, text=True, check=False,
        env={**command_environment, "PATCHER_CACHE_DIR": str(small)},
    )  # fmt: skip
    if "unshare" in done.stderr or done.returncode == 99:
        pytest.skip("no mounts in a user namespace here")
    assert "PASS" not in done.stdout
    if done.returncode == 1:  # the build was the first to notice
        assert "ERROR" in done.stdout and "No space left on device" in done.stdout, done.stdout
        return
    assert done.returncode == 2
    assert (done.stderr.count("\n"), "free some space" in done.stderr) == (1, True)
