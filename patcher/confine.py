"""Take rights from a process, for good: with Landlock, resource limits and "no new privileges".

What is taken is taken from all that the process starts, too; nothing gives it back. It costs no other program and no
right of root's, so it is used where bubblewrap (``patcher.sandbox``) is too much: around libclang, which runs in
processes of ours, and before a program of a tree is loaded. Where the kernel has no Landlock, ``shut`` makes a view of
the file system of the process's own (``patcher.namespaces``). Sources: landlock(7), prctl(2), setrlimit(2), and
include/uapi/linux/landlock.h.

What Landlock leaves: a process still learns whether a path exists and what stat(2) says of it; descriptors that are
open stay open; UDP is not restricted. By version of its interface (ABI): truncate(2) is restricted from 3 (Linux 6.2),
TCP from 4 (6.7), ioctl(2) on devices from 5 (6.10), signals and abstract sockets of other processes from 6 (6.12).
"""

from __future__ import annotations

import ctypes
import errno
import functools
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from patcher import namespaces
from patcher.errors import InputError

Place = str | Path

VARIABLE = "PATCHER_TRUST_TREE"

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture but alpha
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIRECTORY = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE = 1 << 4 | 1 << 5  # directories, files
_MAKE_DEVICES = 1 << 6 | 1 << 11
_MAKE_FILES = 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12  # directories, files, sockets, FIFOs, links
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_READING = _READ_FILE | _READ_DIRECTORY
_WRITING = _READING | _WRITE_FILE | _REMOVE | _MAKE_FILES | _REFER | _TRUNCATE
_RUNNING = _READING | _EXECUTE
_ALL = (1 << 13) - 1  # of the first ABI
_SINCE = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEVICE}  # rights on files that came with a later one
_TCP, _TCP_SINCE = 1 << 0 | 1 << 1, 4  # bind, connect
_SCOPES, _SCOPES_SINCE = 1 << 0 | 1 << 1, 6  # abstract sockets, signals

_ROOT = str(Path(__file__).resolve().parent.parent)
_LAUNCH = f"import sys; sys.path.insert(0, {_ROOT!r}); from patcher import confine; confine.launch(sys.argv[1:])"
_FAILED, _CANNOT_RUN, _NOT_FOUND = 125, 126, 127  # as env(1) has them


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # what _pack_ means, which Python 3.14 wants spelled out
    _fields_ = (("allowed", ctypes.c_uint64), ("directory", ctypes.c_int32))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *args: object) -> int:
    result = int(_libc().syscall(ctypes.c_long(number), *args))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def version() -> int:
    """The version of this kernel's Landlock interface (ABI), 0 where it has none. Changes nothing."""
    try:
        return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


@functools.cache
def available() -> str | None:
    """Why ``files`` cannot be used here, or None where it can. Tried once, with a process that confines itself."""
    if version() == 0:
        return "this kernel has no Landlock (it came with Linux 5.13; see 'lsm=' in its command line)"
    with tempfile.NamedTemporaryFile(prefix="patcher-") as secret:
        tried = subprocess.run(
            command([sys.executable, "-I", "-S", "-c", f"open({secret.name!r})"], run=_python()),
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
    lines = tried.stderr.decode("utf-8", "replace").strip().splitlines()
    if lines and lines[-1].startswith("PermissionError"):
        return None
    return f"Landlock does not work here ({lines[-1] if lines else f'exit status {tried.returncode}'})"


def _python() -> tuple[str, ...]:
    """Where this interpreter and its library are."""
    system = ("/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
    own = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, os.path.realpath(sys.executable))
    return tuple(place for place in dict.fromkeys((*system, *own)) if Path(place).exists())


def _namespaces() -> str | None:
    """Why ``namespaces.see_only`` cannot be used here, or None where it can. Tried out with a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        message = b"it failed"
        try:
            namespaces.see_only((), ())
            message = b"more is seen than was shown" if any(Path("/").iterdir()) else b""
        except OSError as error:
            message = str(error.strerror).encode()
        finally:
            os.write(writing, message)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        message = answer.read()
    os.waitpid(child, 0)
    return message.decode("utf-8", "replace") or None


class Way(StrEnum):
    """What a process is confined with, in the order of preference."""

    LANDLOCK = "landlock"
    NAMESPACES = "namespaces"
    NONE = "none"


@functools.cache
def best() -> tuple[Way, str]:
    """The best way that this machine has, and why there is none. Tried once."""
    if version() > 0:
        return Way.LANDLOCK, ""
    if (why := _namespaces()) is None:
        return Way.NAMESPACES, ""
    return Way.NONE, f"the kernel has no Landlock, and no namespaces for this user ({why})"


def way() -> Way:
    """What ``shut`` confines a process with.

    Raises InputError where this machine has nothing for it, unless ``$PATCHER_TRUST_TREE`` is ``1``.
    """
    found, why = best()
    if found is Way.NONE and os.environ.get(VARIABLE) != "1":
        raise InputError(
            f"a file of a tree could read any other through libclang: it cannot be confined here, as {why}",
            f"set {VARIABLE}=1 for a tree that you trust",
        )
    return found


def shut(read: Iterable[Path], write: Iterable[Path] = ()) -> None:
    """Let this process read what is below ``read``, read and write what is below ``write``, and open nothing else, in
    the way that ``way`` tells. It cannot run programs. For a process with one thread, which ends soon.

    Raises InputError where that fails.
    """
    chosen = way()
    if chosen is Way.LANDLOCK:
        files(read=read, write=write)
    elif chosen is Way.NAMESPACES:
        try:
            namespaces.see_only(read, write)
        except OSError as error:
            raise InputError(f"this process cannot be confined with namespaces ({error.strerror})") from error
        no_new_privileges()


def no_new_privileges() -> None:
    """Let no program that is run from now on gain a right by its owner or its capabilities."""
    one, zero = ctypes.c_ulong(1), ctypes.c_ulong(0)
    if _libc().prctl(_PR_SET_NO_NEW_PRIVS, one, zero, zero, zero) != 0:
        raise InputError(f"this process cannot be confined (prctl: {os.strerror(ctypes.get_errno())})")


def files(read: Iterable[Place] = (), write: Iterable[Place] = (), run: Iterable[Place] = ()) -> None:
    """Let this process open, list, make and run nothing but what is given, and use neither TCP nor, outside of itself,
    signals and abstract sockets where the kernel's Landlock knows them.

    For the calling thread and what it starts: call it before there are other threads.

    Arguments:
        read: files, and directories with all below them, that can be read
        write: likewise, and what is below can be made, written and removed
        run: likewise, and run (a program needs its libraries and its loader, too); what is there can be read

    A symbolic link is followed now, and later counts as what it leads to. Raises InputError where the kernel has no
    Landlock or a path does not exist; the process is as it was then.
    """
    abi = version()
    if abi == 0:
        raise InputError("this process cannot be confined", "this kernel has no Landlock")
    handled = _ALL | sum(rights for since, rights in _SINCE.items() if abi >= since)
    ruleset = _Ruleset(handled, _TCP if abi >= _TCP_SINCE else 0, _SCOPES if abi >= _SCOPES_SINCE else 0)
    size = 24 if abi >= _SCOPES_SINCE else 16 if abi >= _TCP_SINCE else 8
    opened = -1
    try:
        opened = _syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0))
        for places, rights in ((read, _READING), (write, _WRITING), (run, _RUNNING)):
            for place in places:
                _allow(opened, place, rights & handled)
        no_new_privileges()
        _syscall(_RESTRICT_SELF, ctypes.c_int(opened), ctypes.c_uint32(0))
    except OSError as error:
        where = f" for {error.filename}" if error.filename else ""
        raise InputError(f"this process cannot be confined with Landlock{where} ({error.strerror})") from error
    finally:
        if opened >= 0:
            os.close(opened)


def _allow(ruleset: int, place: Place, rights: int) -> None:
    descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_A_FILE
        rule = _Beneath(rights, descriptor)
        _syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def limit(
    *,
    memory_bytes: int | None = None,
    file_bytes: int | None = None,
    processes: int | None = None,
    cpu_seconds: int | None = None,
) -> None:
    """Bound what this process, and each that it starts, may use; none of them can raise it again, and none leaves a
    core file.

    Arguments:
        memory_bytes: of address space
        file_bytes: size of each file it writes
        processes: that its user may have at once (Linux does not hold root to it)
        cpu_seconds: of processor time; SIGXCPU ends it then, SIGKILL a second later
    """
    bounds = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_CORE: 0,
    }
    for what, bound in bounds.items():
        if bound is not None:
            bound = _lower(bound, resource.getrlimit(what)[1])
            resource.setrlimit(what, (bound, bound))
    if cpu_seconds is not None:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (_lower(cpu_seconds, hard), _lower(cpu_seconds + 1, hard)))


def _lower(bound: int, hard: int) -> int:
    return bound if hard == resource.RLIM_INFINITY else min(bound, hard)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process at the death of the *thread* that started it.

    Arguments:
        parent: the process that thread is of; where it is dead already, this one ends now
    """
    _libc().prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(_FAILED)


def command(
    argv: Sequence[str],
    *,
    read: Iterable[Place] = (),
    write: Iterable[Place] = (),
    run: Iterable[Place] = (),
    memory_bytes: int | None = None,
    file_bytes: int | None = None,
    processes: int | None = None,
    cpu_seconds: int | None = None,
) -> list[str]:
    """The command that runs ``argv`` confined: a process that takes these rights from itself (see ``files`` and
    ``limit``) and becomes the program. Nothing has to be run between fork and exec, which threads do not allow.

    The program is named by its path. Exit status 125: it could not be confined (stderr says why); 126, 127: it could
    not be run, or is not there. Descriptors that are passed on stay open.
    """
    rights = {"read": [*map(str, read)], "write": [*map(str, write)], "run": [*map(str, run)]}
    limits = {
        "memory_bytes": memory_bytes, "file_bytes": file_bytes, "processes": processes, "cpu_seconds": cpu_seconds,
    }  # fmt: skip
    return [sys.executable, "-I", "-S", "-c", _LAUNCH, json.dumps(rights), json.dumps(limits), *argv]


def launch(args: Sequence[str]) -> None:
    """What runs in that process. Does not return."""
    rights, limits, *argv = args
    try:
        limit(**json.loads(limits))
        files(**json.loads(rights))
        os.execv(argv[0], argv)
    except (InputError, OSError, ValueError) as error:
        sys.stderr.write(f"{argv[0]}: {error}\n")
        sys.stderr.flush()
        missing = isinstance(error, OSError) and error.errno == errno.ENOENT
        os._exit(_NOT_FOUND if missing else _CANNOT_RUN if isinstance(error, OSError) else _FAILED)
