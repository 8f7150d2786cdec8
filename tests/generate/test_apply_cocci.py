"""``patcher apply --cocci`` and steps that are semantic patches: from the real spatch to commits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.cocci import spatch

if WHY := spatch.missing():
    pytest.skip(WHY, allow_module_level=True)

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
NULL = """\
// SPDX-License-Identifier: GPL-2.0
/// xen: test pointers as such
///
//# A pointer is tested by its name.
//
// Confidence: High
// Options: --no-includes --include-headers

virtual patch
virtual report

@depends on patch@
expression *E;
@@
  BUG_ON(
- E == NULL
+ !E
  )

@script:python depends on report@
@@
print("nothing")
"""
GRANT = "arch/x86/xen/grant-table.c"


@pytest.fixture
def null(tmp_path: Path) -> Path:
    file = tmp_path / "null.cocci"
    file.write_text(NULL)
    return file


def series(place: Path, rule: str = NULL, more: str = "") -> Path:
    """A series of the user's own, of a semantic patch alone."""
    step = place / "mine/null"
    step.mkdir(parents=True)
    (step / "change.cocci").write_text(rule)
    (step / "message.txt").write_text("xen: test pointers as such\n\nIt is shorter.\n")
    (place / "mine/series.toml").write_text(f'[[step]]\nslug = "null"\n{more}')
    return place / "mine"


def test_a_semantic_patch_becomes_a_commit(run: Run, git: Git, mini_repo: Path, null: Path) -> None:
    code, out, err = run("apply", "--cocci", null, "--tree", mini_repo)
    assert (code, err) == (0, "")
    assert "branch patcher/null: 1 patch" in out
    changes = git(mini_repo, "diff", "--unified=0", "HEAD", "patcher/null").splitlines()
    assert [line for line in changes if line[:1] in "-+" and line[:3] not in ("---", "+++")] == [
        "-\t\tBUG_ON(area == NULL);",
        "+\t\tBUG_ON(!area);",
        "-\tBUG_ON(pte == NULL);",
        "+\tBUG_ON(!pte);",
        "-\tBUG_ON(page == NULL);",
        "+\tBUG_ON(!page);",
        "-\t\tBUG_ON(page == NULL);",
        "+\t\tBUG_ON(!page);",
    ]
    message = git(mini_repo, "log", "-1", "--format=%B", "patcher/null")
    assert message.startswith("xen: test pointers as such\n\nA pointer is tested by its name.\n\n")
    assert "\n// <smpl>\nvirtual patch\n" in message


def test_paths_and_a_message_of_the_users_own(run: Run, git: Git, mini_repo: Path, null: Path, tmp_path: Path) -> None:
    asked = ("apply", "--cocci", null, "--tree", mini_repo, "-m", "xen: mine", "-m", "Because.", "-o", tmp_path / "out")
    code, out, _ = run(*asked, "--", "arch/x86/xen")
    assert code == 0 and "1 file, read them before you send them" in " ".join(out.split())
    (mail,) = (tmp_path / "out").iterdir()
    assert "Subject: [PATCH] xen: mine\n\nBecause.\n" in mail.read_text()
    code, out, _ = run(*asked[:-2], "--", "mm")
    assert (code, "finds nothing to change in " in " ".join(out.split())) == (0, True)


def test_where_nothing_is_to_change_the_tree_has_it(run: Run, mini_repo: Path, null: Path) -> None:
    code, out, _ = run("apply", "--cocci", null, "--tree", mini_repo, "--", "mm/mlock.c")
    told = f"null: nothing to do, 2.6.37-mini has it: {null} finds nothing to change in 1 file"
    assert (code, " ".join(out.split())) == (0, told)


def test_a_step_of_a_series_is_planned_and_applied(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    folder = series(tmp_path, more='over = ["arch/x86"]\n')
    code, out, err = run("plan", "--series-dir", folder, "--tree", mini_repo, "-v")
    assert (code, err) == (0, "")
    assert f"changes {GRANT}:28" in out and "mine: applicable" in out
    code, out, err = run("apply", "--series-dir", folder, "--tree", mini_repo)
    assert (code, err) == (0, "") and "branch patcher/mine: 1 patch" in out
    code, out, _ = run("apply", "--series-dir", folder, "--tree", mini_repo, "--rev", "patcher/mine")
    assert (code, "nothing to do" in out) == (0, True)


def test_a_name_that_is_not_declared_is_told_with_its_header(run: Run, git: Git, mini_repo: Path, null: Path) -> None:
    header = mini_repo / "include/linux/nonzero.h"
    header.write_text("#define must_be(x)\tdo { if (!(x)) for (;;) ; } while (0)\nint must_say(int x);\n")
    git(mini_repo, "add", "-f", "include/linux/nonzero.h")
    git(mini_repo, "commit", "-q", "-m", "nonzero")
    null.write_text("@@\nexpression *E;\n@@\n- BUG_ON(E == NULL);\n+ must_say(E != 0);\n")
    asked = ("apply", "--cocci", null, "-m", "xen: say so", "--tree", mini_repo, "--", GRANT)
    code, out, err = run(*asked)
    assert (code, out) == (2, "")
    assert f"libclang says something new of {GRANT}:28 [x86_64-xen-dom0]: " in err
    assert "<linux/nonzero.h> declares must_say: have the file include it (--include '<linux/nonzero.h>'" in err
    assert run(*asked[:-2], "--include", "<linux/nonzero.h>", *asked[-2:])[0] == 0
    assert "+#include <linux/nonzero.h>" in git(mini_repo, "diff", "HEAD", "patcher/null")


def test_a_file_that_others_include_is_read_with_them(run: Run, git: Git, mini_repo: Path, null: Path) -> None:
    whole, part = mini_repo / "drivers/char/whole.c", mini_repo / "drivers/char/part.c"
    whole.write_text('int old_way(int x) { return x; }\nint new_way(int x) { return x; }\n#include "part.c"\n')
    part.write_text("int part(void)\n{\n\treturn old_way(1) + new_way(2);\n}\n")
    git(mini_repo, "add", "-f", "drivers/char")
    git(mini_repo, "commit", "-q", "-m", "parts")
    null.write_text("@@\nexpression E;\n@@\n- old_way(E)\n+ new_way(E)\n")
    code, out, err = run("apply", "--cocci", null, "-m", "char: new", "--tree", mini_repo)
    assert (code, err) == (0, "") and "drivers/char/whole.c: nothing new" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--cocci", "gone.cocci"], "cannot read gone.cocci"),
        (["--series", "identity", "--cocci", "null.cocci"], "contradict each other"),
        (["-m", "x"], "go with --cocci"),
        (["--", "mm"], "the step lost-race of identity names what it changes, so it cannot be kept to some paths"),
        (["--cocci", "null.cocci", "--include", "linux/io.h"], "is no header"),
        (["--cocci", "null.cocci", "--", "nowhere"], "has nothing at nowhere"),
    ],
)
def test_what_is_of_no_use_is_told(run: Run, mini_repo: Path, null: Path, options: list[str], told: str) -> None:
    code, out, err = run("apply", "--tree", mini_repo, *options, cwd=null.parent)
    assert (code, out) == (2, "")
    assert told in err and err.count("\n") == 1


def test_a_semantic_patch_without_a_word_needs_paths(run: Run, mini_repo: Path, null: Path) -> None:
    null.write_text("@@\nexpression *E;\n@@\n- E == NULL\n+ !E\n".replace("NULL", '"x"'))
    code, _, err = run("apply", "--cocci", null, "-m", "xen: x", "--tree", mini_repo)
    assert code == 2 and "name files or directories" in err


def test_without_spatch_the_package_is_named(
    run: Run, mini_repo: Path, null: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("git", "bwrap", "prlimit", "setpriv"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(f"/usr/bin/{name}")
    code, _, err = run("apply", "--cocci", null, "--tree", mini_repo, env={"PATH": str(tmp_path / "bin")})
    assert code == 2
    assert "spatch is not installed; it is in the Debian package coccinelle" in err
