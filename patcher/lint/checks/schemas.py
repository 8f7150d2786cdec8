"""Checks on how a devicetree binding is written: what dtschema rejects, and what its maintainers ask for. A binding is
read line by line, as far as the hunks of a patch show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.diff import FileDiff

_PROPERTY = expression(r"(?P<indent> +)[\"']?(?P<name>[#a-z][\w,.#+-]*)[\"']?:\s*\Z")
_KEY = expression(r"(?P<indent> *)(?P<key>[$\w-]+):(?:\s+(?P<value>.*))?\Z")
_SAYS_TYPE = ("$ref", "type", "maxItems", "minItems", "items", "enum", "const", "minimum", "maximum", "default")
_UNITS = expression(
    r"-(?:[mk]?hz|sec|[munp]s|days|hours|minutes|mm|cm|(?:nano|micro|milli)?amp|(?:micro)?amp-hours|(?:micro-|m)?ohms"
    r"|(?:micro|milli)?watt(?:-hours)?|(?:nano|micro|milli)?volt|(?:femto|pico|nano)?farads|(?:milli)?celsius|kpascal"
    r"|pascal|kBps|bps|bits|percent|bp|degrees?|decibel|kelvin|mins)\Z"
)
_ODD_UNIT = expression(
    r"-(?:[mun]?secs|[mun]sec|(?:milli|micro|nano|pico)-?sec(?:ond)?s?|seconds|[mu]v|[mu]a|(?:milli|micro)amps"
    r"|(?:milli|micro)volts|volts?|hertz|(?:kilo|mega)hertz|ohm|amps|khz)\Z"
)
_IN_UNITS = expression(
    r"\b(?:in|of)\s+milli-?celsius\b|\b(?:in|of|unit:?)\s+(?:units\s+of\s+)?(?:milli|micro|nano|pico|kilo|mega)?-?(?:seconds?|volts?|amp(?:ere)?s?|hertz|ohms?)\b"
    r"|(?:\bin|\bunit:?)\s+(?:[munp]s|[mu]V|[mu]A|[kM]?Hz)\b|\((?:in )?(?:[munp]s|[mu]V|[mu]A|[kM]?Hz)\)",
)
_TYPED = expression(
    r"(?:phys|clocks|resets|dmas|iommus|reg|interrupts|power-domains|interconnects|status|(?:phy|clock|reset|dma|reg)-names"
    r"|interrupt-names|phy_type|dr_mode|phy-mode|maximum-speed|nvmem-cells?|nvmem-cell-names|power-domain-names"
    r"|interconnect-names|assigned-clocks|assigned-clock-rates|memory-region|interrupt-parent|io-channels|mboxes|hwlocks"
    r"|pinctrl-\d+|.*-supply|.*-gpios)\Z"
)
_LEGACY = expression(r"(?:.*-)?(?:frequency|rates?|gpios?|supply|clocks?|names?|cells?|interrupts?|reg|resistors?)\Z")
_COMMON = frozenset((
    "big-endian", "bus-range", "bus-width", "clock-frequency", "clock-output-names", "debounce-interval",
    "dma-coherent", "fifo-depth", "gpio-controller", "interrupt-controller", "label", "little-endian", "native-endian",
    "ngpios", "no-loopback-test", "phy-mode", "poll-interval", "reg-io-width", "reg-shift", "rotation",
    "shunt-resistor", "status", "system-power-controller", "timeout-sec", "wakeup-source", "autorepeat",
    "max-link-speed", "num-cs",
))  # fmt: skip
_PHANDLES = frozenset(("clocks", "dmas", "interrupts", "iommus", "power-domains", "reg", "resets", "interconnects"))
_COMPATIBLE = expression(r"\s+(?:- )?(?:const: |- )[\"']?(?P<name>[a-z0-9][\w.,+-]*\w)[\"']?\s*(?:#.*)?\Z")
_TITLE = expression(r"[Bb]indings?\b| [Ss]chema\b")
_SAID_TWICE = expression(r"\b(?:dt[- ]|device ?tree )?bindings?\b", re.IGNORECASE)
_OWN = r"  [\"']?(?P<name>[#a-z][\w,.#-]*)[\"']?:\s*(?:true)?"
_CLASSES = {
    "#pwm-cells": ("pwm", "pwm.yaml"),
    "#dma-cells": ("dma", "dma-controller.yaml"),
    "#sound-dai-cells": ("sound", "dai-common.yaml"),
}
_OF_LINUX = expression(
    r"\bLinux\b|\b(?:the|this|a|kernel) (?:kernel |device )?drivers? (?:will|can|should|must|to|uses?|is|needs?)\b"
    r"|\b(?:remoteproc|V4L2|ALSA|DRM|kernel) framework"
    r"|[Tt]his (?:document|binding|schema|file) (?:defines?|describes?|is|document)"
    r"|\bbindings? (?:for|document|describes?|defines?)\b"
)
_SOFTWARE = expression(
    r"(?<![\w/])(?:drivers|sound|kernel|arch|net|fs|include/linux)/[\w/.-]+\w|\b\w+->\w+"
    r"|(?<![\w-])\w[\w-]*\.[ch]\b(?! for\b)"
    r"|\b\w+_(?:driver|probe|init)\(\)"
)
_FOR_DRIVER = expression(
    r"\b(?:for (?:use|usage) (?:with|by|in)|used by|use with|needed by|required by|with|for) the [\w./-]+"
    r" (?:[\w-]+ )?driver\b"
)
_USERS = frozenset(("pwm-leds", "pwm-backlight", "pwm-fan", "gpio-leds", "gpio-keys", "pwm-leds-multicolor"))
_NEEDED = ("$id", "$schema", "title", "maintainers")


class _Property(NamedTuple):
    """A property that a schema describes: the lines below it, and the keys directly below it."""

    name: str
    line: Shown
    block: Sequence[Shown]
    keys: Mapping[str, str]
    top: bool


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _schemas(job: Change) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    """Each hunk of each schema that a patch touches."""
    for file in job.diff.files:
        if file.path.startswith(BINDINGS) and file.path.endswith(".yaml") and not file.deleted:
            for hunk in shown(job.diff, file):
                yield file, hunk


def _block(hunk: Sequence[Shown], index: int) -> Sequence[Shown]:
    """The lines below one that are indented more."""
    depth, end = _indent(hunk[index].text), index + 1
    while end < len(hunk) and (not hunk[end].text.strip() or _indent(hunk[end].text) > depth):
        end += 1
    return hunk[index + 1 : end]


def _sections(hunk: Sequence[Shown]) -> tuple[Sequence[Shown], Sequence[Shown]]:
    """The schema, and its examples."""
    start = next((at for at, each in enumerate(hunk) if each.text.startswith("examples:")), len(hunk))
    return hunk[:start], hunk[start:]


def _properties(hunk: Sequence[Shown]) -> Iterator[_Property]:
    """What a hunk describes newly, with the whole of its description."""
    schema, _ = _sections(hunk)
    for index, each in enumerate(schema):
        match = _PROPERTY.match(each.text) if each.added else None
        if not match:
            continue
        block = _block(schema, index)
        if not all(line.added for line in block):
            continue
        depth = min((_indent(line.text) for line in block if line.text.strip()), default=0)
        keys = {
            found.group("key"): (found.group("value") or "").strip()
            for line in block
            if (found := _KEY.match(line.text)) and len(found.group("indent")) == depth
        }
        if any(key in keys for key in (*_SAYS_TYPE, "description", "deprecated")) and "properties" not in keys:
            yield _Property(match.group("name"), each, block, keys, len(match.group("indent")) == 2)


_PHANDLE = expression(r"(?i)\b(?:phandle|handle|reference) (?:to|of) (?:the|a) regulator")
_DRIVER = expression(r"(?i)\b(?:the|this|linux|kernel) (?:linux )?driver\b|-driver\b")
_GPIO = expression(r"(?<![\w-])[a-z][\w-]*-gpio\b(?= =|:)")


def _texts(job: Change) -> Iterator[Hit]:
    """What bindings that are not yet schemas say."""
    for file in job.diff.files:
        added = file.added if file.path.startswith(BINDINGS) and file.path.endswith(".txt") else ()
        if found := next(((line, match) for line in added if (match := _DRIVER.search(line.text))), None):
            where = job.file(file.path, found[0], found[1].group())
            yield Hit("a binding speaks of a driver", where, "a binding is of hardware", key="driver")
        if found := next(((line, match) for line in added if (match := _GPIO.search(line.text))), None):
            name = found[1].group()
            yield Hit(f"{name} ends in -gpio", job.file(file.path, found[0], name), f"call it {name}s", key="gpio")


@check(files=(BINDINGS, "include/dt-bindings/", "MAINTAINERS"))
def binding_wording(job: Change) -> Iterator[Hit]:
    """A title or a subject that calls a binding a binding, or speaks of a driver."""
    for file, hunk in _schemas(job):
        for each in hunk:
            if each.added and each.text.startswith("title:") and (match := _TITLE.search(each.text)):
                yield Hit("the title says that it is a binding", job.file(file.path, each.line, match.group().strip()),
                          level=Level.WARNING)  # fmt: skip
        if file.created and (line := _speaks_of_software(hunk)):
            yield Hit("the description speaks of software or of itself: a binding describes hardware",
                      job.file(file.path, line.line), key="software")  # fmt: skip
        if not file.created and (line := _names_code(hunk)):
            yield Hit("a description names code: a binding describes hardware",
                      job.file(file.path, line.line), key="code")  # fmt: skip
        for each in hunk:
            if each.added and (match := _PHANDLE.search(each.text)):
                where = job.file(file.path, each.line, match.group())
                yield Hit("a description says what the name says", where, "say what it supplies", key="phandle")
                break
    yield from _texts(job)
    prefix, _, phrase = job.patch.summary.rpartition(": ")
    if "dt-bindings" not in prefix.lower() or not all(_of_binding(file.path) for file in job.diff.files):
        return
    if match := _SAID_TWICE.search(phrase):
        yield Hit("the subject says binding twice", job.subject(match.group()), "the prefix says so already")
    said = next(((at, found) for at, line in enumerate(job.patch.body) if (found := _FOR_DRIVER.search(line))), None)
    if said:
        yield Hit("the message speaks of a driver", job.body(said[0], said[1].group()), "a binding is of hardware")
    if match := re.search(r"\bdrivers?\b", phrase):
        yield Hit("the subject speaks of a driver", job.subject(match.group()), "a binding is of hardware")


def _speaks_of_software(hunk: Sequence[Shown]) -> Shown | None:
    """The first line of a description that is of Linux, a driver, or the binding itself."""
    schema, _ = _sections(hunk)
    lines = (each for each in schema if not re.match(r"\s*(?:#|\$|title:)", each.text))
    return next((each for each in lines if _OF_LINUX.search(each.text)), None) or _names_code(hunk)


def _names_code(hunk: Sequence[Shown]) -> Shown | None:
    """The first added line of a description that names a source or a structure."""
    schema, _ = _sections(hunk)
    lines = (each for each in schema if each.added and not re.match(r"\s*(?:#|\$|- (?:const|enum))", each.text))
    return next((each for each in lines if _SOFTWARE.search(each.text) and "dt-bindings/" not in each.text), None)


def _of_binding(path: str) -> bool:
    return path.startswith((BINDINGS, "include/dt-bindings/")) or path == "MAINTAINERS"


@check(files=(BINDINGS,))
def binding_property(job: Change) -> Iterator[Hit]:
    """A property that is described in a way that dtschema or the maintainers of bindings do not want."""
    for file, hunk in _schemas(job):
        converts = any(other.deleted and other.path.endswith(".txt") for other in job.diff.files)
        own = "," in file.path.rpartition("/")[2] and file.created and not converts
        for each in _properties(hunk):
            for what, fix in (*_units(each), *_items(each), *(_vendor(each) if own else ())):
                yield Hit(what, job.file(file.path, each.line.line, each.name), fix, key=f"{each.name} {what}")
        for index, line in enumerate(_sections(hunk)[0]):
            if line.added and (what := _description(hunk, index)):
                yield Hit(what, job.file(file.path, line.line), key=f"{what} {line.line.number}")
        for name, required in _required(hunk):
            yield Hit(f"{name} is deprecated, and required", job.file(file.path, required.line), "do not require it")


def _units(each: _Property) -> Iterator[tuple[str, str]]:
    described = " ".join(line.text.strip() for line in each.block)
    number = "uint" in each.keys.get("$ref", "") or bool({"minimum", "maximum", "enum", "maxItems"} & set(each.keys))
    if _TYPED.match(each.name) and each.keys.get("$ref", "").strip("\"'").startswith("/schemas/types.yaml#"):
        yield f"{each.name} needs no type: all devices have it", "remove $ref"
    elif _UNITS.search(each.name):
        if each.keys.get("$ref", "").startswith("/schemas/types.yaml#"):
            yield f"{each.name} needs no type: its unit has one", "remove $ref"
    elif _ODD_UNIT.search(each.name) or (number and not _LEGACY.match(each.name) and _IN_UNITS.search(described)):
        yield f"{each.name} has no standard suffix of a unit", "call it …-us, …-microvolt, …-hz or the like"


def _items(each: _Property) -> Iterator[tuple[str, str]]:
    keys, type_ = each.keys, each.keys.get("$ref", "").strip("\"'")
    if each.top and "minItems" in keys and not {"maxItems", "items", "$ref", "oneOf", "anyOf"} & set(keys):
        yield f"{each.name} has minItems without maxItems", "say how many there can be"
    if re.search(r"types\.yaml#/?definitions/(?:uint(?:8|16|32|64)|int32|flag|phandle)\Z", type_) and {
        "maxItems", "minItems",
    } & set(keys):  # fmt: skip
        yield f"{each.name} is one value ({type_.rpartition('/')[2]}), and has maxItems", "remove maxItems"
    if each.name in _PHANDLES and "const" in keys:
        yield f"{each.name} has const", "say maxItems"
    listed = [_indent(line.text) for line in each.block if re.match(r"\s*- ", line.text)]
    if each.name == "compatible" and list(keys) == ["items"] and listed.count(min(listed, default=0)) == 1:
        yield "compatible has items for a single entry", "write const or enum directly"
    if re.search(r"(?:\A|-)gpio\Z", each.name) and keys.get("deprecated") != "true" and keys.get("type") != "object":
        yield f"{each.name} ends in -gpio", f"call it {each.name}s"
    numbers = re.findall(r"\d+", keys.get("enum", "")) if re.fullmatch(r"\[[\d, ]+\]", keys.get("enum", "")) else []
    if len(numbers) > 5 and [int(number) for number in numbers] == list(
        range(int(numbers[0]), int(numbers[0]) + len(numbers))
    ):
        yield f"{each.name} has an enum that is a range", "say minimum and maximum"


def _vendor(each: _Property) -> Iterator[tuple[str, str]]:
    """A property of a device that could be anybody's."""
    own_type = "types.yaml#" in each.keys.get("$ref", "") or each.keys.get("type") == "boolean"
    if each.top and own_type and not re.search(r"[,#]", each.name) and each.name not in _COMMON:
        yield f"{each.name} has no vendor prefix", "begin it with the vendor, or describe it for all devices"


def _description(hunk: Sequence[Shown], index: int) -> str:
    """What is wrong with how a text is put: line breaks are kept after ``|`` only."""
    match = re.match(r" *(?:- )?(?P<key>description):\s*(?P<style>[|>]?)[-+]?\s*(?P<text>.*)\Z", hunk[index].text)
    if not match:
        return ""
    block = [
        *takewhile(lambda each: not each.text.strip() or _indent(each.text) > match.start("key"), hunk[index + 1 :])
    ]
    texts = [line.text for line in block]
    while texts and not texts[-1].strip():
        texts.pop()
    if not texts or not all(line.added for line in block):
        return ""
    if not match.group("style"):
        formatted = any(not text.strip() or re.match(r"\s*[-*] \S", text) for text in texts)
        return (
            "a description of several paragraphs or items as plain text, whose line breaks are lost"
            if formatted
            else ""
        )
    plain = all(text.strip() and not re.search(r"^\s*[-*\d<|]|: |:\Z| #|^\s*[&!%@`\"'\[{]", text) for text in texts)
    even = len({_indent(text) for text in texts}) == 1 and all(len(text) > 45 for text in texts[:-1])
    return "a literal block (|) for text that needs none" if match.group("style") == "|" and plain and even else ""


def _required(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    """Required properties that the same hunk calls deprecated."""
    deprecated = {each.name for each in _properties(hunk) if each.keys.get("deprecated") == "true"}
    start = next((at for at, each in enumerate(hunk) if each.text == "required:"), len(hunk))
    for each in _block(hunk, start) if start < len(hunk) else ():
        if (name := each.text.strip().removeprefix("- ").strip("\"'")) in deprecated:
            yield name, each


@check(files=(BINDINGS,))
def binding_schema(job: Change) -> Iterator[Hit]:
    """A new schema that lacks what each has, or is not called as what it describes."""
    for file, hunk in _schemas(job):
        for each in hunk:
            if each.added and re.match(
                r"""(?:\s*(?:description|title): +|\s{4,})(["'])[\w ,.()/-]+\1\s*\Z""", each.text
            ):
                yield Hit("quotes around plain text", job.file(file.path, each.line), "they are not needed", Level.NOTE,
                          "quotes text")  # fmt: skip
                break
        for each in hunk:
            if each.added and (match := re.match(r"\s*(?:- )?(?P<key>\$\w+): [\"'][^\"' ]+[\"']\s*\Z", each.text)):
                what = f"quotes around {match.group('key')}"
                yield Hit(what, job.file(file.path, each.line), "they are not needed", Level.NOTE, what)
                break
        if file.created and hunk and hunk[0].line.number == 1:
            yield from _whole(job, file, hunk)


def _whole(job: Change, file: FileDiff, hunk: Sequence[Shown]) -> Iterator[Hit]:
    keys = {match.group("key"): each for each in hunk if (match := _KEY.match(each.text)) and not match.group("indent")}
    missing = [key for key in _NEEDED if key not in keys]
    if len(missing) == len(_NEEDED):
        return  # no schema yet
    if missing:
        yield Hit(f"a schema without {', '.join(missing)}", job.file(file.path), key="head")
        return
    ends = [key for key in ("additionalProperties", "unevaluatedProperties") if key in keys]
    refers = [each.text for each in hunk if re.search(r"\$ref:", each.text) and "types.yaml" not in each.text]
    if not ends:
        yield Hit("neither additionalProperties nor unevaluatedProperties", job.file(file.path), key="ends")
    elif ends == ["unevaluatedProperties"] and not refers:
        yield Hit("unevaluatedProperties, but it refers to no other schema",
                  job.file(file.path, keys[ends[0]].line), "write additionalProperties", Level.NOTE)  # fmt: skip
    yield from _parts(job, file, hunk, keys)
    if (moved := _in_order(hunk)) is not None:
        yield Hit("required has another order than the properties", job.file(file.path, moved.line), level=Level.NOTE)
    id_ = keys["$id"].text.partition(":")[2].strip(" \"'")
    path = file.path.removeprefix(BINDINGS)
    if id_.startswith("http") and id_ != f"http://devicetree.org/schemas/{path}#":
        yield Hit("$id is not the path of the file", job.file(file.path, keys["$id"].line),
                  f"write http://devicetree.org/schemas/{path}#")  # fmt: skip
    names = _compatibles(hunk) if not _patterns(hunk) else set()
    stem = path.rpartition("/")[2].removesuffix(".yaml")
    if len(names) > 1 and "," not in stem and all("," in name for name in names):
        yield Hit("the file is not called as what it describes, with the vendor", job.file(file.path), "vendor,device",
                  Level.NOTE, "called")  # fmt: skip
    if len(names) == 1 and stem not in names:
        yield Hit(f"the file is not called as its compatible, {min(names)}", job.file(file.path), f"{min(names)}.yaml",
                  Level.NOTE, "called")  # fmt: skip


def _parts(job: Change, file: FileDiff, hunk: Sequence[Shown], keys: Mapping[str, Shown]) -> Iterator[Hit]:
    """What the schema of a device has: an example, compatible as its first property, the schema of its class."""
    schema, _ = _sections(hunk)
    described = [match.group("name") for each in schema if (match := re.fullmatch(_OWN, each.text))]
    if "compatible" not in described:
        return
    if "examples" not in keys:
        yield Hit("a device without an example", job.file(file.path), "add examples:", Level.NOTE, "example")
    if described[0] != "compatible":
        line = next(each.line for each in schema if re.match(r"  compatible:", each.text))
        yield Hit("compatible is not the first property", job.file(file.path, line), level=Level.NOTE)
    refers = "\n".join(each.text for each in schema if "$ref:" in each.text)
    ends = keys.get("additionalProperties")
    if ends and ends.text.rstrip().endswith("true"):
        yield Hit("additionalProperties of a device is true", job.file(file.path, ends.line), "write false", Level.NOTE)
    for cells, (folder, name) in _CLASSES.items():
        if cells in described and f"/{folder}/" in file.path and name not in refers:
            yield Hit(f"no reference to {name}, which describes {cells}", job.file(file.path),
                      f"allOf: - $ref: {name}#", Level.NOTE, name)  # fmt: skip


def _in_order(hunk: Sequence[Shown]) -> Shown | None:
    """The first required property that stands before what it follows above, None where there is none."""
    schema, _ = _sections(hunk)
    described = [
        match.group(1) for each in schema if (match := re.match(r"  [\"']?([#a-z][\w,.#-]*)[\"']?:", each.text))
    ]
    start = next((at for at, each in enumerate(schema) if each.text.rstrip() == "required:"), len(schema))
    last = -1
    for each in takewhile(lambda line: line.text.startswith("  - "), schema[start + 1 :]):
        name = each.text[4:].strip(" \"'")
        at = described.index(name) if name in described else last
        if at < last:
            return each
        last = at
    return None


def _compatibles(hunk: Sequence[Shown]) -> set[str]:
    """The compatible strings that the schema has."""
    schema, _ = _sections(hunk)
    start = next((at for at, each in enumerate(schema) if each.text.rstrip() == "  compatible:"), None)
    lines = _block(schema, start) if start is not None else ()
    return {match.group("name") for each in lines if (match := _COMPATIBLE.match(each.text))}


_OPENS = expression(r"\s*(?:(?P<label>\w+):\s*)?(?P<name>&?[\w,.+@-]+|/)\s*\{\s*(?:/[*/].*)?\Z")
_CLOSES = expression(r"\s*\};?\s*\Z")


@check(files=(BINDINGS,))
def binding_example(job: Change) -> Iterator[Hit]:
    """An example with a label that is not used, with a status, with a compatible string that the schema does not have,
    or indented by accident."""
    for file, hunk in _schemas(job):
        schema, example = _sections(hunk)
        text = "\n".join(each.text for each in example)
        opened: list[Shown] = []
        for above, each in pairwise(example):
            if each.added and not each.text.strip() and re.fullmatch(r"\s*- \|", above.text):
                yield Hit("an empty line at the start of the example", job.file(file.path, each.line), key="start")
        for each in example:
            match = _OPENS.match(each.text)
            if match:
                opened.append(each)
            elif _CLOSES.match(each.text) and opened:
                above = opened.pop()
                if each.added and above.added and _indent(above.text) != _indent(each.text):
                    yield Hit(
                        "indentation: a brace does not stand below what it closes", job.file(file.path, each.line)
                    )
            if not each.added:
                continue
            if re.match(r"\s*interrupts = <[01] \d+ IRQ_TYPE_", each.text):
                yield Hit(
                    "a number where a flag has a name: GIC_SPI, GIC_PPI", job.file(file.path, each.line), key="flag"
                )
            if len(opened) == 1 and not match and example.index(each) == example.index(opened[0]) + 1:
                step = _indent(each.text) - _indent(opened[0].text)
                if step > 4 and opened[0].added:
                    yield Hit(
                        f"indentation: by {step} columns instead of 4", job.file(file.path, each.line), key="step"
                    )
            if match and match.group("label") and not re.search(rf"&{match.group('label')}\b", text):
                label = match.group("label")
                yield Hit(f"nothing refers to the label {label}", job.file(file.path, each.line, label), "drop it")
            elif re.match(r"\s*status = \"(?:okay|ok|disabled)\";", each.text):
                yield Hit("an example needs no status", job.file(file.path, each.line), "drop it")
        names = _compatibles(hunk) if file.created and schema and schema[0].line.number == 1 else set()
        used = [
            (name, each)
            for each in example
            if re.match(r"\s*compatible\s*=", each.text)
            for name in re.findall(r"\"([^\"]+)\"", each.text)
        ]
        for name, each in used:
            if names and each.added and name in _USERS and name not in names:
                yield Hit(f"the example shows a user of the device, {name}", job.file(file.path, each.line, name),
                          "drop it: they are all alike", Level.NOTE)  # fmt: skip
                break
        if names and used and not names.intersection(name for name, _ in used) and not _patterns(schema):
            name, each = used[0]
            yield Hit(f"the schema does not have the compatible {name}", job.file(file.path, each.line, name))


def _patterns(schema: Sequence[Shown]) -> bool:
    """Whether compatible strings may be described by a pattern."""
    return any(re.match(r"\s*(?:- )?pattern:", each.text) for each in schema)
