"""Objects that are kept: which of a tree's files are compiled again after a change, and that it makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from patcher.cache import Cache
from patcher.prove import toolchain
from patcher.prove.build import build
from patcher.prove.objects import segments
from patcher.tree.directory import DirectoryTree
from patcher.tree.kernel import KernelTree

MMU, SETUP = "arch/x86/xen/mmu.c", "arch/x86/xen/setup.c"
PAGE = "arch/x86/include/asm/xen/page.h"
SLIP = ("		return mfn == INVALID_P2M_ENTRY;", "		return false;")
Changed = Callable[..., KernelTree]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cache]:
    opened = Cache(tmp_path / "cache")
    yield opened
    opened.close()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are compiled from now on."""
    found: list[str] = []
    run = toolchain.run_confined

    def noting(commands: list[list[str]], **options: Any) -> str:
        found.extend(Path(command[-1]).name for command in commands if "-c" in command)
        return run(commands, **options)

    monkeypatch.setattr(toolchain, "run_confined", noting)
    return found


def test_what_a_change_does_not_reach_is_compiled_once(
    mini: Path, changed: Changed, own: Cache, compiled: list[str], arch: str, tmp_path: Path
) -> None:
    build(DirectoryTree(mini), arch, own)
    assert sorted(compiled) == ["bridge.c", "highmap.c", "init.c", "mmu.c", "setup.c"]
    compiled.clear()
    slipped = changed({MMU: SLIP})
    once = build(slipped, arch, own)
    assert compiled == ["mmu.c"]
    fresh = Cache(tmp_path / "another cache")
    anew = build(slipped, arch, fresh)
    _, *loaded = segments(once.binary, once.bits)[0]  # the first has where debug information is, with its paths
    assert loaded and segments(anew.binary, anew.bits)[0][1:] == tuple(loaded)
    fresh.close()


def test_a_header_counts_for_all_that_include_it(
    mini: Path, changed: Changed, own: Cache, compiled: list[str], arch: str
) -> None:
    build(DirectoryTree(mini), arch, own)
    compiled.clear()
    build(
        changed({PAGE: ("#define FOREIGN_FRAME_BIT	(1UL<<31)", "#define FOREIGN_FRAME_BIT	(1UL<<30)")}), arch, own
    )
    assert {"mmu.c", "setup.c", "bridge.c"} <= set(compiled)


def test_what_could_be_seen_beside_the_includes_counts(mini: Path, changed: Changed, own: Cache, arch: str) -> None:
    """__has_include() asks for a file without reading it: here for one that only setup.c brings."""
    asks = "#if __has_include(<linux/only_setup.h>)\n#error it is there\n#endif\n"
    first = changed({MMU: ("#include <linux/gfp.h>\n", f"#include <linux/gfp.h>\n{asks}")})
    place = Path(str(first.where))
    (place / "include/linux/only_setup.h").write_text("/* nothing */\n")
    build(DirectoryTree(place), arch, own)
    setup = place / SETUP
    setup.write_text(f"#include <linux/only_setup.h>\n{setup.read_text()}")
    with pytest.raises(toolchain.CompilerError, match="it is there"):
        build(DirectoryTree(place), arch, own)


def test_an_object_that_was_damaged_is_made_again(
    mini: Path, changed: Changed, own: Cache, compiled: list[str], tmp_path: Path
) -> None:
    if why := toolchain.missing(64):
        pytest.skip(why)
    build(DirectoryTree(mini), "x86_64", own)
    for file in (tmp_path / "cache" / "values").glob("*/*"):
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    compiled.clear()
    build(DirectoryTree(mini), "x86_64", own)
    assert {"mmu.c", "setup.c", "bridge.c"} <= set(compiled)
