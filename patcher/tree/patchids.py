"""Patches told by what they change: git's patch ids, in which neither line numbers nor white space count."""

from __future__ import annotations

from collections.abc import Callable

_LOG = ("--literal-pathspecs", "log", "-p", "--full-diff", "--no-merges", "--no-ext-diff", "--no-textconv",
        "--no-show-signature", "--no-color")  # fmt: skip


def patch_ids(run: Callable[..., bytes], *which: str) -> dict[str, str]:
    """Commit → id, as ``git patch-id --stable`` has it, in the order of the log. What changes nothing has none.

    Arguments:
        run: as ``Repository.run``
        which: the commits, as ``git log`` takes them
    """
    found = run("patch-id", "--stable", stdin=run(*_LOG, *which)).decode().splitlines()
    return {commit: patch_id for patch_id, commit in (line.split() for line in found)}
