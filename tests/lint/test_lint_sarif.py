"""SARIF as GitHub's code scanning takes it: every result at a path and a line, every rule described."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"


def accepted(text: str) -> list[tuple[str, str, int]]:
    """Rule, path and line of each result. Fails where GitHub would reject the log ("SARIF support for code scanning":
    what it calls required)."""
    log = json.loads(text)
    assert log["version"] == "2.1.0" and log["$schema"]
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] and len(run["results"]) <= 25000
    assert run["automationDetails"]["id"] in ("patcher-lint/", "patcher-check/")  # one log a commit for each
    for rule in rules:
        assert rule["id"] and len(rule["name"]) <= 255
        assert all(rule[part]["text"] for part in ("shortDescription", "fullDescription", "help"))
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    found = []
    for result in run["results"]:
        assert result["message"]["text"] and rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        uri, region = place["artifactLocation"]["uri"], place["region"]
        assert uri.startswith("file:///") or not uri.startswith(("/", ".."))
        assert region["startLine"] >= 1
        assert "startColumn" not in region or 1 <= region["startColumn"] <= region["endColumn"]
        found.append((result["ruleId"], uri, region["startLine"]))
    hashes = [each["partialFingerprints"]["primaryLocationLineHash"] for each in run["results"]]
    assert len(set(hashes)) == len(hashes)
    return found


@pytest.fixture
def bad(mini_repo: Path, git: Git) -> Path:
    """Commits with findings in their messages: new file, added line, deleted file, nothing at all."""
    git(mini_repo, "checkout", "-q", "-b", "work", "--track", "main")
    place = mini_repo / "drivers/xen/Makefile"
    place.parent.mkdir(exist_ok=True)
    place.write_text("# one\n# two\n")
    git(mini_repo, "add", "-A", "-f")
    git(mini_repo, "commit", "-q", "-m", f"xen: Add it.\n\nIt is needed.\n\n{SIGN}")
    place.write_text("# one\n# two\n# three \n")
    git(mini_repo, "commit", "-q", "-a", "-m", f"xen: Change it.\n\nIt is needed.\n\n{SIGN}")
    git(mini_repo, "rm", "-q", "drivers/xen/Makefile")
    git(mini_repo, "commit", "-q", "-m", f"xen: Drop it.\n\nNobody uses it.\n\n{SIGN}")
    git(mini_repo, "commit", "-q", "--allow-empty", "-m", f"xen: Do nothing.\n\nIt is nothing.\n\n{SIGN}")
    return mini_repo


def test_commits_point_into_the_touched_file(run: Run, bad: Path, git: Git) -> None:
    found = accepted(run("lint", "--strict", "--format", "sarif", cwd=bad).stdout)
    places = [(path, line) for rule, path, line in found if rule == "summary-full-stop"]
    empty = git(bad, "rev-parse", "--short=12", "HEAD").strip()
    assert places == [
        ("drivers/xen/Makefile", 1), ("drivers/xen/Makefile", 3), ("drivers/xen/Makefile", 1), (f"{empty}.patch", 1),
    ]  # fmt: skip
    assert ("trailing-space", "drivers/xen/Makefile", 3) in found


def test_mails_point_into_the_patch_file(run: Run, bad: Path, git: Git, tmp_path: Path) -> None:
    """Relative to where we are, however they are named; from elsewhere by an absolute reference."""
    git(bad, "format-patch", "-q", "-o", "out going", "main~0..HEAD~1")
    names = sorted(each.name for each in (bad / "out going").iterdir())
    for named in ("out going", f"{bad}/out going", "./out going/../out going"):
        found = accepted(run("lint", "--format", "sarif", named, cwd=bad).stdout)
        paths = [path for rule, path, line in found if rule == "summary-full-stop"]
        assert paths == [f"out%20going/{name}" for name in names], named
        assert {line for rule, _, line in found if rule == "summary-full-stop"} == {4}
    (tmp_path / "else").mkdir()
    found = accepted(run("lint", "--format", "sarif", "../linux/out going", cwd=tmp_path / "else").stdout)
    assert f"file://{bad}/out%20going/{names[0]}" in {path for _, path, _ in found}


def test_standard_input_points_into_the_touched_file(bad: Path, git: Git, command_environment: dict[str, str]) -> None:
    mail = git(bad, "format-patch", "--stdout", "-1", "HEAD~2")
    command = [sys.executable, "-m", "patcher", "lint", "--format", "sarif", "-"]
    done = subprocess.run(command, input=mail, text=True, capture_output=True, check=False, cwd=bad,
                          env=command_environment)  # fmt: skip
    assert ("summary-full-stop", "drivers/xen/Makefile", 3) in accepted(done.stdout)


def test_paths_that_lead_out(run: Run, tmp_path: Path) -> None:
    for number, path in enumerate(("../../etc/passwd", "/etc/passwd", "a b/%41.c")):
        (tmp_path / f"{number}.patch").write_text(
            f"From: A U Thor <author@example.org>\nSubject: [PATCH] xen: Drop it\n\nWhy.\n\n{SIGN}\n---\n\n"
            f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b \n-- \n2.39\n"
        )
    assert {rule for rule, _, _ in accepted(run("lint", "--format", "sarif", tmp_path).stdout)} >= {"path-escape"}
