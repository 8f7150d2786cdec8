"""Symbols that nothing defines for those that use them, in real objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table
from check.small_kbuild import small_kbuild
from cluster.beside import Beside

from patcher import sandbox
from patcher.cache import Cache
from patcher.check import session
from patcher.check.linking import _messages
from patcher.check.results import Report, Severity
from patcher.check.run import Means, Options

OTHER, MOD, TEXT = "lib/other.c", "lib/mod.c", "lib/text.c"


def calls(name: str) -> str:
    return f"\nint {name}(void);\nint calls_{name}(void);\nint calls_{name}(void)\n{{\n\treturn {name}();\n}}\n"


def defines(name: str) -> str:
    return f"\nint {name}(void)\n{{\n\treturn 1;\n}}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    require_gcc()
    return small_kbuild(tmp_path)


def found(report: Report) -> list[tuple[int, str, int, str]]:
    return [(each.commit, each.path, each.until, each.message) for each in report.findings]


def looked(tree: Path, cache_dir: Path, count: int, *tools: str) -> Report:
    return check(tree, f"HEAD~{count}", cache_dir, configs="x86_64:defconfig", tools=[*tools, "modpost"])


def test_each_kind_of_symbol_that_is_missing(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "kernel: nobody has it", {OTHER: append(calls("absent"))})
    commit_edits(tree, "module: nobody exports it", {MOD: append(calls("other"))})
    commit_edits(tree, "kernel: it is in a module", {OTHER: append(calls("mod"))})
    commit_edits(tree, "kernel: it is not built", {TEXT: append(calls("alone"))})
    commit_edits(tree, "mended: now it is there", {TEXT: append(defines("absent"))})
    commit_edits(tree, "mended: exported", {OTHER: append("\nEXPORT_SYMBOL(other);\n")})
    commit_edits(tree, "fine: within a module, and what is exported", {
        MOD: append("\nint more(void);\nint more(void)\n{\n\treturn text(9);\n}\n" + calls("near") + defines("near")),
    })  # fmt: skip
    report = looked(tree, cache_dir, 7, "gcc")
    assert found(report) == [
        (1, OTHER, 5, "undefined: absent, used by the kernel itself: nothing defines it"),
        (2, MOD, 6, f"undefined: other, used by the module lib/mod, is defined in {OTHER}, which does not export it"),
        (3, OTHER, 0, "undefined: mod, used by the kernel itself, is defined in the module lib/mod"),
        (4, TEXT, 0, "undefined: alone, used by the kernel itself, is defined in lib/alone.c, which this configuration "
         "does not build"),
    ]  # fmt: skip
    assert {each.check for each in report.findings} == {"modpost"}
    assert {row.cells[0].status.value for row in report.rows} == {"PASS"}  # gcc's


def test_what_goes_away_under_its_users(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "no longer exported", {TEXT: replace("EXPORT_SYMBOL(text);\n", "")})
    commit_edits(tree, "renamed", {TEXT: replace("int text(", "int text_of("), "include/two.h": append("\n")})
    report = looked(tree, cache_dir, 2)
    assert [(commit, path) for commit, path, _, _ in found(report)] == [(1, MOD), (2, OTHER)]


def test_an_export_that_nobody_uses_any_more(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "one user less", {MOD: replace("return text(4)", "return 4")})
    commit_edits(tree, "the last one", {OTHER: replace("return text(3)", "return 3")})
    commit_edits(tree, "more", {OTHER: append("\n/* more */\n"), TEXT: append("\n/* more */\n")})
    report = looked(tree, cache_dir, 3)
    assert found(report) == [(2, TEXT, 0, "exported: text, which no other file uses any more")]


def test_a_file_that_goes_away_under_its_users(tree: Path, cache_dir: Path) -> None:
    (tree / TEXT).unlink()
    commit_edits(tree, "gone", {"lib/Makefile": replace("text.o ", "")})
    report = looked(tree, cache_dir, 1)
    assert {(path, message.partition(",")[0]) for _, path, _, message in found(report)} == {
        (MOD, "undefined: text"), (OTHER, "undefined: text"),
    }  # fmt: skip


def test_a_division_that_a_32_bit_kernel_has_not(tree: Path, cache_dir: Path) -> None:
    divides = "\nlong long half(long long x, long long y)\n{\n\treturn x / y;\n}\n"
    commit_edits(tree, "divides", {
        TEXT: append(divides), "arch/arm64/two.c": append("\nEXPORT_SYMBOL(__divdi3);\n"),
    })  # fmt: skip
    report = check(tree, "HEAD~1", cache_dir, configs="i386:defconfig,x86_64:defconfig", tools=["modpost"])
    (finding,) = report.findings
    assert (finding.configs, finding.path) == (("i386:defconfig",), TEXT)
    assert finding.message == (
        "undefined: __divdi3, used by the kernel itself, divides 64 bit numbers, and nothing defines it"
    )


def test_what_another_architecture_defines_is_nothing_here(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "only there", {OTHER: append(calls("arm64_two"))})
    (finding,) = looked(tree, cache_dir, 1).findings
    assert finding.message == "undefined: arm64_two, used by the kernel itself: nothing defines it"


def test_what_a_macro_may_define_is_not_told(tree: Path, cache_dir: Path) -> None:
    pasted = "#define DECLARE(n) int two_##n(void)\nDECLARE(far);\n"
    commit_edits(tree, "pasted", {"include/two.h": append(pasted), OTHER: append("\nint (*far)(void) = two_far;\n")})
    assert not looked(tree, cache_dir, 1).findings


def test_symbols_are_looked_for_on_other_machines_too(tree: Path, cache: Cache, tmp_path: Path) -> None:
    commit_edits(tree, "touch", {TEXT: append("\n/* touched */\n")})
    commit_edits(tree, "it is in a module", {OTHER: append(calls("mod"))})
    options = Options(True, ("x86_64:defconfig",), "modpost", sandboxed=sandbox.available() is None)
    beside = Beside(tmp_path / "beside")
    (tmp_path / "beside").mkdir()
    report = session.check(["HEAD~2"], None, tree, options, Means(cache, elsewhere=beside))
    assert [(each.commit, each.path) for each in report.findings] == [(2, OTHER)]
    assert len(beside.done) > 1


def test_the_words_of_modpost() -> None:
    output = b"""WARNING: vmlinux.o is missing.
  MODPOST Module.symvers
WARNING: modpost: "text" [lib/mod.ko] undefined!
ERROR: modpost: missing MODULE_LICENSE() in lib/mod.o
WARNING: modpost: lib/mod: section mismatch in reference: run+0x5 (section: .text) -> first (section: .init.text)
WARNING: lib/mod.o(.text+0x5): Section mismatch in reference from the function run() to the function .init.text:first()
WARNING: modpost: lib/mod: section mismatch in reference: run+0x1 (section: .text) -> 0xfffffffc (section: .init.text)
"""
    said = [message for _, message in _messages(output, {"lib/mod": "lib/mod.ko"})]
    assert [(each.severity, each.message.partition(" ")[0]) for each in said] == [
        (Severity.ERROR, "missing"), (Severity.WARNING, "lib/mod:"), (Severity.WARNING, "lib/mod.o(.text+0x5):"),
        (Severity.WARNING, "lib/mod:"),
    ]  # fmt: skip
    assert said[-1].message.endswith(": run+0x1 (section: .text) -> the first symbol (section: .init.text)")


_FAKE = r"""#!/bin/sh
# what the real one says of objects that it is given by name
for each; do case $each in *.o) grep -q description= "$each" || objects="$objects $each" ;; esac; done
case $1 in -W) for each in $objects; do echo "WARNING: modpost: missing MODULE_DESCRIPTION() in $each"; done ;; esac
"""
_LINKS = r"""
prepare: modpost
modpost:
	@mkdir -p $(O)/scripts/mod && cp $(srctree)/modpost.sh $(O)/scripts/mod/modpost
modposted: $(patsubst %.ko,%.o,$(filter %.ko,$(MAKECMDGOALS)))
	@cd $(O) && for each in $(patsubst %.ko,%,$(filter %.ko,$(MAKECMDGOALS))); do \
		! grep -q mismatched $$each.o || \
		echo "WARNING: modpost: $$each: section mismatch in reference: run (section: .text) -> first"; \
		grep -q license= $$each.o || { echo "ERROR: modpost: missing MODULE_LICENSE() in $$each.o"; bad=1; }; \
	done; test -z "$$bad"
	@test -n "$(CONFIG_SECTION_MISMATCH_WARN_ONLY)" || ! grep -q mismatched $(addprefix $(O)/,$^)
%.ko: %.o modposted
	@cd $(O) && $(LD) -r -o $@ $<
"""


def test_what_modpost_says_of_one_module_is_not_of_the_others(tree: Path, cache_dir: Path) -> None:
    info = '\nconst char info_{0}[] = "{0}=x";\n'
    both = info.format("license") + info.format("description")
    commit_edits(tree, "modpost", {
        "Makefile": lambda text: text.replace("prepare: ;", "").partition("%.ko")[0] + _LINKS,
        "modpost.sh": append(_FAKE), MOD: append(both), "lib/Makefile": append("obj-m += bare.o\n"),
    })  # fmt: skip
    (tree / "modpost.sh").chmod(0o755)
    commit_edits(tree, "executable", {"README": append("modpost\n")})
    commit_edits(tree, "mismatch", {MOD: append("\nint mismatched;\n")})
    commit_edits(tree, "no license", {MOD: append("\nint more;\n"), "lib/bare.c": append("int bare;\n")})
    commit_edits(tree, "no description", {MOD: append("\nint last;\n"), "lib/bare.c": append(info.format("license"))})
    commit_edits(tree, "described", {"lib/bare.c": append(info.format("description"))})
    report = looked(tree, cache_dir, 4)
    assert found(report) == [
        (1, "lib/mod.ko", 0, "lib/mod: section mismatch in reference: run (section: .text) -> first"),
        (2, "lib/bare.ko", 3, "missing MODULE_LICENSE() in lib/bare.o"),
        (3, "lib/bare.ko", 0, "missing MODULE_DESCRIPTION() in lib/bare.o"),
    ]
    assert table(report) == ["WARN", "FAIL", "WARN", "PASS"]
