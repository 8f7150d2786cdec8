"""A kernel tree with some files changed, that is nowhere but in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from patcher.tree.kernel import KernelTree, blob_id


class PatchedTree:
    """``base`` with the files of ``changed`` in their new state, None for one that is gone. See ``KernelTree``."""

    def __init__(self, base: KernelTree, changed: Mapping[str, bytes | None]) -> None:
        self.base = base
        self.changed = dict(changed)
        self.where = base.where
        self.commit = base.commit
        self.worktree: Path | None = base.worktree

    @cached_property
    def _blobs(self) -> dict[str, str]:
        return {path: blob_id(content) for path, content in self.changed.items() if content is not None}

    @cached_property
    def key(self) -> str | None:
        """As the base's, over its key and what is changed."""
        if not self.base.key or not self.changed:
            return self.base.key
        state = "".join(f"{path}\0{self._blobs.get(path)}\0" for path in sorted(self.changed))
        return hashlib.sha256(f"{self.base.key}\0{state}".encode("utf-8", "surrogateescape")).hexdigest()

    def paths(self) -> Mapping[str, str]:
        kept = {path: blob for path, blob in self.base.paths().items() if path not in self.changed}
        return kept | self._blobs

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        asked = list(paths)
        found = self.base.blobs(path for path in asked if path not in self.changed)
        return found | {path: self._blobs[path] for path in asked if path in self._blobs}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        asked = list(paths)
        found = self.base.read(path for path in asked if path not in self.changed)
        found.update((path, content) for path in asked if (content := self.changed.get(path)) is not None)
        return found

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        texts = ((path, content) for path, content in self.changed.items() if content is not None)
        changed = {path for path, content in texts if fits(path, pathspecs) and _has(content, words)}
        return tuple(sorted((set(self.base.search(words, pathspecs)) - self.changed.keys()) | changed))


def _has(content: bytes, words: Sequence[str]) -> bool:
    """Whether one of the words is in a file, as a word. An expression is made of those alone that are there at all:
    there may be many, and long ones."""
    there = [re.escape(word) for each in words if (word := each.encode()) in content]
    return bool(there) and re.search(rb"\b(?:%s)\b" % b"|".join(there), content) is not None


def fits(path: str, pathspecs: Sequence[str]) -> bool:
    """As git's pathspecs: a directory, or a pattern whose ``*`` matches slashes, too."""
    for spec in pathspecs:
        pattern = "".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", spec.rstrip("/")))
        if re.fullmatch(f"{pattern}(?:/.*)?", path):
            return True
    return not pathspecs
