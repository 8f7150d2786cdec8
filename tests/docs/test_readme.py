"""What the README shows first is what the commands say of that commit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from patcher.sandbox import available

TOP = Path(__file__).parents[2]
MESSAGE = """xen/mmu: Add a helper.

This patch adds a helper which will be used by the next one.

Fixes: c0ffee12 ("xen/mmu: Something")
Singed-off-by: A U Thor <author@example.org>
"""
COMMIT = re.compile(r"\b[0-9a-f]{12}\b")


def test_its_first_screen(run: Callable[..., Any], git: Callable[..., str], mini_repo: Path) -> None:
    with (mini_repo / "arch/x86/xen/mmu.c").open("a") as file:
        file.write("static int xen_ident(void) { return 1; }\n")
    git(mini_repo, "commit", "-q", "-a", "-m", MESSAGE)
    shown = (TOP / "README.md").read_text().partition("\n## ")[0]
    blocks = re.findall(r"^    (patcher [^#\n]*[^#\s])[^\n]*\n\n```\n(.*?)^```$", shown, re.MULTILINE | re.DOTALL)
    assert [command.split()[1] for command, _ in blocks] == ["lint", "check"]
    for command, quoted in blocks:
        if "--trust-tree" in command and available():
            continue  # there is no sandbox to build in; what says so has its own tests
        ran = run(*command.split()[1:], cwd=mini_repo)
        assert ran.code == 1, ran.stderr
        said = COMMIT.sub("COMMIT", ran.stdout)
        for part in COMMIT.sub("COMMIT", quoted).split("[…]\n"):
            assert part in said, part
