"""What statements leave behind when they go: comments, empty lines and ``#ifdef``s, variables without a use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from patcher.source.outline import Outline, Statement, Token

_BETWEEN = re.compile(rb"(?:\s|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
_BEHIND = re.compile(rb"[ \t]*(?:(?:/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)[ \t]*)?(?:\r?\n|\Z)")
_ABOUT_FLAGS = re.compile(rb"vm_flags|\bswap|dump|\bm?lock(?:ed|ing)? in|\bmerge|\bexpand", re.IGNORECASE)
_FLAG = re.compile(rb"\bVM_[A-Z]+\b")
_IF = re.compile(rb"[ \t]*#[ \t]*if")
_ELSE = re.compile(rb"[ \t]*#[ \t]*(?:else|elif)")
_ENDIF = re.compile(rb"[ \t]*#[ \t]*endif")
_WORD = re.compile(rb"[A-Za-z_]\w*\Z")
_NO_TYPE = (b"return", b"goto", b"case", b"default", b"break", b"continue", b"else")
_PURE_CALLS = (b"likely", b"unlikely", b"IS_ENABLED", b"__pa", b"PAGE_ALIGN", b"virt_to_phys", b"if", b"sizeof")
_CHANGES = re.compile(rb"\+\+|--|(?:<<|>>|[-+*/%&|^])?=")


class Removal(NamedTuple):
    """Bytes that go."""

    start: int
    end: int


def pure(tokens: Sequence[Token]) -> bool:
    """Whether a piece of an expression only looks: it changes nothing, and calls nothing that might."""
    for number, token in enumerate(tokens):
        called = token.text == b"(" and number and _WORD.match(tokens[number - 1].text)
        if _CHANGES.fullmatch(token.text) or (called and tokens[number - 1].text not in _PURE_CALLS):
            return False
    return True


# variables


def dead(outline: Outline, rows: Sequence[Sequence[Statement]], gone: Sequence[Statement]) -> list[Removal] | None:
    """The declarations, and assignments without effect, of variables that only these statements use; None where one of
    them has to stay, as what it is given does more than that."""
    found: list[Removal] = []
    lost = {at for each in gone for at in range(each.first, each.last)}
    while True:
        new = next(_unused(outline, rows, lost), None)
        if new is None:
            return found
        if not new:
            return None
        for first, last in new:
            lost |= set(range(first, last))
            found.append(Removal(outline.tokens[first].start, outline.tokens[last - 1].end))


def _unused(
    outline: Outline, rows: Sequence[Sequence[Statement]], lost: Collection[int]
) -> Iterator[list[tuple[int, int]]]:
    """Token ranges that declare a variable, or only store in it, which nothing else names but what is lost; none where
    it cannot go."""
    tokens = outline.tokens
    simple = [one for row in rows for one in row if not one.blocks and one.first not in lost]
    for name in sorted({tokens[at].text for at in lost if _WORD.match(tokens[at].text)}):
        declared = next(filter(None, (_declarator(tokens, one, name, lost) for one in simple)), None)
        if declared is None:
            continue
        ranges, own = [declared], set(range(*declared))
        for one in simple:
            texts = [token.text for token in tokens[one.first : one.last]]
            if texts[:2] == [name, b"="] and pure(tokens[one.first + 2 : one.last]):
                ranges.append((one.first, one.last))
                own |= set(range(one.first, one.last))
        first, last = rows[0][0].first, rows[0][-1].last
        if not any(tokens[at].text == name and at not in lost and at not in own for at in range(first, last)):
            yield ranges if pure(_initialiser(tokens, declared, name)) else []


def _initialiser(tokens: Sequence[Token], declared: tuple[int, int], name: bytes) -> Sequence[Token]:
    """What a declaration gives a variable."""
    at = next(at for at in range(*declared) if tokens[at].text == name)
    return tokens[at + 2 : declared[1]]


def _declarator(tokens: Sequence[Token], one: Statement, name: bytes, lost: Collection[int]) -> tuple[int, int] | None:
    """What declares a variable: the whole statement, or its part of one that declares others, too."""
    at = one.first
    while at < one.last and (_WORD.match(tokens[at].text) or tokens[at].text == b"*"):
        at += 1
    if at - one.first < 2 or tokens[one.first].text in _NO_TYPE or tokens[at].text not in (b"=", b";", b","):
        return None
    begin, parts, depth = at - 1, [], 0
    while tokens[begin - 1].text == b"*":
        begin -= 1
    start = begin
    for index in range(begin, one.last):
        text = tokens[index].text
        depth += (text in (b"(", b"[", b"{")) - (text in (b")", b"]", b"}"))
        if depth == 0 and text in (b",", b";"):
            parts.append((start, index))
            start = index + 1
    parts = [part for part in parts if part[0] not in lost]
    for number, (first, last) in enumerate(parts):
        names = [tokens[index].text for index in range(first, last)]
        stars = next(index for index, text in enumerate(names) if text != b"*")
        if names[stars] != name:
            continue
        if names[stars + 1 : stars + 2] not in ([], [b"="]):
            return None
        if len(parts) == 1:
            return one.first, one.last
        return (first, last + 1) if number == 0 else (first - 1, last)
    return None


# lines


def lines(outline: Outline, pieces: Sequence[Removal], flags: Collection[str]) -> Iterator[tuple[int, int]]:
    """The bytes that go with some pieces of code. ``flags``: what these have set, which comments may speak of."""
    source = outline.source
    groups: list[Removal] = []
    for piece in sorted(pieces):
        between = _BETWEEN.match(source, groups[-1].end) if groups else None
        if between and between.end() >= piece.start:
            groups[-1] = groups[-1]._replace(end=max(groups[-1].end, piece.end))
        else:
            groups.append(piece)
    for start, end in groups:
        begin, behind = outline.line_start(start), _BEHIND.match(source, end)
        if source[begin:start].strip() or behind is None:
            yield _within_line(source, start, end)
            continue
        yield _whole(outline, begin, behind.end(), start, {flag.encode() for flag in flags})


def _within_line(source: bytes, start: int, end: int) -> tuple[int, int]:
    if source[start : start + 1].isspace():
        return start, end
    while source[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    return start, end


def _whole(outline: Outline, begin: int, end: int, code: int, flags: Collection[bytes]) -> tuple[int, int]:
    source = outline.source
    above = outline.with_comment(code)
    if above < begin and _stale(source[above:begin], flags, ends=_ends(source, end)):
        begin = above
    while _IF.match(before := _line_before(source, begin)) and _ENDIF.match(source, end):
        begin, end = begin - len(before), outline.line_end(end)
    if _ELSE.match(before) and _ENDIF.match(source, end) and b"elif" not in before:
        begin -= len(before)
        before = _line_before(source, begin)
    after = source[end : outline.line_end(end)]
    opens = not before.strip() or before.rstrip().endswith(b"{")
    if opens and after and not after.strip():
        return begin, end + len(after)
    if begin and not before.strip() and after.lstrip().startswith(b"}"):
        return begin - len(before), end
    return begin, end


def _line_before(source: bytes, begin: int) -> bytes:
    return source[source.rfind(b"\n", 0, begin - 1) + 1 : begin] if begin else b""


def _ends(source: bytes, end: int) -> bool:
    """Whether a paragraph of code ends there."""
    newline = source.find(b"\n", end)
    after = source[end : newline if newline >= 0 else len(source)].strip()
    return not after or after.startswith(b"}")


def _stale(comment: bytes, flags: Collection[bytes], *, ends: bool) -> bool:
    """Whether a comment above code that goes speaks of that alone: it names what goes and nothing that stays, or there
    is nothing else below it that it could speak of."""
    named = set(_FLAG.findall(comment))
    if named:
        return named <= set(flags)
    return ends or _ABOUT_FLAGS.search(comment) is not None
