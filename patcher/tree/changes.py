"""What a commit changes in its parent, read from git's objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.errors import InputError
from patcher.mail.diff import Diff
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import Entry, GitTree
from patcher.tree.overlay import PatchedTree

_AT_ONCE = 64  # commits
_NOTHING, _SUBMODULE = "000000", "160000"  # modes


class Change(NamedTuple):
    """One file that a commit changes: ``old`` is the path in the parent, "" for a new file; ``path`` the path in the
    commit, "" for a deleted one."""

    old: str
    path: str

    @property
    def renamed(self) -> bool:
        """Whether the file had another path."""
        return "" not in self and self.old != self.path


class Changed(NamedTuple):
    """What a commit changes in the one before: renames followed; and the files and links that differ, as they are then,
    None for what is gone."""

    changes: tuple[Change, ...]
    files: dict[str, Entry | None]


class Between:
    """What each of some commits but the first changes in the one before it. Git is asked once for many of them."""

    def __init__(self, repository: Repository, commits: Sequence[str]) -> None:
        self._repository = repository
        self._pairs = list(pairwise(commits))
        self._number = {commit: number for number, (_, commit) in enumerate(self._pairs)}
        self._changed: dict[str, Changed] = {}
        self._diffs: dict[str, str] = {}

    def changed(self, commit: str) -> Changed:
        """What a commit changes."""
        if commit not in self._changed:
            pairs = self._some(commit)
            words = self._asked(pairs, "-z").split("\0")
            self._changed.update({each: Changed((), {}) for _, each in pairs})
            self._changed.update(_changed(iter(words)))
        return self._changed[commit]

    def since_first(self, commit: str) -> dict[str, Entry | None]:
        """The files and links that differ between the first commit and this one, or did meanwhile."""
        found: dict[str, Entry | None] = {}
        for _, each in self._pairs[: self._number[commit] + 1]:
            found.update(self.changed(each).files)
        return found

    def diff(self, commit: str) -> Diff:
        """The lines that differ, and none around them. Raises InputError where it is no diff that can be read."""
        diffs = self._diffs  # another thread may put others in its place
        if commit not in diffs:
            pairs = self._some(commit)
            text = self._asked(pairs, "-p", "-U0", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
            diffs = dict.fromkeys((each for _, each in pairs), "")
            diffs.update(_parted(text, diffs))
            self._diffs = diffs  # those before were asked for, and are large
        found = Diff(diffs[commit])
        if found.error:
            where = self._repository.where
            raise InputError(f"{where}: the changes of {commit[:12]} cannot be read: {found.error}")
        return found

    def _some(self, commit: str) -> list[tuple[str, str]]:
        """It, and some of those that follow."""
        number = self._number[commit]
        return self._pairs[number : number + _AT_ONCE]

    def _asked(self, pairs: Sequence[tuple[str, str]], *options: str) -> str:
        asked = "".join(f"{commit} {before}\n" for before, commit in pairs)
        words = ("diff-tree", "--stdin", "-r", "-M", "--no-ext-diff", *options)
        return self._repository.run(*words, stdin=asked.encode()).decode("utf-8", "surrogateescape")


def _changed(fields: Iterator[str]) -> Iterator[tuple[str, Changed]]:
    commit, changes, files = "", list[Change](), dict[str, Entry | None]()
    for head in fields:
        if not head.startswith(":"):
            if commit:
                yield commit, Changed(tuple(changes), files)
            commit, changes, files = head, [], {}
            continue
        _, mode, _, blob, what = head.split(" ")
        old = next(fields)
        new = next(fields) if what[0] == "R" else old
        changes.append(Change("" if what[0] == "A" else old, "" if what[0] == "D" else new))
        files[old] = None
        files[new] = None if mode in (_NOTHING, _SUBMODULE) else Entry(mode, blob)


def _parted(text: str, commits: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The diffs of commits, each behind a line with its id. No line of a diff begins so."""
    heads = re.compile(rf"^({'|'.join(commits)})\n", re.MULTILINE)
    parts = heads.split(text)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def changes(repository: Repository, parent: str, commit: str) -> tuple[Change, ...]:
    """What differs between two commits, renames followed."""
    return Between(repository, (parent, commit)).changed(commit).changes


def changed_tree(base: GitTree, commit: str, most: int) -> PatchedTree | None:
    """The tree of a commit as another with changed files, so that what is known of that one need not be found out
    again; None where more than ``most`` files differ, or where one of them is a link or a submodule."""
    words = base.repository.run("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", base.commit, commit)
    fields = words.decode("utf-8", "surrogateescape").split("\0")
    heads, paths = [head.split(" ") for head in fields[:-1:2]], fields[1::2]
    modes = {mode for old, new, *_ in heads for mode in (old.lstrip(":"), new)}
    if len(paths) > most or not modes <= {"000000", "100644", "100755"}:
        return None
    content = base.repository.objects.blobs(
        {blob: path for (_, mode, _, blob, _), path in zip(heads, paths, strict=True) if mode != "000000"}
    )
    return PatchedTree(base, {path: content.get(blob) for (_, _, _, blob, _), path in zip(heads, paths, strict=True)})


def diff(repository: Repository, parent: str, commit: str) -> Diff:
    """The lines that differ between two commits: see ``Between.diff``."""
    return Between(repository, (parent, commit)).diff(commit)
