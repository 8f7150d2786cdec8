"""Configurations as the user writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.check.specs import Spec, parse
from patcher.errors import InputError


def test_a_configuration_in_words() -> None:
    words = "x86_64:defconfig+XEN-SMP, i386+NR_CPUS=4,,x86_64:defconfig+XEN-SMP"
    assert parse([words, "mini_defconfig"]) == (
        Spec("x86_64:defconfig+XEN-SMP", "x86_64", "defconfig", "", (("XEN", "y"), ("SMP", "n")), ()),
        Spec("i386+NR_CPUS=4", "i386", "defconfig", "", (("NR_CPUS", "4"),), ()),
        Spec("mini_defconfig", "", "mini_defconfig", "", (), ()),
    )


def test_symbols_may_be_called_as_in_code() -> None:
    assert parse(["i386:defconfig+CONFIG_PCI-CONFIG_SMP"]) == parse(["i386:defconfig+PCI-SMP"])


def test_a_set_has_configurations_with_names_of_their_own() -> None:
    assert len(parse(["xen"])) > 1


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / ".config"
    file.write_text("CONFIG_XEN=y\n")
    (spec,) = parse([f"i386:{file}"])
    assert spec == Spec(f"i386:{file}", "i386", "", "CONFIG_XEN=y\n", (), ())


@pytest.mark.parametrize(
    "name", ["./absent", "/dev/zero", "/", "./" + "x" * 5000, "./a\0b", "./huge", "./binary", "no such"]
)
def test_what_is_no_configuration_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError):
        parse([name])


@pytest.mark.parametrize(
    ("word", "seeds", "names"),
    [
        ("randconfig", [7], ["randconfig@7"]),
        ("randconfig:2", [7, 8], ["randconfig@7", "randconfig@8"]),
        ("i386:randconfig@3", [3], ["i386:randconfig@3"]),
        ("arm64:randconfig:2@40+PCI", [40, 41], ["arm64:randconfig@40+PCI", "arm64:randconfig@41+PCI"]),
        ("randconfig@1,randconfig:2@1", [1, 2], ["randconfig@1", "randconfig@2"]),
    ],
)
def test_configurations_that_are_drawn(word: str, seeds: list[int], names: list[str]) -> None:
    found = parse([word], seed=7)
    assert [(spec.seed, spec.base) for spec in found] == [(seed, "") for seed in seeds]
    assert [spec.name for spec in found] == names
    assert [spec.name for spec in parse(names)] == names  # each by its name alone
