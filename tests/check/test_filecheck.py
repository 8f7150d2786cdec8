"""What looks at the files a commit touches: kernel-doc, dtschema and docutils, each run for real in the sandbox."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table
from check.small_kbuild import small_kbuild

from patcher.check.bindings import BINDINGS, Bindings
from patcher.check.results import Report, Status
from patcher.check.rst import Rst
from patcher.check.session import passed

TEXT = "lib/text.c"
LED = f"{BINDINGS}/leds/two.yaml"
# The tree's script: ours warns of comments that name an argument "nobody".
SCRIPT = r"""#!/bin/sh
[ "$1" = -none ] || exit 3
grep -n '@nobody' "$2" | while IFS=: read -r line text; do
	echo "$2:$line: warning: Excess function parameter 'nobody'" >&2
done
"""
SCHEMA = """# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
%YAML 1.2
---
$id: http://devicetree.org/schemas/leds/two.yaml#
$schema: http://devicetree.org/meta-schemas/core.yaml#

title: A light

maintainers:
  - A <a@example.org>

properties:
  compatible:
    const: example,two

  reg:
    maxItems: 1

required:
  - compatible
  - reg

additionalProperties: false

examples:
  - |
    led@8 {
        compatible = "example,two";
        reg = <0x8 0x4>;
    };
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    require_gcc()
    return small_kbuild(tmp_path)


def looked(tree: Path, cache_dir: Path, count: int, tool: str) -> Report:
    return check(tree, f"HEAD~{count}", cache_dir, configs="x86_64:defconfig", tools=[tool])


def test_what_the_trees_script_says_is_compared_with_the_parent(tree: Path, cache_dir: Path) -> None:
    (tree / "scripts").mkdir(exist_ok=True)
    (tree / "scripts/kernel-doc").write_text(SCRIPT)
    (tree / "scripts/kernel-doc").chmod(0o755)
    commit_edits(tree, "script", {"lib/other.c": append("/* @nobody */\n")})
    commit_edits(tree, "the old one moves", {"lib/other.c": lambda text: f"/* more */\n\n{text}"})
    commit_edits(tree, "a new one", {TEXT: append("/* @nobody */\n"), "README": append("@nobody\n")})
    commit_edits(tree, "no code", {"README": append("more\n")})
    report = looked(tree, cache_dir, 3, "kernel-doc")
    assert table(report) == ["PASS", "WARN", "SKIP"]
    (finding,) = report.findings
    assert (finding.commit, finding.check, finding.path, finding.source) == (2, "kernel-doc", TEXT, "/* @nobody */")
    assert "Excess function parameter" in finding.message
    assert not report.left_out


def test_a_tree_without_the_script_is_skipped(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "touch", {TEXT: append("/* @nobody */\n")})
    commit_edits(tree, "its parent has none", {"scripts/kernel-doc": append(SCRIPT), TEXT: append("/* more */\n")})
    report = looked(tree, cache_dir, 2, "kernel-doc")
    assert table(report) == ["SKIP", "SKIP"] and passed(report)
    assert [row.cells[0].detail for row in report.rows] == ["the tree has no scripts/kernel-doc"] * 2


def test_without_a_sandbox_nothing_is_written_to_a_place_that_others_know(
    tree: Path, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := Bindings().missing:
        pytest.skip(why)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    commit_edits(tree, "a binding", {LED: append(SCHEMA)})
    names = {"out.dtb", "schema.json", "example.dts"}
    before = {path.name: path.stat().st_mtime_ns for path in Path("/tmp").iterdir() if path.name in names}
    report = check(tree, "HEAD~1", cache_dir, configs="x86_64:defconfig", tools=["dt"], sandboxed=False)
    assert table(report) == ["PASS"]
    assert not list((tmp_path / "scratch").glob("patcher-dt.*"))
    after = {path.name: path.stat().st_mtime_ns for path in Path("/tmp").iterdir() if path.name in names}
    assert after == before


def test_bindings_and_their_examples(tree: Path, cache_dir: Path) -> None:
    if why := Bindings().missing:
        pytest.skip(why)
    commit_edits(tree, "a binding", {LED: append(SCHEMA)})
    commit_edits(tree, "its example has more", {LED: replace("<0x8 0x4>;", "<0x8 0x4>; colour = <1>;")})
    commit_edits(tree, "a word that is none", {LED: replace("const: example,two", "const: example,two\n    most: 3")})
    commit_edits(tree, "its example is none", {LED: replace("<0x8 0x4>;", "<0x8 0x4")})
    report = looked(tree, cache_dir, 4, "dt")
    assert table(report) == ["PASS", "FAIL", "FAIL", "FAIL"]
    messages = [(each.commit, each.path, each.message) for each in report.findings]
    assert {path for _, path, _ in messages} == {LED}
    for commit, word in ((2, "colour"), (3, "most"), (4, "syntax error")):
        assert any(number == commit and word in text for number, _, text in messages), messages


def test_a_reference_into_nothing_is_told_without_the_schema(tree: Path, cache_dir: Path) -> None:
    if why := Bindings().missing:
        pytest.skip(why)
    wrong = "clocks:\n    $ref: /schemas/types.yaml#/definitions/uint33\n\n  reg:\n"
    commit_edits(tree, "a binding", {LED: append(SCHEMA.replace("reg:\n", wrong))})
    (finding,) = looked(tree, cache_dir, 1, "dt").findings
    assert finding.message == (
        "Unresolvable reference: '/definitions/uint33' does not exist within http://devicetree.org/schemas/types.yaml"
    )


BOARD = """/dts-v1/;
#include "two.dtsi"
/ {
	compatible = "example,board";
	model = "two";
	led@8 {
		compatible = "example,two";
		reg = <0x8 0x4>;
	};
};
"""


def test_a_program_behind_a_link(tree: Path, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pipx has it: the program, and the Python that it names, lie elsewhere."""
    if why := Bindings().missing:
        pytest.skip(why)
    links = tmp_path / "bin"
    links.mkdir()
    for name in ("dt-doc-validate", "dt-extract-example", "dt-mk-schema", "dt-validate"):
        (links / name).symlink_to(Path(shutil.which(name) or "").resolve())
    monkeypatch.setenv("PATH", f"{links}:/usr/bin:/bin")
    commit_edits(tree, "a binding", {LED: append(SCHEMA)})
    commit_edits(tree, "its example has more", {LED: replace("<0x8 0x4>;", "<0x8 0x4>; colour = <1>;")})
    assert table(looked(tree, cache_dir, 2, "dt")) == ["PASS", "FAIL"]


def test_a_program_that_cannot_be_run_is_no_pass(
    tree: Path, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dt-doc-validate", "dt-extract-example", "dt-mk-schema", "dt-validate", "dtc", "gcc"):
        (tmp_path / name).write_text(
            f"#!/bin/sh\n[ $1 = --version ] || exit {127 * (name == 'dt-doc-validate')}\necho 2026.9\n"
        )
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    commit_edits(tree, "a binding", {LED: append(SCHEMA)})
    (cell,) = looked(tree, cache_dir, 1, "dt").rows[0].cells
    assert cell.status is Status.ERROR
    assert re.search(r"dt-doc-validate cannot be run, or was ended \(status 12[67]\)", cell.detail)


def test_boards_and_what_they_include(tree: Path, cache_dir: Path) -> None:
    if why := Bindings().missing:
        pytest.skip(why)
    places = "arch/arm64/boot/dts"
    both = "/ {\n\t#address-cells = <1>;\n\t#size-cells = <1>;\n};\n"
    commit_edits(tree, "a board", {
        LED: append(SCHEMA), f"{places}/two.dts": append(BOARD), f"{places}/two.dtsi": append(both),
    })  # fmt: skip
    commit_edits(tree, "more than the binding has", {f"{places}/two.dts": replace("<0x8 0x4>;", "<0x8 0x4>; colour;")})
    commit_edits(tree, "an address without reg", {f"{places}/two.dtsi": append("/ { two@1 { }; };\n")})
    commit_edits(tree, "no such label", {f"{places}/two.dts": replace("colour;", "colour; clocks = <&clock>;")})
    report = looked(tree, cache_dir, 3, "dt")
    assert table(report) == ["FAIL", "WARN", "FAIL"]
    messages = [(each.commit, each.path, each.message) for each in report.findings]
    assert (1, f"{places}/two.dts") in {found[:2] for found in messages}
    assert any(number == 1 and "'colour'" in text for number, _, text in messages), messages
    address = "/two@1: node has a unit name, but no reg or ranges property [unit_address_vs_reg]"
    label = '/led@8: Reference to non-existent node or label "clock" [phandle_references]'
    assert [text for number, _, text in messages if number > 1] == [address, label]


def test_a_makefile_that_lists_a_board_that_is_not_there(tree: Path, cache_dir: Path) -> None:
    if why := Bindings().missing:
        pytest.skip(why)
    place = "arch/arm64/boot/dts/two"
    makefile = f"{place}/Makefile"
    both = "dtb-y += two.dtb both.dtb # and no other.dtb\nboth-dtbs := two.dtb over.dtbo\n"
    commit_edits(tree, "base: boards", {
        makefile: append(both), f"{place}/two.dts": append(BOARD.replace('#include "two.dtsi"\n', "")),
        f"{place}/over.dtso": append("/dts-v1/;\n/plugin/;\n"),
    })  # fmt: skip
    commit_edits(tree, "one more", {makefile: append("dtb-y += \\\n\tmore.dtb\n")})
    (tree / place / "over.dtso").rename(tree / place / "other.dtso")
    commit_edits(tree, "renamed", {})
    commit_edits(tree, "more of it", {makefile: append("# more\n")})
    report = looked(tree, cache_dir, 3, "dt")
    assert [(each.commit, each.path, each.line, each.message) for each in report.findings] == [
        (1, makefile, 4, "it lists more.dtb, and there is no more.dts"),
        (2, makefile, 2, "it lists over.dtbo, and there is no over.dtso"),
    ]
    assert table(report) == ["FAIL", "FAIL", "PASS"]


def test_a_binding_without_dtschema_is_skipped(tree: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    commit_edits(tree, "a binding", {LED: append(SCHEMA)})
    (cell,) = looked(tree, cache_dir, 1, "dt").rows[0].cells
    assert (cell.status.value, "pip install dtschema" in cell.detail) == ("SKIP", True)


@pytest.mark.parametrize(("version", "fine"), [("2022.08.2", False), ("2023.11", False), ("2024.2", True), ("", False)])
def test_a_dtschema_that_is_too_old_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fine: bool
) -> None:
    """What is in Debian 12 says nothing at all of a board."""
    for name in ("dt-doc-validate", "dt-extract-example", "dt-mk-schema", "dt-validate", "dtc", "gcc"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    found = Bindings().missing
    assert (found == "") is fine, found
    assert fine or "takes 2024.2: pip install dtschema" in found


def test_documents(tree: Path, cache_dir: Path) -> None:
    if why := Rst().missing:
        pytest.skip(why)
    text = "Title\n=====\n\nSee :ref:`other`, |version|.\n\n.. kernel-doc:: lib/text.c\n\n.. include:: /etc/passwd\n"
    commit_edits(tree, "what is Sphinx's", {"Documentation/two.rst": append(text)})
    commit_edits(tree, "short", {"Documentation/two.rst": append("\nMore to read\n====\n")})
    report = looked(tree, cache_dir, 2, "rst")
    assert table(report) == ["PASS", "WARN"]
    (finding,) = report.findings
    assert (finding.line, finding.message) == (11, "Title underline too short.")
