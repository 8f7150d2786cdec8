"""``patcher apply`` with a MAINTAINERS and with semantic patches that mean harm: nothing of them gets out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from generate.test_apply import state
from generate.test_series import own as own  # a fixture
from patience import not_stuck

from patcher.cocci import spatch

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
ENTRIES = f"""
EVIL \x1b]0;owned\x07 ../../etc\u202e
M:\tA\x1b[31m \u202e B <a\x07b@example.org>
M:\tBcc\rBcc: x@example.net <ok@example.org>
L:\t../../list@example.org
T:\tgit git://example.org/../../../../../../tmp/owned/..\x1b[31m/x.git
F:\tarch/x86/xen/grant-table.c

OUTSIDE
M:\tOut <out@example.org>
T:\tgit ..
T:\tgit --upload-pack=touch${{IFS}}owned
F:\t../../../etc/
F:\t/etc/passwd
X:\t../
P:\t../../../../etc/passwd
F:\tarch/x86/xen/setup.c

SLOW
M:\tSlow <slow@example.org>
T:\tgit {"y" * 100_000}
N:\t^(a|aa|a?a)+[xyz]$
K:\t(x+x+)+y
K:\t(?{{ system('touch owned') }})
F:\tarch/x86/mm/init.c

{"L" * 1_000_000}
M:\t{"m" * 1_000_000} <long@example.org>
F:\t{"x/" * 300_000}
N:\t{"(" * 5000}
"""


def test_a_hostile_maintainers(run: Run, git: Git, mini_repo: Path, own: Path, tmp_path: Path) -> None:
    with (mini_repo / "MAINTAINERS").open("a", newline="") as file:
        file.write(ENTRIES)
    git(mini_repo, "commit", "-qam", "hostile")
    (own / "say/message.txt").write_text("{prefix} say so\n\n{functions} of {driver} of {entry} in {files}.\n")
    place = tmp_path / "away/mails"
    asked = ("--series-dir", own, "--by-tree", "--branch", "x", "-o", place)
    with not_stuck():
        code, out, err = run("apply", "--tree", mini_repo, *asked)
    assert (code, err) == (0, "")
    assert not UNSAFE.search(out)
    found = [*place.rglob("*.patch")]
    assert len(found) == 4  # a cover letter and two, and one that another tree takes
    message = git(mini_repo, "log", "-1", "--format=%B", "x-mine-31m-x")
    for text in (*(file.read_text() for file in found), message):
        assert not UNSAFE.search(text) and len(text) < 20_000
    assert "of EVIL \\x1b]0;owned\\x07 ../../etc\\u202e in" in " ".join(message.split())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["away", "linux", "mine"]
    assert not [*mini_repo.rglob("owned"), *tmp_path.glob("owned")]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('import sys\nsys.stderr.write("\\x1b]0;owned\\x07\\u202e" * 1000 + "\\n")\nraise SystemExit(3)', "spatch: "),
        ('open("owned", "w").write("x")\nopen("%s", "w").write("x")\nraise SystemExit(3)', "spatch: "),
        ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "spatch was ended at "),
    ],
    ids=["controls", "files", "processes"],
)  # fmt: skip
def test_a_hostile_semantic_patch(run: Run, git: Git, mini_repo: Path, tmp_path: Path, script: str, told: str) -> None:
    if why := spatch.missing():
        pytest.skip(why)
    before = state(git, mini_repo)
    (tmp_path / "own").mkdir()
    file = tmp_path / "own/evil.cocci"
    head = f"@initialize:python@\n@@\n{script.replace('%s', str(tmp_path / 'owned'))}\n\n"
    file.write_text(f"{head}@r@\nexpression *E;\n@@\n- BUG_ON(E == NULL)\n+ BUG_ON(!E)\n")
    where = ("--tree", mini_repo, "--", "arch/x86/xen/grant-table.c")
    code, out, err = run("apply", "--cocci", file, "-m", "x: y", *where, env={"PATCHER_SPATCH_SECONDS": "1"})
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err and not UNSAFE.search(err.rstrip("\n")) and len(err) < 2100
    assert state(git, mini_repo) == before
    assert not [*tmp_path.rglob("owned")]


def test_an_iteration_without_an_end(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    """Whether spatch of here goes on with it or refuses it: it ends, in one line."""
    if why := spatch.missing():
        pytest.skip(why)
    file = tmp_path / "again.cocci"
    file.write_text(
        "virtual again\n\n@r@\nexpression *E;\nposition p;\n@@\nBUG_ON@p(E == NULL)\n\n@script:python@\nE << r.E;\n@@\n"
        "from coccilib.iteration import Iteration\nit = Iteration()\n"
        'it.set_files(["arch/x86/xen/grant-table.c"])\nit.add_virtual_rule("again")\nit.register()\n\n'
        "@depends on again@\nexpression *E;\n@@\n- BUG_ON(E == NULL)\n+ BUG_ON(!E)\n"
    )
    where = ("--tree", mini_repo, "--", "arch/x86/xen/grant-table.c")
    code, out, err = run("apply", "--cocci", file, "-m", "x: y", *where, env={"PATCHER_SPATCH_SECONDS": "1"})
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "again.cocci: spatch" in err
