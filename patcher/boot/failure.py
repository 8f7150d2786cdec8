"""What a build that failed said, cut to what a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from patcher.boot.model import BuildError

_LINES = 30
_WIDTH = 500
_BEFORE = 2  # lines that say in which function, included from where
_COMPLAINTS = (
    re.compile(r".*(?:fatal )?(?:error|Error): |.*undefined reference|.*multiple definition"),
    re.compile(r"(?!make(?:\[\d+\])?: ).*(?:[Ee]rror|Can't|cannot|No such|not found)"),
    re.compile(r".*\*\*\*"),
)


def failure(output: str, places: Iterable[Path], why: str = "") -> BuildError:
    """The error for a build that came to this output: its first complaint, or ``why`` where that is known, and the
    lines from there on, with paths from the top of ``places``."""
    for place in places:
        output = output.replace(f"{place}/", "")
    lines = [line.rstrip()[:_WIDTH] for line in output.splitlines() if line.strip()] or ["make said nothing"]
    at = next((at for pattern in _COMPLAINTS for at, line in enumerate(lines) if pattern.match(line)), len(lines) - 1)
    return BuildError(why or lines[at].strip()[:300], tuple(lines[max(0, at - _BEFORE) : at + _LINES]))
