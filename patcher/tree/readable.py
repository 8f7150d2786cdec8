"""A tree of which single files cannot be read: damaged, too large, closed to us. They are left out, and named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from patcher.errors import InputError
from patcher.tree.kernel import KernelTree

Answer = TypeVar("Answer")


class ReadableTree:
    """The files of ``base`` that can be read. See ``KernelTree``.

    Attributes:
        unread: the files that were asked for and could not be read: path → why
    """

    def __init__(self, base: KernelTree) -> None:
        self._base = base
        self.where, self.commit = base.where, base.commit
        self.worktree: Path | None = base.worktree
        self.unread: dict[str, str] = {}

    @property
    def key(self) -> str | None:
        return self._base.key

    def paths(self) -> Mapping[str, str]:
        return self._base.paths()

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        return self._each(self._base.blobs, paths)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        return self._each(self._base.read, paths)

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return self._base.search(words, pathspecs)

    def _each(self, ask: Callable[[Iterable[str]], dict[str, Answer]], paths: Iterable[str]) -> dict[str, Answer]:
        asked = [path for path in paths if path not in self.unread]
        try:
            return ask(asked)
        except InputError:
            found: dict[str, Answer] = {}
            for path in asked:
                try:
                    found.update(ask([path]))
                except InputError as error:
                    self.unread[path] = str(error)
            return found
