"""What is set so that symbols come out as wanted, asked of kconfiglib in its process, of small Kconfig files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.check.kconfig.protocol import Answer, Load
from patcher.check.kconfig.solver import Solver
from patcher.check.specs import symbols
from patcher.check.store import Store

KCONFIG = {
    "Kconfig": """\
source "lib/Kconfig.*"
source "arch/$(SRCARCH)/Kconfig"
config MODULES
	bool "modules"
	modules
config EXPERT
	bool "for experts"
config BUS
	bool "a bus"
menu "things"
	visible if BUS
config DEVICE
	tristate "a device"
	depends on !TINY
	select HELPER
endmenu
config TINY
	bool "tiny"
config HELPER
	tristate
config USER
	bool "uses what nobody is asked about"
	depends on HELPER
config EITHER
	bool "either"
	depends on (BUS && TINY) || EXPERT
config FORCED
	bool "always, but for experts" if EXPERT
	default y
	select BELOW
config BELOW
	bool "below"
config LACKS
	bool "lacks"
	depends on BUS && NOWHERE
config LOOP1
	bool "one"
	depends on LOOP2
config LOOP2
	bool "two"
	depends on LOOP3
config LOOP3
	bool
	default BUS && OTHER_ARCH
config OTHER_ARCH
	bool
choice
	prompt "one of"
config FIRST
	bool "first"
config SECOND
	bool "second"
	depends on BUS
endchoice
config COUNT
	int "how many"
	range 2 8 if !EXPERT
	range 2 64
	default 4
config MANY
	bool "for many"
	depends on COUNT >= 32
config MODULAR
	tristate "with modules"
	depends on m
config COMPILER
	def_bool $(success,$(CC) -v)
config NEEDS_COMPILER
	bool "needs the compiler"
	depends on COMPILER
config FROM_SHELL
	int
	default $(shell,touch /tmp/should-not-be-there; echo 3)
config NEW_TOOL
	bool "needs a new tool"
	depends on FROM_SHELL > 5
""",
    "lib/Kconfig.one": "success = $(shell,$(1) && echo y || echo n)\n",
    "arch/x86/Kconfig": """\
config 64BIT
	bool "64 bit" if "$(ARCH)" = "x86"
	default "$(ARCH)" != "i386"
config WIDE
	bool "wide"
	depends on 64BIT
config NARROW
	bool "narrow"
	depends on !64BIT
""",
    "arch/arm/Kconfig": "config ARM\n\tbool\nconfig NO_X86\n\tbool\n",
    "arch/sh/Kconfig": "config NO_X86\n\tbool\n",
}
BASE = "CONFIG_64BIT=y\nCONFIG_FORCED=y\nCONFIG_BELOW=y\nCONFIG_FIRST=y\nCONFIG_COUNT=4\nCONFIG_FROM_SHELL=3\n"
CASES = [
    ("BUS", "", {}),
    ("DEVICE", "", {"BUS": "y"}),
    ("DEVICE", "CONFIG_BUS=y\nCONFIG_TINY=y\n", {"TINY": "n"}),
    ("DEVICE=m", "", {"BUS": "y", "MODULES": "y"}),
    ("USER", "", {"BUS": "y", "DEVICE": "y"}),  # nobody is asked about HELPER: what selects it is switched on
    ("EITHER", "", {"EXPERT": "y"}),  # one symbol, not two
    ("BELOW=n", "", {"EXPERT": "y", "FORCED": "n"}),  # what selects it is switched off
    ("SECOND", "", {"BUS": "y", "FIRST": "n"}),
    ("FIRST=n", "", {"BUS": "y", "SECOND": "y"}),
    ("COUNT=8", "", {}),
    ("COUNT=32", "", {"EXPERT": "y"}),
    ("MANY", "", {"COUNT": "32", "EXPERT": "y"}),
    ("MODULAR", "", {"MODULES": "y"}),
    ("WIDE", "", {}),
    ("NO_SUCH=n", "", {}),
    ("USER DEVICE=n", "", "DEVICE=n is asked for, too"),
    ("FIRST SECOND", "", "FIRST, of the same choice, is asked for, too"),
    ("COUNT=65", "", "COUNT is from 2 to 8 or from 2 to 64"),
    ("COUNT=many", "", "many is no number, as COUNT is"),
    ("BUS=m", "", "BUS is y or n, never m"),
    ("NO_SUCH", "", "no Kconfig of the tree defines CONFIG_NO_SUCH"),
    ("ARM", "", "CONFIG_ARM is defined in arch/arm/Kconfig only, which ARCH=x86_64 does not read"),
    ("NO_X86", "", "CONFIG_NO_X86 is defined in arch/arm/Kconfig and 1 more, which ARCH=x86_64 does not read"),
    ("LACKS", "", "LACKS needs NOWHERE: no Kconfig of the tree defines CONFIG_NOWHERE"),
    ("LOOP1", "", "needs LOOP2, which needs LOOP3, which needs OTHER_ARCH: nobody is asked about OTHER_ARCH"),
    ("NARROW", "", 'NARROW needs !64BIT, which needs "x86_64" = "x86": the architecture is x86_64'),
    ("NEEDS_COMPILER", "CONFIG_COMPILER=y\n", {}),
    ("NEEDS_COMPILER", "", "COMPILER is n by what the tree asked the compiler or the system (Kconfig:"),
    ("NEW_TOOL", "", "needs FROM_SHELL > 5: FROM_SHELL is 3 by what the tree asked"),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    yield Store(cache)
    cache.close()


@pytest.fixture(scope="module")
def solver(store: Store) -> Iterator[Solver]:
    found = Solver(lambda: Load(KCONFIG, "x86_64", "x86", "6.12"), "of this module", store)
    yield found
    found.close()


def asked(solver: Solver, words: str, config: str) -> Answer:
    goals = [(name, value or "y") for name, _, value in (word.partition("=") for word in words.split())]
    return solver.reach(config, goals)


@pytest.mark.parametrize(("words", "config", "wanted"), CASES, ids=[f"{case[0]}-{len(case[1])}" for case in CASES])
def test_what_is_set(solver: Solver, words: str, config: str, wanted: dict[str, str] | str) -> None:
    answer = asked(solver, words, BASE + config)
    if isinstance(wanted, str):
        assert wanted in answer.reason
        assert "\n" not in answer.reason
    else:
        assert (answer.reason, answer.unreadable, dict(answer.changes)) == ("", "", wanted)


def test_nothing_of_the_tree_is_run(solver: Solver) -> None:
    asked(solver, "BUS", BASE)
    assert not Path("/tmp/should-not-be-there").exists()


def test_answers_are_kept(solver: Solver, store: Store) -> None:
    told = asked(solver, "DEVICE", BASE)
    again = Solver(lambda: pytest.fail("it was read again"), "of this module", store)
    assert asked(again, "DEVICE", BASE) == told


def test_a_seed_is_a_configuration(solver: Solver) -> None:
    first, second = solver.draw(1).text, solver.draw(2).text
    assert first != second
    assert symbols(first)["64BIT"] == "y"


def hostile(texts: Mapping[str, str], store: Store) -> Answer:
    found = Solver(lambda: Load(dict(texts), "x86_64", "x86", "6"), str(hash(str(texts)[:1000])), store)
    try:
        return found.reach("", [("A", "y")])
    finally:
        found.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('source "/etc/passwd"\n', "Kconfig:1: '/etc/passwd' not found"),
        ('source "../../../../etc/passwd"\n', "not found"),
        ('source "/etc/*"\n', "not found"),
        ('source "Kconfig"\n', "recursive 'source' of 'Kconfig'"),
        ("a = $(a)x\nconfig $(a)\n", "recursively references itself"),
        ("f = $(f,$(1)x)\nconfig $(f,y)\n", "infinite recursion"),
        ("config A\n\tbool\n\tdepends on " + "(" * 100_000 + "\n", "nested too deeply"),
        ("config A\n\tdepends on A\n\tbool \"a\"\n", "Dependency loop"),
        ("config A\n\tthis is nothing\n", "Kconfig:2: error: couldn't parse"),
        ("b = x\n" + "".join("b := $(b)$(b)\n" for _ in range(60)), "it wants too much memory"),
    ],
    ids=["passwd", "above", "glob", "itself", "variable", "function", "nested", "loop", "nonsense", "memory"],
)  # fmt: skip
def test_a_hostile_kconfig_is_one_line(text: str, told: str, store: Store) -> None:
    answer = hostile({"Kconfig": text}, store)
    assert told in answer.unreadable
    assert "\n" not in answer.unreadable


def test_a_gigantic_expression(store: Store) -> None:
    chain = " && ".join(f"B{number}" for number in range(1000))
    blocks = "".join(f'config B{number}\n\tbool "b"\n' for number in range(1000))
    answer = hostile({"Kconfig": f'config A\n\tbool "a"\n\tdepends on {chain}\n{blocks}'}, store)
    assert len(answer.changes) == 1000 or answer.unreadable == "it is nested too deeply"
