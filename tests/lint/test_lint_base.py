"""Mails where one stands: which repository is looked at, which commit of it, and what is said of that."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"
CALLERS = "int late(void);\nint early(void)\n{\n\treturn old_name(1) + 2;\n}\n"


def commit(git: Git, tree: Path, title: str, **files: str) -> str:
    """A commit that writes files below drivers/xen; ``a_c`` is a.c."""
    for name, text in files.items():
        (tree / "drivers/xen" / name.replace("_", ".")).write_text(text)
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-q", "-m", f"{title}\n\nIt is needed.\n\n{SIGN}")
    return git(tree, "rev-parse", "HEAD").strip()


@pytest.fixture
def renamed(mini_repo: Path, git: Git) -> Path:
    """A branch on which a function is renamed, and three files still call it by its old name."""
    function = "int {0}(int x)\n{{\n\treturn x;\n}}\n\nint kept(int x)\n{{\n\treturn {0}(x);\n}}\n"
    callers = {f"{name}_c": CALLERS.replace("early", name) for name in ("one", "two", "three")}
    commit(git, mini_repo, "xen: Begin", def_c=function.format("old_name"), **callers)
    git(mini_repo, "checkout", "-q", "-b", "work", "--track", "main")
    commit(git, mini_repo, "xen: Rename it", def_c=function.format("new_name"))
    return mini_repo


def mails(git: Git, tree: Path, out: Path, *args: str) -> list[Path]:
    git(tree, "format-patch", "-q", "-o", out, *args)
    return sorted(out.iterdir())


def report(ran: Any) -> dict[str, Any]:
    assert ran.code in (0, 1), ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def rules(ran: Any) -> set[str]:
    return {each["rule"] for each in report(ran)["findings"]}


def looked_at(ran: Any) -> str:
    return str(report(ran)["summary"]["looked_at"])


JSON = ("lint", "--format", "json")


def test_callers_that_a_rename_leaves(run: Run, renamed: Path, git: Git, tmp_path: Path) -> None:
    """A file is held against the repository around us, as a range is; --no-tree turns that off."""
    (mail,) = mails(git, renamed, tmp_path / "out", "main")
    ran = run(*JSON, mail, cwd=renamed / "drivers")
    base = git(renamed, "rev-parse", "main").strip()
    assert looked_at(ran) == f"looked at {renamed}, {base[:12]} (below the patches, which HEAD has)"
    assert "removed-used" in rules(ran)
    assert "does-not-apply" not in rules(ran)
    in_range = {each["message"] for each in report(run(*JSON, "main..", cwd=renamed))["findings"]}
    assert in_range <= {each["message"] for each in report(ran)["findings"]}
    off = run(*JSON, "--no-tree", mail, cwd=renamed)
    assert "removed-used" not in rules(off)
    assert looked_at(off) == "no tree was looked at: --no-tree"
    assert looked_at(ran) in run("lint", "-q", mail, cwd=renamed).unfolded


def test_standard_input(renamed: Path, git: Git, tmp_path: Path, command_environment: dict[str, str]) -> None:
    """As b4 prep --check does it."""
    (mail,) = mails(git, renamed, tmp_path / "out", "main")
    command = [sys.executable, "-m", "patcher", "lint", "--format", "b4", "-"]
    done = subprocess.run(command, input=mail.read_bytes(), capture_output=True, check=False, cwd=renamed,
                          env=command_environment)  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"old_name() of drivers/xen/def.c is removed, and still called" in done.stdout


def test_the_sendemail_hook(renamed: Path, git: Git, tmp_path: Path, command_environment: dict[str, str]) -> None:
    """git send-email calls it in the top directory, with a file elsewhere; git hook run does it likewise."""
    hook = renamed / ".git/hooks/sendemail-validate"
    hook.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m patcher lint -q --skip series-complete,cover-missing "$1" >&2\n'
    )
    hook.chmod(0o755)
    (mail,) = mails(git, renamed, tmp_path / "out", "main")
    command = ["git", "hook", "run", "sendemail-validate", "--", str(mail)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=renamed, env=command_environment)
    assert done.returncode == 1, done.stderr
    assert "old_name() of drivers/xen/def.c is removed" in done.stderr


def test_from_elsewhere_the_repository_of_the_file(run: Run, renamed: Path, git: Git, tmp_path: Path) -> None:
    (mail,) = mails(git, renamed, renamed / "outgoing", "main")
    (tmp_path / "elsewhere").mkdir()
    assert "removed-used" in rules(run(*JSON, mail, cwd=tmp_path / "elsewhere"))


def test_a_bare_repository_and_a_worktree(run: Run, renamed: Path, git: Git, tmp_path: Path) -> None:
    (mail,) = mails(git, renamed, tmp_path / "out", "main")
    git(tmp_path, "clone", "-q", "--bare", renamed, tmp_path / "bare.git")
    git(renamed, "worktree", "add", "-q", "--detach", tmp_path / "linked", "work")
    for place in (tmp_path / "bare.git", tmp_path / "linked"):
        ran = run(*JSON, mail, cwd=place)
        assert "below the patches, which HEAD has" in looked_at(ran), place
        assert "removed-used" in rules(ran)


@pytest.fixture
def two(mini_repo: Path, git: Git) -> Path:
    """A branch of two commits on main: the first adds a function, the second uses it."""
    git(mini_repo, "checkout", "-q", "-b", "work", "--track", "main")
    commit(git, mini_repo, "xen: Add a helper", x_c="static int help(int x)\n{\n\treturn x;\n}\n")
    text = "static int help(int x)\n{\n\treturn x;\n}\n\nint use(void)\n{\n\treturn help(1);\n}\n"
    commit(git, mini_repo, "xen: Use the helper", x_c=text)
    return mini_repo


def test_each_mail_of_a_series_that_head_has(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    """Alone, as a hook gets them: each applies to what lies below it, and the tree after the series is HEAD's."""
    first, second = mails(git, two, tmp_path / "out", "main")
    for mail, base in ((first, "work~2"), (second, "work~1")):
        ran = run(*JSON, "--only", "added-unused,does-not-apply,removed-used", mail, cwd=two)
        assert git(two, "rev-parse", base)[:12] in looked_at(ran)
        assert [each for each in rules(ran) if each != "added-unused"] == []
        assert not [each for each in report(ran)["findings"] if "help()" in each["message"]]
    together = run(*JSON, "--only", "does-not-apply", tmp_path / "out", cwd=two)
    assert git(two, "rev-parse", "work~2")[:12] in looked_at(together)
    assert rules(together) == set()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ((), "below the patches, which HEAD has"),
        (("--unified=8", "--no-renames", "--patience"), "below the patches, which HEAD has"),
        (("--base=main",), "below the patches, which HEAD has"),
    ],
)
def test_mail_in_another_form(run: Run, two: Path, git: Git, tmp_path: Path, how: tuple[str, ...], said: str) -> None:
    mails(git, two, tmp_path / "out", *how, "main")
    assert f"{git(two, 'rev-parse', 'main')[:12]} ({said})" in looked_at(run(*JSON, tmp_path / "out", cwd=two))


def test_what_changed_since(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    """Another title and message: the same change. Another change: what lies below the patch of that title. Neither:
    where the branch began, if the patch applies there and not to HEAD."""
    mails(git, two, tmp_path / "out", "main")
    git(two, "reset", "-q", "--hard", "work~1")
    git(two, "commit", "-q", "--amend", "-m", f"drivers/xen: Another title\n\nWhy.\n\n{SIGN}")
    main = git(two, "rev-parse", "main")[:12]
    first = sorted((tmp_path / "out").iterdir())[0]
    assert f"{main} (below the patches, which HEAD has)" in looked_at(run(*JSON, first, cwd=two))
    (two / "drivers/xen/x.c").write_text("static int help(int y)\n{\n\treturn y;\n}\n")
    git(two, "commit", "-q", "-a", "--amend", "-m", f"xen: Add a helper\n\nWhy.\n\n{SIGN}")
    assert f"{main} (below patches of these titles, which HEAD has)" in looked_at(run(*JSON, first, cwd=two))
    git(two, "commit", "-q", "-a", "--amend", "-m", f"xen: Neither\n\nWhy.\n\n{SIGN}")
    ran = run(*JSON, first, cwd=two)
    assert f"{main} (where the branch left its upstream)" in looked_at(ran)
    assert "does-not-apply" not in rules(ran)
    git(two, "branch", "-q", "--unset-upstream")
    ran = run(*JSON, first, cwd=two)
    assert f"{git(two, 'rev-parse', 'HEAD')[:12]} (HEAD)" in looked_at(ran)
    assert "does-not-apply" in rules(ran)


def test_a_reviewer_whose_head_has_none_of_it(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    mails(git, two, tmp_path / "out", "main")
    git(two, "checkout", "-q", "main")
    ran = run(*JSON, tmp_path / "out", cwd=two)
    assert f"{git(two, 'rev-parse', 'main')[:12]} (HEAD)" in looked_at(ran)
    assert "does-not-apply" not in rules(ran)


def test_below_a_change_that_came_twice(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    """Applied, reverted, applied again: the last one counts."""
    (mail,) = mails(git, two, tmp_path / "out", "-1", "HEAD")
    git(two, "revert", "--no-edit", "HEAD")
    reverted = git(two, "rev-parse", "HEAD")[:12]
    git(two, "am", "-q", mail)
    assert reverted in looked_at(run(*JSON, mail, cwd=two))


def test_a_base_commit_below_prerequisites(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    """The second alone names main as its base, but stands on the first: HEAD knows better."""
    (mail,) = mails(git, two, tmp_path / "out", "--base=main", "-1", "HEAD")
    ran = run(*JSON, "--only", "does-not-apply", mail, cwd=two)
    assert git(two, "rev-parse", "HEAD~1")[:12] in looked_at(ran)
    assert rules(ran) == set()
    git(two, "checkout", "-q", "main")
    ran = run(*JSON, "--only", "does-not-apply", mail, cwd=two)
    assert f"{git(two, 'rev-parse', 'main')[:12]} (base-commit)" in looked_at(ran)


def test_renamed_and_copied_files(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    git(two, "mv", "drivers/xen/x.c", "drivers/xen/y.c")
    shutil.copy(two / "drivers/xen/y.c", two / "drivers/xen/z.c")
    git(two, "add", "-A", "-f")
    git(two, "commit", "-q", "-m", f"xen: Move it\n\nIt is needed.\n\n{SIGN}")
    below = git(two, "rev-parse", "HEAD~1")[:12]
    for number, how in enumerate((("-M",), ("-C", "--find-copies-harder"), ("--no-renames",))):
        (mail,) = mails(git, two, tmp_path / f"out{number}", *how, "-1", "HEAD")
        assert f"{below} (below " in looked_at(run(*JSON, mail, cwd=two))


def test_an_import_is_not_compared(run: Run, mini_repo: Path, git: Git, tmp_path: Path) -> None:
    """The first commit of a repository may be all of Linux."""
    (mail,) = mails(git, mini_repo, tmp_path / "out", "--root", "-1", "HEAD")
    head = git(mini_repo, "rev-parse", "HEAD")[:12]
    assert looked_at(run(*JSON, mail, cwd=mini_repo)) == f"looked at {mini_repo}, {head} (HEAD)"


# who stands elsewhere is not disturbed


def test_another_project(run: Run, two: Path, git: Git, tmp_path: Path) -> None:
    mails(git, two, tmp_path / "out", "main")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    (other / "main.c").write_text("int x;\n")
    git(other, "add", "-A")
    git(other, "commit", "-q", "-m", "Begin")
    ran = run(*JSON, tmp_path / "out", cwd=other)
    assert looked_at(ran) == "no tree was looked at: there is none around that has the files"
    shutil.rmtree(two)
    assert looked_at(run(*JSON, tmp_path / "out")) == looked_at(ran)


@pytest.mark.parametrize("how", ["unborn", "fifo", "damaged", "empty"])
def test_a_repository_that_cannot_be_read(run: Run, two: Path, git: Git, tmp_path: Path, how: str) -> None:
    """It is around us by chance: that is told, and the mail is looked at all the same."""
    mails(git, two, tmp_path / "out", "main")
    if how == "unborn":
        git(two, "symbolic-ref", "HEAD", "refs/heads/none")
    elif how == "fifo":
        (two / ".git/config").unlink()
        os.mkfifo(two / ".git/config")
    elif how == "damaged":
        (two / ".git/HEAD").write_text("nothing\n")
    else:
        shutil.rmtree(two / ".git")
        (two / ".git").mkdir()
    ran = run(*JSON, tmp_path / "out", cwd=two)
    assert looked_at(ran).startswith("no tree was looked at: "), looked_at(ran)


@pytest.mark.parametrize(
    "args", [["--no-tree", "--tree", "linux"], ["--no-tree", "--base", "HEAD"], ["--base", "HEAD"]]
)
def test_contradictions_are_one_clear_line(run: Run, two: Path, git: Git, tmp_path: Path, args: list[str]) -> None:
    shutil.copy(mails(git, two, tmp_path / "out", "main")[0], tmp_path / "x.patch")
    ran = run("lint", *args, "x.patch", cwd=tmp_path)
    assert (ran.code, ran.stderr.count("\n"), ran.stdout) == (2, 1, "")


def test_no_git_is_loaded_where_there_is_no_tree(
    two: Path, git: Git, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    """Neither in no repository nor in one of another project."""
    (mail, _) = mails(git, two, tmp_path / "out", "main")
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "-q")
    code = "import sys; from patcher.cli import main\ntry: main()\nfinally: sys.stderr.write(str('git' in sys.modules))"
    for place in (tmp_path / "out", tmp_path / "other"):
        done = subprocess.run([sys.executable, "-c", code, "lint", "--format", "json", mail], capture_output=True,
                              text=True, check=False, cwd=place, env=command_environment)  # fmt: skip
        assert (done.returncode, done.stderr) in ((0, "False"), (1, "False"))


def test_what_a_tree_was_asked_is_remembered(
    run: Run, renamed: Path, git: Git, tmp_path: Path, cache_dir: Path
) -> None:
    """The second run greps nothing, also of a commit that was amended since; a cache that was damaged does no harm."""
    counted = tmp_path / "bin"
    counted.mkdir()
    real = shutil.which("git")
    (counted / "git").write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/asked\nexec {real} "$@"\n')
    (counted / "git").chmod(0o755)
    env = {"PATH": f"{counted}{os.pathsep}{os.environ['PATH']}", "PATCHER_CACHE_DIR": str(cache_dir)}

    def asked() -> tuple[list[str], str]:
        (tmp_path / "asked").unlink(missing_ok=True)
        found = run(*JSON, "main..", cwd=renamed, env=env).stdout
        return (tmp_path / "asked").read_text().split(), json.dumps(json.loads(found)["findings"])

    cold, first = asked()
    warm, second = asked()
    assert ("grep" in cold, "grep" in warm, first == second) == (True, False, True)
    assert len(warm) < len(cold)
    git(renamed, "commit", "-q", "--amend", "-m", f"xen: Rename it again\n\nIt is needed.\n\n{SIGN}")
    assert "grep" not in asked()[0]
    for file in (cache_dir / "values").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-1] + b"?")
    after, third = asked()
    assert "grep" in after and "removed-used" in third
