"""Real E820 maps, from what a kernel prints at boot."""

from __future__ import annotations

import re
from pathlib import Path

from patcher.errors import InputError
from patcher.files import read_file
from patcher.prove.scenario import ACPI, NVS, RAM, RESERVED, UNUSABLE, Region

_NEW = re.compile(r"\[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\]\s+(.*)$", re.IGNORECASE)
_OLD = re.compile(r"\b([0-9a-f]{8,16}) - ([0-9a-f]{8,16}) \(([^)]*)\)", re.IGNORECASE)
_SOURCE = re.compile(r"(BIOS-e820|Xen|Xen-e820|modified|user|extended physical RAM map):\s", re.IGNORECASE)
_MOST = 3200  # E820_X_MAX is 128 and 3 for each node, of which there are 1024 at most
_TYPES = {
    "usable": RAM, "system ram": RAM, "reserved": RESERVED, "acpi data": ACPI, "acpi nvs": NVS, "unusable": UNUSABLE,
    "unusable memory": UNUSABLE,
}  # fmt: skip


def read(file: Path) -> tuple[Region, ...]:
    """The regions in a file that holds what dmesg says; see ``parse``. Raises InputError where there is none."""
    content = read_file(file, pipe=True, advice="--e820 wants the output of dmesg")
    return parse(content.decode("utf-8", "replace"), str(file))


def parse(text: str, where: str) -> tuple[Region, ...]:
    """The regions in the text of dmesg: (address, bytes, type). The firmware's map counts; Xen's where there is none.

    Both forms are read: ``[mem 0x…-0x…] usable``, whose end is included, and ``0… - 0… (usable)``, whose end is not.
    Raises InputError where there is none, or it has more than _MOST regions.
    """
    found: dict[str, list[Region]] = {}
    for line in text.splitlines():
        source = _SOURCE.search(line)
        if not source:
            continue
        if match := _NEW.search(line):
            start, end, kind = int(match[1], 16), int(match[2], 16) + 1, match[3]
        elif match := _OLD.search(line):
            start, end, kind = int(match[1], 16), int(match[2], 16), match[3]
        else:
            continue
        size = max(0, end - start)
        regions = found.setdefault(source[1].lower(), [])
        if len(regions) == _MOST:
            raise InputError(f"{where} has an E820 map of more than {_MOST} regions", "no machine has that many")
        regions.append((start, size, _TYPES.get(kind.strip().lower(), RESERVED)))
    for source_name in ("bios-e820", "xen", "xen-e820", "user", "modified", "extended physical ram map"):
        if source_name in found:
            return tuple(found[source_name])
    raise InputError(f"{where} has no E820 map", "it wants lines like 'BIOS-e820: [mem 0x0-0x9ffff] usable'")
