"""The guest's files: a program of ours that looks at the machine (``guest/``), busybox where there is one, and the
user's own probe. The same input makes the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from patcher import temporary
from patcher.boot import cpio
from patcher.errors import InputError
from patcher.files import LARGE, exists, read_file

_GUEST = Path(__file__).with_name("guest")
_BUSYBOX = Path("/bin/busybox")
_APPLETS = (
    "sh", "awk", "cat", "chmod", "cmp", "cp", "cut", "date", "dd", "dmesg", "echo", "env", "false", "find", "free",
    "grep", "head", "hexdump", "insmod", "kill", "ln", "ls", "lsmod", "md5sum", "mkdir", "mknod", "mount", "mv", "od",
    "printf", "ps", "rm", "sed", "sleep", "sort", "tail", "test", "timeout", "touch", "tr", "true", "umount", "uname",
    "uniq", "wc", "xxd",
)  # fmt: skip
_FLAGS = (
    "-std=gnu11", "-O1", "-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables", "-mno-sse", "-mno-mmx", "-Wl,--build-id=none,-z,noexecstack", "-s",
)  # fmt: skip
_SECONDS = 60
_WORD = {"x86_64": "-m64", "i386": "-m32"}


def guest(arch: str) -> bytes:
    """The guest's first program, compiled for that architecture. Raises InputError where gcc cannot."""
    with temporary.directory("boot") as scratch:
        out = scratch / "init"
        sources = sorted(map(str, _GUEST.glob("*.c")))
        command = ["gcc", _WORD[arch], *_FLAGS, "-o", str(out), *sources]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"cannot compile the guest's program ({error})", "install gcc and binutils") from error
        if done.returncode:
            first = done.stderr.strip().partition("\n")[0]
            raise InputError(f"gcc cannot compile the guest's program for {arch}: {first}", "install gcc-multilib")
        return read_file(out)


def busybox() -> bytes | None:
    """Debian's static busybox; None where it is not installed, or needs shared libraries."""
    if not exists(_BUSYBOX):
        return None
    content = read_file(_BUSYBOX, most=LARGE)
    return None if b"/ld-linux" in content[: 2**16] else content


def initramfs(
    program: bytes, plan: Sequence[str], *, shell: bytes | None = None, probe: bytes | None = None, least: int = 0
) -> bytes:
    """The compressed archive.

    Arguments:
        program: what ``guest`` gave
        plan: what it is to look at, a word each; see ``all()`` in ``guest/init.c``
        shell: a static busybox
        probe: the user's own script or program
        least: bytes that the archive is to have at least: filled up with what does not compress
    """
    entries = [cpio.directory(name) for name in ("bin", "dev", "dev/more", "proc", "sys")]
    entries += [cpio.device("dev/console", 5, 1), cpio.device("dev/mem", 1, 1), cpio.device("dev/null", 1, 3)]
    entries += [cpio.program("init", program), cpio.file("plan", "".join(f"{line}\n" for line in plan).encode())]
    if shell is not None:
        entries += [cpio.program("bin/busybox", shell), *(cpio.link(f"bin/{name}", "busybox") for name in _APPLETS)]
    if probe is not None:
        entries.append(cpio.program("probe", probe))
    packed = gzip.compress(cpio.archive(entries), mtime=0)
    if len(packed) >= least:
        return packed
    return gzip.compress(cpio.archive([*entries, cpio.file("padding", _noise(least - len(packed)))]), mtime=0)


def _noise(size: int) -> bytes:
    """Bytes that look random, the same each time."""
    return hashlib.shake_128(b"patcher boot").digest(size)
