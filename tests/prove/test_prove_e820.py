"""Real memory maps, from dmesg."""

from __future__ import annotations

import pytest

from patcher.errors import InputError
from patcher.prove.e820 import parse
from patcher.prove.scenario import ACPI, NVS, RAM, RESERVED, UNUSABLE

NEW = """
[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
[    0.000000] BIOS-e820: [mem 0x00000000bf790000-0x00000000bf79dfff] ACPI data
[    0.000000] BIOS-e820: [mem 0x00000000bf79e000-0x00000000bf7cffff] ACPI NVS
[    0.000000] BIOS-e820: [mem 0x0000000100000000-0x000000013fffffff] unusable
[    0.000000] e820: update [mem 0x00000000-0x00000fff] usable ==> reserved
"""
OLD = """
BIOS-provided physical RAM map:
 BIOS-e820: 0000000000000000 - 00000000000a0000 (usable)
 BIOS-e820: 00000000000f0000 - 0000000000100000 (reserved)
 BIOS-e820: 00000000cf000000 - 00000000cf001000 (ACPI data)
 Xen: 0000000000000000 - 0000000040000000 (usable)
"""
XEN = """
(XEN) Xen version 4.0
Xen: [mem 0x0000000000000000-0x000000003fffffff] usable
Xen: [mem 0x00000000fee00000-0x00000000fee00fff] something new
"""


def test_the_new_form_includes_its_end() -> None:
    assert parse(NEW, "x") == (
        (0, 0x9FC00, RAM), (0x9FC00, 0x400, RESERVED), (0xBF790000, 0xE000, ACPI), (0xBF79E000, 0x32000, NVS),
        (0x100000000, 0x40000000, UNUSABLE),
    )  # fmt: skip


def test_the_old_form_does_not_and_the_firmware_counts_before_xen() -> None:
    assert parse(OLD, "x") == ((0, 0xA0000, RAM), (0xF0000, 0x10000, RESERVED), (0xCF000000, 0x1000, ACPI))


def test_xen_where_there_is_no_other_and_what_is_unknown_is_reserved() -> None:
    assert parse(XEN, "x") == ((0, 0x40000000, RAM), (0xFEE00000, 0x1000, RESERVED))


def test_no_map_is_wrong_input() -> None:
    with pytest.raises(InputError, match="x has no E820 map"):
        parse("hello", "x")


def test_a_map_that_no_machine_has() -> None:
    line = "BIOS-e820: [mem 0x0-0x9ffff] usable\n"
    with pytest.raises(InputError, match="more than 3200 regions"):
        parse(line * 100_000, "dmesg")
    assert len(parse(line * 3200, "dmesg")) == 3200
