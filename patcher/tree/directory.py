"""A kernel tree that is a directory: unpacked sources, or the uncommitted files of a worktree."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from patcher.errors import InputError
from patcher.files import LARGE, files_below, read_file
from patcher.tree.gittree import search_directory
from patcher.tree.kernel import blob_id

_ADVICE = "name a kernel tree with --tree"
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
        self.key: str | None = None

    @cached_property
    def _paths(self) -> dict[str, str]:
        start = len(str(self.root).rstrip("/")) + 1
        return {str(file)[start:]: "" for file in files_below(self.root)}

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
            return os.lstat(self.root / path).st_size
        except OSError:
            return 0  # it is gone
