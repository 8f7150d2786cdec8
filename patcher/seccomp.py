"""A seccomp filter for programs that are not trusted, as the bytes that bubblewrap takes.

It refuses what no build needs: what is not confined by namespaces (keyrings, vsock, System V memory, which no limit
counts), what makes namespaces, and parts of the kernel where faults are often found. Everything else is allowed.
The numbers are those of the kernel's own tables (arch/x86/entry/syscalls), which never change.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping

# linux/filter.h, linux/seccomp.h, linux/audit.h
_LOAD, _JUMP, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; low halves of the arguments
_X86_64, _I386, _X32 = 0xC000003E, 0x40000003, 0x40000000

_NEW_NAMESPACE = 0x7E020000  # every CLONE_NEW… that clone() takes
_TTY = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into a terminal
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: those a network namespace holds

# name: (x86_64, i386)
_REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    "acct": (163, 51),
    "add_key": (248, 286),
    "adjtimex": (159, 124),
    "bpf": (321, 357),
    "clock_adjtime": (305, 343),
    "clock_adjtime64": (None, 405),
    "clock_settime": (227, 264),
    "clock_settime64": (None, 404),
    "delete_module": (176, 129),
    "fanotify_init": (300, 338),
    "finit_module": (313, 350),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 128),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, 101),
    "iopl": (172, 110),
    "ipc": (None, 117),
    "kcmp": (312, 349),
    "kexec_file_load": (320, None),
    "kexec_load": (246, 283),
    "keyctl": (250, 288),
    "lookup_dcookie": (212, 253),
    "modify_ldt": (154, 123),
    "mount": (165, 21),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "msgget": (68, 399),
    "open_by_handle_at": (304, 342),
    "open_tree": (428, 428),
    "perf_event_open": (298, 336),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 217),
    "process_vm_readv": (310, 347),
    "process_vm_writev": (311, 348),
    "ptrace": (101, 26),
    "quotactl": (179, 131),
    "quotactl_fd": (443, 443),
    "reboot": (169, 88),
    "request_key": (249, 287),
    "semget": (64, 393),
    "setdomainname": (171, 121),
    "sethostname": (170, 74),
    "setns": (308, 346),
    "settimeofday": (164, 79),
    "shmget": (29, 395),
    "socketcall": (None, 102),
    "swapoff": (168, 115),
    "swapon": (167, 87),
    "syslog": (103, 103),
    "umount": (None, 22),
    "umount2": (166, 52),
    "unshare": (272, 310),
    "uselib": (134, 86),
    "userfaultfd": (323, 374),
    "vm86": (None, 166),
    "vm86old": (None, 113),
}
_CLONE, _CLONE3, _IOCTL, _SOCKET = (56, 120), 435, (16, 54), (41, 359)


def program(machine: str) -> bytes | None:
    """The filter for a machine as uname(2) names it, or None where its system calls are not known here."""
    if machine != "x86_64":
        return None
    wide, narrow = list(_calls(0)), list(_calls(1))
    jumps = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, _X86_64, 3, 0),
        _step(_EQUAL, _I386, 1, 0),
        _refuse(errno.ENOSYS),
        _step(_JUMP, len(wide)),  # to the calls of i386
    ]
    return b"".join([*jumps, *wide, *narrow])


def _calls(abi: int) -> Iterator[bytes]:
    """The steps for one ABI: 0 for x86_64, 1 for i386."""
    yield _step(_LOAD, _NUMBER)
    if abi == 0:
        yield from (_step(_ANY_BIT, _X32, 0, 1), _refuse(errno.ENOSYS))
    for numbers in _REFUSED.values():
        if (number := numbers[abi]) is not None:
            yield from (_step(_EQUAL, number, 0, 1), _refuse(errno.EPERM))
    yield from (_step(_EQUAL, _CLONE3, 0, 1), _refuse(errno.ENOSYS))  # its flags are in memory; libc goes on to clone
    yield from _unless(_CLONE[abi], [_step(_LOAD, _FIRST), _step(_ANY_BIT, _NEW_NAMESPACE, 0, 1)])
    yield from _unless(_IOCTL[abi], [_step(_LOAD, _SECOND), _step(_EQUAL, _TTY[0], 1, 0), _step(_EQUAL, _TTY[1], 0, 1)])
    known = [_step(_EQUAL, family, len(_FAMILIES) - at, 0) for at, family in enumerate(_FAMILIES)]
    yield from _unless(_SOCKET[abi], [_step(_LOAD, _FIRST), *known])
    yield _step(_RETURN, _ALLOW)


def _unless(number: int, steps: list[bytes]) -> Iterator[bytes]:
    """Refuse one call, unless the steps jump over the next one; any other call goes on."""
    yield _step(_EQUAL, number, 0, len(steps) + 2)
    yield from (*steps, _refuse(errno.EPERM), _step(_RETURN, _ALLOW))


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERROR | error)


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)
