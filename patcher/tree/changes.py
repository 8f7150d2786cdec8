"""What a commit changes in its parent, read from git's objects."""

from __future__ import annotations

from typing import NamedTuple

from patcher.errors import InputError
from patcher.mail.diff import Diff
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import Entry, GitTree
from patcher.tree.overlay import PatchedTree

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


def changes(repository: Repository, parent: str, commit: str) -> tuple[Change, ...]:
    """What differs between two commits, renames followed."""
    words = repository.run("diff-tree", "-r", "-z", "-M", "--no-ext-diff", parent, commit)
    fields = iter(words.decode("utf-8", "surrogateescape").split("\0"))
    found = []
    while head := next(fields, ""):
        letter, old = head.rsplit(" ", 1)[1][0], next(fields)
        new = next(fields) if letter == "R" else old
        found.append(Change("" if letter == "A" else old, "" if letter == "D" else new))
    return tuple(found)


def differing(repository: Repository, old: str, new: str) -> dict[str, Entry | None]:
    """The files and links that differ between two commits, as they are in the second; None for what it lacks."""
    words = repository.run("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", old, new)
    fields = words.decode("utf-8", "surrogateescape").split("\0")
    heads = [head.split(" ") for head in fields[:-1:2]]
    return {
        path: Entry(mode, blob) if mode not in (_NOTHING, _SUBMODULE) else None
        for (_, mode, _, blob, _), path in zip(heads, fields[1::2], strict=True)
    }


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
    """The lines that differ between two commits, renames followed, and none around them. Raises InputError where it is
    no diff that can be read.
    """
    text = repository.run(
        "diff-tree", "-r", "-p", "-U0", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/",
        "--dst-prefix=b/", parent, commit,
    )  # fmt: skip
    found = Diff(text.decode("utf-8", "surrogateescape"))
    if found.error:
        raise InputError(f"{repository.where}: the changes of {commit[:12]} cannot be read: {found.error}")
    return found
