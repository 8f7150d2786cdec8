"""Operands that are taken out of a ``|``: ``flags |= A | B`` without B, and without A and B nothing of it is left.

What has become empty goes with it: the statement, an ``if`` or ``#ifdef`` around nothing, a comment that speaks of what
is gone, a variable that nobody uses any more. A place of another form stays, and is told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patcher.model import Edit, Span
from patcher.series.remains import Removal, dead, lines, pure
from patcher.source.outline import Outline, Statement, Token

_SETTER = re.compile(rb"(?:__)?vm_flags_set\([^,]+,")
_MOD, _CLEAR = b"vm_flags_mod", b"vm_flags_clear"
_WIDTH, _TAB = 80, 8


class Omitted(NamedTuple):
    """The edits, and what was left as it is: line → why."""

    edits: tuple[Edit, ...]
    left: dict[int, str]


class _Sum(NamedTuple):
    """Operands of a ``|``: tokens from ``first`` to ``last`` (exclusive) without parentheses around them; ``outer``:
    with these."""

    first: int
    last: int
    outer: tuple[int, int]
    operands: tuple[tuple[int, int], ...]


def omit(path: str, outline: Outline, offsets: Sequence[int], why: str) -> Omitted:
    """Take what stands at these bytes of a file out of the sums that it is part of."""
    edits: list[Edit] = []
    left: dict[int, str] = {}
    for item in outline.items:
        inside = [at for at in offsets if item.start <= at < item.end]
        if inside and item.kind == "function":
            found = _Function(outline, outline.statements(item), inside)
            edits += (Edit(Span(path, *place), text, why) for place, text in found.edits())
            left |= found.left
        left |= {outline.line(at): f"it stands in a {item.kind}" for at in inside if item.kind != "function"}
    return Omitted(tuple(edits), left)


class _Function:
    def __init__(self, outline: Outline, rows: Sequence[Sequence[Statement]], offsets: Sequence[int]) -> None:
        self._outline, self._rows = outline, rows
        self._tokens = outline.tokens
        starts = [token.start for token in self._tokens]
        self._found = {bisect_right(starts, at) - 1 for at in offsets}
        self._sums: dict[int, _Sum] = {}  # first token of a statement → what of it is left
        self._emptied: set[int] = set()
        self.left: dict[int, str] = {}

    def edits(self) -> Iterator[tuple[tuple[int, int], bytes]]:
        """What is replaced, and by what."""
        for row in self._rows:
            for statement in row:
                if not statement.blocks:
                    self._look(statement)
                else:
                    self._leave_head(statement)
        gone = list(self._gone(self._rows[0]))
        if gone and gone == list(self._rows[0]):
            self._leave(gone, "nothing would be left of the function")
            gone = []
        unused = dead(self._outline, self._rows, gone)
        if unused is None:
            self._leave(gone, "a variable would be left unused")
            gone, unused = [], []
        flags = {self._tokens[at].text.decode() for at in self._found}
        pieces = [Removal(each.start, each.end) for each in gone] + unused
        for place in lines(self._outline, pieces, flags):
            self._look_above(place[0])
            yield place, b""
        for first, left in self._sums.items():
            if first not in self._emptied:
                yield self._shortened(first, left)

    def _leave(self, statements: Sequence[Statement], why: str) -> None:
        for at in self._found:
            if any(each.first <= at < each.last for each in statements):
                self.left[self._outline.line(self._tokens[at].start)] = why

    def _leave_head(self, one: Statement) -> None:
        """Leave what stands in the condition of a statement."""
        inner = [each for block in one.blocks for each in block]
        for at in self._found:
            if one.first <= at < one.last and not any(each.first <= at < each.last for each in inner):
                self.left[self._outline.line(self._tokens[at].start)] = "it stands in a condition"

    def _look_above(self, start: int) -> None:
        """Tell of a comment that stays, and may speak of what is gone as well."""
        above = self._outline.with_comment(start)
        if above < start and re.search(rb"\bflags\b", self._outline.source[above:start]):
            self.left[self._outline.line(above)] = "this comment speaks of flags; look whether it still should"

    # one statement

    def _look(self, statement: Statement) -> None:
        own = sorted(at for at in self._found if statement.first <= at < statement.last)
        if not own:
            return
        chain = self._sum(own[0], statement)
        if chain is None or any(not chain.first <= at < chain.last for at in own):
            self._leave([statement], "it is not one of several flags that are set here")
            return
        left = tuple(each for each in chain.operands if each[1] - each[0] > 1 or each[0] not in self._found)
        head = self._text(statement.first, chain.outer[0])
        tail = self._text(chain.outer[1], statement.last)
        assigned = re.fullmatch(rb"(.+[^|])=", head)
        sets = (head.endswith(b"|=") and tail == b";") or (_SETTER.fullmatch(head) and tail == b");")
        itself = assigned and tail == b";" and [self._text(*each) for each in left] == [assigned.group(1)]
        if itself or (sets and not left):
            self._emptied.add(statement.first)
        elif not left and not (head.startswith(_MOD) and tail.startswith(b",")):
            self._leave([statement], "no flag would be left")
            return
        self._sums[statement.first] = chain._replace(operands=left)

    def _text(self, first: int, last: int) -> bytes:
        return b"".join(token.text for token in self._tokens[first:last])

    def _sum(self, at: int, statement: Statement) -> _Sum | None:
        """The sum that a token is an operand of; the outermost, where sums in parentheses are operands."""
        first, last = at, at + 1
        while True:
            first, last = self._widened(first, last, statement)
            outer = first, last
            before, after = self._tokens[first - 1].text, self._tokens[last].text
            called = first >= 2 and re.fullmatch(rb"\w+", self._tokens[first - 2].text) is not None
            if before == b"(" and after == b")" and not called:
                outer = first - 1, last + 1
                around = self._tokens[first - 2].text, self._tokens[last + 1].text
                if b"|" in around:
                    first, last = outer
                    continue
            if self._tokens[outer[0] - 1].text not in (b"=", b"|=", b",") or self._tokens[outer[1]].text not in (
                b";", b")", b",",
            ):  # fmt: skip
                return None
            operands = tuple(self._operands(first, last))
            return _Sum(first, last, outer, operands)

    def _widened(self, first: int, last: int, statement: Statement) -> tuple[int, int]:
        """From a token or a pair of parentheses to the whole sum that it is part of."""
        depth = 0
        while first - 1 > statement.first:
            text = self._tokens[first - 1].text
            depth += (text in (b")", b"]")) - (text in (b"(", b"["))
            if depth < 0 or (depth == 0 and text in (b",", b"=", b"|=", b";", b"return", b"?", b":")):
                break
            first -= 1
        depth = 0
        while last < statement.last:
            text = self._tokens[last].text
            depth += (text in (b"(", b"[")) - (text in (b")", b"]"))
            if depth < 0 or (depth == 0 and text in (b",", b";", b"?", b":")):
                break
            last += 1
        return first, last

    def _operands(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """What the ``|`` of tokens are between; sums in parentheses are taken apart."""
        depth, start = 0, first
        for at in range(first, last + 1):
            text = self._tokens[at].text if at < last else b"|"
            depth += (text in (b"(", b"[")) - (text in (b")", b"]"))
            if depth == 0 and text == b"|":
                inner = self._tokens[start].text == b"(" and self._tokens[at - 1].text == b")"
                if inner and any(start < each < at for each in self._found):
                    yield from self._operands(start + 1, at - 1)
                else:
                    yield start, at
                start = at + 1

    def _shortened(self, first: int, left: _Sum) -> tuple[tuple[int, int], bytes]:
        """A statement with what is left of its sum."""
        source, tokens = self._outline.source, self._tokens
        texts = [source[tokens[start].start : tokens[end - 1].end] for start, end in left.operands]
        inner = len(texts) > 1 and left.outer != (left.first, left.last)
        start, end = (left.first, left.last) if inner else left.outer
        if not texts:  # vm_flags_mod() that sets nothing
            name = next(at for at in range(first, start) if tokens[at].text == _MOD)
            area = source[tokens[name].end : tokens[start].start].rstrip()
            return (tokens[name].start, tokens[end + 1].start), _CLEAR + area + b" "
        place = tokens[start].start, tokens[end - 1].end
        return place, _laid_out(self._outline, place, texts, tokens[end : end + 2])

    # what holds nothing any more

    def _gone(self, row: Sequence[Statement]) -> Iterator[Statement]:
        """The statements, and those around nothing else, of which nothing is left."""
        for one in row:
            if self._all_gone(one):
                yield one
                continue
            word = self._tokens[one.first].text
            if word == b"if" and len(one.blocks) == 1:
                yield from self._braces(one.blocks[0][0])
            for number, block in enumerate(one.blocks):
                whole = len(block) == 1 and self._all_gone(block[0])
                if whole and word == b"if" and number == 1:
                    start = one.blocks[0][0].end
                    yield Statement(start, one.end, one.blocks[0][0].last, one.last, ())
                elif whole and word != b"{":
                    self._keep(block)
                else:
                    yield from self._gone(block)

    def _braces(self, body: Statement) -> Iterator[Statement]:
        """The braces of a block of which one line is left, as statements of their own."""
        row = body.blocks[0] if body.blocks and self._tokens[body.first].text == b"{" else ()
        left = [each for each in row if not self._all_gone(each)]
        if len(left) != 1 or len(row) == 1 or left[0].blocks or not self._emptied:
            return
        text = self._outline.source[left[0].start : left[0].end]
        if b"\n" not in text and not re.search(rb"/[*/]|#", self._outline.source[body.start : body.end]):
            for at in (body.first, body.last - 1):
                yield Statement(self._tokens[at].start, self._tokens[at].end, at, at + 1, ())

    def _keep(self, row: Sequence[Statement]) -> None:
        """Leave statements as they are: what is around them would be left without any."""
        self._leave(row, "what is around it would be left without a statement")
        for one in row:
            self._sums.pop(one.first, None)
            self._emptied.discard(one.first)
            for block in one.blocks:
                self._keep(block)

    def _all_gone(self, one: Statement) -> bool:
        if not one.blocks:
            return one.first in self._emptied
        word = self._tokens[one.first].text
        if word not in (b"{", b"if") or not all(block and all(map(self._all_gone, block)) for block in one.blocks):
            return False
        return word == b"{" or pure(self._tokens[one.first + 1 : one.blocks[0][0].first])


def _laid_out(outline: Outline, place: tuple[int, int], texts: Sequence[bytes], tail: Sequence[Token]) -> bytes:
    """Operands as they fit in lines, in the manner of those that were there."""
    start, end = place
    old = outline.source[start:end]
    column = _columns(outline.source[outline.line_start(start) : start])
    ending = sum(len(token.text) for token in tail if token.text in (b")", b";", b","))
    whole = b" | ".join(texts)
    rows = old.split(b"\n")
    if len(rows) == 1 or column + len(whole) + ending <= _WIDTH:
        return whole
    leads = rows[1].lstrip().startswith(b"|")
    indentation = rows[1][: len(rows[1]) - len(rows[1].lstrip())]
    made, width = [texts[0]], column + len(texts[0])
    for number, text in enumerate(texts[1:], 2):
        more = 2 if number < len(texts) and not leads else ending
        if width + 3 + len(text) + more <= _WIDTH:
            made.append(b" | " + text)
            width += 3 + len(text)
            continue
        made.append((b"\n" + indentation + b"| " if leads else b" |\n" + indentation) + text)
        width = _columns(indentation) + 2 * leads + len(text)
    return b"".join(made)


def _columns(text: bytes) -> int:
    return len(text.expandtabs(_TAB))
