"""The command that runs a program in a sandbox: bubblewrap, and around the program what bubblewrap does not do.

For an ordinary user, one bubblewrap does all of it in a user namespace. To root a user namespace alone is not enough:
the program would still be root to what the kernel decides by user id (files below ``/proc/sys``, how many processes
there may be). So as root the program becomes nobody, once the paths are mounted: bubblewrap → setpriv → a second
bubblewrap for the user namespace. Where root has no other id to become (itself in a user namespace that maps just
one), it is done as for an ordinary user; ``Way`` says which.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher import seccomp
from patcher.errors import InputError

NOBODY = 65534
TMP_BYTES = 2**30
_SHM_BYTES = 2**26
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime")
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LC_ALL": "C.UTF-8"}
_NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
_LIVES = ("--die-with-parent", "--new-session", "--cap-drop", "ALL")
_TO_CHANGE_ID = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")
_BECOME_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
    "--no-new-privs",
)  # fmt: skip
_FIRST_TO_GO = ("choom", "-n", "1000", "--")  # where memory runs out, the kernel ends these programs before others

# What tells of the machine, its memory and its keys. All of /proc is read-only besides.
_HIDDEN = (
    "acpi", "asound", "bus", "driver", "dynamic_debug", "fs", "interrupts", "iomem", "ioports", "irq", "kallsyms",
    "kcore", "key-users", "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats", "modules", "mtrr",
    "pagetypeinfo", "sched_debug", "scsi", "slabinfo", "sysrq-trigger", "timer_list", "timer_stats", "vmallocinfo",
)  # fmt: skip


class Way(NamedTuple):
    """``nobody``: the program runs as nobody, not as the user that we are. ``one_id``: we are root, but cannot."""

    nobody: bool
    one_id: bool


class View(NamedTuple):
    """What a program is shown: its arguments, paths to read and to write, where it starts, variables, and bounds."""

    argv: Sequence[str]
    read: Iterable[Path | str]
    write: Iterable[Path | str]
    cwd: Path | str | None
    env: Mapping[str, str]
    memory_bytes: int
    processes: int


@functools.cache
def options() -> frozenset[str]:
    """The options that the installed bubblewrap has."""
    done = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, timeout=20, check=False)
    return frozenset(word for word in (done.stdout + done.stderr).split() if word.startswith("--"))


def missing(way: Way) -> str:
    """The program that is not installed, of those that are needed; "" where all are there."""
    needed = ("bwrap", "prlimit", "setpriv") if way.nobody else ("bwrap", "prlimit")
    return next((program for program in needed if shutil.which(program) is None), "")


def gaps(way: Way) -> tuple[str, ...]:
    """What is not confined on this machine, though it could be: a sentence each."""
    found = []
    if "--size" not in options():
        found.append("bubblewrap is older than 0.7: /tmp of a program may fill the memory")
    if "--disable-userns" not in options():
        found.append("bubblewrap is older than 0.8: only the system call filter keeps programs from user namespaces")
    if seccomp.program(os.uname().machine) is None:
        found.append(f"no system call filter for {os.uname().machine}: keyrings and vsock can be reached")
    if way.one_id:
        found.append("root has no other user id here: the number of processes is not bounded")
    if shutil.which("choom") is None:
        found.append("choom is not installed: where memory runs out, any program may be ended first")
    return tuple(found)


def command(view: View, way: Way, filter_descriptor: int | None) -> list[str]:
    """The whole command. Raises InputError where a path does not exist.

    ``filter_descriptor`` is an inherited descriptor of the filter from ``seccomp``.
    """
    inner = ["--unshare-user"]
    if "--disable-userns" in options():
        inner.append("--disable-userns")
    last = [*_hidden(), "--remount-ro", "/proc", "--remount-ro", "/"]
    if filter_descriptor is not None:
        last += ["--seccomp", str(filter_descriptor)]
    chosen = ["--chdir", str(place(view.cwd)) if view.cwd is not None else "/tmp"]
    limits = [f"--as={view.memory_bytes}", f"--fsize={view.memory_bytes}", f"--nproc={view.processes}", "--core=0"]
    program = ["--", "prlimit", *limits, "--", *view.argv]
    outer = ["bwrap", *_NAMESPACES, *_LIVES]
    if shutil.which("choom"):
        outer[:0] = _FIRST_TO_GO
    if not way.nobody:
        return [*outer, *inner, *_mounts(view), *last, *chosen, *_variables(view), *program]
    second = ["bwrap", *inner, "--die-with-parent", "--dev-bind", "/", "/", *last, *chosen]
    return [*outer, *_TO_CHANGE_ID, *_mounts(view), *_variables(view), "--", *_BECOME_NOBODY, "--", *second, *program]


def _mounts(view: View) -> list[str]:
    found = []
    for name in _SYSTEM:
        if Path(name).is_symlink():  # merged /usr
            found += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).is_dir():
            found += ["--ro-bind", name, name]
    found += ["--perms", "0755", "--dir", "/etc"]
    for name in _SETTINGS:
        found += ["--ro-bind-try", name, name]
    found += ["--proc", "/proc", "--dev", "/dev", *_tmpfs("/dev/shm", _SHM_BYTES), "--remount-ro", "/dev"]
    found += _tmpfs("/tmp", TMP_BYTES)
    binds = {place(path): "--ro-bind" for path in view.read}
    binds.update((place(path), "--bind") for path in view.write)
    above = {parent for path in binds for parent in path.parents[:-1]}
    for path in sorted(above, key=lambda path: len(path.parts)):
        found += ["--perms", "0755", "--dir", str(path)]  # bubblewrap would make it for its own user alone
    for path, how in sorted(binds.items(), key=lambda bind: (len(bind[0].parts), bind[0])):
        found += [how, str(path.resolve()), str(path)]
    return found


def _tmpfs(where: str, size: int) -> list[str]:
    bounded = ["--size", str(size)] if "--size" in options() else []
    return ["--perms", "1777", *bounded, "--tmpfs", where]


def _hidden() -> list[str]:
    found = []
    for name in _HIDDEN:
        path = f"/proc/{name}"
        if Path(path).is_dir():
            found += ["--tmpfs", path, "--remount-ro", path]
        elif Path(path).exists():
            found += ["--ro-bind", "/dev/null", path]
    return found


def _variables(view: View) -> list[str]:
    found = ["--clearenv"]
    for name, value in {**_ENVIRONMENT, **view.env}.items():
        found += ["--setenv", name, value]
    return found


def place(path: Path | str) -> Path:
    """The absolute path, as it is named: a link stays one. Raises InputError where it does not exist."""
    found = Path(os.path.abspath(path))  # noqa: PTH100
    if not found.exists():
        raise InputError(f"{found} does not exist", "it was to be shown to a program in the sandbox")
    return found
