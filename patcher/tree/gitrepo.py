"""A git repository: what it is, where it lies, and which commits it has."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from patcher.errors import InputError
from patcher.files import SMALL, present, read_file
from patcher.tree.command import FSCK, run
from patcher.tree.objects import Commit, Object, Objects, commit_of

_PATIENCE = 60  # seconds that git may take to find a repository
ADVICE = "no git can have made that; remove it, or clone the repository anew"


@dataclass(frozen=True)
class Repository:
    """Where a repository is: its git directory, the directory that worktrees share, and the worktree, if any."""

    directory: Path
    common: Path
    worktree: Path | None

    @property
    def where(self) -> str:
        """The place as a person would name it."""
        return str(self.worktree or self.directory)

    def run(self, *args: str, **options: Any) -> bytes:
        """The output of a git command in the repository; see ``command.run``."""
        # Not by GIT_DIR: git checks the owner of what it finds, and trusts what it is told.
        return run(self.directory, args, where=self.where, **options)

    @cached_property
    def objects(self) -> Objects:
        """Its objects."""
        return Objects(self.directory, self.where)

    def resolve(self, revision: str) -> str:
        """The id of a commit. Raises InputError where there is none, or where it is damaged."""
        return self.commit(revision).id

    def commit(self, revision: str) -> Commit:
        """A commit. Raises InputError where there is none, or where it is damaged."""
        if ".." in revision:
            raise InputError(f"{self.where}: {revision!r} is a range", "name one commit with --rev")
        if found := self._commit(revision):
            return found
        if named := self._id(revision):
            kind = self.run("cat-file", "-t", named).decode().strip()
            if kind in ("commit", "tag"):
                raise InputError(f"git cannot read the {kind} {named} of {self.where}", FSCK)
            raise InputError(
                f"{self.where} has no commit {revision!r}, it is a {kind}", "'git log --oneline' shows commits"
            )
        if self.shallow:
            advice = "the clone is shallow; 'git fetch --unshallow' brings the rest"
        elif self.run("rev-list", "--all", "--max-count=1").strip():
            advice = "'git log --oneline' shows what there is"
        else:
            advice = "the repository has no commit yet"
        raise InputError(f"{self.where} has no commit {revision!r}", advice)

    def commit_of(self, found: Object) -> Commit:
        """A commit that was found among the objects; without a parent where the clone is shallow and ends with it."""
        commit = commit_of(found)
        return commit._replace(parent="") if commit.id in self._cut else commit

    @cached_property
    def _cut(self) -> frozenset[str]:
        return frozenset(read_file(self.common / "shallow").decode("ascii", "replace").split() if self.shallow else ())

    def has(self, revision: str) -> bool:
        """Whether there is such a commit."""
        return self._commit(revision) is not None

    @property
    def identity(self) -> str:
        """Tells this repository, with the history it has now, from others. For what is remembered of a name of git's:
        git does not check that objects are what their ids say, and a shallow or damaged repository has other answers.
        """
        status = self.common.stat()
        state = hashlib.sha256(f"{self.common}\0{status.st_dev}\0{status.st_ino}\0".encode("utf-8", "surrogateescape"))
        if self.shallow:
            state.update(read_file(self.common / "shallow"))
        return state.hexdigest()[:32]

    @property
    def shallow(self) -> bool:
        """Whether a part of the history is missing."""
        return (self.common / "shallow").exists()

    def _commit(self, revision: str) -> Commit | None:
        """The commit that a revision stands for, if any. Raises InputError where git fails for another reason."""
        try:
            (found,) = self.objects.find([f"{revision}^{{commit}}"] if revision else [""])
        except InputError as error:
            if FSCK in str(error):
                return None  # no such thing, or damaged: git's words for it differ
            raise
        return self.commit_of(found) if found.kind == "commit" else None

    def _id(self, name: str) -> str:
        """What a revision that is no commit stands for, or "" if for nothing."""
        if not name:
            return ""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", name, empty_is=1).decode().strip()
        except InputError as error:
            if FSCK in str(error):
                return ""
            raise


def common_directory(directory: Path) -> Path:
    """The git directory that worktrees share, from the one of a worktree; itself where it is no worktree's."""
    if not present(directory / "commondir"):
        return directory
    return (
        directory / os.fsdecode(read_file(directory / "commondir", most=SMALL, advice=ADVICE)).rstrip("\n")
    ).resolve()


def included(configuration: Path) -> list[str]:
    """The files that a file of git's configuration wants to be read, too, whatever their conditions. Those are not
    opened."""
    args = ["config", "--file", str(configuration), "--no-includes", "-z", "--get-regexp", r"^include(if\..*)?\.path$"]
    output = run(Path("/"), args, where=str(configuration), empty_is=1, seconds=_PATIENCE)
    return [os.fsdecode(entry.partition(b"\n")[2]) for entry in output.split(b"\0") if entry]


def discover(start: Path) -> Repository | None:
    """The repository that a directory is in, as git finds it; None where there is none.

    Raises InputError where git cannot read it, or its owner is another user.
    """
    try:
        # The first to read the repository's configuration, which may be a FIFO.
        output = run(start, ["rev-parse", "--is-bare-repository", "--absolute-git-dir"], seconds=_PATIENCE)
    except InputError as error:
        if "not a git repository" in str(error):
            return None
        raise
    bare, name = os.fsdecode(output).split("\n", 1)
    directory = Path(name.removesuffix("\n")).resolve()
    around = (each for each in (start, *start.parents) if _leads_to(each / ".git", directory))
    return Repository(directory, common_directory(directory), next(around, None) if bare == "false" else None)


def _leads_to(named: Path, directory: Path) -> bool:
    """Whether this is how a worktree names its repository. (By core.worktree a repository could name any directory.)"""
    if named.is_dir():
        return named.resolve() == directory
    try:
        kind, _, name = os.fsdecode(read_file(named, most=SMALL)).removesuffix("\n").partition(": ")
    except InputError:
        return False
    return kind == "gitdir" and (named.parent / name).resolve() == directory
