"""Run a program that is not trusted: bubblewrap shows it a read-only system and just the paths it was given.

It sees neither the user's files nor the network nor other processes, and what it starts ends with it. It is started
by other modules only where the user asked for it. docs/security.md says what confines what, and what is left.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import selectors
import stat
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from patcher import bubblewrap, seccomp
from patcher.bubblewrap import NOBODY, View, Way
from patcher.errors import InputError

OUTPUT_BYTES = 64 * 2**20
DISK_BYTES = 8 * 2**30
_FILES = 10**6
_TICK = 0.25  # seconds between two looks at the disk
_ADVICE = "install bubblewrap and util-linux, and see that user namespaces are allowed"
_running: set[subprocess.Popen[bytes]] = set()


class Result(NamedTuple):
    """How a program ended.

    ``code`` is its exit status (128 + the signal's number where one ended it). ``reason`` says why it was ended from
    outside, such as ``it took longer than 30 s``; "" where it ended by itself. ``stdout`` and ``stderr`` hold what it
    wrote until then.
    """

    code: int
    stdout: bytes
    stderr: bytes
    reason: str


def available() -> str | None:
    """Why programs cannot be run in a sandbox here, or None where they can. Tried out once."""
    found = tried()
    return found if isinstance(found, str) else None


def gaps() -> tuple[str, ...]:
    """What the sandbox does not confine on this machine, though it does on others: a sentence each."""
    found = tried()
    return () if isinstance(found, str) else bubblewrap.gaps(found)


@functools.cache
def tried() -> Way | str:
    """How programs are run here, or why they cannot."""
    root = os.geteuid() == 0
    ways = (Way(True, False), Way(False, True)) if root else (Way(False, False),)
    why = ""
    for way in ways:
        if program := bubblewrap.missing(way):
            return f"{program} is not installed"
        done = _run(View(["true"], (), (), None, {}, 2**30, 64), way, b"", 20)
        if done.code == 0 and not done.reason:
            return way
        message = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        why = f"bwrap does not work here ({done.reason or message or f'exit status {done.code}'})"
    return why


def run(
    argv: Sequence[str],
    *,
    read: Iterable[Path | str] = (),
    write: Iterable[Path | str] = (),
    programs: Iterable[Path | str] = (),
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    seconds: float = 60,
    memory_bytes: int = 2 * 2**30,
    processes: int = 256,
) -> Result:
    """Run ``argv`` in a sandbox and wait for its end.

    As root, the program runs as nobody: all that is below ``read`` becomes readable for everyone who can get there,
    and what is below ``write`` is given to nobody. So the paths are to be directories of our own.

    Arguments:
        argv: the program, looked up in the sandbox's PATH, and its arguments
        read: files and directories it may read, each at its own place; they must exist
        write: likewise, and it may write there; the deeper path decides where one holds the other
        programs: likewise, read-only, and not ours: their rights stay as they are
        cwd: where it starts (default ``/tmp``, which is empty and its own); must be one of the paths, or below
        env: variables beside PATH, HOME, TMPDIR and LC_ALL; nothing is inherited
        stdin: what it reads on standard input
        seconds: wall-clock time after which it and all it started is killed
        memory_bytes: address space of each process, and size of each file it writes
        processes: how many at once

    It is also ended where the file systems of ``write`` lose more than DISK_BYTES meanwhile.

    Raises InputError where there is no sandbox (see ``available``) or a path does not exist.
    """
    way = tried()
    if isinstance(way, str):
        raise InputError(f"no sandbox: {way}", _ADVICE)
    own = tuple(read)
    view = View(argv, (*programs, *own), tuple(write), cwd, env or {}, memory_bytes, processes)
    if way.nobody:
        for path in own:
            _show(bubblewrap.place(path).resolve())
        for path in view.write:
            _give(bubblewrap.place(path).resolve())
    return _run(view, way, stdin, seconds)


@contextlib.contextmanager
def opened(
    argv: Sequence[str],
    *,
    read: Iterable[Path | str] = (),
    memory_bytes: int = 2 * 2**30,
    processes: int = 4096,
    errors: int | IO[bytes] = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that stays: started in a sandbox as ``run`` does, with pipes to its standard input and output, and
    killed with all it started at the end of the context. What it says on standard error goes to ``errors``.

    Raises InputError where there is no sandbox (see ``available``) or a path does not exist.
    """
    way = tried()
    if isinstance(way, str):
        raise InputError(f"no sandbox: {way}", _ADVICE)
    view = View(argv, tuple(read), (), None, {}, memory_bytes, processes)
    if way.nobody:
        for path in view.read:
            _show(bubblewrap.place(path).resolve())
    with _started(view, way, subprocess.PIPE, errors) as process:
        yield process


@contextlib.contextmanager
def _started(view: View, way: Way, stdin: int, stderr: int | IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The program, with a pipe from its standard output; it and all it started are killed at the end."""
    with contextlib.ExitStack() as stack:
        program = seccomp.program(os.uname().machine)
        rules = None if program is None else stack.enter_context(_in_memory(program))
        process = stack.enter_context(
            subprocess.Popen(
                bubblewrap.command(view, way, rules), stdin=stdin, stdout=subprocess.PIPE, stderr=stderr,
                start_new_session=True, pass_fds=() if rules is None else (rules,), bufsize=0,
                env={"PATH": os.environ.get("PATH", os.defpath)},  # the program can read that of bubblewrap in /proc
            )
        )  # fmt: skip
        _running.add(process)
        try:
            yield process
        finally:
            _running.discard(process)
            if process.poll() is None:
                process.kill()  # and with it, by --die-with-parent and its PID namespace, all it started


def end_all() -> None:
    """End every program that runs now, from whatever thread it was started: they come back as killed."""
    for process in tuple(_running):
        process.kill()


def _show(top: Path) -> None:
    """Let everyone read a file, or a directory and what is below. No link is followed."""
    _let_read(top, top.lstat(), None)
    if top.is_dir():
        for _, directories, files, descriptor in os.fwalk(top):
            for name in (*directories, *files):
                _let_read(name, os.stat(name, dir_fd=descriptor, follow_symlinks=False), descriptor)


def _let_read(name: Path | str, state: os.stat_result, descriptor: int | None) -> None:
    mode = stat.S_IMODE(state.st_mode)
    needed = 0o555 if stat.S_ISDIR(state.st_mode) or mode & 0o100 else 0o444
    if mode & needed != needed and not stat.S_ISLNK(state.st_mode):
        os.chmod(name, mode | needed, dir_fd=descriptor)


def _give(top: Path) -> None:
    """Give nobody a file, or a directory and what is below.

    A directory below that is nobody's has been given before, and is not looked into. Another program may be at work
    there: names are taken from open directories, and no link is followed.
    """
    os.chown(top, NOBODY, NOBODY)
    if not top.is_dir():
        return
    for _, directories, files, descriptor in os.fwalk(top):
        new = set()
        for name in (*directories, *files):
            with contextlib.suppress(FileNotFoundError):
                if os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_uid != NOBODY:
                    os.chown(name, NOBODY, NOBODY, dir_fd=descriptor, follow_symlinks=False)
                    new.add(name)
        directories[:] = [name for name in directories if name in new]


def _run(view: View, way: Way, stdin: bytes, seconds: float) -> Result:
    deadline = time.monotonic() + seconds
    with _in_memory(stdin) as given:
        room = _Room(view.write)
        with _started(view, way, given, subprocess.PIPE) as process:
            output, reason = _collect(process, deadline, seconds, room)
        code = process.wait()
    return Result(code if code >= 0 else 128 - code, *output, reason)


@contextlib.contextmanager
def _in_memory(content: bytes) -> Iterator[int]:
    """A descriptor to read ``content`` from; whoever gets it cannot write there."""
    descriptor = os.memfd_create("patcher", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        yield descriptor
    finally:
        os.close(descriptor)


class _Room:
    """How much the file systems of some paths have lost since the start, by whomever."""

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self._start = {path: os.statvfs(path) for path in paths if Path(path).exists()}

    def used_up(self) -> str:
        """What is used up, or ""."""
        for path, before in self._start.items():
            try:
                now = os.statvfs(path)
            except OSError:  # it was removed: the program will notice
                continue
            if before.f_bavail * before.f_frsize - now.f_bavail * now.f_frsize > DISK_BYTES:
                return f"the disk of {path} lost more than {DISK_BYTES} bytes meanwhile"
            if before.f_favail - now.f_favail > _FILES:
                return f"the disk of {path} lost room for more than {_FILES} files meanwhile"
        return ""


def _collect(
    process: subprocess.Popen[bytes], deadline: float, seconds: float, room: _Room
) -> tuple[tuple[bytes, bytes], str]:
    """What the process writes until its end, and why it must be ended before, if so."""
    assert process.stdout and process.stderr
    parts: dict[int, list[bytes]] = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    left = OUTPUT_BYTES
    with selectors.DefaultSelector() as selector:
        for descriptor in parts:
            selector.register(descriptor, selectors.EVENT_READ)
        reason, looked = "", time.monotonic()
        while not reason and (selector.get_map() or process.poll() is None):
            if selector.get_map():
                ready = selector.select(min(_TICK, max(0.0, deadline - time.monotonic())))
            else:  # it closed both
                ready = []
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(min(_TICK, max(0.0, deadline - time.monotonic())))
            for key, _ in ready:
                block = os.read(key.fd, 65536)
                if not block:
                    selector.unregister(key.fd)
                parts[key.fd].append(block)
                left -= len(block)
            now = time.monotonic()
            if left < 0:
                reason = f"it wrote more than {OUTPUT_BYTES} bytes"
            elif now > deadline and (selector.get_map() or process.poll() is None):
                reason = f"it took longer than {seconds:g} s"
            elif now - looked > _TICK:
                reason, looked = room.used_up(), now
    stdout, stderr = (b"".join(blocks) for blocks in parts.values())
    return (stdout, stderr), reason
