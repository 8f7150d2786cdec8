"""Names that no parse has explained: what is told of them from the text alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from patcher.model import FileFacts, How, Span, Use

_EXPORT = re.compile(rb"(?:EXPORT_\w+|typeof|sizeof)\s*\(\s*\Z")
_DECLARED = re.compile(rb"\s*\([^;{]*\bstruct\s+vm_area_struct\s*\*")


def plain_facts(path: str, uses: Iterable[Use]) -> FileFacts:
    """The facts of a file, or of a part of it, that was only read as text."""
    return FileFacts(path, "text", (), tuple(uses), (), (), (), (), 0)


def plain_use(path: str, at: int, name: str, starts: Sequence[int], condition: str = "") -> Use:
    """A use of which no more is known than where it is, and the directives that it stands under."""
    line = bisect_right(starts, at)
    span = Span(path, at, at + len(name))
    conditions = (condition,) if condition else ()
    return Use(name, span, line, at - starts[line - 1] + 1, "", How.READ, span, conditions, "", "", False)


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
