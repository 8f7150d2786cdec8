"""What a Makefile lists and the commit lacks: a file that was forgotten, removed or renamed."""

from __future__ import annotations

from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table
from check.small_kbuild import small_kbuild

from patcher.check.building import Build
from patcher.check.results import Kind

PLACE = "drivers/xen"
MAKEFILE = f"{PLACE}/Makefile"
LISTING = "obj-y += box.o below/\nobj-y += pair.o\npair-y := left.o right.o\nobj-$(CONFIG_NEVER) += never.o\n"


def test_each_is_found_where_it_begins(mini_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_gcc()

    def add(subject: str, *names: str) -> None:
        edits = {f"{PLACE}/{name}.c": append(f"int one = {len(name)};\n") for name in names}
        commit_edits(mini_repo, subject, edits)

    commit_edits(mini_repo, "list what is not there", {MAKEFILE: append(LISTING)})
    add("add some", "box", "left")
    (mini_repo / PLACE / "below").mkdir()
    (mini_repo / PLACE / "below/Makefile").write_text("obj-y += in.o\n")
    add("add the rest", "right", "below/in")
    commit_edits(mini_repo, "only words", {MAKEFILE: append("# more of box.o\n")})
    (mini_repo / PLACE / "left.c").rename(mini_repo / PLACE / "west.c")
    (mini_repo / PLACE / "box.c").unlink()
    commit_edits(mini_repo, "rename one, remove one", {})
    commit_edits(mini_repo, "rename it there, too", {MAKEFILE: replace("left.o", "west.o")})
    report = check(mini_repo, "HEAD~6", tmp_path / "cache")
    found = [(each.commit, each.line, each.message, each.until) for each in report.findings if each.kind is Kind.ERROR]
    assert found == [
        (1, 3, "it lists below/, and there is no below/Makefile", 3),
        (1, 3, "it lists box.o, and there is no box.c", 2),
        (1, 5, "it lists left.o, and there is no left.c", 2),
        (1, 5, "it lists right.o, and there is no right.c", 3),
        (5, 3, "it lists box.o, and there is no box.c", 0),
        (5, 5, "it lists left.o, and there is no left.c", 6),
    ]
    assert {each.path for each in report.findings} == {MAKEFILE}
    assert [row.split()[0] for row in table(report)] == ["FAIL", "FAIL", "PASS", "SKIP", "FAIL", "FAIL"]
    assert report.rows[4].cells[0].detail.startswith(f"{MAKEFILE}: it lists box.o, and there is no box.c; ")

    def built(*_: object, **__: object) -> None:
        raise AssertionError("it was built again")

    monkeypatch.setattr(Build, "make", built)
    assert check(mini_repo, "HEAD~6", tmp_path / "cache") == report


def test_what_lacked_its_source_before_is_none_of_the_series(mini_repo: Path, tmp_path: Path) -> None:
    require_gcc()
    commit_edits(mini_repo, "base: list what is not there", {MAKEFILE: append("obj-y += box.o\n")})
    commit_edits(mini_repo, "list it twice", {MAKEFILE: append("obj-y += box.o\nobj-y += made.o\n")})
    commit_edits(mini_repo, "remove what nobody lists", {f"{PLACE}/alone.c": append("int one;\n")})
    rule = f"{PLACE}/made.o:\n\t@mkdir -p $(@D); echo '  CC      $@'; echo 'int made;' | $(CC) -x c -c -o $@ -\n"
    commit_edits(mini_repo, "what is made by a rule", {"Makefile": append(rule)})
    (mini_repo / PLACE / "alone.c").unlink()
    commit_edits(mini_repo, "remove what nobody listed", {})
    report = check(mini_repo, "HEAD~4", tmp_path / "cache")
    assert [(each.commit, each.message, each.until) for each in report.findings] == [
        (1, "it lists made.o, and there is no made.c", 3)
    ]


def test_a_makefile_that_make_cannot_read(tmp_path: Path) -> None:
    require_gcc()
    tree = small_kbuild(tmp_path)
    commit_edits(tree, "base: read it", {"Makefile": append("\ninclude $(srctree)/lib/Makefile\n")})
    commit_edits(tree, "no endif", {"lib/Makefile": append("ifdef CONFIG_ALONE\nobj-y += alone.o\n")})
    commit_edits(tree, "a source meanwhile", {"lib/other.c": append("\n/* more */\n")})
    commit_edits(tree, "endif", {"lib/Makefile": append("endif\n")})
    commit_edits(tree, "no backslash", {"lib/Makefile": append("obj-y += one.o\n\ttwo.o\n")})
    report = check(tree, "HEAD~4", tmp_path / "cache", configs="x86_64:defconfig")
    assert [(each.commit, each.path, each.message, each.until) for each in report.findings] == [
        (1, "lib/Makefile", "missing 'endif'", 3), (4, "lib/Makefile", "recipe commences before first target", 0),
    ]  # fmt: skip
    assert report.findings[1].source == "two.o"
    assert table(report) == ["FAIL", "FAIL", "PASS", "FAIL"]
    assert report.findings[0].targets == ("lib/mod.o", "lib/other.o", "lib/text.o")


def test_a_source_that_is_listed_as_an_object(mini_repo: Path, tmp_path: Path) -> None:
    require_gcc()
    listing = {MAKEFILE: append("obj-y += box.c\nalways-y += data.c\n"), f"{PLACE}/box.c": append("int one;\n")}
    commit_edits(mini_repo, "list the source", listing)
    commit_edits(mini_repo, "only words", {MAKEFILE: append("# more\n")})
    commit_edits(mini_repo, "list the object", {MAKEFILE: replace("box.c", "box.o")})
    report = check(mini_repo, "HEAD~3", tmp_path / "cache")
    (finding,) = report.findings
    assert (finding.commit, finding.path, finding.line, finding.until) == (1, MAKEFILE, 3, 3)
    assert finding.message == "it lists box.c, of which nothing is made: objects are listed, box.o"
    assert [row.split()[0] for row in table(report)] == ["FAIL", "FAIL", "PASS"]
