"""One change of many files as patches, one for each who must take it, with a message that speaks of that one."""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patcher import template
from patcher.errors import InputError
from patcher.escape import safe
from patcher.generate import repeats
from patcher.model import Edit, Finding, Verdict
from patcher.source.outline import Outline, Unreadable
from patcher.tree.groups import Group

FIELDS = (
    "prefix", "driver", "entry", "directory", "file", "files", "functions", "places", "nfiles", "nfunctions", "why",
    "evidence", *repeats.FIELDS,
)  # fmt: skip
_PLACE = re.compile(r"\S+:\d+: ")
_EVIDENCE = "{evidence}"  # a paragraph of its own
_WIDTH = 72
_LAID_OUT = re.compile(r"[^\w(\"'{]|[\w-]+: |\d+[.)] ")  # a list, a tag, code
_LONG, _SENTENCES = 300, 2000  # characters of a line that is shown, and of sentences
_SHOWN = 6  # lines of evidence


class Part(NamedTuple):
    """One patch to be: its group, the edits and the files as they become, its subject and the text below that."""

    group: Group
    edits: tuple[Edit, ...]
    changes: Mapping[str, bytes]
    title: str
    message: str


def check(title: str, message: str, where: str) -> None:
    """Raises InputError where a template names what there is not; ``where`` is its file."""
    for text in (title, message):
        if fault := template.fault(text, FIELDS):
            raise InputError(f"{where}: {fault}", "see docs/series.md for what can be filled in")


def parts(
    edits: Sequence[Edit], changes: Mapping[str, bytes], before: Mapping[str, bytes], found: Sequence[Group],
    title: str, message: str, findings: Sequence[Finding] = (),
) -> tuple[Part, ...]:  # fmt: skip
    """A change in parts, one for each group that has some of it.

    Arguments:
        edits, changes: all of it, and the files as they become; ``before``: as they were
        found: groups of all these files
        title, message: templates, see ``fields``
        findings: what plan has found in these files
    """
    made = []
    for group in found:
        own = tuple(edit for edit in edits if edit.span.path in group.paths)
        after = {path: changes[path] for path in group.paths if path in changes}
        if after:
            told = _told(own, before, findings)
            others = [each for each in findings if each.path in after and each not in told]
            values = {**fields(group, own, before), "why": _why(told), **repeats.fields(told, others, own)}
            paragraphs = (_filled(part, values, told) for part in message.split("\n\n"))
            text = "\n\n".join(part for part in paragraphs if part.strip()).rstrip("\n") + "\n"
            made.append(Part(group, own, after, " ".join(template.filled(title, values).split()), text))
    return tuple(made)


def _told(edits: Sequence[Edit], before: Mapping[str, bytes], findings: Sequence[Finding]) -> list[Finding]:
    """The findings on lines that are edited."""
    lines = set()
    for edit in edits:
        content, span = before.get(edit.span.path, b""), edit.span
        first = content.count(b"\n", 0, span.start) + 1
        lines |= {(span.path, line) for line in range(first, first + content.count(b"\n", span.start, span.end) + 1)}
    return [each for each in findings if (each.path, each.line) in lines and each.verdict is Verdict.REDUNDANT]


def _why(told: Sequence[Finding]) -> str:
    """What plan says of them, in sentences, as far as they fit in a value."""
    text = ""
    for why in dict.fromkeys(each.why for each in told):
        sentence = why if why.endswith(".") else f"{why}."
        longer = f"{text} {sentence}".strip()
        if len(longer) > template.LONG:
            break
        text = longer
    return text


def _filled(paragraph: str, values: Mapping[str, str], told: Sequence[Finding]) -> str:
    """A paragraph, broken anew where something was filled in."""
    if paragraph.strip() == _EVIDENCE:
        lines = Counter(line.strip() for each in told for line in each.evidence if _PLACE.match(line))
        shown = sorted(lines, key=lines.__getitem__)[:_SHOWN]  # what several findings rest on comes last
        return safe("\n".join(f"  {line[:_LONG]}" for line in shown))
    text = template.filled(paragraph, values, _SENTENCES)
    if text == paragraph or any(_LAID_OUT.match(line) for line in paragraph.strip("\n").split("\n")):
        return text
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n" * text.endswith("\n")


def fields(group: Group, edits: Sequence[Edit], before: Mapping[str, bytes]) -> dict[str, str]:
    """What a template can name.

    ``{prefix}`` (with its colon), ``{driver}``, ``{entry}`` of MAINTAINERS, ``{directory}``, ``{file}`` (the first),
    ``{files}`` and ``{functions}`` in words, ``{places}``, ``{nfiles}`` and ``{nfunctions}`` as numbers; besides
    ``{why}``, what plan says of the lines, ``{evidence}``, the lines that show it, as a paragraph, and what
    ``repeats.fields`` has.
    """
    paths = [path for path in group.paths if any(edit.span.path == path for edit in edits)] or list(group.paths)
    functions = list(dict.fromkeys(name for path in paths for name in _functions(path, edits, before)))
    directory = posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else ""
    places = {
        (edit.span.path, before.get(edit.span.path, b"").count(b"\n", 0, edit.span.start))
        for edit in edits
        if not edit.replacement.lstrip().startswith(b"#include")  # what the change needs, not the change
    }
    return {
        "prefix": group.prefix,
        "driver": group.name,
        "entry": group.entry,
        "directory": directory,
        "file": posixpath.basename(paths[0]),
        "files": template.in_words([posixpath.relpath(path, directory) if directory else path for path in paths]),
        "functions": template.in_words([f"{name}()" for name in functions]) or posixpath.basename(paths[0]),
        "places": str(len(places)),
        "nfiles": str(len(paths)),
        "nfunctions": str(max(1, len(functions))),
    }


def _functions(path: str, edits: Sequence[Edit], before: Mapping[str, bytes]) -> list[str]:
    """The functions of a file that are edited, in order."""
    try:
        items = Outline(before.get(path, b"")).items
    except Unreadable:
        return []
    starts = sorted(edit.span.start for edit in edits if edit.span.path == path)
    return [
        item.names[0]
        for item in items
        if item.kind == "function" and item.names and any(item.start <= start < item.end for start in starts)
    ]
