"""Changes that are about every object: flags in the top Makefile, and programs that the build makes first."""

from __future__ import annotations

from pathlib import Path

from check.checking import append, check, commit_edits, replace, require_gcc, table
from check.small_kbuild import small_kbuild

HOST = "scripts/host.c"
EMPTY = "scripts/mod/empty.c"
FIRST = r"""
scripts/mod/empty.o: FORCE
	@mkdir -p $(O)/scripts/mod
	@echo '  CC      $@'
	@$(CC) $(KBUILD_CFLAGS) -c -o $(O)/$@ $(srctree)/scripts/mod/empty.c
host: scripts/mod/empty.o
	@echo '  HOSTCC  scripts/host'
	@gcc -o $(O)/scripts/host $(srctree)/scripts/host.c
"""


def test_each_is_found_though_no_source_is_touched(tmp_path: Path) -> None:
    require_gcc()
    tree = small_kbuild(tmp_path)
    commit_edits(tree, "base: a program", {
        "Makefile": lambda text: text.replace("%.o: FORCE", "%.o: host FORCE") + FIRST,
        EMPTY: append("/* empty */\n"), HOST: append("int main(void)\n{\n\treturn 0;\n}\n"),
    })  # fmt: skip
    commit_edits(tree, "no such flag", {"Makefile": replace("-std=gnu11", "-std=gnu11 -fno-such-flag")})
    commit_edits(tree, "without it", {"Makefile": replace(" -fno-such-flag", "")})
    commit_edits(tree, "the program is broken", {HOST: replace("return 0", "return nothing")})
    report = check(tree, "HEAD~3", tmp_path / "cache", configs="x86_64:defconfig")
    flag, program = report.findings
    assert (flag.commit, flag.path, flag.until, "'-fno-such-flag'" in flag.message) == (1, EMPTY, 2, True)
    assert (program.commit, program.path, program.line, program.until) == (3, HOST, 3, 0)
    assert program.message.startswith("'nothing' undeclared")
    assert table(report) == ["FAIL", "PASS", "FAIL"]
