"""Xen itself: where it is, and whether it can run a kernel."""

from __future__ import annotations

import zlib
from pathlib import Path

from patcher.errors import InputError
from patcher.files import LARGE, exists, read_file

_PLACE = Path("/boot")
_PACKAGE = "xen-hypervisor-4.17-amd64"


def find(named: Path | None) -> Path | str:
    """The image of Xen: the one that is named, or the newest of the distribution's. Otherwise why there is none."""
    if named is not None:
        return named
    found = [path for path in _PLACE.glob("xen-*.gz") if path.is_file()]
    return max(found) if found else f"Xen is not installed (Debian: {_PACKAGE}); name its image with --xen"


def image(path: Path) -> bytes:
    """The ELF file that QEMU starts. Raises InputError where it is none."""
    content = read_file(path, most=LARGE)
    if content[:2] == b"\x1f\x8b":
        unpack = zlib.decompressobj(31)
        try:
            content = unpack.decompress(content, LARGE)
        except zlib.error as error:
            raise InputError(
                f"{path} is damaged ({error})", "name the image of Xen, such as /boot/xen-4.17.gz"
            ) from error
    if content[:4] != b"\x7fELF":
        raise InputError(f"{path} is no image of Xen", "name one such as /boot/xen-4.17.gz")
    return content


def runs_32_bit(path: Path) -> bool:
    """Whether it can run a 32-bit dom0, as far as the configuration beside it tells."""
    config = path.with_suffix(".config")
    return not exists(config) or "CONFIG_PV32=y" in read_file(config).decode("utf-8", "replace")
