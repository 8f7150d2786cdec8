"""Lint and prove as columns of a check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from check.checking import append, commit_edits, replace, require_gcc

from patcher.check.extras import _proof_cell
from patcher.check.results import Status
from patcher.prove.blame import Blame, Properties
from patcher.prove.verdict import CommitProof, Proof, Verdict
from patcher.prove.verdict import Status as Held

MMU = "arch/x86/xen/mmu.c"


def test_a_property_that_could_not_be_tried_is_no_pass() -> None:
    def cell(*states: Held) -> tuple[Status, str]:
        verdicts = tuple(Verdict(f"{number}-x", number, "", state, 0, "why") for number, state in enumerate(states))
        proof = CommitProof("1", "", (Proof("i386", 32, "", "", "", (), (), "", 0, 0.0, 0, verdicts),))
        none: Properties = frozenset()
        lost = frozenset(("i386", each.id) for each in verdicts if each.status is Held.FAIL)
        return _proof_cell(proof, Blame(lost, none, none))[:2]

    assert cell(Held.PASS, Held.SKIP, Held.ABSENT) == (Status.PASS, "1 properties hold")
    assert cell(Held.PASS, Held.ERROR, Held.ERROR) == (Status.ERROR, "i386: 1-x was not tried: why; and 1 more")
    assert cell(Held.ERROR) == (Status.ERROR, "i386: 0-x was not tried: why")
    assert cell(Held.ERROR, Held.FAIL)[0] is Status.FAIL


def test_lint_has_a_column(mini_repo: Path, run: Callable[..., Any]) -> None:
    require_gcc()
    commit_edits(mini_repo, "xen/mmu: Touch.", {MMU: append("\n/* touched */   \n")})
    ran = run(
        "check", "HEAD~1", "--tree", mini_repo, "--trust-tree", "--configs", "noxen_defconfig,mini_defconfig",
        "--lint", "--format", "json",
    )  # fmt: skip
    report = json.loads(ran.stdout)
    assert [cell["status"] for cell in report["rows"][0]["cells"]] == ["PASS", "PASS", "FAIL"]
    assert any("sign-off-missing" in finding["message"] for finding in report["findings"])
    assert ran.code == 1


def test_a_lost_property_is_found_at_its_commit(mini_repo: Path, run: Callable[..., Any]) -> None:
    require_gcc()
    commit_edits(mini_repo, "harmless", {MMU: append("\n/* touched */\n")})
    wrong = replace("\treturn p2m_top[topidx][mididx][idx];", "\treturn p2m_top[topidx][mididx][idx] + 1;")
    commit_edits(mini_repo, "wrong", {MMU: wrong})
    commit_edits(mini_repo, "later", {MMU: append("\n/* more */\n")})
    ran = run(
        "check", "HEAD~3", "--tree", mini_repo, "--trust-tree", "--configs", "mini_defconfig", "--prove",
        "--format", "json",
    )  # fmt: skip
    report = json.loads(ran.stdout)
    statuses = [row["cells"][1]["status"] for row in report["rows"]]
    if "ERROR" in statuses:
        raise AssertionError(report["rows"])
    assert statuses == ["PASS", "FAIL", "FAIL"]
    assert {finding["commit"] for finding in report["findings"]} == {2}
