"""An archive that the kernel unpacks as its initramfs: cpio in the format "newc"
(Documentation/early-userspace/buffer-format.txt)."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """One file of the archive. ``mode`` has its type, too; ``device`` is its major and minor number, if it is one."""

    name: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(name: str) -> Entry:
    return Entry(name, stat.S_IFDIR | 0o755)


def program(name: str, content: bytes) -> Entry:
    return Entry(name, stat.S_IFREG | 0o755, content)


def file(name: str, content: bytes) -> Entry:
    return Entry(name, stat.S_IFREG | 0o644, content)


def link(name: str, target: str) -> Entry:
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def device(name: str, major: int, minor: int) -> Entry:
    """A character device, for root alone."""
    return Entry(name, stat.S_IFCHR | 0o600, b"", (major, minor))


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive of these files, in this order: a directory comes before what is in it. All belong to root and are of
    1970, so that the same files make the same bytes."""
    found = [_one(number, each) for number, each in enumerate(entries, 1)]
    return b"".join([*found, _one(0, Entry("TRAILER!!!", 0))])


def _one(number: int, each: Entry) -> bytes:
    name = each.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(each.mode) else 1
    fields = (number, each.mode, 0, 0, links, 0, len(each.content), 0, 0, *each.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(each.content)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)
