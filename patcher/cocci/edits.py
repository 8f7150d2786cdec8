"""What spatch has made of a file, as edits: of the code that it changed, and not of the white space around."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from patcher.model import Edit, Span

# A comment is a token here: one that goes with code that goes is part of the change. So is a directive as a whole, in
# which white space can matter.
_TOKEN = re.compile(
    rb"""//(?:\\\r?\n|[^\n])*|/\*.*?(?:\*/|\Z)
    |^[ \t]*\#(?:/\*.*?(?:\*/|\Z)|\\\r?\n|[^\n])*
    |"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*
    |\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|[-+*/%&|^<>=!]=|&&|\|\||[^\s]""",
    re.DOTALL | re.VERBOSE | re.MULTILINE,
)

_STRICT = re.compile(rb"[#\"'\\]")
_MANY = 4_000_000  # pairs of tokens; beyond, the shortest change is not worth its time


class _Token(NamedTuple):
    text: bytes
    start: int
    end: int


def edits(path: str, old: bytes, new: bytes, because: str) -> tuple[Edit, ...]:
    """The edits that bring ``old`` to the code of ``new``, in the order of their places.

    Tokens that are the same keep the white space between them, so code that was only laid out anew comes to no edit.
    """
    found = []
    for first, last, begin, end in _blocks(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        found += [
            Edit(Span(path, first + one.start, first + one.end), one.text, because)
            for one in _joined(old[first:last], _within(old[first:last], new[begin:end]))
        ]
    return tuple(found)


def _joined(old: bytes, changes: Iterable[_Token]) -> list[_Token]:
    """Changes of one line as one."""
    found: list[_Token] = []
    for one in changes:
        if found and b"\n" not in (kept := old[found[-1].end : one.start]):
            found[-1] = _Token(found[-1].text + kept + one.text, found[-1].start, one.end)
        else:
            found.append(one)
    return found


def _blocks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """The lines that differ in more than white space, as bytes of both: start and end in ``old``, then in ``new``.

    Each is whole lines, and does not begin or end within a comment of several lines that both have.
    """
    keys = [_key(line) for line in old], [_key(line) for line in new]
    at = _offsets(old), _offsets(new)
    for kind, first, last, begin, end in difflib.SequenceMatcher(None, *keys).get_opcodes():
        if kind != "equal":
            yield at[0][first], at[0][last], at[1][begin], at[1][end]


def _key(line: bytes) -> bytes:
    """The line without white space, but where that may have a meaning."""
    return line if _STRICT.search(line) else b"".join(line.split())


def _offsets(lines: Sequence[bytes]) -> list[int]:
    found = [0]
    for line in lines:
        found.append(found[-1] + len(line))
    return found


def _within(old: bytes, new: bytes) -> Iterator[_Token]:
    """What to put where in one block: a token's text replaces the bytes of ``old`` from its start to its end."""
    ours, theirs = _tokens(old), _tokens(new)
    if [token.text for token in ours] == [token.text for token in theirs]:
        return
    if not ours or not theirs:
        yield _Token(new, 0, len(old))
        return
    texts = [token.text for token in ours], [token.text for token in theirs]
    matcher = difflib.SequenceMatcher(None, *texts, autojunk=len(ours) * len(theirs) > _MANY)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind == "equal":
            continue
        # from the end of the token before to the start of the one behind: the space around new code is spatch's
        span = _between(ours, first, last, len(old))
        text = new[slice(*_between(theirs, begin, end, len(new)))]
        yield _shortened(old, _Token(text, *span))


def _tokens(code: bytes) -> list[_Token]:
    return [_Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(code)]


def _between(found: Sequence[_Token], first: int, last: int, size: int) -> tuple[int, int]:
    return found[first - 1].end if first else 0, found[last].start if last < len(found) else size


def _shortened(old: bytes, edit: _Token) -> _Token:
    """Without white space at both ends that stays as it is."""
    there = old[edit.start : edit.end]
    first = _same_space(there, edit.text)
    last = _same_space(there[first:][::-1], edit.text[first:][::-1])
    return _Token(edit.text[first : len(edit.text) - last], edit.start + first, edit.end - last)


def _same_space(one: bytes, other: bytes) -> int:
    both = takewhile(lambda pair: pair[0] == pair[1] and pair[0] in b" \t\r\n", zip(one, other, strict=False))
    return sum(1 for _ in both)
