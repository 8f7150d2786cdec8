"""Whose fault it is that a property fails: of commits in a row, the one that lost it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patcher.prove.verdict import CommitProof, Status

Properties = frozenset[tuple[str, str]]


class Blame(NamedTuple):
    """Properties, each as (architecture, id), that fail at a commit. ``lost``: the commit before had them, or what
    could not be built there before that; ``still``: an earlier commit lost them; ``before``: they failed at the base,
    and are nobody's fault; ``begun``: they never held before, and a later commit of the series makes them hold."""

    lost: Properties
    still: Properties
    before: Properties
    begun: Properties = frozenset()

    @property
    def guilty(self) -> bool:
        """Whether the series is to blame for something that fails here."""
        return bool(self.lost or self.still)


def failing(proof: CommitProof) -> Properties:
    """The properties that do not hold at a commit."""
    return _with(proof, Status.FAIL)


def _with(proof: CommitProof | None, status: Status) -> Properties:
    parts = proof.proofs if proof else ()
    return frozenset((part.arch, each.id) for part in parts for each in part.verdicts if each.status is status)


def blame(base: CommitProof | None, commits: Sequence[CommitProof | None]) -> Iterator[Blame]:
    """What each commit is to blame for. None is a commit of which nothing is known: it is to blame for nothing, and
    the next is compared with the one before it; so is an architecture for which the code could not be run, and a
    property that was not tried."""
    at_base = known = _with(base, Status.FAIL)
    held = _with(base, Status.PASS)
    passed = [_with(proof, Status.PASS) for proof in commits]
    for number, proof in enumerate(commits):
        if proof is None:
            yield Blame(frozenset(), frozenset(), frozenset())
            continue
        later: Properties = frozenset().union(*passed[number + 1 :])
        now = failing(proof)
        begun = ((now & later) - held) - at_base
        yield Blame(now - known - begun, (now & known) - at_base - begun, now & at_base, begun)
        unknown = {part.arch for part in proof.proofs if part.error}
        known = now | {each for each in known if each[0] in unknown} | (known & _with(proof, Status.ERROR))
        held |= passed[number]
