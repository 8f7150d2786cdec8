"""A repository of our own making, for the demo."""

from __future__ import annotations

from pathlib import Path

import git

from patcher.tree.gitrepo import run


def make_repository(place: Path, message: str) -> str:
    """Turn a directory into a git repository with one commit of all its files; the commit's id.

    Author and date are fixed, so that the same files give the same id. No configuration of the user's is used; the
    repository's own names the author of later commits.
    """
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "patcher demo"), ("EMAIL", "demo@example.org"), ("DATE", "1293000000 +0000"))
    }
    command = git.Git(str(place))
    command.update_environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1", **identity)
    for args in (
        ["init", "--quiet", "--template=", "--initial-branch=main"],
        ["config", "user.name", "patcher demo"],
        ["config", "user.email", "demo@example.org"],
        ["add", "--all", "--force"],
        ["commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", message],
    ):
        run(command, str(place), args)
    return run(command, str(place), ["rev-parse", "HEAD"]).decode().strip()
