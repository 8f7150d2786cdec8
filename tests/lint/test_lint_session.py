"""One way to lint: whoever asks, the same series gives the same findings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"
MMU = "arch/x86/xen/mmu.c"
IGNORE = '[[ignore]]\nrule = "summary-full-stop"\nreason = "custom of this tree"\n'
CHECK = ("check", "--trust-tree", "--configs", "mini_defconfig", "--lint", "--format", "json")


def commit(tree: Path, git: Git, summary: str, path: str = MMU, more: str = "") -> None:
    place = tree / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text((place.read_text() if place.exists() else "") + more)
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-q", "-m", f"{summary}\n\nIt is needed.\n\n{SIGN}")


@pytest.fixture
def faulty(mini_repo: Path, git: Git) -> Path:
    """A series whose faults the tree shows, one that its suppressions hide, and one that they do not."""
    (mini_repo / ".patcher.toml").write_text(IGNORE)
    (mini_repo / "MAINTAINERS").write_text("XEN\nM:\tM <m@example.org>\nS:\tSupported\nF:\tdrivers/xen/\n")
    git(mini_repo, "add", "-A", "-f")
    git(mini_repo, "commit", "-q", "-m", "x: Begin")
    git(mini_repo, "checkout", "-q", "-b", "work")
    commit(mini_repo, git, "xen/mmu: Name an option.", more="\n#ifdef CONFIG_PATCHER_NO_SUCH\n#endif\n")
    commit(mini_repo, git, "Add a file", "new/x.h", "/* SPDX-License-Identifier: GPL-2.0 */\n")
    return mini_repo


def linted(ran: Any) -> set[tuple[str, str, str]]:
    """(rule, level, path) of what ``patcher lint`` found."""
    assert ran.code in (0, 1), ran.stderr
    return {(each["rule"], each["level"], each["path"]) for each in json.loads(ran.stdout)["findings"]}


def rows(ran: Any) -> dict[tuple[str, str, str], int]:
    """(rule, level, path) of what ``patcher check --lint`` found, and the number of the commit."""
    assert ran.code in (0, 1), ran.stderr
    found = [each for each in json.loads(ran.stdout)["findings"] if each["check"] == "lint"]
    return {(each["message"].rpartition("[")[2][:-1], each["kind"], each["path"]): each["commit"] for each in found}


def test_check_finds_what_lint_finds_in_a_range(run: Run, faulty: Path) -> None:
    found = linted(run("lint", "main..HEAD", "--tree", faulty, "--format", "json"))
    assert {rule for rule, _, _ in found} == {"config-unknown", "new-file-maintained", "summary-no-subsystem"}
    assert rows(run(*CHECK, "main..HEAD", "--tree", faulty)).keys() == found


def test_check_finds_what_lint_finds_in_mail(run: Run, faulty: Path, git: Git, tmp_path: Path) -> None:
    git(faulty, "format-patch", "-q", "--cover-letter", "-o", tmp_path / "out", "main")
    git(faulty, "checkout", "-q", "main")
    found = linted(run("lint", tmp_path / "out", "--tree", faulty, "--format", "json"))
    assert {rule for rule, _, _ in found} >= {"config-unknown", "new-file-maintained", "placeholder"}
    ran = run(*CHECK, tmp_path / "out", "--tree", faulty)
    assert rows(ran).keys() == found
    by_rule = {rule: commit for (rule, _, _), commit in rows(ran).items()}
    assert (by_rule["config-unknown"], by_rule["new-file-maintained"]) == (1, 2)


def test_check_finds_what_lint_finds_where_branches_were_merged(run: Run, faulty: Path, git: Git) -> None:
    """What a merge brought belongs to the merge, which is one commit of the series."""
    git(faulty, "checkout", "-q", "-b", "side", "main")
    commit(faulty, git, "No subsystem here", "drivers/xen/side.c", "/* SPDX-License-Identifier: GPL-2.0 */\n")
    git(faulty, "checkout", "-q", "work")
    git(faulty, "merge", "-q", "--no-ff", "-m", f"Merge side\n\nWhy.\n\n{SIGN}", "side")
    found = linted(run("lint", "main..HEAD", "--tree", faulty, "--format", "json"))
    ran = run(*CHECK, "main..HEAD", "--tree", faulty)
    assert rows(ran).keys() == found
    brought = [each for each in json.loads(ran.stdout)["findings"] if each["source"] == "No subsystem here"]
    assert [each["commit"] for each in brought] == [3]


def test_apply_and_check_find_what_lint_finds_in_the_branch(run: Run, mini_repo: Path, git: Git) -> None:
    """The series of a tree: as commits that are not there yet (check), and as those that apply would make."""
    options = (
        "--trust-tree",
        "--configs",
        "noxen_defconfig",
        "--lint",
        "--tree",
        mini_repo,
    )  # there is little to build
    assert run("apply", "--tree", mini_repo, "--branch", "made").code == 0
    found = linted(run("lint", "main..made", "--tree", mini_repo, "--format", "json"))
    assert {rule for rule, _, _ in found} == {"sign-off-missing"}
    assert rows(run("check", "--series", "identity", *options, "--format", "json")).keys() == found
    ran = run("apply", "--check", *options, "--branch", "checked")
    assert (ran.code, "sign-off-missing" in ran.stdout) == (1, True)
    (mini_repo / ".patcher.toml").write_text('[[ignore]]\nrule = "sign-off-missing"\nreason = "none of ours"\n')
    assert linted(run("lint", "main..made", "--tree", mini_repo, "--format", "json")) == set()
    assert run("apply", "--check", *options, "--branch", "checked").code == 0
