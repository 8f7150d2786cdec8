"""The sandbox: what a program in it sees, can write, and may take. With the real bubblewrap."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from patience import not_stuck

from patcher import bubblewrap, sandbox, seccomp
from patcher.errors import InputError

if (WHY := sandbox.available()) is not None:
    pytest.skip(WHY, allow_module_level=True)

USER = 12345  # an ordinary user


def shell(script: str, **options: object) -> sandbox.Result:
    return sandbox.run(["sh", "-c", script], **options)  # type: ignore[arg-type]


def test_output_and_status() -> None:
    ran = shell("echo out; echo err >&2; exit 3")
    assert ran == sandbox.Result(3, b"out\n", b"err\n", "")


def test_standard_input_of_any_size() -> None:
    given = b"x" * 300_000
    assert sandbox.run(["cat"], stdin=given).stdout == given
    assert sandbox.run(["true"], stdin=given).code == 0


def test_it_sees_what_it_was_given_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "file").write_text("content")
    (tmp_path / "secret").write_text("secret")
    assert shell(f"cat {tmp_path}/shown/file", read=[tmp_path / "shown"]).stdout == b"content"
    assert shell(f"cat {tmp_path}/secret", read=[tmp_path / "shown"]).code != 0
    assert shell("ls /home /root /etc/shadow").stdout == b""


def test_what_it_may_read_it_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    assert shell(f"echo new > {tmp_path}/file", read=[tmp_path]).code != 0
    assert shell(f"rm -f {tmp_path}/file; touch /usr/x /etc/alternatives/x", read=[tmp_path]).code != 0
    assert (tmp_path / "file").read_text() == "old"


def test_programs_of_the_users_are_run_and_stay_as_they_are(tmp_path: Path) -> None:
    program, private = tmp_path / "bin" / "own-gcc", tmp_path / "bin" / "private"
    program.parent.mkdir()
    for file, mode in ((program, 0o755), (private, 0o600)):
        file.write_text("#!/bin/sh\necho ran\n")
        file.chmod(mode)
    tmp_path.chmod(0o755)
    assert shell(f"{program}; echo x > {program}", programs=[program.parent]).stdout == b"ran\n"
    assert (program.read_text(), private.stat().st_mode & 0o777) == ("#!/bin/sh\necho ran\n", 0o600)


@pytest.mark.parametrize("inner_may", ["read", "write"])
def test_the_deeper_path_decides(tmp_path: Path, inner_may: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    binds = {"read": [tmp_path], "write": [inner]} if inner_may == "write" else {"read": [inner], "write": [tmp_path]}
    shell(f"touch {tmp_path}/outside; touch {inner}/inside", **binds)
    assert (inner / "inside").exists() == (inner_may == "write")
    assert (tmp_path / "outside").exists() == (inner_may == "read")


def test_paths_with_spaces_and_links(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    place.mkdir()
    (tmp_path / "link").symlink_to(place)
    assert sandbox.run(["touch", "made"], write=[tmp_path / "link"], cwd=tmp_path / "link").code == 0
    assert (place / "made").exists()


def test_nothing_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "1")
    ran = sandbox.run(["env"], env={"GIVEN": "2"})
    names = {line.partition("=")[0] for line in ran.stdout.decode().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "HOME", "TMPDIR", "LC_ALL", "GIVEN"}


def test_no_network() -> None:
    assert shell("cat /proc/net/dev | tail -n +3 | cut -d: -f1").stdout.split() in ([], [b"lo"])


def test_too_long_and_nothing_stays_behind(tmp_path: Path) -> None:
    alive = f"while :; do date >> {tmp_path}/alive; sleep 0.05; done"
    with not_stuck():
        ran = shell(f"({alive}) & sleep 600", write=[tmp_path], seconds=0.6)
    assert ran.reason == "it took longer than 0.6 s"
    time.sleep(0.3)
    before = (tmp_path / "alive").read_bytes()
    time.sleep(0.3)
    assert (tmp_path / "alive").read_bytes() == before


def test_what_closes_its_output_is_waited_for() -> None:
    assert shell("exec >&- 2>&-; sleep 60", seconds=0.6).reason == "it took longer than 0.6 s"


def test_endless_output_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "OUTPUT_BYTES", 10**6)
    ran = sandbox.run(["yes"], seconds=60)
    assert ran.reason == "it wrote more than 1000000 bytes"
    assert len(ran.stdout) < 2 * 10**6


def test_memory_is_bounded() -> None:
    program = "my $x = 'x' x (200 << 20); print length $x"
    assert sandbox.run(["perl", "-e", program], memory_bytes=2**30).stdout == b"209715200"
    assert sandbox.run(["perl", "-e", program], memory_bytes=2**27).code != 0


def test_wrong_paths_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        sandbox.run(["true"], read=[tmp_path / "nothing"])


def test_a_program_that_does_not_exist() -> None:
    ran = sandbox.run(["no-such-program"])
    assert ran.code != 0
    assert b"no-such-program" in ran.stderr


def test_where_there_is_no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox.tried.cache_clear()
    try:
        assert sandbox.available() == "bwrap is not installed"
        with pytest.raises(InputError, match="no sandbox: bwrap is not installed"):
            sandbox.run(["true"])
    finally:
        sandbox.tried.cache_clear()


class Outside(NamedTuple):
    """Something of the machine's that a program in the sandbox is not to reach."""

    process: int
    socket: str
    shared_memory: int


def as_user(work: Callable[[], Any]) -> Any:
    """What ``work`` answers in a process of an ordinary user, who need not be able to read our files: all is loaded."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
            sandbox.tried.cache_clear()
            with os.fdopen(writing, "wb") as answer:
                pickle.dump(work(), answer)
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return pickle.loads(told)


@pytest.fixture(params=["as root", "as an ordinary user"])
def python(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Runs Python in the sandbox, for root and for an ordinary user; what it printed."""
    root = os.getuid() == 0
    if request.param == "as root" and not root:
        pytest.skip("we are not root")
    if shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") is None:
        pytest.skip("the system has no python3 that the sandbox shows")

    def run(script: str, **options: Any) -> str:
        def work() -> sandbox.Result:
            return sandbox.run(["python3", "-c", textwrap.dedent(script)], **options)

        ran = work() if request.param == "as root" or not root else as_user(work)
        run.result = ran  # type: ignore[attr-defined]
        return (ran.stdout + ran.stderr).decode().strip()

    return run


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory where every user may write, in one that every user may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        Path(place).chmod(0o777)
        yield Path(place)


def test_it_is_no_privileged_user(python: Callable[..., str], public: Path) -> None:
    said = python(
        f"""
        import re
        open("{public}/made", "w").close()
        status = open("/proc/self/status").read()
        print(set(re.findall(r"Cap\\w+:\\t(\\w+)", status)), re.findall(r"NoNewPrivs:\\t(.)", status))
        """,
        write=[public],
    )
    assert said == "{'0000000000000000'} ['1']"
    assert (public / "made").stat().st_uid != 0
    assert "nosuid" in python("print(open('/proc/self/mountinfo').read())").partition("/usr ")[2]


def test_what_is_missing_is_missing(python: Callable[..., str], public: Path) -> None:
    """Not forbidden: interpreters look for files in many places, and give up on what they may not look into."""
    script = f"""
        import errno
        for name in ("/none", "/etc/none", "/usr/none", "/dev/none", "/tmp/none", "{public.parent}/none", "/home/none"):
            try:
                open(name)
            except OSError as error:
                print(errno.errorcode[error.errno])
        """
    assert set(python(script, read=[public]).split()) == {"ENOENT"}


def test_nothing_in_proc_can_be_written(python: Callable[..., str]) -> None:
    """Each file is opened for writing; nothing is written, should that succeed."""
    script = """
        import os
        opened, seen = [], 0
        for directory, _, files in os.walk("/proc"):
            if directory.startswith("/proc/thread-self") or "/task/" in directory:
                continue
            for name in files:
                seen += 1
                try:
                    os.close(os.open(f"{directory}/{name}", os.O_WRONLY | os.O_NONBLOCK))
                    opened.append(f"{directory}/{name}")
                except OSError:
                    pass
        seen = seen > 300 and os.path.exists("/proc/sys/kernel/core_pattern")
        inside = [each for each in opened if os.stat(each).st_rdev != os.stat("/dev/null").st_rdev]
        print([each for each in inside if "/fd/" not in each], seen)
        """
    assert python(script) == "[] True"


def test_proc_tells_nothing_of_memory_and_keys(python: Callable[..., str]) -> None:
    script = """
        import os
        for name in ("keys", "kcore", "kallsyms", "timer_list", "iomem", "kmsg", "kpagecount", "slabinfo"):
            if os.path.exists(f"/proc/{name}"):
                try:
                    print(open(f"/proc/{name}", "rb").read(100), end="")
                except PermissionError:
                    pass
        for name in ("irq", "bus", "acpi", "fs"):
            if os.path.exists(f"/proc/{name}"):
                print(os.listdir(f"/proc/{name}"))
        """
    assert set(python(script).replace("b''", "").split()) <= {"[]"}


def test_a_fork_bomb_is_bounded(python: Callable[..., str]) -> None:
    script = """
        import os, time
        count = 0
        try:
            while count < 300:
                if os.fork() == 0:
                    time.sleep(20)
                    os._exit(0)
                count += 1
        except BlockingIOError:
            print("bounded", count, flush=True)
        os.kill(-1, 9)
        """
    said = python(script, processes=40, seconds=15)
    assert said.startswith("bounded ") and 20 < int(said.split()[1]) < 40, said


def test_memory_file_systems_are_bounded(python: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    if "--size" not in bubblewrap.options():
        pytest.skip("this bubblewrap has no --size")
    monkeypatch.setattr(bubblewrap, "TMP_BYTES", 2**20)
    script = """
        import errno
        for name in ("/tmp/file", "/dev/shm/file", "/file", "/dev/file", "/proc/file", "/etc/file", "/home"):
            try:
                with open(name, "wb") as file:
                    for _ in range(100):
                        file.write(bytes(2**20))
                print(name, "written")
            except OSError as error:
                print(errno.errorcode[error.errno], end=" ")
        """
    assert python(script).replace("EACCES", "EROFS") == "ENOSPC ENOSPC EROFS EROFS ENOENT EROFS EROFS"


def test_the_disk_is_bounded(python: Callable[..., str], public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "DISK_BYTES", 2**25)
    script = f"""
        import time
        for number in range(60):
            with open(f"{public}/{{number}}", "wb") as file:
                file.write(bytes(2**22))
            time.sleep(0.05)
        """
    python(script, write=[public], seconds=30)
    assert "lost more than 33554432 bytes" in python.result.reason  # type: ignore[attr-defined]
    assert len(list(public.iterdir())) < 60


def test_one_file_is_bounded(python: Callable[..., str], public: Path) -> None:
    script = f"open('{public}/file', 'wb').truncate(2**29)"
    assert "File too large" in python(script, write=[public], memory_bytes=2**28)


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A process, an abstract socket and System V memory on this machine."""
    name = f"patcher-test-{os.getpid()}"
    libc = ctypes.CDLL(None, use_errno=True)
    memory = libc.shmget(os.getpid(), 4096, 0o1666)
    with socket.socket(socket.AF_UNIX) as server, subprocess.Popen(["sleep", "60"]) as sleeping:
        server.bind(f"\0{name}")
        server.listen()
        yield Outside(sleeping.pid, name, memory)
        sleeping.kill()
    libc.shmctl(memory, 0, None)


def test_nothing_outside_is_reached(python: Callable[..., str], outside: Outside) -> None:
    script = f"""
        import ctypes, os, socket
        libc = ctypes.CDLL(None, use_errno=True)
        print(os.path.exists("/proc/{outside.process}/stat") and "sleep" in open("/proc/{outside.process}/stat").read())
        for work in (lambda: os.kill({outside.process}, 9), lambda: socket.socket(1).connect("\\0{outside.socket}")):
            try:
                work()
                print("reached")
            except OSError as error:
                print(error.errno, end=" ")
        print(libc.shmat({outside.shared_memory}, None, 0), libc.shmget({os.getpid()}, 4096, 0o666))
        print(libc.ptrace(16, {outside.process}, None, None), libc.ptrace(16, os.getppid(), None, None))
        """
    assert python(script).split() == ["False", "3", "111", "-1", "-1", "-1", "-1"]


def test_the_environment_is_nowhere(python: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor in what /proc tells of bubblewrap's own processes."""
    monkeypatch.setenv("SECRET_TOKEN", "very-secret")
    script = """
        import os
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                print(b"SECRET" in open(f"/proc/{process}/environ", "rb").read(), end=" ")
            except PermissionError:
                print(False, end=" ")
        """
    assert set(python(script).split()) == {"False"}


def test_no_way_into_another_namespace(python: Callable[..., str]) -> None:
    if seccomp.program(os.uname().machine) is None and "--disable-userns" not in bubblewrap.options():
        pytest.skip("neither a filter for this machine, nor a bubblewrap that has --disable-userns")
    script = """
        import ctypes, os, signal
        libc = ctypes.CDLL(None, use_errno=True)
        found = [libc.setns(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0) for name in ("mnt", "user", "pid")]
        found.append(libc.unshare(0x10000000))
        if os.uname().machine == "x86_64":
            found.append(libc.syscall(56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0))
        arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, signal.SIGCHLD)
        found.append(libc.syscall(435, arguments, 64))
        print(set(found))
        """
    assert python(script) == "{-1}"


def test_system_calls_that_no_namespace_holds(python: Callable[..., str]) -> None:
    if seccomp.program(os.uname().machine) is None:
        pytest.skip(f"no filter for {os.uname().machine}")
    script = """
        import ctypes, errno, socket
        libc = ctypes.CDLL(None, use_errno=True)
        for call in ((250, 0, -3, 0), (248, b"user", b"x", b"y", 1, -3), (321, 0, 0, 0), (425, 1, 0),
                     (29, 0, 4096, 896), (0x40000000 + 39,), (16, 0, 0x100005412, b"x")):
            print(libc.syscall(*call), errno.errorcode[ctypes.get_errno()], end=" ")
        for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_VSOCK, socket.AF_PACKET, 38):
            try:
                socket.socket(family, socket.SOCK_SEQPACKET if family == 38 else socket.SOCK_STREAM).close()
                print("made", end=" ")
            except OSError as error:
                print(errno.errorcode[error.errno], end=" ")
        """
    refused = "-1 EPERM " * 5 + "-1 ENOSYS " + "-1 EPERM "
    assert python(script) == f"{refused}made made made EPERM EPERM EPERM"


@pytest.mark.skipif(os.uname().machine != "x86_64" or not shutil.which("gcc"), reason="needs gcc on x86_64")
def test_the_filter_knows_the_other_abi(tmp_path: Path) -> None:
    """A program of 64 bits can ask in the way of those of 32."""
    (tmp_path / "try.c").write_text(
        "#include <stdio.h>\n"
        "static int call(int number, int first) { int answer;\n"
        '\tasm volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(first), "c"(0), "d"(0) : "memory", "r8", "r9",\n'
        '\t\t"r10", "r11"); return answer; }\n'
        'int main(void) { printf("%d %d %d %d\\n", call(20, 0) > 0, call(26, 0), call(288, 0),\n'
        "\tcall(310, 0x10000000)); }\n"
    )
    subprocess.run(["gcc", "-o", tmp_path / "try", tmp_path / "try.c"], check=True)
    bare = subprocess.run([tmp_path / "try"], capture_output=True, text=True, check=False)
    if bare.returncode:
        pytest.skip("this kernel has no 32-bit system calls")
    assert sandbox.run([str(tmp_path / "try")], read=[tmp_path]).stdout == b"1 -1 -1 -1\n"


def test_no_terminal_and_few_devices(python: Callable[..., str]) -> None:
    script = """
        import errno, os
        try:
            os.open("/dev/tty", os.O_RDWR)
        except OSError as error:
            print(errno.errorcode[error.errno])
        print(*sorted(set(os.listdir("/dev")) - {"core"}))
        """
    devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert python(script) == f"ENXIO\n{devices}"


def test_only_three_descriptors(python: Callable[..., str], tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w+") as file:
        os.set_inheritable(file.fileno(), True)
        script = """
            import os
            print(*(each for each in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{each}")
                    and "/proc/" not in os.readlink(f"/proc/self/fd/{each}")), end=" ")
            try:
                os.pwrite(0, b"x" * 9, 0)
            except OSError as error:
                print("sealed", os.read(0, 9))
            """
        assert python(script, stdin=b"given") == "0 1 2 sealed b'given'"


def test_it_is_the_first_to_go_where_memory_runs_out(python: Callable[..., str]) -> None:
    if not shutil.which("choom"):
        pytest.skip("choom is not installed")
    assert python("print(open('/proc/self/oom_score_adj').read())") == "1000"


def test_a_killed_parent_takes_all_with_it(tmp_path: Path) -> None:
    """As root: for an ordinary user, tests/check does it with the command line."""
    script = f"from patcher import sandbox; sandbox.run(['sleep', '97.{os.getpid()}'])"
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        wait_for(lambda: running(f"sleep\x0097.{os.getpid()}"))
        parent.kill()
    wait_for(lambda: not running(f"sleep\x0097.{os.getpid()}"))


def running(words: str) -> bool:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if place.read_bytes().startswith(words.encode()):
                return True
    return False


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(os.getuid() != 0, reason="for an ordinary user nothing is given away")
def test_what_root_shows_and_gives(tmp_path: Path) -> None:
    """Whatever umask it was made with, and whatever links are in it."""
    shown, given, kept = tmp_path / "shown", tmp_path / "given", tmp_path / "kept"
    for place in (shown, given, kept):
        (place / "below").mkdir(parents=True, mode=0o700)
        (place / "below" / "file").write_text("content")
        (place / "below" / "file").chmod(0o600)
        place.chmod(0o700)
    (given / "link").symlink_to(kept / "below" / "file")
    (shown / "link").symlink_to(kept / "below" / "file")
    ran = shell(
        f"cat {shown}/below/file; echo more >> {given}/below/file; cat {shown}/link", read=[shown], write=[given]
    )
    assert ran.stdout == b"content"
    assert (given / "below" / "file").read_text() == "contentmore\n"
    state = (kept / "below" / "file").stat()
    assert (state.st_uid, state.st_mode & 0o777) == (0, 0o600)


@pytest.mark.parametrize("lacks", ["--size", "--disable-userns", "filter"])
def test_what_is_lacking_is_told_and_the_rest_holds(monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    """Older versions of bubblewrap, and other machines."""
    if lacks == "filter":
        monkeypatch.setattr(seccomp, "program", lambda machine: None)
    else:
        has = bubblewrap.options() - {lacks}
        monkeypatch.setattr(bubblewrap, "options", lambda: has)
    script = "echo 1 > /proc/sys/vm/swappiness; grep -h NoNewPrivs /proc/self/status; touch /tmp/x && echo made"
    assert shell(script).stdout == b"NoNewPrivs:\t1\nmade\n"
    if lacks != "filter":
        assert shell("unshare --user true && echo entered").stdout == b""
    word = {"--size": "0.7", "--disable-userns": "0.8", "filter": "no system call filter"}[lacks]
    assert [word in gap for gap in sandbox.gaps()].count(True) == 1


def test_root_with_one_id_alone() -> None:
    """As in a container of an ordinary user's: there is nobody to become."""
    command = ["sh", "-c", "echo > /proc/sys/vm/swappiness; id -u"]
    script = f"from patcher import sandbox; print(sandbox.tried(), sandbox.run({command}))"
    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", script], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(sandbox.__file__).parent.parent)}, check=False,
    )  # fmt: skip
    if "unshare" in ran.stderr:
        pytest.skip("no user namespace can be made here")
    assert ran.stdout.startswith("Way(nobody=False, one_id=True) Result(code=0, stdout=b'0\\n'"), ran.stderr
    assert "Read-only file system" in ran.stdout
