"""Checks on what files of the tree say of each other, after a series: names of files that are gone or were never there,
options and exports that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.job import ChangedTree
from patcher.lint.model import CannotTell, Hit, Location
from patcher.lint.register import check

_FEW = 3
_DOCUMENT = expression(r"(?<![\w/.:-])Documentation/[\w,.+-]+(?:/[\w,.+-]+)*\.(?:rst|txt|yaml|json)(?![\w*{[])")
_LISTED = expression(r"F:\s+(?P<path>[^\s*?\[]+)\s*\Z")
_REFERS = expression(r"\s*(?:- )?\$ref: *[\"']?(?P<path>[\w./,+-]+\.yaml)(?:#\S*)?\s*\Z")
_INCLUDES = expression(r"\s*#\s*include\s+<(?P<path>dt-bindings/[\w./,+-]+\.h)>")
# What dtschema brings itself.
_OF_DTSCHEMA = expression(
    r"(?:types|graph|simple-bus|interrupt-controller|reset/reset|clock/clock|gpio/[\w-]+|i2c/i2c-controller|pci/[\w-]+|root-node|property-units|options/.*"
    r"|chosen|memory|reserved-memory/.*|dt-core|interrupts|iommu/.*|mbox/.*|opp/.*|phy/.*|power-domain/.*|reserved.*"
    r"|usb/.*|bootph|cache-controller|cpus|cpu|dma/[\w-]+|hwlock/.*|numa.*|nvmem/.*|pinctrl/[\w-]+|thermal.*|iio/[\w-]+"
    r"|aliases|media/[\w-]+|mem-region|memory-region.*|mux/.*|serial/.*|sram/.*|wakeup-source|connector/.*)\.yaml\Z"
)
_CONFIG = expression(r"\s*(?:menu)?config\s+(?P<name>[A-Z0-9_a-z]+)\s*\Z")
_EXPORT = expression(r"EXPORT_SYMBOL(?:_GPL|_NS_GPL|_NS)?\((?P<name>\w+)")
_EXPORT_OLD = expression(r"EXPORT_SYMBOL\w*\(\w+")
_MOVED = ("Documentation/*", "MAINTAINERS")


def _location(path: str, number: int, text: str, part: str) -> Location:
    return Location(path, number, text.find(part) + 1, len(part), text[:400])


@check
def reference_stale(job: ChangedTree) -> Iterator[Hit]:
    """A file that the series removes or moves, and that a document or MAINTAINERS still names."""
    tree = job.after.tree
    there = tree.blobs(job.before)
    gone = [path for path in job.before if path not in there]
    if not gone or len(gone) > 100 * _FEW:
        return
    for path, content in tree.read(tree.search(sorted(gone), _MOVED)).items():
        lines = content.decode("utf-8", "replace").split("\n")
        for old in gone:
            named = expression(rf"(?<![\w/.-]){re.escape(old)}(?![\w*/-]|\.\w)")
            at = next((number for number, text in enumerate(lines) if old in text and named.search(text)), None)
            if at is not None:
                location = _location(path, at + 1, lines[at], old)
                yield Hit(f"{old} is gone, and {path} names it", location, key=f"{path} {old}", patch=job.at_fault(old))


@check
def reference_missing(job: ChangedTree) -> Iterator[Hit]:
    """A document, a schema, a header or an F: that an added line names, and that the tree does not have then."""
    tree = job.after.tree
    asked: dict[str, Location] = {}
    for path, lines in job.added.items():
        for number, text in lines:
            for named in _named(path, text):
                asked.setdefault(named, _location(path, number, text, named.rpartition("/")[2] or named))
    if not asked:
        return
    files = tree.blobs(named.rstrip("/") for named in asked)
    left = {named: location for named, location in asked.items() if named.rstrip("/") not in files}
    if not left:
        return
    folders = {folder for path in tree.paths() for folder in _above(path)}
    if "Documentation" not in folders:
        raise CannotTell("the tree has no Documentation")
    for named, location in left.items():
        if named.rstrip("/") not in folders:
            yield Hit(f"{named} does not exist", location, key=named, patch=job.at_fault(location.path))


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _named(path: str, text: str) -> Iterator[str]:
    """The files of the tree that a line names."""
    if path == "MAINTAINERS":
        if match := _LISTED.match(text):
            yield match.group("path")
        return
    if path.startswith(BINDINGS) and path.endswith(".yaml"):
        if match := _REFERS.match(text):
            yield from _schema(path, match.group("path"))
        elif match := _INCLUDES.match(text):
            yield f"include/{match.group('path')}"
    if not path.startswith(("tools/", "Documentation/translations/")):
        yield from _DOCUMENT.findall(text)


def _schema(path: str, named: str) -> Iterator[str]:
    if named.startswith("/schemas/"):
        below = named.removeprefix("/schemas/")
        if not _OF_DTSCHEMA.match(below):
            yield BINDINGS + below
    elif not named.startswith("/"):
        parts = path.split("/")[:-1]
        for part in named.split("/"):
            parts = parts[:-1] if part == ".." else parts if part == "." else [*parts, part]
        below = "/".join(parts)
        if not _OF_DTSCHEMA.match(below.removeprefix(BINDINGS)):
            yield below


@check
def config_unused(job: ChangedTree) -> Iterator[Hit]:
    """A new option that neither a Makefile nor the code nor another option asks for."""
    asked: dict[str, Location] = {}
    for path, lines in job.added.items():
        if not path.rpartition("/")[2].startswith("Kconfig"):
            continue
        before = job.before.get(path, b"").decode("utf-8", "replace")
        for number, text in lines:
            match = _CONFIG.match(text)
            if match and not re.search(rf"^\s*(?:menu)?config\s+{match.group('name')}\s*$", before, re.MULTILINE):
                asked.setdefault(match.group("name"), _location(path, number, text, match.group("name")))
    if not asked:
        return
    tree = job.after.tree
    words = [each for name in sorted(asked) for each in (name, f"CONFIG_{name}", f"CONFIG_{name}_MODULE")]
    texts = tree.read(
        tree.search(words, ("*Kconfig*", "*Makefile*", "*Kbuild*", "*.c", "*.h", "*.S", "*.lds*", "*.sh"))
    )
    for name, location in asked.items():
        used = expression(rf"\bCONFIG_{name}(?:_MODULE)?\b".encode())
        other = expression(rf"^(?!\s*(?:menu)?config\s).*\b{name}\b".encode(), re.MULTILINE)
        if not any(used.search(text) or ("Kconfig" in path and other.search(text)) for path, text in texts.items()):
            yield Hit(f"nothing uses the new option {name}", location, key=name, patch=job.at_fault(location.path))


@check
def export_unused(job: ChangedTree) -> Iterator[Hit]:
    """A function that the series exports, and that no other source names."""
    asked: dict[str, Location] = {}
    for path, lines in job.added.items():
        before = job.before.get(path, b"").decode("utf-8", "replace")
        for number, text in lines:
            match = _EXPORT.match(text) if path.endswith(".c") else None
            if match and f"({match.group('name')}" not in "".join(_EXPORT_OLD.findall(before)):
                asked.setdefault(match.group("name"), _location(path, number, text, match.group("name")))
    if not asked:
        return
    tree = job.after.tree
    users = tree.read(tree.search(sorted(asked), ("*.c", "*.h", "*.S", "*.rs")))
    for name, location in asked.items():
        word = expression(rf"\b{name}\b".encode())
        own = location.path
        others = [path for path, text in users.items() if path != own and len(word.findall(text)) > path.endswith(".h")]
        if not others:
            yield Hit(f"no other source uses {name}()", location, key=name, patch=job.at_fault(location.path))
