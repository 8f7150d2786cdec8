"""Patches applied in git's objects: no worktree, no index of the user's, nothing written to the user's repository.

New objects go to a bare repository of its own in a temporary directory, which borrows the user's objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from patcher.errors import InputError
from patcher.files import HUGE
from patcher.mail.diff import Diff
from patcher.mail.model import Patch
from patcher.mail.read import patches
from patcher.tree.command import ask, identity, run
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import Entry
from patcher.tree.objects import Commit
from patcher.tree.patchids import patch_ids

_FAILED = re.compile(r"^error: patch failed: (.+):([0-9]{1,9})$", re.MULTILINE)
_HUGE = re.compile(r"^@@ [-+,0-9 ]*[0-9]{10}", re.MULTILINE)
_RECENT = 200  # commits to the files of a patch that are looked at
_AS_IT_IS = "* -text -eol -ident -filter -working-tree-encoding\n"
_ADVICE = "name a patch or an mbox"


class PatchState(StrEnum):
    """How a patch came out: it applied as it is, or by a three-way merge; the tree has it; it does not apply, or an
    earlier one did not; or it holds no diff, as a cover letter."""

    APPLIED = "applied"
    MERGED = "merged"
    ALREADY = "already"
    CONFLICT = "conflict"
    SKIPPED = "skipped"
    EMPTY = "empty"


class Applied(NamedTuple):
    """How one patch came out. ``commit`` is there where it made one. ``detail`` says, for a conflict, which hunk, what
    it expects and what is there instead.
    """

    name: str
    subject: str
    state: PatchState
    commit: Commit | None
    detail: str


def borrow(repository: Repository, scratch: Path) -> Repository:
    """An empty bare repository in ``scratch`` that has all objects of ``repository``."""
    bare = scratch / "objects.git"
    run(scratch, ["init", "--quiet", "--bare", "--template=", str(bare)], where=str(bare))
    (bare / "objects" / "info").mkdir(exist_ok=True)
    (bare / "objects" / "info" / "alternates").write_bytes(bytes(repository.common / "objects") + b"\n")
    (bare / "info").mkdir(exist_ok=True)
    (bare / "info" / "attributes").write_text(_AS_IT_IS)  # goes before those of the tree
    return Repository(bare, bare, None)


def check_out(repository: Repository, entries: Mapping[str, Entry], target: Path, scratch: Path) -> None:
    """Write files of a commit into the empty directory ``target``, byte for byte.

    ``repository`` is from ``borrow``; ``scratch`` is a directory for the index. Raises InputError where git cannot.
    """
    environment = {"GIT_INDEX_FILE": str(scratch / "checkout.index"), "GIT_WORK_TREE": str(target)}
    listing = "".join(f"{entry.mode} {entry.blob}\t{path}\0" for path, entry in entries.items())
    given = listing.encode("utf-8", "surrogateescape")
    repository.run("update-index", "-z", "--index-info", stdin=given, env=environment)
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


def apply_all(repository: Repository, base: str, files: Sequence[Path], scratch: Path) -> tuple[Applied, ...]:
    """Apply the patches of some files (mail, mbox, plain diffs) one after the other onto ``base``.

    Arguments:
        repository: from ``borrow``; gets the new objects
        base: the id of the commit to begin with
        files: in the order in which they are to be applied
        scratch: a directory for intermediate files

    Raises InputError where a file cannot be read, holds no patch at all, or has a hunk that no file is long enough for.
    """
    found: list[Applied] = []
    stopped = ""
    index = {"GIT_INDEX_FILE": str(scratch / "index")}
    for name, patch in _named(files):
        subject = patch.summary or name
        if huge := _HUGE.search(patch.diff):
            line = patch.diff.count("\n", 0, huge.start()) + 1
            raise InputError(
                f"{name}: line {line} of its diff names a line number of more than nine digits", "the patch is damaged"
            )
        commit = None
        if not patch.diff:
            state, detail = PatchState.EMPTY, "it holds no diff"
        elif stopped:
            state, detail = PatchState.SKIPPED, f"{stopped} did not apply"
        else:
            state, detail = _apply(repository, base, patch, index)
        if state in (PatchState.APPLIED, PatchState.MERGED):
            commit = repository.commit(_commit(repository, base, patch, subject, index))
            base = commit.id
        elif state is PatchState.CONFLICT:
            stopped = name
        found.append(Applied(name, subject, state, commit, detail))
    if all(each.state is PatchState.EMPTY for each in found):
        raise InputError(f"{files[0]} holds no patch", "give patches, an mbox, or a range A..B")
    return tuple(found)


def _named(files: Sequence[Path]) -> list[tuple[str, Patch]]:
    """The mails and diffs in the files, each with a name for people."""
    found: list[tuple[str, Patch]] = []
    for path, several in groupby(patches([str(file) for file in files], most=HUGE), key=lambda patch: patch.path):
        mails = list(several)
        if any(problem.kind == "too-large" for mail in mails for problem in mail.problems):
            raise InputError(f"{path} has a mail of more than {HUGE // 2**20} MiB", _ADVICE)
        name = Path(path).name
        found += [(f"{name}#{at}" if len(mails) > 1 else name, mail) for at, mail in enumerate(mails, 1)]
    if empty := {str(file) for file in files} - {patch.path for _, patch in found}:
        raise InputError(f"{min(empty)} is empty", _ADVICE)
    return found


def _commit(repository: Repository, parent: str, patch: Patch, subject: str, index: Mapping[str, str]) -> str:
    """Commit the index, by the author and at the time of the mail. The committer is the same, so that the same patch on
    the same base is the same commit."""
    name, address = patch.author.name or patch.author.address or "unknown", patch.author.address or "unknown@localhost"
    who = [value.replace("\0", "") for value in (name, address, patch.date or "1293000000 +0000")]
    body = "".join(f"{line}\n" for line in patch.body) if patch.subject else ""
    message = f"{subject}\n\n{body}".encode("utf-8", "surrogateescape")
    tree = repository.run("write-tree", env=index).decode().strip()
    made = repository.run("commit-tree", tree, "-p", parent, "-F", "-", stdin=message, env={**index, **identity(*who)})
    return made.decode().strip()


def _apply(repository: Repository, base: str, patch: Patch, index: Mapping[str, str]) -> tuple[PatchState, str]:
    """Apply a patch to the index; how that came out, with the detail."""
    repository.run("read-tree", base, env=index)
    diff = patch.sent_diff
    refused = _try(repository, index, diff)
    if not refused:
        return PatchState.APPLIED, ""
    if not _try(repository, index, diff, "--check", "--reverse"):
        return PatchState.ALREADY, "the tree has this change already"
    repository.run("read-tree", base, env=index)
    if not _try(repository, index, diff, "--3way"):
        before = repository.run("rev-parse", f"{base}^{{tree}}").strip()
        if repository.run("write-tree", env=index).strip() == before:
            return PatchState.ALREADY, "the tree has this change already"
        return PatchState.MERGED, "it did not apply as it is; a three-way merge took it"
    parsed = Diff(patch.diff)
    if commit := _in_history(repository, base, diff, parsed):
        return PatchState.ALREADY, f"the tree has this change already: commit {commit[:12]}"
    return PatchState.CONFLICT, _conflict(repository, base, parsed, refused)


def _in_history(repository: Repository, base: str, diff: bytes, parsed: Diff) -> str:
    """The recent commit that makes the same change, by git's patch id; "" where there is none."""
    wanted = repository.run("patch-id", "--stable", stdin=diff).split()[:1]
    paths = [file.path for file in parsed.files]
    if not wanted or not paths or any(path.startswith("/") or ".." in path.split("/") for path in paths):
        return ""  # git log would take a path that leads out of the tree for a wrong call
    known = patch_ids(repository.run, f"--max-count={_RECENT}", base, "--", *paths)
    return next((commit for commit, patch_id in known.items() if patch_id == wanted[0].decode()), "")


def _try(repository: Repository, index: Mapping[str, str], diff: bytes, *args: str) -> str:
    """What ``git apply`` says against a diff, or "" where it goes well."""
    environment = {**index, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    words = ["apply", "--cached", "--whitespace=nowarn", *args, "-"]
    ended = ask(repository.directory, words, stdin=diff, env=environment, doing="apply a patch in")
    return (ended.errors or "it gave no reason") if ended.status else ""


def _conflict(repository: Repository, base: str, parsed: Diff, refused: str) -> str:
    """Which hunk does not apply, what it expects, and what is there instead. ``refused``: what git said."""
    failed = _FAILED.search(refused)
    if not failed:
        lines = [line.removeprefix("error: ") for line in refused.splitlines() if line.startswith("error: ")]
        return lines[0] if lines else refused.strip().partition("\n")[0]
    path, line = failed.group(1), int(failed.group(2))
    number, expected = _hunk(parsed, path, line)
    (blob,) = repository.objects.find([f"{base}:{path}"])
    if blob.kind != "blob":
        return f"{path} is not there"
    there = blob.content.decode("utf-8", "replace").split("\n")
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


def _hunk(parsed: Diff, path: str, line: int) -> tuple[int, list[str]]:
    """The number of the hunk of ``path`` that begins at ``line``, and the lines it expects to find."""
    for file in parsed.files:
        if path in (file.path, file.old_path):
            for number, hunk in enumerate(file.hunks, 1):
                if hunk.start == line:
                    return number, list(hunk.old)
    return 0, []


def _nearest(there: Sequence[str], expected: Sequence[str], line: int) -> int:
    """Where, counted from 0, most of the expected lines are found; near ``line`` where that is undecided."""

    def score(start: int) -> tuple[int, int]:
        same = sum(a == b for a, b in zip(expected, there[start : start + len(expected)], strict=False))
        return same, -abs(start - (line - 1))

    return max(range(max(1, len(there))), key=score)
