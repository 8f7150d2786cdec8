"""patcher lint as its users run it: ranges, files, formats, exit codes, suppressions, baseline, corrections."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from patcher.report.lint_json import SCHEMA

Run = Callable[..., Any]
Git = Callable[..., str]
EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e"
SIGN = "Signed-off-by: A U Thor <author@example.org>"
DIFF = "diff --git a/drivers/xen/x.c b/drivers/xen/x.c\n--- a/drivers/xen/x.c\n+++ b/drivers/xen/x.c\n@@ -1 +1 @@\n-a\n+b\n"  # noqa: E501


def patch(
    subject: str = "[PATCH] xen: Drop it", text: str = "Nobody uses it.", diff: str = DIFF, below: str = ""
) -> str:
    return (
        f"From: A U Thor <author@example.org>\nSubject: {subject}\n\n{text}\n\n{SIGN}\n---\n{below}\n{diff}-- \n2.39\n"
    )


def ids(ran: Any) -> list[str]:
    return [finding["rule"] for finding in json.loads(ran.stdout)["findings"]]


def test_a_good_range_is_a_few_quiet_lines(run: Run, series: Path) -> None:
    ran = run("lint", "--tree", series, "-q")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == "2 patches in 1 series; profile default\nlint: nothing found\n"
    assert run("lint", "-q", "main..HEAD", cwd=series).stdout == ran.stdout


def test_a_good_series_of_files_with_strict(run: Run, series: Path, git: Git, tmp_path: Path) -> None:
    git(series, "format-patch", "-q", "-o", tmp_path / "out", "--cover-letter", "--base=main", "main")
    cover = tmp_path / "out" / "0000-cover-letter.patch"
    cover.write_text(
        cover.read_text().replace("*** SUBJECT HERE ***", "xen: Two options").replace("*** BLURB HERE ***", "Why.")
    )
    for place in ([], ["--tree", series]):
        ran = run("lint", "--strict", *place, tmp_path / "out")
        assert (ran.code, "lint: nothing found" in ran.stdout) == (0, True), ran.stdout


def test_mails_that_tell_their_base_apply(run: Run, series: Path, git: Git, tmp_path: Path) -> None:
    git(series, "format-patch", "-q", "-o", tmp_path / "out", "--base=main", "main..HEAD")
    git(series, "format-patch", "-q", "-o", tmp_path / "one", "--base=main", "-1", "HEAD")
    git(series, "checkout", "-q", "main")
    ran = run("lint", "--strict", "--only", "does-not-apply", "--tree", series, tmp_path / "out")
    assert (ran.code, "lint: nothing found" in ran.stdout) == (0, True), ran.stdout
    (mail,) = (tmp_path / "one").iterdir()
    assert "prerequisite-patch-id: " in mail.read_text()
    ran = run("lint", "--only", "does-not-apply,diff-malformed", "--tree", series, "--base", "work~1", mail)
    assert (ran.code, "lint: nothing found" in ran.stdout) == (0, True), ran.stdout


def test_what_was_not_looked_at_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch())
    ran = run("lint", tmp_path / "x.patch")
    assert ran.code == 0
    assert "there is no tree (--tree)" in ran.unfolded
    assert "fixes-commit" in ran.stdout


def test_what_is_no_patch_is_no_clean_result(run: Run, tmp_path: Path) -> None:
    """A cover letter alone is: git send-email's hook is given one."""
    (tmp_path / "mmu.c").write_text("/* The P2M. */\n#include <linux/mm.h>\n\nint x;\n")
    (tmp_path / "program").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "empty.patch").write_text("")
    for name in ("mmu.c", "program", "empty.patch"):
        for more in ([], ["--fix"], ["--format", "json"]):
            ran = run("lint", name, *more)
            assert (ran.code, ran.stdout) == (2, ""), ran
            assert ran.stderr == f"patcher: {name} holds no patch: give patches, an mbox, or a range A..B\n"
    assert "mmu.c and 1 more hold no patch" in run("lint", "mmu.c", "program").stderr
    (tmp_path / "0000.patch").write_text("From: A <a@x.org>\nSubject: [PATCH 0/2] xen: Two\n\nThey do.\n")
    assert run("lint", "0000.patch", "--skip", "series-complete").code == 0


def test_a_commit_whose_parent_a_shallow_clone_lacks(run: Run, series: Path, git: Git, tmp_path: Path) -> None:
    """Its change is not known; to git, it adds the whole tree."""
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{series}", "shallow")
    ran = run("lint", "HEAD~1^!", cwd=tmp_path / "shallow")
    assert (ran.code, ran.stdout) == (2, "")
    assert "has no parent" in ran.stderr
    assert "git fetch --unshallow" in ran.stderr
    assert run("lint", "HEAD^!", cwd=tmp_path / "shallow").code == 0


def test_exit_codes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.patch").write_text(patch("[PATCH 1/10] xen: Drop it"))
    (tmp_path / "warning.patch").write_text(patch("[PATCH] xen: Drop it."))
    (tmp_path / "error.patch").write_text(patch().replace(SIGN, ""))
    assert run("lint", tmp_path / "note.patch").code == 0
    assert "note" in run("lint", "--strict", tmp_path / "note.patch").stdout
    assert run("lint", "--strict", tmp_path / "note.patch").code == 0
    assert run("lint", tmp_path / "warning.patch").code == 1
    assert run("lint", tmp_path / "error.patch").code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["nothing.patch"],
        ["nothing..HEAD"],
        ["--only", "no-such-rule", "x.patch"],
        ["--baseline", "nothing.json", "x.patch"],
        ["--base", "HEAD", "x.patch"],
        ["--tree", "nowhere", "x.patch"],
        ["--trust-tree", "x.patch"],
        ["--checkpatch", "nothing.pl", "x.patch"],
        ["x.patch", "nothing.patch"],
        ["empty"],
        ["x.patch", "-o", "no/where"],
    ],
)
def test_wrong_calls_are_one_clear_line(run: Run, tmp_path: Path, args: list[str]) -> None:
    (tmp_path / "x.patch").write_text(patch())
    (tmp_path / "empty").mkdir()
    ran = run("lint", *args, cwd=tmp_path)
    assert ran.code == 2
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_only_and_skip(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch("[PATCH] xen: Drop it.", text="This patch drops it."))
    names = {"summary-full-stop", "body-imperative"}
    assert set(ids(run("lint", "--format", "json", tmp_path / "x.patch"))) == names
    for name in names:
        assert ids(run("lint", "--format", "json", "--only", name, tmp_path / "x.patch")) == [name]
        assert ids(run("lint", "--format", "json", "--skip", name, tmp_path / "x.patch")) == list(names - {name})


def test_text_shows_the_line_and_marks_the_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch("[PATCH] xen: Drop it."))
    ran = run("lint", tmp_path / "x.patch")
    lines = ran.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if "summary-full-stop" in line)
    assert f"{tmp_path}/x.patch:2: warning: " in ran.unfolded
    assert lines[at + 1].index(".") == lines[at + 2].index("^")


def test_json_is_what_the_schema_says(run: Run, series: Path, tmp_path: Path, git: Git) -> None:
    (tmp_path / "x.patch").write_text(patch("[PATCH 1/3] xen: Drop it.", diff=DIFF.replace("+b", "+b \x1b")))
    schema = json.loads(SCHEMA.read_text())
    for args in ([tmp_path / "x.patch"], ["--tree", series, tmp_path / "x.patch"], ["--tree", series]):
        report = json.loads(run("lint", "--strict", "--format", "json", *args).stdout)
        jsonschema.validate(report, schema)
    found = json.loads(run("lint", "--format", "json", tmp_path / "x.patch").stdout)
    (space,) = [each for each in found["findings"] if each["rule"] == "trailing-space"] or [None]
    assert space is None or (space["path"], space["line"]) == ("drivers/xen/x.c", 1)


def test_sarif_is_what_its_schema_says(run: Run, series: Path, tmp_path: Path, sarif_schema: Any) -> None:
    """Of mail with findings in the message, in the diff and in paths that are no text; of commits; of nothing."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/x.patch").write_text(patch("[PATCH] xen: Drop it.", diff=DIFF.replace("+b", "+b ")))
    for number, text in enumerate(HOSTILE):
        (tmp_path / f"bad/{number}.patch").write_bytes(text.encode("utf-8", "surrogateescape"))
    (tmp_path / "good.patch").write_text(patch())
    found = set()
    for args in (
        [tmp_path / "bad"],
        ["--tree", series, tmp_path / "bad"],
        ["--tree", series],
        [tmp_path / "good.patch"],
    ):
        ran = run("lint", "--strict", "--format", "sarif", *args)
        assert ran.code in (0, 1), ran.stderr
        sarif_schema.validate(json.loads(ran.stdout))
        (body,) = json.loads(ran.stdout)["runs"]
        rules = [rule["id"] for rule in body["tool"]["driver"]["rules"]]
        assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in body["results"])
        found |= {each["ruleId"] for each in body["results"]}
    assert found >= {"summary-full-stop", "trailing-space", "path-escape"}


def test_junit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.patch").write_text(patch(f"[PATCH] xen: Drop {EVIL} it.").replace("\x9b", ""))
    (tmp_path / "good.patch").write_text(patch("[PATCH] xen: Drop another"))
    suite = ElementTree.fromstring(run("lint", "--format", "junit", tmp_path).stdout)
    cases = suite.findall("testcase")
    assert (suite.get("failures"), suite.get("tests")) == ("1", str(len(cases)))
    assert [case.find("failure") is not None for case in cases[:2]] == [True, False]
    assert int(suite.get("skipped") or 0) == len([case for case in cases if case.find("skipped") is not None]) > 0


def test_terse(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch("[PATCH] xen: Drop it."))
    (line,) = run("lint", "--format", "terse", "x.patch", cwd=tmp_path).stdout.splitlines()
    assert line == "x.patch:2:30: warning: the summary ends with a full stop; remove it [summary-full-stop]"


def test_a_mail_on_standard_input(command_environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "patcher", "lint", "-", "--format", "terse"]
    done = subprocess.run(command, input=patch("[PATCH] xen: Drop it.").encode(), capture_output=True, check=False,
                          env=command_environment, cwd=tmp_path)  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"stdin:2:30: warning: ")


def test_the_base_of_a_mail(run: Run, series: Path, git: Git, tmp_path: Path) -> None:
    """With a base the patch is tried on it: one that does not fit is told, one of a series after another fits."""
    git(series, "format-patch", "-q", "-o", tmp_path / "out", "main")
    second = sorted((tmp_path / "out").iterdir())[1]
    assert "does-not-apply" not in run("lint", "--tree", series, "--base", "main", tmp_path / "out").stdout
    ran = run("lint", "--tree", series, "--base", "main", "--skip", "series-complete", second)
    assert (ran.code, "does-not-apply" in ran.stdout) == (1, True)
    git(series, "checkout", "-q", "main")
    told = run("lint", "--tree", series, second).stdout  # its base is not told, and may be another
    assert "drivers/xen/Kconfig: warning: it does not exist" in told


def test_the_tree_is_not_touched(run: Run, series: Path, git: Git, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch())
    before = (
        git(series, "status", "--porcelain", "--ignored"),
        git(series, "for-each-ref"),
        git(series, "rev-parse", "HEAD"),
    )
    run("lint", "--tree", series)
    run("lint", "--tree", series, tmp_path / "x.patch")
    run("lint", "--tree", series, tmp_path / "x.patch", "--trust-tree")
    after = (
        git(series, "status", "--porcelain", "--ignored"),
        git(series, "for-each-ref"),
        git(series, "rev-parse", "HEAD"),
    )
    assert after == before


# suppressions and the baseline


def test_a_suppression_below_the_line(run: Run, tmp_path: Path) -> None:
    wrong = patch("[PATCH] xen: Drop it.", below="Patcher-ignore: summary-full-stop it is a quotation\n")
    (tmp_path / "x.patch").write_text(wrong)
    ran = run("lint", tmp_path / "x.patch")
    assert (ran.code, "1 hidden" in ran.stdout) == (0, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Patcher-ignore: summary-full-stop", "gives no reason"),
        ("Patcher-ignore: no-such because", "there is no rule"),
        ("Patcher-ignore: spdx because", "hides nothing"),
        ("Patcher-ignore: path-escape because I say so", "hides nothing"),
    ],
)
def test_a_suppression_that_is_wrong_is_told(run: Run, tmp_path: Path, line: str, said: str) -> None:
    diff = DIFF.replace("drivers/xen/x.c", "../x.c")
    (tmp_path / "x.patch").write_text(patch("[PATCH] xen: Drop it.", below=f"{line}\n", diff=diff))
    ran = run("lint", tmp_path / "x.patch")
    assert ran.code == 1
    assert said in ran.unfolded
    assert "path-escape" in ran.stdout


def test_a_suppression_in_the_tree(run: Run, series: Path, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch("[PATCH] xen: Drop it."))
    args = ["lint", "--tree", series, "--skip", "does-not-apply", tmp_path / "x.patch"]
    assert "summary-full-stop" in run(*args).stdout
    (series / ".patcher.toml").write_text('[[ignore]]\nrule = "summary-*"\nreason = "custom here"\n')
    ran = run(*args)
    assert (ran.code, "1 hidden" in ran.stdout) == (0, True)


@pytest.mark.parametrize(
    "text",
    ["trust-tree = true\n", '[[ignore]]\nrule = "x"\nreason = " "\n', '[[ignore]]\nrule = "x"\n', "x", "\xff"],
)
def test_a_tree_can_say_nothing_else(run: Run, series: Path, text: str) -> None:
    """Least of all that it is to be trusted."""
    (series / ".patcher.toml").write_bytes(text.encode("latin-1"))
    ran = run("lint", "--tree", series)
    assert (ran.code, ran.stderr.count("\n")) == (2, 1)
    assert ".patcher.toml" in ran.stderr


def test_the_baseline_knows_findings_again(run: Run, tmp_path: Path) -> None:
    """In a new version, in another file, with lines moved; one finding more is one finding."""
    trailing = DIFF.replace("+b", "+b ")
    (tmp_path / "v1.patch").write_text(patch(text="This patch drops it.", diff=trailing))
    first = run("lint", "--format", "json", "-o", tmp_path / "base.json", tmp_path / "v1.patch")
    assert first.code == 1
    moved = trailing.replace("@@ -1 +1 @@\n", "@@ -7,2 +7,2 @@\n x\n")
    second = patch("[PATCH v2] xen: Drop it", "More.\n\nThis patch drops it.", moved, "v1 -> v2: say more\n")
    (tmp_path / "v2.patch").write_text(second)
    ran = run("lint", "--baseline", tmp_path / "base.json", tmp_path / "v2.patch")
    assert (ran.code, "2 hidden" in ran.stdout) == (0, True), ran.stdout
    (tmp_path / "v3.patch").write_text(second.replace("+b \n", "+c \n"))
    assert ids(run("lint", "--format", "json", "--baseline", tmp_path / "base.json", tmp_path / "v3.patch")) == [
        "trailing-space"
    ]


def test_the_baseline_outlives_other_numbers_and_a_new_first_patch(run: Run, tmp_path: Path) -> None:
    """What is in brackets before a summary is no part of a finding; what concerns a whole series is not one of its
    first patch."""
    for place in ("v1", "v2"):
        (tmp_path / place).mkdir()
    bad = {"a": "xen: Drop it.", "b": "xen: Drop another.", "c": "xen: Drop a third."}
    for number, name in enumerate(bad, 1):
        (tmp_path / "v1" / f"{number}.patch").write_text(patch(f"[PATCH {number}/3] {bad[name]}"))
        again = patch(f"[PATCH net v2 {number + 1}/4] {bad[name]}", below="v1 -> v2: more\n")
        (tmp_path / "v2" / f"{number + 1}.patch").write_text(again)
    (tmp_path / "v2/1.patch").write_text(patch("[PATCH net v2 1/4] xen: Begin with this", below="New in v2\n"))
    first = run("lint", "--format", "json", "-o", tmp_path / "base.json", tmp_path / "v1")
    assert first.code == 1
    found = json.loads((tmp_path / "base.json").read_text())["findings"]
    assert {each["rule"] for each in found} == {"summary-full-stop", "cover-missing"}
    ran = run("lint", "--baseline", tmp_path / "base.json", tmp_path / "v2")
    assert (ran.code, "4 hidden" in ran.stdout) == (0, True), ran.stdout


def test_a_baseline_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch())
    for text in ("", "{}", '{"schema": 2, "findings": []}', "\xff"):
        (tmp_path / "b.json").write_text(text)
        assert run("lint", "--baseline", tmp_path / "b.json", tmp_path / "x.patch").code == 2


# corrections

BAD = (
    "xen: Drop it.\n\nNobody has looked at the return value of this function since it was introduced, so drop it now.\n\n"  # noqa: E501
    "Signed-of-by: A U Thor <author@example.org>\nChange-Id: I0123456789\nAcked-by: B <b@x.org>\nAcked-by: B <b@x.org>\n"  # noqa: E501
)


def test_corrected_commits_are_a_new_branch(run: Run, series: Path, git: Git) -> None:
    git(series, "commit", "-q", "--allow-empty", "-m", BAD)
    head = git(series, "rev-parse", "HEAD")
    ran = run("lint", "--tree", series, "--fix", "--fix-to", "better", "--skip", "diff-empty", "HEAD^!")
    assert ran.code == 0, ran.stdout
    assert "-Signed-of-by: A U Thor" in ran.stdout
    message = git(series, "log", "-1", "--format=%B", "better").rstrip()
    assert message == (
        "xen: Drop it\n\nNobody has looked at the return value of this function since it was\nintroduced, so drop it now.\n\n"  # noqa: E501
        "Signed-off-by: A U Thor <author@example.org>\nAcked-by: B <b@x.org>"
    )
    assert git(series, "rev-parse", "HEAD") == head
    assert run("lint", "--tree", series, "--fix-to", "better", "HEAD^!").code == 2


def test_corrected_mail_is_in_a_new_directory(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/1.patch").write_text(patch("[PATCH 1/2] xen: Drop it."))
    (tmp_path / "in/2.patch").write_text(patch("[PATCH 2/2] xen: Drop another", diff=DIFF.replace("x.c", "y.c")))
    ran = run("lint", "--fix", "in", cwd=tmp_path)
    assert "1 messages put right" in ran.stdout
    assert "Subject: [PATCH 1/2] xen: Drop it\n" in (tmp_path / "lint-fixed/1.patch").read_text()
    assert (tmp_path / "lint-fixed/1.patch").read_text().endswith(f"{DIFF}-- \n2.39\n")
    assert (tmp_path / "lint-fixed/2.patch").read_bytes() == (tmp_path / "in/2.patch").read_bytes()
    assert run("lint", "--fix", "in", cwd=tmp_path).code == 2  # never over what is there
    assert "Subject: [PATCH 1/2] xen: Drop it." in (tmp_path / "in/1.patch").read_text()


def test_nothing_to_correct_writes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch())
    ran = run("lint", "--fix", "x.patch", cwd=tmp_path)
    assert (ran.code, "nothing was written" in ran.stdout) == (0, True)
    assert not (tmp_path / "lint-fixed").exists()


# what is broken or hostile

HOSTILE = [
    patch(f"[PATCH] xen: {EVIL}", EVIL, DIFF.replace("+b", f"+{EVIL} "), EVIL),
    patch(diff=DIFF.replace("drivers/xen/x.c", f"drivers/{EVIL}.c")),
    patch(diff=DIFF.replace("a/drivers/xen/x.c", "/etc/passwd").replace("b/drivers/xen/x.c", "/etc/passwd")),
    patch(diff=DIFF.replace("drivers/xen/x.c", "../../x")),
    patch(diff=DIFF.replace("drivers/xen/x.c", ".git/hooks/pre-commit")),
    patch(diff="diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n"),
    patch(diff=DIFF.replace("-1 +1", "-1,5 +1,7")),
    patch(diff=DIFF + "\0" * 100),
    patch()[:200],
    "\0" * 5000,
    "From " * 5000,
    "Subject: [PATCH] x\n" * 3000,
    f"Subject: {EVIL}\nFrom: {EVIL} <{EVIL}@x>\nMessage-ID: <{EVIL}>\nContent-Type: multipart/mixed; boundary=x\n\n--x\n--x",  # noqa: E501
    patch("[PATCH 99999999999999/1] x: y"),
    patch("[PATCH v99999999999 1/2] x: y"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_mail_is_told_and_not_obeyed(run: Run, tmp_path: Path, number: int) -> None:
    (tmp_path / "x.patch").write_bytes(HOSTILE[number].encode("utf-8", "surrogateescape"))
    harmless(run("lint", "--strict", tmp_path / "x.patch"))


@pytest.mark.parametrize("form", ["json", "html", "sarif", "junit", "codequality", "patchwork", "terse"])
def test_hostile_mail_in_every_format(run: Run, tmp_path: Path, form: str) -> None:
    for number, text in enumerate(HOSTILE):
        (tmp_path / f"{number}.patch").write_bytes(text.encode("utf-8", "surrogateescape"))
    harmless(run("lint", "--strict", "--format", form, tmp_path))


def harmless(ran: Any) -> None:
    assert ran.code in (0, 1, 2)
    assert ran.stderr.count("\n") <= 1
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\0"} & set(ran.stdout + ran.stderr)


@pytest.mark.parametrize("path", ["/etc/passwd", "../../x", ".git/config", "a/../../x", ".GIT/x", "~/x"])
def test_paths_that_leave_the_tree(run: Run, series: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "x.patch").write_text(patch(diff=DIFF.replace("drivers/xen/x.c", path)))
    for place in ([], ["--tree", series]):
        ran = run("lint", "--format", "json", *place, tmp_path / "x.patch")
        assert "path-escape" in ids(ran)


ODD = ['"a/x\\000y"', "a/" + "x" * 200_000, '"a/x\\ny"', "a/-x", "a/:(exclude)x", '"a/\\377"', "a/" + "d/" * 3000 + "x", "a/x\0y"]  # fmt: skip  # noqa: E501


def test_odd_paths_and_a_tree(run: Run, series: Path, tmp_path: Path) -> None:
    """They come from mail and go to git, to the history, and to files: in a repository, and in a directory."""
    (tmp_path / "mail").mkdir()
    plain = tmp_path / "plain"
    shutil.copytree(series, plain, ignore=shutil.ignore_patterns(".git"))
    for number, path in enumerate(ODD):
        other = path.replace("a/", "b/", 1)
        change = f"diff --git {path} {other}\n--- {path}\n+++ {other}\n@@ -1 +1 @@\n-a\n+b\n"
        new = f"diff --git {path} {other}\nnew file mode 100644\n--- /dev/null\n+++ {other}\n@@ -0,0 +1 @@\n+CONFIG_{'X' * 200_000}\n"  # noqa: E501
        for kind, diff in (("change", change), ("new", new), ("c", new.replace(other, f"{other}.c"))):
            text = patch(f"[PATCH] xen: Do it {number}{kind}", diff=diff)
            (tmp_path / "mail" / f"{number}{kind}.patch").write_text(text)
    for tree in (series, plain):
        ran = run("lint", "--strict", "--tree", tree, tmp_path / "mail")
        harmless(ran)
        assert ran.code == 1, ran.stderr


def test_a_line_of_50_megabytes(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "x.patch").open("w") as stream:
        stream.write(patch()[:-10] + "+" + "x" * 50_000_000 + "\n")
    ran = run("lint", tmp_path / "x.patch")
    assert ran.code == 1
    assert "its end was not read" in ran.unfolded
    assert len(ran.stdout) < 5000


def test_start_up_does_not_load_what_it_does_not_need(tmp_path: Path, command_environment: dict[str, str]) -> None:
    (tmp_path / "x.patch").write_text(patch())
    code = (
        "import sys; from patcher.cli import cli\n"
        "cli.main(['lint', '-q', sys.argv[1]], standalone_mode=False)\n"
        "print([name for name in ('git', 'clang', 'rich', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "x.patch"], capture_output=True, text=True, check=True,  # noqa: E501
                          env={**os.environ, **command_environment})  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
