"""A repository of our own making, for the demo."""

from __future__ import annotations

from pathlib import Path

from patcher.tree.command import identity, run


def make_repository(directory: Path, message: str) -> str:
    """Turn a directory into a git repository with one commit of all its files; the commit's id.

    Author and date are fixed, so that the same files give the same id. No configuration of the user's is used; the
    repository's own names the author of later commits.
    """
    who = identity("patcher demo", "demo@example.org", "1293000000 +0000")
    environment = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **who}
    for args in (
        ["init", "--quiet", "--template=", "--initial-branch=main"],
        ["config", "user.name", "patcher demo"],
        ["config", "user.email", "demo@example.org"],
        ["add", "--all", "--force"],
        ["commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", message],
    ):
        run(directory, args, env=environment)
    return run(directory, ["rev-parse", "HEAD"]).decode().strip()
