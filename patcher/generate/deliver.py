"""From patches to what the user asked for: a branch, mails, or a look at both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher import __version__, temporary
from patcher.errors import InputError
from patcher.files import exists, is_directory
from patcher.generate import b4
from patcher.generate.mailing import About, Mailing, Written, write
from patcher.generate.messages import cover, drafts
from patcher.generate.patches import Generated
from patcher.series.load import SeriesSpec
from patcher.tree import commit as git
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.recipients import Recipients


class Wanted(NamedTuple):
    """What is to be made. ``branch``: "" for none, None for the series' own; ``directory``: where mails go, or None;
    ``mailing``: how they are addressed."""

    branch: str | None
    directory: Path | None
    signoff: bool
    force: bool
    checkout: bool
    dry_run: bool
    mailing: Mailing = Mailing()


class Delivered(NamedTuple):
    """What was made: the commits, the diffstat of each, the mails, and the branch ("" for none). ``written``: to whom
    they go, None where there is nothing to be sent."""

    commits: tuple[str, ...]
    diffstats: tuple[str, ...]
    mails: tuple[str, ...]
    branch: str
    written: Written | None = None


class Ready(NamedTuple):
    """What was seen to before the work began: who commits, the branch to write to, if any, and the commit that is
    public, "" where the series is made on it."""

    who: git.Identity
    branch: git.Branch | None
    public: str = ""


def ready(repository: Repository, base: str, wanted: Wanted) -> Ready:
    """See that nothing will be in the way at the end. ``base``: the commit that the series is made on.

    Raises InputError where there is no identity to commit as, where the branch is in the way, the worktree not clean,
    the directory of no use, or what is named as public no ancestor of ``base``.
    """
    who = git.identity(repository)
    name = "" if wanted.dry_run else wanted.branch
    branch = git.branch(repository, name, force=wanted.force) if name else None
    if wanted.checkout:
        git.ready_to_switch(repository)
    if wanted.directory and not wanted.dry_run:
        _writable(wanted.directory)
    if wanted.mailing.b4:
        b4.suits(repository)
    return Ready(who, branch, _public(repository, base, wanted.mailing.base))


def _public(repository: Repository, base: str, named: str) -> str:
    public = repository.resolve(named) if named else base
    if public == base:
        return ""
    if repository.run("merge-base", public, base, empty_is=1).decode().strip() != public:
        raise InputError(f"--base {named!r} is no ancestor of {base[:12]}", "name what the series stands on")
    return public


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
    who, where, public = begun
    letter = cover(spec, made, reader, present, tested) if len(made.patches) > 1 else None
    with git.writer(repository, who, quarantine=where is None) as writer, contextlib.ExitStack() as undo:
        patches = drafts(spec, made, who.committer if wanted.signoff else "")
        commits = writer.commits(base, patches)
        parents = (base, *commits)
        stats = tuple(writer.diffstat(old, new) for old, new in zip(parents, commits, strict=False))
        written = None
        if not wanted.dry_run and (wanted.directory or wanted.mailing.b4):
            known = Recipients(GitTree(repository, base)) if wanted.mailing.auto else None
            about = About(spec.name, commits[-1], who.author, writer.day(commits[-1]))
            with _place(wanted.directory, undo) as place:
                names = writer.mails(
                    base, commits[-1], letter, f"patcher {__version__}", place, prefix=wanted.mailing.prefix,
                    version=wanted.mailing.version, public=public,
                )  # fmt: skip
                written = write(place, names, letter is not None, about, wanted.mailing, known)
                if wanted.directory:
                    _move(place, names, wanted.directory, undo)
        if where:
            if written and wanted.mailing.b4:
                needed = writer.patch_ids(public, base) if public else ()
                shown = letter or (made.patches[0].step.title, "")
                first = b4.cover_commit(shown, written.letter, wanted.mailing, written.change_id, public, needed)
                commits = writer.commits(base, [first, *patches])[1:]
            git.publish(repository, where, commits[-1], f"patcher: series {spec.name}")
        undo.pop_all()
    if where and wanted.checkout:
        git.switch(repository, where)
    mails = written.names if written and wanted.directory else ()
    return Delivered(commits, stats, mails, where.name if where else "", written)


def _writable(directory: Path) -> None:
    if exists(directory) and not is_directory(directory):
        raise InputError(f"{directory} is not a directory", "name another one with -o")
    if exists(directory) and (found := sorted(directory.glob("*.patch"))):
        raise InputError(
            f"{directory} holds patches already ({found[0].name})", "remove them, or name another directory"
        )


@contextlib.contextmanager
def _place(directory: Path | None, undo: contextlib.ExitStack) -> Iterator[Path]:
    """A directory to write mails in, beside where they will be. Raises InputError where nothing can be written."""
    try:
        if directory and not exists(directory):
            directory.mkdir(parents=True)
            undo.callback(_gone, directory)
        with temporary.directory("mails", directory) as place:
            yield place
    except OSError as error:
        raise InputError(f"cannot write to {directory} ({error.strerror})", "name another directory with -o") from error


def _gone(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()


def _move(place: Path, names: Sequence[str], directory: Path, undo: contextlib.ExitStack) -> None:
    """All files or none: what is there when something fails afterwards is removed."""
    for name in names:
        undo.callback((directory / name).unlink, missing_ok=True)
        (place / name).replace(directory / name)
