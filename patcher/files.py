"""How every file is opened for reading: those of a tree, of a build, of the configuration, and those the user names.

A file of a tree can be anything: a FIFO at which the reader waits for ever, a device whose very opening does
something, a link to the user's own files, a terabyte of zeros. So nothing is opened before it is known to be a regular
file, and no more is read than was agreed. What is known is known of the descriptor, not of the name, which could stand
for something else a moment later.
"""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from patcher.errors import InputError

SMALL = 2**20  # bytes of what a person writes: configuration, rules, messages
LARGE = 64 * 2**20  # bytes of a file of a tree or of a build
HUGE = 2**28  # bytes of what a program writes: compile_commands.json, reports, patches that are read at once
STREAM = 2**32  # bytes of mail that is read one by one
ENTRIES = 2_000_000  # files and directories below a directory
WRITER_SECONDS = 10.0  # how long somebody may take to open the other end of a FIFO

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device", stat.S_IFLNK: "a symbolic link",
}  # fmt: skip


def read_file(
    path: Path, *, most: int = LARGE, below: Path | None = None, pipe: bool = False, advice: str = ""
) -> bytes:
    """The content of a regular file.

    Arguments:
        most: bytes it may have
        below: a directory that symbolic links must not lead out of
        pipe: whether it may be a FIFO: where the user named it, as the shell's ``<(…)`` does
        advice: what an error says that the user can do

    Raises InputError where it cannot be read, is anything else, leads elsewhere, or is larger.
    """
    try:
        with open_file(path, most=most, below=below, pipe=pipe, advice=advice) as stream:
            return stream.read()
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})", advice) from error


def read_text(path: Path, *, most: int = SMALL, below: Path | None = None, pipe: bool = False, advice: str = "") -> str:
    """The text of a regular file in UTF-8; see ``read_file``. Raises InputError for another encoding, too."""
    content = read_file(path, most=most, below=below, pipe=pipe, advice=advice)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not in UTF-8 ({error.reason} at byte {error.start})", advice) from error


def read_optional(path: Path, *, most: int = LARGE, below: Path | None = None, advice: str = "") -> bytes | None:
    """The content of a file that need not be there (then None); see ``read_file``. What is there must be a file."""
    return read_file(path, most=most, below=below, advice=advice) if present(path) else None


def present(path: Path) -> bool:
    """Whether something has that name, whatever it is: also a link to nothing. False where one may not look."""
    try:
        os.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def home() -> Path:
    """The user's home directory. Raises InputError where there is none."""
    try:
        found = Path.home()
    except RuntimeError as error:
        raise InputError("there is no home directory to keep things in", "set HOME") from error
    if not found.is_absolute():
        raise InputError(f"HOME is {str(found)!r}", "set it to the path of a directory")
    return found


def exists(path: Path) -> bool:
    """Whether there is something behind a name. False, too, where one may not look, or no file can have the name."""
    return os.path.exists(path)  # noqa: PTH110 - pathlib's raises for a name that is too long


def is_directory(path: Path) -> bool:
    """Whether there is a directory behind a name; see ``exists``."""
    return os.path.isdir(path)  # noqa: PTH112


def open_file(
    path: Path, *, most: int = STREAM, below: Path | None = None, pipe: bool = False, advice: str = ""
) -> BinaryIO:
    """A regular file as a stream; see ``read_file``. Reading beyond ``most`` raises InputError."""
    found = -1
    try:
        found = os.open(path, os.O_PATH | os.O_CLOEXEC)
        kind = stat.S_IFMT(os.fstat(found).st_mode)
        if kind != stat.S_IFREG and not (pipe and kind == stat.S_IFIFO):
            raise InputError(f"cannot read {path}: it is {_KINDS.get(kind, 'something else')}, not a file", advice)
        if below is not None:
            _check_below(found, path, below)
        return _stream(_reopen(found, path), str(path), most, advice)
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})", advice) from error
    except ValueError as error:  # a name with a NUL, or with what the locale cannot spell
        raise InputError(f"cannot read {path}: that is no name of a file", advice) from error
    finally:
        if found >= 0:
            os.close(found)


def standard_input(*, most: int = STREAM) -> BinaryIO:
    """Standard input as a stream, whatever it is connected to. Reading beyond ``most`` raises InputError, and so does
    one that was closed."""
    try:
        descriptor = os.dup(sys.stdin.fileno() if sys.stdin is not None else 0)
        if sys.stdin is None or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise InputError("cannot read standard input: it is closed or a directory", "name a file")
    except (OSError, ValueError) as error:
        raise InputError("cannot read standard input: it is closed", "name a file") from error
    return io.BufferedReader(_Bounded(descriptor, "standard input", most, "", pipe=True, wait=False), 2**16)


def files_below(
    directory: Path, ending: str = "", *, below: Path | None = None, most: int = ENTRIES,
    other: Callable[[str], None] | None = None,
) -> Iterator[Path]:  # fmt: skip
    """As ``names_below``: each file as a path."""
    return map(Path, names_below(directory, ending, below=below, most=most, other=other))


def names_below(
    directory: Path, ending: str = "", *, below: Path | None = None, most: int = ENTRIES,
    other: Callable[[str], None] | None = None,
) -> Iterator[str]:  # fmt: skip
    """Every regular file below a directory whose name has the ending, sorted within a directory.

    Symbolic links are not followed, ``.git`` is left out. ``other`` is told of all that is neither file nor directory.
    Raises InputError where a directory cannot be read, holds
    more than ``most`` entries in all, or is not itself below ``below``.
    """
    if below is not None:
        _check_directory(directory, below)
    seen = 0
    waiting = [str(directory)]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                found = []
                for entry in entries:
                    seen += 1
                    if seen > most:
                        raise InputError(f"{directory} holds more than {most} files", "name a kernel tree")
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != ".git":
                            waiting.append(entry.path)
                    elif entry.name.endswith(ending) and entry.is_file(follow_symlinks=False):
                        found.append(entry.path)
                    elif other and not entry.is_file(follow_symlinks=False):
                        other(entry.path)
        except OSError as error:
            raise InputError(f"cannot read {place} ({error.strerror})") from error
        yield from sorted(found)


def files_in(directory: Path, endings: tuple[str, ...] = ("",)) -> list[Path]:
    """The files of a directory whose names have one of the endings, sorted; directories in it are passed over.

    Raises InputError where the directory cannot be read, or one of them is no file or leads out of it.
    """
    try:
        found = sorted(each for each in directory.iterdir() if each.name.endswith(endings) and not each.is_dir())
    except OSError as error:
        raise InputError(f"cannot read {directory} ({error.strerror})") from error
    for each in found:
        open_file(each, below=directory).close()
    return found


def _check_directory(directory: Path, below: Path) -> None:
    try:
        found = os.open(directory, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"cannot read {directory} ({error.strerror})") from error
    try:
        _check_below(found, directory, below)
    finally:
        os.close(found)


def _check_below(descriptor: int, path: Path, below: Path) -> None:
    """Raises InputError where what was opened is not below the directory, whichever links led to it."""
    top = os.path.realpath(below)
    try:
        there = str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except FileNotFoundError as error:
        raise InputError(f"cannot tell where {path} leads to", "mount /proc") from error
    if not there.startswith(f"{top.rstrip('/')}/"):
        raise InputError(f"cannot read {path}: it leads out of {below}", "put the file itself there, not a link to it")


def _reopen(descriptor: int, path: Path) -> int:
    """Open for reading what ``descriptor`` (O_PATH) stands for, and nothing else."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", _FLAGS)
    except FileNotFoundError:  # no /proc
        opened = os.open(path, _FLAGS)
        if not os.path.sameopenfile(descriptor, opened):
            os.close(opened)
            raise OSError(errno.ESTALE, "it changed while it was opened") from None
        return opened


def _stream(descriptor: int, name: str, most: int, advice: str) -> BinaryIO:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size > most:
        os.close(descriptor)
        raise _too_large(name, most, advice)
    pipe = stat.S_ISFIFO(status.st_mode)
    return io.BufferedReader(_Bounded(descriptor, name, most, advice, pipe=pipe, wait=pipe), 2**16)


def _too_large(name: str, most: int, advice: str) -> InputError:
    shown = f"{most // 2**20} MiB" if most >= 2**20 else f"{most} bytes"
    return InputError(f"cannot read {name}: it has more than {shown}", advice)


class _Bounded(io.RawIOBase):
    """A descriptor that gives no more than so many bytes. ``pipe``: there may be nothing to read yet; ``wait``: nobody
    may have opened its other end yet."""

    def __init__(self, descriptor: int, name: str, most: int, advice: str, *, pipe: bool, wait: bool) -> None:
        self._descriptor = descriptor
        self._name = name
        self._most = most
        self._left = most
        self._advice = advice
        self._pipe = pipe
        self._wait = wait

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        got = self._read(len(buffer))
        self._left -= len(got)
        if self._left < 0:
            raise _too_large(self._name, self._most, self._advice)
        buffer[: len(got)] = got
        return len(got)

    def _read(self, size: int) -> bytes:
        while True:
            try:
                got = os.read(self._descriptor, size)
            except BlockingIOError as error:
                if not self._pipe:  # such as /proc/kmsg, which says that it is a file
                    raise InputError(f"cannot read {self._name}: it waits for something", self._advice) from error
                self._wait = False  # there is a writer, who takes their time
                select.select([self._descriptor], [], [])
                continue
            if got or not self._wait:
                return got
            watched = select.poll()
            watched.register(self._descriptor, select.POLLIN)
            if not watched.poll(WRITER_SECONDS * 1000):
                raise InputError(f"cannot read {self._name}: nobody writes to this FIFO", self._advice)
            self._wait = False

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
