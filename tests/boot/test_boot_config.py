"""What is asked of Kconfig for a kernel that is booted, and what is told of what did not come out so."""

from __future__ import annotations

import pytest

from patcher.boot.config import HOME, BootConfig, Group, shipped
from patcher.boot.model import ARCHES
from patcher.check.specs import symbols
from patcher.errors import InputError

CONFIG = BootConfig(
    "test",
    (
        Group("choices", ("EMBEDDED|EXPERT",), ("WERROR=n",)),
        Group("width", ("64BIT",), arch="x86_64"),
        Group("width", ("64BIT=n", "X86_PAE"), arch="i386"),
        Group("processors", ("NR_CPUS=4", 'NAME="a b"')),
    ),
)


def everything(_: str) -> bool:
    return True


def test_what_kconfig_is_given() -> None:
    common = "# CONFIG_WERROR is not set\nCONFIG_EMBEDDED=y\nCONFIG_EXPERT=y\n"
    last = 'CONFIG_NR_CPUS=4\nCONFIG_NAME="a b"\n'
    assert CONFIG.fragment("x86_64") == f"{common}CONFIG_64BIT=y\n{last}"
    assert CONFIG.fragment("i386") == f"{common}# CONFIG_64BIT is not set\nCONFIG_X86_PAE=y\n{last}"


def test_all_came_out_as_asked() -> None:
    config = 'CONFIG_EXPERT=y\nCONFIG_64BIT=y\nCONFIG_NR_CPUS=4\nCONFIG_NAME="a b"\n'
    assert CONFIG.unset("x86_64", config, everything) == ()
    assert CONFIG.unset("x86_64", config.replace("EXPERT", "EMBEDDED"), everything) == ()


def test_what_did_not_is_told_with_what_it_was_for() -> None:
    told = CONFIG.unset("i386", "CONFIG_64BIT=y\nCONFIG_NR_CPUS=8\nCONFIG_WERROR=y\n", lambda name: name != "X86_PAE")
    assert [line.partition(")")[0] for line in told] == [
        "EMBEDDED is n, EXPERT is n, not y (choices",
        "64BIT is y, not n (width",
        "X86_PAE: this tree has no such symbol (width",
        "NR_CPUS is 8, not 4 (processors",
        'NAME is n, not "a b" (processors',
    ]


def test_only_names_that_the_tree_knows_are_told() -> None:
    told = CONFIG.unset("x86_64", "", lambda name: name == "EXPERT")
    assert told[0].startswith("EXPERT is n, not y (choices)")


def test_the_user_has_the_last_word() -> None:
    config = CONFIG.asking(["NR_CPUS=8", " KUNIT ", "EXPERT=n"])
    assert symbols(config.fragment("x86_64")) == {
        "EMBEDDED": "y", "64BIT": "y", "NR_CPUS": "8", "NAME": '"a b"', "KUNIT": "y",
    }  # fmt: skip
    told = config.unset("x86_64", 'CONFIG_64BIT=y\nCONFIG_NR_CPUS=8\nCONFIG_NAME="a b"\n', everything)
    assert [line.partition(" is ")[0] for line in told] == ["EMBEDDED", "KUNIT"]
    assert CONFIG.asking([]).fragment("i386") == CONFIG.fragment("i386")


@pytest.mark.parametrize("word", ["", "A B", "A=", "A=b c", "A=1\nB=y", "a=$(shell)", "A|", "CONFIG_A =y", '"'])
def test_what_is_no_symbol(word: str) -> None:
    with pytest.raises(InputError, match="is no symbol"):
        CONFIG.asking([word])


def test_shipped_configurations() -> None:
    for name in sorted(file.stem for file in HOME.glob("*.toml")):
        config = shipped(name)
        for arch in ARCHES:
            assert config.asking(word for group in config.group for word in group.symbols).group
            asked = symbols(config.fragment(arch))
            assert {"XEN", "BLK_DEV_INITRD", "SERIAL_8250_CONSOLE", "HVC_XEN"} <= set(asked)
            assert ("64BIT" in asked) == (arch == "x86_64")
            assert not any(name in asked for name in ("STRICT_DEVMEM", "WERROR"))


def test_a_name_that_is_not_shipped() -> None:
    with pytest.raises(InputError, match=r"no configuration 'large' to boot: choose from .*small"):
        shipped("large")
