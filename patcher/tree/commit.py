"""Commits made of objects alone, and the branch or the mails that they become.

No checkout takes place; worktree, index, HEAD, stash and hooks of the user's are not touched. Objects can be kept out
of the repository altogether (a quarantine), for a look at what would be.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher import temporary
from patcher.errors import InputError
from patcher.tree.command import identity as made_by
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.patchids import patch_ids

_SETTINGS = (
    "-c", "user.useConfigOnly=true", "-c", "i18n.commitEncoding=UTF-8", "-c", "i18n.logOutputEncoding=UTF-8",
    "-c", "core.abbrev=12",
)  # fmt: skip
# The user's own format.* and diff.* settings would change what others are mailed, so each is given.
_MAIL = (
    "format-patch", "--quiet", "--no-signoff", "--no-attach", "--no-thread", "--no-notes", "--suffix=.patch",
    "--no-relative", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/", "--no-to", "--no-cc",
    "--no-add-header", "--encode-email-headers", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
    "--diff-algorithm=histogram", "--unified=3", "--zero-commit", "--no-renames",
)  # fmt: skip
_UTF_8 = b"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit"
_EPOCH = re.compile(r"\d{1,11}")


class Draft(NamedTuple):
    """One commit to be made: its message, and the files it changes with their new content."""

    message: str
    changes: Mapping[str, bytes]


class Identity(NamedTuple):
    """Who makes the commits, as ``Name <address>``, and the environment that tells git."""

    author: str
    committer: str
    environment: Mapping[str, str]


def identity(repository: Repository) -> Identity:
    """The user's git identity, at the time that SOURCE_DATE_EPOCH gives (seconds since 1970), or else now.

    Raises InputError with advice where the user has none, or where SOURCE_DATE_EPOCH is no time.
    """
    environment = {}
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is not None:
        if not _EPOCH.fullmatch(epoch):
            raise InputError(f"SOURCE_DATE_EPOCH is {epoch!r}", "it has to be seconds since 1970, or unset")
        environment = {"GIT_AUTHOR_DATE": f"@{epoch} +0000", "GIT_COMMITTER_DATE": f"@{epoch} +0000"}
    found = []
    for who in ("AUTHOR", "COMMITTER"):
        try:
            identity = repository.run(*_SETTINGS, "var", f"GIT_{who}_IDENT", env=environment).decode("utf-8", "replace")
        except InputError as error:
            raise InputError(
                "git does not know who you are, and the commits need an author",
                "run: git config --global user.name 'Your Name'; git config --global user.email you@example.org",
            ) from error
        found.append(identity[: identity.rindex(">") + 1])
        name, _, address = found[-1].removesuffix(">").rpartition(" <")
        environment |= {f"GIT_{who}_NAME": name, f"GIT_{who}_EMAIL": address}  # for a repository of our own, too
        seconds, zone = identity[identity.rindex(">") + 1 :].split()
        environment[f"GIT_{who}_DATE"] = f"@{seconds} {zone}"  # one time for all commits of a run
    return Identity(found[0], found[1], environment)


def nobody() -> Identity:
    """For commits that are looked at, and thrown away."""
    name, address, date = "patcher", "patcher@localhost", "1293000000 +0000"
    return Identity(f"{name} <{address}>", f"{name} <{address}>", made_by(name, address, date))


class Writer:
    """Makes commits on top of one. ``quarantine``: where objects go that are not to reach the repository."""

    def __init__(self, repository: Repository, who: Identity, scratch: Path, quarantine: bool) -> None:
        self._repository = repository
        self._environment = dict(who.environment)
        self._environment["GIT_INDEX_FILE"] = str(scratch / "index")
        if quarantine:
            objects = scratch / "objects"
            objects.mkdir()
            self._environment["GIT_OBJECT_DIRECTORY"] = str(objects)
            self._environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = f'"{repository.common / "objects"}"'

    def run(self, *args: str, stdin: bytes = b"") -> bytes:
        """The output of a git command that sees the objects made so far."""
        return self._repository.run(*_SETTINGS, *args, stdin=stdin, env=self._environment, doing="write to")

    def commits(self, base: str, drafts: Sequence[Draft]) -> tuple[str, ...]:
        """The ids of the commits, each on top of the one before. Raises InputError where git cannot write."""
        self.run("read-tree", base)
        modes = GitTree(self._repository, base).entries
        made, parent = [], base
        for draft in drafts:
            rows = []
            for path, content in sorted(draft.changes.items()):
                blob = self.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
                rows.append(f"{modes[path].mode if path in modes else '100644'} {blob}\t{path}\0")
            self.run("update-index", "-z", "--index-info", stdin="".join(rows).encode("utf-8", "surrogateescape"))
            tree = self.run("write-tree").decode().strip()
            message = draft.message.encode()
            parent = self.run("commit-tree", tree, "-p", parent, "-F", "-", stdin=message).decode().strip()
            made.append(parent)
        return tuple(made)

    def diffstat(self, old: str, new: str) -> str:
        """What ``git diff --stat`` says between two commits."""
        return self.run("diff", "--stat=72", "--no-color", "--no-renames", "--no-ext-diff", old, new).decode()

    def day(self, commit: str) -> str:
        """The day that a commit is of, as YYYYMMDD."""
        return self.run("log", "-1", "--format=%cd", "--date=format:%Y%m%d", commit, "--").decode().strip()

    def patch_ids(self, base: str, tip: str) -> tuple[str, ...]:
        """The ids that tell the patches between two commits by what they change, as ``git patch-id --stable``."""
        return tuple(patch_ids(self.run, "--reverse", f"{base}..{tip}").values())

    def mails(
        self, base: str, tip: str, cover: tuple[str, str] | None, signature: str, into: Path, *,
        prefix: str = "PATCH", version: int = 1, public: str = "", notes: str = "",
    ) -> tuple[str, ...]:  # fmt: skip
        """Write ``git format-patch`` files into a directory; their names.

        Arguments:
            cover: subject and text of patch 0
            prefix, version: of the subjects: ``[PATCH v2 1/3]``
            public: the commit that others have, if not ``base``; the patches between are told as prerequisites
            notes: what is said of the first patch where there is no cover letter, below its message
        """
        alone = not cover and self.run("rev-list", "--count", f"{base}..{tip}").strip() == b"1"
        letter = "--cover-letter" if cover else "--no-cover-letter"
        place = into.absolute()  # git runs in the repository, and would take a relative one from there
        options = [f"--signature={signature}", f"--base={public or base}", letter, f"--subject-prefix={prefix}",
                   "--no-numbered" if alone else "--numbered", "-o", str(place)]  # fmt: skip
        if version > 1:
            options.append(f"--reroll-count={version}")
        self.run(*_MAIL, *options, f"{base}..{tip}")
        names = tuple(sorted(file.name for file in into.iterdir()))
        if cover:
            _fill(into / names[0], (b"*** SUBJECT HERE ***", cover[0]), (b"*** BLURB HERE ***", cover[1].strip()))
        elif notes:
            _fill(into / names[0], (b"\n---\n", f"\n---\n{notes}\n\n"))
        return names


def _fill(file: Path, *parts: tuple[bytes, str]) -> None:
    """Put texts in the place of others, in a mail that is told to be UTF-8 then."""
    content = file.read_bytes()
    for place, text in parts:
        content = content.replace(place, text.encode(), 1)
    head, end, body = content.partition(b"\n\n")
    if b"\nContent-Type:" not in head and not "".join(text for _, text in parts).isascii():
        head += _UTF_8
    file.write_bytes(head + end + body)


@contextlib.contextmanager
def writer(repository: Repository, who: Identity, *, quarantine: bool) -> Iterator[Writer]:
    """A ``Writer`` with a place for what it needs, that is gone afterwards."""
    with temporary.directory("commit") as scratch:
        yield Writer(repository, who, scratch, quarantine)


class Branch(NamedTuple):
    """A branch that is to point to something new: ``old`` is what it points to now, "" where there is none."""

    name: str
    old: str

    @property
    def ref(self) -> str:
        """The full name."""
        return f"refs/heads/{self.name}"


def branch(repository: Repository, name: str, *, force: bool) -> Branch:
    """The branch to write to. Raises InputError where the name is none, or the branch is there and not to be moved."""
    if name.startswith("-") or not repository.run("check-ref-format", "--normalize", f"refs/heads/{name}", empty_is=1):
        raise InputError(f"{name!r} is no name for a branch", "see git-check-ref-format(1)")
    found = repository.run("for-each-ref", "--format=%(objectname)", f"refs/heads/{name}").decode().split()
    old = found[0] if found else ""
    if old and not force:
        raise InputError(f"there is a branch {name} already", "move it with --force, or name another one with --branch")
    if old:
        listing = repository.run("worktree", "list", "--porcelain").decode("utf-8", "replace")
        if f"branch refs/heads/{name}\n" in listing:
            raise InputError(f"the branch {name} is checked out", "switch to another one first")
    return Branch(name, old)


def publish(repository: Repository, tips: Sequence[tuple[Branch, str]], reason: str) -> None:
    """Point each branch to its new tip, all in one step, if they are still where they were. Raises InputError where one
    is not."""
    lines = "".join(f"update {where.ref}\0{tip}\0{where.old or '0' * len(tip)}\0" for where, tip in tips)
    stdin = lines.encode("utf-8", "surrogateescape")
    try:
        repository.run("update-ref", "--create-reflog", "-m", reason, "--stdin", "-z", stdin=stdin, doing="write to")
    except InputError as error:
        for where, _ in tips:
            now = repository.run("for-each-ref", "--format=%(objectname)", where.ref).decode().strip()
            if now != where.old:
                raise InputError(
                    f"the branch {where.name} was made or moved by somebody else meanwhile; it is left as it is",
                    "look at it, then run again",
                ) from error
        raise


def ready_to_switch(repository: Repository) -> None:
    """Raises InputError where switching to another branch would not go through."""
    if repository.worktree is None:
        raise InputError("a bare repository has nothing to check out", "leave --checkout away")
    lock = repository.directory / "index.lock"
    if lock.exists():
        raise InputError(f"{lock} exists: another git is at work in the worktree", "wait for it, or remove the file")
    if repository.run("-C", str(repository.worktree), "status", "--porcelain", "--untracked-files=no").strip():
        raise InputError(
            f"{repository.worktree} has uncommitted changes", "commit or stash them, or leave --checkout away"
        )


def switch(repository: Repository, where: Branch) -> None:
    """Check a branch out."""
    repository.run("-C", str(repository.worktree), "switch", "--quiet", "--no-guess", where.name, doing="switch")
