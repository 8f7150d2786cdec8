"""What is built of a tree, and played: the program, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from patcher import temporary


class High(msgspec.Struct, frozen=True):
    """The tree's code that clears the end of the map of the kernel's image.

    Attributes:
        claimed: whether the tree has any
        reason: by what it is there, or not
        ends: whether it looks at the end of the brk
        lacking: why the program cannot play it, or ""
    """

    claimed: bool
    reason: str
    ends: bool = False
    lacking: str = ""


class Program(msgspec.Struct, frozen=True):
    """A program that plays scenarios against the code of one tree.

    Attributes:
        bits: its word size
        binary: its content; the launcher maps it, and nothing else can start it
        launcher: the program that does, which has nothing of the tree's
        brk: what the P2M's files reserve with RESERVE_BRK, by name, in bytes
        stubs: address → symbol that nothing supplies; its touch is a fault
        sources: the tree's C files in it
        jumps: the addresses of its jumps back, which is where a loop turns
        references: what setup.c's code calls and does not define
        shims: what is not the tree's own, one line each
        compiler: the compiler's version line
        profile: the configuration
        high: whether it has what clears the end of the image's map
    """

    bits: int
    binary: bytes
    launcher: bytes
    brk: dict[str, int]
    stubs: dict[int, str]
    sources: tuple[str, ...]
    jumps: tuple[int, ...]
    references: tuple[str, ...]
    shims: tuple[str, ...]
    compiler: str
    profile: str
    high: High

    @property
    def digest(self) -> bytes:
        """Tells it from others."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).digest()

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The launcher as a file that can be run, in a directory of its own."""
        with temporary.directory("prove") as directory:
            file = directory / "launcher"
            file.write_bytes(self.launcher)
            file.chmod(0o700)
            yield file
