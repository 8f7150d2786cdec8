"""An example of a memory map: what the firmware of a laptop with 4 GiB may say. Made up, after the pattern of many."""

from __future__ import annotations

from patcher.prove.e820 import parse
from patcher.prove.picture import PAGE, pages_of_ram
from patcher.prove.scenario import Region

LAPTOP = """\
BIOS-e820: [mem 0x0000000000000000-0x000000000009dbff] usable
BIOS-e820: [mem 0x000000000009dc00-0x000000000009ffff] reserved
BIOS-e820: [mem 0x00000000000e0000-0x00000000000fffff] reserved
BIOS-e820: [mem 0x0000000000100000-0x00000000bb27cfff] usable
BIOS-e820: [mem 0x00000000bb27d000-0x00000000bb282fff] reserved
BIOS-e820: [mem 0x00000000bb283000-0x00000000bb35efff] usable
BIOS-e820: [mem 0x00000000bb35f000-0x00000000bb370fff] ACPI NVS
BIOS-e820: [mem 0x00000000bb371000-0x00000000bb46efff] usable
BIOS-e820: [mem 0x00000000bb46f000-0x00000000bb667fff] reserved
BIOS-e820: [mem 0x00000000bb668000-0x00000000bb6e7fff] ACPI NVS
BIOS-e820: [mem 0x00000000bb6e8000-0x00000000bb70efff] ACPI data
BIOS-e820: [mem 0x00000000bb70f000-0x00000000bb7fffff] usable
BIOS-e820: [mem 0x00000000bb800000-0x00000000bfffffff] reserved
BIOS-e820: [mem 0x00000000e0000000-0x00000000efffffff] reserved
BIOS-e820: [mem 0x00000000fec00000-0x00000000fec00fff] reserved
BIOS-e820: [mem 0x00000000fed1c000-0x00000000fed8ffff] reserved
BIOS-e820: [mem 0x00000000fee00000-0x00000000fee00fff] reserved
BIOS-e820: [mem 0x00000000ff000000-0x00000000ffffffff] reserved
BIOS-e820: [mem 0x0000000100000000-0x0000000137ffffff] usable
"""


def example(nr_pages: int | None) -> tuple[tuple[Region, ...], str]:
    """The map, and what to call it. Where it has less RAM than ``nr_pages``, its last region is made longer."""
    regions, name = parse(LAPTOP, "the example"), "an example, a laptop with 4 GiB"
    more = (nr_pages or 0) - pages_of_ram(regions)
    if more > 0:
        start, size, kind = regions[-1]
        regions = (*regions[:-1], (start, size + more * PAGE, kind))
        name = f"{name}, its RAM made longer to have {nr_pages:,} pages"
    return regions, f"{name} (--e820 FILE takes a real one)"
