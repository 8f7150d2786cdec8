"""ccache, where it is installed, so that it can only save time: what it answers is what compiling would answer.

- It is asked by the content of every file that was read, never by preprocessed text: macros, comments and columns, of
  which compilers warn, are gone from that. The names of all headers count, too, as a new one may be found first.
- It keeps what it has in a directory of ours. The programs of a tree can write there; so each set of programs has one
  of its own, and no series finds what another's Makefiles have left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

NAMES = "headers"  # the file that holds a digest of the headers' names
_BYTES = "1G"
_KEPT = 2


def usable() -> bool:
    """Whether it is installed, and the user does not keep it from working."""
    return shutil.which("ccache") is not None and "CCACHE_DISABLE" not in os.environ


def environment(store: Path, ours: Path, beside: Sequence[str]) -> dict[str, str]:
    """Its settings, for a directory of its own and one of files of ours. It looks at the compiler itself; ``beside`` is
    what tells versions of the assembler and the like apart."""
    return {
        "CCACHE_DIR": str(store),
        "CCACHE_CONFIGPATH": os.devnull,
        "CCACHE_DIRECT": "1",
        "CCACHE_DEPEND": "1",
        "CCACHE_EXTRAFILES": str(ours / NAMES),
        "CCACHE_MAXSIZE": _BYTES,
        "CCACHE_NAMESPACE": ",".join(beside),
    }


def directory(root: Path, programs: str) -> Path:
    """The directory for that set of programs, below ``root``."""
    store = root / programs
    store.mkdir(parents=True, exist_ok=True)
    os.utime(store)
    return store


def trim(root: Path, remove: Callable[[Path], None]) -> None:
    """Remove all but the directories last used."""
    with contextlib.suppress(OSError):
        for store in sorted(root.iterdir(), key=lambda store: store.stat().st_mtime, reverse=True)[_KEPT:]:
            remove(store)
