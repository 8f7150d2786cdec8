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

    Code that was only laid out anew comes to no edit: the white space between tokens that are the same stays, but in
    a statement of which something else is changed, as arguments are aligned to a call's new name.
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


def _blocks(old: Sequence[bytes], new: Sequence[bytes]) -> Sequence[tuple[int, int, int, int]]:
    """The lines that differ in more than white space, with those around that differ in it, as bytes of both: start and
    end in ``old``, then in ``new``."""
    keys = [_key(line) for line in old], [_key(line) for line in new]
    at = _offsets(old), _offsets(new)
    codes = difflib.SequenceMatcher(None, *keys).get_opcodes()
    taken = 0  # lines of ``old`` that belong to the block before
    found: list[tuple[int, int, int, int]] = []
    for number, (kind, first, last, begin, end) in enumerate(codes):
        if kind == "equal":
            continue
        top = max(taken, codes[number - 1][1] if number else 0)
        while first > top and old[first - 1] != new[begin - 1]:
            first, begin = first - 1, begin - 1
        bottom = codes[number + 1][2] if number + 1 < len(codes) else last
        while last < bottom and old[last] != new[end]:
            last, end = last + 1, end + 1
        taken = last
        block = at[0][first], at[0][last], at[1][begin], at[1][end]
        if found and (found[-1][1], found[-1][3]) == (block[0], block[2]):  # a statement may be in both
            before = found.pop()
            block = before[0], block[1], before[2], block[3]
        found.append(block)
    return found


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
    codes = matcher.get_opcodes()
    rows = _statements(ours)
    changed = {
        row for kind, first, last, _, _ in codes if kind != "equal" for row in rows[first : max(last, first + 1)]
    }
    for kind, first, last, begin, end in codes:
        if kind == "equal":
            for one, other in zip(range(first, last - 1), range(begin, end - 1), strict=True):
                span = ours[one].end, ours[one + 1].start
                text = new[theirs[other].end : theirs[other + 1].start]
                if rows[one] == rows[one + 1] and rows[one] in changed and old[slice(*span)] != text:
                    yield _Token(text, *span)
            continue
        # from the end of the token before to the start of the one behind: the space around new code is spatch's
        span = _between(ours, first, last, len(old))
        text = new[slice(*_between(theirs, begin, end, len(new)))]
        yield _shortened(old, _Token(text, *span))


def _statements(found: Sequence[_Token]) -> list[int]:
    """The number of the statement that each token is of."""
    rows, row = [], 0
    for token in found:
        rows.append(row)
        row += token.text in (b";", b"{", b"}")
    return rows


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
