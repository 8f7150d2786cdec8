"""Symbols that are selected against what they depend on: what Kconfig warns of, and what is said of commits."""

from __future__ import annotations

from pathlib import Path

from check.checking import append, check, commit_edits, replace, table
from check.kconfigtree import small_tree

from patcher.check.results import Kind
from patcher.check.selects import Unmet, unmet

SAID = """\

WARNING: unmet direct dependencies detected for CRC7
  Depends on [n]: BUS [=n] && (A [=y] || B [=n])
  Selected by [y]:
  - FIRST [=y] && MISC [=y]
  Selected by [m]:
  - SECOND [=m]

WARNING: unmet direct dependencies detected for AAA
  Depends on [m]: BUS [=m]
  Selected by [y]:
  - FIRST [=y]
#
# configuration written to .config
#
"""
BEFORE = "warning: (ONE && NET || TWO) selects OLD which has unmet direct dependencies (BUS && NET)\n"
KCONFIG = """
config HELPER
\tbool "helper"
\tdepends on BUS

config {0}
\tbool "{0}"
\tdefault y
\tselect HELPER

"""
WARNS = """
symbol = kconf.syms["HELPER"]
if what == "olddefconfig" and symbol.str_value == "y" and kconfiglib.expr_value(symbol.direct_dep) == 0:
    by = [each.name for each in kconf.unique_defined_syms if symbol in [one for one, _ in each.selects]]
    lines = ["", "WARNING: unmet direct dependencies detected for HELPER", "  Depends on [n]: BUS [=n]"]
    lines += ["  Selected by [y]:", *(f"  - {name} [=y]" for name in by)]
    sys.stderr.write("\\n".join(lines) + "\\n")
"""


def test_what_kconfig_says() -> None:
    assert unmet(SAID) == (
        Unmet("AAA", "BUS [=m]", ("FIRST",)),
        Unmet("CRC7", "BUS [=n] && (A [=y] || B [=n])", ("FIRST", "SECOND")),
    )
    assert unmet(BEFORE) == (Unmet("OLD", "BUS && NET", ("ONE", "TWO")),)
    assert unmet("#\n# No change to .config\n#\n") == ()


def test_each_is_told_at_its_commit_and_when_it_is_mended(tmp_path: Path) -> None:
    tree = small_tree(tmp_path / "linux")
    old = KCONFIG.format("OLD")
    commit_edits(tree, "base", {"scripts/kconfig/conf.py": append(WARNS), "drivers/Kconfig": append(old)})
    commit_edits(tree, "one more", {"drivers/Kconfig": append("config NEW\n\tbool\n\tdefault y\n\tselect HELPER\n")})
    commit_edits(tree, "words", {"drivers/Kconfig": append("# words\n")})
    commit_edits(tree, "mended", {"drivers/Kconfig": replace("\tdepends on BUS\n\nconfig OLD", "\nconfig OLD")})
    for again in range(2):
        report = check(tree, "HEAD~3", tmp_path / "cache", configs="defconfig,x86_64:defconfig+BUS", tools=["gcc"])
        (finding,) = report.findings
        assert (finding.commit, finding.kind, finding.path, finding.source, finding.until) == (
            1, Kind.WARNING, "drivers/Kconfig", "select HELPER", 3,
        ), again  # fmt: skip
        assert finding.message == "NEW selects HELPER, whose dependencies are not met: BUS [=n]"
        assert finding.configs == ("defconfig",)
        assert [row.split()[-1] for row in table(report)] == ["WARN", "PASS", "PASS"]
