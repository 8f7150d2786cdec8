"""Checks on single nodes of devicetrees, in examples and sources: addresses, names, and what is on its way out. That is
what dtc says with W=1, and what its maintainers ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.checks.drivers import year
from patcher.lint.dts import Property, Source, Tree, read
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.lint.schema import Schema, schemas
from patcher.mail.diff import Line

_ENDS = (".dts", ".dtsi", ".dtso")
_FILES = (BINDINGS, "/boot/dts/")
_HEX = expression(r"[0-9a-f]+\Z")
_DECIMAL = expression(r"(?:0x[0-9a-fA-F]+|\d+)\Z")
_ADDRESSED = ("reg", "ranges", "dma-ranges")
Found = tuple[str, int, str, str]
"""What is wrong, its line in the text, the part of that line that is meant, and what to do."""


def _texts(job: Change) -> Iterator[tuple[str, Source, Callable[[int], Line | None], bool]]:
    """Each devicetree of a patch: the path, what it says, what tells an added line of it by its number there, and
    whether it is an example."""
    for schema in schemas(job.diff):
        for text, first in schema.examples():
            yield schema.file.path, read(text), partial(_in_example, schema, first), True
    for file in job.diff.files:
        if file.path.endswith(_ENDS) and file.path.startswith("arch/") and file.added and not file.deleted:
            for hunk in shown(job.diff, file):
                source = read("\n".join(each.text for each in hunk), whole=False)
                yield file.path, source, partial(_added, hunk), False


def _in_example(schema: Schema, first: int, at: int) -> Line:
    return schema.line(first + at)


def _added(hunk: Sequence[Shown], at: int) -> Line | None:
    return hunk[at].line if at < len(hunk) and hunk[at].added else None


@check(files=_FILES)
def node_address(job: Change) -> Iterator[Hit]:
    """A node whose address is not the one of its reg, that has only one of both, or a reg of another length than its
    parent says; each told once a file."""
    yield from _told(job, _addresses)


@check(files=_FILES)
def node_names(job: Change) -> Iterator[Hit]:
    """A node that is called otherwise than the schemas of its class want it; each told once a file."""
    yield from _told(job, _names)


@check(files=_FILES)
def node_properties(job: Change) -> Iterator[Hit]:
    """A property of a node in an old form, or that has no place there; each told once a file."""
    yield from _told(job, _properties)


_SINCE = 2023  # the names of fixed clocks and regulators were free before


def _told(job: Change, ask: Callable[[Tree, bool], Iterator[Found]]) -> Iterator[Hit]:
    told: set[tuple[str, str]] = set()
    for path, source, line_of, example in _texts(job):
        for node in source.nodes():
            for what, at, part, fix in ask(node, example):
                line = line_of(at)
                if year(job.patch) and year(job.patch) < _SINCE and " is a " in what:
                    continue
                kind = path, re.sub(r"[\w,.+#-]*@[\w,.]+|\d+", "", what.partition(":")[0])
                if line and kind not in told:
                    told.add(kind)
                    yield Hit(what, job.file(path, line, part), fix, key=what)


def _number(text: str) -> int | None:
    return int(text, 0) if _DECIMAL.match(text) and not re.match(r"0\d", text) else None


def _addresses(node: Tree, example: bool) -> Iterator[Found]:
    reg, own = node.properties.get("reg"), not node.name.startswith("&") and node.name != "/"
    if not node.whole or not own or not node.name or node.name in ("memory", "cpus"):
        return
    new = example or "compatible" in node.properties
    if new and node.unit is not None and not any(each in node.properties for each in _ADDRESSED):
        yield f"an address without reg: {node.name}@{node.unit}", node.line, node.name, "add reg, or drop the address"
        return
    if reg is None or not reg.value:
        return
    if node.unit is None:
        yield f"a reg without an address: {node.name}", node.line, node.name, f"call it {node.name}@{_first(reg)}"
        return
    address, size = _sizes(node, example)
    cells = reg.cells()
    if address and size is not None and cells and len(cells) % (address + size) and "/" not in reg.value:
        yield (f"the length of reg of {node.name}@{node.unit}: {len(cells)} cells, where the parent says"
               f" {address} + {size}"), reg.line, "reg", "put it below its bus, or correct reg"  # fmt: skip
    elif (
        _HEX.match(node.unit)
        and (wrong := _differs(node.unit, cells, address))
        and all(_differs(node.unit, each.split(), address) for each in reg.groups())
    ):
        yield f"the address of {node.name}@{node.unit}: its reg begins with {wrong}", node.line, node.name, ""


def _first(reg: Property) -> str:
    value = _number(next(iter(reg.cells()), ""))
    return f"{value:x}" if value is not None else "…"


def _sizes(node: Tree, example: bool) -> tuple[int, int | None]:
    """The cells of an address and a size below the parent of a node; 0 where that is not known."""
    parent = node.parent
    if parent is None or (parent.parent is None and not example):
        return 0, None
    if parent.parent is None:
        return 1, 1
    found = []
    for name in ("#address-cells", "#size-cells"):
        cells = parent.properties[name].cells() if name in parent.properties else []
        found.append(_number(cells[0]) if len(cells) == 1 else None)
    return (found[0] or 0, found[1]) if found[0] is not None else (0, None)


def _differs(unit: str, cells: Sequence[str], address: int) -> str:
    """How reg begins, where an address is not that."""
    values = [_number(each) for each in cells[: max(address, 2)]]
    if not values or values[0] is None:
        return ""
    wanted = int(unit, 16)
    whole = 0
    for value in values:
        if value is None:
            break
        whole = (whole << 32) + value
        if wanted in (whole, value, (value >> 8) & 0xFF, value & 0x3FF):  # of PCI, the device; of I2C, without flags
            return ""
    return cells[0]


_BY_COMPATIBLE = {
    "regulator-fixed": (expression(r"(?:.*-)?(?:regulator|ldo|buck|supply)(?:-.*)?\Z|.*regulator.*"), "regulator-…"),
    "fixed-clock": (expression(r"clock(?:-.*)?\Z|.*-clk\Z|.*-clock\Z|.*osc.*|.*xtal.*"), "clock-…"),
    "fixed-factor-clock": (expression(r"clock(?:-.*)?\Z|.*-clk\Z|.*-clock\Z|.*osc.*"), "clock-…"),
    "gpio-leds": (expression(r"(?:gpio-)?leds?(?:-.*)?\Z|led-controller.*|.*-leds\Z"), "leds"),
    "gpio-keys": (expression(r"(?:gpio-)?(?:keys|buttons?|key)(?:-.*)?\Z|.*-(?:keys|buttons)\Z|.*keys.*"), "gpio-keys"),
    "gpio-fan": (expression(r"(?:gpio-)?fan(?:-.*)?\Z|.*-fan\Z"), "fan"),
    "pwm-fan": (expression(r"(?:pwm-)?fan(?:-.*)?\d*\Z|.*-fan\d*\Z"), "fan"),
    "operating-points-v2": (expression(r"opp-table.*|.*-opp-table.*"), "opp-table-…"),
}
_OLD = {
    "uart": "serial", "sdhci": "mmc", "sdmmc": "mmc", "sdhc": "mmc", "wdt": "watchdog", "dwc3": "usb",
    "dmac": "dma-controller", "gic": "interrupt-controller", "intc": "interrupt-controller", "m25p80": "flash",
    "spi-flash": "flash", "flash-chip": "flash", "accel": "accelerometer", "eth": "ethernet", "kbd": "keyboard",
    "temp-sensor": "temperature-sensor", "tsens": "thermal-sensor", "emmc": "mmc",
    "i2cmux": "i2c-mux", "lcd": "panel", "touch": "touchscreen", "ts": "touchscreen",
    "ehci": "usb", "ohci": "usb", "xhci": "usb", "gmac": "ethernet", "fec": "ethernet", "emac": "ethernet",
    "dma0": "dma-controller", "qspi": "spi", "fuelgauge": "fuel-gauge",
    "vcodec": "video-codec", "cryp": "crypto", "tmu": "thermal-sensor",
    "light": "light-sensor", "als": "light-sensor", "gyro": "gyroscope", "mag": "magnetometer", "magn": "magnetometer",
    "pressure-sensor": "pressure", "proximity-sensor": "proximity", "led-driver": "led-controller",
}  # fmt: skip
_CHILDREN = {
    "gpio-leds": (expression(r"(?:led|ind).*|.*-?led(?:-.*)?\Z"), "led-…"),
    "gpio-keys": (expression(r".*(?:button|event|key|switch|axis)(?:-.*)?\d*\Z|(?:button|key|switch).*"), "key-…"),
    "pwm-leds": (expression(r"led(?:-.*)?\Z"), "led-…"),
}  # fmt: skip


def _names(node: Tree, example: bool) -> Iterator[Found]:
    compatible = node.first("compatible")
    if not node.name or node.name.startswith("&") or node.name == "/":
        return
    name, wanted = node.name.lower(), _BY_COMPATIBLE.get(compatible)
    if wanted and not wanted[0].match(name):
        yield f"the name of a node: {node.name} is a {compatible}", node.line, node.name, f"call it {wanted[1]}"
    elif node.unit is not None and _OLD.get(name):
        yield (
            f"the name of a node: {node.name} is not generic",
            node.line,
            node.name,
            f"call it {_OLD[name]}@{node.unit}",
        )
    parent = node.parent
    kind = parent.first("compatible") if parent else ""
    within = _CHILDREN.get(kind)
    if within and not within[0].match(name):
        yield f"the name of a child node of {kind}: {node.name}", node.line, node.name, f"call it {within[1]}"


_GONE = frozenset((
    "num-slots", "supports-sd", "supports-sdio", "supports-emmc", "supports-highspeed", "supports-rgb",
    "card-detect-delay-ms", "linux,default-on", "regulator-compatible", "clock-freq-min-max", "broken-hpi-sd",
    "spi-cs-high-active", "linux,modalias", "linux,uart-has-rtscts", "rockchip,default-sample-phase-ms",
))  # fmt: skip
_ONLY_FOR_CARDS = ("disable-wp", "cd-gpios", "wp-gpios", "cd-inverted", "wp-inverted")
_OLD_PROPERTIES = {
    "gpio-key,wakeup": "wakeup-source", "enable-sdio-wakeup": "wakeup-source", "linux,wakeup": "wakeup-source",
    "nvidia,wakeup-source": "wakeup-source", "keypad,wakeup": "wakeup-source", "linux,input-wakeup": "wakeup-source",
    "interrupts-names": "interrupt-names", "clocks-names": "clock-names", "clocks-name": "clock-names",
    "clock-name": "clock-names", "interrupt-name": "interrupt-names", "resets-names": "reset-names",
    "spi-cpol-high": "spi-cpol", "linux,phandle": "phandle", "dmas-names": "dma-names",
}  # fmt: skip


def _properties(node: Tree, example: bool) -> Iterator[Found]:
    for name, each in node.properties.items():
        if name in _GONE:
            yield f"{name} is in no binding", each.line, name, "drop it"
        elif name in _ONLY_FOR_CARDS and "non-removable" in node.properties:
            yield f"of a slot, where nothing can be removed: {name}", each.line, name, "drop it, or non-removable"
        elif name in _OLD_PROPERTIES:
            yield f"an old form or a slip: {name}", each.line, name, f"write {_OLD_PROPERTIES[name]}"
        elif re.search(r"(?:\A|-)gpio\Z", name) and "," not in name and name != "gpio" and each.value[:1] == "<":
            yield f"-gpio is deprecated: {name}", each.line, name, f"write {name}s"
    boot = node.properties.get("bootargs")
    if (
        node.name == "chosen"
        and boot
        and re.search(r"\b(?:root|earlycon|earlyprintk|init|loglevel|rootwait)\b", boot.value)
    ):
        yield "bootargs belong to the boot loader", boot.line, "bootargs", "keep stdout-path alone"
    sizes = [node.properties[each] for each in ("#address-cells", "#size-cells") if each in node.properties]
    if node.whole and len(sizes) == 2 and node.children and not any(each in node.properties for each in _ADDRESSED[1:]):
        plain = not any("reg" in each.properties or each.unit is not None for each in node.children)
        if plain and node.name not in ("/", "soc", "cpus", "reserved-memory") and not node.name.startswith("&"):
            yield "#address-cells for children without reg", sizes[0].line, sizes[0].name, "drop it, and #size-cells"
