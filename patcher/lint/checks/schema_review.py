"""Checks on what the reviewers of bindings ask for and no tool says: references, what need not be described, constants,
what breaks the ABI, and what belongs to the same patch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change, Message
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.lint.schema import Schema, schemas

_HEADERS = "include/dt-bindings/"
_DTS = "/boot/dts/"
_EVERYWHERE = expression(
    r"(?:status|pinctrl-names|pinctrl-\d+|interrupt-parent|interrupts-extended|phandle|device_type"
    r"|assigned-clock(?:s|-rates|-parents))\Z"
)
_SAYS_NOTHING = expression(
    r"(?:This (?:property )?)?(?:[Ss]hould|[Mm]ust) (?:be|contain|have|specify|list)\b[^.;:]{0,60}\.?\Z"
    r"|(?:[Ll]ist|[Aa]rray) of (?:phandles?|clocks?|interrupts?|resets?)\b[^.;:]{0,60}\.?\Z"
)
_STANDARD = expression(
    r"(?:reg|interrupts|clocks|resets|dmas|phys|power-domains|iommus|.*-names|.*-supply|.*-gpios|#.*-cells)\Z"
)
_VERSION = expression(r"\s+(?:- )?(?:const: |- )[\"']?(?P<name>[\w-]+,[\w.-]+-v\d+)[\"']?\s*\Z")
_OPTIONAL = expression(r"(?i)\babi\b|\bbreak|\brequired?\b|\bmandatory\b|\boptional\b|\bmust\b|\bbackwards?\b")


@check(files=(BINDINGS,))
def binding_review(job: Change) -> Iterator[Hit]:
    """What a new schema says and need not, or has otherwise than its reviewers want it; each told once a file."""
    converts = any(file.deleted or file.renamed for file in job.diff.files)
    for schema in schemas(job.diff):
        told: set[str] = set()
        for kind, what, line, fix in (*_named(schema), *_whole(schema), *(() if converts else _versions(schema))):
            if kind not in told:
                told.add(kind)
                yield Hit(what, job.file(schema.file.path, schema.line(line)), fix, key=what)


def _named(schema: Schema) -> Iterator[tuple[str, str, int, str]]:
    for name, node, line, depth in schema.described():
        said = " ".join(node.get("description").text.split())
        if schema.is_device and not depth and _EVERYWHERE.match(name) and not node.has("const", "enum", "items"):
            yield "everywhere", f"{name} need not be described: all devices may have it", line, "drop it"
        if re.match(r"\^?\.[*+]", name) and "(" not in name[:4]:
            yield "pattern", f"the pattern {name} begins with what matches anything", line, "drop ^.*"
        if _STANDARD.match(name) and _SAYS_NOTHING.match(said):
            yield "nothing", f"the description of {name} says no more than its name", line, "drop it"


def _versions(schema: Schema) -> Iterator[tuple[str, str, int, str]]:
    """A compatible string that names a version, of which nobody else knows in which devices it is."""
    for at, each in enumerate(schema.lines):
        if each.text.startswith("examples:"):
            return
        if match := _VERSION.match(each.text):
            what = f"{match.group('name')} names a version, not a device"
            yield "version", what, at, "name it by the SoC or the part"


def _whole(schema: Schema) -> Iterator[tuple[str, str, int, str]]:
    root = schema.root
    for each in root.below():
        if "../" in (text := each.get("$ref").text):
            yield "relative", f"the reference {text} is relative", each.get("$ref").line, "write /schemas/…"
    if not schema.is_device:
        return
    required, references = root.get("required").texts(), schema.references()
    if not required and not root.has("oneOf", "anyOf") and not references and not schema.properties.has("$nodename"):
        yield "required", "nothing is required", 0, "add required: with compatible at least"
    elif required and "compatible" not in required and not references and not root.has("select"):
        yield "required", "compatible is not required", root.at("required"), "add it"
    properties = schema.properties.entries
    # Of a provider's class there is little else than the number of its cells.
    listed = any(each.text == "true" or name.endswith("-cells") for name, each in properties.items())
    if root.get("additionalProperties").text == "false" and references and not listed:
        what = f"additionalProperties: false forbids all that {references[0][0]} describes"
        yield "ends", what, root.at("additionalProperties"), "write unevaluatedProperties: false"


@check(files=(_HEADERS,))
def binding_header(job: Change) -> Iterator[Hit]:
    """A header of bindings that counts its constants: each new one changes what must not change."""
    for file in job.diff.files:
        if not file.path.startswith(_HEADERS) or file.deleted:
            continue
        for line in file.added:
            if re.match(r"#define\s+\w*(?:_MAX|_NUM|NUM_\w+|NR_\w+|_NR|_COUNT|_END|_NR_CLKS)\s+[(\w]", line.text):
                yield Hit("the number of constants is no part of a binding", job.file(file.path, line),
                          "define it in the driver", key="count")  # fmt: skip
                break


@check(files=(BINDINGS,))
def binding_abi(job: Change) -> Iterator[Hit]:
    """A property that becomes required in a schema that is there, of which the message says nothing."""
    if _OPTIONAL.search(" ".join((job.patch.summary, *job.patch.body))):
        return
    for file in job.diff.files:
        if file.created or file.deleted or not file.path.startswith(BINDINGS) or not file.path.endswith(".yaml"):
            continue
        for hunk in shown(job.diff, file):
            if each := _demanded(hunk):
                name = each.text[4:].strip()
                what = f"{name} becomes required: sources that exist may not have it"
                yield Hit(what, job.file(file.path, each.line, name), key=name)
                break


def _demanded(hunk: Sequence[Shown]) -> Shown | None:
    """A property that is added to those that were required before, and that is not new itself."""
    inside = False
    new = {match.group(1) for each in hunk if each.added and (match := re.match(r"  ([\w,#-]+):", each.text))}
    for each in hunk:
        if re.match(r"\S", each.text):
            inside = each.text.rstrip() == "required:" and not each.added
        elif inside and each.added and re.fullmatch(r"  - [\w,#-]+\s*", each.text) and each.text[4:].strip() not in new:
            return each
    return None


@check(files=(BINDINGS,), message=("convert", "conversion"))
def binding_conversion(job: Message) -> Iterator[Hit]:
    """A binding that is converted, where the text stays."""
    files = job.diff.files
    created = [
        file for file in files if file.created and file.path.startswith(BINDINGS) and file.path.endswith(".yaml")
    ]
    texts = [file for file in files if file.old_path.endswith(".txt")]
    if created and not texts and re.search(r"(?i)\bconver(?:t|sion)\b", job.patch.summary):
        yield Hit("the schema is new, and the text that it stands for stays", job.file(created[0].path),
                  "remove the .txt in the same patch", key="txt")  # fmt: skip


@check(files=(_DTS,))
def dtb_missing(job: Change) -> Iterator[Hit]:
    """A new board whose devicetree no Makefile of the patch builds."""
    built = " ".join(
        line.text for file in job.diff.files if file.path.endswith("Makefile") for line in (*file.added, *file.removed)
    )
    for file in job.diff.files:
        folder, _, name = file.path.rpartition("/")
        stem = name.removesuffix(".dts")
        new = file.created and name.endswith(".dts") and folder.startswith("arch/") and _DTS in f"{folder}/"
        if new and not re.search(rf"(?<![\w-]){re.escape(stem)}\.dtb", built):
            yield Hit(f"no Makefile builds {stem}.dtb", job.file(file.path), "add it to the Makefile", key=stem)
