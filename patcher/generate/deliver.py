"""From patches to what the user asked for: a branch, mails, or a look at both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patcher import __version__, temporary
from patcher.errors import InputError
from patcher.files import exists, is_directory
from patcher.generate.messages import cover, drafts
from patcher.generate.patches import Generated
from patcher.series.load import SeriesSpec
from patcher.tree import commit as git
from patcher.tree.gitrepo import Repository


class Wanted(NamedTuple):
    """What is to be made. ``branch``: "" for none, None for the series' own; ``directory``: where mails go, or None."""

    branch: str | None
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


class Ready(NamedTuple):
    """What was seen to before the work began: who commits, and the branch to write to, if any."""

    who: git.Identity
    branch: git.Branch | None


def ready(repository: Repository, wanted: Wanted) -> Ready:
    """See that nothing will be in the way at the end.

    Raises InputError where there is no identity to commit as, where the branch is in the way, the worktree not clean,
    or the directory of no use.
    """
    who = git.identity(repository)
    name = "" if wanted.dry_run else wanted.branch
    branch = git.branch(repository, name, force=wanted.force) if name else None
    if wanted.checkout:
        git.ready_to_switch(repository)
    if wanted.directory and not wanted.dry_run:
        _writable(wanted.directory)
    return Ready(who, branch)


def deliver(
    repository: Repository,
    base: str,
    spec: SeriesSpec,
    made: Generated,
    wanted: Wanted,
    begun: Ready,
    reader: str,
    present: Sequence[str] = (),
    tested: Sequence[str] = (),
) -> Delivered:
    """Make the commits on ``base``; then the mails; last the branch, in one step. ``begun`` is from ``ready``,
    ``tested`` what other checks reported, for the cover letter.

    Raises InputError where something cannot be written, and where the branch was moved meanwhile. Then there is no
    branch and no mail, and at most objects that nothing refers to.
    """
    who, where = begun
    with git.writer(repository, who, quarantine=where is None) as writer:
        signed = who.committer if wanted.signoff else ""
        commits = writer.commits(base, drafts(spec, made, signed))
        parents = (base, *commits)
        stats = tuple(writer.diffstat(old, new) for old, new in zip(parents, commits, strict=False))
        mails: tuple[str, ...] = ()
        if wanted.directory and not wanted.dry_run:
            letter = cover(spec, made, reader, present, tested) if spec.title else None
            mails = _mails(writer, base, commits[-1], letter, wanted.directory)
        if where:
            git.publish(repository, where, commits[-1], f"patcher: series {spec.name}")
    if where and wanted.checkout:
        git.switch(repository, where)
    return Delivered(commits, stats, mails, where.name if where else "")


def _writable(directory: Path) -> None:
    if exists(directory) and not is_directory(directory):
        raise InputError(f"{directory} is not a directory", "name another one with -o")
    if exists(directory) and (found := sorted(directory.glob("*.patch"))):
        raise InputError(
            f"{directory} holds patches already ({found[0].name})", "remove them, or name another directory"
        )


def _mails(writer: git.Writer, base: str, tip: str, letter: tuple[str, str] | None, directory: Path) -> tuple[str, ...]:
    """All files or none: they are written beside and moved."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with temporary.directory("mails", directory) as place:
            names = writer.mails(base, tip, letter, f"patcher {__version__}", place)
            for name in names:
                (place / name).replace(directory / name)
    except OSError as error:
        raise InputError(f"cannot write to {directory} ({error.strerror})", "name another directory with -o") from error
    return names
