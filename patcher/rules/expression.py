"""Expressions of C as text: which parts of one are added, and which can be no address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from patcher.rules.functions import arguments

_LONG = 4000  # characters; a longer one is read as its names, in a row
_ATOM = re.compile(r"0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*")
_TYPE = (
    r"(?:const\s+|volatile\s+)?(?:(?:struct|union|enum)\s+\w+|\w+_t|"
    r"(?:(?:unsigned|signed|long|int|short|char|void|ulong|uint|_*[su](?:8|16|32|64)|_*[bl]e(?:16|32|64))\b\s*)+|\w+\s*(?=\*))"
)
_CAST = re.compile(rf"\(\s*{_TYPE}(?:\s|\*|__iomem|__force|__user|const)*\)(?=\s*[\w(&*~])")
_HOLDER = re.compile(r"(?<![\w)\]])(?<!\w )\(\s*&?\s*([A-Za-z_][\w.\[\]]*(?:->[\w.\[\]]+)*)\s*\)(?=\s*(?:->|\.|\)))")
_AROUND = 8  # parentheses in parentheses, as macros have them
_STEP = re.compile(r"\s*(->|\.|\[|\()\s*")
_OPERATOR = re.compile(r"->|\+\+|--|<<|>>|&&|\|\||[=!<>]=|[?:|^&<>+*/%,~!-]|[(\[{]|[)\]}]|[\w.]+|\s+|.", re.DOTALL)
_LEVELS = (
    (",",), ("?",), ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"),
    ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_PAGE = re.compile(r"\(*\s*(?:PAGE_SIZE|XEN_PAGE_SIZE|4096[uUlL]*|0x1000[uUlL]*|1[uUlL]*\s*<<\s*PAGE_SHIFT)\s*\)*\s*\Z")
_LOW = re.compile(
    r"\(*\s*(?:~\s*\(?\s*\w*PAGE_MASK|\(*\s*\w+\s*(?:<<\s*[\w()\s+-]+?)?\)*\s*-\s*1[uUlL]*|0x[0-9a-fA-F]{1,4}[uUlL]*|\d{1,5}[uUlL]*)\s*\)*\s*\Z"
)
_HIGH = re.compile(r"\s*(?:~.*|\(*\s*\w*MASK\w*\s*\)*|\(*\s*0x[0-9a-fA-F]{5,}[uUlL]*\s*\)*)\s*\Z", re.DOTALL)


class Kind(StrEnum):
    """What an expression is: one thing, alternatives (of ``?:``), a sum, something shifted or masked whose parts count
    as it does itself, a product (an offset), or nothing that a frame number is made of."""

    ONE = "one"
    EITHER = "either"
    SUM = "sum"
    SAME = "same"
    SCALED = "scaled"
    NOTHING = "nothing"


class Part(NamedTuple):
    """A part of an expression, and whether it is subtracted."""

    text: str
    negative: bool = False


class Split(NamedTuple):
    """What an expression is, and its parts."""

    kind: Kind
    parts: tuple[Part, ...]


def without_casts(expression: str) -> str:
    """The expression without its casts, and without parentheses around what a field is taken of."""
    if "(" not in expression:
        return expression
    expression = _CAST.sub(" ", expression)
    for _ in range(_AROUND):
        plain = _HOLDER.sub(r"\1", expression)
        if plain == expression:
            break
        expression = plain
    return expression


def split(expression: str) -> Split:
    """The parts of an expression, by its operator that binds least. Of ONE it is the text itself."""
    text = _bare(expression)
    if len(text) > _LONG or ";" in text:
        return Split(Kind.ONE, (Part(text),))
    found = _operators(text)
    for level in _LEVELS:
        at = [(place, operator) for place, operator in found if operator in level]
        if at:
            return _split(text, at)
    return Split(Kind.ONE, (Part(text),))


def _split(text: str, at: list[tuple[int, str]]) -> Split:
    operator = at[0][1]
    if operator == "?":
        yes, no = _colon(text[at[0][0] + 1 :])
        return Split(Kind.EITHER, (Part(yes or text[: at[0][0]]), Part(no)))
    pieces = list(_pieces(text, at))
    if operator in ("|", "^", ",", "+", "-"):
        return Split(Kind.SUM, tuple(Part(piece, sign == "-") for sign, piece in pieces if piece.strip()))
    if operator in ("<<", ">>"):
        return Split(Kind.SAME, (Part(pieces[0][1]),))
    texts = [piece for _, piece in pieces]
    if operator == "&":
        if any(_LOW.match(each) for each in texts):
            return Split(Kind.SCALED, tuple(Part(each) for each in texts if not _LOW.match(each)))
        return Split(Kind.SAME, tuple(Part(each) for each in texts if not _HIGH.match(each)) or (Part(texts[0]),))
    if operator in ("*", "/", "%"):
        others = [each for each in texts if not _PAGE.match(each)]
        whole = len(others) == 1 and len(texts) > 1 and all(sign != "%" for sign, _ in pieces)
        whole = whole and (texts[0] is others[0] or pieces[1][0] == "*")
        return Split(Kind.SAME if whole else Kind.SCALED, tuple(Part(each) for each in others))
    return Split(Kind.NOTHING, ())


def _bare(text: str) -> str:
    """Without parentheses around it, and the signs before it."""
    text = text.strip()
    while text[:1] in ("(", "&", "*", "+") and len(text) <= _LONG:
        if text[0] != "(":
            text = text[1:].lstrip()
            if _operators(text, first=True):  # it was the sign of the first part alone
                return text
        elif _closing(text) == len(text) - 1 and not text.startswith("({"):
            text = text[1:-1].strip()
        else:
            break
    return text


def _closing(text: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            return at
    return -1


def _operators(text: str, *, first: bool = False) -> list[tuple[int, str]]:
    """The binary operators outside of parentheses, with their places; ``first``: one is enough."""
    found: list[tuple[int, str]] = []
    depth, operand = 0, False
    for match in _OPERATOR.finditer(text):
        token = match.group()
        if token.isspace():
            continue
        if token in ("(", "[", "{"):
            depth += 1
            operand = False
        elif token in (")", "]", "}"):
            depth -= 1
            operand = True
        elif token in ("->", "++", "--", "~", "!"):
            operand = operand and token != "->"
        elif token[0].isalnum() or token[0] in "_.":
            operand = True
        else:
            if operand and depth == 0:
                found.append((match.start(), token))
                if first:
                    break
            operand = False
    return found


def _pieces(text: str, at: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """The texts between the operators, each with the operator before it."""
    start, sign = 0, ""
    for place, operator in at:
        yield sign, text[start:place]
        start, sign = place + len(operator), operator
    yield sign, text[start:]


def _colon(text: str) -> tuple[str, str]:
    depth = asked = 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char == "?":
            asked += 1
        if depth == 0 and char == ":":
            if not asked:
                return text[:at], text[at + 1 :]
            asked -= 1
    return text, ""


class Atom(NamedTuple):
    """A part of an expression: a number, a name, a call, each perhaps with a way through fields behind it.

    ``indexed``: whether it is an element of what it names.
    """

    text: str
    name: str
    fields: tuple[str, ...]
    call: tuple[str, ...] | None
    indexed: bool = False


def atoms(expression: str) -> Iterator[Atom]:
    """The names of an expression in a row, what stands in an index or behind a shift left out."""
    at = 0
    while match := _ATOM.search(expression, at):
        start, at = match.start(), match.end()
        suffix = re.compile(r"[uUlL]*\b").match(expression, at) if match.group()[0].isdigit() else None
        if suffix:
            at = suffix.end()
        name, call, indexed = match.group(), None, False
        fields: list[str] = []
        while step := _STEP.match(expression, at):
            if step.group(1) in "[(":
                args, end = arguments(expression, step.end(1) - 1)
                if step.group(1) == "(":
                    call = args if not fields else ()
                    if fields:
                        fields, name = [], f"->{fields[-1]}"
                indexed = step.group(1) == "["
                at = end
            elif word := re.compile(r"[A-Za-z_]\w*").match(expression, step.end()):
                fields.append(word.group())
                indexed = False
                at = word.end()
            else:
                break
        before = expression[:start].rstrip()
        if before.endswith((">>", "<<")):
            continue
        yield Atom(expression[start:at], name, tuple(fields), call, indexed)


def whole(text: str, start: int) -> str:
    """A value from where it begins to the end of its statement, or to the comma behind it."""
    depth = 0
    for at in range(start, min(len(text), start + 2000)):
        char = text[at]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return text[start:at]
            depth -= 1
        elif depth == 0 and char in ";,":
            return text[start:at]
    return text[start : start + 2000]
