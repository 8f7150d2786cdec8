"""Checks on devicetree sources: names, the order of properties, and how patches to them are titled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change, Message
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.diff import FileDiff

_ENDS = (".dts", ".dtsi", ".dtso")
_NODE = expression(r"\s*(?:(?:\w+):\s*)*(?P<name>&?[\w,.+-]+|&\{[^}]*\}|/)(?:@(?P<unit>[\w,]+))?\s*\{\s*(?:/[*/].*)?\Z")
_LABEL = expression(r"\s*(?P<name>\w+):\s*[\w,.+-]+(?:@[\w,]+)?\s*\{")
_CLOSE = expression(r"\s*\};\s*(?:/[*/].*)?\Z")
_PROPERTY = expression(r"\s*(?P<name>[\w,.+?#-]+)\s*(?:=|;)")
_FIRST = ("compatible", "reg")
_MANY_CELLS = expression(
    r"\s*[\w,-]+-gpios = <(?P<cells>[^<>]*)>;|\s*(?:clocks|interrupts-extended|dmas) = <(?P<more>[^<>]*)>;"
)


class _Node(NamedTuple):
    """A node that a hunk opens, and what stands directly in it."""

    line: Shown
    name: str
    unit: str
    properties: list[tuple[str, Shown]]
    children: list[_Node]


def _nodes(hunk: Sequence[Shown]) -> Iterator[_Node]:
    """The nodes of a hunk that it shows from their beginning to their end."""
    opened: list[_Node] = []
    for each in hunk:
        if match := _NODE.match(each.text):
            node = _Node(each, match.group("name"), match.group("unit") or "", [], [])
            if opened:
                opened[-1].children.append(node)
            opened.append(node)
        elif _CLOSE.match(each.text) and opened:
            yield opened.pop()
        elif opened and (match := _PROPERTY.match(each.text)):
            opened[-1].properties.append((match.group("name"), each))


@check(files=(".dts", BINDINGS))
def dts_style(job: Change) -> Iterator[Hit]:
    """Names, numbers and an order that the style of devicetree sources does not want; each told once a file."""
    for file in job.diff.files:
        example = file.path.startswith(BINDINGS) and file.path.endswith(".yaml")
        if file.deleted or not (file.path.endswith(_ENDS) or example):
            continue
        told: set[str] = set()
        for hunk in shown(job.diff, file):
            whole = [] if example else list(_nodes(hunk))
            if not example and (late := _after(file, hunk)):
                what = "the order of nodes: it comes after one with a higher address"
                yield Hit(what, job.file(file.path, late.line), "sort by address")
            for what, line, fix in (*_names(hunk), *(hit for node in whole for hit in _order(node))):
                kind = what.split(":")[0]
                if kind not in told:
                    told.add(kind)
                    yield Hit(what, job.file(file.path, line.line), fix, key=f"{what} {line.text.strip()}")
        if not example:
            yield from _cells(job, file.path, [each for hunk in shown(job.diff, file) for each in hunk if each.added])


# What a node may be called though its compatible has the same word: generic names of the specification, and busses.
_GENERIC = expression(
    r"adc|amplifier|analog-sensor|audio-codec|backlight|battery|bluetooth|bridge|bus|cache|camera"
    r"|can|charger|clock|clock-controller|codec|connector|controller|cpu|crypto|dac|dai|ddr|display"
    r"|display-controller|dma|dma-controller|dmic|dp|dsi|dsp|eeprom|efuse|ethernet|ethernet-phy|fan"
    r"|firmware|flash|fpga|fuel-gauge|gpio|gpu|hdmi|hub|hwlock|hwmon|i2c|i2s|i3c|iio|imu"
    r"|interconnect|interrupt-controller|iommu|jpeg|key|keyboard|keypad|keys|l2-cache|lcd|led|leds"
    r"|lvds|mailbox|mdio|memory|memory-controller|mfd|mmc|modem|mux|nand|nand-controller|nfc|nvmem"
    r"|oscillator|panel|partitions|pci|pcie|phy|pinctrl|pinmux|pmic|pmu|ports|power-controller"
    r"|power-monitor|poweroff|proximity|ptm|pwm|ramoops|rectifier|regulator|remoteproc|reserved-memory"
    r"|reset|reset-controller|rng|rtc|sata|scm|sdhci|sensor|serial|sma|soc|sound|spdif|spi"
    r"|splitter|sram|switch|syscon|sysmgr|temperature-sensor|thermal|thermal-sensor|timer|touchscreen"
    r"|tpm|trng|tsadc|typec|uart|ufs|usb|usb-hub|usbmisc|usb-phy|usb-typec|video-codec|vpu|watchdog|wifi"
    r"|wmi"
)
_BUS = expression(r"(?:i2c|i3c|spi|usb|serial|uart|gpio|mmc|can|pwm|mdio|ethernet|pcie)\d+\Z")


@check(files=(".dts", BINDINGS))
def node_generic(job: Change) -> Iterator[Hit]:
    """A new node that is called as its compatible, or a bus with a number, in an example or a source."""
    for file in job.diff.files:
        example = file.path.startswith(BINDINGS) and file.path.endswith(".yaml")
        if file.deleted or not (file.path.endswith(_ENDS) or example):
            continue
        for hunk in shown(job.diff, file):
            opened: Shown | None = None
            for each in hunk:
                if match := _NODE.match(each.text):
                    opened = each if each.added else None
                    if example and opened and _BUS.match(match.group("name")):
                        yield Hit(f"a number in the name of the node {match.group('name')}",
                                  job.file(file.path, each.line, match.group("name")))  # fmt: skip
                elif opened and (match := re.match(r'\s*compatible = "[\w-]+,(?P<device>[\w-]+)"', each.text)):
                    node = _NODE.match(opened.text)
                    name, device = (node.group("name") if node else ""), match.group("device").lower()
                    whole = name.lower() == device or (len(name) > 2 and name.lower() in re.split("[-_]", device))
                    if node and node.group("unit") and whole and not _GENERIC.fullmatch(name.lower()):
                        yield Hit(
                            f"the node is called {name}, as its compatible", job.file(file.path, opened.line, name)
                        )
                    opened = None


def _after(file: FileDiff, hunk: Sequence[Shown]) -> Shown | None:
    """The first node of a hunk, where it is new and the one before, in the head of the hunk, has a higher address."""
    first = next((each for each in hunk if _NODE.match(each.text)), None)
    head = next((part.function for part in file.hunks if hunk and hunk[0].text in part.new[:1]), "")
    match = _NODE.match(first.text) if first and first.added else None
    above = re.search(r"@([0-9a-f]{5,})\s*\{", head)
    unit = match.group("unit") or "" if match else ""
    later = above and re.fullmatch(r"[0-9a-f]{5,}", unit) and len(unit) == len(above.group(1))
    return first if later and above and int(unit, 16) < int(above.group(1), 16) else None


def _names(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown, str]]:
    for each in hunk:
        label = _LABEL.match(each.text) if each.added else None
        if label and re.search(r"[A-Z]", label.group("name")):
            yield f"a label: {label.group('name')} has capitals", each, label.group("name").lower()
        if each.added and re.match(r"\s+[a-z#][\w,-]*(?:= ?| =)[<\"]", each.text):
            yield "the space around =: a blank before and one after it", each, ""
        match = _NODE.match(each.text) if each.added else None
        if match and not match.group("name").startswith("&") and re.search(r"[A-Z_]", match.group("name")):
            name = match.group("name")
            yield f"the name of a node: {name} has capitals or underscores", each, name.lower().replace("_", "-")


def _order(node: _Node) -> Iterator[tuple[str, Shown, str]]:
    """What is wrong with a node that is new."""
    if not node.line.added or not all(line.added for _, line in node.properties):
        return
    names = [name for name, _ in node.properties]
    own = not node.name.startswith("&") and node.name != "/"
    if own and "compatible" in names and "reg" in names and tuple(names[:2]) != _FIRST and node.name != "cpu":
        yield f"the order of properties: compatible and reg do not come first in {node.name}", node.line, ""
    for name, line in node.properties:
        value = re.search(r"\"(\w*)\"", line.text) if name == "status" else None
        if value and value.group(1) == "okay" and own:
            yield f"status: {node.name} is new, and okay is the default", line, "remove it"
        elif value and value.group(1) == "ok":
            yield "status: ok is an old form", line, "write okay"
    units = [child for child in node.children if re.fullmatch(r"[0-9a-f]+", child.unit)]
    for above, below in pairwise(units):
        if below.line.added and int(below.unit, 16) < int(above.unit, 16) and node.name == "soc":
            what = f"the order of nodes: {below.name}@{below.unit} comes after @{above.unit}"
            yield what, below.line, "sort by address"


def _cells(job: Change, path: str, added: Sequence[Shown]) -> Iterator[Hit]:
    """Several entries in one pair of angle brackets; told once a file."""
    for index, each in enumerate(added):
        text = each.text if ";" in each.text else " ".join(line.text.strip() for line in added[index : index + 3])
        match = _MANY_CELLS.match(text)
        if match and len(re.findall(r"&\w", match.group("cells") or match.group("more") or "")) > 1:
            yield Hit("brackets: several entries in one <>", job.file(path, each.line), "put each in <> of its own")
            return


_TITLES = (
    (expression(r"arch/arm64/boot/dts/(?!nvidia/)"), expression(r"arm64: "), "arm64: dts: VENDOR: "),
    (expression(r"arch/arm/boot/dts/(?!nvidia/|tegra)"), expression(r"ARM: "), "ARM: dts: VENDOR: "),
    (expression(r"arch/riscv/boot/dts/"), expression(r"(?i:riscv): "), "riscv: dts: VENDOR: "),
)
_BINDING = expression(r"(?:[\w/ -]+: )?dt-bindings: ?", re.IGNORECASE)


@check
def dt_prefix(job: Message) -> Iterator[Hit]:
    """A patch for bindings or devicetree sources alone that is not titled as such."""
    summary, paths = job.patch.summary, [file.path for file in job.diff.files]
    if not paths or re.match(r"(?:\S+: )?Revert\b|treewide", summary):
        return
    beside = ("include/dt-bindings/", "MAINTAINERS")
    bindings = [path for path in paths if path.startswith(BINDINGS)]
    if bindings and all(path.startswith((BINDINGS, *beside)) for path in paths):
        prefix = summary.rpartition(": ")[0]
        if not _BINDING.match(summary):
            yield Hit("the subject of a binding does not begin with dt-bindings:", job.subject(prefix or summary))
        elif re.match(r"mfd: ", summary):
            yield Hit("dt-bindings: comes first", job.subject("mfd"), "write dt-bindings: mfd: …", Level.NOTE)
        return
    for pattern, titled, wanted in _TITLES:
        if all(pattern.match(path) for path in paths) and not titled.match(summary):
            yield Hit("the subject does not begin as others for these sources", job.subject(summary.split(":")[0]),
                      f"write {wanted}…", Level.NOTE)  # fmt: skip
            return
