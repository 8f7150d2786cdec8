"""What services are given besides SARIF: Patchwork's checks, GitLab's Code Quality, JUnit as GitLab reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from patcher.report.lint_patchwork import SCHEMA

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"
DIFF = "diff --git a/drivers/xen/{0}.c b/drivers/xen/{0}.c\n--- a/drivers/xen/{0}.c\n+++ b/drivers/xen/{0}.c\n@@ -1 +1 @@\n-a\n+b\n"  # noqa: E501


def mail(number: int, summary: str, sign: str = SIGN, diff: str = "") -> str:
    return (
        "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A U Thor <author@example.org>\n"
        f"To: linux-kernel@vger.kernel.org\nSubject: [PATCH {number}/2] {summary}\n"
        f"Date: Tue, 21 Dec 2010 12:00:0{number} +0000\nMessage-ID: <two-{number}@example.org>\n"
        f"References: <two-0@example.org>\n\nIt is needed.\n\n{sign}\n---\n{diff}\n"
    )


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A series as a list archive has it: the cover letter with an error, a good patch, and a bad one."""
    cover = mail(0, "xen: Two options", "").replace("It is needed.", "*** BLURB HERE ***")
    bad = mail(2, "xen: Add option 2.", SIGN.replace("Signed", "Singed"), DIFF.format("y"))
    (tmp_path / "thread.mbox").write_text(cover + mail(1, "xen: Add option 1", diff=DIFF.format("x")) + bad)
    return tmp_path / "thread.mbox"


def checks(text: str) -> dict[str, tuple[str, str]]:
    """State and description by Message-ID. Fails where Patchwork would refuse one (docs/api, CheckCreate)."""
    report = json.loads(text)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    found = {}
    for each in report["checks"]:
        assert re.fullmatch(r"[-a-zA-Z0-9_]+", each["check"]["context"])
        assert "\n" not in each["check"]["description"]
        found[each["msgid"]] = (each["check"]["state"], each["check"]["description"])
    return found


def test_patchwork_has_a_check_for_each_patch(run: Run, box: Path) -> None:
    ran = run("lint", "--format", "patchwork", box)
    found = checks(ran.stdout)
    assert ran.code == 1
    assert {name: state for name, (state, _) in found.items()} == {
        "two-1@example.org": "fail", "two-2@example.org": "fail",
    }  # fmt: skip
    assert "[placeholder]" in found["two-1@example.org"][1]  # Patchwork has no checks of a cover letter
    assert found["two-2@example.org"][1].startswith("1 error, 1 warning: Singed-off-by: looks like Signed-off-by:")
    assert found["two-2@example.org"][1].endswith(" rules could not be asked")


def test_what_counts_decides_the_state(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.mbox").write_text(mail(1, "xen: Drop it.", diff=DIFF.format("x")).replace(" 1/2]", "]"))
    only = ("--only", "summary-full-stop", "--format", "patchwork")
    ((state, said),) = checks(run("lint", *only, tmp_path / "x.mbox").stdout).values()
    assert (state, said) == ("warning", "1 warning: the summary ends with a full stop [summary-full-stop]")
    ran = run("lint", *only, "--fail-on", "error", tmp_path / "x.mbox")
    assert (ran.code, checks(ran.stdout)["two-1@example.org"]) == (0, ("success", said))
    ran = run("lint", "--only", "tag-name", "--format", "patchwork", tmp_path / "x.mbox")
    assert checks(ran.stdout)["two-1@example.org"] == ("success", "nothing found")


def test_a_description_is_short_and_harmless(run: Run, tmp_path: Path) -> None:
    evil = SIGN.replace("Signed", "Signed\x1b[31m" + "x" * 300)
    (tmp_path / "x.mbox").write_text(mail(1, "xen: " + "Drop it " * 60, evil, DIFF.format("x")))
    for state, said in checks(run("lint", "--format", "patchwork", tmp_path / "x.mbox").stdout).values():
        assert state != "success" and 10 < len(said) <= 255 and "\x1b" not in said


def test_code_quality_shows_in_the_diff_of_a_merge_request(run: Run, series: Path, git: Git) -> None:
    """Each finding has what GitLab asks for; what is said of a commit's message stands at its first change."""
    with (series / "drivers/xen/Kconfig").open("a") as file:
        file.write("# x \n")
    git(series, "commit", "-q", "-a", "-m", f"xen: Change it.\n\nIt is needed.\n\n{SIGN}")
    last = len((series / "drivers/xen/Kconfig").read_text().splitlines())
    found = json.loads(run("lint", "--format", "codequality", "-q", cwd=series).stdout)
    assert {(each["check_name"], each["severity"]) for each in found} >= {
        ("summary-full-stop", "minor"), ("trailing-space", "minor"),
    }  # fmt: skip
    for each in found:
        assert each["description"] and each["location"] == {"path": "drivers/xen/Kconfig", "lines": {"begin": last}}
    assert len({each["fingerprint"] for each in found}) == len(found)
    git(series, "config", "patcher.skip", "trailing-space")
    left = json.loads(run("lint", "--format", "codequality", "-q", cwd=series).stdout)
    assert [each["check_name"] for each in left][-1] == "default"
    assert left[-1]["location"]["path"] == ".git/config"


def test_junit_says_in_text_what_gitlab_shows(run: Run, box: Path) -> None:
    """It reads the text of failure and skipped, and the attribute file, not message."""
    suite = ElementTree.fromstring(run("lint", "--format", "junit", "thread.mbox", cwd=box.parent).stdout)
    cases = suite.findall("testcase")
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    failed = [case for case in cases if case.find("failure") is not None]
    assert [case.get("file") for case in failed] == ["thread.mbox"] * 2
    assert all((case.findtext("failure") or "").startswith("thread.mbox:") for case in failed)
    skipped = [case for case in cases if case.find("skipped") is not None]
    assert skipped and all(case.findtext("skipped") for case in skipped)
