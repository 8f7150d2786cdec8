"""patcher prove: the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest

from patcher.prove import toolchain
from patcher.report.prove_json import SCHEMA

MMU = "arch/x86/xen/mmu.c"
QUICK = ("--arch", "x86_64", "--examples", "10")

pytestmark = pytest.mark.skipif(bool(toolchain.missing(64)), reason="no compiler for 64 bits")


def test_a_failure_is_told_in_full_and_is_exit_code_1(run, mini: Path) -> None:  # type: ignore[no-untyped-def]
    ran = run("prove", "--tree", mini, *QUICK, "--property", "3")
    assert ran.code == 1
    assert "FAIL   3-last-leaf" in ran.stdout
    assert "on an unprivileged domain with 0xa0 pages" in ran.stdout
    assert "expected: PFN 0xa0, past nr_pages in the last leaf, is missing" in ran.stdout
    assert "at        last stored by arch/x86/xen/mmu.c:" in ran.stdout
    assert ran.stdout.endswith("prove: 4 PASS, 1 FAIL\n")


def test_passing_is_exit_code_0_unless_more_is_required(run, mini: Path) -> None:  # type: ignore[no-untyped-def]
    command = ("prove", "--tree", mini, *QUICK, "--property", "9")
    assert run(*command).code == 0
    assert run(*command, "--require", "9-ram").code == 0
    assert run(*command, "--require", "9-identity").code == 1
    assert run(*command, "--require", "all").code == 1


@pytest.mark.ends
def test_json_is_as_published_and_the_same_seed_finds_the_same(run, mini: Path) -> None:  # type: ignore[no-untyped-def]
    command = ("prove", "--tree", mini, *QUICK, "--property", "3", "--property", "4", "--format", "json")
    first, again = (json.loads(run(*command, afresh=True).stdout) for _ in range(2))
    jsonschema.validate(first, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)
    assert first["commits"][0]["proofs"][0]["verdicts"] == again["commits"][0]["proofs"][0]["verdicts"]


def test_a_failure_can_be_kept_and_replayed(run, mini: Path, changed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    place = tmp_path / "kept"
    run("prove", "--tree", mini, *QUICK, "--property", "3-last-leaf", "--property", "8-race", "--keep", place,
        "--examples", "60")  # fmt: skip
    assert sorted(file.name for file in place.iterdir()) == [
        "tree-x86_64", "tree-x86_64-3-last-leaf.json", "tree-x86_64-8-race.json",
    ]  # fmt: skip
    leaf, race = place / "tree-x86_64-3-last-leaf.json", place / "tree-x86_64-8-race.json"
    again = run("prove", "--tree", mini, "--replay", leaf)
    assert again.code == 1
    assert "get(0xa0)  = 0" in again.stdout
    assert again.stdout.endswith("still wrong\n")
    raced = run("prove", "--tree", mini, "--replay", race)
    assert raced.code == 1
    assert "ended: a wild access" in raced.stdout
    from prove.test_prove_properties import LAST_LEAF

    mended = run("prove", "--tree", changed({MMU: LAST_LEAF}).where, "--replay", leaf)
    assert mended.code == 0
    assert mended.stdout.endswith("no longer wrong\n")


def test_a_range_is_a_table(run, git, mini_repo: Path) -> None:  # type: ignore[no-untyped-def]
    from prove.test_prove_properties import LAST_LEAF

    def commit(subject: str, old: str, new: str) -> None:
        file = mini_repo / MMU
        file.write_text(file.read_text().replace(old, new))
        git(mini_repo, "commit", "-qam", subject)

    commit("xen/mmu: mend the last leaf", *LAST_LEAF)
    commit("xen/mmu: break it again", LAST_LEAF[1], LAST_LEAF[0])
    ran = run("prove", "--tree", mini_repo, "--range", "v2.6.37-mini..HEAD", *QUICK, "--property", "3")
    assert ran.code == 1
    row = next(line for line in ran.stdout.splitlines() if line.startswith("  3-last-leaf"))
    assert row.split()[1:4] == ["FAIL", "pass", "FAIL"]
    assert "3-last-leaf holds from 1 on (it was FAIL)" in ran.stdout
    assert "3-last-leaf breaks at 2" in ran.stdout
    # what fails where the range starts is not the range's fault
    assert run("prove", "--tree", mini_repo, "--range", "HEAD~2..HEAD~1", *QUICK, "--property", "3").code == 0


def test_a_real_map_is_tried(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "dmesg"
    file.write_text("BIOS-e820: [mem 0x0-0x9ffff] usable\nBIOS-e820: [mem 0x100000-0xbfffffff] usable\n")
    assert run("prove", "--tree", mini, *QUICK, "--property", "3-balloon", "--e820", file).code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--property", "13"), "there is no property 13"),
        (("--property", "9-ram", "--property", "13"), "there is no property 13"),
        (("--require", "9-rma"), "there is no property 9-rma"),
        (("--property", "4", "--require", "9-ram"), "property 9-ram is required, but not chosen"),
        (("--range", "x"), "has no commit 'x'"),
        (("--range", "A..B", "--rev", "x"), "contradict each other"),
        (("--e820", "nowhere"), "cannot read nowhere"),
        (("--replay", "nowhere"), "cannot read nowhere"),
    ],
)
def test_wrong_input_is_one_line(run, mini_repo: Path, args: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    ran = run("prove", "--tree", mini_repo, *args)
    assert (ran.code, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_file_that_is_no_scenario(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "x.json"
    file.write_text("{}")
    ran = run("prove", "--tree", mini, "--replay", file)
    assert ran.code == 2
    assert "holds no scenario" in ran.stderr


def test_without_a_compiler_it_says_so(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    git = shutil.which("git")
    assert git
    (tmp_path / "git").symlink_to(git)
    ran = run("prove", "--tree", mini, env={"PATH": str(tmp_path)})
    assert ran.code == 2
    assert ran.stderr == ("patcher: gcc was not found: prove compiles the tree's code; install the package gcc\n")


def test_one_word_size_that_cannot_be_built_is_skipped(run, mini: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A gcc that knows no -m32."""
    import os

    fake = tmp_path / "gcc"
    fake.write_text(f'#!/bin/sh\nfor a; do case $a in -m32) echo "error: no -m32" >&2; exit 1; esac; done\n'
                    f'exec {shutil.which("gcc")} "$@"\n')  # fmt: skip
    fake.chmod(0o755)
    ran = run("prove", "--tree", mini, "--examples", "5", "--property", "9-ram",
              env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})  # fmt: skip
    assert "install the package gcc-multilib" in ran.unfolded
    assert ran.stdout.endswith("prove: 1 PASS, 1 SKIP\n") or "1 SKIP" in ran.stdout
    required = run("prove", "--tree", mini, "--examples", "5", "--property", "9-ram", "--require", "all",
                   env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})  # fmt: skip
    assert required.code == 1  # a SKIP is no PASS


def test_code_that_does_not_compile_is_skipped_with_the_compilers_word(run, changed) -> None:  # type: ignore[no-untyped-def]
    good, bad = "	idx = p2m_index(pfn);\n\n	return p2m_top", "	idx = no_such(pfn) +;\n\n	return p2m_top"
    tree = changed({MMU: (good, bad)})
    ran = run("prove", "--tree", tree.where, *QUICK, "--property", "4")
    assert "the tree's code does not compile" in ran.unfolded
    assert f"{MMU}:" in ran.stdout


def test_a_tree_whose_p2m_is_another_one_is_no_clean_result(run, changed) -> None:  # type: ignore[no-untyped-def]
    """2.6.36 and before, or 4.0 and later: what cannot be built is told, with the reason that is likely."""
    tree = changed({"arch/x86/include/asm/xen/page.h": ("#define INVALID_P2M_ENTRY", "#error no\n#define INVALID")})
    ran = run("prove", "--tree", tree.where, *QUICK)
    assert ran.code == 2
    assert "SKIP" in ran.stdout and "PASS" not in ran.stdout
    assert "p2m_mid_missing" not in ran.stdout
    mmu = Path(tree.where) / "arch/x86/xen/mmu.c"
    mmu.write_text(re.sub(r"\bp2m_mid_missing\b", "p2m_middle", mmu.read_text()))
    ran = run("prove", "--tree", tree.where, *QUICK)
    assert ran.code == 2
    assert "mmu.c has no p2m_mid_missing, so that its P2M is not the tree of three levels" in ran.unfolded
