"""Names that no parse has explained: what is told of them from the text alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from patcher.model import FileFacts, How, Span, Use

_EXPORT = re.compile(rb"(?:EXPORT_\w+|typeof|sizeof)\s*\(\s*\Z")
_SET = re.compile(
    rb"(?:([\w>.-]+)\s*->\s*vm_flags\s*\|?=(?!=)|\bvm_flags_(?:set|mod)\s*\(\s*([\w>.-]+)\s*,)[^,;=~?]*\Z"
)
_DECLARED = re.compile(rb"\s*\([^;{]*\bstruct\s+vm_area_struct\s*\*")


def plain_facts(path: str, uses: Iterable[Use]) -> FileFacts:
    """The facts of a file, or of a part of it, that was only read as text."""
    return FileFacts(path, "text", (), tuple(uses), (), (), (), (), 0)


def plain_use(path: str, at: int, name: str, starts: Sequence[int], condition: str = "", area: str = "") -> Use:
    """A use of which no more is known than where it is, the directives that it stands under, and the vma whose flags
    it sets."""
    line = bisect_right(starts, at)
    span = Span(path, at, at + len(name))
    conditions = (condition,) if condition else ()
    how, target = (How.SET, f"{area}->vm_flags") if area else (How.READ, "")
    return Use(name, span, line, at - starts[line - 1] + 1, "", how, span, conditions, "", target, False)


def area_of(code: bytes, at: int) -> str:
    """The vma whose flags what stands at an offset sets, as the text of its statement tells it, or ""."""
    start = max(code.rfind(end, 0, at) for end in (b";", b"{", b"}")) + 1
    found = _SET.search(code[start:at])
    return (found.group(1) or found.group(2)).decode("latin-1") if found else ""


def only_named(code: bytes, at: int, name: str) -> bool:
    """Whether a function is only named here: exported, declared, asked for by ``#ifdef``."""
    line = code[code.rfind(b"\n", 0, at) + 1 : at]
    after = code[at + len(name) :]
    called = re.match(rb"\s*\(", after) is not None
    return bool(
        _EXPORT.search(code[max(0, at - 80) : at])
        or (re.match(rb"\s*#\s*(?:if|ifdef|ifndef|elif|undef|define)\b", line) and not called)
        or _DECLARED.match(after[:400])
    )
