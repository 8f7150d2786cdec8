from __future__ import annotations

import pytest

from patcher.errors import InputError
from patcher.tree import profile
from patcher.tree.profile import autoconf, load, names


def test_names_begin_with_the_defaults() -> None:
    assert names()[: len(profile.DEFAULTS)] == profile.DEFAULTS


def test_names_are_unique_and_have_every_variant() -> None:
    assert len(set(names())) == len(names())
    for base in profile.DEFAULTS:
        assert {base, f"{base}-up", f"{base}-nodebugfs", f"{base}-up-nodebugfs"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_each_is_what_its_name_says(name: str) -> None:
    found = load(name)
    config = found.config
    assert found.name == name
    assert found.arch == name.split("-")[0]
    assert found.target.startswith(f"{found.arch}-")
    assert ("X86_64" in config, "X86_32" in config) == (found.arch == "x86_64", found.arch == "i386")
    assert ("XEN_DOM0" in config) == ("dom0" in name)
    assert ("SMP" in config) == ("-up" not in name)
    assert ("DEBUG_FS" in config) == ("nodebugfs" not in name)
    assert found.description
    assert found.never.isdisjoint(config)


def test_up_has_one_processor() -> None:
    assert load("x86_64-xen-dom0-up").config["NR_CPUS"] == "1"
    assert "SMP" in load("x86_64-xen-dom0-up").never


def test_32_bit_is_pae() -> None:
    config = load("i386-xen-domu").config
    assert "X86_PAE" in config
    assert config["PGTABLE_LEVELS"] == "3"


@pytest.mark.parametrize(
    "name", ["", "x86_64", "x86_64-xen-dom0-nodebugfs-up", "../x86_64-xen-dom0", "x86_64-xen-dom0.toml"]
)
def test_unknown(name: str) -> None:
    with pytest.raises(InputError, match=r"there is no profile .*choose one of: x86_64-xen-dom0, "):
        load(name)


def test_autoconf() -> None:
    assert autoconf({"XEN": "1", "HZ": "250"}) == b"#define CONFIG_HZ 250\n#define CONFIG_XEN 1\n"
