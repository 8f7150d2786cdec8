"""How a patch lies in the text of a mail: moved to the right or quoted as a whole, cut in two by a line of its own, or
answered. Git finds no patch there, or only a part of it; a person sees what is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from patcher.lazy import expression
from patcher.mail.model import Problem

_MOVED = expression(r"(?P<mark>[ \t]+|(?:> ?)+)(?:diff --git \S+ \S+\Z|--- (?:a/|/dev/null)\S*)")
_DIFF = expression(r"diff --git |--- (?:a/|/dev/null)")
_SIGNED = expression(r"signed-off-by:\s*\S", re.IGNORECASE)
_TAG = expression(r"(?:[A-Za-z]+-)+by:\s|(?:Fixes|Link|Closes|Cc):\s", re.IGNORECASE)
_WROTE = expression(r"(?!>).*\b(?:wrote|writes|said|schrieb|skrev)\b.{0,40}:\s*\Z")
_SEPARATOR = expression(r"---\s*\Z")


def straightened(lines: Sequence[str]) -> tuple[Sequence[str], Problem | None]:
    """The lines of a patch that is indented or quoted as a whole, without that, and what it was; else the lines."""
    if any(_DIFF.match(line) for line in lines):
        return lines, None
    mark = next((match.group("mark") for line in lines if (match := _MOVED.match(line))), "")
    if not mark:
        return lines, None
    what = "quoted" if ">" in mark else "indented"
    return [_without(line, mark) for line in lines], Problem(what, f"its diff is {what}")


def _without(line: str, mark: str) -> str:
    if line.startswith(mark):
        return line[len(mark) :]
    return "" if line.strip() == mark.strip() else line


def end_of_cut(lines: Sequence[str], first: int, end: int) -> int | None:
    """Where the message that begins at ``first`` really ends, if git ends it at ``end``, before its sign-off; None
    where git is right."""
    above = next((line for line in reversed(lines[first:end]) if line.strip()), "")
    if any(map(_SIGNED.match, lines[first:end])) or _TAG.match(above):
        return None  # where tags end it, it was meant to end, whatever is below
    signed = next((at for at in range(end, len(lines)) if _SIGNED.match(lines[at])), len(lines))
    diff = next((at for at in range(signed, len(lines)) if lines[at].startswith("diff --git ")), None)
    if diff is None:
        return None
    return next(at for at in range(signed, diff + 1) if at == diff or _SEPARATOR.match(lines[at]))


def answers(lines: Sequence[str], *, threaded: bool) -> bool:
    """Whether a text answers a mail, whatever its subject says: it quotes one, and is no patch of its own.
    ``threaded``: the mail names another that it answers."""
    quotes = [line for line in lines if line.startswith(">")]
    own = any(line.startswith("diff --git ") for line in lines) and any(map(_SIGNED.match, lines))
    if own or not quotes:
        return False
    for at, line in enumerate(lines):
        if _WROTE.match(line) and any(each.startswith(">") for each in lines[at + 1 : at + 4]):
            return True
    said = [line for line in lines if line.strip() and not line.startswith(">")]
    return threaded and len(said) > 3 and not any(line.startswith("diff --git ") for line in lines)
