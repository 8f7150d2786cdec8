"""Checks on the example of a new binding: whether it can be compiled, and fits the schema that it belongs to. That is
what dt_binding_check says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.dts import Property, Source, Tree, read
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.lint.schema import Schema, schemas
from patcher.lint.yaml_tree import Kind, Node

_MACRO = expression(r"(?<![\w&\"-])[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
_HEADERS = (
    (expression(r"GPIO_ACTIVE_|GPIO_OPEN_|GPIO_PULL_"), r"gpio|pinctrl", "dt-bindings/gpio/gpio.h"),
    (expression(r"IRQ_TYPE_"), r"interrupt-controller|irq|gpio", "dt-bindings/interrupt-controller/irq.h"),
    (expression(r"GIC_(?:SPI|PPI)\b"), r"interrupt-controller", "dt-bindings/interrupt-controller/arm-gic.h"),
    (expression(r"(?:KEY|BTN|SW)_"), r"input", "dt-bindings/input/linux-event-codes.h"),
    (expression(r"LED_(?:COLOR|FUNCTION)_"), r"leds", "dt-bindings/leds/common.h"),
)
_UNUSED = (
    (r"dt-bindings/gpio/gpio\.h", expression(r"GPIO_|[0-9] [01]>")),
    (r"dt-bindings/interrupt-controller/irq\.h", expression(r"IRQ_TYPE_")),
    (r"dt-bindings/interrupt-controller/arm-gic\.h", expression(r"GIC_|IRQ_TYPE_")),
    (r"dt-bindings/leds/common\.h", expression(r"LED_")),
    (r"dt-bindings/input/(?:linux-event-codes|input)\.h", expression(r"KEY_|BTN_|SW_|EV_|ABS_|REL_")),
)
_ALWAYS = expression(
    r"(?:status|phandle|compatible|pinctrl-names|pinctrl-\d+|interrupt-parent|interrupts-extended|bootph-.*"
    r"|assigned-.*|secure-.*|ranges|dma-ranges)\Z"
)
_COUNTED = expression(r"(?:reg|clocks|interrupts|resets|dmas|power-domains|phys|iommus|mboxes)\Z")
_NAMES = expression(r"(?:reg|clock|interrupt|reset|dma|phy|mbox|power-domain|interconnect|io-channel)-names\Z")


def _examples(job: Change) -> Iterator[tuple[Schema, Source, int]]:
    """Each example with its first line. All of one schema are compiled together: what one includes, the next ones
    have, too."""
    for schema in schemas(job.diff):
        included: list[str] = []
        for text, line in schema.examples():
            source = read(text)
            source.includes[:0] = included
            included = source.includes
            yield schema, source, line


@check(files=(BINDINGS,))
def example_compiles(job: Change) -> Iterator[Hit]:
    """An example that dtc cannot read: a semicolon or a brace is missing, or a name that no header of it defines."""
    for schema, source, first in _examples(job):
        path = schema.file.path
        for line, what in source.errors[:1]:
            yield Hit(f"the example cannot be compiled: {what}", job.file(path, schema.line(first + line)), key=what)
        if lost := _undefined(source):
            name, line, header = lost
            yield Hit(f"the example includes nothing that defines {name}",
                      job.file(path, schema.line(first + line), name), header, key="include")  # fmt: skip


def _undefined(source: Source) -> tuple[str, int, str] | None:
    """A name that no header of an example can define, its line, and what to do."""
    if "#define" in source.text or "/include/" in source.text:
        return None
    included = " ".join(source.includes)
    for node in source.nodes():
        for each in node.properties.values():
            for match in _MACRO.finditer(re.sub(r'"[^"]*"|/\*.*?\*/|//[^\n]*', " ", each.value, flags=re.DOTALL)):
                name = match.group()
                known = next((row for row in _HEADERS if row[0].match(name)), None)
                if not source.includes or (known and not re.search(known[1], included)):
                    return name, each.line, f"#include <{known[2]}>" if known else "include the header that defines it"
    return None


@check(files=(BINDINGS,))
def example_fits(job: Change) -> Iterator[Hit]:
    """An example that its own schema does not let pass, or that includes what it does not use."""
    for schema in schemas(job.diff):
        if named := _needless(schema):
            name, line = named
            what = f"nothing in the example needs {name}"
            yield Hit(what, job.file(schema.file.path, schema.line(line)), "drop the #include", key=what)
    for schema, source, first in _examples(job):
        path = schema.file.path
        for node in source.nodes():
            if not _is_of(schema, node):
                continue
            for what, line in _unfit(schema.root, node):
                yield Hit(what, job.file(path, schema.line(first + line)), key=what)
            break


def _needless(schema: Schema) -> tuple[str, int] | None:
    """A header that no example of a schema needs, and its line."""
    text = "\n".join(text for text, _ in schema.examples())
    code = re.sub(r"#\s*include.*", "", text)
    for match in re.finditer(r"#\s*include\s*<([^>]+)>", text):
        used = next((used for header, used in _UNUSED if re.fullmatch(header, match.group(1))), None)
        if used and not used.search(code):
            line = next(at for at, each in enumerate(schema.lines) if f"<{match.group(1)}>" in each.text)
            return match.group(1), line
    return None


def _is_of(schema: Schema, node: Tree) -> bool:
    """Whether a node is one that the schema describes."""
    strings = node.properties["compatible"].strings() if "compatible" in node.properties else []
    named = {each.text for each in schema.properties.get("compatible").below() if each.kind is Kind.TEXT}
    return bool(strings) and bool(set(strings) & named)


def _unfit(schema: Node, node: Tree) -> Iterator[tuple[str, int]]:
    """What a schema says against a node, with its line."""
    properties = schema.get("properties")
    closed = schema.get("additionalProperties").text == "false"
    refers = schema.has("$ref") or any(each.has("$ref") for each in schema.get("allOf").items)
    for name, each in node.properties.items():
        described = properties.get(name)
        if closed and not refers and not properties.has(name) and not _ALWAYS.match(name) and not _fits(schema, name):
            yield f"the example has {name}, which the schema does not describe", each.line
        elif name == "compatible":
            if (wanted := _alternatives(described)) and not any(_matches(one, each.strings()) for one in wanted):
                yield "the compatible of the example is none that the schema has", each.line
        elif properties.has(name) and (what := _number(name, each, described)):
            yield what, each.line
    for child in node.children:
        name = child.name if child.unit is None else f"{child.name}@{child.unit}"
        if not child.name or child.name.startswith("&"):
            continue
        if closed and not refers and not properties.has(name) and not _fits(schema, name):
            yield f"the example has a node {name}, which the schema does not describe", child.line


def _fits(schema: Node, name: str) -> bool:
    """Whether a pattern of the schema may match a name; also where the pattern is none that Python knows."""
    for pattern in schema.get("patternProperties").entries:
        try:
            if len(pattern) > 200 or re.search(r"[*+}]\)?[*+{]", pattern) or re.search(pattern, name[:80]):
                return True
        except (re.error, RecursionError):
            return True
    return False


def _alternatives(compatible: Node) -> list[list[Node]]:
    """The lists of strings that a compatible may be; none where they are told in a way that is not read here."""
    every = compatible.get("oneOf").items or compatible.get("anyOf").items or [compatible]
    found = []
    for each in every:
        if each.has("const", "enum"):
            found.append([each])
        elif each.get("items").kind is Kind.LIST and not each.has("minItems", "contains"):
            found.append(each.get("items").items)
        else:
            return []
    return found


def _matches(wanted: Sequence[Node], strings: Sequence[str]) -> bool:
    if len(wanted) != len(strings):
        return False
    for each, text in zip(wanted, strings, strict=True):
        allowed = [*each.get("const").texts(), *each.get("enum").texts()]
        if allowed and text not in allowed:
            return False
    return True


def _number(name: str, each: Property, described: Node) -> str:
    """What is wrong with the number of entries, or with their names."""
    items = described.get("items").items
    most = described.get("maxItems").text or (str(len(items)) if items else "")
    least = described.get("minItems").text or most
    if not most.isdigit() or not least.isdigit() or described.has("oneOf", "anyOf"):
        return ""
    if _NAMES.match(name):
        strings = each.strings()
        names = [[*item.get("const").texts(), *item.get("enum").texts()] for item in items]
        if not int(least) <= len(strings) <= int(most):
            return f"the example has {len(strings)} {name}, the schema {_range(least, most)}"
        wrong = next(
            (text for text, allowed in zip(strings, names, strict=False) if allowed and text not in allowed), ""
        )
        return f"{name} of the example has {wrong} where the schema has another" if wrong else ""
    if not _COUNTED.match(name) or not each.groups():
        return ""
    numbers = {len(each.groups())}
    if len(each.groups()) == 1 and (name != "reg" or len(each.cells()) > 4):
        numbers |= set(range(1, len(each.cells()) + 1))
    if not any(int(least) <= number <= int(most) for number in numbers):
        return f"the example has {len(each.groups())} {name}, the schema {_range(least, most)}"
    return ""


def _range(least: str, most: str) -> str:
    return most if least == most else f"{least} to {most}"
