"""A view of the file system that holds a few paths and nothing else, for the calling process. See ``patcher.confine``.

For kernels that have no Landlock and let users make namespaces. Sources: unshare(2), user_namespaces(7),
mount_namespaces(7), pivot_root(2).
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC, _REMOUNT = 1, 2, 4, 8, 32
_BIND, _RECURSIVE, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_DETACH = 2  # umount2(2)
_CAPABILITIES_3 = 0x20080522  # capset(2)
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217, "i686": 217}
# What a mount already forbids must be said again, or the kernel refuses to make it read-only.
_KEPT = {os.ST_NOSUID: _NO_SUID, os.ST_NODEV: _NO_DEVICES, os.ST_NOEXEC: _NO_EXEC, os.ST_NOATIME: 1 << 10,
         os.ST_NODIRATIME: 1 << 11, os.ST_RELATIME: 1 << 21}  # fmt: skip
_AT = Path("/tmp")  # any directory will do: it is hidden for this process alone


class _Libc:
    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)

    def __call__(self, name: str, *args: object) -> None:
        if getattr(self._library, name)(*args) < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{name}: {os.strerror(code)}")


def see_only(read: Iterable[Path], write: Iterable[Path]) -> None:
    """Let this process see the paths, each at its own place, and no others, and no network: those of ``read`` cannot be
    changed. For a process with one thread.

    Raises OSError where the kernel does not allow it; the process is of no use then.
    """
    libc = _Libc()
    user, group = os.geteuid(), os.getegid()
    places = [(Path(os.path.realpath(path)), True) for path in read]
    places += [(Path(os.path.realpath(path)), False) for path in write]
    libc("unshare", ctypes.c_int(_NEW_USER | _NEW_MOUNTS | _NEW_NETWORK | _NEW_IPC))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(libc, "none", Path("/"), None, _RECURSIVE | _PRIVATE)
    _mount(libc, "tmpfs", _AT, "tmpfs", _NO_SUID | _NO_DEVICES)
    (_AT / "old").mkdir()
    _pivot(libc, _AT, _AT / "old")
    os.chdir("/")
    new = Path("/new")
    new.mkdir()
    for path, fixed in sorted(places, key=lambda each: len(each[0].parts)):
        _show(libc, Path("/old") / path.relative_to("/"), new / path.relative_to("/"), fixed)
    libc("umount2", b"/old", ctypes.c_int(_DETACH))
    _mount(libc, "none", Path("/"), None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)
    os.chroot(new)
    os.chdir("/")
    _drop(libc)


def _pivot(libc: _Libc, new: Path, old: Path) -> None:
    machine = os.uname().machine
    if machine not in _PIVOT_ROOT:
        raise OSError(0, f"pivot_root: not known on {machine}")
    libc("syscall", ctypes.c_long(_PIVOT_ROOT[machine]), os.fsencode(new), os.fsencode(old))


def _show(libc: _Libc, source: Path, target: Path, fixed: bool) -> None:
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISDIR(source.stat().st_mode):
            target.mkdir()
        else:
            target.touch()
    _mount(libc, str(source), target, None, _BIND)
    if fixed:
        has = os.statvfs(target).f_flag
        kept = sum(flag for shown, flag in _KEPT.items() if has & shown)
        _mount(libc, "none", target, None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | kept & ~_NO_SUID)


def _mount(libc: _Libc, source: str, target: Path, kind: str | None, flags: int) -> None:
    libc("mount", os.fsencode(source), os.fsencode(target), kind and kind.encode(), ctypes.c_ulong(flags), None)


def _drop(libc: _Libc) -> None:
    """Be nobody in the new namespace either: no capability is left."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    libc("capset", header, (ctypes.c_uint32 * 6)())
