"""patcher p2m draw: the command line."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from patcher.prove import toolchain

pytestmark = pytest.mark.skipif(bool(toolchain.missing(64)), reason="no compiler for 64 bits")
MAP = "BIOS-e820: [mem 0x0000000000000000-0x000000003fffffff] usable\n"


def test_text_on_standard_output_and_a_picture_in_a_file(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ran = run("p2m", "draw", "--tree", mini)
    assert ran.code == 0
    assert "an example, a laptop with 4 GiB (--e820 FILE takes a real one)" in ran.stdout
    assert "508 × p2m_mid_missing" in ran.stdout
    file = tmp_path / "p2m.svg"
    ran = run("p2m", "draw", "--tree", mini, "-o", file)
    assert (ran.code, ran.stdout) == (0, "")
    assert ElementTree.fromstring(file.read_bytes()).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_map_of_the_users(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "dmesg.txt").write_text(MAP)
    ran = run("p2m", "draw", "--tree", mini, "--e820", "dmesg.txt", "--unprivileged", "--nr-pages", "4096")
    assert ran.code == 0
    assert "unprivileged domain, 4,096 pages (16 MiB)" in ran.stdout
    assert "memory map: dmesg.txt; 1 region, it ends at 1 GiB" in ran.stdout


def test_wrong_input_is_one_line(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ran = run("p2m", "draw", "--tree", mini, "--e820", "nowhere")
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "cannot read nowhere" in ran.stderr
    (tmp_path / "empty").write_text("")
    ran = run("p2m", "draw", "--tree", mini, "--e820", "empty")
    assert ran.code == 2
    assert "empty has no E820 map" in ran.stderr


def test_no_picture_is_exit_code_1(run, changed) -> None:  # type: ignore[no-untyped-def]
    line = "	max_pfn = min(MAX_DOMAIN_PAGES, max_pfn);\n"
    tree = changed({"arch/x86/xen/setup.c": (line, line + "	BUG_ON(max_pfn > 7);\n")})
    ran = run("p2m", "draw", "--tree", tree.where)
    assert (ran.code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("no picture: the boot ended with BUG() at arch/x86/xen/setup.c:")


def test_revisions_and_worktrees_are_named(run, mini_repo: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("p2m", "draw", "--tree", mini_repo, "--rev", "v2.6.37-mini").stdout.startswith("P2M of v2.6.37-mini (")
    assert run("p2m", "draw", "--tree", mini_repo, "--worktree").stdout.startswith("P2M of the worktree of linux")
