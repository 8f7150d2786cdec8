"""Checks on new drivers and headers: what a module says of itself, what nobody uses, what is not const, how probe()
fails."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from email.utils import parsedate

from patcher.lazy import expression
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import hunks_of_c, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.diff import FileDiff, Line
from patcher.mail.model import Patch

# What has no end goes to that of the file or line, so that each character is looked at once.
_COMMENT = expression(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_STRING = expression(r'"(?:[^"\\\n]|\\.)*"?')
_USED_BY = {  # a header, and what it is included for
    "linux/of_gpio.h": r"\bof_\w*gpio|\bof_gpio_flags\b",
    "linux/of_device.h": r"\bof_(?:match_device|device_\w+|dma_configure\w*)\b|\bof_device_get_match_data\b",
    "linux/of_irq.h": r"\bof_irq_\w+|\birq_of_parse_and_map\b",
    "linux/of_address.h": r"\bof_(?:iomap|address\w*|get_address|translate_\w+|io_request\w+|range\w*|pci_range\w*)\b",
    "linux/gpio.h": r"\bgpio_\w+|\bGPIOF_",
    "linux/gpio/consumer.h": r"\bgpiod?_|\bGPIOD_|\bgpio_desc\b|_gpiod?_",
    "linux/pm_runtime.h": r"pm_runtime_|RUNTIME_PM|_PM_RUNTIME",
    "linux/regulator/consumer.h": r"\bregulator|_regulator",
    "linux/reset.h": r"\breset_control|_reset_control",
    "linux/delay.h": r"\b(?:[mnu]delay|[mu]?sleep\w*|msleep\w*|usleep_range\w*|fsleep|ndelay)\b",
    "linux/iopoll.h": r"poll_timeout",
    "linux/bitfield.h": r"\bFIELD_|_(?:get|encode|replace)_bits\b|\bfield_\w+",
    "linux/debugfs.h": r"debugfs|DEBUGFS",
    "linux/kthread.h": r"kthread",
    "linux/workqueue.h": r"work",
    "linux/completion.h": r"complet",
    "linux/mutex.h": r"mutex",
    "linux/clk.h": r"\bstruct clk\b|\bdevm_\w*clk_|\b(?:of_)?clk_(?:get|put|prepare|unprepare|enable|disable|bulk|set"
    r"|round|rate|notifier|is_match|has_parent|drop_range|save|restore|register\b)|\bclk_\w+\((?:\w+->)*\w*clks?\b",
    "linux/acpi.h": r"acpi|ACPI",
    "linux/cdev.h": r"cdev",
    "linux/circ_buf.h": r"CIRC_|circ_buf",
    "linux/crc8.h": r"crc8",
    "linux/crc16.h": r"crc16",
    "linux/crc32.h": r"crc32",
    "linux/ctype.h": r"\bis[a-z]+\(|\bto(?:upper|lower)\(",
    "linux/dma-mapping.h": r"dma_|DMA_",
    "linux/dmaengine.h": r"dma",
    "linux/firmware.h": r"firmware",
    "linux/gpio/driver.h": r"gpio|GPIO",
    "linux/hrtimer.h": r"hrtimer|HRTIMER",
    "linux/hwmon.h": r"hwmon|HWMON",
    "linux/hwmon-sysfs.h": r"SENSOR_|sensor_dev",
    "linux/i2c.h": r"i2c|I2C|smbus",
    "linux/iio/sysfs.h": r"IIO_(?:DEVICE|CONST)_ATTR|iio_dev_attr|IIO_DEV_ATTR|iio_const_attr|to_iio_\w*attr",
    "linux/interrupt.h": r"irq|IRQ|tasklet",
    "linux/jiffies.h": r"jiffies|\bHZ\b|time_(?:after|before)",
    "linux/leds.h": r"\bled|_led|LED_",
    "linux/math64.h": r"div|mul_u|DIV_",
    "linux/mfd/core.h": r"mfd|MFD_",
    "linux/miscdevice.h": r"\bmisc|MISC_",
    "linux/moduleparam.h": r"module_param|MODULE_PARM|kernel_param",
    "linux/notifier.h": r"notifier|NOTIFY_",
    "linux/nvmem-consumer.h": r"nvmem",
    "linux/nvmem-provider.h": r"nvmem",
    "linux/of_graph.h": r"of_graph",
    "linux/of_mdio.h": r"of_(?:mdio|phy)",
    "linux/of_net.h": r"of_get_(?:phy|mac|ethdev)|mac_addr",
    "linux/of_platform.h": r"of_platform|of_find_device|of_device_alloc|of_default_bus",
    "linux/of_reserved_mem.h": r"reserved_mem",
    "linux/pci.h": r"pci|PCI",
    "linux/phy/phy.h": r"phy|PHY",
    "linux/pm_domain.h": r"pm_domain|genpd|PM_DOMAIN",
    "linux/pm_opp.h": r"opp",
    "linux/proc_fs.h": r"proc_|PROC_",
    "linux/pwm.h": r"pwm|PWM",
    "linux/random.h": r"random",
    "linux/rational.h": r"rational",
    "linux/regmap.h": r"regmap|REGMAP|REG_FIELD",
    "linux/regulator/driver.h": r"regulator|REGULATOR",
    "linux/reset-controller.h": r"reset_control|rcdev|reset_",
    "linux/rtc.h": r"rtc|RTC",
    "linux/seq_file.h": r"seq_|single_open|_ATTRIBUTE",
    "linux/spi/spi.h": r"spi|SPI",
    "linux/spinlock.h": r"spin|lock",
    "linux/thermal.h": r"thermal|THERMAL",
    "linux/timer.h": r"timer|TIMER",
    "linux/usb.h": r"usb|USB",
    "linux/version.h": r"LINUX_VERSION_CODE|KERNEL_VERSION",
    "linux/vmalloc.h": r"vmalloc|vfree|vzalloc|vmap|vcalloc",
    "linux/wait.h": r"wait|wake",
    "linux/mfd/syscon.h": r"syscon",
    "linux/pinctrl/consumer.h": r"\bpinctrl|\bstruct pinctrl|_pinctrl",
    "linux/uaccess.h": r"_user\b|access_ok|nofault",
}
_MANAGED = expression(  # a call, and the test of its result as the last line
    r"^\t+[\w>.-]+ = (?!devm_k)(?:devm|platform_get|fwnode_irq)_\w+\([^;{}]*\);\n"
    r"\t+if \((?:ret|err|rc|error|irq|IS_ERR\([\w>.-]+\))(?: < 0| != 0)?\) \{\Z",
    re.MULTILINE,
)
_OPERATIONS = expression(
    r"static struct (?P<type>\w+_ops|i2c_algorithm|i2c_adapter_quirks|i2c_lock_operations|regmap_config|regmap_bus"
    r"|regmap_irq_chip|of_device_id|acpi_device_id|i2c_device_id|spi_device_id|platform_device_id|attribute_group"
    r"|file_operations|dma_buf_ops|v4l2_\w+_ops|snd_soc_\w+_ops|tty_operations|irq_domain_ops|pwm_ops|clk_ops"
    r"|watchdog_info|watchdog_ops|rtc_class_ops|regulator_ops|pinctrl_ops|pinmux_ops|pinconf_ops|gpio_keys_button"
    r"|kernel_param_ops|hwmon_ops|hwmon_chip_info|vm_operations_struct|super_operations|inode_operations) "
    r"(?P<name>\w+)(?:\[\])? = \{"
)  # fmt: skip


def _new(job: Change) -> Iterator[tuple[FileDiff, str]]:
    """The new drivers of a patch, with their code."""
    for file in job.diff.files:
        if file.created and file.path.endswith(".c") and file.path.startswith(("drivers/", "sound/", "net/")):
            yield file, "\n".join(line.text for line in file.added)


def _line(file: FileDiff, text: str) -> Line:
    """The first added line that has a text."""
    return next((line for line in file.added if text in line.text), file.added[0])


def year(patch: Patch) -> int:
    """The year a patch was sent in, 0 where it does not tell."""
    date = parsedate(patch.date) if patch.date else None
    return date[0] if date else int(patch.date[:4]) if patch.date[:4].isdigit() else 0


@check(files=(".c",), added=("MODULE_ALIAS(",))
def module_alias(job: Change) -> Iterator[Hit]:
    """An alias for what a table of ids says already."""
    for file, text in _new(job):
        match = re.search(r'^MODULE_ALIAS\("(?:platform|i2c|spi):[^)]*\);', text, re.MULTILINE)
        if match and re.search(r"^MODULE_DEVICE_TABLE\(", text, re.MULTILINE):
            what = "an alias beside a table of ids, which makes them"
            yield Hit(what, job.file(file.path, _line(file, match.group())))


@check(files=(".c",), added=("MODULE_LICENSE(", "module_"))
def module_about(job: Change) -> Iterator[Hit]:
    """A new module that does not say what it is, or under which licence."""
    for file, text in _new(job):
        licence = re.search(r"^MODULE_LICENSE\([^)]*\);", text, re.MULTILINE)
        driver = re.search(r"^module_(?:\w+_)?(?:driver|init)\(\w+\);", text, re.MULTILINE)
        if licence and not re.search(r"^MODULE_DESCRIPTION\(", text, re.MULTILINE):
            yield Hit("no MODULE_DESCRIPTION()", job.file(file.path, _line(file, licence.group())), key="description")
        if driver and not licence and "builtin_" not in text:
            yield Hit("no MODULE_LICENSE()", job.file(file.path, _line(file, driver.group())), key="licence",
                      level=Level.NOTE)  # fmt: skip
        if licence and "GPL v2" in licence.group():
            what = "the licence of a module tells free from not, no version"
            yield Hit(what, job.file(file.path, _line(file, licence.group())), 'write "GPL"', Level.NOTE, "version")


@check(files=C_FILES, added=("dev_err(",))
def probe_error(job: Change) -> Iterator[Hit]:
    """An error of a new driver's probe(), or of a managed call, which probe() alone makes, that is told with dev_err()
    and returned; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff) if year(job.patch) > 2020 else ():
        inside = False
        for at, each in enumerate(hunk[:-1]):
            if re.match(r"[A-Za-z_]", each.text):
                inside = bool(re.match(r"static int \w*_?probe\w*\(", each.text))
            if not each.added or file.path in told or not re.match(r"\t+dev_err\(", each.text):
                continue
            managed = year(job.patch) > 2021 and _MANAGED.search(
                "\n".join(line.text for line in hunk[max(0, at - 5) : at])
            )
            end = next((n for n in range(at, min(at + 4, len(hunk))) if hunk[n].text.rstrip().endswith(");")), None)
            below = hunk[end + 1] if end is not None and end + 1 < len(hunk) else None
            returns = (
                below and below.added and re.match(r"\t+return (?:ret|err|rc|error|PTR_ERR\([^;]*\));\Z", below.text)
            )
            if returns and (inside or managed):
                told.add(file.path)
                where = "in probe()" if inside else "after a managed call"
                yield Hit(f"dev_err() and return {where}", job.file(file.path, each.line))


@check(files=C_FILES, added=("platform_get_resource(",))
def platform_resource(job: Change) -> Iterator[Hit]:
    """Two calls for which there is one; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff) if year(job.patch) > 2018 else ():
        for at, each in enumerate(hunk):
            match = re.match(
                r"\t+(?P<name>\w+) = platform_get_resource\((?P<dev>\w+), IORESOURCE_MEM, (?P<n>\w+)\);", each.text
            )
            if not match or not each.added or file.path in told:
                continue
            below = next((line for line in hunk[at + 1 : at + 5] if "devm_ioremap_resource(" in line.text), None)
            if below and below.added and re.search(rf", {match.group('name')}\)", below.text):
                used = [line for line in hunk[at + 1 :] if re.search(rf"\b{match.group('name')}\b", line.text)]
                told.add(file.path)
                better = (
                    "devm_platform_get_and_ioremap_resource()" if len(used) > 1 else "devm_platform_ioremap_resource()"
                )
                yield Hit("a resource that is asked for and mapped", job.file(file.path, each.line), f"use {better}")


@check(files=(".c",), added=("struct ",))
def unused_member(job: Change) -> Iterator[Hit]:
    """A member of a new driver's own struct that nothing names; all of a struct in one finding."""
    for file, text in _new(job):
        if "##" in text or (
            re.search(r"^#include \"", text, re.MULTILINE) and '.h"' in text and job.patch.prefix.total > 1
        ):
            continue
        code = _STRING.sub('""', _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text))
        words: dict[str, int] = {}
        for word in re.findall(r"[A-Za-z_]\w*", code):
            words[word] = words.get(word, 0) + 1
        others = " ".join(line.text for each in job.diff.files if each is not file for line in each.added)
        for struct in re.finditer(r"^struct (\w+) \{\n(?P<body>(?:\t[^\n]*\n|\n)+)\};", code, re.MULTILINE):
            body = struct.group("body")
            if "__packed" in code[struct.end() - 2 : struct.end() + 20] or re.search(r"\b__(?:le|be)\d|: \d", body):
                continue
            if (
                re.search(
                    rf"sizeof\((?:struct )?{struct.group(1)}\)|struct {struct.group(1)} \w+\[?\]? = \{{\s*[^.\s]", code
                )
                and "alloc" not in code
            ):
                continue  # its members may be told by their place
            members = re.findall(r"^\t[A-Za-z_][\w \t*]*?[ \t*](\w+)(?:\[\w*\])*;", body, re.MULTILINE)
            lost = [each for each in members if words.get(each) == 1 and not re.search(rf"\b{each}\b", others)
                    and not re.match(r"(?:reserved|rsvd|pad|unused|__)", each)]  # fmt: skip
            if lost and len(lost) < len(members):
                names = ", ".join(lost[:4])
                yield Hit(f"members of struct {struct.group(1)} that nothing uses: {names}",
                          job.file(file.path, _line(file, f"{lost[0]}")), key=names)  # fmt: skip


@check(files=(".c",), added=("#include",))
def include_unused(job: Change) -> Iterator[Hit]:
    """A header that a new driver includes and does not use."""
    for file, text in _new(job):
        code = "\n".join(line for line in _COMMENT.sub("", text).split("\n") if not line.startswith("#include"))
        for line in file.added:
            match = re.match(r"#include <([\w/.-]+)>", line.text)
            used = _USED_BY.get(match.group(1)) if match else None
            if match and used and not re.search(used, code):
                yield Hit(f"<{match.group(1)}> is not used", job.file(file.path, line, match.group(1)))


@check(files=(".c",), added=("static struct ", "static const char *"))
def const_missing(job: Change) -> Iterator[Hit]:
    """Operations, tables of ids and of strings that nobody writes to, and are not const; told once a file."""
    for file in job.diff.files:
        if not file.path.endswith(".c") or not file.path.startswith(("drivers/", "sound/", "net/", "fs/", "block/")):
            continue
        text = "\n".join(line for hunk in file.hunks for line in hunk.new)
        removed = {line.text for line in file.removed}
        for line in file.added:
            if not line.text.startswith("static ") or line.text in removed:
                continue
            match = _OPERATIONS.match(line.text)
            name = match.group("name") if match else ""
            if not name and (found := re.match(r"static const char \*(\w+)\[\w*\] = \{", line.text)):
                yield Hit(f"{found.group(1)}[] may be written to", job.file(file.path, line),
                          "write static const char * const")  # fmt: skip
                break
            written = rf"\b{name}(?:\[[^\]]*\])?(?:\.\w+)+ [|&+]?= |\b{name}\[[^\]]*\] = (?!\{{)"
            if name and not re.search(written, text):
                yield Hit(f"{name} is not const", job.file(file.path, line, name))
                break


@check(files=(".h",), added=("static ",))
def header_static(job: Change) -> Iterator[Hit]:
    """A function of a header that is static and not inline: each file that includes it has one."""
    for file in job.diff.files:
        for hunk in shown(job.diff, file) if file.path.endswith(".h") and file.path.startswith(
            ("drivers/", "include/", "fs/", "net/", "sound/", "block/", "kernel/", "mm/")) else ():  # fmt: skip
            for each, below in itertools.pairwise(hunk):
                match = re.match(
                    r"static (?!.*\binline\b|.*__always_inline|.*__maybe_unused)[\w *]+?\**(\w+)\([^;]*\)\Z", each.text
                )
                if match and each.added and below.text == "{":
                    yield Hit(f"{match.group(1)}() is static, and not inline", job.file(file.path, each.line))


@check(files=C_FILES, added=("Copyright", "(C)", "©"))
def copyright_year(job: Change) -> Iterator[Hit]:
    """A new file whose youngest year is not the one it is sent in; told once for a patch."""
    sent = year(job.patch)
    for file in job.diff.files if sent else ():
        if not file.created or not file.path.endswith(C_FILES):
            continue
        said = [line for line in file.added[:30] if re.search(r"Copyright|\(C\)|©", line.text)]
        years = [int(each) for line in said for each in re.findall(r"\b(?:19|20)\d\d\b", line.text)]
        if years and max(years) < sent:
            yield Hit(f"the copyright is of {max(years)}, the mail of {sent}", job.file(file.path, said[-1]))
            return


_PLAIN_HEAD = ("drivers/spi/", "drivers/regulator/", "drivers/base/regmap/", "sound/soc/")


@check(files=(".c",), added=("// SPDX",))
def header_comment(job: Change) -> Iterator[Hit]:
    """The comment at the head of a source that is partly // and partly /* */, where the maintainer asks for one."""
    for file in job.diff.files:
        if not (file.created and file.path.endswith(".c") and file.path.startswith(_PLAIN_HEAD)):
            continue
        head = [line for line in file.added[:3] if line.text.strip() not in ("", "//")]
        if len(head) > 1 and head[0].text.startswith("// SPDX") and head[1].text.startswith("/*"):
            yield Hit("a comment of two styles at the head of the file", job.file(file.path, head[1]))


@check(files=("include/uapi/linux/bpf.h",))
def tools_copy(job: Change) -> Iterator[Hit]:
    """A header that tools/ has a copy of, which is changed alone."""
    paths = {file.path for file in job.diff.files}
    for file in job.diff.files:
        if file.path in ("include/uapi/linux/bpf.h",) and f"tools/{file.path}" not in paths and file.added:
            yield Hit(f"tools/{file.path} stays as it is", job.file(file.path))


@check(files=(*C_FILES, ".S"))
def embedded_name(job: Change) -> Iterator[Hit]:
    """A new file that tells its own name."""
    for file in job.diff.files:
        name = file.path.rpartition("/")[2]
        if (
            not file.created
            or not file.path.endswith((".c", ".h", ".S"))
            or file.path.startswith(("tools/", "scripts/"))
        ):
            continue
        for line in file.added[:12]:
            told = rf"\s*(?:/?\*+|//)\s*(?:[\w./-]+/)?{re.escape(name)}(?:\s*$|\s*[-:,]|\s\s)"
            if name in line.text and re.match(told, line.text):
                yield Hit("the file tells its own name", job.file(file.path, line, name))
                break
