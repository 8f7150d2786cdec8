"""The headers a kernel build generates, made from the tree's own text. Nothing of the tree is executed.

Each maker gets the tree and a header's name as it stands in ``#include`` and answers with its content, or None.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable

from patcher.tree.kernel import KernelTree, version

Maker = Callable[[KernelTree, str], bytes | None]
_HZ = re.compile(rb"^#define CONFIG_HZ ([1-9][0-9]{0,5})(?![0-9])", re.MULTILINE)

_WRAPPER = re.compile(rb"^[ \t]*(?:generic-y|mandatory-y)[ \t]*\+?=[ \t]*(.*)$", re.MULTILINE)
_SYSCALL = re.compile(r"^([0-9]{1,9})\s+(\w+)\s+(\w+)(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+noreturn)?\s*$")
_HYPERCALL = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+__HYPERVISOR_([a-z]\w*)[ \t]+(\w+)", re.MULTILINE)

# Which file of the tree a header of constants is computed from (see patcher.source.constants).
CONSTANTS = {
    "generated/bounds.h": "kernel/bounds.c",
    "linux/bounds.h": "kernel/bounds.c",  # up to 2.6.32
    "generated/asm-offsets.h": "arch/x86/kernel/asm-offsets.c",
    "asm/asm-offsets.h": "arch/x86/kernel/asm-offsets.c",  # likewise
    "generated/rq-offsets.h": "kernel/sched/rq-offsets.c",
}
_TABLES = {  # header → table, ABIs, prefix
    "asm/unistd_32.h": ("syscall_32.tbl", ("i386",), ""),
    "asm/unistd_64.h": ("syscall_64.tbl", ("common", "64"), ""),
    "asm/unistd_x32.h": ("syscall_64.tbl", ("common", "x32"), ""),
    "asm/unistd_32_ia32.h": ("syscall_32.tbl", ("i386",), "ia32_"),
    "asm/unistd_64_x32.h": ("syscall_64.tbl", ("x32",), "x32_"),
}
# What a build leaves in a tree, and what some trees were committed with: it is made anew, for the configuration asked.
_LEFT = ("include/generated/", "include/config/", "arch/x86/include/generated/")
_LEFT_FILES = frozenset(
    ("include/linux/autoconf.h", "include/linux/version.h", "include/linux/compile.h", "include/linux/utsrelease.h",
     "include/linux/bounds.h")
)  # fmt: skip
_STUBS = {"asm/syscalls_32.h": "asm/unistd_32.h", "asm/syscalls_64.h": "asm/unistd_64.h"}


def left_by_a_build(path: str) -> bool:
    """Whether a file is no source of a kernel, but what a build of it has made."""
    return path.startswith(_LEFT) or path in _LEFT_FILES


def make(tree: KernelTree, name: str, autoconf: bytes) -> bytes | None:
    """The content of the generated header ``name``, or None if nobody here knows how to make it.

    ``autoconf`` is the text of ``generated/autoconf.h``.
    """
    if name == "linux/autoconf.h":  # its place up to 2.6.32
        return autoconf
    if name == "generated/timeconst.h":
        ticks = _HZ.search(autoconf)
        return time_constants(int(ticks.group(1))) if ticks else None
    for maker in (_release, _system_calls, _entry_points, _hypercalls, _wrapper, _fixed):
        content = maker(tree, name)
        if content is not None:
            return content
    return None


def time_constants(hz: int) -> bytes:
    """``generated/timeconst.h``: jiffies (``hz`` a second) to ms, us, ns and back as multiply, add, shift.

    As kernel/time/timeconst.bc says it: the multiplier is rounded up and fills 32 bits.
    """
    lines = []
    for unit, rate in (("MSEC", 1000), ("USEC", 1_000_000), ("NSEC", 1_000_000_000)):
        common = math.gcd(hz, rate)
        for name, top, bottom in (
            (f"HZ_TO_{unit}", rate // common, hz // common),
            (f"{unit}_TO_HZ", hz // common, rate // common),
        ):
            shift = 31 + (bottom // top).bit_length()
            while -(-(top << shift) // bottom) >= 1 << 32:
                shift -= 1
            multiplier = -(-(top << shift) // bottom)
            adjust = ((1 << shift) * (bottom - 1)) // bottom
            lines += [
                f"{name}_MUL32 U64_C({multiplier:#x})",
                f"{name}_ADJ32 U64_C({adjust:#x})",
                f"{name}_SHR32 {shift}",
            ]
            lines += [f"{name}_NUM {top}", f"{name}_DEN {bottom}"]
    return "".join(f"#define {line}\n" for line in lines).encode()


def _release(tree: KernelTree, name: str) -> bytes | None:
    if name == "generated/utsrelease.h":
        return f'#define UTS_RELEASE "{version(tree)}"\n'.encode()
    if name == "linux/version.h":
        numbers = [*(int(part) for part in re.findall(r"[0-9]{1,9}", version(tree))[:3]), 0, 0][:3]
        code = (numbers[0] << 16) + (numbers[1] << 8) + min(numbers[2], 255)
        macro = "#define KERNEL_VERSION(a,b,c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n"
        parts = zip(("MAJOR", "PATCHLEVEL", "SUBLEVEL"), numbers, strict=True)
        lines = [f"#define LINUX_VERSION_{part} {number}\n" for part, number in parts]
        return f"#define LINUX_VERSION_CODE {code}\n{macro}{''.join(lines)}".encode()
    if name == "generated/compile.h":
        return (
            b'#define UTS_MACHINE "x86"\n#define UTS_VERSION "#1"\n#define LINUX_COMPILE_BY "patcher"\n'
            b'#define LINUX_COMPILE_HOST "patcher"\n#define LINUX_COMPILER "patcher"\n'
        )
    return None


def _rows(tree: KernelTree, table: str) -> list[tuple[str, ...]]:
    for place in ("arch/x86/entry/syscalls", "arch/x86/syscalls"):
        path = f"{place}/{table}"
        if content := tree.read([path]).get(path):
            lines = content.decode("utf-8", "replace").splitlines()
            return [match.groups("") for match in map(_SYSCALL.match, lines) if match]
    return []


def _system_calls(tree: KernelTree, name: str) -> bytes | None:
    if name not in _TABLES:
        return None
    table, abis, prefix = _TABLES[name]
    rows = [row for row in _rows(tree, table) if row[1] in abis]
    offset = "__X32_SYSCALL_BIT + " if abis == ("common", "x32") else ""
    lines = [f"#define __NR_{prefix}{row[2]} ({offset}{row[0]})\n" for row in rows]
    top = 1 + max((int(row[0]) for row in rows), default=-1)
    return "".join([*lines, f"#define __NR_{prefix}syscalls {top}\n"]).encode() if rows else None


def _entry_points(tree: KernelTree, name: str) -> bytes | None:
    if name not in _STUBS:
        return None
    table, abis, _ = _TABLES[_STUBS[name]]
    rows = [row for row in _rows(tree, table) if row[1] in abis]
    calls = [
        f"__SYSCALL_WITH_COMPAT({row[0]}, {row[3]}, {row[4]})\n"
        if row[4] not in ("", "-")
        else f"__SYSCALL({row[0]}, {row[3] or 'sys_ni_syscall'})\n"
        for row in rows
    ]
    return "".join(calls).encode() if rows else None


def _hypercalls(tree: KernelTree, name: str) -> bytes | None:
    if name != "asm/xen-hypercalls.h":
        return None
    headers = [
        path
        for path in tree.paths()
        if path.startswith(("include/xen/interface/", "arch/x86/include/asm/xen/interface")) and path.endswith(".h")
    ]
    names = {call.decode() for content in tree.read(headers).values() for call, _ in _HYPERCALL.findall(content)}
    return "".join(f"HYPERCALL({call})\n" for call in sorted(names)).encode()


def _wrapper(tree: KernelTree, name: str) -> bytes | None:
    """``asm/X.h`` for an X that ``asm-generic`` answers: kbuild's generic-y and mandatory-y."""
    if posixpath.dirname(name) != "asm":
        return None
    header = posixpath.basename(name)
    lists = {
        "include": ("arch/x86/include/asm/Kbuild", "include/asm-generic/Kbuild"),
        "include/uapi": ("arch/x86/include/uapi/asm/Kbuild", "include/uapi/asm-generic/Kbuild"),
    }
    for place, files in lists.items():
        words = [word for text in tree.read(files).values() for line in _WRAPPER.findall(text) for word in line.split()]
        if header.encode() in words and f"{place}/asm-generic/{header}" in tree.paths():
            return f"#include <asm-generic/{header}>\n".encode()
    return None


def _fixed(tree: KernelTree, name: str) -> bytes | None:
    if name == "asm/orc_hash.h":
        return b"#define ORC_HASH " + b",".join([b"0"] * 20) + b"\n"
    return None
