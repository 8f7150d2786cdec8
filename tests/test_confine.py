"""What a confined process can still do. With the real kernel, in processes of their own."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from patcher import confine
from patcher.errors import InputError

if (WHY := confine.available()) is not None:
    pytest.skip(WHY, allow_module_level=True)

SYSTEM = [
    place for place in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/dev/null") if Path(place).exists()
]
OUTCOME = """
def outcome(what):
    try:
        what()
    except OSError as error:
        print(errno.errorcode[error.errno])
    else:
        print("done")
"""


def inside(script: str, *, read: object = (), write: object = (), run: object = (), before: str = "") -> list[str]:
    """The lines that a script of Python prints after it has confined itself. ``outcome(f)`` prints how a call ended."""
    places = {"read": read, "write": write, "run": run}
    given = ", ".join(f"{name}={[str(each) for each in places]!r}" for name, places in places.items())  # type: ignore
    program = (
        f"import errno, os, signal, socket, subprocess, sys\n{OUTCOME}\nfrom patcher import confine\n"
        f"{textwrap.dedent(before)}\nconfine.files({given})\n{textwrap.dedent(script)}"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """``given/file``, a directory that is allowed, beside ``secret``, which is not."""
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "file").write_text("content")
    (tmp_path / "secret").write_text("secret")
    return tmp_path


def test_what_is_given_can_be_read_and_nothing_else(place: Path) -> None:
    assert inside(
        f"""
        print(open("{place}/given/file").read())
        print(os.listdir("{place}/given"))
        outcome(lambda: open("{place}/secret"))
        outcome(lambda: os.listdir("{place}"))
        outcome(lambda: open("{place}/given/../secret"))
        outcome(lambda: open("/etc/passwd"))
        """,
        read=[place / "given"],
    ) == ["content", "['file']", "EACCES", "EACCES", "EACCES", "EACCES"]


def test_a_single_file(place: Path) -> None:
    (place / "given" / "other").write_text("other")
    script = f'print(open("{place}/given/file").read()); outcome(lambda: open("{place}/given/other"))'
    assert inside(script, read=[place / "given" / "file"]) == ["content", "EACCES"]


@pytest.mark.parametrize("way", ["given/link", "given/up/secret", "given/proc/secret", "given/self"])
def test_no_way_around(place: Path, way: str) -> None:
    (place / "given" / "link").symlink_to(place / "secret")
    (place / "given" / "up").symlink_to("..")
    (place / "given" / "proc").symlink_to(f"/proc/self/root{place}")
    (place / "given" / "self").symlink_to("/proc/self/environ")
    assert inside(f'outcome(lambda: open("{place}/{way}"))', read=[place / "given"]) == ["EACCES"]


def test_the_tricks_of_proc(place: Path) -> None:
    tricks = [f"/proc/self/root{place}/secret", "/proc/self/environ", "/proc/self/mem", f"/proc/{os.getpid()}/environ"]
    script = "".join(f'outcome(lambda: open("{trick}"))\n' for trick in tricks)
    assert inside(script, read=[place / "given"]) == ["EACCES"] * len(tricks)
    before = f'directory = os.open("{place}", os.O_RDONLY | os.O_PATH)'
    script = """
    outcome(lambda: os.open("secret", os.O_RDONLY, dir_fd=directory))
    outcome(lambda: os.open(f"/proc/self/fd/{directory}/secret", os.O_RDONLY))
    outcome(lambda: os.chdir("/") or os.chroot("/"))
    """
    said = inside(script, read=[place / "given"], before=before)
    assert said[:2] == ["EACCES", "EACCES"]
    assert inside(f'outcome(lambda: os.link("{place}/secret", "{place}/given/n"))', write=[place / "given"]) != ["done"]
    assert inside(f'outcome(lambda: os.rename("{place}/secret", "{place}/given/n"))', write=[place / "given"]) != [
        "done"
    ]


def test_a_fifo_outside_is_not_waited_for(place: Path) -> None:
    os.mkfifo(place / "fifo")
    assert inside(f'outcome(lambda: open("{place}/fifo"))', read=[place / "given"]) == ["EACCES"]


def test_what_can_be_read_cannot_be_written(place: Path) -> None:
    given = place / "given"
    assert (
        inside(
            f"""
        outcome(lambda: open("{given}/file", "w"))
        outcome(lambda: open("{given}/new", "x"))
        outcome(lambda: os.unlink("{given}/file"))
        outcome(lambda: os.mkdir("{given}/new"))
        outcome(lambda: os.symlink("a", "{given}/new"))
        outcome(lambda: os.mkfifo("{given}/new"))
        """,
            read=[given],
        )
        == ["EACCES"] * 6
    )
    assert (given / "file").read_text() == "content"


def test_truncating_needs_the_right_to_write(place: Path) -> None:
    if confine.version() < 3:
        pytest.skip("truncate(2) is restricted from ABI 3")
    assert inside(f'outcome(lambda: os.truncate("{place}/secret", 0))', read=[place / "given"]) == ["EACCES"]
    assert (place / "secret").read_text() == "secret"


def test_writing(place: Path) -> None:
    given = place / "given"
    assert inside(
        f"""
        outcome(lambda: open("{given}/new", "w").write("new"))
        outcome(lambda: os.mkdir("{given}/directory"))
        outcome(lambda: os.rename("{given}/new", "{given}/directory/new"))
        outcome(lambda: os.unlink("{given}/file"))
        outcome(lambda: open("{place}/new", "w"))
        outcome(lambda: os.unlink("{place}/secret"))
        """,
        write=[given],
    ) == ["done", "done", "done" if confine.version() > 1 else "EXDEV", "done", "EACCES", "EACCES"]


def test_running(place: Path) -> None:
    shutil.copy("/bin/true", place / "given" / "true")
    script = f'outcome(lambda: subprocess.run(["{place}/given/true"], check=True))'
    assert inside(script, read=[*SYSTEM, place / "given"], write=["/dev/null"]) == ["EACCES"]
    assert inside(script, run=[*SYSTEM, place / "given"], write=["/dev/null"]) == ["done"]


def test_it_holds_for_what_is_started_and_cannot_be_undone(place: Path) -> None:
    again = f'confine.files(read=["/usr"]); outcome(lambda: open("{place}/secret"))'
    assert inside(again, run=["/usr"]) == ["EACCES"]
    child = f"""
    if (child := os.fork()) == 0:
        outcome(lambda: open("{place}/secret")); sys.stdout.flush(); os._exit(0)
    os.waitpid(child, 0)
    """
    assert inside(child) == ["EACCES"]


def test_no_tcp(place: Path) -> None:
    if confine.version() < 4:
        pytest.skip("TCP is restricted from ABI 4")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"""
        outcome(lambda: socket.create_connection(("127.0.0.1", {port})))
        outcome(lambda: socket.create_server(("127.0.0.1", 0)))
        """
        assert inside(script) == ["EACCES", "EACCES"]


def test_no_signals_to_others() -> None:
    if confine.version() < 6:
        pytest.skip("signals are restricted from ABI 6")
    assert inside("outcome(lambda: os.kill(os.getppid(), 0)); outcome(lambda: os.kill(os.getpid(), 0))") == [
        "EPERM",
        "done",
    ]


def test_no_new_privileges() -> None:
    script = "print(status)"
    before = """
    confine.no_new_privileges()
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))["NoNewPrivs"].strip()
    """
    assert inside(script, before=before) == ["1"]


def test_a_path_that_does_not_exist_and_the_process_is_as_it_was(place: Path) -> None:
    with pytest.raises(InputError, match=r"for .*/none \(No such file or directory\)"):
        confine.files(read=[place / "none"])
    assert (place / "secret").read_text() == "secret"


def test_a_kernel_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "_CREATE_RULESET", 100_000)  # a system call that no kernel has
    assert confine.version() == 0
    assert "no Landlock" in str(confine.available.__wrapped__())
    with pytest.raises(InputError, match="no Landlock"):
        confine.files()


def test_the_command(place: Path) -> None:
    def ran(*argv: str, **rights: object) -> subprocess.CompletedProcess[str]:
        command = confine.command(argv, **rights)  # type: ignore[arg-type]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    cat = shutil.which("cat") or "/bin/cat"
    assert ran(cat, f"{place}/given/file", run=SYSTEM, read=[place / "given"]).stdout == "content"
    assert "Permission denied" in ran(cat, f"{place}/secret", run=SYSTEM, read=[place / "given"]).stderr
    assert ran(cat, run=[place]).returncode == 126
    assert ran("/bin/there-is-no-such", run=SYSTEM).returncode == 127
    refused = ran(cat, read=[place / "none"])
    assert (refused.returncode, refused.stderr.count("\n")) == (125, 1)
    bounded = ran("/bin/sh", "-c", f"head -c 3000 /dev/zero > {place}/given/big", run=SYSTEM, read=["/dev/zero"],
                  write=[place / "given"], file_bytes=1000)  # fmt: skip
    assert bounded.returncode != 0
    assert (place / "given" / "big").stat().st_size == 1000


def test_limits_hold_for_what_is_started(place: Path) -> None:
    script = """
    from patcher import confine
    import resource, subprocess, sys
    confine.limit(memory_bytes=2**30, file_bytes=5000, cpu_seconds=7)
    confine.limit(memory_bytes=2**40)  # there is no way back up
    names = "AS FSIZE CPU CORE"
    show = f"import resource; print([resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in '{names}'.split()])"
    subprocess.run([sys.executable, "-c", show])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{[(2**30, 2**30), (5000, 5000), (7, 8), (0, 0)]}"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 5000


def test_processor_time_ends_it() -> None:
    script = "from patcher import confine\nconfine.limit(cpu_seconds=1)\nwhile True: pass"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == -signal.SIGXCPU


def test_death_of_the_parent(place: Path) -> None:
    child = f"""
    import os, time
    from patcher import confine
    parent = os.getpid()
    if os.fork() == 0:
        confine.die_with_parent(parent)
        open("{place}/born", "w").write(str(os.getpid()))
        time.sleep(60)
    time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(child)]) as parent:
        deadline = time.monotonic() + 30
        while not ((place / "born").exists() and (place / "born").read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        born = int((place / "born").read_text())
        parent.kill()
    while Path(f"/proc/{born}/stat").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{born}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{born}").exists()
