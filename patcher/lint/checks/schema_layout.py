"""Checks on how a devicetree binding is laid out: blank lines, lists, types, what its entries are. That is what
dt_binding_check and yamllint say, and what its reviewers ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.checks.drivers import year
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.lint.schema import schemas
from patcher.mail.diff import FileDiff

_TOP = expression(r"(?P<key>[A-Za-z$][\w$]*):")
_PROPERTY = expression(r"  (?P<quote>[\"']?)(?P<name>[\w#,.+-]+)(?P=quote):\s*(?P<value>\S.*)?\Z")
_SEVERAL = frozenset(("reg", "clocks", "interrupts", "resets", "power-domains", "dmas", "interconnects"))
_NAMES = {
    "reg": "reg-names", "clocks": "clock-names", "interrupts": "interrupt-names", "resets": "reset-names",
    "power-domains": "power-domain-names", "dmas": "dma-names", "interconnects": "interconnect-names",
}  # fmt: skip
_TYPED = expression(r"    +(?:-\s+)?(?:\$ref|type|enum|const|oneOf|anyOf|allOf|items|properties|deprecated|not):")
_UNIT = expression(
    r"-(?:[kmu]?s|[kmg]?hz|ns|us|ms|sec|seconds|days|mm|percent|bp|db|mb|bits|ohms|micro-?\w+|nano-?\w+|milli\w+"
    r"|pico\w+|femto\w+|kelvin|celsius|watt|gpios?|supply|names|cells|pascal|kpascal|bps|lux)\Z"
)
_SIZES = expression(
    r"- description: *(?:The )?(?:base |physical )*(?:address|offset)(?:es)?,?"
    r" (?:offset )?(?:and|&) (?:size|length)\b",
    re.IGNORECASE,
)
_EMPTY = expression(
    r"\b(?:base |physical )+address(?:es)? (?:and|of)|\b(?:and|address,?) (?:length|size)\b"
    r"|^\s*\|?\s*(?:should|must) be <?\d"
    r"|for (?:a|the) (?:description|meaning|definition) of (?:the |these )?(?:cells?|arguments)",
    re.IGNORECASE,
)  # fmt: skip
_KNOWN = frozenset(("firmware-name", "memory-region", "label", "clock-frequency", "dma-coherent", "wakeup-source"))
_LONG = 80
_TEXT_OF = "text of"
_PROSE = expression(r"\s+(?:- )?(?:description: *)?(?:[A-Za-z(][\w,.()/-]* ){6,}")
_SYNTAX = expression(r"\s+(?:- )?(?:description|title): (?![\"'|>\[{&*!%@`]).*?(?:: |:\Z| #)")
_COMMA = expression(r"\s+(?:- )?[\w-]+: \[(?=[^\]]*(?:[\"'\d],[\"'\d]))[^\]]*\]")


def _hunks(job: Change) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    for file in job.diff.files:
        if file.path.startswith(BINDINGS) and file.path.endswith(".yaml") and not file.deleted:
            for hunk in shown(job.diff, file):
                yield file, hunk


def _sections(hunk: Sequence[Shown]) -> Iterator[tuple[int, Shown, str]]:
    """Each line above the examples, with its place and the key at the top of the file that it is below ("" where the
    hunk does not show it)."""
    section = ""
    for at, each in enumerate(hunk):
        if match := _TOP.match(each.text):
            section = match.group("key")
        if section == "examples":
            return
        yield at, each, section


@check(files=(BINDINGS,))
def binding_blank(job: Change) -> Iterator[Hit]:
    """No empty line between properties or parts of a schema, or one after ``properties:``; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        for at, each, section in _sections(hunk):
            above = hunk[at - 1] if at else None
            if above is None or file.path in told:
                continue
            begins = _TOP.match(each.text) or (section == "properties" and _PROPERTY.match(each.text))
            deeper = len(above.text) - len(above.text.lstrip()) > len(each.text) - len(each.text.lstrip())
            what = ""
            if begins and deeper and above.text.strip() and (each.added or above.added):
                what = f"no empty line before {each.text.strip()}"
            elif each.added and not each.text.strip() and above.text.rstrip() in ("properties:", "patternProperties:"):
                what = f"an empty line after {above.text.strip()}"
            if what:
                told.add(file.path)
                yield Hit(what, job.file(file.path, each.line), key=what)


@check(files=(BINDINGS,))
def binding_items(job: Change) -> Iterator[Hit]:
    """Several entries that are not told apart, a count that is told twice, a vendor's property without a type."""
    for file, hunk in _hunks(job):
        names = {match.group("name") for each in hunk if (match := _PROPERTY.match(each.text))}
        for at, each, section in _sections(hunk):
            match = _PROPERTY.match(each.text) if each.added and section == "properties" else None
            if not match:
                continue
            block = _block(hunk, at)
            if block is None and not match.group("value"):
                continue
            for what in _unclear(match, block or (), names):
                yield Hit(what, job.file(file.path, each.line, match.group("name")), key=what)


def _block(hunk: Sequence[Shown], at: int) -> Sequence[str] | None:
    """The lines below a property, None where they are not all added, or the hunk does not show their end."""
    found: list[str] = []
    for each in hunk[at + 1 :]:
        if each.text.strip() and not each.text.startswith("    "):
            return found
        if not each.added:
            return None
        found.append(each.text)
    return found


def _unclear(match: re.Match[str], block: Sequence[str], names: set[str]) -> Iterator[str]:
    name, text = match.group("name"), "\n".join(block)
    least, most = (re.search(rf"^    {key}: (\d+)$", text, re.MULTILINE) for key in ("minItems", "maxItems"))
    listed = re.search(r"^    (?:items|oneOf|anyOf|description|\$ref):", text, re.MULTILINE)
    if least and most and least.group(1) == most.group(1):
        yield f"minItems of {name} says the same as maxItems"
    if name in _SEVERAL and most and int(most.group(1)) > 1 and not listed and _NAMES[name] not in names:
        yield f"{name} has {most.group(1)} entries: nothing says what each is"
    entries = re.search(r"^    items:\n((?:      .*\n?|\n)+)", text + "\n", re.MULTILINE)
    number = len(re.findall(r"^      - ", entries.group(1), re.MULTILINE)) if entries else 0
    if most and number == int(most.group(1)):
        yield f"maxItems of {name} says what items says"
    if name in _SEVERAL and number == 1 and entries and re.fullmatch(
        r"      - description: ?(?:\S+ ){0,5}\S*\n?", entries.group(1)
    ):  # fmt: skip
        yield f"{name} has one entry: maxItems says as much"
    if entries and _SIZES.search(entries.group(1)):
        yield f"items of {name} repeat that it has addresses and sizes"
    described = re.search(r"^    description:(.*(?:\n      .*)*)", text, re.MULTILINE)
    if described and (name.endswith("-cells") or name == "reg") and _EMPTY.search(described.group(1)):
        yield f"the description of {name} says what is known"
    if re.search(r"^    allOf:\n(?:      .*\n)*? *- \$ref: [\"']?/schemas/types\.yaml", text + "\n", re.MULTILINE):
        yield f"allOf around the type of {name}"
    if name in _KNOWN and re.search(r"^    \$ref: [\"']?/schemas/types\.yaml", text, re.MULTILINE):
        yield f"{name} needs no type: it is known to all bindings"
    vendor = re.fullmatch(r"[a-z0-9]+,[\w.+-]+", name) and not _UNIT.search(name)
    if vendor and match.group("value") == "true":
        yield f"{name} has neither type nor description"
    elif vendor and block and not match.group("value") and not any(_TYPED.match(line) for line in block):
        yield f"{name} has no type"


@check(files=(BINDINGS,))
def binding_yaml(job: Change) -> Iterator[Hit]:
    """What is no YAML, or what yamllint says of it as the kernel configures it; each told once a file."""
    whole = {schema.file.path for schema in schemas(job.diff)}  # yamllint itself is asked about these
    for file, hunk in _hunks(job):
        told: set[str] = set()
        literal = -1
        for at, each, _ in _sections(hunk):
            depth = len(each.text) - len(each.text.lstrip())
            if literal >= 0 and (not each.text.strip() or depth > literal):
                continue
            literal = depth if re.search(r":\s*[|>][-+]?\s*\Z", each.text) else -1
            following = hunk[at + 1].text if at + 1 < len(hunk) else ""
            what, level = "", Level.NOTE
            if _SYNTAX.match(each.text):
                what, level = "a colon ends a key here: quote the text", Level.WARNING
            elif _COMMA.match(each.text):
                what = "no blank after a comma"
            elif re.match(r"\s*(?:- )?[\w$-]+:\s*\Z", each.text) and re.match(r"\s+- ", following):
                key = depth + (2 if each.text.lstrip().startswith("- ") else 0)
                if len(following) - len(following.lstrip()) <= key and hunk[at + 1].added:
                    what = "a list that is not indented by two blanks below its key"
            elif len(each.text) > _LONG and _PROSE.match(each.text) and "://" not in each.text:
                what = f"{_TEXT_OF} {len(each.text)} columns, more than 80"
            if file.path in whole and not what.startswith(_TEXT_OF):
                continue
            if each.added and what and what.split(",")[-1] not in told:
                told.add(what.split(",")[-1])
                yield Hit(what, job.file(file.path, each.line), level=level, key=what)


_SCHEMAS = 2020  # since then a binding is converted before it grows
_OF_TEXT = expression(r"\s*- ?(?P<name>[a-z#][\w,#-]*\w)\s*:(?:\s|\Z)")


@check(files=(BINDINGS,))
def binding_text(job: Change) -> Iterator[Hit]:
    """A new binding that is no schema, or a property that is added to one."""
    sent = year(job.patch) or 9999
    for file in job.diff.files:
        if not file.path.startswith(BINDINGS) or not file.path.endswith(".txt") or file.deleted:
            continue
        if file.created:
            yield Hit("a new binding as plain text, which no tool can check", job.file(file.path), key="txt")
        elif sent >= _SCHEMAS:
            gone = "\n".join(line.text for line in file.removed)
            for line in file.added:
                match = _OF_TEXT.match(line.text)
                if match and match.group("name") not in gone:
                    name = match.group("name")
                    what = f"{name} is added to a binding as plain text"
                    yield Hit(what, job.file(file.path, line, name), "make it a schema first", key="old")
                    break
