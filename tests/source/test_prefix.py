"""What stands before many files changes nothing that is said of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from patience import not_stuck

from patcher.cache import Cache
from patcher.model import FileFacts
from patcher.source import parallel, prefix, walk
from patcher.source.read import include_graph, read_units
from patcher.source.unit import Batch, Unit
from patcher.tree import kconfig, profile
from patcher.tree.config import from_profile
from patcher.tree.find import open_tree

GUARDED = "#ifndef {0}_H\n#define {0}_H\n{1}\n#endif\n"
HEADERS = {
    "base": "#include <linux/print.h>\nstruct base { int flags; };\n#define SET(b) ((b)->flags |= 4)\n",
    "print": "int print(const char *, ...);\n#ifndef pr_fmt\n#define pr_fmt(x) x\n#endif\n"
    "#ifdef DEBUG\n#define debug(x) print(pr_fmt(x))\n#else\n#define debug(x) do { } while (0)\n#endif\n"
    "static inline int told(void) { return print(pr_fmt(KBUILD_MODNAME)); }",
    "more": "#include <linux/base.h>\nstatic inline int is_set(struct base *b) { return b->flags & 4; }",
    "rare": "#define RARE 1",
}
PLAIN = '#include <linux/more.h>\nvoid f{0}(struct base *b)\n{{\n\tif (is_set(b))\n\t\tSET(b);\n\tdebug("x");\n}}\n'
ODD = {
    "quiet": '#define pr_fmt(x) "quiet: " x\n' + PLAIN.format("_q"),
    "loud": "#define DEBUG 1\n" + PLAIN.format("_l"),
    "local": '#include "debug_on.h"\n' + PLAIN.format("_o"),
    "wrong": PLAIN.format("_w") + "int g(void) { return unknown; }\n",
    "rarely": "#ifdef CONFIG_RARE\n#include <linux/more.h>\n#endif\n#ifdef SET\nint never;\n#endif\nint here;\n",
    "last": "#include <linux/rare.h>\n" + PLAIN.format("_r"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    top = tmp_path / "linux"
    (top / "include/linux").mkdir(parents=True)
    (top / "drivers").mkdir()
    (top / "Makefile").write_text("VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 37\n")
    for name, text in HEADERS.items():
        (top / f"include/linux/{name}.h").write_text(GUARDED.format(name.upper(), text))
    (top / "drivers/debug_on.h").write_text("#define DEBUG 1\n#include <linux/print.h>\n")
    for number in range(7):
        (top / f"drivers/plain{number}.c").write_text(PLAIN.format(number))
    for name, text in ODD.items():
        (top / f"drivers/{name}.c").write_text(text)
    return top


def batch(place: Path, cache: Cache, headers: dict[str, tuple[str, ...]] | None = None) -> Batch:
    tree = open_tree(place, None)
    config = from_profile(tree, profile.load("x86_64-xen-dom0"), kconfig.read(tree))
    mains = sorted(path for path in tree.paths() if path.endswith(".c"))
    units = tuple(Unit(path, (headers or {}).get(path, ())) for path in mains)
    return Batch(config, units, include_graph(tree, config, mains, cache))


def read(place: Path, cache: Cache, headers: dict[str, tuple[str, ...]] | None = None) -> dict[str, FileFacts]:
    return {one.path: one for one in read_units(open_tree(place, None), [batch(place, cache, headers)], cache)}


def standing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The files that a prefix is going to stand before, once they were read."""
    found: set[str] = set()
    real = parallel._Shared.fitting

    def watched(shared: parallel._Shared, covered: frozenset[str]) -> list[Unit]:
        units = real(shared, covered)
        found.update(unit.main for unit in units)
        return units

    monkeypatch.setattr(parallel._Shared, "fitting", watched)
    return found


def test_the_same_facts(place: Path, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = standing(monkeypatch)
    found = read(place, cache)
    assert before == {f"drivers/plain{n}.c" for n in range(7)} | {f"drivers/{n}.c" for n in ("quiet", "wrong", "last")}
    monkeypatch.setattr(prefix, "choose", lambda *_: [])
    assert found == read(place, Cache(tmp_path / "other"))
    assert [len(found[f"drivers/{name}.c"].diagnostics) for name in ("plain0", "wrong")] == [0, 1]


def test_a_file_whose_headers_are_asked_for(place: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    before = standing(monkeypatch)
    found = read(place, cache, {"drivers/plain3.c": ("include/linux/more.h",)})
    assert [each.name for each in found["include/linux/more.h"].definitions] == ["is_set", "MORE_H"]
    assert "drivers/plain3.c" not in before
    assert "drivers/plain2.c" in before


@pytest.mark.parametrize("wrong", ["int x = unknown;", "static inline int x(void) { return unknown; }", "#error no"])
def test_what_is_wrong_in_headers_is_said_of_each_file(
    place: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    header = place / "include/linux/more.h"
    header.write_text(GUARDED.format("MORE", f"{HEADERS['more']}\n{wrong}"))
    before = standing(monkeypatch)
    found = read(place, cache)
    assert not before
    assert [one.unit_errors for path, one in found.items() if path.startswith("drivers/plain")] == [1] * 7


def test_libclang_dies_of_a_prefix(place: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "precompile", lambda *_: 1 // 0)
    assert not [one for path, one in read(place, cache).items() if one.unit_errors and path != "drivers/wrong.c"]


def test_a_prefix_that_is_none(place: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(main: str, _: object, file: Path) -> list[str]:
        file.write_bytes(b"CPCH" + bytes(1000))
        return [line.split('"')[1] for line in Path(main).read_text().splitlines() if line.startswith("#include")]

    monkeypatch.setattr(walk, "precompile", damaged)
    assert not [one for path, one in read(place, cache).items() if one.unit_errors and path != "drivers/wrong.c"]


def test_few_files_have_none(place: Path, cache: Cache) -> None:
    whole = batch(place, cache)
    plain = [unit for unit in whole.units if "plain" in unit.main]
    assert prefix.choose(whole._replace(units=tuple(plain)), place)
    assert not prefix.choose(whole._replace(units=tuple(plain[:3])), place)


def test_one_prefix_for_each_kind_of_file(place: Path, cache: Cache) -> None:
    for kind in ("net", "sound"):
        (place / f"include/linux/{kind}.h").write_text(GUARDED.format(kind, "int x;\n" * 1000))
        for number in range(8):
            (place / f"drivers/{kind}{number}.c").write_text(f"#include <linux/{kind}.h>\n" + PLAIN.format(""))
    chosen = prefix.choose(batch(place, cache), place)
    users = {path: {unit.main[8:-2] for unit in one.users} for one in chosen for path in one.headers}
    assert users["include/linux/net.h"] == {f"net{number}" for number in range(8)}
    assert users["include/linux/sound.h"] == {f"sound{number}" for number in range(8)}


def test_who_makes_a_prefix_leads_to_no_other_file(
    place: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(parallel, "precompile", lambda *_: parallel._packed([str(tmp_path / "pipe"), "../../x"]))
    before = standing(monkeypatch)
    with not_stuck():
        found = read(place, cache)
    assert not before
    assert not [one for path, one in found.items() if one.unit_errors and path != "drivers/wrong.c"]
