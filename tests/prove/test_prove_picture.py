"""The tree that the code builds for a machine, read back."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import steps
from patcher.prove.build import build
from patcher.prove.draw import _machine, draw
from patcher.prove.laptop import example
from patcher.prove.picture import Ended, Kind, Picture, pages_of_ram, stretches
from patcher.prove.program import Program
from patcher.prove.run import Runner
from patcher.prove.scenario import BOOT, RAM, RESERVED, Region, Scenario
from patcher.tree.directory import DirectoryTree

MMU, SETUP = "arch/x86/xen/mmu.c", "arch/x86/xen/setup.c"
GOLDEN = Path(__file__).parents[1] / "generate" / "golden"
SERVER: tuple[Region, ...] = (
    (0, 0x9A000, RAM), (0xE0000, 0x20000, RESERVED), (0x100000, 0x7FF00000, RAM), (0x80000000, 0x10000000, RESERVED),
    (0x100000000, (1 << 40) - (2 << 30), RAM),
)  # fmt: skip


def drawn(program: Program, arch: str, regions: tuple[Region, ...], pages: int | None, initial: bool) -> Picture:
    picture = draw(program, arch, regions, pages, initial)
    assert isinstance(picture, Picture)
    return picture


@pytest.fixture(scope="session")
def with_scheme(mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature tree with the identity series."""
    place = tmp_path_factory.mktemp("scheme") / "linux"
    shutil.copytree(mini, place)
    for patch in sorted(GOLDEN.glob("*.patch")):
        subprocess.run(["git", "apply", patch], cwd=place, check=True)
    return place


@pytest.fixture
def scheme(with_scheme: Path, arch: str, prove_cache: Cache) -> Program:
    return build(DirectoryTree(with_scheme), arch, prove_cache)


def assert_as_looked_up(program: Program, picture: Picture) -> None:
    """Every stretch, at both its ends, is what the code answers; and together they are all PFNs."""
    told = stretches(picture)
    assert (told[0][0], told[-1][1]) == (0, picture.limit)
    assert all(before[1] == after[0] and before[2] is not after[2] for before, after in pairwise(told))
    with Runner(program) as runner:
        machine = _machine(picture.regions, picture.given, picture.initial, runner)
        pfns = [pfn for start, end, _ in told for pfn in (start, end - 1)]
        asked = tuple(steps.Get(pfn) for pfn in pfns)
        answers = runner.play(Scenario(machine, (*BOOT, steps.Memory(), *asked))).answers[-len(pfns) :]
        facts = runner.facts
    for pfn, answer, kind in zip(pfns, answers, [kind for *_, kind in told for _ in (0, 1)], strict=True):
        assert isinstance(answer, int)
        if answer == facts["invalid"]:
            assert kind is Kind.MISSING, hex(pfn)
        elif facts["identity_mark"] and answer & facts["identity_mark"]:
            assert kind is Kind.IDENTITY, hex(pfn)
        else:
            assert kind is (Kind.RAM if pfn < picture.given else Kind.STRAY), hex(pfn)


def test_before_the_scheme_all_else_is_missing(program: Program, arch: str) -> None:
    picture = drawn(program, arch, example(None)[0], None, True)
    assert {page.name for page in picture.shared} == {"p2m_missing", "p2m_mid_missing"}
    assert picture.given == picture.asked == pages_of_ram(picture.regions)
    assert picture.pages.leaves == 0
    assert picture.pages.listed == picture.pages.list == -(-picture.given // picture.fan_out)
    assert picture.pages.mids == -(-picture.given // picture.fan_out**2)
    assert Kind.STRAY in {kind for *_, kind in stretches(picture)}  # the last leaf is not full
    assert_as_looked_up(program, picture)


@pytest.mark.parametrize("initial", [True, False])
def test_with_the_scheme_gaps_are_identity(scheme: Program, arch: str, initial: bool) -> None:
    picture = drawn(scheme, arch, example(None)[0], None, initial)
    told = stretches(picture)
    assert {page.name: page.kind for page in picture.shared} == {
        "p2m_missing": Kind.MISSING, "p2m_mid_missing": Kind.MISSING, "p2m_identity": Kind.IDENTITY,
        "p2m_mid_identity": Kind.IDENTITY,
    }  # fmt: skip
    assert any(start <= 0xBB800 and end == 0x100000 and kind is Kind.IDENTITY for start, end, kind in told)
    assert told[-1][2] is (Kind.IDENTITY if initial else Kind.MISSING)
    assert Kind.STRAY not in {kind for *_, kind in told}
    assert_as_looked_up(scheme, picture)


def test_pointers_are_counted_once_each(scheme: Program, arch: str) -> None:
    picture = drawn(scheme, arch, example(None)[0], None, True)
    fan = picture.fan_out
    assert [run.first for run in picture.top] == [
        sum(r.count for r in picture.top[:n]) for n in range(len(picture.top))
    ]
    assert sum(run.count for run in picture.top) == fan
    own = [run for run in picture.top if not run.shared]
    assert sum(run.count for run in own) == picture.pages.mids
    assert all(sum(leaves.count for leaves in run.leaves) == fan for run in own)
    by_name = {page.name: page for page in picture.shared}
    assert by_name["p2m_mid_identity"].pointers == sum(r.count for r in picture.top if r.shared == "p2m_mid_identity")
    assert by_name["p2m_mid_identity"].leads_to == "p2m_identity"
    pages = picture.pages
    assert 1 + pages.mids + pages.leaves + pages.shared + pages.tools <= pages.brk <= pages.reserved


def test_a_large_server_is_clamped_and_few_runs(scheme: Program, arch: str) -> None:
    picture = drawn(scheme, arch, SERVER, 1 << 28, True)
    assert picture.asked == 1 << 28
    assert picture.given == {"x86_64": 128, "i386": 8}[arch] << 18
    assert len(picture.top) < 10
    assert_as_looked_up(scheme, picture)


def test_more_pages_than_the_map_has_ram_are_given_back(scheme: Program, arch: str) -> None:
    picture = drawn(scheme, arch, ((0, 0x1000000, RAM), (0x3000000, 0x1000000, RAM)), 0x3800, True)
    assert_as_looked_up(scheme, picture)
    assert (0x1000, 0x3000, Kind.IDENTITY) in stretches(picture)


def test_a_boot_that_fails_is_told_with_its_line(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    line = "	max_pfn = min(MAX_DOMAIN_PAGES, max_pfn);\n"
    tree = changed({SETUP: (line, line + "	BUG_ON(max_pfn > 7);\n")})
    ended = draw(build(tree, arch, prove_cache), arch, example(None)[0], None, True)
    assert isinstance(ended, Ended)
    assert ended.what == "BUG()"
    assert ended.place.startswith(f"{SETUP}:") and ended.place.endswith("in xen_memory_setup()")


def test_other_tables_are_no_guess(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    tree = changed({})
    file = Path(tree.where) / MMU
    file.write_text(re.sub(r"\bp2m_top\b", "top_of_p2m", file.read_text()))
    with pytest.raises(InputError, match="no tree of three levels"):
        draw(build(DirectoryTree(Path(tree.where)), arch, prove_cache), arch, example(None)[0], None, True)


def test_maps_that_cannot_be_drawn(program: Program, arch: str) -> None:
    with pytest.raises(InputError, match="no whole page of RAM"):
        draw(program, arch, ((0x800, 0x1000, RAM),), None, True)
    with pytest.raises(InputError, match="1025 regions"):
        draw(program, arch, ((0, 4096, RAM),) * 1025, None, True)


def test_ram_is_counted_in_whole_pages_and_once() -> None:
    assert pages_of_ram(((0x800, 0x2000, RAM), (0x1000, 0x3000, RAM), (0x8000, 0x1000, RESERVED))) == 3


def test_the_example_grows_with_what_is_asked() -> None:
    regions, name = example(1 << 28)
    assert pages_of_ram(regions) == 1 << 28
    assert "made longer" in name
    assert "made longer" not in example(None)[1]
