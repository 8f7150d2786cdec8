"""Patches applied in git's objects: no worktree, no index of the user's, nothing written to the user's repository.

New objects go to a bare repository of its own in a temporary directory, which borrows the user's objects.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import git

from patcher.errors import InputError
from patcher.files import HUGE, read_file
from patcher.mail.diff import Diff, FileDiff
from patcher.tree.content import Entry
from patcher.tree.gitrepo import Repository, prepare, run
from patcher.tree.revisions import Commit, one

_FAILED = re.compile(r"^error: patch failed: (.+):([0-9]{1,9})$", re.MULTILINE)
_SUBJECT = re.compile(rb"^Subject: (.*)$", re.MULTILINE)
_AUTHOR = re.compile(rb"^Author: (.*)$", re.MULTILINE)
_EMAIL = re.compile(rb"^Email: (.*)$", re.MULTILINE)
_DATE = re.compile(rb"^Date: (.*)$", re.MULTILINE)
_IS_MAIL = re.compile(rb"\A(?:From |[A-Za-z][A-Za-z0-9-]*: )")
_HUGE = re.compile(rb"^@@ [-+,0-9 ]*[0-9]{10}", re.MULTILINE)
_RECENT = 200  # commits to the files of a patch that are looked at
_AS_IT_IS = "* -text -eol -ident -filter -working-tree-encoding\n"


class Applied(NamedTuple):
    """How one patch came out.

    ``state``: "applied", "merged" (by three-way merge), "already" (the tree had it), "conflict", "skipped" (an earlier
    one did not apply) or "empty" (a cover letter). ``commit`` is there where it made one. ``detail`` says, for a
    conflict, which hunk, what it expects and what is there instead.
    """

    name: str
    subject: str
    state: str
    commit: Commit | None
    detail: str


def borrow(repository: Repository, place: Path) -> Repository:
    """An empty bare repository in ``place`` that has all objects of ``repository``."""
    bare = place / "objects.git"
    run(_plain(place), str(bare), ["init", "--quiet", "--bare", "--template=", str(bare)])
    (bare / "objects" / "info").mkdir(exist_ok=True)
    (bare / "objects" / "info" / "alternates").write_bytes(bytes(repository.common / "objects") + b"\n")
    (bare / "info").mkdir(exist_ok=True)
    (bare / "info" / "attributes").write_text(_AS_IT_IS)  # goes before those of the tree
    return Repository(bare, bare, None)


def check_out(repository: Repository, entries: Mapping[str, Entry], target: Path, place: Path) -> None:
    """Write files of a commit into the empty directory ``target``, byte for byte.

    ``repository`` is from ``borrow``; ``place`` is a directory for the index. Raises InputError where git cannot.
    """
    environment = {"GIT_INDEX_FILE": str(place / "checkout.index"), "GIT_WORK_TREE": str(target)}
    with tempfile.TemporaryFile() as listing:
        for path, entry in entries.items():
            listing.write(f"{entry.mode} {entry.blob}\t{path}\0".encode("utf-8", "surrogateescape"))
        listing.seek(0)
        repository.run("update-index", "-z", "--index-info", istream=listing, env=environment)
    options = ("-c", "checkout.workers=2", "-c", "core.symlinks=true")
    try:
        repository.run(*options, "checkout-index", "-a", "-q", env=environment)
    except InputError as error:
        if "unable to" not in str(error):
            raise
        reason = str(error).partition("unable to")[2].partition(": ")[0]
        raise InputError(
            f"cannot write the sources below {target}: unable to{reason} (No space left?)",
            "free some space there or name another directory with PATCHER_CACHE_DIR",
        ) from error


def apply_all(repository: Repository, base: str, files: Sequence[Path], place: Path) -> tuple[Applied, ...]:
    """Apply the patches of some files (mail, mbox, plain diffs) one after the other onto ``base``.

    Arguments:
        repository: from ``borrow``; gets the new objects
        base: the id of the commit to begin with
        files: in the order in which they are to be applied
        place: a directory for intermediate files

    Raises InputError where a file cannot be read, holds no patch at all, or has a hunk that no file is long enough for.
    """
    found: list[Applied] = []
    at, stopped = base, ""
    index = {"GIT_INDEX_FILE": str(place / "index")}
    for name, mail in _split(files, place):
        subject, body, patch, author = _mail(mail, place)
        subject = subject or name
        if huge := _HUGE.search(patch):
            line = patch.count(b"\n", 0, huge.start()) + 1
            raise InputError(
                f"{name}: line {line} of its diff names a line number of more than nine digits", "the patch is damaged"
            )
        if not re.search(rb"^(?:diff --git |--- )", patch, re.MULTILINE):
            found.append(Applied(name, subject, "empty", None, "it holds no diff"))
            continue
        if stopped:
            found.append(Applied(name, subject, "skipped", None, f"{stopped} did not apply"))
            continue
        diff = place / "patch.diff"
        diff.write_bytes(patch)
        state, detail = _apply(repository, at, diff, index)
        if state in ("applied", "merged"):
            tree = repository.run("write-tree", env=index).decode().strip()
            message = place / "message"
            message.write_bytes(subject.encode("utf-8", "surrogateescape") + b"\n\n" + body)
            made = repository.run("commit-tree", tree, "-p", at, "-F", str(message), env={**index, **author})
            at = made.decode().strip()
            found.append(Applied(name, subject, state, one(repository, at), detail))
            continue
        if state == "conflict":
            stopped = name
        found.append(Applied(name, subject, state, None, detail))
    if all(each.state == "empty" for each in found):
        raise InputError(f"{files[0]} holds no patch", "give patches, an mbox, or a range A..B")
    return tuple(found)


def _plain(place: Path) -> git.Git:
    return git.Git(str(place))


def _split(files: Sequence[Path], place: Path) -> list[tuple[str, bytes]]:
    """(a name for people, the bytes) for each mail or diff in the files."""
    found = []
    for number, file in enumerate(files):
        content = read_file(file, most=HUGE, pipe=True, advice="name a patch or an mbox")
        if not content.strip():
            raise InputError(f"{file} is empty", "name a patch or an mbox")
        if not content.startswith(b"From "):
            found.append((file.name, content))
            continue
        directory = place / f"split-{number}"
        directory.mkdir()
        box = place / f"box-{number}"
        box.write_bytes(content)  # not the file again: it may be a pipe
        run(_plain(place), str(file), ["mailsplit", f"-o{directory}", "--", str(box)])
        mails = sorted(directory.iterdir())
        names = [file.name if len(mails) == 1 else f"{file.name}#{each}" for each in range(1, len(mails) + 1)]
        found += [(name, mail.read_bytes()) for name, mail in zip(names, mails, strict=True)]
    return found


def _mail(content: bytes, place: Path) -> tuple[str, bytes, bytes, dict[str, str]]:
    """Subject, body, patch, and the author as variables of git's environment."""
    who = {"NAME": "unknown", "EMAIL": "unknown@localhost", "DATE": "1293000000 +0000"}
    if not _IS_MAIL.match(content):
        return "", b"", content, _identity(who)
    with (place / "mail").open("wb+") as mail:
        mail.write(content)
        mail.seek(0)
        info = run(
            _plain(place), "mail", ["mailinfo", str(place / "body"), str(place / "diff")], istream=mail
        )  # fmt: skip
    for key, pattern in (("NAME", _AUTHOR), ("EMAIL", _EMAIL), ("DATE", _DATE)):
        if said := pattern.search(info):
            who[key] = said.group(1).decode("utf-8", "replace").replace("\0", "")
    subject = _SUBJECT.search(info)
    text = subject.group(1).decode("utf-8", "replace") if subject else ""
    return text, (place / "body").read_bytes(), (place / "diff").read_bytes(), _identity(who)


def _identity(who: dict[str, str]) -> dict[str, str]:
    """Author and committer alike, so that the same patch on the same base is the same commit."""
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}


def _apply(repository: Repository, at: str, diff: Path, index: dict[str, str]) -> tuple[str, str]:
    """Apply to the index; "applied", "merged", "already" or "conflict", with the detail."""
    repository.run("read-tree", at, env=index)
    said = _try(repository, index, "--whitespace=nowarn", str(diff))
    if said is None:
        return "applied", ""
    if _try(repository, index, "--check", "--reverse", "--whitespace=nowarn", str(diff)) is None:
        return "already", "the tree has this change already"
    repository.run("read-tree", at, env=index)
    if _try(repository, index, "--3way", "--whitespace=nowarn", str(diff)) is None:
        before = repository.run("rev-parse", f"{at}^{{tree}}").strip()
        if repository.run("write-tree", env=index).strip() == before:
            return "already", "the tree has this change already"
        return "merged", "it did not apply as it is; a three-way merge took it"
    if commit := _in_history(repository, at, diff):
        return "already", f"the tree has this change already: commit {commit[:12]}"
    return "conflict", _conflict(repository, at, diff, said)


def _in_history(repository: Repository, at: str, diff: Path) -> str:
    """The recent commit that makes the same change, by git's patch id; "" where there is none."""
    with diff.open("rb") as given:
        wanted = repository.run("patch-id", "--stable", istream=given).split()[:1]
    paths = [file.path for file in _files(diff)]
    if not wanted or not paths or any(path.startswith("/") or ".." in path.split("/") for path in paths):
        return ""  # git log would take a path that leads out of the tree for a wrong call
    with tempfile.TemporaryFile() as log:
        log.write(
            repository.run(
                "--literal-pathspecs", "log", "-p", "--full-diff", "--no-merges", "--no-ext-diff", "--no-textconv",
                "--no-show-signature", "--no-color", f"--max-count={_RECENT}", at, "--", *paths,
            )
        )  # fmt: skip
        log.seek(0)
        known = dict(line.split() for line in repository.run("patch-id", "--stable", istream=log).splitlines())
    return known.get(wanted[0], b"").decode()


def _try(repository: Repository, index: dict[str, str], *args: str) -> str | None:
    """What ``git apply`` said against it, or None where it went well."""
    command = git.Git(str(repository.directory))
    prepare(command, **index, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    status, _, said = command.execute(
        ["git", "apply", "--cached", *args], with_extended_output=True, with_exceptions=False
    )
    return None if status == 0 else str(said)


def _conflict(repository: Repository, at: str, diff: Path, said: str) -> str:
    """Which hunk does not apply, what it expects, and what is there instead."""
    failed = _FAILED.search(said)
    if not failed:
        lines = [line.removeprefix("error: ") for line in said.splitlines() if line.startswith("error: ")]
        return lines[0] if lines else said.strip().partition("\n")[0]
    path, line = failed.group(1), int(failed.group(2))
    number, expected = _hunk(diff, path, line)
    try:
        there = repository.run("cat-file", "blob", f"{at}:{path}").decode("utf-8", "replace").split("\n")
    except InputError:
        return f"{path} is not there"
    start = _nearest(there, expected, line)
    wrong = next(
        (offset for offset, text in enumerate(expected) if [text] != there[start + offset : start + offset + 1]), 0
    )
    found = there[start + wrong : start + wrong + 1]
    return (
        f"hunk {number} of {path} does not apply at line {line}: "
        f"line {start + wrong + 1} should be {_quoted(expected[wrong : wrong + 1])}, there is {_quoted(found)}"
    )


def _quoted(lines: Sequence[str]) -> str:
    return repr(lines[0].strip()) if lines else "the end of the file"


def _hunk(diff: Path, path: str, line: int) -> tuple[int, list[str]]:
    """The number of the hunk of ``path`` that begins at ``line``, and the lines it expects to find."""
    for file in _files(diff):
        if path in (file.path, file.old_path):
            for number, hunk in enumerate(file.hunks, 1):
                if hunk.start == line:
                    return number, list(hunk.old)
    return 0, []


def _files(diff: Path) -> Sequence[FileDiff]:
    """The files of a patch; none where it cannot be read as one."""
    return Diff(diff.read_bytes().decode("utf-8", "surrogateescape")).files


def _nearest(there: Sequence[str], expected: Sequence[str], line: int) -> int:
    """Where, counted from 0, most of the expected lines are found; near ``line`` where that is undecided."""

    def score(start: int) -> tuple[int, int]:
        same = sum(a == b for a, b in zip(expected, there[start : start + len(expected)], strict=False))
        return same, -abs(start - (line - 1))

    return max(range(max(1, len(there))), key=score)
