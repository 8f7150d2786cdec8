"""Checks on the prefix of a summary, by the files alone: where there is no history to ask."""

from __future__ import annotations

import functools
import os.path
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from patcher.lazy import expression
from patcher.lint.checks.messages import SUBSYSTEM
from patcher.lint.job import Message
from patcher.lint.model import Hit
from patcher.lint.register import check

_DRIVERS = expression(
    r"accel|acpi|ata|auxdisplay|bluetooth|cdx|counter|cpufreq|cpuidle|cxl|dca|devfreq|dio|dma"
    r"|dma-buf|edac|eisa|extcon|firewire|fpga|fsi|gnss|greybus|hid|hsi|hte|hwmon|hwspinlock"
    r"|hwtracing|i2c|i3c|iio|infiniband|interconnect|isdn|leds|mailbox|mcb|md|memory|memstick|mfd"
    r"|mmc|mtd|ntb|nubus|nvdimm|nvme|nvmem|parport|pcmcia|pinctrl|pnp|pps|ptp|pwm|rapidio"
    r"|regulator|remoteproc|reset|rpmsg|rtc|scsi|slimbus|soundwire|spi|spmi|ssb|staging|target|tee"
    r"|thermal|thunderbolt|tty|ufs|uio|usb|vdpa|vfio|vhost|w1|watchdog"
)


_TREEWIDE = expression(
    r"(?:\w[\w ]* )?revert\b|.*\b(?:treewide|tree-wide|spdx)\b|\[|[^:]*\Z|documentation:|docs?:|maintainers:",
    re.IGNORECASE,
)
_CAPITALS = ("drivers/pci/", "drivers/iommu/", "drivers/thunderbolt/", "drivers/mfd/")  # eight of ten, or more
_SMALL_LETTERS = ("fs/btrfs/",)  # six of seven
# How nineteen of twenty write them, or all.
_LETTERS = {
    each.lower(): each
    for each in (
        "ASoC", "ALSA", "KVM", "HID", "PCI", "ARM", "btrfs", "scsi", "mfd", "phy", "clk", "i2c", "spi", "gpio", "mmc",
        "iio", "net", "drm", "pwm", "rtc", "dt-bindings", "arm64", "riscv", "pinctrl", "regulator", "ext4", "block",
    )
}  # fmt: skip
_OF_BOARDS = expression(r"arch/arm64/boot/dts/(?:qcom|renesas)/[^/]+\.dtsi?")
_DTS_AGAIN = expression(
    r"[^:]+: ?dts: .*\b(?:add|enable|update|fix|support)\w*\b.*(?P<word>\bdtsi?\b)(?! (?:file"
    r"|for new))",
    re.IGNORECASE,
)
_WITH_BOARD = expression(r"(?:[^:]+: ){4}|[^:]+: dts: \w+[-/]\w")


@functools.cache
def _customs() -> dict[str, re.Pattern[str]]:
    """What the summaries of patches to a directory begin with, by its path."""
    text = Path(__file__).parents[1].joinpath("prefixes.txt").read_text("ascii")
    rows = (line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {where: expression(customary, re.IGNORECASE) for where, customary in rows}


def _custom(paths: Sequence[str]) -> re.Pattern[str] | None:
    """The custom of the deepest directory that all of some paths are in, and that has one."""
    parts = os.path.commonpath([path.rpartition("/")[0] for path in paths]).split("/")
    above = ("/".join(parts[:depth]) + "/" for depth in range(len(parts), 0, -1))
    return next((_customs()[each] for each in above if each in _customs()), None)


@check
def prefix_elsewhere(job: Message) -> Iterator[Hit]:
    """A prefix that is called as a directory of drivers/, of which nothing is touched."""
    match = SUBSYSTEM.match(job.patch.summary)
    first = re.match(r"[\w-]+", match.group("prefix").strip()) if match else None
    name = first.group().lower() if first else ""
    named = [file.path for file in job.diff.files]
    customary = _custom(named) if match and named else None
    fits = customary is not None and bool(customary.match(job.patch.summary) or _TREEWIDE.match(job.patch.summary))
    paths = [path.lower() for path in named]
    code = [path for path in paths if path.startswith(("drivers/", "include/linux/"))]
    if (
        not fits
        and _DRIVERS.fullmatch(name)
        and len(code) == len(paths) > 0
        and not any(name in path for path in paths)
    ):
        yield Hit(f"the prefix {name} is not that of {named[0]}", job.subject(first.group() if first else ""))
        return
    written = match.group("prefix").split("/")[0].split(":")[0].strip() if match else ""
    if _LETTERS.get(written.lower(), written) != written and named and job.patch.path:
        yield Hit(f"the prefix {written} is written {_LETTERS[written.lower()]}", job.subject(written))
        return
    capital = re.match(r"(?:[\w/.+-]+: ){1,4}(?P<word>[A-Z][a-z]+) [a-z]", job.patch.summary)
    if capital and named and all(path.startswith(_SMALL_LETTERS) for path in named):
        what = f"the description begins with a capital, unlike others of {named[0]}"
        yield Hit(what, job.subject(capital.group("word")))
        return
    dts = _DTS_AGAIN.match(job.patch.summary)
    if dts and named and not any(file.created and file.path.endswith((".dts", ".dtsi")) for file in job.diff.files):
        yield Hit("the description says dts again, and no file is new", job.subject(dts.group("word")),
                  "name what is added: a node, a property")  # fmt: skip
    elif match and customary and not fits:
        yield Hit(f"patches to {named[0]} are not titled so", job.subject(match.group("prefix")))
    elif (
        match
        and named
        and all(path.startswith(_CAPITALS) for path in named)
        and re.match(r"(?:[\w/.+-]+: ){1,4}[a-z]+ [a-z]", job.patch.summary)
    ):
        phrase = job.patch.summary.rpartition(": ")[2]
        yield Hit(f"the description begins with a small letter, unlike others of {named[0]}", job.subject(phrase))
    elif match and len(named) == 1 and _OF_BOARDS.match(named[0]) and not _WITH_BOARD.match(job.patch.summary):
        yield Hit("the subject does not name the SoC or the board", job.subject(match.group("prefix")),
                  "write arm64: dts: VENDOR: BOARD: …")  # fmt: skip
