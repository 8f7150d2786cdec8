"""The syntax of a C file as it is written: definitions, statements, tokens, each with its bytes.

libclang sees one configuration at a time, and a macro's expansion has no place in the file. Edits need places, in
every branch of an ``#ifdef``. So this reads the text itself, and libclang the result of the edits.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_TOKEN = re.compile(
    rb"""(?P<skip>\s+|//(?:\\\r?\n|[^\n])*|/\*.*?(?:\*/|\Z)|\\\r?\n)
    |(?P<directive>\#(?:/\*.*?(?:\*/|\Z)|\\\r?\n|[^\n])*)
    |(?P<token>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*
    |\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|[-+*/%&|^<>=!]=|&&|\|\||.)""",
    re.DOTALL | re.VERBOSE,
)
_DEFINE = re.compile(rb"\#[ \t]*define[ \t]+(\w+)")
_INCLUDE = re.compile(rb"\#[ \t]*include[ \t]*(<[^>\n]+>|\"[^\"\n]+\")")
_CONDITIONAL = re.compile(rb"\#[ \t]*(ifdef|ifndef|if|endif)\b")
_WORD = re.compile(rb"[A-Za-z_]\w*\Z")
_OPENING, _CLOSING = (b"(", b"[", b"{"), (b")", b"]", b"}")
_ATTRIBUTES = (b"__attribute__", b"__section", b"__aligned", b"__printf", b"asm", b"__asm__", b"typeof", b"__typeof__")
_AGGREGATES = (b"struct", b"union", b"enum")
_STORAGE = (b"static", b"extern", b"inline", b"const", b"__initdata", b"__read_mostly")
_ANY = b"..."


class Token(NamedTuple):
    """One token of C, or of a pattern. ``start`` and ``end`` are bytes."""

    text: bytes
    start: int
    end: int


class Statement(NamedTuple):
    """One statement: its bytes, its tokens (half-open), and the statements it holds, each list in one block."""

    start: int
    end: int
    first: int
    last: int
    blocks: tuple[tuple[Statement, ...], ...]


class Item(NamedTuple):
    """Something at file level. ``kind``: function, prototype, variable, type, macro or other. ``names``: what it
    defines or declares; ``body``: the tokens between the braces of a function, (0, 0) for others."""

    kind: str
    names: tuple[str, ...]
    start: int
    end: int
    body: tuple[int, int]


class Include(NamedTuple):
    """One #include line: ``name`` with its quotes; ``depth``: in how many conditionals it stands."""

    name: str
    start: int
    end: int
    depth: int


class Unreadable(Exception):
    """The text is no C that could be followed, at this byte."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Outline:
    """A file of C. Raises Unreadable where brackets do not pair."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.tokens: list[Token] = []
        self.includes: list[Include] = []
        macros: list[Item] = []
        depth = 0
        for match in _TOKEN.finditer(source):
            if match.lastgroup == "token":
                self.tokens.append(Token(match.group(), match.start(), match.end()))
            elif match.lastgroup == "directive":
                text = match.group()
                if found := _CONDITIONAL.match(text):
                    depth += -1 if found.group(1) == b"endif" else 1
                elif found := _INCLUDE.match(text):
                    name = found.group(1).decode("utf-8", "replace")
                    self.includes.append(Include(name, match.start(), match.end(), depth))
                elif found := _DEFINE.match(text):
                    macros.append(Item("macro", (found.group(1).decode(),), match.start(), match.end(), (0, 0)))
        self.items = sorted([*macros, *self._items()], key=lambda item: item.start)

    # places

    def line(self, offset: int) -> int:
        """The line an offset is in, from 1."""
        return self.source.count(b"\n", 0, offset) + 1

    def line_start(self, offset: int) -> int:
        """Where the line of an offset begins."""
        return self.source.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends: behind its newline, if it has one."""
        end = self.source.find(b"\n", offset)
        return len(self.source) if end < 0 else end + 1

    def indentation(self, offset: int) -> bytes:
        """The white space that the line of an offset begins with."""
        start = self.line_start(offset)
        return self.source[start:offset][: len(self.source[start:offset]) - len(self.source[start:offset].lstrip())]

    def with_comment(self, start: int) -> int:
        """The beginning of the line of ``start``, or of the comment that stands directly above it."""
        at = bisect_right(self.tokens, start, key=lambda token: token.start) - 1
        while at >= 0 and self.tokens[at].start >= start:
            at -= 1
        begin = self.tokens[at].end if at >= 0 else 0
        line = self.line_start(start)
        for match in reversed(list(_TOKEN.finditer(self.source, begin, line))):
            text = match.group()
            if match.lastgroup == "skip" and text.startswith((b"/*", b"//")):
                if self.source[self.line_start(match.start()) : match.start()].strip():
                    break  # behind other code
                line = self.line_start(match.start())
            elif match.lastgroup != "skip" or text.count(b"\n") > 1:
                break
        return line

    # file level

    def _items(self) -> Iterator[Item]:
        at = 0
        while at < len(self.tokens):
            if self.tokens[at].text in (b";", b"}"):  # "extern "C" {" and the like end so
                at += 1
                continue
            item, at = self._item(at)
            yield item

    def _item(self, first: int) -> tuple[Item, int]:
        tokens, at = self.tokens, first
        group = -1  # the "(" of the parameters, if these are any
        assigned = False
        while at < len(tokens):
            text = tokens[at].text
            if text == b";":
                return self._declaration(first, at, group, assigned), at + 1
            if text == b"=":
                assigned = True
            if text == b"{" and group >= 0 and not assigned and not self._is_type(first, group):
                end = self._closing(at)
                name = tokens[group - 1].text.decode()
                return Item("function", (name,), tokens[first].start, tokens[end].end, (at + 1, end)), end + 1
            if text == b"{" and tokens[at - 1].text.startswith(b'"'):
                return Item("other", (), tokens[first].start, tokens[at].end, (0, 0)), at + 1  # extern "C"
            if text in _OPENING:
                if text == b"(" and group < 0 and at > first and _WORD.match(tokens[at - 1].text):
                    group = at if tokens[at - 1].text not in _ATTRIBUTES else -1
                at = self._closing(at)
            at += 1
        return Item("other", (), tokens[first].start, tokens[-1].end, (0, 0)), len(tokens)

    def _is_type(self, first: int, group: int) -> bool:
        return any(token.text == b"{" for token in self.tokens[first:group])

    def _declaration(self, first: int, last: int, group: int, assigned: bool) -> Item:
        tokens = self.tokens
        start, end = tokens[first].start, tokens[last].end
        before = [token.text for token in tokens[first : max(group - 1, first)]] if group >= 0 else []
        if group >= 0 and not assigned and all(text in _STORAGE for text in before):  # a macro makes something
            made = [token.text for token in tokens[group + 1 : self._closing(group)]]
            names = [text.decode() for text in made if _WORD.match(text)]
            exports = tokens[group - 1].text.startswith((b"EXPORT_", b"PV_CALLEE_SAVE"))
            return Item("other" if exports else "variable", tuple(names), start, end, (0, 0))
        if group >= 0 and not assigned and not self._is_type(first, group):
            return Item("prototype", (tokens[group - 1].text.decode(),), start, end, (0, 0))
        if tokens[first].text == b"typedef" or (tokens[first].text in _AGGREGATES and tokens[last - 1].text == b"}"):
            return Item("type", self._declarators(first, last), start, end, (0, 0))
        kind = "prototype" if tokens[first].text == b"extern" else "variable"
        return Item(kind, self._declarators(first, last), start, end, (0, 0))

    def _declarators(self, first: int, last: int) -> tuple[str, ...]:
        names, at, taken = [], first, False
        while at <= last:
            text = self.tokens[at].text
            ends = text in (b"=", b"[", b",", b";")
            if ends and not taken and at > first and _WORD.match(self.tokens[at - 1].text):
                marked = self.tokens[at - 1].text.startswith(b"__") and _WORD.match(self.tokens[at - 2].text)
                names.append(self.tokens[at - 2 if marked else at - 1].text.decode())  # int x __read_mostly;
            taken = text != b"," and (taken or ends)
            at = self._closing(at) + 1 if text in _OPENING else at + 1
        return tuple(names)

    def _closing(self, at: int) -> int:
        depth = 0
        for index in range(at, len(self.tokens)):
            text = self.tokens[index].text
            depth += (text in _OPENING) - (text in _CLOSING)
            if depth == 0:
                return index
        raise Unreadable(self.tokens[at].start)

    # statements

    def statements(self, item: Item) -> tuple[tuple[Statement, ...], ...]:
        """All blocks of a function's body, outermost first: each a row of statements that follow one another."""
        found: list[tuple[Statement, ...]] = []
        todo = [self._block(*item.body)]
        while todo:
            row = todo.pop(0)
            found.append(row)
            todo[:0] = [inner for statement in row for inner in statement.blocks]
        return tuple(found)

    def _block(self, at: int, end: int) -> tuple[Statement, ...]:
        row = []
        while at < end:
            statement = self._statement(at, end)
            row.append(statement)
            at = statement.last
        return tuple(row)

    def _statement(self, at: int, end: int) -> Statement:
        first, text, blocks = at, self._at(at, end), []
        if text == b"{":
            closing = self._closing(at)
            return self._made(first, closing + 1, (self._block(at + 1, closing),))
        if text in (b"if", b"for", b"while", b"switch") or self._is_loop(at, end):
            at = self._closing(at + 1) + 1
            body = self._statement(at, end)
            blocks, at = [(body,)], body.last
            if text == b"if" and at < end and self.tokens[at].text == b"else":
                body = self._statement(at + 1, end)
                blocks, at = [*blocks, (body,)], body.last
            return self._made(first, at, tuple(blocks))
        if text == b"do":
            body = self._statement(at + 1, end)
            return self._made(first, self._semicolon(body.last, end), ((body,),))
        if text in (b"case", b"default") or (_WORD.match(text) and self._at(at + 1, end) == b":"):
            while self._at(at, end) != b":":
                at += 1
            return self._made(first, at + 1, ())
        return self._made(first, self._semicolon(at, end), ())

    def _made(self, first: int, last: int, blocks: tuple[tuple[Statement, ...], ...]) -> Statement:
        return Statement(self.tokens[first].start, self.tokens[last - 1].end, first, last, blocks)

    def _at(self, at: int, end: int) -> bytes:
        if at >= end:
            raise Unreadable(self.tokens[at - 1].start)
        return self.tokens[at].text

    def _is_loop(self, at: int, end: int) -> bool:
        """Whether a macro stands here like ``for``: list_for_each() {…}."""
        text = self.tokens[at].text
        if text == b"return" or not _WORD.match(text) or at + 1 >= end or self.tokens[at + 1].text != b"(":
            return False
        after = self._closing(at + 1) + 1
        return after < end and (self.tokens[after].text == b"{" or bool(_WORD.match(self.tokens[after].text)))

    def _semicolon(self, at: int, end: int) -> int:
        while (text := self._at(at, end)) != b";":
            at = self._closing(at) + 1 if text in _OPENING else at + 1
        return at + 1


def tokens(code: str) -> tuple[bytes, ...]:
    """The tokens of a pattern."""
    found = (match for match in _TOKEN.finditer(code.encode()) if match.lastgroup == "token")
    return tuple(match.group() for match in found)


def pattern(code: str) -> re.Pattern[bytes]:
    """A pattern for ``joined`` tokens: the same tokens, ``...`` for any number of any."""
    parts = [rb"(?:[^\n]+\n)*?" if text == _ANY else re.escape(text) + rb"\n" for text in tokens(code)]
    return re.compile(b"".join(parts))


def joined(found: Sequence[Token]) -> bytes:
    """Tokens, each with a newline behind it: what ``pattern`` is matched against."""
    return b"".join(token.text + b"\n" for token in found)


def shape(found: Sequence[Token]) -> str:
    """Twelve hex digits that tell one piece of code from another, whatever its comments and white space are."""
    return hashlib.sha256(joined(found)).hexdigest()[:12]
