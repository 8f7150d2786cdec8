"""HTML from the command line: each command that has the format, and reports of all of a series."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
NOTHING = ("--no-lint", "--no-prove")
MAIL = """From: A U Thor <a@example.org>
Subject: [PATCH] mm: <script>alert(1)</script>

A message.

---
diff --git a/mm/memory.c b/mm/memory.c
--- a/mm/memory.c
+++ b/mm/memory.c
@@ -1,1 +1,2 @@
 x
+y  \n"""


def title(document: str) -> str:
    assert document.startswith("<!doctype html>\n")
    assert document.endswith("</html>\n")
    assert document.count("<script>") == 1
    (found,) = re.findall("<title>(.*)</title>", document)
    return str(found)


@pytest.fixture
def committed(git: Git, mini_repo: Path) -> Path:
    """The tree with one commit more, whose summary means harm."""
    (mini_repo / "mm/mlock.c").write_text((mini_repo / "mm/mlock.c").read_text() + "int added;\n")
    git(mini_repo, "commit", "-qam", "mm: <img src=x onerror=alert(1)>\n\nA message.")
    return mini_repo


def test_lint(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.patch").write_text(MAIL)
    code, out, err = run("lint", "--no-tree", "a.patch", "--format", "html", "-o", "a.html")
    assert (code, out, err) == (1, "", "")
    assert title((tmp_path / "a.html").read_text()) == "1 patch in 1 series: error (patcher lint)"
    assert run("lint", "--no-tree", "a.patch", "--format", "html")[1] == (tmp_path / "a.html").read_text()


def test_plan(run: Run, mini_repo: Path) -> None:
    code, out, err = run("plan", "--tree", mini_repo, "--format", "html")
    assert (code, err) == (1, "")  # a person must look
    assert title(out) == "Series identity on Linux 2.6.37-mini: applicable (patcher plan)"
    assert 'data-m="redundant"' in out


def test_prove(run: Run, mini_repo: Path) -> None:
    code, out, err = run("prove", "--tree", mini_repo, "--property", "2-ram", "--examples", "1", "--arch", "x86_64",
                         "--format", "html")  # fmt: skip
    assert (code, err) == (0, "")
    assert title(out).endswith("(patcher prove)")
    assert "RAM whose MFN happens to be its PFN is RAM" in out


def test_check(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    (tmp_path / "a.patch").write_text(MAIL)
    code, out, err = run("check", "a.patch", "--tree", mini_repo, "--trust-tree", "--format", "html")
    assert (code, err) == (1, "")
    assert title(out) == "1 commit: FAIL (patcher check)"
    assert 'data-m="conflict"' in out


def test_a_report_of_a_range_has_patch_and_checks(run: Run, git: Git, committed: Path, tmp_path: Path) -> None:
    before = git(committed, "for-each-ref")
    code, out, err = run("report", "HEAD~1..HEAD", "--tree", committed, "--no-prove")
    assert (code, err) == (1, "")  # lint: nobody has signed it
    assert out.startswith("patcher-report.html: FAIL, ")
    text = (tmp_path / "patcher-report.html").read_text()
    assert title(text) == "1 patch on Linux 2.6.37-mini: FAIL (patcher report)"
    for part in (
        "+int added;",
        "A message.",
        "sign-off-missing",
        "--no-prove",
        "--trust-tree",
        "patcher lint --tree",
    ):
        assert part in text, part
    assert "<img" not in text
    assert git(committed, "for-each-ref") == before


def test_a_tree_with_another_p2m_is_not_proven(run: Run, git: Git, committed: Path, tmp_path: Path) -> None:
    """As Linux 4.0 and later have it: told as what did not run, and no ERROR of each commit."""
    mmu = committed / "arch/x86/xen/mmu.c"
    mmu.write_text(re.sub(r"\bp2m_mid_missing\b", "p2m_middle", mmu.read_text()))
    git(committed, "commit", "-qam", "xen: Another P2M")
    (committed / "mm/mlock.c").write_text((committed / "mm/mlock.c").read_text() + "int another;\n")
    git(committed, "commit", "-qam", "mm: Another\n\nA message.")
    code, out, err = run("report", "-1", "--tree", committed)
    assert (code, err) == (1, "") and "ERROR" not in out and "not run: boot, compile, prove" in out
    text = (tmp_path / "patcher-report.html").read_text()
    assert text.count("is not the tree of three levels") == 1 and "properties hold" not in text


def test_a_report_of_a_mail_that_does_not_apply(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    (tmp_path / "a.patch").write_text(MAIL)
    code, out, err = run("report", "a.patch", "--tree", mini_repo, "-o", "-")
    assert (code, err) == (1, "")
    assert title(out) == "1 patch on Linux 2.6.37-mini: FAIL (patcher report)"
    assert "no patch became a commit" in out


def test_a_report_of_a_series_has_its_plan(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    before = git(mini_repo, "for-each-ref")
    code, out, err = run("report", "--series", "identity", "--tree", mini_repo, "-q", "-o", "s.html", *NOTHING)
    assert (code, out, err) == (0, "", "")
    text = (tmp_path / "s.html").read_text()
    assert title(text) == "identity on Linux 2.6.37-mini: SKIP (patcher report)"
    assert "nothing was asked of 14 commits; not run: boot, compile, lint, prove" in text
    assert text.count('<h3><span class="number">') == 14
    assert 'class="f"' in text
    assert (
        f"patcher report --tree linux --series identity --base {git(mini_repo, 'rev-parse', 'HEAD')[:12]} --no-" in text
    )
    assert git(mini_repo, "for-each-ref") == before


def test_apply_tells_what_it_made(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    git(mini_repo, "config", "user.name", "Local Name")
    code, _, err = run("apply", "--tree", mini_repo, "--signoff", "--report", "a.html")
    assert (code, err) == (0, "")
    text = (tmp_path / "a.html").read_text()
    tip = git(mini_repo, "rev-parse", "patcher/identity")
    assert f"{tip[:12]}, branch patcher/identity, 14 commits on the base" in text
    assert "it was not asked for; apply --check --prove does" in text
    base = git(mini_repo, "rev-parse", "HEAD")[:12]
    assert f"patcher apply --tree linux --rev {base} --series identity --signoff<" in text
    code, out, err = run("apply", "--tree", mini_repo, "--rev", "patcher/identity", "--report", "b.html")
    assert (code, "nothing to do" in out) == (0, True)
    assert err == "patcher: there is nothing to report; b.html was not written\n"
    assert not (tmp_path / "b.html").exists()
    code, _, err = run("apply", "--tree", mini_repo, "--report", "none/b.html")
    assert (code, err.count("\n"), "no such directory" in err) == (2, 1, True)


def test_wrong_calls_of_report(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    for words, said in (
        (["x..y", "--series", "identity"], "contradict each other"), (["--configs", "xen"], "add --trust-tree"),
        ([], "no upstream"), (["nothing.patch"], "does not exist"), (["HEAD~9..HEAD"], "HEAD~9"),
        (["HEAD"], "no commit"),
    ):  # fmt: skip
        code, out, err = run("report", "--tree", mini_repo, *words)
        assert (code, out, err.count("\n"), said in err) == (2, "", 1, True), (words, err)
    assert not (tmp_path / "patcher-report.html").exists()
