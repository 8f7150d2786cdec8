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
from patcher.generate.messages import drafts
from patcher.series.load import SeriesSpec
from patcher.series.patches import Patch
from patcher.tree import commit as git
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.recipients import Recipients


class Wanted(NamedTuple):
    """What is to be made. ``branch``: "" for none, None for the series' own; ``directory``: where mails go, or None;
    ``mailing``: how they are addressed; ``since``: what was sent before, as the user named it."""

    branch: str | None
    directory: Path | None
    signoff: bool
    force: bool
    checkout: bool
    dry_run: bool
    mailing: Mailing = Mailing()
    since: tuple[str, ...] = ()


class Sent(NamedTuple):
    """One series that was made: its name, commits, the diffstat of each, and its branch ("" for none); where its mails
    are, and to whom they go (None where there is nothing to be sent)."""

    name: str
    commits: tuple[str, ...]
    diffstats: tuple[str, ...]
    branch: str
    directory: Path | None
    written: Written | None


class Delivered(NamedTuple):
    """What was made."""

    series: tuple[Sent, ...]

    @property
    def commits(self) -> tuple[str, ...]:
        """All commits, in order."""
        return tuple(commit for each in self.series for commit in each.commits)

    @property
    def diffstats(self) -> tuple[str, ...]:
        """The diffstat of each."""
        return tuple(stat for each in self.series for stat in each.diffstats)


class Ready(NamedTuple):
    """What was seen to before the work began: who commits, the branch of each series, if any, and the commit that is
    public, "" where the series is made on it."""

    who: git.Identity
    branches: tuple[git.Branch | None, ...]
    public: str = ""


def ready(repository: Repository, base: str, names: Sequence[str], wanted: Wanted) -> Ready:
    """See that nothing will be in the way at the end.

    Arguments:
        base: the commit that the series are made on
        names: those of the series

    Raises InputError where there is no identity to commit as, where a branch is in the way, the worktree not clean,
    the directory of no use, or what is named as public no ancestor of ``base``.
    """
    who = git.identity(repository)
    branches = [_branch(name, len(names) > 1, wanted) for name in names]
    found = tuple(git.branch(repository, name, force=wanted.force) if name else None for name in branches)
    if wanted.checkout:
        if len(names) > 1:
            raise InputError(
                f"there are {len(names)} series, and one branch can be checked out", "leave --checkout away"
            )
        git.ready_to_switch(repository)
    if wanted.directory and not wanted.dry_run:
        for name in names:
            _writable(_directory(wanted.directory, name, len(names) > 1))
    if wanted.mailing.b4:
        b4.suits(repository, who)
    return Ready(who, found, _public(repository, base, wanted.mailing.base))


def _branch(name: str, several: bool, wanted: Wanted) -> str:
    """The branch of a series: that which was named, with the name of the series behind it where there are several."""
    if wanted.dry_run or wanted.branch == "":
        return ""
    if wanted.branch:
        return f"{wanted.branch}-{name}" if several else wanted.branch
    if wanted.mailing.b4:
        return f"b4/{name}"
    return "" if wanted.directory else f"patcher/{name}"


def _directory(directory: Path, name: str, several: bool) -> Path:
    return directory / name if several else directory


def _public(repository: Repository, base: str, named: str) -> str:
    public = repository.resolve(named) if named else base
    if public == base:
        return ""
    if repository.run("merge-base", public, base, empty_is=1).decode().strip() != public:
        raise InputError(f"--base {named!r} is no ancestor of {base[:12]}", "name what the series stands on")
    return public


class Share(NamedTuple):
    """One series to deliver: its patches, its cover letter (subject and text), None for none, and how it is mailed.
    ``stacked``: it goes on the one before, not beside it; ``trailers``: of each patch, those it was given before;
    ``notes``: what is said of the whole, and is no part of a commit."""

    spec: SeriesSpec
    patches: tuple[Patch, ...]
    letter: tuple[str, str] | None
    mailing: Mailing
    stacked: bool = False
    trailers: tuple[tuple[str, ...], ...] = ()
    notes: str = ""


def deliver(repository: Repository, base: str, shares: Sequence[Share], wanted: Wanted, begun: Ready) -> Delivered:
    """Make the commits on ``base``, or on those of the series before; then the mails; last the branches, all in one
    step. ``begun`` is from ``ready``.

    Raises InputError where something cannot be written, and where a branch was moved meanwhile. Then there is no
    branch and no mail, and at most objects that nothing refers to.
    """
    known = Recipients(GitTree(repository, base)) if wanted.mailing.auto and not wanted.dry_run else None
    kept = any(begun.branches)
    with git.writer(repository, begun.who, quarantine=not kept) as writer, contextlib.ExitStack() as undo:
        at_work = _Work(writer, base, wanted, begun, known, undo, len(shares) > 1)
        done = tuple(at_work.make(share, branch) for share, branch in zip(shares, begun.branches, strict=True))
        made = [(branch, one) for branch, one in zip(begun.branches, done, strict=True) if branch]
        if made:
            reason = f"patcher: series {', '.join(share.spec.name for share in shares)}"
            git.publish(repository, [(branch, one.commits[-1]) for branch, one in made], reason)
        undo.pop_all()
    if wanted.checkout and made:
        git.switch(repository, made[0][0])
    return Delivered(done)


class _Work:
    """Makes one series after the other."""

    def __init__(
        self, writer: git.Writer, base: str, wanted: Wanted, begun: Ready, known: Recipients | None,
        undo: contextlib.ExitStack, several: bool,
    ) -> None:  # fmt: skip
        self._writer, self._base, self._wanted, self._begun, self._known = writer, base, wanted, begun, known
        self._undo, self._several = undo, several
        self._public, self._tip = begun.public, base

    def make(self, share: Share, branch: git.Branch | None) -> Sent:
        """The commits of a series, and its mails."""
        if share.stacked:
            self._public, self._base = self._public or self._base, self._tip
        wanted, writer, base = self._wanted, self._writer, self._base
        signer = self._begun.who.committer if wanted.signoff else ""
        patches = drafts(share.spec, share.patches, signer, share.trailers)
        commits = writer.commits(base, patches)
        parents = (base, *commits)
        stats = tuple(writer.diffstat(old, new) for old, new in zip(parents, commits, strict=False))
        directory = _directory(wanted.directory, share.spec.name, self._several) if wanted.directory else None
        written = None
        if not wanted.dry_run and (directory or wanted.mailing.b4):
            written = self._mails(share, commits[-1], directory)
        if branch and written and wanted.mailing.b4:
            commits = writer.commits(base, [self._first(share, written), *patches])[1:]
        self._tip = commits[-1]
        return Sent(share.spec.name, commits, stats, branch.name if branch else "", directory, written)

    def _mails(self, share: Share, tip: str, directory: Path | None) -> Written:
        wanted, writer = share.mailing, self._writer
        letter = (share.letter[0], _below(share.letter[1], share.notes)) if share.letter else None
        about = About(share.spec.name, tip, self._begun.who.author, writer.day(tip))
        with _place(directory, self._undo) as place:
            names = writer.mails(
                self._base, tip, letter, f"patcher {__version__}", place, prefix=wanted.prefix, version=wanted.revision,
                public=self._public, notes="" if letter else share.notes,
            )  # fmt: skip
            written = write(place, names, letter is not None, about, wanted, self._known)
            if directory:
                _move(place, names, directory, self._undo)
        return written

    def _first(self, share: Share, written: Written) -> git.Draft:
        public = self._public
        needed = self._writer.patch_ids(public, self._base) if public else ()
        title, text = share.letter or (share.patches[0].step.title, "")
        letter = (title, _below(text, share.notes))
        return b4.cover_commit(letter, written.letter, share.mailing, written.change_id, public, needed)


def _below(text: str, notes: str) -> str:
    return "\n\n".join(part for part in (text.rstrip(), notes) if part)


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
