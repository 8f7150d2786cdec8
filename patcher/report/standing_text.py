"""How patches stand to a tree, as lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from patcher.generate.standing import Sign, Standing, State

_FEW = 3


def standing_lines(standings: Sequence[Standing], verbose: bool) -> list[str]:
    """One line for each patch, and below it what led to that."""
    width = max((len(_state(each)) for each in standings), default=0)
    return [line for each in standings for line in _lines(each, width, verbose)]


def summary(standings: Sequence[Standing]) -> str:
    """How many are how."""
    counts = Counter(each.state for each in standings)
    return ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state]) or "nothing of it"


def _state(each: Standing) -> str:
    return f"{each.state.value}, {each.since.value}" if each.since else each.state.value


def _lines(each: Standing, width: int, verbose: bool) -> list[str]:
    lines = [f"  {_state(each):{width}}  {each.title or each.step}"]
    below = " " * (width + 6)
    if each.commit:
        lines.append(f"{below}{_commit(each)}")
    if each.reason:
        lines.append(f"{below}{each.reason}")
    lines += [f"{below}{where}" for where in each.differs]
    lines += [f"{below}without {trailer}: it was said of the patch before" for trailer in each.lost]
    lines += [f"{below}{trailer}" for trailer in each.kept]
    if verbose or (each.state is State.NEEDED and not each.since and each.paths):
        shown = each.paths if verbose else each.paths[:_FEW]
        more = len(each.paths) - len(shown)
        lines.append(f"{below}{', '.join(shown)}{f' and {more} more' if more else ''}")
    return lines


def _commit(each: Standing) -> str:
    by = f" ({each.sign.value})" if each.sign else ""
    weak = "; look whether it is all of it" if each.sign in (Sign.AUTHOR, Sign.TITLE) else ""
    if each.state is State.NEEDED:
        return f"commit {each.commit[:12]}{by}, and the tree needs it again, or the rest of it"
    return f"commit {each.commit[:12]}{by}{weak}"
