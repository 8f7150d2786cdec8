"""Checks on the parts of a devicetree binding: their order, what bounds each property, names, and the nodes of its
example. That is what the reviewers of bindings ask for again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.diff import FileDiff

_TOP = expression(r"(?P<key>[A-Za-z$][\w$]*):")
_PROPERTY = expression(r"  (?P<quote>[\"']?)(?P<name>[\w#,.+-]+)(?P=quote):\s*(?P<value>\S.*)?\Z")
_KEY = expression(r"(?P<indent> *)(?:- )?(?P<key>[$\w-]+):")
_ORDER = ("properties", "patternProperties", "required", "allOf", "examples")
_BOUNDED = expression(
    r"(?:reg|interrupts|clocks|resets|power-domains|dmas|phys|iommus|interconnects|io-channels|nvmem-cells|mboxes"
    r"|memory-region|(?:[\w,-]+-)?gpios)\Z"
)
_NAMES = expression(r"(?:reg|interrupt|clock|reset|power-domain|dma|phy|interconnect|io-channel)-names\Z")
_BOUNDS = expression(
    r"(?:    |      )(?:- )?(?:\$ref|maxItems|minItems|items|enum|const|oneOf|anyOf|pattern|deprecated|type):"
)
_LISTED = expression(r"\s+(?:- |(?:items|enum|const|pattern|oneOf|anyOf|\$ref)\b)")
_SUFFIX = {
    "clock-names": expression(r"\w+[-_](?:clk|clock|ck)\Z"),
    "interrupt-names": expression(r"\w*[-_]?(?:irq|interrupt)\Z|\w+[-_]int\Z"),
    "reset-names": expression(r"\w+[-_](?:rst|reset)\Z"),
    "dma-names": expression(r"\w+[-_]dma\Z"),
}
_WILDCARD = expression(
    r"\s+(?:- )?(?:const: |- )[\"']?(?P<name>[a-z0-9]+,[\w.-]*\d[\w.-]*?xx+(?:-[\w.-]+)?)[\"']?\s*\Z"
)
_NODE = expression(r"(?P<indent>\s*)(?:(?P<label>\w+):\s*)?(?P<name>&?[\w,.+-]+|/)(?:@(?P<unit>[\w,.]+))?\s*\{\s*\Z")
_CLASSES = {  # by the directory of a binding: how the node of a device is called
    "clock": r"clock|clock-generator|syscon|.*-controller|pmic|power-.*|scm|mailbox|.*bus.*",
    "dma": r"dma-controller|dma-router|dma",
    "gpio": r"gpio|gpio-controller|pinctrl|gpio-.*|.*-gpio|.*expander",
    "hwmon": r"(?!.*[_]).*(?:sensor|monitor|controller|fan|hwmon|humidity|power|temperature|pwm|adc|regulator).*",
    "interrupt-controller": r"interrupt-controller|intc|msi-controller|pic|.*-controller|gic|syscon",
    "leds": r"led-controller|leds?|multi-led|led-.*|.*-leds?|pmic|backlight",
    "mailbox": r"mailbox|.*-controller|mhu|mbox|ipc",
    "mmc": r"mmc|sdhci|mmc-.*|sdio|sd",
    "phy": r"phy|usb-?phy|usb[23]?-phy|ethernet-phy|pcie?-phy|.*phy.*|serdes|syscon",
    "pinctrl": r"pinctrl|pinmux|pinctrl-.*|pin-controller|gpio.*|pmic|syscon|.*expander|system-controller|.*controller",
    "pwm": r"pwm|pwm-.*|timer|counter|.*controller",
    "rtc": r"rtc|rtc-.*|pmic|.*syscon",
    "spi": r"spi|flash|.*-controller|spi-.*|qspi",
    "timer": r"timer|counter|timer-.*|.*-timer|pwm|watchdog",
    "watchdog": r"watchdog|timer|pmic|.*controller",
}


def _hunks(job: Change) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    for file in job.diff.files:
        if file.path.startswith(BINDINGS) and file.path.endswith(".yaml") and not file.deleted:
            for hunk in shown(job.diff, file):
                yield file, hunk


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _section(hunk: Sequence[Shown], key: str) -> Sequence[Shown]:
    """The lines below a key at the top of the file; none where the hunk does not show it."""
    start = next((at for at, each in enumerate(hunk) if each.text.startswith(f"{key}:")), None)
    if start is None:
        return ()
    end = next((at for at in range(start + 1, len(hunk)) if _TOP.match(hunk[at].text)), len(hunk))
    return hunk[start + 1 : end]


def _above(hunk: Sequence[Shown]) -> Sequence[Shown]:
    """What a hunk shows before the first key at the top of the file: in the middle of a schema, its properties."""
    return hunk[: next((at for at, each in enumerate(hunk) if _TOP.match(each.text)), len(hunk))]


def _blocks(lines: Sequence[Shown]) -> Iterator[tuple[re.Match[str], Shown, Sequence[Shown]]]:
    """Each property of a section with the lines below it."""
    starts = [at for at, each in enumerate(lines) if _PROPERTY.match(each.text)]
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        match = _PROPERTY.match(lines[at].text)
        if match:
            yield match, lines[at], lines[at + 1 : end]


@check(files=(BINDINGS,))
def binding_bounds(job: Change) -> Iterator[Hit]:
    """A property of a device of which nothing says how many there are, or what they are called."""
    for file, hunk in _hunks(job):
        described = _section(hunk, "properties")
        if file.created and not any(each.text.startswith("  compatible:") for each in described):
            continue  # what others refer to
        for match, line, block in _blocks(described):
            name, value = match.group("name"), match.group("value") or ""
            if not line.added or not all(each.added for each in block if each.text.strip()):
                continue
            if sum(each.text.strip(" -\"'") == f"{name}:" for each in hunk) > 1:
                continue  # a condition says it
            bounded = value != "true" and (value or any(_BOUNDS.match(each.text) for each in block))
            if _BOUNDED.match(name) and not bounded and (value == "true" or block):
                yield Hit(f"nothing says how many {name} there are", job.file(file.path, line.line, name), key=name)
            elif (
                _NAMES.match(name)
                and not any(_LISTED.match(each.text) for each in block)
                and (block or value == "true")
            ):
                yield Hit(f"nothing says what {name} are", job.file(file.path, line.line, name), key=name)


@check(files=(BINDINGS,))
def binding_parts(job: Change) -> Iterator[Hit]:
    """Parts of a schema in another order than all have them, an object that may hold anything, names with a suffix that
    says what they are of, and compatible strings with a wildcard."""
    for file, hunk in _hunks(job):
        if file.created and hunk and hunk[0].line.number == 1:
            yield from _order(job, file, hunk)
            yield from _objects(job, file, hunk)
            if hunk[0].added and re.search(r"GPL-2\.0(?:\+|-or-later) OR BSD", hunk[0].text):
                yield Hit("bindings are GPL-2.0-only OR BSD-2-Clause", job.file(file.path, hunk[0].line), key="licence")
        for section in (_section(hunk, "properties") or _above(hunk), _section(hunk, "allOf")):
            for match, line, block in _blocks(section):
                if (what := _alternatives(block)) and any(each.added for each in block):
                    yield Hit(
                        what, job.file(file.path, line.line, match.group("name")), key=f"{what} {match.group('name')}"
                    )
                suffix = _SUFFIX.get(match.group("name"))
                said = next((each for each in block if each.added and suffix
                             and (item := re.match(r"\s+- (?:const: )?([\w-]+)\s*\Z", each.text))
                             and suffix.match(item.group(1))), None)  # fmt: skip
                if said and line:
                    what = f"{match.group('name')} with a suffix that says so again"
                    yield Hit(
                        what, job.file(file.path, said.line), "drop the suffix", key=f"{what} {said.text.strip()}"
                    )
        for each in hunk:
            if each.added and (wild := _WILDCARD.match(each.text)):
                name = wild.group("name")
                yield Hit(f"{name} has a wildcard", job.file(file.path, each.line, name), "name one device", key=name)
                break


def _alternatives(block: Sequence[Shown]) -> str:
    """What is wrong with the alternatives of a property, where all of them are shown."""
    lines = [each.text for each in block if each.text.strip() and not each.text.lstrip().startswith("#")]
    kind = next((match.group(1) for line in lines if (match := re.fullmatch(r"    (oneOf|allOf):\s*", line))), "")
    if not kind:
        return ""
    start = next(at for at, line in enumerate(lines) if line.rstrip() == f"    {kind}:")
    end = next((at for at in range(start + 1, len(lines)) if _indent(lines[at]) <= 4), len(lines))
    entries = [line for line in lines[start + 1 : end] if re.match(r" {6}- ", line)]
    if kind == "allOf":
        return "allOf around one entry" if len(entries) == 1 else ""
    if len(entries) == 1:
        return "oneOf with one entry"
    plain = all(
        re.match(r" {6}- (?:const|enum):|(?: {8}| {10})(?:- |description)", line) for line in lines[start + 1 : end]
    )
    several = sum(line.lstrip().startswith("- items") for line in entries)
    singles = 0
    for at, line in enumerate(lines[start + 1 : end], start + 1):
        if re.match(r" {6}- items:\s*\Z", line):
            below = []
            for other in lines[at + 1 : end]:
                if _indent(other) <= 6:
                    break
                below.append(other)
            depth = min(map(_indent, below), default=0)
            singles += sum(_indent(other) == depth for other in below) == 1 and "const:" in "".join(below[:1])
    if plain or (several == len(entries) == singles):
        return "oneOf of single values: an enum says as much"
    return ""


def _lacking(hunk: Sequence[Shown]) -> tuple[str, Shown] | None:
    """A property that is required, and that the example of the device does not have."""
    required = [each.text[4:].strip(" \"'") for each in _section(hunk, "required") if each.text.startswith("  - ")]
    named = {
        found for each in _section(hunk, "properties")
        for found in re.findall(r"(?<![\w.+-])([a-z0-9][\w.+-]*,[\w.+-]*\w)", each.text)
    }  # fmt: skip
    example = _section(hunk, "examples")
    for at, each in enumerate(example):
        if not re.match(r"\s*compatible = ", each.text) or not any(f'"{name}"' in each.text for name in named):
            continue
        start = next((index for index in range(at, -1, -1) if _NODE.match(example[index].text)), None)
        if start is None:
            continue
        depth, inside = 0, []
        for line in example[start:]:
            depth += line.text.count("{") - line.text.count("}")
            inside.append(line.text)
            if depth <= 0:
                break
        text = "\n".join(inside)
        if "/*" in text and "..." in text:
            return None
        for name in required:
            if not re.search(rf"(?<![\w,#-]){re.escape(name)}(?![\w,-])", text):
                return name, example[start]
        return None
    return None


def _order(job: Change, file: FileDiff, hunk: Sequence[Shown]) -> Iterator[Hit]:
    """The parts of a new schema."""
    keys = {match.group("key"): (at, each) for at, each in enumerate(hunk) if (match := _TOP.match(each.text))}
    conditional = any(re.match(r"\s+- if:", each.text) for each in _section(hunk, "allOf"))
    present = [key for key in _ORDER if key in keys and (key != "allOf" or conditional)]
    for above, below in pairwise(present):
        if keys[above][0] > keys[below][0]:
            yield Hit(f"{below} stands before {above}", job.file(file.path, keys[below][1].line),
                      f"put it behind {above}", key=f"{below} {above}")  # fmt: skip
            return
    ends = [keys[key] for key in ("additionalProperties", "unevaluatedProperties") if key in keys]
    last = max((keys[key][0] for key in ("properties", "required") if key in keys), default=0)
    if ends and ends[0][0] < last:
        yield Hit("additionalProperties stands before required", job.file(file.path, ends[0][1].line),
                  "put it behind all but examples", key="ends")  # fmt: skip


def _objects(job: Change, file: FileDiff, hunk: Sequence[Shown]) -> Iterator[Hit]:
    """Nodes below that of the device that may hold anything; told once a file."""
    for at, each in enumerate(hunk):
        if each.text.startswith("examples:"):
            return
        if re.match(r" {4,}type: object\s*\Z", each.text):
            depth = _indent(each.text)
            start = next(
                (index for index in range(at, 0, -1) if hunk[index].text.strip() and _indent(hunk[index].text) < depth),
                0,
            )
            end = next((index for index in range(at + 1, len(hunk))
                        if hunk[index].text.strip() and _indent(hunk[index].text) < depth), len(hunk))  # fmt: skip
            keys = {
                match.group("key") for line in hunk[start + 1 : end]
                if (match := _KEY.match(line.text)) and _indent(line.text) == depth
            }  # fmt: skip
            if "properties" in keys and not keys & {"additionalProperties", "unevaluatedProperties"}:
                what = "a node without additionalProperties: false"
                yield Hit(what, job.file(file.path, hunk[start].line), "say that it holds nothing else", key="object")
                return


@check(files=(BINDINGS,))
def binding_node(job: Change) -> Iterator[Hit]:
    """The node of a new binding's example that is not called as its class, is the root, or is indented by two."""
    for file, hunk in _hunks(job):
        if not file.created or not hunk or hunk[0].line.number != 1:
            continue
        example = _section(hunk, "examples")
        nodes = [(match, each) for each in example if (match := _NODE.match(each.text))]
        for match, each in nodes:
            if match.group("name") == "/":
                yield Hit("an example needs no root node", job.file(file.path, each.line), "drop it", key="root")
            elif match.group("name").startswith("&"):
                name = match.group("name")
                yield Hit(f"{name} is not in the example", job.file(file.path, each.line, name), key="label")
        yield from _steps(job, file, nodes)
        yield from _called(job, file, hunk, example)
        if lacking := _lacking(hunk):
            what = f"the example has no {lacking[0]}, which is required"
            yield Hit(what, job.file(file.path, lacking[1].line), key=what)
        if tab := next((each for each in example if "\t" in each.text), None):
            yield Hit("a tab in an example", job.file(file.path, tab.line), "indent by four blanks", key="tab")


def _steps(job: Change, file: FileDiff, nodes: Sequence[tuple[re.Match[str], Shown]]) -> Iterator[Hit]:
    for (outer, _), (inner, each) in pairwise(nodes):
        if len(inner.group("indent")) - len(outer.group("indent")) in (1, 2, 3):
            yield Hit("indentation: an example is indented by four blanks", job.file(file.path, each.line), key="two")
            return


def _called(job: Change, file: FileDiff, hunk: Sequence[Shown], example: Sequence[Shown]) -> Iterator[Hit]:
    folder = file.path.removeprefix(BINDINGS).split("/")[0]
    if folder not in _CLASSES:
        return
    named = {
        found for each in _section(hunk, "properties")
        for found in re.findall(r"(?<![\w.+-])([a-z0-9][\w.+-]*,[\w.+-]*\w)", each.text)
    }  # fmt: skip
    opened: tuple[re.Match[str], Shown] | None = None
    for each in example:
        if match := _NODE.match(each.text):
            opened = match, each
        elif opened and "compatible" in each.text and any(f'"{name}"' in each.text for name in named):
            name = opened[0].group("name")
            if name not in ("", "/") and not name.startswith("&") and not re.fullmatch(_CLASSES[folder], name):
                what = f"the node is called {name}, not as its class"
                yield Hit(
                    what, job.file(file.path, opened[1].line, name), "see the names of the specification", key=what
                )
            return
