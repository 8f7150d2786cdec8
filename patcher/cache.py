"""The user's cache: values keyed by what they were made of. Safe to delete, and to damage, at any time.

It lives in ``$PATCHER_CACHE_DIR``, else ``$XDG_CACHE_HOME/patcher``, else ``~/.cache/patcher``. Each value is a file
with a checksum over its key and itself, written whole or not at all, so several processes can share it and what was
damaged is made anew; the oldest go when it outgrows its bound.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import time
import weakref
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from patcher.errors import InputError
from patcher.files import home

VALUES_BYTES = 512 * 2**20
_CHECKSUM_BYTES = 32
_HOUR = 3600
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
Value = TypeVar("Value")
_told: set[Path] = set()


def default_root() -> Path:
    """The directory that the environment names for the cache."""
    if named := os.environ.get("PATCHER_CACHE_DIR"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or home() / ".cache"
    return Path(base) / "patcher"


class CacheError(InputError):
    """The disk of the cache is full, read-only or not there: what was under way says nothing of its input."""


@contextlib.contextmanager
def _clear(root: Path) -> Iterator[None]:
    """Turn the failures of a disk into one clear line."""
    try:
        yield
    except OSError as error:
        raise CacheError(
            f"cannot use the cache {root} ({error.strerror or error})",
            "free some space there or name another directory with PATCHER_CACHE_DIR",
        ) from error


class Cache:
    """Bytes by key.

    A directory that others could have written to is not used: that is said once, on standard error, and one of its own
    serves until the cache is closed. Raises CacheError where the disk is full, read-only or not a directory.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._named = root or default_root()
        self._remove: Callable[[], object] | None = None

    @cached_property
    def root(self) -> Path:
        """Where it is. It exists once there is something in it."""
        with _clear(self._named):
            why = _not_ours(self._named)
        if not why:
            return self._named
        if self._named not in _told and sys.stderr is not None:
            _told.add(self._named)
            advice = "remove it, or name another directory with PATCHER_CACHE_DIR"
            sys.stderr.write(f"patcher: the cache {str(self._named)!r} is not used, as {why}: {advice}\n")
        from patcher import temporary

        own = contextlib.ExitStack()
        self._remove = weakref.finalize(self, own.close)
        return own.enter_context(temporary.directory("cache"))

    def get(self, key: str) -> bytes | None:
        """The bytes stored under ``key``, or None where there are none or they were damaged."""
        file = self._file(key)
        with _clear(self.root):
            try:
                stored = file.read_bytes()
            except FileNotFoundError:
                return None
        value = stored[_CHECKSUM_BYTES:]
        return value if stored[:_CHECKSUM_BYTES] == _checksum(key, value) else None

    def load(self, key: str, decode: Callable[[bytes], Value]) -> Value | None:
        """What ``decode`` makes of the bytes under ``key``, or None where there are none that it can read."""
        stored = self.get(key)
        if stored is None:
            return None
        try:
            return decode(stored)
        except (msgspec.MsgspecError, ValueError, zlib.error):
            return None

    def put(self, key: str, value: bytes) -> None:
        """Store ``value`` under ``key``."""
        file = self._file(key)
        with _clear(self.root):
            new = f"{file}.{os.getpid()}.{time.monotonic_ns()}.new"
            try:
                self._write(new, _checksum(key, value) + value)
                os.replace(new, file)  # noqa: PTH105 - hundreds of them: pathlib is the slower half
            except OSError:
                with contextlib.suppress(OSError):
                    Path(new).unlink()
                raise

    def _write(self, new: str, content: bytes) -> None:
        try:
            Path(new).write_bytes(content)
        except FileNotFoundError:
            self._make(Path(new).parent)
            Path(new).write_bytes(content)

    def _make(self, place: Path) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.mkdir(parents=True, exist_ok=True)

    def directory(self, name: str) -> Path:
        """A directory of the cache for files that the caller looks after."""
        with _clear(self.root):
            self._make(self.root / name)
        return self.root / name

    def _file(self, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        return self.root / "values" / name[:2] / name[2:]

    def close(self) -> None:
        """Remove the oldest values where there are too many."""
        if "root" in self.__dict__:
            _trim(self.root / "values")
        if self._remove is not None:
            self._remove()


def _not_ours(place: Path) -> str:
    """Why a directory must not be trusted, or ""."""
    try:
        found = place.lstat()
    except FileNotFoundError:
        return ""
    if stat.S_ISLNK(found.st_mode):
        return "it is a symbolic link"
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    return "others may write to it" if stat.S_ISDIR(found.st_mode) and found.st_mode & _OTHERS_MAY_WRITE else ""


def _checksum(key: str, value: bytes) -> bytes:
    state = hashlib.blake2b(digest_size=_CHECKSUM_BYTES)
    name = key.encode("utf-8", "surrogateescape")
    state.update(b"%d " % len(name) + name)
    state.update(value)
    return state.digest()


def _trim(values: Path) -> None:
    """Keep the values under VALUES_BYTES. Looks once an hour."""
    stamp = values / ".trimmed"
    with contextlib.suppress(OSError):
        if stamp.exists() and time.time() - stamp.stat().st_mtime < _HOUR:
            return
        stamp.touch()
        found = [(file.stat(), file) for part in values.iterdir() if part.is_dir() for file in part.iterdir()]
        used = 0
        for status, file in sorted(found, key=lambda each: each[0].st_mtime, reverse=True):
            used += status.st_blocks * 512
            half_written = file.name.endswith(".new") and time.time() - status.st_mtime > _HOUR
            if used > VALUES_BYTES or half_written:
                file.unlink(missing_ok=True)
