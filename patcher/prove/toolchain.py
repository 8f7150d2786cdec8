"""The compiler: whether there is one, for which word sizes, and calls of it.

What compiles, links or reads a tree's code runs confined (``run_confined``): a compiler that is fed with hostile code
opens whatever file that code names, and takes all the memory and time there is.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import resource
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from patcher import confine, sandbox, temporary
from patcher.errors import InputError

_TOOLS = ("gcc", "nm", "objcopy", "objdump", "addr2line")
_SECONDS = 60  # of the clock, for each file of a program, and for linking it; a kernel's file takes less than one
_MEMORY_BYTES, _FILE_BYTES = 2 * 2**30, 256 * 2**20
_ROOM_BYTES = 4 * 2**20  # more than the files of a program that is built
_DESCRIPTORS = 32  # that compiler and linker need at once, and more
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc/alternatives",
           "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")  # fmt: skip
_ERRORS = ("error:", "Error:", "undefined", "multiple definition", "out of memory")


class CompilerError(Exception):
    """The compiler refused a file, or the linker the program: its first error line."""


@functools.cache
def identity() -> str:
    """The compiler's version line. Raises InputError where there is no compiler."""
    for tool in _TOOLS:
        if not shutil.which(tool):
            package = "gcc" if tool == "gcc" else "binutils"
            raise InputError(f"{tool} was not found", f"prove compiles the tree's code; install the package {package}")
    return run(["gcc", "--version"]).partition("\n")[0]


@functools.cache
def missing(bits: int) -> str:
    """Why this machine cannot build or run a program of 32 or 64 bits, or ""."""
    identity()
    with temporary.directory("prove") as directory:
        source = directory / "try.S"
        source.write_text(_TRY)
        try:
            run(["gcc", f"-m{bits}", "-nostdlib", "-static", "-o", f"{directory}/try", str(source)])
        except CompilerError as error:
            return f"gcc cannot build for {bits} bits ({error}); install the package gcc-multilib"
        try:
            done = subprocess.run([f"{directory}/try"], check=False, timeout=10)
        except OSError as error:
            return f"this machine does not run {bits}-bit programs ({error.strerror})"
        return "" if done.returncode == 42 else f"this machine does not run {bits}-bit programs"


_TRY = """
	.globl _start
_start:
#ifdef __x86_64__
	mov $60, %eax
	mov $42, %edi
	syscall
#else
	mov $1, %eax
	mov $42, %ebx
	int $0x80
#endif
	.section .note.GNU-stack, "", @progbits
"""


@functools.cache
def confinement() -> str:
    """By what the compiler is confined here, in words. Raises InputError where nothing can confine it."""
    without = sandbox.available()
    if without is None:
        return "bubblewrap"
    if confine.available() is None:
        return f"Landlock ({without})"
    raise InputError(
        f"the tree's code cannot be compiled: nothing here confines the compiler ({without}; {confine.available()})",
        "install bubblewrap and util-linux, or use a kernel with Landlock (Linux 5.13)",
    )


def run(command: Sequence[str]) -> str:
    """What a tool prints that reads nothing but what is ours.

    Raises CompilerError with its first error, and OSError where TMPDIR is full or descriptors are few.
    """
    with (
        temporary.directory("prove") as directory,  # where a compiler that is killed leaves what it was at
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        code = _wait(command, out.fileno(), err.fileno(), {**os.environ, "TMPDIR": str(directory)})
        _check_room(code, Path(tempfile.gettempdir()))
        return _ended(command[0], code, _text(out), _text(err))


def run_confined(commands: Sequence[Sequence[str]], *, read: Iterable[Path] = (), write: Path) -> str:
    """Run commands one after the other, until one fails; what they print.

    They, and what they start, see nothing but the system's programs and headers, ``read`` and ``write``; they have no
    network, 2 GiB of memory each, no file of more than 256 MiB, and 60 seconds of the clock a call. What is left of
    them then is killed. The working directory is ``write``.

    Raises CompilerError with the first error, InputError where nothing here can confine them, and OSError where there
    was no room for what they write.
    """
    script = "set -e\n" + "\n".join(shlex.join(command) for command in commands)
    if confinement() == "bubblewrap":
        ran = sandbox.run(
            ["sh", "-c", script], read=[*read], write=[write], cwd=write, seconds=_SECONDS, memory_bytes=_MEMORY_BYTES,
        )  # fmt: skip
        if ran.reason:
            raise CompilerError(f"the compiler was ended: {ran.reason}")
        _check_room(ran.code, write)
        return _ended("the compiler", ran.code, *(each.decode("utf-8", "replace") for each in (ran.stdout, ran.stderr)))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = confine.command(
            [shutil.which("sh") or "/bin/sh", "-c", f"cd {shlex.quote(str(write))}\n{script}"],
            read=[*read, "/dev/null"], write=[write], run=[path for path in _SYSTEM if Path(path).exists()],
            memory_bytes=_MEMORY_BYTES, file_bytes=_FILE_BYTES, cpu_seconds=_SECONDS,
        )  # fmt: skip
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(write), "LC_ALL": "C.UTF-8"}
        code = _wait(command, out.fileno(), err.fileno(), environment)
        _check_room(code, write)
        return _ended("the compiler", code, _text(out), _text(err))


def _wait(command: Sequence[str], out: int, err: int, environment: dict[str, str] | None = None) -> int:
    """Run in a session of its own, which is killed as a whole at the end."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True
    ) as process:
        try:
            return process.wait(_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise CompilerError(f"{Path(command[0]).name} took more than {_SECONDS} seconds") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _check_room(code: int, directory: Path) -> None:
    """Raises OSError where a tool failed in a directory that is full, so that it may not even have had room to say so,
    or with fewer descriptors than compiler and linker need."""
    room = os.statvfs(directory)
    if code and room.f_bavail * room.f_frsize < _ROOM_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
    if code and resource.getrlimit(resource.RLIMIT_NOFILE)[0] < _DESCRIPTORS:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(sandbox.OUTPUT_BYTES).decode("utf-8", "replace")


def _ended(who: str, code: int, out: str, err: str) -> str:
    if code:
        lines = [line for line in err.splitlines() if not line.startswith("collect2:")]
        errors = [line for line in lines if any(each in line for each in _ERRORS)]
        first = errors[0] if errors else (lines or [f"{who} ended with {code}, without a reason"])[0]
        raise CompilerError(first)
    return out
