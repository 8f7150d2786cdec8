"""Temporary directories. Those of a run that was killed are removed by the next.

A directory is ``patcher-PURPOSE-XXXXXXXX`` in TMPDIR: a ``lock``, which the owner holds as long as it lives, and
``files``, which is what the caller gets. It bears that name only once the lock is held. What another user has put
there under such a name is not touched, and no link is followed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"\.?patcher-[a-z]+-[a-z0-9_]{8}")
_LOCK, _FILES = "lock", "files"
_HALF_MADE = 3600  # seconds after which a directory is none that is just being made
_swept: set[Path] = set()


@contextlib.contextmanager
def directory(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """An empty directory, removed at the end.

    ``purpose`` is one word of a-z, for people; ``parent`` is where it is made, instead of in TMPDIR.

    Raises OSError where it cannot be made.
    """
    top = Path(parent or tempfile.gettempdir())
    if top not in _swept:
        _swept.add(top)
        _sweep(top)
    new = Path(tempfile.mkdtemp(prefix=f".patcher-{purpose}-", dir=top))
    lock = -1
    try:
        lock = os.open(new / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(OSError):  # a file system without locks: then the next run leaves it alone
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (new / _FILES).mkdir(mode=0o700)
        new = new.rename(new.with_name(new.name[1:]))
        yield new / _FILES
    finally:
        _remove(new)
        if lock >= 0:
            os.close(lock)


def _remove(path: Path) -> None:
    """The lock last: who is killed on the way leaves what the next run still knows for one of these."""
    shutil.rmtree(path / _FILES, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def _sweep(top: Path) -> None:
    """Remove what killed runs of this user have left in ``top``."""
    with contextlib.suppress(OSError), os.scandir(top) as found:
        names = [each.name for each in found if _NAME.fullmatch(each.name)]
        for name in names:
            with contextlib.suppress(OSError):
                _remove_dead(top / name)


def _remove_dead(path: Path) -> None:
    """Raises OSError where it is not ours, or its owner lives."""
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        state = os.fstat(opened)
        if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) != 0o700:
            return
        young = time.time() - state.st_mtime <= _HALF_MADE
        if young and path.name.startswith("."):
            return  # its owner is about to take the lock
        if not young:
            with contextlib.suppress(OSError):  # it has no lock if it is empty
                path.rmdir()
        lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=opened)
        try:
            if stat.S_ISREG(os.fstat(lock).st_mode):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path)
        finally:
            os.close(lock)
    finally:
        os.close(opened)
