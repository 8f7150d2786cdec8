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


@pytest.mark.parametrize("piece", ["1", ".a", "-gpio", '\\"', '"\\', "/*a", "a ", "<1 ", " ", " \t"])
def test_a_long_line(piece: str, tmp_path: Path, command_environment: dict[str, str]) -> None:
    line = (piece * LENGTH)[:LENGTH]
    diff = "".join(
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,2 @@\n"
        f"+\t{line}\n+{line}\n" for path in FILES
    )  # fmt: skip
    assert_soon(f"{line}\n\n", diff, tmp_path, command_environment)


@pytest.mark.parametrize(
    ("text", "below"),
    [
        (("a_" * LENGTH)[:LENGTH] + "(a;", ""),
        ("It is needed.", " " * LENGTH + "(a;"),
        ("It is needed.", f"- fixed comments from x{' ' * LENGTH}(a"),
        ("It is needed.", f"- fixed review comments on a{' ,' * (LENGTH // 2)}(a"),
    ],
    ids=["name", "blank", "comments", "review"],
)
def test_a_long_line_of_a_mail(
    text: str, below: str, tmp_path: Path, command_environment: dict[str, str]
) -> None:  # fmt: skip
    diff = f"diff --git a/{FILES[0]} b/{FILES[0]}\n--- a/{FILES[0]}\n+++ b/{FILES[0]}\n@@ -1,2 +1,3 @@\n a;\n+b;\n c;\n"
    assert_soon(f"{text}\n\n", f"{below}\n{diff}", tmp_path, command_environment, subject="[PATCH v2] x: Add y.")


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


def assert_soon(
    text: str, diff: str, place: Path, environment: dict[str, str], subject: str = "[PATCH] x: Add y"
) -> None:  # fmt: skip
    who = "A U Thor <a@example.org>"
    mail = f"From: {who}\nSubject: {subject}\n\n{text}Signed-off-by: {who}\n---\n{diff}"
    (place / "x.patch").write_text(mail)
    done = subprocess.run(
        [sys.executable, "-m", "patcher", "lint", "--no-tree", "x.patch"], cwd=place, env=environment,
        capture_output=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
