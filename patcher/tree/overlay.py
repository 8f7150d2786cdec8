"""A kernel tree with some files changed, that is nowhere but in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from patcher.tree.kernel import KernelTree, blob_id


class PatchedTree:
    """``base`` with the files of ``changes`` in their new state. See ``KernelTree``."""

    def __init__(self, base: KernelTree, changes: Mapping[str, bytes]) -> None:
        self._base = base
        self._changes = dict(changes)
        self._blobs = {path: blob_id(content) for path, content in changes.items()}
        self.where = base.where
        self.commit = base.commit
        self.worktree = base.worktree
        state = "".join(f"{path}\0{blob}\0" for path, blob in sorted(self._blobs.items()))
        self.key = base.key and hashlib.sha256(f"{base.key}\0{state}".encode()).hexdigest()

    def paths(self) -> Mapping[str, str]:
        return {**self._base.paths(), **self._blobs}

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        paths = list(paths)
        return {**self._base.blobs(paths), **{path: self._blobs[path] for path in paths if path in self._blobs}}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        paths = list(paths)
        found = self._base.read(path for path in paths if path not in self._changes)
        return {**found, **{path: self._changes[path] for path in paths if path in self._changes}}

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return self.among(self._base.search(words, pathspecs), *words)

    def among(self, found: Iterable[str], *words: str) -> tuple[str, ...]:
        """What a search for the words, that found these files in the base, finds with the changes."""
        asked = re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(word.encode()) for word in words))
        changed = {path for path, content in self._changes.items() if asked.search(content)}
        return tuple(sorted((set(found) - self._changes.keys()) | changed))
