"""What a proof says: a verdict for each property, with what it rests on."""

from __future__ import annotations

from enum import Enum

import msgspec

from patcher.prove.scenario import Scenario


class Status(Enum):
    """PASS: held in all cases run. SKIP could not run, ABSENT is not claimed by the tree: neither counts as PASS. ERROR
    was to be tried, and was not, as whoever was to do it got lost: it is no success."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"
    ABSENT = "ABSENT"
    ERROR = "ERROR"


class Counterexample(msgspec.Struct, frozen=True):
    """The smallest scenario found, what had to be and what was.

    ``step`` is the index of the step that showed it, ``place`` the source line as far as can be told. ``accepts`` are
    the answers that would be right: of the step, or, where ``pfn`` is not -1, for that PFN in the step's scan. It is
    empty where the step itself had to come to an end.
    """

    scenario: Scenario
    step: int
    expected: str
    found: str
    place: str
    pfn: int = -1
    accepts: tuple[int, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """One property of the design (``number``), checked one way (``id``).

    ``cases`` scenarios were run, with rivals at ``points`` points, of which those that are alike were tried once.
    ``reason`` says why it was skipped, is absent or was not tried, or by what definitions the tree claims it.
    """

    id: str
    number: int
    statement: str
    status: Status
    cases: int
    reason: str
    counterexample: Counterexample | None = None
    points: int = 0


class Proof(msgspec.Struct, frozen=True):
    """All properties, for one word size. ``error``: why nothing of it could be run, or ""."""

    arch: str
    bits: int
    error: str
    compiler: str
    profile: str
    sources: tuple[str, ...]
    shims: tuple[str, ...]
    sandbox: str
    scenarios: int
    seconds: float
    seed: int
    verdicts: tuple[Verdict, ...]


class CommitProof(msgspec.Struct, frozen=True):
    """The proofs of one commit. ``subject``: the first line of its message, or what the user named."""

    commit: str
    subject: str
    proofs: tuple[Proof, ...]


def required(verdict: Verdict, names: tuple[str, ...]) -> bool:
    """Whether a verdict is one of those named: "all", an id, or a property's number."""
    return "all" in names or verdict.id in names or str(verdict.number) in names
