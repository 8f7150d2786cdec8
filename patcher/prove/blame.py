"""Whose fault it is that a property fails: of commits in a row, the one that lost it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patcher.prove.verdict import CommitProof, Status

Properties = frozenset[tuple[str, str]]


class Blame(NamedTuple):
    """Properties, each as (architecture, id), that fail at a commit. ``lost``: the commit before had them, or what
    could not be built there before that; ``still``: an earlier commit lost them; ``before``: they failed at the base,
    and are nobody's fault."""

    lost: Properties
    still: Properties
    before: Properties

    @property
    def guilty(self) -> bool:
        """Whether the series is to blame for something that fails here."""
        return bool(self.lost or self.still)


def failing(proof: CommitProof) -> Properties:
    """The properties that do not hold at a commit."""
    return frozenset(
        (part.arch, each.id) for part in proof.proofs for each in part.verdicts if each.status is Status.FAIL
    )


def blame(base: CommitProof | None, commits: Sequence[CommitProof | None]) -> Iterator[Blame]:
    """What each commit is to blame for. None is a commit of which nothing is known: it is to blame for nothing, and
    the next is compared with the one before it; so is an architecture for which the code could not be run."""
    at_base = failing(base) if base else frozenset()
    known = at_base
    for proof in commits:
        if proof is None:
            yield Blame(frozenset(), frozenset(), frozenset())
            continue
        now = failing(proof)
        yield Blame(now - known, (now & known) - at_base, now & at_base)
        unknown = {part.arch for part in proof.proofs if part.error}
        known = now | {each for each in known if each[0] in unknown}
