"""Steps whose edits are made where plan's rules have found something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
SERIES = """\
rules = "identity"
scope = "tree"

[[step]]
slug = "no-flag"
"""
EDIT = """\
[[edit]]
why = "the call sets the flag itself"
for-each = "vm-io-repeated"
statement = "$vma->vm_flags |= VM_IO;"
action = "delete"

[[edit]]
why = "another flag stays"
for-each = "vm-io-repeated"
statement = "$vma->vm_flags |= VM_IO | $other;"
action = "replace"
text = "$vma->vm_flags |= $other;"
"""


def series(place: Path, text: str = SERIES, edits: str = EDIT) -> Path:
    step = place / "mine/no-flag"
    step.mkdir(parents=True)
    (place / "mine/series.toml").write_text(text)
    (step / "message.txt").write_text("drivers: no need for VM_IO\n\nThe call sets it.\n")
    (step / "edits.toml").write_text(edits)
    return place / "mine"


def test_edits_are_made_where_a_rule_found_something(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    folder = series(tmp_path)
    code, out, err = run("apply", "--series-dir", folder, "--tree", mini_repo)
    assert (code, err) == (0, "")
    changes = git(mini_repo, "diff", "--unified=0", "HEAD", "patcher/mine", "--", "drivers").splitlines()
    assert [line for line in changes if line[:1] in "-+" and line[:3] != "+++"] == [
        "--- a/drivers/char/hpet.c",
        "-\tvma->vm_flags |= VM_IO;",
        "--- a/drivers/video/fbmem.c",
        "-\tvma->vm_flags |= VM_IO | VM_RESERVED;",
        "+\tvma->vm_flags |= VM_RESERVED;",
    ]
    code, out, err = run("apply", "--series-dir", folder, "--tree", mini_repo, "--rev", "patcher/mine")
    assert (code, err) == (0, "") and "nothing to do" in out


@pytest.mark.parametrize(
    ("text", "edits", "told"),
    [
        (SERIES, EDIT.replace("-repeated", "-no"), "there is no rule 'vm-io-no' in identity"),
        (
            SERIES.replace('scope = "tree"\n', ""),
            EDIT,
            "no scope has any: say in series.toml: scope = one of xen, tree",
        ),
        (SERIES.replace('"tree"', '"all"'), EDIT, "have no scope 'all'"),
        ('[[step]]\nslug = "no-flag"\n', EDIT, "there is no rule 'vm-io-repeated' in it"),
    ],
)
def test_findings_that_there_cannot_be_are_told(
    run: Run, mini_repo: Path, tmp_path: Path, text: str, edits: str, told: str
) -> None:
    code, out, err = run("apply", "--series-dir", series(tmp_path, text, edits), "--tree", mini_repo)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


FILES = """\
[[edit]]
why = "the new driver"
new = "drivers/xen/new.c"
file = "new.c"

[[edit]]
why = "it is built"
path = "arch/x86/xen/Makefile"
entry = "obj-y"
action = "append"
text = "new.o"
"""


def test_a_new_file_and_a_makefile(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    folder = series(tmp_path, '[[step]]\nslug = "no-flag"\n', FILES)
    (folder / "no-flag/new.c").write_text("int xen_new(void);\n\nint xen_new(void)\n{\n\treturn 1;\n}\n")
    code, _, err = run("apply", "--series-dir", folder, "--tree", mini_repo)
    assert (code, err) == (0, "")
    assert git(mini_repo, "show", "patcher/mine:drivers/xen/new.c").endswith("return 1;\n}")
    assert git(mini_repo, "diff", "HEAD", "patcher/mine", "--", "arch/x86/xen/Makefile").count("new.o") == 1
    assert "nothing to do" in run("apply", "--series-dir", folder, "--tree", mini_repo, "--rev", "patcher/mine")[1]
    (folder / "no-flag/new.c").write_text("int xen_new(void)\n{\n\treturn nothing;\n}\n")
    code, _, err = run("apply", "--series-dir", folder, "--tree", mini_repo, "--branch", "other")
    assert code == 2
    assert "step no-flag, edit 'the new driver': libclang says something new of drivers/xen/new.c:3" in err
