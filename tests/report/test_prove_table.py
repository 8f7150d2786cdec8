"""The table of a range that was proved: few commits side by side, many in runs."""

from __future__ import annotations

import pytest

from patcher.prove.verdict import CommitProof, Proof, Status, Verdict
from patcher.report.prove_text import prove_text

STATEMENT = "a PFN that nothing was ever stored for reads as missing"


def verdict(status: Status) -> Verdict:
    return Verdict("1-void", 1, STATEMENT, status, 1, "the machine\x1b burns" if status is Status.ERROR else "")


def commit(number: int, *states: Status) -> CommitProof:
    proofs = tuple(
        Proof(arch, bits, "", "gcc", "", (), (), "", 1, 1.0, 0, (verdict(state),))
        for arch, bits, state in zip(("x86_64", "i386"), (64, 32), states, strict=True)
    )  # fmt: skip
    return CommitProof(f"{number:040}", f"xen: a subject of commit {number}", proofs)


def plain(text: str, **_: object) -> str:
    return text


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (3, "  1-void               -  pass  pass  a PFN that nothing was ever stored for"),
        (9, "  1-void               -" + "  pass" * 8 + "\n      " + STATEMENT),
        (300, "  1-void            - at 0, pass at 1–299\n      " + STATEMENT),
    ],
)
def test_as_many_as_there_are_the_table_fits(count: int, wanted: str) -> None:
    states = [Status.ABSENT, *[Status.PASS] * (count - 1)]
    text = prove_text([commit(number, state, state) for number, state in enumerate(states)], plain)
    assert wanted in text and all(len(line) <= 80 for line in text.splitlines())


def test_where_word_sizes_differ_both_are_said() -> None:
    commits = [commit(number, Status.PASS, Status.FAIL if number == 7 else Status.PASS) for number in range(40)]
    assert "  1-void            pass at 0–6, pass/FAIL at 7, pass at 8–39\n" in prove_text(commits, plain)


def test_what_was_not_tried_is_told_with_the_reason() -> None:
    alone = prove_text([commit(0, Status.PASS, Status.ERROR)], plain, quiet=True)
    assert "  ERROR  1-void " in alone and "the machine\\x1b burns\n" in alone
    assert alone.endswith("prove: 1 PASS, 1 ERROR\n")
    states = ((Status.PASS, Status.PASS), (Status.PASS, Status.ERROR), (Status.PASS, Status.PASS))
    text = prove_text([commit(number, *each) for number, each in enumerate(states)], plain)
    assert "       pass pass/ERROR       pass\n" in text
    assert "\n  1-void was not tried at 1: the machine\\x1b burns (i386)\nprove:" in text, "and nothing holds from 2 on"
