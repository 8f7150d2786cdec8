"""A kernel tree at a commit of a git repository, read from the object store."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from patcher.cache import Cache
from patcher.tree.command import run
from patcher.tree.gitrepo import Repository
from patcher.tree.search import remembered

_FEW = 100  # paths that are looked up one by one rather than by a list of the whole tree
_LONG = 1000  # characters of a path or word that git is asked for by its command line
_WORDS = 500  # at a time
_ENTRY = re.compile(r"(?:\A|(?<=\0))(\d+) blob ([0-9a-f]+)\t([^\0]+)")
LINK = "120000"  # its mode
_INCLUDE = "^[ \t]*#[ \t]*include"


class Entry(NamedTuple):
    """A file in a commit: git's mode (``100644``, ``120000`` for a link) and the blob's id."""

    mode: str
    blob: str


class GitTree:
    """The tree of one commit. See ``KernelTree``. With a cache, it remembers what was searched for."""

    def __init__(self, repository: Repository, revision: str, cache: Cache | None = None) -> None:
        self._cache = cache
        self.repository = repository
        self.worktree = repository.worktree
        self.where = repository.where
        commit = repository.commit(revision)
        self.commit = commit.id
        self._looked_up: dict[str, str] = {}  # path → blob, "" where there is none
        self.key: str | None = f"{commit.tree}-{repository.identity}"

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Every file and link: path → entry. Submodules are left out."""
        return {path: Entry(mode, blob) for mode, blob, path in self._list("-r", self.commit)}

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {path: blob for mode, blob, path in self._list("-r", self.commit) if _is_file(mode)}

    def _list(self, *args: str) -> list[tuple[str, str, str]]:
        """Mode, blob and path of files and links."""
        listing = self.repository.run("ls-tree", "-z", "--full-tree", *args)
        return _ENTRY.findall(listing.decode("utf-8", "surrogateescape"))

    def paths(self) -> Mapping[str, str]:
        return self._paths

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        asked = list(paths)
        unknown = [path for path in asked if path not in self._looked_up]
        if "_paths" in self.__dict__ or len(unknown) > _FEW or any(_odd(path) for path in unknown):
            return {path: self._paths[path] for path in asked if path in self._paths}
        if unknown:
            found = {path: blob for mode, blob, path in self._list(self.commit, "--", *unknown) if _is_file(mode)}
            self._looked_up.update((path, found.get(path, "")) for path in unknown)
        return {path: blob for path in asked if (blob := self._looked_up[path])}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        wanted = self.blobs(dict.fromkeys(paths))
        contents = self.repository.objects.blobs({blob: path for path, blob in wanted.items()})
        return {path: contents[blob] for path, blob in wanted.items()}

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return (
            remembered(self._grep, self.key, words, pathspecs, self._cache)
            if self._cache
            else self._grep(words, pathspecs)
        )

    def _grep(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return _search(self.repository.run, words, (self.commit, "--", *pathspecs), f"{self.commit}:")

    def include_lines(self, places: Sequence[str]) -> list[tuple[str, str]]:
        """Every ``#include`` in C and assembler files below some directories: (path, the line)."""
        patterns = [f"{place}/*{suffix}" for place in places for suffix in (".c", ".h", ".S")]
        args = ("grep", "-z", "--text", "-E", _INCLUDE, self.commit, "--", *patterns)
        found = self.repository.run(*args, empty_is=1).decode("utf-8", "surrogateescape").split("\n")
        lines = (line.partition("\0") for line in found)
        return [(name.partition(":")[2], text) for name, _, text in lines if text]


def search_directory(
    root: Path, words: Sequence[str], pathspecs: Sequence[str], without: Sequence[str] = ()
) -> tuple[str, ...]:
    """The files below a directory, in a repository or not, that hold one of the words whole; all but some."""
    left_out = [f":(exclude,literal){path}" for path in without]
    where = ("--no-index", "--no-exclude-standard", "--", *pathspecs, *left_out)
    return _search(lambda *args, **options: run(root, args, **options), words, where, "")


def _search(git: Callable[..., bytes], words: Sequence[str], where: Sequence[str], prefix: str) -> tuple[str, ...]:
    """The files that git finds one of the words in, as text whatever .gitattributes say: a tree must not be able to
    hide a file."""
    asked = [word for word in words if word and "\0" not in word and len(word) <= _LONG]  # what a file can hold
    found: set[str] = set()
    for at in range(0, len(asked), _WORDS):
        patterns = [part for word in asked[at : at + _WORDS] for part in ("-e", word)]
        names = git("grep", "-l", "-z", "-w", "-F", "--text", *patterns, *where, empty_is=1)
        found.update(name.removeprefix(prefix) for name in names.decode("utf-8", "surrogateescape").split("\0"))
    return tuple(sorted(found - {""}))


def _is_file(mode: str) -> bool:
    return mode.startswith("100")


def _odd(path: str) -> bool:
    """Whether git would not take it for a path of the tree as it stands."""
    return (
        not path
        or "\0" in path
        or len(path) > _LONG
        or path.startswith(("/", ":"))
        or path.endswith("/")
        or "//" in path
        or {".", ".."} & set(path.split("/")) != set()
    )
