"""Whether the value that a variable of C is declared with can ever be read: a walk through the statements of its block.

It is told from the text alone, so what cannot be followed (a macro, a jump into a block, an address that is taken)
counts as reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from patcher.lazy import expression

_TOKEN = expression(
    r"[A-Za-z_]\w*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\d[\w.]*|->|\+\+|--|<<=|>>=|[-+*/%&|^=!<>]="
    r"|&&|\|\||<<|>>|\S"
)
_COMMENT = expression(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_WORD = expression(r"[A-Za-z_]\w*\Z")
_CONSTANT = expression(
    r"(?:-? ?(?:\d\w*|E[A-Z0-9]+)|NULL|true|false|[A-Z][A-Z0-9_]*|ERR_PTR \( - E[A-Z0-9]+ \)|'[^']*')\Z"
)
_QUALIFIED = frozenset(
    ("static", "extern", "const", "volatile", "return", "goto", "typedef", "register", "else", "case")
)
_MANY = 5_000  # tokens of one function
_FEW = 40  # variables of one function, and uses of one in one statement
_DEEP = 60
_ASSIGNED = (  # macros, and which of their arguments they assign before they read them
    (expression(r"(?!\w*(?:_from|_continue))(?:list|h?list_bl|hlist|llist)_for_each\w*\Z"), (0,)),
    (expression(r"(?!\w*(?:_from|_continue))list_for_each\w*_safe\w*\Z"), (1,)),
    (expression(r"for_each_(?:set|clear)_bit\Z|for_each_(?:possible_|online_|present_)?cpu\Z"), (0,)),
    (expression(r"(?:xa_for_each|idr_for_each_entry)\Z"), (1, 2)),
    (expression(r"(?:for_each|device_for_each|fwnode_for_each)_(?:available_)?child\w*\Z"), (1,)),
    (expression(r"read(?:s?[bwlq])?_(?:relaxed_)?poll_timeout\w*\Z|regmap_field_read_poll_timeout\Z"), (1,)),
    (expression(r"(?:regmap_read|readx)_poll_timeout\w*\Z"), (2,)),
)


class Declared(NamedTuple):
    """A variable whose first value nobody reads: its name, and the line of its declaration in the text (from 0)."""

    name: str
    line: int


class _Fate(Enum):
    READ = "it may be read"
    GONE = "another value is there, or the way ends"
    LIVE = "it is still there"


class _Token(NamedTuple):
    text: str
    line: int


class _Statement(NamedTuple):
    """``word``: block, if, switch, for, while, do, macro (a loop, or what looks like one), label, case, simple, or the
    word of a jump. ``head``: the tokens in its parentheses, or all of them; ``parts``: the statements in it."""

    word: str
    head: Sequence[_Token] = ()
    parts: Sequence[_Statement] = ()


def unread(function: str) -> Iterator[Declared]:
    """The variables with constant first values that nobody reads, in the text of a function from its opening brace to
    its closing one."""
    text = _COMMENT.sub(lambda match: "\n" * match.group().count("\n") or " ", function)
    if re.search(r"^\s*#", text, re.MULTILINE):
        return
    tokens = [
        _Token(match.group(), line) for line, row in enumerate(text.split("\n")) for match in _TOKEN.finditer(row)
    ]
    if len(tokens) > _MANY:
        return
    try:
        whole = _Reader(tokens).statement(0)
    except (IndexError, RecursionError):
        return  # not the text of a function
    left = _FEW
    labels = {each.head[0].text: whole.parts[at:] for at, each in enumerate(whole.parts) if each.word == "label"}
    for block in _blocks(whole):
        for at, each in enumerate(block.parts):
            found = list(_declarators(each.head)) if each.word == "simple" else []
            if not found:
                break
            for name, token in found:
                left -= 1
                if left < 0:
                    return
                once = sum(part.text == name for part in each.head) == 1
                used = any(part.text == name and part.line > token.line for part in tokens)
                if once and used and _Walk(name, labels).block(block.parts[at + 1 :]) is _Fate.GONE:
                    yield Declared(name, token.line)


def _blocks(statement: _Statement) -> Iterator[_Statement]:
    if statement.word == "block":
        yield statement
    for part in statement.parts:
        yield from _blocks(part)


def _declarators(tokens: Sequence[_Token]) -> Iterator[tuple[str, _Token]]:
    """The variables of a declaration that have a constant for a first value; for one without, ("", its token)."""
    words = [each.text for each in tokens]
    if len(words) < 2 or words[0] in _QUALIFIED or any(each.startswith("__") for each in words):
        return
    at = 2 if words[0] in ("struct", "enum", "union") else 1
    while at < len(words) and (_WORD.match(words[at]) and at + 1 < len(words) and _WORD.match(words[at + 1])):
        at += 1
    start = at
    while at < len(words) and words[at] == "*":
        at += 1
    if at >= len(words) or not _WORD.match(words[at]) or not _WORD.match(words[0]):
        return
    if at + 1 < len(words) and words[at + 1] not in ("=", ",", "["):
        return
    for part in _split(tokens[start:], ","):
        text = [each.text for each in part]
        while text and text[0] == "*":
            text, part = text[1:], part[1:]
        constant = len(text) > 2 and text[1] == "=" and _CONSTANT.match(" ".join(text[2:]))
        yield (text[0] if constant else "", part[0] if part else tokens[0])


def _split(tokens: Sequence[_Token], at: str) -> Iterator[Sequence[_Token]]:
    """Tokens parted at another one, outside of brackets."""
    depth, start = 0, 0
    for place, each in enumerate(tokens):
        depth += (each.text in "([{") - (each.text in ")]}")
        if each.text == at and depth == 0:
            yield tokens[start:place]
            start = place + 1
    yield tokens[start:]


class _Reader:
    """Reads statements from tokens."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def statement(self, depth: int) -> _Statement:
        """The next one. Raises IndexError where the tokens end in it."""
        if depth > _DEEP:
            raise RecursionError
        word = self._tokens[self._at].text
        if word == "{":
            return self._block(depth)
        if word == "if":
            self._at += 1
            head, parts = self._parentheses(), [self.statement(depth + 1)]
            if self._tokens[self._at].text == "else":
                self._at += 1
                parts.append(self.statement(depth + 1))
            return _Statement("if", head, parts)
        if word in ("for", "while", "switch"):
            self._at += 1
            return _Statement(word, self._parentheses(), [self.statement(depth + 1)])
        if word == "do":
            self._at += 1
            body = self.statement(depth + 1)
            self._at += 1
            head = self._parentheses()
            self._at += 1
            return _Statement("do", head, [body])
        if word in ("case", "default") or (_WORD.match(word) and self._tokens[self._at + 1].text == ":"):
            return self._label(word)
        if _WORD.match(word) and self._tokens[self._at + 1].text == "(":
            return self._call(depth)
        return self._simple()

    def _block(self, depth: int) -> _Statement:
        self._at += 1
        parts = []
        while self._tokens[self._at].text != "}":
            parts.append(self.statement(depth + 1))
        self._at += 1
        return _Statement("block", (), parts)

    def _label(self, word: str) -> _Statement:
        start = self._at
        while self._tokens[self._at].text != ":":
            self._at += 1
        self._at += 1
        return _Statement("case" if word in ("case", "default") else "label", self._tokens[start : self._at])

    def _call(self, depth: int) -> _Statement:
        """A call, or a macro with a statement behind it."""
        start = self._at
        self._at += 1
        self._parentheses()
        following = self._tokens[self._at].text
        if following == "{" or _WORD.match(following):
            return _Statement("macro", self._tokens[start : self._at], [self.statement(depth + 1)])
        self._at = start
        return self._simple()

    def _parentheses(self) -> Sequence[_Token]:
        """What stands in the parentheses that open here."""
        start, depth = self._at, 0
        while True:
            depth += (self._tokens[self._at].text == "(") - (self._tokens[self._at].text == ")")
            self._at += 1
            if depth == 0:
                return self._tokens[start + 1 : self._at - 1]

    def _simple(self) -> _Statement:
        start, depth = self._at, 0
        while self._tokens[self._at].text != ";" or depth:
            text = self._tokens[self._at].text
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if depth < 0:
                raise IndexError
            self._at += 1
        self._at += 1
        tokens = self._tokens[start : self._at - 1]
        word = tokens[0].text if tokens else ""
        return _Statement(word if word in ("return", "goto", "break", "continue") else "simple", tokens)


class _Walk:
    """Follows one variable."""

    def __init__(self, name: str, labels: Mapping[str, Sequence[_Statement]]) -> None:
        self._name = name
        self._labels = labels
        self._jumps = 0

    def block(self, statements: Sequence[_Statement]) -> _Fate:
        """What becomes of the first value in statements that follow each other."""
        for each in statements:
            if (fate := self._one(each)) is not _Fate.LIVE:
                return fate
        return _Fate.LIVE

    def _one(self, statement: _Statement) -> _Fate:
        word, head, parts = statement
        if word == "block":
            return self.block(parts)
        if word in ("label", "case"):
            return _Fate.LIVE
        if word == "for":
            return self._for(head, parts)
        if word == "goto":
            return self._goto(head)
        if word == "do":
            body = self.block(parts)
            return _Fate.LIVE if body is _Fate.GONE and _breaks(parts) else body
        fate = self._use(head)
        if fate is not _Fate.LIVE or word == "simple":
            return fate
        if word == "if":
            fates = [self._one(part) for part in parts]
            if _Fate.READ in fates:
                return _Fate.READ
            return _Fate.GONE if len(fates) == 2 and fates == [_Fate.GONE] * 2 else _Fate.LIVE
        if word == "switch":
            inside = parts[0].parts
            cases = [at for at, each in enumerate(inside) if each.word == "case"]
            return _Fate.READ if any(self.block(inside[at:]) is _Fate.READ for at in cases) else _Fate.LIVE
        if word in ("while", "macro"):
            return _Fate.READ if self.block(parts) is _Fate.READ else _Fate.LIVE
        return _Fate.GONE  # return, break, continue

    def _for(self, head: Sequence[_Token], parts: Sequence[_Statement]) -> _Fate:
        first, *rest = [self._use(part) for part in _split(head, ";")]
        if first is not _Fate.LIVE:
            return first
        test, step = (*rest, _Fate.LIVE, _Fate.LIVE)[:2]
        body = self.block(parts)
        read = _Fate.READ in (test, body) or (body is _Fate.LIVE and step is _Fate.READ)
        return _Fate.READ if read else _Fate.LIVE

    def _goto(self, head: Sequence[_Token]) -> _Fate:
        self._jumps += 1
        label = self._labels.get(head[-1].text)
        if label is None or self._jumps > _DEEP:
            return _Fate.READ
        return _Fate.READ if self.block(label) is _Fate.READ else _Fate.GONE

    def _use(self, tokens: Sequence[_Token]) -> _Fate:
        """What an expression does to it."""
        words = [each.text for each in tokens]
        named = [at for at, word in enumerate(words) if word == self._name]
        if len(named) > _FEW:
            return _Fate.READ
        uses = [at for at in named if not _is_other(words, at)]
        if not uses:
            return _Fate.LIVE
        first = uses[0]
        before = words[:first]
        if any(each in ("&&", "||", "?", "({") for each in before):
            return _Fate.READ
        if words[first + 1 : first + 2] == ["="] and (not before or before[-1] in ("(", "=", ",")):
            end = _end(words, first)
            return _Fate.READ if any(first < at < end for at in uses) else _Fate.GONE
        return _Fate.GONE if _assigned_by_macro(words, first) else _Fate.READ


def _breaks(parts: Sequence[_Statement]) -> bool:
    return any(each.word in ("break", "continue") or _breaks(each.parts) for each in parts)


def _is_other(words: Sequence[str], at: int) -> bool:
    """Whether a word is a member of that name, or stands in sizeof(), which reads nothing."""
    if at and words[at - 1] in (".", "->"):
        return True
    depth = 0
    for place in range(at - 1, -1, -1):
        depth += (words[place] == ")") - (words[place] == "(")
        if depth < 0:
            return place > 0 and words[place - 1] in ("sizeof", "typeof", "struct_size", "ARRAY_SIZE")
    return at > 1 and "sizeof" in words[at - 2 : at]


def _end(words: Sequence[str], at: int) -> int:
    """Where the expression ends that is assigned at a place."""
    depth = 0
    for place in range(at, len(words)):
        depth += (words[place] in ("(", "[", "{")) - (words[place] in (")", "]", "}"))
        if depth < 0 or (depth == 0 and words[place] == ","):
            return place
    return len(words)


def _assigned_by_macro(words: Sequence[str], at: int) -> bool:
    """Whether a word is the argument of a macro that assigns it."""
    depth, number = 0, 0
    for place in range(at - 1, 0, -1):
        depth += (words[place] in (")", "]", "}")) - (words[place] in ("(", "[", "{"))
        number += words[place] == "," and depth == 0
        if depth < 0:
            alone = words[at - 1] in ("(", ",") and words[at + 1 : at + 2] in ([","], [")"])
            return alone and any(number in which and name.match(words[place - 1]) for name, which in _ASSIGNED)
    return False
