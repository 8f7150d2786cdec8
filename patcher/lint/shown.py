"""What of a tree its checkpatch.pl is shown: the files that it looks up for the patches at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from patcher.lazy import expression
from patcher.mail.diff import Diff
from patcher.mail.model import Patch

BINDINGS = "Documentation/devicetree/bindings/"
_INCLUDE = expression(r'[ \t]*#[ \t]*include[ \t]*[<"]([^>"]{1,200})[>"]')
_COMPATIBLE = expression(r'compatible\s*=\s*"')
_ABSOLUTE = expression(r"(?:^|\s)(/[^\s,;:)]{1,400})")
_ID = expression(r"\b(?=[a-f]*[0-9])[0-9a-f]{5,64}\b", re.IGNORECASE)  # a word of letters is none


def wanted(patches: Sequence[tuple[Patch, Diff]]) -> Iterator[str]:
    """Paths, some of which a tree may have: touched files, headers that added lines include, and files of which the
    message speaks by an absolute path. A path that ends in / stands for all that is below."""
    for patch, diff in patches:
        for file in diff.files:
            yield from (file.path, file.old_path)
            yield from _of_lines(file.path, (line.text for line in file.added))
        for line in patch.body:
            for absolute in _ABSOLUTE.findall(line):
                parts = absolute.split("/")[1:]
                yield from ("/".join(parts[start:]) for start in range(len(parts)))


def _of_lines(path: str, lines: Iterable[str]) -> Iterator[str]:
    devicetree = path.endswith((".dts", ".dtsi", ".dtso", ".c", ".h"))
    for line in lines:
        if match := _INCLUDE.match(line):
            name = match.group(1)
            yield f"include/{name}"
            if name.startswith("asm/"):
                yield f"include/linux/{name.removeprefix('asm/')}"
        elif devicetree and _COMPATIBLE.search(line):
            yield BINDINGS


def ids(patches: Sequence[tuple[Patch, Diff]]) -> Iterator[str]:
    """What may be the id of a commit in the messages."""
    for patch, _ in patches:
        for line in (patch.subject, *patch.body, *patch.below):
            yield from (found.lower() for found in _ID.findall(line))
