"""Whose fault a failing property is."""

from __future__ import annotations

from patcher.prove.blame import blame
from patcher.prove.verdict import CommitProof, Proof, Status, Verdict

SHORT = {"P": Status.PASS, "F": Status.FAIL, "-": Status.ABSENT, "E": Status.ERROR}


def proofs(held: str) -> list[CommitProof | None]:
    """A property at one commit after the other; ``?``: nothing is known."""
    return [
        None if each == "?" else
        CommitProof(str(number), "", (
            Proof("i386", 32, "", "", "", (), (), "", 0, 0.0, 0, (Verdict("9-x", 9, "", SHORT[each], 0, ""),)),
        ))
        for number, each in enumerate(held)
    ]  # fmt: skip


def told(held: str) -> str:
    """For each commit after the base: lost, still, before, begun, or ``.`` for none of it."""
    base, *commits = proofs(held)
    found = blame(base, commits)
    return "".join(next((letter for letter, part in zip("LSBG", each, strict=True) if part), ".") for each in found)


def test_what_held_and_does_not_hold_is_lost() -> None:
    assert told("PPFFP") == ".LS."
    assert told("-PF") == ".L"
    assert told("FFPF") == "B.L"
    assert told("P?F") == ".L"


def test_what_could_not_be_tried_changes_nothing() -> None:
    assert told("PFEF") == "L.S"
    assert told("FEF") == ".B"
    assert told("PEF") == ".L"


def test_what_a_series_begins_and_does_not_end_is_its_fault() -> None:
    assert told("-FF") == "LS"
    assert told("--F") == ".L"


def test_what_a_later_commit_makes_true_is_begun() -> None:
    assert told("-FFP") == "GG."
    assert told("-FPF") == "G.L"
    assert told("-F-") == "L."
