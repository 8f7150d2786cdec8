"""Linux 2.6.37 becomes kernels that Xen and bare metal take, with today's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from check.checking import require_gcc

from patcher import sandbox
from patcher.boot.config import shipped
from patcher.boot.kernel import Kernels
from patcher.cache import Cache

X86, X86_64 = 3, 62  # ELF's names of machines


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "machine"), [("x86_64", X86_64), ("i386", X86)])
def test_linux_2_6_37(linux_2_6_37: Any, cache: Cache, arch: str, machine: int) -> None:
    require_gcc()
    if why := sandbox.available():
        pytest.skip(why)
    with Kernels(Path(linux_2_6_37.path), cache, trusted=True) as kernels:
        vmlinux, bzimage = kernels.build(
            linux_2_6_37.revision or "HEAD", arch, ["vmlinux", "bzImage"], shipped()
        )  # fmt: skip
        assert vmlinux.unset == bzimage.unset == ()
        image = vmlinux.image.read_bytes()
        assert (image[:4], int.from_bytes(image[18:20], "little")) == (b"\x7fELF", machine)
        assert b"xen-3.0" in image
        packed = bzimage.image.read_bytes()
        assert (packed[0x202:0x206], len(packed) < len(image)) == (b"HdrS", True)
        said = "\n".join(vmlinux.adjustments)
        assert "drivers/acpi/osl.c: without __initdata" in said
        assert ("asmregparm" in said) == (arch == "i386")
        assert "-mno-sse -mno-mmx" in said
