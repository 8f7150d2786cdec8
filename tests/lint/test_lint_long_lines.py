"""A line takes lint a time that grows as it does; with an expression that begins anew at each letter it would not."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

LENGTH = 60_000
ENTRIES = 400
SECONDS = 10  # of processor time: a tenth of it is enough
FILES = ("drivers/a/b.c", "arch/arm/boot/dts/x/a.dts", "Documentation/devicetree/bindings/a/a.yaml",
         "drivers/a/Kconfig", "Documentation/devicetree/bindings/a/a.txt")  # fmt: skip


@pytest.mark.parametrize("piece", ["1", ".a", "-gpio", '\\"', '"\\', "/*a", "a ", "<1 "])
def test_a_long_line(piece: str, tmp_path: Path, command_environment: dict[str, str]) -> None:
    line = (piece * LENGTH)[:LENGTH]
    diff = "".join(
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,2 @@\n"
        f"+\t{line}\n+{line}\n" for path in FILES
    )  # fmt: skip
    assert_soon(f"{line}\n\n", diff, tmp_path, command_environment)


@pytest.mark.parametrize("entry", ["- x", "- description: x", "x: y", "x", "- - y"])
def test_a_long_list(entry: str, tmp_path: Path, command_environment: dict[str, str]) -> None:
    lists = "".join(
        f"  foo,{key}{number}:\n    {key}:\n" + f"{' ' * depth}{entry}\n" * ENTRIES
        for key in ("items", "allOf", "enum", "description", "oneOf", "$ref") for number, depth in enumerate((6, 8))
    )  # fmt: skip
    text = f"%YAML 1.2\n---\n$id: x\nproperties:\n{lists}required:\n" + f"  {entry}\n" * ENTRIES
    path, lines = FILES[2], text.splitlines()
    added = "".join(f"+{line}\n" for line in lines)
    diff = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
        f"@@ -0,0 +1,{len(lines)} @@\n{added}"
    )
    assert_soon("", diff, tmp_path, command_environment)


def assert_soon(text: str, diff: str, place: Path, environment: dict[str, str]) -> None:
    who = "A U Thor <a@example.org>"
    mail = f"From: {who}\nSubject: [PATCH] x: Add y\n\n{text}Signed-off-by: {who}\n---\n{diff}"
    (place / "x.patch").write_text(mail)
    done = subprocess.run(
        [sys.executable, "-m", "patcher", "lint", "--no-tree", "x.patch"], cwd=place, env=environment,
        capture_output=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
