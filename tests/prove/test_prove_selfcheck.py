"""The prover tries itself first: a shim that is broken at one point is caught, and says nothing of any tree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from patcher.cache import Cache
from patcher.errors import MachineError
from patcher.prove import build, link, selfcheck, toolchain

BITS = {"x86_64": 64, "i386": 32}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What was tried and built is not remembered from one test to the next."""
    for cached in (link.shim_key, selfcheck._checked):
        cached.cache_clear()
    yield
    for cached in (link.shim_key, selfcheck._checked):
        cached.cache_clear()


def test_it_works_here_and_compiles_once(arch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    selfcheck.check(arch, cache)
    selfcheck._checked.cache_clear()

    def compiles(*_: object, **__: object) -> str:
        raise AssertionError("it is compiled again")

    monkeypatch.setattr(toolchain, "run", compiles)
    monkeypatch.setattr(toolchain, "run_confined", compiles)
    selfcheck.check(arch, cache)
    cache.close()


SLIPS = {
    "in_shim() is never true": ("step.c", "return (byte *)ip >= __start_shimtext", "return ip == 1 && (byte *)ip",
                                "loops: not ended after"),
    "a jump is done wrongly": ("loops.c", "holds(first & 15, flags)", "!holds(first & 15, flags)", "loops: "),
    "a rival never comes": ("step.c", "if (!more_rivals() || rivals.each", "if (1 || rivals.each", "a rival behind"),
    "an endless loop goes on": ("loops.c", "if (step.turns > step.limit)", "if (0)", "loops: not ended after"),
    "no page has a fence": ("machine.c", "CALL(NR_MPROTECT, address, PAGE << order, 0, 0, 0, 0);", ";", "frees_twice"),
    "a lookup is off by one": ("step.c", "run_add(do_call(CALL_GET, from, 0));",
                               "run_add(do_call(CALL_GET, from, 0) + 1);", "plain lookups"),
    "answers stay open": ("answers.c", "if (!shut)\n\t\tCALL(NR_MPROTECT", "if (0)\n\t\tCALL(NR_MPROTECT",
                          "into_answers"),
    "any system call is let through": ("launcher.c", "rules[n].k = v; n++;", "rules[n].k = (v) == FILTER_TRAP ? "
                                       "FILTER_ALLOW : (v); n++;", "calls_kernel"),
    "warnings are not told": ("answers.c", "messages++;", ";", "a warning is not told"),
    "a lock is no lock": ("locks.c", "if (!try(lock, reads)) {", "if (!try(lock, reads) && 0) {", "locks_twice"),
    "allocations do not fail": ("machine.c", "if (m.fail_count && ", "if (0 && ", "an allocation that is to fail"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_broken_shim_is_caught(slip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if why := toolchain.missing(64):
        pytest.skip(why)
    name, old, new, said = SLIPS[slip]
    shutil.copytree(link.SHIM, tmp_path / "shim")
    text = (tmp_path / "shim" / name).read_text()
    assert text.count(old) == 1, slip
    (tmp_path / "shim" / name).write_text(text.replace(old, new))
    for module in (build, link):
        monkeypatch.setattr(module, "SHIM", tmp_path / "shim")
    cache = Cache(tmp_path / "cache")
    with pytest.raises(MachineError, match="the prover does not work here") as caught:
        selfcheck.check("x86_64", cache)
    assert said in str(caught.value)
    cache.close()


WRAPPER = """#!/bin/sh
# A compiler that gets one file wrong.
for each do
	shift
	case $each in
	*/step.c)
		sed 's/if (!more_rivals() || rivals.each/if (1 || rivals.each/' "$each" >"{place}/step.c"
		each={place}/step.c ;;
	esac
	set -- "$@" "$each"
done
exec {gcc} "$@"
"""


def test_the_command_says_so_and_judges_nothing(run: Callable[..., Any], mini: Path, tmp_path: Path) -> None:
    """With a compiler that gets one file of the shim wrong."""
    if why := toolchain.missing(64):
        pytest.skip(why)
    place = tmp_path / "bin"
    place.mkdir()
    (place / "gcc").write_text(WRAPPER.format(place=place, gcc=shutil.which("gcc")))
    (place / "gcc").chmod(0o755)
    ran = run(
        "prove", "--tree", mini, "--worktree", "--arch", "x86_64", "--property", "8-race-any", "--examples", "3",
        env={"PATH": f"{place}:{os.environ['PATH']}", "PATCHER_CACHE_DIR": str(tmp_path / "cache")},
    )  # fmt: skip
    assert ran.code == 70
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("patcher: the prover does not work here (x86_64): a rival behind ")
