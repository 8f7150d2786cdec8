"""C as bytes: comments, strings and words, with every offset kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression

# What is not closed ends with its line: looked for anew at each quote, a line of them would take its length squared.
_HIDDEN = expression(rb'//(?:[^\n\\]|\\.)*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?', re.DOTALL)
_NOT_NEWLINE = expression(rb"[^\n]")
_WORD = expression(rb"[A-Za-z_]\w*")
_DEFINE = expression(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:\\\r?\n|[^\n])*)", re.MULTILINE)


def code_only(source: bytes) -> bytes:
    """The source with comments, strings and characters blanked out, same length, same lines."""
    return _HIDDEN.sub(lambda match: _NOT_NEWLINE.sub(b" ", match.group()), source)


def words(code: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int]]:
    """Every identifier of ``code_only`` text with its offset."""
    for match in _WORD.finditer(code, start, len(code) if end is None else end):
        yield match.group().decode(), match.start()


def macros(code: bytes) -> Iterator[tuple[str, frozenset[str]]]:
    """Each macro that ``code_only`` text defines, with the words of its body."""
    for match in _DEFINE.finditer(code):
        yield match.group(1).decode(), frozenset(word.decode() for word in _WORD.findall(match.group(2)))


def arguments(code: bytes, source: bytes, opening: int) -> tuple[tuple[str, ...], int]:
    """The arguments of the call whose ``(`` is at ``opening``, as source text in one line each, and its end."""
    depth, start, found = 0, opening + 1, []
    for at in range(opening, len(code)):
        char = code[at]
        if char in b"([{":
            depth += 1
        elif char in b")]}":
            depth -= 1
            if depth == 0:
                found.append(source[start:at])
                texts = tuple(flat(text) for text in found)
                return (texts if texts != ("",) else ()), at + 1
        elif char == ord(",") and depth == 1:
            found.append(source[start:at])
            start = at + 1
    return (), len(code)


def flat(text: bytes) -> str:
    """Source text as one line, white space folded, unreadable bytes replaced."""
    return " ".join(text.decode("utf-8", "replace").split())


def line_starts(source: bytes) -> list[int]:
    """The offset at which each line begins."""
    return [0, *(match.end() for match in re.finditer(rb"\n", source))]
