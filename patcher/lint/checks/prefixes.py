"""Checks on the prefix of a summary, by the files alone: where there is no history to ask."""

from __future__ import annotations

import re
from collections.abc import Iterator

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


# What the patches to some directories begin with, as their history has it.
_CUSTOMS = tuple(
    (expression(where), expression(rf"(?:{customary})|.*\b(?:treewide|tree-wide|spdx)\b", re.IGNORECASE))
    for where, customary in (
        (
            r"kernel/trace/|include/trace/[^/]*\.h",
            r"tracing|trac\w+[/ -]|[fkue]?probes?|f(?:trace|graph)|blktrace|ring-buffer|bpf|rv|function_graph|perf",
        ),
        (r"drivers/usb/serial/", r"usb: ?serial|usb-serial"),
        (r"drivers/dma/", r"dmaengine|dma: ?(?:idxd|dw-edma)"),
        (r"drivers/spi/", r"spi|dt-bindings"),
        (r"drivers/i2c/", r"i2c|i3c"),
        (r"drivers/hid/", r"hid"),
        (r"drivers/input/", r"input"),
        (r"drivers/mmc/", r"mmc|memstick"),
        (r"drivers/pinctrl/", r"pinctrl|gpio"),
        (r"drivers/regulator/", r"regulator"),
        (r"drivers/watchdog/", r"watchdog"),
        (r"drivers/leds/", r"leds?"),
        (r"drivers/mfd/", r"mfd"),
        (r"drivers/rtc/", r"rtc"),
        (r"drivers/pwm/", r"pwm"),
        (r"drivers/clk/", r"clk|clock"),
        (r"drivers/media/", r"media|\[media"),
        (r"drivers/platform/x86/", r"platform[/ :]|tools"),
        (r"drivers/remoteproc/", r"remoteproc|rpmsg"),
        (r"drivers/hwmon/", r"hwmon|pmbus"),
        (r"drivers/thermal/", r"thermal|drivers.thermal"),
        (r"drivers/iio/", r"iio|staging"),
        (r"sound/soc/", r"asoc"),
    )
)


@check
def prefix_elsewhere(job: Message) -> Iterator[Hit]:
    """A prefix that is called as a directory of drivers/, of which nothing is touched."""
    match = SUBSYSTEM.match(job.patch.summary)
    first = re.match(r"[\w-]+", match.group("prefix").strip()) if match else None
    name = first.group().lower() if first else ""
    paths = [file.path.lower() for file in job.diff.files]
    code = [path for path in paths if path.startswith(("drivers/", "include/linux/"))]
    if _DRIVERS.fullmatch(name) and len(code) == len(paths) > 0 and not any(name in path for path in paths):
        yield Hit(
            f"the prefix {name} is not that of {job.diff.files[0].path}", job.subject(first.group() if first else "")
        )
        return
    for where, customary in _CUSTOMS:
        if match and paths and all(where.match(path) for path in paths) and not customary.match(job.patch.summary):
            yield Hit(f"patches to {job.diff.files[0].path} are not titled so", job.subject(match.group("prefix")))
            return
