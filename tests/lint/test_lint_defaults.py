"""--fail-on, and defaults from git's configuration: the user's own hold, a repository's hold and are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from patcher.cache import Cache

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"
DIFF = "diff --git a/drivers/xen/x.c b/drivers/xen/x.c\n--- a/drivers/xen/x.c\n+++ b/drivers/xen/x.c\n@@ -1 +1 @@\n-a\n+b\n"  # noqa: E501
NONE, NOTE, WARNING, ERROR = range(4)
MAILS = {
    NONE: ("xen: Drop it", "Nobody uses it."),
    NOTE: ("xen: Drop it", "I think that nobody uses it."),
    WARNING: ("xen: Drop it.", "Nobody uses it."),
    ERROR: ("xen: Drop it", "Nobody uses it.\n\nSinged-off-by: A B <a@example.org>"),
}


@pytest.fixture
def mail(tmp_path: Path) -> Callable[[int], Path]:
    """``mail(WARNING)``: the file of a mail whose worst finding is one."""

    def written(worst: int) -> Path:
        subject, text = MAILS[worst]
        file = tmp_path / f"{worst}.patch"
        file.write_text(
            f"From: A U Thor <author@example.org>\nSubject: [PATCH] {subject}\n\n{text}\n\n{SIGN}\n---\n\n{DIFF}-- \n"
        )
        return file

    return written


def levels(ran: Any) -> set[str]:
    return {each["level"] for each in json.loads(ran.stdout)["findings"]}


JSON = ("lint", "--format", "json")


@pytest.mark.parametrize("given", [None, "error", "warning", "note"])
def test_exit_codes_by_level(run: Run, mail: Callable[[int], Path], given: str | None) -> None:
    least = {"error": ERROR, "warning": WARNING, "note": NOTE}[given or "warning"]
    for worst in MAILS:
        ran = run(*JSON, "--skip", "base-missing", *(("--fail-on", given) if given else ()), mail(worst))
        assert ran.code == (worst >= least), (worst, ran.stdout)
    assert ("note" in levels(run(*JSON, *(("--fail-on", given) if given else ()), mail(NOTE)))) == (given == "note")


def test_junit_and_fix_go_by_it(run: Run, mail: Callable[[int], Path]) -> None:
    for given, failures in (("error", "0"), ("warning", "1")):
        suite = ElementTree.fromstring(run("lint", "--format", "junit", "--fail-on", given, mail(WARNING)).stdout)
        assert suite.get("failures") == failures
        case = suite.find("testcase")
        assert case is not None and "full stop" in ElementTree.tostring(case, "unicode")
    assert run("lint", "--fix", "--fix-to", "fixed", "--fail-on", "error", mail(WARNING)).code == 0


def own(run: Run, tmp_path: Path, text: str) -> Callable[..., Any]:
    """``run`` with a configuration of the user's own."""
    (tmp_path / "own.gitconfig").write_text(text)
    return lambda *args, **more: run(*args, env={"GIT_CONFIG_GLOBAL": str(tmp_path / "own.gitconfig")}, **more)


def test_the_users_own(run: Run, mail: Callable[[int], Path], tmp_path: Path) -> None:
    mine = own(run, tmp_path, "[patcher]\n\tfailOn = error\n\tstrict\n\tskip = base-missing\n\tprofile = tip\n")
    ran = mine(*JSON, mail(WARNING))
    summary = json.loads(ran.stdout)["summary"]
    assert (ran.code, summary["fail_on"], summary["profiles"]) == (0, "error", ["tip"])
    assert [(each["name"], each["own"]) for each in summary["defaults"]] == [
        ("failOn", True), ("profile", True), ("skip", True), ("strict", True),
    ]  # fmt: skip
    assert "note" in levels(mine(*JSON, "--profile", "default", mail(NOTE)))
    assert f"default: patcher.failOn = error from {tmp_path / 'own.gitconfig'} " in mine("lint", mail(NOTE)).unfolded
    assert mine("lint", "--format", "terse", mail(NONE)).stdout == ""


def test_an_option_is_stronger(run: Run, mail: Callable[[int], Path], tmp_path: Path) -> None:
    mine = own(run, tmp_path, "[patcher]\n\tfailOn = error\n\tstrict = yes\n\tskip = summary-full-stop\n")
    assert mine(*JSON, mail(WARNING)).code == 0
    assert mine(*JSON, "--fail-on", "warning", "--skip", "", mail(WARNING)).code == 1
    assert levels(mine(*JSON, "--no-strict", mail(NOTE))) == set()


def test_what_it_includes_for_a_place(run: Run, mail: Callable[[int], Path], tmp_path: Path, mini_repo: Path) -> None:
    (tmp_path / "kernel.gitconfig").write_text("[patcher]\n\tfailOn = error\n")
    mine = own(run, tmp_path, f'[includeIf "gitdir:{mini_repo}/"]\n\tpath = kernel.gitconfig\n')
    assert mine(*JSON, mail(WARNING)).code == 1
    assert mine(*JSON, "--skip", "does-not-apply", mail(WARNING), cwd=mini_repo).code == 0


@pytest.mark.parametrize("form", ["text", "json", "html", "sarif", "junit", "codequality", "patchwork", "terse", "b4"])
def test_what_a_repository_sets_is_told(
    run: Run, mail: Callable[[int], Path], mini_repo: Path, git: Git, form: str
) -> None:
    """In every form: it must not be able to make lint silent unnoticed."""
    git(mini_repo, "config", "patcher.skip", "summary-full-stop,does-not-apply")
    git(mini_repo, "config", "patcher.failOn", "error")
    ran = run("lint", "--format", form, "-q", mail(WARNING), cwd=mini_repo)
    assert (ran.code, "summary-full-stop [" in ran.stdout) == (0, False)
    if form == "json":
        assert {each["name"]: each["own"] for each in json.loads(ran.stdout)["summary"]["defaults"]} == {
            "failOn": False, "skip": False,
        }  # fmt: skip
    elif form == "patchwork":  # there is no room for more
        assert "patcher.failOn, patcher.skip set by the repository; " in ran.stdout
    else:
        for said in ("patcher.skip = summary-full-stop,does-not-apply", "patcher.failOn = error"):
            assert said in ran.unfolded, ran.stdout
        assert str(mini_repo / ".git/config") in ran.stdout


def test_what_a_repository_cannot_set(run: Run, mail: Callable[[int], Path], mini_repo: Path, git: Git) -> None:
    (mini_repo / "rules").mkdir()
    (mini_repo / "rules/x.toml").write_text("not TOML")
    git(mini_repo, "config", "patcher.rules", str(mini_repo / "rules"))
    git(mini_repo, "config", "patcher.trustTree", "true")
    ran = run("lint", mail(NONE), cwd=mini_repo)
    assert "is not heeded: only your own configuration can set it (git config --global)" in ran.unfolded
    assert "patcher.trusttree = true" in ran.unfolded.lower() and "there is no such default" in ran.unfolded
    assert "checkpatch" not in ran.stdout


def test_programs_that_a_repository_names_do_not_run(
    run: Run, mail: Callable[[int], Path], mini_repo: Path, git: Git, tmp_path: Path
) -> None:
    program = f"!touch {tmp_path}/ran"
    for name in ("alias.config", "alias.rev-list", "core.fsmonitor", "core.pager", "core.sshCommand", "diff.external"):
        git(mini_repo, "config", name, program if name.startswith("alias") else f"touch {tmp_path}/ran")
    git(mini_repo, "config", "patcher.failOn", "error")
    run("lint", mail(WARNING), cwd=mini_repo)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "text",
    ["failOn = always", "failOn", "strict = perhaps", "profile = nobody", "skip = no-such-rule", "failOn = \x1b]0;x"],
)
def test_a_wrong_value_is_one_clear_line(run: Run, mail: Callable[[int], Path], tmp_path: Path, text: str) -> None:
    ran = own(run, tmp_path, f"[patcher]\n\t{text}\n")("lint", mail(NONE))
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran
    assert "\x1b" not in ran.stderr


@pytest.mark.parametrize("how", ["fifo", "damaged", "directory"])
def test_a_configuration_that_cannot_be_read(run: Run, mail: Callable[[int], Path], tmp_path: Path, how: str) -> None:
    import os

    place = tmp_path / "own.gitconfig"
    if how == "fifo":
        os.mkfifo(place)
    elif how == "directory":
        place.mkdir()
    else:
        place.write_text("[patcher\n")
    ran = run("lint", mail(NONE), env={"GIT_CONFIG_GLOBAL": str(place)})
    assert ran.code == (2 if how == "damaged" else 0)
    assert ran.stderr.count("\n") == (how == "damaged")


def test_a_check_does_not_go_by_it(mini_repo: Path, git: Git, cache: Cache) -> None:
    """What check and apply lint is the same everywhere: there a repository could make it silent unnoticed."""
    from patcher.lint import session
    from patcher.tree.find import open_repository

    git(mini_repo, "config", "patcher.skip", "summary-full-stop")
    base = git(mini_repo, "rev-parse", "HEAD").strip()
    (mini_repo / "x.c").write_text("int x;\n")
    git(mini_repo, "add", "-A")
    git(mini_repo, "commit", "-q", "-m", f"xen: Add it.\n\nIt is needed.\n\n{SIGN}")
    commit = git(mini_repo, "rev-parse", "HEAD").strip()
    linted = session.lint_commits(open_repository(mini_repo), base, [commit], mini_repo, cache)
    assert "summary-full-stop" in {each.rule for each in linted.outcome.findings}
