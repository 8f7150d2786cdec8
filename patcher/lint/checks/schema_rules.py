"""Checks on the content of a new schema: what the meta-schemas of dtschema say of its keywords, and what its reviewers
ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.dts import read
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.lint.schema import Schema, schemas
from patcher.lint.yaml_tree import Kind, Node

_VENDOR = expression(r"[a-z0-9-]+,[\w.+-]+\Z")
_TYPES = ("$ref", "type", "enum", "const", "oneOf", "anyOf", "allOf", "properties", "patternProperties", "not", "items")
_SUFFIX = expression(
    r"-(?:gpios?|supply|[kmu]?hz|mhz|sec|[munp]s|days|hours|minutes|mm|cm|percent|bp|bits|bps|ohms?|watt|kelvin|celsius"
    r"|pascal|kpascal|decibel|db|lux|names|cells|mw|\w*(?:amp|volt|watt|farads|ohms|hours|celsius|hz))\Z",
    re.IGNORECASE,
)  # fmt: skip
_EVERYWHERE = expression(
    r"(?:status|pinctrl-names|pinctrl-\d+|interrupt-parent|interrupts-extended|assigned-clock(?:s|-rates|-parents)|phandle)\Z"
)
_OLD_NAMES = expression(r"dr_mode|phy_type|phy_mode|device_type|.*_det-gpios\Z|.*,.*_")
_KEYWORDS = frozenset((
    "$id", "$schema", "$ref", "title", "description", "maintainers", "properties", "patternProperties", "required",
    "additionalProperties", "unevaluatedProperties", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "select",
    "examples", "deprecated", "dependencies", "dependentRequired", "dependentSchemas", "type", "$defs", "definitions",
    "minProperties", "maxProperties", "propertyNames", "$comment", "default", "$nodename", "historical", "items",
    "maxItems", "minItems",
))  # fmt: skip


def _devices(job: Change) -> Iterator[Schema]:
    return (each for each in schemas(job.diff) if each.root.entries)


@check(files=(BINDINGS,))
def binding_meta(job: Change) -> Iterator[Hit]:
    """Keywords that the meta-schemas do not let pass, or do not want together; each told once a file."""
    for schema in _devices(job):
        told: set[str] = set()
        for what, line, fix in (*_tops(schema), *_required(schema), *_keywords(schema)):
            kind = re.sub(r"[\w#.+-]*[,#-][\w,.#+-]*|\d+", "", what)
            if kind not in told:
                told.add(kind)
                yield Hit(what, job.file(schema.file.path, schema.line(line)), fix, key=what)


def _tops(schema: Schema) -> Iterator[tuple[str, int, str]]:
    root = schema.root
    for key in root.entries:
        if key not in _KEYWORDS:
            yield f"{key} is no keyword of a schema", root.at(key), "see writing-schema.rst"
    if root.has("if"):
        yield "a condition outside of allOf", root.at("if"), "put - if: below allOf:, behind required:"
    title = root.get("title").text
    if title.endswith(".") and not title.endswith(("etc.", "Inc.", "Ltd.", "Co.", "Corp.")):
        yield "the title ends with a full stop", root.at("title"), "drop it"
    for each in root.get("maintainers").items:
        if re.search(r"@(?:vger\.kernel|lists\.|lists)|-kernel@|devicetree@", each.text):
            yield "a list as maintainer: it must be a person", each.line, "name one"
        elif not re.search(r"<[^<>\s]+@[^<>\s]+>\Z|\A\S+@\S+\Z", each.text) and each.text:
            yield "a maintainer without an address in <>", each.line, "write Name <address>"


def _required(schema: Schema) -> Iterator[tuple[str, int, str]]:
    """Required properties that nothing describes."""
    named = set(schema.properties.entries)
    for name in schema.root.get("required").items:
        known = name.text in named or _EVERYWHERE.match(name.text) or name.text == "compatible"
        if schema.is_device and not known and not schema.references() and not _pattern(schema, name.text):
            yield f"{name.text} is required, and not described", name.line, "describe it"


def _pattern(schema: Schema, name: str) -> bool:
    for pattern in schema.root.get("patternProperties").entries:
        try:
            if len(pattern) > 200 or re.search(pattern, name[:80]):
                return True
        except (re.error, RecursionError):
            return True
    return False


def _keywords(schema: Schema) -> Iterator[tuple[str, int, str]]:
    for name, node, line, _ in schema.described():
        type_ = node.get("$ref").text.rpartition("/")[2] if "types.yaml" in node.get("$ref").text else ""
        items = node.get("items")
        flag = type_ == "flag" or node.get("type").text == "boolean"
        if node.kind is Kind.MAP and not node.entries and name not in ("additionalProperties",):
            continue
        if flag and node.has("default"):
            yield f"{name} is a flag, and has a default", node.at("default"), "drop it: it is there, or not"
        if flag and node.has("maxItems", "minItems", "enum", "items"):
            yield f"{name} is a flag, and has values", line, "say what it is"
        if items.kind is Kind.LIST and node.get("minItems").text == str(len(items.items)):
            yield f"minItems of {name} is the number of its items", node.at("minItems"), "drop it"
        if node.has("maximum", "minimum") and "string" in type_:
            yield f"{name} is a string, and has a minimum or maximum", line, ""
        if node.get("type").text in ("string", "integer", "array"):
            yield f"type of {name} is one of JSON", node.at("type"), "write $ref: /schemas/types.yaml#/definitions/…"
        own = _VENDOR.match(name) and not node.has("deprecated") and not name.startswith("linux,")
        if own and not node.has("description") and node.kind is Kind.MAP and node.has(*_TYPES) and not _object(node):
            yield f"{name} has no description", line, "say what it is in the hardware"
        if own and node.has("description") and not node.has(*_TYPES) and not _SUFFIX.search(name):
            yield f"{name} has no type", line, "add $ref: /schemas/types.yaml#/definitions/…, or type: boolean"
        if "_" in name and not _OLD_NAMES.match(name) and not _object(node) and _named(schema, name):
            yield f"an underscore in the property {name}", line, f"call it {name.replace('_', '-')}"
        if re.search(r"[A-Z]", name) and _named(schema, name) and not _object(node):
            yield f"capitals in the property {name}", line, "write small letters"


def _object(node: Node) -> bool:
    return node.get("type").text == "object" or node.has("properties", "patternProperties") or (
        node.has("$ref") and "types.yaml" not in node.get("$ref").text
    )  # fmt: skip


def _named(schema: Schema, name: str) -> bool:
    """Whether it is a property of a device, which is not on its way out."""
    return schema.is_device and name in schema.properties.entries and not schema.properties.get(name).has("deprecated")


_OF_CLASS = (  # the directory, what a device of the class has, and the schema that describes it
    ("/spi/", expression(r"(?:spi|qspi|qup-spi)(?:@.*)?\Z"), "spi-controller.yaml"),
    ("/i2c/", expression(r"i2c(?:@.*)?\Z"), "i2c-controller.yaml"),
    ("/i3c/", expression(r"i3c(?:@.*)?\Z"), "i3c.yaml"),
    ("/mmc/", expression(r"(?:mmc|sdhci)(?:@.*)?\Z"), "mmc-controller.yaml"),
    ("/rtc/", expression(r"rtc(?:@.*)?\Z"), "rtc.yaml"),
    ("/watchdog/", expression(r"watchdog(?:@.*)?\Z"), "watchdog.yaml"),
    ("/net/can/", expression(r"can(?:@.*)?\Z"), "can-controller.yaml"),
    ("/serial/", expression(r"serial(?:@.*)?\Z"), "serial.yaml"),
    ("/mtd/", expression(r"nand-controller(?:@.*)?\Z"), "nand-controller.yaml"),
    ("/pinctrl/", expression(r"(?:pinctrl|pinmux)(?:@.*)?\Z"), "pinctrl.yaml"),
    ("/display/panel/", expression(r"panel(?:@.*)?\Z"), "panel-common"),
    ("/input/touchscreen/", expression(r"touchscreen(?:@.*)?\Z"), "touchscreen.yaml"),
    ("/power/supply/", expression(r"(?:charger|battery|fuel-gauge)(?:@.*)?\Z"), "power-supply.yaml"),
    ("/input/", expression(r"(?:keypad|keyboard|keys)(?:@.*)?\Z"), "input.yaml"),
    ("/net/", expression(r"ethernet(?:@.*)?\Z"), "ethernet-controller.yaml"),
    ("/mdio", expression(r"mdio(?:@.*)?\Z"), "mdio.yaml"),
    ("/usb/", expression(r"usb(?:@.*)?\Z"), "usb"),
    ("/dma/", expression(r"dma-controller(?:@.*)?\Z"), "dma-controller.yaml"),
    ("/sound/", expression(r".*"), "dai-common.yaml"),
    ("/pwm/", expression(r"pwm(?:@.*)?\Z"), "pwm.yaml"),
    ("/hwmon/", expression(r"(?:fan-controller)(?:@.*)?\Z"), "fan"),
    ("/thermal/", expression(r"thermal-sensor(?:@.*)?\Z"), "thermal-sensor.yaml"),
    ("/leds/", expression(r"led-controller(?:@.*)?\Z"), "leds|common"),
    ("/regulator/", expression(r"regulator(?:@.*)?\Z"), "regulator.yaml"),
    ("/nvmem/", expression(r"(?:efuse|nvmem|eeprom|otp)(?:@.*)?\Z"), "nvmem.yaml"),
)  # fmt: skip


@check(files=(BINDINGS,))
def binding_class(job: Change) -> Iterator[Hit]:
    """A device of a class whose common schema is not referred to, or that does not let its properties pass."""
    for schema in _devices(job):
        if not schema.is_device:
            continue
        refers = " ".join(each.text for each in _every_ref(schema.root))
        beside = f"/schemas/{schema.path.partition('/')[0]}/"
        common = any(not each.startswith("/schemas/") or each.startswith(beside) for each, _ in schema.references())
        wanted = "" if common else _class(schema)
        if wanted and not re.search(wanted, refers):
            yield Hit(f"no reference to {wanted}, which describes its class", job.file(schema.file.path),
                      f"allOf: - $ref: {wanted}#", key=wanted)  # fmt: skip
        peripheral = [each for each in ("spi-max-frequency", "spi-cpha", "spi-cpol") if schema.properties.has(each)]
        if peripheral and "spi-peripheral-props" not in refers and "spi-controller" not in refers:
            line = schema.line(schema.properties.at(peripheral[0]))
            yield Hit("no reference to spi-peripheral-props.yaml, which describes a device on SPI",
                      job.file(schema.file.path, line, peripheral[0]),
                      "allOf: - $ref: /schemas/spi/spi-peripheral-props.yaml#", key="peripheral")  # fmt: skip


def _every_ref(root: Node) -> Iterator[Node]:
    examples = root.get("examples")
    return (each.get("$ref") for each in root.below() if each.has("$ref") and each is not examples)


def _class(schema: Schema) -> str:
    """The common schema of what a device is, "" where none is known."""
    named = {each.text for each in schema.properties.get("compatible").below() if each.kind is Kind.TEXT}
    for text, _ in schema.examples():
        for node in read(text).nodes():
            strings = node.properties["compatible"].strings() if "compatible" in node.properties else []
            if not set(strings) & named:
                continue
            for folder, called, common in _OF_CLASS:
                if folder in f"/{schema.path}" and called.match(node.name):
                    return common if folder != "/sound/" or "#sound-dai-cells" in schema.properties.entries else ""
    return ""
