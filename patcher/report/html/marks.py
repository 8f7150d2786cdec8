"""Which tone each status, level and verdict has, and the names that links lead to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from enum import Enum

from patcher.report.html.page import Finding, Group, Mark, Tone

_TONES = {
    "PASS": Tone.GOOD, "WARN": Tone.WARN, "FAIL": Tone.BAD, "ERROR": Tone.ODD, "SKIP": Tone.IDLE, "ABSENT": Tone.IDLE,
    "error": Tone.BAD, "warning": Tone.WARN, "note": Tone.INFO, "conflict": Tone.BAD, "property": Tone.BAD,
    "redundant": Tone.GOOD, "required": Tone.BAD, "plumbing": Tone.INFO, "unrelated": Tone.IDLE,
    "undecided": Tone.WARN, "needed": Tone.INFO, "present": Tone.GOOD, "blocked": Tone.BAD,
    "applicable": Tone.GOOD, "partly-applied": Tone.INFO, "already-applied": Tone.IDLE, "not-applicable": Tone.BAD,
}  # fmt: skip
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def mark(state: Enum) -> Mark:
    """A status, level or verdict of any layer."""
    word = str(state.value)
    return Mark(word, _TONES[word])


def plain(*words: str) -> str:
    """A name for links, made of these words."""
    return _NOT_PLAIN.sub("-", "-".join(words))[:100]


class Anchors:
    """Names for links, each once in a page. The same findings get the same names in the next report."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def name(self, kind: str, fingerprint: str) -> str:
        """A name for what has this fingerprint."""
        wanted = plain(kind, fingerprint)
        numbered = (wanted if count == 1 else f"{wanted}.{count}" for count in itertools.count(1))
        found = next(name for name in numbered if name not in self._given)
        self._given.add(found)
        return found


def by_file(found: Iterable[tuple[str, Finding]]) -> tuple[Group, ...]:
    """Findings with the path of each, grouped; paths and findings in the order given."""
    order: dict[str, list[Finding]] = {}
    for path, finding in found:
        order.setdefault(path, []).append(finding)
    return tuple(Group(path, tuple(findings)) for path, findings in order.items())


def place(path: str, line: int) -> str:
    """``path:line``; a line without a path is one of a commit's message."""
    if path:
        return f"{path}:{line}" if line else path
    return f"message line {line}" if line else ""


def number(count: int, what: str, several: str = "") -> str:
    """``1 patch``, ``2 patches``."""
    plural = several or f"{what}{'es' if what.endswith(('h', 's')) else 's'}"
    return f"{count:,} {what if count == 1 else plural}"


def counted(marks: Sequence[Mark]) -> str:
    """``3 PASS, 1 SKIP``, in the order of the tones."""
    order = list(_TONES)
    words = sorted((each.word for each in marks), key=order.index)
    return ", ".join(f"{len(list(same))} {word}" for word, same in itertools.groupby(words))
