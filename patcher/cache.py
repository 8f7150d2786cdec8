"""The user's cache: values keyed by content, and exported source files. Safe to delete at any time.

It lives in ``$PATCHER_CACHE_DIR``, else ``$XDG_CACHE_HOME/patcher``, else ``~/.cache/patcher``. Entries are
written atomically, so several processes can share it; the oldest go when it outgrows its bound.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from patcher.errors import InputError
from patcher.files import home

VALUES_BYTES = 512 * 2**20
EXPORT_BYTES = 512 * 2**20


def default_root() -> Path:
    """The directory that the environment names for the cache."""
    if named := os.environ.get("PATCHER_CACHE_DIR"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or home() / ".cache"
    return Path(base) / "patcher"


@contextlib.contextmanager
def _told(root: Path) -> Iterator[None]:
    """Turn the failures of a disk into one clear line."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"cannot use the cache {root} ({reason})",
            "free some space there or name another directory with PATCHER_CACHE_DIR",
        ) from error


class Cache:
    """Bytes by key, and directories of exported files.

    Raises InputError where the disk is full, read-only or not a directory.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()

    @cached_property
    def _values(self) -> Any:
        import diskcache

        with _told(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                return self._open(diskcache)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                shutil.rmtree(self.root / "values")  # damaged: it is only a cache
                return self._open(diskcache)

    def _open(self, diskcache: Any) -> Any:
        opened = diskcache.Cache.__new__(diskcache.Cache)
        try:
            opened.__init__(str(self.root / "values"), size_limit=VALUES_BYTES, eviction_policy="least-recently-stored")
        except sqlite3.Error:
            opened.close()  # it leaves the connection open; Python 3.13 warns of that
            raise
        return opened

    def get(self, key: str) -> bytes | None:
        """The bytes stored under ``key``, or None."""
        with _told(self.root):
            value = self._values.get(key)
        return value if isinstance(value, bytes) else None

    def put(self, key: str, value: bytes) -> None:
        """Store ``value`` under ``key``."""
        with _told(self.root):
            self._values.set(key, value)

    def directory(self, kind: str, key: str) -> Exported:
        """A directory of files for ``key``, shared with other processes while it is open."""
        with _told(self.root):
            return Exported(self.root / kind, key)

    def close(self) -> None:
        """Let go of the database."""
        if "_values" in self.__dict__:
            self._values.close()


class Exported:
    """Files below one directory, each written once and never changed. Locked against eviction while open."""

    def __init__(self, parent: Path, key: str) -> None:
        self.root = parent / key
        self.root.mkdir(parents=True, exist_ok=True)
        self._made: set[Path] = set()
        self._lock = (parent / f"{key}.lock").open("a")
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        self.root.mkdir(parents=True, exist_ok=True)  # it may have been evicted before we had the lock
        os.utime(parent / f"{key}.lock")

    def has(self, path: str) -> bool:
        """Whether the file is there already."""
        return (self.root / path).is_file()

    def add(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all. Raises InputError for a path that would leave the directory."""
        if path.startswith("/") or ".." in path.split("/"):
            raise InputError(f"{path!r} leaves the tree", "the tree is damaged or hostile; not exported")
        target = self.root / path
        with _told(self.root):
            if target.parent not in self._made:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(target.parent)
            new = f"{target}.{os.getpid()}.new"
            try:
                Path(new).write_bytes(content)
                os.replace(new, target)  # noqa: PTH105 - a thousand of them: pathlib is the slower half
            except OSError:
                Path(new).unlink(missing_ok=True)
                raise

    def close(self) -> None:
        """Unlock, and remove the directories longest unused while the whole is over its bound."""
        self._lock.close()
        _evict(self.root.parent)


def _evict(parent: Path) -> None:
    """Keep ``parent`` under EXPORT_BYTES. Looks once an hour; skips what another process holds."""
    stamp = parent / ".evicted"
    with contextlib.suppress(OSError):
        if stamp.exists() and time.time() - stamp.stat().st_mtime < 3600:
            return
        stamp.touch()
        locks = sorted(parent.glob("*.lock"), key=lambda lock: lock.stat().st_mtime, reverse=True)
        used = 0
        for lock in locks:
            tree = lock.with_suffix("")
            used += sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())
            if used <= EXPORT_BYTES:
                continue
            with lock.open("a") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(tree, ignore_errors=True)
                lock.unlink(missing_ok=True)
