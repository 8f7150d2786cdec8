"""What must be on before a symbol can be."""

from __future__ import annotations

import pytest

from patcher.check.depends import Dependencies

KCONFIG = {
    "Kconfig": 'source "drivers/Kconfig"\nif NET\nsource "net/Kconfig"\nendif\nconfig NET\n\tbool "net"\n',
    "net/Kconfig": 'config INET\n\tbool "inet"\n\tdepends on PROC && !TINY\n',
    "drivers/Kconfig": (
        'config PROC\n\tbool "proc"\nconfig TINY\n\tbool "tiny"\nconfig HIDDEN\n\tbool\nconfig MAKER\n\tbool "maker"\n'
        '\tselect HIDDEN\nconfig USER\n\tbool "user"\n\tdepends on HIDDEN\nconfig EITHER\n\tbool "e"\n'
        "\tdepends on PROC || NET\nconfig WIDE\n\tbool \"wide\"\n\tdepends on 64BIT\n"
    ),
    "arch/alpha/Kconfig": 'config EITHER\n\tbool "e"\n\tdepends on ALPHA\n',
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "config", "needed"),
    [
        ("PROC", {}, {}),
        ("INET", {"TINY": "y"}, {"NET": "y", "PROC": "y", "TINY": "n"}),  # also the block it is sourced in
        ("INET", {"NET": "y", "PROC": "y"}, {}),
        ("USER", {}, {"HIDDEN": "y", "MAKER": "y"}),  # nobody is asked about it: what selects it is switched
        ("EITHER", {}, {"PROC": "y"}),  # not both, and not as another architecture has it
        ("WIDE", {}, {}),  # 64BIT is not to be switched
        ("NO_SUCH", {}, {}),
    ],
)
def test_what_a_symbol_needs(name: str, config: dict[str, str], needed: dict[str, str]) -> None:
    assert Dependencies(KCONFIG, KCONFIG.__getitem__).needs(name, config) == needed
