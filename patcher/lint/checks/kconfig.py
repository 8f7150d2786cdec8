"""Checks on how added Kconfig is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check

_FILE = expression(r"(?:\A|/)Kconfig[^/]*\Z")
_HELP = expression(r"[ \t]*help\s*\Z")
_ENDS = expression(r"\S|\s(?:endif|endmenu|config|menu)\b")
_STOP = expression(r"[.!?:)]\Z|://\S+\Z|>\Z")


@check(files=("Kconfig",))
def kconfig_form(job: Change) -> Iterator[Hit]:
    """An added help text that is not indented as it should be, or ends without a full stop."""
    for file in job.diff.files:
        for hunk in shown(job.diff, file) if _FILE.search(file.path) else ():
            for index, each in enumerate(hunk):
                text = _text(hunk, index) if each.added and _HELP.match(each.text) else ()
                if not text:
                    continue
                first, last = text[0], [line for line in text if line.text.strip()][-1]
                if not first.text.startswith("\t  ") or first.text.startswith("\t   "):
                    yield Hit("the help text is not indented by a tab and two blanks", job.file(file.path, first.line))
                if not _STOP.search(last.text.rstrip()):
                    yield Hit("the help text ends without a full stop", job.file(file.path, last.line))


def _text(hunk: Sequence[Shown], index: int) -> Sequence[Shown]:
    """The added lines of a help text; none where the diff does not show its end."""
    for at in range(index + 1, len(hunk)):
        line = hunk[at]
        if _ENDS.match(line.text):
            return hunk[index + 1 : at]
        if not line.added:
            return () if line.text.strip() else hunk[index + 1 : at]
    return hunk[index + 1 :] if hunk and hunk[-1].added else ()


@check(files=("Kconfig",))
def kconfig_layout(job: Change) -> Iterator[Hit]:
    """Options indented with blanks, with ``default n``, or without an empty line before them; told once a file."""
    for file in job.diff.files:
        if not _FILE.search(file.path) or file.deleted:
            continue
        for above, each in (pair for hunk in shown(job.diff, file) for pair in pairwise(hunk)):
            if not each.added:
                continue
            if re.match(
                r" {2,}(?:bool|tristate|depends|select|default|help|imply|prompt|range|int|hex|string)\b", each.text
            ):
                yield Hit("indented with blanks", job.file(file.path, each.line))
                break
            if re.match(r"\s+default n\s*\Z", each.text):
                yield Hit("default n is the default", job.file(file.path, each.line), "remove it")
                break
            if re.match(r"(?:menu)?config \w", each.text) and re.match(r"\s+\S", above.text):
                yield Hit("no empty line before an option", job.file(file.path, each.line))
                break


_CALLED = expression(r"\bmodules?\s+(?:will be|is)\s+(?:called|named):?\s+[\"'`]?(?P<name>[a-z][\w-]+\w)")
_OPTION = expression(r"(?:menu)?config (?P<name>[A-Z0-9_]+)\s*\Z")
_BUILT = expression(r"obj-\$\(CONFIG_(?P<option>\w+)\)\s*\+?=\s*(?P<objects>\S.*)")


@check(files=("Kconfig",), added=("called", "named"))
def kconfig_module(job: Change) -> Iterator[Hit]:
    """A help text that calls the module otherwise than the Makefile of the patch builds it."""
    built: dict[str, set[str]] = {}
    for file in job.diff.files:
        for line in file.added if file.path.endswith(("Makefile", "Kbuild")) else ():
            if match := _BUILT.match(line.text):
                objects = re.findall(r"([\w-]+)\.o\b", match.group("objects"))
                built.setdefault(match.group("option"), set()).update(each.replace("-", "_") for each in objects)
    for file in job.diff.files if built else ():
        option, above = "", ""
        for line in file.added if _FILE.search(file.path) else ():
            option = found.group("name") if (found := _OPTION.match(line.text)) else option
            match = _CALLED.search(f"{above} {line.text.strip()}") if option in built else None
            above = "" if found else line.text.strip()
            if match and match.group("name").replace("-", "_") not in built[option]:
                name = match.group("name")
                what = f"the module is called {name}, and built as {min(built[option])}"
                yield Hit(what, job.file(file.path, line), key=name)
                option = ""
