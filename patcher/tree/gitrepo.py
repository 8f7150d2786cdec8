"""A kernel tree at a commit of a git repository, read from the object store. The importer of git.

Nothing is checked out, no hook, filter or helper of the repository runs, nothing is fetched.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import git

from patcher.errors import InputError

_QUIET = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "color.ui": "false",
    "grep.fullName": "false",
}
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone must not start to fetch
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "GIT_CONFIG_COUNT": str(len(_QUIET)),
    **{f"GIT_CONFIG_KEY_{index}": key for index, key in enumerate(_QUIET)},
    **{f"GIT_CONFIG_VALUE_{index}": value for index, value in enumerate(_QUIET.values())},
}
_ENTRY = re.compile(r"100\d{3} blob ([0-9a-f]+)\t([^\0]+)\0")  # regular files: no links, no submodules


def git_version() -> str:
    """The version of the git that is used, or raises InputError where there is none."""
    return run(git.Git(), "git", ["version"]).decode().removeprefix("git version ").strip()


def run(command: git.Git, where: str, args: Sequence[str], *, empty_is: int = 0, **options: Any) -> bytes:
    """The output of one git command. ``empty_is``: an exit status that means "found nothing".

    Raises InputError with git's own first line.
    """
    command.update_environment(**_ENVIRONMENT)
    try:
        status, output, errors = command.execute(
            ["git", *args],
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            **options,
        )
    except git.GitCommandNotFound as error:
        raise InputError("git was not found", "install git, or put it on the PATH") from error
    if status not in (0, empty_is):
        text = errors if isinstance(errors, str) else errors.decode("utf-8", "replace")
        raise InputError(f"git cannot read {where}: {_first_line(text)}", _advice(text))
    return output if isinstance(output, bytes) else str(output).encode()


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    for line in lines:
        if line.startswith(("fatal:", "error:")):
            return line.split(":", 1)[1].strip()
    return lines[0] if lines else "it gave no reason"


def _advice(text: str) -> str:
    if "dubious ownership" in text:
        return "it belongs to another user; see safe.directory in git-config(1)"
    if "promisor" in text or "not allowed" in text or "lazy fetch" in text:
        return "this clone is partial and lacks the object; run 'git fetch --refetch --no-filter' in it"
    if any(word in text for word in ("corrupt", "unable to read", "inflate", "loose object", "could not get")):
        return "an object is missing or damaged; run 'git fsck' in it"
    return ""


class GitTree:
    """The tree of one commit. See ``KernelTree``."""

    def __init__(self, repository: git.Repo, revision: str) -> None:
        self._git = repository.git
        self.repository = Path(repository.git_dir)
        self.worktree = Path(repository.working_dir) if repository.working_dir else None
        self.where = str(self.worktree or self.repository)
        try:
            ids = self._run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        except InputError as error:
            shallow = (self.repository / "shallow").exists()
            raise InputError(
                f"{self.where} has no commit {revision!r}",
                "the clone is shallow; 'git fetch --unshallow' brings the rest"
                if shallow
                else "'git log --oneline' shows what there is"
                if self._has_commits()
                else "the repository has no commit yet",
            ) from error
        self.commit = ids.decode().strip()
        self.key: str | None = self._run("rev-parse", f"{self.commit}^{{tree}}").decode().strip()

    def _has_commits(self) -> bool:
        return bool(self._run("rev-list", "--all", "--max-count=1", empty_is=128).strip())

    def _run(self, *args: str, **options: Any) -> bytes:
        return run(self._git, self.where, args, **options)

    @cached_property
    def _paths(self) -> dict[str, str]:
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = _ENTRY.findall(listing.decode("utf-8", "surrogateescape"))
        return {path: blob for blob, path in entries}

    def paths(self) -> Mapping[str, str]:
        return self._paths

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: self._paths[path] for path in paths if path in self._paths}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        wanted = self.blobs(dict.fromkeys(paths))
        if not wanted:
            return {}
        with tempfile.TemporaryFile() as requests:
            requests.write("".join(f"{blob}\n" for blob in wanted.values()).encode())
            requests.seek(0)
            data = self._run("cat-file", "--batch", "--buffer", istream=requests)
        contents, at = {}, 0
        for path, blob in wanted.items():
            end = data.index(b"\n", at)
            header = data[at:end].split()
            if header[1:2] != [b"blob"]:
                raise InputError(f"{self.where} lacks the object {blob} ({path})", "run 'git fsck' in it")
            size = int(header[2])
            contents[path] = data[end + 1 : end + 1 + size]
            at = end + 2 + size
        return contents

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        return search(self._git, self.where, words, pathspecs, self.commit)


def search(
    command: git.Git, where: str, words: Sequence[str], pathspecs: Sequence[str], commit: str = ""
) -> tuple[str, ...]:
    """``git grep`` for whole words, in a commit or, without one, in the files below the command's directory."""
    patterns = [part for word in words for part in ("-e", word)]
    place = [commit] if commit else []
    outside = [] if commit else ["--no-index", "--no-exclude-standard"]
    output = run(
        command,
        where,
        ["grep", "-l", "-z", "-I", "-w", "-F", *outside, *patterns, *place, "--", *pathspecs],
        empty_is=1,
    )
    names = (name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name)
    return tuple(sorted(name.removeprefix(f"{commit}:") for name in names))
