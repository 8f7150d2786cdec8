"""The archive is what others take it for: cpio lists it, and its bytes are always the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from patcher.boot import cpio, initramfs

ENTRIES = (
    cpio.directory("dev"), cpio.device("dev/console", 5, 1), cpio.program("init", b"\x7fELF1"),
    cpio.file("odd", b"123"), cpio.file("empty", b""), cpio.link("sh", "busybox"),
)  # fmt: skip


def test_bytes_of_an_entry() -> None:
    """From Documentation/early-userspace/buffer-format.txt: 13 fields of 8 hexadecimal digits, all padded to 4."""
    found = cpio.archive([cpio.file("ab", b"xyz")])
    header = "070701" + "".join(
        f"{field:08X}" for field in (1, 0o100644, 0, 0, 1, 0, 3, 0, 0, 0, 0, 3, 0)
    )  # fmt: skip
    assert found[:110].decode() == header
    assert found[110:116] == b"ab\0" + b"\0" * 3
    assert found[116:120] == b"xyz\0"
    assert len(found) % 4 == 0
    assert b"TRAILER!!!\0" in found


def test_busybox_reads_it(tmp_path: Path) -> None:
    if initramfs.busybox() is None:
        pytest.skip("busybox-static is not installed")
    wanted = [each for each in ENTRIES if "console" not in each.name]  # only root can make a device
    subprocess.run(
        ["/bin/busybox", "cpio", "-i"], input=cpio.archive(wanted), cwd=tmp_path, check=True, capture_output=True
    )
    assert (tmp_path / "dev").is_dir()
    assert (tmp_path / "init").read_bytes() == b"\x7fELF1"
    assert (tmp_path / "init").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "odd").read_bytes() == b"123"
    assert (tmp_path / "empty").read_bytes() == b""
    assert (tmp_path / "sh").readlink() == Path("busybox")


def test_same_bytes_each_time() -> None:
    code = (
        "import hashlib;from patcher.boot import initramfs;"
        "print(hashlib.sha256(initramfs.initramfs(b'x', ('memory',), least=4<<20)).hexdigest())"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "12"
    )
    assert first == second
    assert len(first) == 65


def test_padded_as_asked() -> None:
    small = initramfs.initramfs(b"x", ())
    assert len(small) < 4096
    large = initramfs.initramfs(b"x", (), least=4 * 2**20)
    assert 4 * 2**20 <= len(large) < 4 * 2**20 + 2**16


@pytest.mark.parametrize("arch", ["x86_64", "i386"])
def test_guest_is_the_same_program_each_time(arch: str) -> None:
    one = initramfs.guest(arch)
    assert one == initramfs.guest(arch)
    assert one[4] == {"x86_64": 2, "i386": 1}[arch]  # EI_CLASS
    assert b"GLIBC" not in one
    assert b"/ld-linux" not in one
