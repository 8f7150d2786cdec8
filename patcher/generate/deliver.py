"""From patches to what the user asked for: a branch, mails, or a look at both."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patcher import __version__
from patcher.errors import InputError
from patcher.generate.messages import cover, message
from patcher.generate.patches import Generated
from patcher.series.load import SeriesSpec
from patcher.tree import commit as git
from patcher.tree.gitrepo import Repository


class Wanted(NamedTuple):
    """What is to be made. ``branch``: "" for none; ``directory``: where mails go, or None."""

    branch: str
    directory: Path | None
    signoff: bool
    force: bool
    checkout: bool
    dry_run: bool


class Delivered(NamedTuple):
    """What was made: the commits, the diffstat of each, the mails, and the branch ("" for none)."""

    commits: tuple[str, ...]
    diffstats: tuple[str, ...]
    mails: tuple[str, ...]
    branch: str


def deliver(
    repository: Repository,
    base: str,
    spec: SeriesSpec,
    made: Generated,
    wanted: Wanted,
    reader: str,
    present: Sequence[str] = (),
) -> Delivered:
    """Make the commits on ``base``; then the mails; last the branch, in one step.

    Raises InputError where there is no identity to commit as, where the branch is in the way or the directory cannot be
    written. Then there is no branch and no mail, and at most objects that nothing refers to.
    """
    who = git.identity(repository)
    where = git.branch(repository, wanted.branch, force=wanted.force) if wanted.branch else None
    if wanted.checkout:
        git.ready_to_switch(repository)
    if wanted.directory:
        _writable(wanted.directory)
    publishes = bool(where) and not wanted.dry_run
    with git.writer(repository, who, quarantine=not publishes) as writer:
        signed = who.committer if wanted.signoff else ""
        drafts = [git.Draft(message(spec, patch.step, signed), patch.changes) for patch in made.patches]
        commits = writer.commits(base, drafts)
        parents = (base, *commits)
        stats = tuple(writer.diffstat(old, new) for old, new in zip(parents, commits, strict=False))
        mails: tuple[str, ...] = ()
        if wanted.directory and not wanted.dry_run:
            mails = _mails(writer, base, commits[-1], cover(spec, made, reader, present), wanted.directory)
        if where and publishes:
            git.publish(repository, where, commits[-1], f"patcher: series {spec.name}")
    if where and wanted.checkout and publishes:
        git.switch(repository, where)
    return Delivered(commits, stats, mails, where.name if where and publishes else "")


def _writable(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory} is not a directory", "name another one with -o")
    if directory.exists() and (found := sorted(directory.glob("*.patch"))):
        raise InputError(
            f"{directory} holds patches already ({found[0].name})", "remove them, or name another directory"
        )


def _mails(writer: git.Writer, base: str, tip: str, letter: tuple[str, str], directory: Path) -> tuple[str, ...]:
    """All files or none: they are written beside and moved."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".patcher-", dir=directory) as place:
            names = writer.mails(base, tip, letter, f"patcher {__version__}", Path(place))
            for name in names:
                os.replace(Path(place) / name, directory / name)  # noqa: PTH105
    except OSError as error:
        raise InputError(f"cannot write to {directory} ({error.strerror})", "name another directory with -o") from error
    return names
