"""Where a range of commits begins and ends."""

from __future__ import annotations

from collections.abc import Sequence

from patcher.tree.gitrepo import Repository


def ends(repository: Repository, range_: str, commits: Sequence[str]) -> tuple[str, str]:
    """The revision a range is based on, and the one whose tree has all of it. ``commits`` are those of the range, the
    oldest first, without merges: because of these the ends need not be the first one's parent and the last one.

    The base is the newest commit that both ends of the range have in common (it may not exist, where the first commit
    has no parent). Raises InputError where git cannot read the range.
    """
    first, last = f"{commits[0]}^", commits[-1]
    shown = range_ if any(mark in range_ for mark in ("..", "^!", "^@")) else f"{range_}..HEAD"
    named = repository.run("rev-parse", "--revs-only", shown, "--").decode().split()
    left_out = [name.removeprefix("^") for name in named if name.startswith("^")]
    if "..." in shown:  # two tips: the right one is meant
        tip = repository.resolve(shown.rpartition("...")[2] or "HEAD")
    else:
        tips = [name for name in named if not name.startswith("^")]
        if len(tips) != 1:
            return first, last
        tip = tips[0]
    if len(left_out) != 1:
        return first, tip
    base = repository.run("merge-base", left_out[0], tip, empty_is=1).decode().strip()
    return base or first, tip
