"""Editors go where ``--format terse`` points, with what they have by default: real ones."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"


@pytest.fixture
def terse(run: Run, series: Path, git: Git) -> Path:
    """In a repository, what lint says of a commit (in its message, in its diff) and of a mail of it."""
    with (series / "drivers/xen/Kconfig").open("a") as file:
        file.write("# x \n")
    git(series, "commit", "-q", "-a", "-m", f"xen: Change it.\n\nIt is needed.\n\n{SIGN}")
    git(series, "format-patch", "-q", "-1", "-o", "out")
    only = ("--only", "summary-full-stop,trailing-space", "--format", "terse")
    ran = [run("lint", *only, *what, cwd=series) for what in (("HEAD^!",), ("out/0001-xen-Change-it.patch",))]
    assert [each.code for each in ran] == [1, 1]
    (series / "terse.out").write_text("".join(each.stdout for each in ran))
    return series


def expected(tree: Path) -> list[tuple[str, int, str]]:
    """File, line and kind. A commit's message has no file: its findings stand at the first line that it changes."""
    last = len((tree / "drivers/xen/Kconfig").read_text().splitlines())
    return [
        ("drivers/xen/Kconfig", last, "summary-full-stop"), ("drivers/xen/Kconfig", last, "trailing-space"),
        ("out/0001-xen-Change-it.patch", 4, "summary-full-stop"), ("drivers/xen/Kconfig", last, "trailing-space"),
    ]  # fmt: skip


def test_vim(terse: Path) -> None:
    """:cgetfile with the errorformat that it starts with."""
    version = shutil.which("vim") and subprocess.run(["vim", "--version"], capture_output=True, text=True, check=False)
    if not version or "+quickfix" not in version.stdout:
        pytest.skip("vim with quickfix is not installed")
    show = "map(getqflist(), {_, e -> [bufname(e.bufnr), e.lnum, e.text]})"
    commands = ("cgetfile terse.out", f"call writefile([json_encode({show})], 'qf.json')", "qa!")
    vim = ["vim", "-u", "NONE", "-i", "NONE", "-es", "-N", *(word for each in commands for word in ("-c", each))]
    subprocess.run(vim, cwd=terse, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    found = json.loads((terse / "qf.json").read_text())
    assert [(path, line) for path, line, _ in found] == [(path, line) for path, line, _ in expected(terse)]
    assert all(f"[{rule}]" in text for (_, _, text), (_, _, rule) in zip(found, expected(terse), strict=True))


_EMACS = """
(with-current-buffer (get-buffer-create "lint")
  (insert-file-contents "terse.out")
  (compilation-mode)
  (let ((inhibit-read-only t)) (compilation-parse-errors (point-min) (point-max)))
  (goto-char (point-min))
  (while (not (eobp))
    (let* ((match (get-text-property (point) 'compilation-message))
           (loc (compilation--message->loc match)))
      (princ (format "%s:%s:%s\n" (caar (compilation--loc->file-struct loc)) (compilation--loc->line loc)
                     (compilation--message->type match))))
    (forward-line 1)))
"""


def test_emacs(terse: Path) -> None:
    """compilation-mode with the expressions that it starts with: file, line, and 1 for a warning."""
    if not shutil.which("emacs"):
        pytest.skip("emacs is not installed")
    done = subprocess.run(
        ["emacs", "-Q", "--batch", "-l", "compile", "--eval", _EMACS],
        cwd=terse,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{path}:{line}:1" for path, line, _ in expected(terse)], done.stdout
