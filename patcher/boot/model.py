"""What boot's stages hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

VMLINUX, BZIMAGE = "vmlinux", "bzImage"
FORMATS = (VMLINUX, BZIMAGE)
ARCHES = ("x86_64", "i386")


@dataclass(frozen=True)
class Kernel:
    """A kernel that can be booted.

    Arguments:
        commit: the full id of the commit it was built from
        arch: ``x86_64`` or ``i386``
        image: the file: ``vmlinux``, which Xen takes, or ``bzImage``, for bare metal. It came from a build that is not
            trusted, and is a plain file of ours of at most ``kernel.IMAGE_BYTES``
        format: ``vmlinux`` or ``bzImage``
        config: the ``.config`` it was built with
        adjustments: what was done so that today's tools take the tree, for the user, a line each
        unset: symbols that were asked for and did not come out so, for the user, a line each
    """

    commit: str
    arch: str
    image: Path
    format: str
    config: Path
    adjustments: tuple[str, ...]
    unset: tuple[str, ...]


class BuildError(Exception):
    """A commit of which no kernel could be built.

    Arguments:
        what: why, in one line
        lines: what make and the compiler said of it, () where that is all in ``what``
    """

    def __init__(self, what: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what, self.lines = what, lines
