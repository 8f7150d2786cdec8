"""A kernel tree that is a directory: unpacked sources, or the uncommitted files of a worktree."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from patcher.errors import InputError
from patcher.tree.gitrepo import search_directory
from patcher.tree.kernel import blob_id


class DirectoryTree:
    """The files below a directory. Symbolic links are not followed. See ``KernelTree``."""

    def __init__(self, root: Path, commit: str = "") -> None:
        self.root = root
        self.worktree: Path | None = root
        self.where = str(root)
        self.commit = commit
        self.key: str | None = None

    @cached_property
    def _paths(self) -> dict[str, str]:
        found: dict[str, str] = {}
        stack = [("", str(self.root))]
        while stack:
            prefix, directory = stack.pop()
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != ".git":
                            stack.append((f"{prefix}{entry.name}/", entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        found[prefix + entry.name] = ""
        return found

    def paths(self) -> Mapping[str, str]:
        return self._paths

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: blob_id(content) for path, content in self.read(paths).items()}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        contents = {}
        for path in paths:
            if path not in self._paths:
                continue
            file = self.root / path
            try:
                contents[path] = file.read_bytes()
            except OSError as error:
                raise InputError(f"cannot read {file} ({error.strerror})") from error
        return contents

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return search_directory(self.root, words, pathspecs)
