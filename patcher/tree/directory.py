"""A kernel tree that is a directory: unpacked sources, or the uncommitted files of a worktree."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from patcher.errors import InputError
from patcher.files import LARGE, names_below, read_file
from patcher.tree.gittree import search_directory
from patcher.tree.kernel import blob_id, looks_like_kernel

_ADVICE = "name a kernel tree with --tree"
_SETTLED = 2 * 10**9  # nanoseconds after which another change of a file has another time in every file system
_MANY = 100  # files that are too large to be sources


class DirectoryTree:
    """The files below a directory. Symbolic links are not followed; FIFOs, devices and sockets are none of them. See
    ``KernelTree``. A file larger than ``files.LARGE`` is not searched, and reading it raises InputError.
    """

    def __init__(self, root: Path, commit: str = "") -> None:
        self.root = root
        self.worktree: Path | None = root
        self.where = str(root)
        self.commit = commit

    @cached_property
    def key(self) -> str | None:
        """As git's index has it, a file is the same as long as its size, its inode and the times at which it was
        changed are. None where one was changed just now, for uncommitted files of a repository, where a file has gone
        since they were listed, and for what is no kernel, which may be all of a disk."""
        if self.commit or not looks_like_kernel(self.read(["Makefile"]).get("Makefile", b"")):
            return None
        state, newest = hashlib.sha256(), 0
        for path in self._paths:
            try:
                found = os.lstat(f"{self.root}/{path}")
            except OSError:
                return None
            newest = max(newest, found.st_ctime_ns)
            seen = (found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            state.update(f"{path}\0{seen}\0".encode("utf-8", "surrogateescape"))
        return state.hexdigest() if abs(time.time_ns() - newest) > _SETTLED else None

    @cached_property
    def _paths(self) -> dict[str, str]:
        start = len(str(self.root).rstrip("/")) + 1
        return {file[start:]: "" for file in names_below(self.root)}

    def paths(self) -> Mapping[str, str]:
        return self._paths

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: blob_id(content) for path, content in self.read(paths).items()}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        return {path: read_file(self.root / path, below=self.root) for path in paths if self._has(path)}

    def _has(self, path: str) -> bool:
        """Whether it is a regular file of the tree. A few can be asked for before all of it was listed."""
        if "_paths" in self.__dict__:
            return path in self._paths
        parts = path.split("/")
        if {"", ".", "..", ".git"} & set(parts):
            return False
        try:
            above = [os.lstat(self.root.joinpath(*parts[:end])).st_mode for end in range(1, len(parts))]
            return all(map(stat.S_ISDIR, above)) and stat.S_ISREG(os.lstat(self.root / path).st_mode)
        except (OSError, ValueError):
            return False

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return search_directory(self.root, words, pathspecs, self._too_large)

    @cached_property
    def _too_large(self) -> tuple[str, ...]:
        """The files that would not be read, so that git does not read them either."""
        found = tuple(path for path in self._paths if self._size(path) > LARGE)
        if len(found) > _MANY:
            raise InputError(f"{self.root} holds {len(found)} files of more than {LARGE // 2**20} MiB", _ADVICE)
        return found

    def _size(self, path: str) -> int:
        try:
            return os.lstat(f"{self.root}/{path}").st_size
        except OSError:
            return 0  # it is gone
