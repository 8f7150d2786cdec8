"""What a tree of some age is given so that today's tools take it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table

from patcher.check.adjust import Adjustments, adjustments

MMU = "arch/x86/xen/mmu.c"
ONE = "mini_defconfig"


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()


def adjusted(files: dict[str, str], arch: str = "x86_64") -> Adjustments:
    return adjustments(
        "gcc",
        lambda path: files.get(path, ""),
        files,
        lambda words, _: [path for path, text in files.items() if any(word in text for word in words)],
        arch,
    )


MAKE_CMD = r"make-cmd = $(subst \#,\\\#,$(subst $$,$$$$,$(call quoted,$(cmd_$(1)))))"
RULES = r"""
quoted = $(subst ',x,$1)
cmd_cc = gcc '-Dstr(s)=\#s' $$HOME
inner:
	@printf '%s\n' '$(call make-cmd,cc)' > out
outer:
	@$(MAKE) -f Makefile inner
"""


def test_a_command_with_a_hash_is_kept_as_it_is(tmp_path: Path) -> None:
    """Kbuild compares the command of the last time with that of today; else each call makes half of it again."""
    found = adjusted({"scripts/Kbuild.include": f"# how\n{MAKE_CMD}\n\nmore = 1\n"})
    given = [f"{name}={value}" for name, value in found.variables if name in ("make-cmd", "pound")]
    (tmp_path / "Makefile").write_text(f"{MAKE_CMD}\n{RULES}")
    subprocess.run(["make", "-s", "-C", tmp_path, *given, "outer"], check=True)
    (tmp_path / "read").write_text("include out\nall:\n\t@printf '%s' '$(subst $$,D,$(cmd))'\n")
    (tmp_path / "out").write_text("cmd := " + (tmp_path / "out").read_text())
    done = subprocess.run(["make", "-s", "-C", tmp_path, "-f", "read"], check=True, capture_output=True, text=True)
    assert done.stdout == "gcc x-Dstr(s)=#sx DHOME"


def test_a_tree_that_needs_no_help_with_its_commands() -> None:
    found = adjusted({"scripts/Kbuild.include": "make-cmd = $(call escsq,$(subst $(pound),$$(pound),$(cmd_$(1))))\n"})
    assert "make-cmd" not in dict(found.variables)


def test_what_the_tree_gives_the_last_flags_stays() -> None:
    found = dict(
        adjusted({"Makefile": "MODFLAGS = -DMODULE\nCFLAGS_MODULE   = $(MODFLAGS)\nCFLAGS_KERNEL\t=\n"}).variables
    )
    assert (found["CFLAGS_MODULE"], found["CFLAGS_KERNEL"]) == ("$(MODFLAGS) -Wno-error", "-Wno-error")
    assert "AFLAGS_KERNEL" not in found


@pytest.mark.parametrize("tool", ["gcc", "clang"])
def test_a_warning_is_one_also_where_a_makefile_makes_an_error_of_it(
    mini_repo: Path, cache_dir: Path, tool: str
) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    flags = {
        "Makefile": lambda text: (
            "CFLAGS_KERNEL =\n" + text.replace("CFLAGS += $(KCFLAGS)", "CFLAGS += $(KCFLAGS) -Werror $(CFLAGS_KERNEL)")
        )
    }
    warns = append("\nstatic int old_one(void)\n{\n\treturn 1;\n}\n")
    commit_edits(mini_repo, "warn, and -Werror as a directory has it", {MMU: warns, **flags})
    commit_edits(mini_repo, "replace a warning", {MMU: replace("old_one", "new_one")})
    commit_edits(mini_repo, "an error all the same", {MMU: append("\nint gone(void)\n{\n\treturn no_such();\n}\n")})
    report = check(mini_repo, "HEAD~2", cache_dir, configs=ONE, tools=[tool])
    assert table(report) == ["WARN", "FAIL"]
    assert [(each.commit, each.kind) for each in report.findings] == [(1, "warning"), (2, "error")]
    assert "-Wunused-function" in report.findings[0].message
    assert "-Werror=implicit-function-declaration" in report.findings[1].message or tool == "clang"


def test_an_object_that_the_kernel_begins_with_is_made_alone(mini_repo: Path, cache_dir: Path) -> None:
    require_gcc()
    whole = f"head-y := {MMU[:-2]}.o\n$(head-y): whole ;\nwhole:\n\t@echo all of it >&2; exit 1\n\nFORCE:"
    commit_edits(mini_repo, "as kbuild before 6.1", {"Makefile": replace("FORCE:", whole), MMU: append("\n/* x */\n")})
    commit_edits(mini_repo, "touch", {MMU: append("\n/* y */\n")})
    assert table(check(mini_repo, "HEAD~1", cache_dir, configs=ONE)) == ["PASS"]


def test_headers_for_compilers_of_any_number() -> None:
    assert adjusted({f"include/linux/compiler-gcc{'9' * 5000}.h": "x"}).files == {}
