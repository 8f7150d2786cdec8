"""Commits written anew with other messages, on a new branch. Worktree, index and HEAD are not touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patcher.errors import InputError
from patcher.tree.gitrepo import Repository


def with_messages(repository: Repository, commits: Sequence[str], messages: Mapping[str, str], branch: str) -> str:
    """Write the commits (one after the other, the oldest first) with the messages given, and name the last by a new
    branch. Trees, authors and dates stay. Returns the id of the last.

    Raises InputError where the branch exists or its name is wrong, or where the commits are no line.
    """
    try:
        repository.run("check-ref-format", "--branch", branch)
    except InputError as error:
        raise InputError(f"{branch!r} is no name for a branch", "choose another with --fix-to") from error
    if repository.has(f"refs/heads/{branch}"):
        raise InputError(f"{repository.where} has a branch {branch} already", "name a new one with --fix-to")
    parents = repository.run("rev-list", "--no-walk=unsorted", "--parents", *commits, "--").decode().splitlines()
    rows = [row.split() for row in parents]
    for before, row in zip(commits, rows[1:], strict=False):
        if row[1:] != [before]:
            raise InputError(
                f"commit {row[0][:12]} does not follow {before[:12]}", "only a line of commits can be written anew"
            )
    last = rows[0][1] if len(rows[0]) > 1 else ""
    changed = False
    for commit in commits:
        changed = changed or commit in messages
        last = _write(repository, commit, last, messages.get(commit)) if changed else commit
    repository.run("update-ref", f"refs/heads/{branch}", last, "0" * len(last))
    return last


def _write(repository: Repository, commit: str, parent: str, message: str | None) -> str:
    """One commit, with another parent and, if given, another message."""
    shown = repository.run("show", "-s", "--no-show-signature", "--encoding=UTF-8",
                           "--format=%T%x00%an%x00%ae%x00%ad%x00%B", "--date=raw", commit, "--")  # fmt: skip
    tree, name, address, date, old = shown.decode("utf-8", "surrogateescape").split("\0", 4)
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address, "GIT_AUTHOR_DATE": date}
    text = (message if message is not None else old.rstrip("\n") + "\n").encode("utf-8", "surrogateescape")
    of = ["-p", parent] if parent else []
    return repository.run("commit-tree", *of, "-F", "-", tree, stdin=text, env=author).decode().strip()
