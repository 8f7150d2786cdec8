"""The commits of a range."""

from __future__ import annotations

from pathlib import Path

from patcher.errors import InputError
from patcher.tree.find import open_tree
from patcher.tree.gitrepo import GitTree


def commits_of(place: Path, span: str) -> list[tuple[str, str]]:
    """The commits of ``A..B``: (id, subject), A itself first, then the oldest.

    Raises InputError where there is no repository, or nothing between A and B.
    """
    first, dots, last = span.partition("..")
    if not dots or not first or last.startswith(".") or ".." in last:
        raise InputError(f"{span!r} is not a range", "write it as A..B")
    base, end = open_tree(place, first), open_tree(place, last or "HEAD")
    assert isinstance(base, GitTree) and isinstance(end, GitTree)
    listed = end.log(f"{base.commit}..{end.commit}")
    if not listed:
        raise InputError(
            f"{span!r} holds no commit", f"{first} and {last or 'HEAD'} are the same, or the wrong way round"
        )
    return [*base.log(base.commit, most=1), *listed]
