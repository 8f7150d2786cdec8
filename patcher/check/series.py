"""From what the user named to a series of commits: a range, or patches that are applied first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.errors import InputError
from patcher.files import exists
from patcher.mail.read import files as mail_files
from patcher.mail.read import missing
from patcher.tree.applying import Applied, apply_all, borrow
from patcher.tree.commit import Draft, Identity, nobody, writer
from patcher.tree.gitrepo import Repository
from patcher.tree.objects import Commit
from patcher.tree.revisions import base_of, commits, upstream


class Series(NamedTuple):
    """Commits on a base. ``repository`` has their objects; ``applied`` says how each patch came out, () for a range."""

    repository: Repository
    base: str
    commits: tuple[Commit, ...]
    applied: tuple[Applied, ...]


def named(repository: Repository, what: Sequence[str], base: str | None, scratch: Path) -> Series:
    """The series that the words name: files and directories that exist are patches, anything else is one range;
    without words it is upstream..HEAD.

    ``scratch`` is a directory for objects of patches that are applied. Raises InputError.
    """
    for word in what:
        if missing(word):
            raise InputError(f"{word} does not exist", "name patches or an mbox, or give a range A..B")
    if any(exists(Path(word)) for word in what):
        if other := [word for word in what if not exists(Path(word))]:
            raise InputError(f"{other[0]} is not a file", "give patches or a range, not both")
        files = [Path(name) for name in mail_files(what)]
        start = repository.resolve(base or "HEAD")
        own = borrow(repository, scratch)
        applied = apply_all(own, start, files, scratch)
        return Series(own, start, tuple(each.commit for each in applied if each.commit), applied)
    if len(what) > 1:
        raise InputError(f"{what[1]} is not a file", "give a range A..B, or patches")
    asked = what[0] if what else upstream(repository)
    if base is not None:
        raise InputError("--base is for patches", f"write {base}..{asked.rpartition('..')[2]}")
    found = commits(repository, asked)
    return Series(repository, base_of(repository, found).id, found, ())


def made(
    repository: Repository, base: str, drafts: Sequence[Draft], scratch: Path, who: Identity | None = None
) -> Series:
    """A series that exists as drafts only: its commits are made in ``scratch``, by nobody in particular if not told."""
    own = borrow(repository, scratch)
    with writer(own, who or nobody(), quarantine=False) as making:
        ids = making.commits(base, drafts)
    return Series(own, base, tuple(own.commit(commit) for commit in ids), ())
