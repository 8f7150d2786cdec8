"""The architectures of Linux: where each has its code, and whose compiler is for it."""

from __future__ import annotations

import platform
from typing import NamedTuple


class Arch(NamedTuple):
    """``directory`` is the one below ``arch/``. ``triplet``: what the names of its compiler and binutils begin with as
    Debian calls them, "" where Debian has none. ``borrows``: other directories below ``arch/`` that it takes code of.
    """

    directory: str
    triplet: str
    borrows: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """Debian's package of the cross compiler, "" where there is none."""
        return f"gcc-{self.triplet.replace('_', '-')}" if self.triplet else ""


# By what ARCH is set to. The triplets are those of Debian 12 and 13 (apt-cache search '^gcc-.*-linux-gnu').
ARCHES = {
    "alpha": Arch("alpha", "alpha-linux-gnu"),
    "arc": Arch("arc", "arc-linux-gnu"),
    "arm": Arch("arm", "arm-linux-gnueabihf"),
    "arm64": Arch("arm64", "aarch64-linux-gnu", ("arm",)),
    "csky": Arch("csky", ""),
    "i386": Arch("x86", "i686-linux-gnu", ("um",)),
    "loongarch": Arch("loongarch", "loongarch64-linux-gnu"),
    "m68k": Arch("m68k", "m68k-linux-gnu"),
    "microblaze": Arch("microblaze", ""),
    "mips": Arch("mips", "mipsel-linux-gnu"),
    "nios2": Arch("nios2", ""),
    "openrisc": Arch("openrisc", ""),
    "parisc": Arch("parisc", "hppa-linux-gnu"),
    "parisc64": Arch("parisc", "hppa64-linux-gnu"),
    "powerpc": Arch("powerpc", "powerpc64le-linux-gnu"),
    "riscv": Arch("riscv", "riscv64-linux-gnu"),
    "s390": Arch("s390", "s390x-linux-gnu"),
    "sh": Arch("sh", "sh4-linux-gnu"),
    "sparc": Arch("sparc", "sparc64-linux-gnu"),
    "sparc32": Arch("sparc", "sparc64-linux-gnu"),
    "sparc64": Arch("sparc", "sparc64-linux-gnu"),
    "x86": Arch("x86", "x86_64-linux-gnu", ("um",)),
    "x86_64": Arch("x86", "x86_64-linux-gnu", ("um",)),
    "xtensa": Arch("xtensa", ""),
}
_MACHINES = {
    "aarch64": "arm64", "armv7l": "arm", "i686": "x86", "loongarch64": "loongarch", "mips64": "mips",
    "ppc64": "powerpc", "ppc64le": "powerpc", "riscv64": "riscv", "s390x": "s390", "x86_64": "x86",
}  # fmt: skip


def native() -> str:
    """The directory below ``arch/`` of the machine that this runs on, for which no cross compiler is needed."""
    return _MACHINES.get(platform.machine(), "x86")


def directory(arch: str) -> str:
    """The directory below ``arch/`` for what ARCH is set to; "" is that of this machine."""
    return ARCHES[arch].directory if arch else native()


def looked_into(arch: str) -> tuple[str, ...]:
    """The directories below ``arch/`` that a build for it may look into."""
    own = ARCHES[arch or native()]
    return (own.directory, *own.borrows)
