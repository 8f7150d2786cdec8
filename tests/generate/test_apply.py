"""``patcher apply`` on the miniature tree: the series, and everything that can be in its way."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from generate.forms import (
    FIND,
    copying_mmu,
    early_page,
    filling_mmu,
    granting_page,
    overriding_page,
    storing_setup,
    unbounded_page,
)
from generate.goldens import are_golden
from patience import wait_for_end

from patcher import temporary
from patcher.series.load import load

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
GOLDEN, GOLDEN_IOMAP = (Path(__file__).parent / name for name in ("golden", "golden-iomap"))
EPOCH = {"SOURCE_DATE_EPOCH": "1292932800"}
STEPS = [step.slug for step in load("identity").step]


def state(git: Git, tree: Path) -> tuple[str, ...]:
    """All that a user would see change."""
    return (
        git(tree, "for-each-ref"),
        git(tree, "symbolic-ref", "-q", "HEAD"),
        git(tree, "status", "--porcelain", "--ignored"),
        git(tree, "stash", "list"),
        (tree / ".git/index").read_bytes().hex(),
        (tree / ".git/config").read_text(),
    )


def test_the_series_becomes_a_branch(run: Run, git: Git, mini_repo: Path) -> None:
    before = state(git, mini_repo)
    code, out, err = run("apply", "--series", "identity", "--tree", mini_repo)
    assert (code, err) == (0, "")
    assert f"branch patcher/identity: {len(STEPS)} patches" in out
    assert "nothing new after any patch" in out
    after = state(git, mini_repo)
    assert after[1:] == before[1:]
    assert set(after[0].splitlines()) - set(before[0].splitlines()) == {
        f"{git(mini_repo, 'rev-parse', 'patcher/identity')} commit\trefs/heads/patcher/identity"
    }
    assert git(mini_repo, "rev-list", "--count", "HEAD..patcher/identity") == str(len(STEPS))
    assert git(mini_repo, "fsck", "--strict", "--no-dangling") == ""

    code, out, _ = run("apply", "--tree", mini_repo, "--rev", "patcher/identity")
    assert (code, out) == (0, f"identity: nothing to do, 2.6.37-mini has all {len(STEPS)} steps\n")
    code, out, _ = run("plan", "--tree", mini_repo, "--rev", "patcher/identity")
    assert "already-applied" in out


def test_two_series_one_after_the_other(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    code, out, err = run("apply", "--series", "iomap", "--tree", mini_repo)
    assert (code, out) == (2, "")
    assert "the series identity is not in the tree, and comes first" in err
    mails = tmp_path / "mails"
    both = ("apply", "--series", "identity,iomap", "--tree", mini_repo)
    code, out, err = run(*both, "-o", mails, "--branch", "x", env=EPOCH)
    assert (code, err) == (0, "")
    are_golden(mails / "iomap", GOLDEN_IOMAP)
    steps = [step for step in load("iomap").step if not step.where]
    assert f"branch x-identity: {len(STEPS)} patches" in out
    assert f"branch x-iomap: {len(steps)} patches" in out
    assert git(mini_repo, "rev-parse", f"x-iomap~{len(steps)}") == git(mini_repo, "rev-parse", "x-identity")
    files = {name: sorted((mails / name).iterdir()) for name in ("identity", "iomap")}
    assert {name: len(found) for name, found in files.items()} == {"identity": len(STEPS) + 1, "iomap": len(steps) + 1}
    assert f"[PATCH 00/{len(steps)}] xen: remove _PAGE_IOMAP" in files["iomap"][0].read_text()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", mini_repo, clone)
    git(clone, "am", "-q", *files["identity"][1:], *files["iomap"][1:])
    assert git(clone, "rev-parse", "HEAD^{tree}") == git(mini_repo, "rev-parse", "x-iomap^{tree}")
    left = git(mini_repo, "grep", "-l", "IOMAP", "x-iomap")
    assert left == "x-iomap:arch/x86/mm/ioremap.c"  # what no configuration builds

    first, second = (("--since", mails / name) for name in ("identity", "iomap"))
    code, out, err = run(*both, *second, *first, env=EPOCH)
    assert (code, out, "name before it the series that it stands on" in err) == (2, "", True)
    code, out, err = run(*both, *first, *second, "-o", tmp_path / "v2", "--branch", "y", env=EPOCH)
    assert (code, err) == (0, "")
    letter = sorted((tmp_path / "v2/iomap").iterdir())[0].read_text()
    assert f"[PATCH v2 00/{len(steps)}]" in letter and f"Unchanged: {len(steps)} patches" in letter

    code, out, _ = run("plan", "--series", "iomap", "--tree", mini_repo, "--rev", "x-iomap")
    assert "already-applied; 3 required" in out and "redundant" not in out.split("steps (")[0]
    code, out, _ = run(*both, "--rev", "x-iomap")
    assert (code, out.count("nothing to do")) == (0, 2)
    code, out, _ = run(*both, "--rev", "x-identity", "--dry-run")
    assert code == 0
    assert out.startswith("identity: nothing to do") and f"dry run: {len(steps)} patches" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("identity,identity",), "names a series twice"),
        (("identity,nothing",), "there is no series 'nothing'"),
        (("identity,iomap", "--series-dir", "x"), "--series-dir is one series"),
    ],
)
def test_a_list_of_series_that_is_none(run: Run, mini_repo: Path, words: tuple[str, ...], told: str) -> None:
    code, out, err = run("apply", "--series", *words, "--tree", mini_repo)
    assert (code, out) == (2, "")
    assert told in err


def test_the_messages(run: Run, git: Git, mini_repo: Path) -> None:
    run("apply", "--tree", mini_repo, "--signoff")
    for slug, body in zip(
        STEPS, git(mini_repo, "log", "--reverse", "--format=%B%x00", "HEAD..patcher/identity").split("\0"), strict=False
    ):
        lines = body.strip().splitlines()
        assert len(lines[0]) <= 75
        assert all(len(line) <= 75 for line in lines)
        assert any(line.endswith(f"series identity, step {slug}.") for line in lines)
        assert lines[-2].startswith("Assisted-by: patcher:")
        assert lines[-1] == "Signed-off-by: A U Thor <author@example.org>"


def test_no_signed_off_by_is_invented(run: Run, git: Git, mini_repo: Path) -> None:
    run("apply", "--tree", mini_repo)
    assert "Signed-off-by" not in git(mini_repo, "log", "--format=%B", "HEAD..patcher/identity")


def test_a_step_at_a_time_gives_the_same(run: Run, git: Git, mini_repo: Path) -> None:
    run("apply", "--tree", mini_repo)
    whole = git(mini_repo, "rev-parse", "patcher/identity^{tree}")
    commits = git(mini_repo, "rev-list", "--reverse", "HEAD..patcher/identity").split()
    for number in (1, 4, 9):
        name = f"part-{number}"
        code, out, err = run("apply", "--tree", mini_repo, "--rev", commits[number - 1], "--branch", name)
        assert (code, err) == (0, "")
        assert out.count("  present      ") == number
        assert git(mini_repo, "rev-parse", f"{name}^{{tree}}") == whole
        code, out, _ = run("plan", "--tree", mini_repo, "--rev", commits[number - 1])
        assert "partly-applied" in out


def test_the_same_input_gives_the_same_commits(run: Run, git: Git, mini_repo: Path) -> None:
    for name in ("one", "two"):
        assert run("apply", "--tree", mini_repo, "--branch", name, env=EPOCH, afresh=True)[0] == 0
    assert git(mini_repo, "rev-parse", "one") == git(mini_repo, "rev-parse", "two")
    assert (
        git(mini_repo, "log", "-1", "--format=%at %ct %ai", "one") == "1292932800 1292932800 2010-12-21 12:00:00 +0000"
    )


def test_the_mails_apply_and_give_the_same_tree(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    mails = tmp_path / "mails"
    code, _, err = run("apply", "--tree", mini_repo, "-o", mails, "--branch", "x", "--signoff", env=EPOCH)
    assert (code, err) == (0, "")
    files = sorted(mails.iterdir())
    assert len(files) == len(STEPS) + 1
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", mini_repo, clone)
    git(clone, "am", "-q", *files[1:])
    assert git(clone, "rev-parse", "HEAD^{tree}") == git(mini_repo, "rev-parse", "x^{tree}")
    letter = files[0].read_text()
    assert f"Subject: [PATCH 00/{len(STEPS)}] xen: consider void entries in the P2M as 1-1 mapping\n" in letter
    assert "*** " not in letter
    assert f"base-commit: {git(mini_repo, 'rev-parse', 'HEAD')}" in letter


def test_the_patches_are_the_golden_ones(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    """To accept a change: PATCHER_GOLDEN=write, and read the difference."""
    mails = tmp_path / "mails"
    assert run("apply", "--tree", mini_repo, "-o", mails, env=EPOCH)[0] == 0
    are_golden(mails, GOLDEN)


def test_mails_alone_leave_nothing_in_the_repository(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    before = sorted(str(path) for path in (mini_repo / ".git").rglob("*"))
    code, out, _ = run("apply", "--tree", mini_repo, "-o", tmp_path / "mails")
    assert code == 0
    assert "branch" not in out
    code, out, _ = run("apply", "--tree", mini_repo, "--dry-run")
    assert code == 0
    assert f"dry run: {len(STEPS)} patches, nothing was written" in out
    assert "insertions(+)" in out
    assert sorted(str(path) for path in (mini_repo / ".git").rglob("*")) == before


def test_mails_go_where_the_user_stands(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    """A relative directory is the caller's, not one in the repository that git runs in."""
    here = tmp_path / "hëre and there"
    here.mkdir()
    before = sorted(str(path) for path in (mini_repo / ".git").rglob("*"))
    code, out, err = run("apply", "--tree", mini_repo, "-o", "out/mails", cwd=here)
    assert (code, err) == (0, "")
    assert f"out/mails: {len(STEPS) + 1} files" in out
    assert len(list((here / "out/mails").iterdir())) == len(STEPS) + 1
    assert sorted(str(path) for path in (mini_repo / ".git").rglob("*")) == before
    assert run("apply", "-o", "mails", cwd=mini_repo)[0] == 0
    assert git(mini_repo, "status", "--porcelain") == "?? mails/"


def test_a_bare_repository(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", mini_repo, bare)
    assert run("apply", "--tree", bare)[0] == 0
    assert git(bare, "rev-list", "--count", "main..patcher/identity") == str(len(STEPS))
    code, _, err = run("apply", "--tree", bare, "--checkout", "--force")
    assert (code, "bare repository" in err) == (2, True)


def test_checkout_switches_where_the_worktree_is_clean(run: Run, git: Git, mini_repo: Path) -> None:
    (mini_repo / "Makefile").write_text((mini_repo / "Makefile").read_text() + "# mine\n")
    code, _, err = run("apply", "--tree", mini_repo, "--checkout")
    assert (code, "uncommitted changes" in err) == (2, True)
    assert git(mini_repo, "branch", "--list", "patcher/identity") == ""
    git(mini_repo, "checkout", "-q", "Makefile")
    assert run("apply", "--tree", mini_repo, "--checkout")[0] == 0
    assert git(mini_repo, "symbolic-ref", "--short", "HEAD") == "patcher/identity"
    assert git(mini_repo, "status", "--porcelain") == ""


def test_no_hook_runs(run: Run, git: Git, mini_repo: Path) -> None:
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-checkout", "commit-msg"):
        hook = mini_repo / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {mini_repo}/ran-{name}\nexit 1\n")
        hook.chmod(0o755)
    assert run("apply", "--tree", mini_repo)[0] == 0
    assert not list(mini_repo.glob("ran-*"))


# other forms of the tree


def test_where_the_p2m_has_a_file_of_its_own(
    run: Run, git: Git, changed_tree: Callable[..., Path], p2m_moved: Callable[[Path], None]
) -> None:
    tree = changed_tree(p2m_moved)
    code, out, err = run("apply", "--tree", tree)
    assert (code, err) == (0, "")
    assert "arch/x86/xen/p2m.c" in out
    assert "IDENTITY_FRAME(pfn)" in git(tree, "show", "patcher/identity:arch/x86/xen/p2m.c")
    assert "already-applied" in run("plan", "--tree", tree, "--rev", "patcher/identity")[1]


def test_where_unrelated_lines_and_functions_moved(
    run: Run, git: Git, changed_tree: Callable[..., Path], disturbed: Callable[[Path], None]
) -> None:
    tree = changed_tree(disturbed)
    code, _, err = run("apply", "--tree", tree)
    assert (code, err) == (0, "")
    kept = [line for line in git(tree, "show", "HEAD:arch/x86/xen/mmu.c").splitlines() if "nrelated" in line]
    assert kept
    patched = git(tree, "show", "patcher/identity:arch/x86/xen/mmu.c").splitlines()
    assert [line for line in patched if "nrelated" in line] == kept


def test_every_byte_that_is_not_edited_comes_through(run: Run, changed_tree: Callable[..., Path], git: Git) -> None:
    def spoil(tree: Path) -> None:
        file = tree / "arch/x86/xen/setup.c"
        content = file.read_bytes().replace(b" * The memory map of the domain.", b" * The m\xe9mory map.  \t\r")
        file.write_bytes(content.rstrip(b"\n"))

    tree = changed_tree(spoil)
    assert run("apply", "--tree", tree)[0] == 0
    show = ["git", "-C", str(tree), "show", "patcher/identity:arch/x86/xen/setup.c"]
    after = subprocess.run(show, capture_output=True, check=True).stdout
    assert b" * The m\xe9mory map.  \t\r\n" in after
    assert not after.endswith(b"\n")
    removed = git(tree, "diff", "-a", "--numstat", "HEAD", "patcher/identity", "--", "arch/x86/xen/setup.c")
    assert removed.split()[1] == "0"


PAGE = "arch/x86/include/asm/xen/page.h"
CONFIRMED = "\t\tpfn = m2p_find_override_pfn(mfn, confirm_pfn(pfn, mfn));"


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (early_page, ["+\t\treturn confirm_pfn(max_mapnr, mfn);", "+\treturn confirm_pfn(pfn, mfn);"]),
        (unbounded_page, ["+\treturn confirm_pfn(pfn, mfn);"]),
        (overriding_page, ["+\t\treturn confirm_pfn(~0UL, mfn);", f"+{CONFIRMED}"]),
        (granting_page, [f"+{CONFIRMED}"]),
    ],
)
def test_every_form_of_mfn_to_pfn_is_known(
    run: Run, changed_tree: Callable[..., Path], git: Git, form: Callable[[str], str], wanted: list[str]
) -> None:
    def change(tree: Path) -> None:
        (tree / PAGE).write_text(form((tree / PAGE).read_text()))
        with (tree / "arch/x86/xen/mmu.c").open("a") as mmu:
            mmu.write(FIND)

    tree = changed_tree(change)
    code, out, err = run("plan", "--tree", tree, "--quiet")
    assert "identity: applicable" in out, (code, err)
    code, _, err = run("apply", "--tree", tree)
    assert (code, err) == (0, "")
    added = git(tree, "diff", "-U0", "HEAD", "patcher/identity", "--", PAGE).splitlines()
    assert [line for line in added if line[:1] == "+" and "confirm_pfn(" in line and "inline" not in line] == wanted


SETUP, MMU = "arch/x86/xen/setup.c", "arch/x86/xen/mmu.c"


@pytest.mark.parametrize("last_leaf", [filling_mmu, copying_mmu])
def test_what_a_tree_does_for_the_balloon_is_not_believed_and_not_done_twice(
    run: Run, changed_tree: Callable[..., Path], git: Git, last_leaf: Callable[[str], str]
) -> None:
    """Storing INVALID_P2M_ENTRY finds no entry to store it in, where void is identity."""

    def change(tree: Path) -> None:
        (tree / SETUP).write_text(storing_setup((tree / SETUP).read_text()))
        (tree / MMU).write_text(last_leaf((tree / MMU).read_text()))

    tree = changed_tree(change)
    code, _, err = run("apply", "--tree", tree)
    assert (code, err) == (0, "")
    assert git(tree, "rev-list", "--count", "HEAD..patcher/identity").strip() == "14"
    added = git(tree, "diff", "-U0", "HEAD", "patcher/identity", "--", SETUP)
    assert "+\tset_phys_range_missing(min_t(u64, PFN_UP(extra_start), ULONG_MAX)," in added
    assert {"-\tunsigned long pfn;", "-\t\t__set_phys_to_machine(pfn, INVALID_P2M_ENTRY);"} < set(added.splitlines())
    lines = git(tree, "diff", "-U0", "HEAD", "patcher/identity", "--", MMU).splitlines()
    assert [line for line in lines if line[:1] in "+-" and "mfn_list[" in line] == []


def test_a_form_that_is_not_known_is_blocked(run: Run, changed_tree: Callable[..., Path]) -> None:
    end = ";\n}\n\nstatic inline xmaddr_t"
    tree = changed_tree(rename(f"\treturn pfn{end}", f"\treturn pfn ?: ~0UL{end}", PAGE))
    ran = run("plan", "--tree", tree)
    assert ran[0] == 1
    told = " ".join(ran[1].split())
    assert "identity: not-applicable" in told
    reason = re.search(r"[^.]{0,80}none of the 5 forms", told)
    where = f"{PAGE}:91 has `? : ~ 0UL ;`, not `;`"
    assert reason and where in told
    code, out, err = run("apply", "--tree", tree)
    assert (code, out) == (2, "")
    assert "readers: " in err and "none of the 5 forms" in err and where in err


# what can be in the way


def rename(old: str, new: str, path: str = "arch/x86/xen/mmu.c") -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        file = tree / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (rename("remap_area_mfn_pte_fn", "remap_one"), None),
        (rename("xen_release_chunk", "release_some", "arch/x86/xen/setup.c"), "function xen_release_chunk expected"),
        (
            rename(
                "static bool alloc_p2m(unsigned long pfn)\n{",
                "#ifdef CONFIG_OTHER\nstatic bool alloc_p2m(unsigned long pfn)\n{\n\treturn false;\n}\n#endif\n"
                "static bool alloc_p2m(unsigned long pfn)\n{",
            ),
            "one function alloc_p2m expected, found 2: arch/x86/xen/mmu.c:",
        ),
        (
            rename("\t\t\tfree_p2m_page(mid);\n", "\t\t\tgive_back(mid);\n"),
            "expected in alloc_p2m(), found 0: arch/x86/xen/mmu.c:",
        ),
        (rename("unsigned long **, p2m_top,", "unsigned long *, p2m_top,"), "not the three-level tree"),
    ],
)  # fmt: skip
def test_a_tree_that_is_not_as_expected(
    run: Run, git: Git, changed_tree: Callable[..., Path], change: Callable[[Path], None], told: str | None
) -> None:
    tree = changed_tree(change)
    before = state(git, tree)
    code, out, err = run("apply", "--tree", tree)
    if told is None:  # a step whose function is not there is none of this tree's needs
        assert (code, err) == (0, "")
        assert "  present      xen/mmu: build the PTEs of foreign frames" in out
        return
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert state(git, tree) == before


@pytest.fixture
def own_series(tmp_path: Path) -> Path:
    """A copy of the shipped series to spoil."""
    from patcher import data

    place = tmp_path / "mine"
    shutil.copytree(data.directory("patches") / "identity", place)
    return place


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("lost-race/install.c", "return page;", "return pages;", r"step lost-race, edit 'one place installs a page"),
        ("split-shared/shared.c", "unsigned int i;", "unsigned int i, j;", "unused variable 'j'"),
        ("identity-pages/comment.c", "*/", "", "libclang says something new"),
        ("rebuild-all/edits.toml", 'action = "before"', 'action = "beside"', "action is 'beside', not one of"),
        ("rebuild-all/edits.toml", "expect", "expect", ""),
        ("identity-pages/edits.toml", 'file = "init.c"', 'file = "none.c"', "none.c (No such file or directory)"),
        ("identity-pages/edits.toml", 'file = "init.c"', 'file = "../init.c"', "is not a file beside it"),
        ("series.toml", 'slug = "show-layout"', 'slug = "../show-layout"', "is no name for a step"),
        ("show-layout/message.txt", "\n\n", "\n", "is no message"),
    ],
)
def test_a_series_of_ones_own_with_a_fault(
    run: Run, git: Git, mini_repo: Path, own_series: Path, file: str, old: str, new: str, told: str
) -> None:
    place = own_series / file
    place.write_text(place.read_text().replace(old, new, 1))
    before = state(git, mini_repo)
    code, out, err = run("apply", "--series-dir", own_series, "--tree", mini_repo)
    if not told:
        assert (code, err) == (0, "")
        assert "branch patcher/mine" in out
        return
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert state(git, mini_repo) == before


def test_a_branch_that_is_there_is_not_moved_without_force(run: Run, git: Git, mini_repo: Path) -> None:
    git(mini_repo, "branch", "patcher/identity")
    code, _, err = run("apply", "--tree", mini_repo)
    assert (code, "there is a branch patcher/identity already" in err) == (2, True)
    assert git(mini_repo, "rev-parse", "patcher/identity") == git(mini_repo, "rev-parse", "HEAD")
    assert run("apply", "--tree", mini_repo, "--force")[0] == 0
    git(mini_repo, "checkout", "-q", "patcher/identity")
    code, _, err = run("apply", "--tree", mini_repo, "--rev", "HEAD~14", "--force")
    assert (code, "is checked out" in err) == (2, True)
    for name in ("a..b", "-x", "a b"):
        code, _, err = run("apply", "--tree", mini_repo, "--rev", "HEAD~14", f"--branch={name}")
        assert (code, "is no name for a branch" in err) == (2, True)


def test_two_runs_at_once_do_not_spoil_each_other(
    command_environment: dict[str, str], git: Git, mini_repo: Path
) -> None:
    command = [sys.executable, "-m", "patcher", "apply", "--tree", str(mini_repo), "-q"]
    runs = [
        subprocess.Popen(command, env=command_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(*each.communicate(), each.returncode) for each in runs]
    assert sorted(code for _, _, code in ended) in ([0, 2], [0, 0])
    for _, said, code in ended:
        assert code == 0 or "meanwhile" in said or "already" in said
    assert git(mini_repo, "rev-list", "--count", "HEAD..patcher/identity") == str(len(STEPS))


@pytest.mark.parametrize("who", ["AUTHOR", "COMMITTER"])
def test_no_identity(run: Run, git: Git, mini_repo: Path, who: str) -> None:
    code, _, err = run("apply", "--tree", mini_repo, env={f"GIT_{who}_NAME": "", f"GIT_{who}_EMAIL": ""})
    assert (code, "git config --global user.name" in err) == (2, True)
    assert git(mini_repo, "branch", "--list", "patcher/*") == ""


def test_a_time_that_is_none(run: Run, mini_repo: Path) -> None:
    code, _, err = run("apply", "--tree", mini_repo, env={"SOURCE_DATE_EPOCH": "yesterday"})
    assert (code, "SOURCE_DATE_EPOCH is 'yesterday'" in err) == (2, True)


def test_an_index_lock_matters_only_to_a_checkout(run: Run, git: Git, mini_repo: Path) -> None:
    (mini_repo / ".git/index.lock").touch()
    code, _, err = run("apply", "--tree", mini_repo, "--checkout")
    assert (code, "index.lock exists" in err) == (2, True)
    assert git(mini_repo, "branch", "--list", "patcher/*") == ""
    assert run("apply", "--tree", mini_repo)[0] == 0


def test_a_detached_head_and_an_unborn_one(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    git(mini_repo, "checkout", "-q", "--detach")
    assert run("apply", "--tree", mini_repo)[0] == 0
    empty = tmp_path / "empty"
    git(tmp_path, "init", "-q", empty)
    code, _, err = run("apply", "--tree", empty)
    assert (code, "has no commit yet" in err) == (2, True)


def test_a_repository_that_cannot_be_written(run: Run, git: Git, mini_repo: Path) -> None:
    for place in (mini_repo / ".git/objects").iterdir():
        if len(place.name) == 2:
            shutil.rmtree(place) if not list(place.iterdir()) else None
    git(mini_repo, "gc", "-q")
    for number in range(256):  # root is stopped by no mode, but by this
        place = mini_repo / ".git/objects" / f"{number:02x}"
        if not place.exists():
            place.write_text("")
    code, out, err = run("apply", "--tree", mini_repo)
    assert (code, out) == (2, "")
    assert "git cannot write to" in err
    assert git(mini_repo, "branch", "--list", "patcher/*") == ""


def test_directories_that_cannot_be_used(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    code, _, err = run("apply", "--tree", mini_repo, "-o", file)
    assert (code, "is not a directory" in err) == (2, True)
    code, _, err = run("apply", "--tree", mini_repo, "-o", file / "below")
    assert (code, "cannot write to" in err) == (2, True)
    assert run("apply", "--tree", mini_repo, "-o", tmp_path / "mails")[0] == 0
    code, _, err = run("apply", "--tree", mini_repo, "-o", tmp_path / "mails")
    assert (code, "holds patches already" in err) == (2, True)


def test_a_directory_without_a_repository(run: Run, mini: Path, tmp_path: Path) -> None:
    place = tmp_path / "plain"
    shutil.copytree(mini, place)
    code, _, err = run("apply", "--tree", place)
    assert (code, "is not a git repository" in err) == (2, True)


def test_ctrl_c_leaves_nothing(command_environment: dict[str, str], git: Git, mini_repo: Path, tmp_path: Path) -> None:
    environment = {**command_environment, "PATCHER_CACHE_DIR": str(tmp_path / "cold")}
    command = [sys.executable, "-m", "patcher", "apply", "--tree", str(mini_repo)]
    before = state(git, mini_repo)
    for seconds in (0.1, 1):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            while running.poll() is None and not (tmp_path / "cold").exists():
                time.sleep(0.01)  # not before it is at work
            time.sleep(seconds)
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)
        assert running.returncode in (130, 0)
        if running.returncode == 130:
            assert state(git, mini_repo) == before
        shutil.rmtree(tmp_path / "cold", ignore_errors=True)


def test_an_interrupted_run_leaves_no_temporary_files(
    mini_repo: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    """Ctrl-C reaches the workers, too, which then cannot clean up. What there was no time for, the next run removes."""
    place = tmp_path / "temporary"
    place.mkdir()
    own = {**command_environment, "TMPDIR": str(place), "PATCHER_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        [sys.executable, "-m", "patcher", "apply", "--tree", mini_repo], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=own, start_new_session=True,
    ) as running:  # fmt: skip
        while running.poll() is None and not any(
            name.endswith(".pch") for *_, names in os.walk(place) for name in names
        ):
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert (running.returncode, told.strip()) == (130, b"patcher: interrupted")
    wait_for_end(running.pid)
    with temporary.directory("next", place):
        pass
    assert list(place.iterdir()) == []
