"""The functions, macros and structs of a C file as it is written: names, parameters and bodies, found as text.

libclang reads what one configuration compiles of one file. To follow a value or a call into files that nothing else is
asked of, the text will do, and it has every branch of an ``#ifdef``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from patcher.source import lex

_BRACE = re.compile(rb"^\}|[{}]", re.MULTILINE)
_NAMED = re.compile(rb"(\w+)\s*\(")
_ATTRIBUTES = re.compile(rb"(?:\s*(?:__\w+|noinline)(?:\s*\([^()]*\))?)*\s*\Z")
_PLAIN = re.compile(rb"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(([^)\n]*)\)((?:\\\r?\n|[^\n])*)", re.MULTILINE)
_STRUCT = re.compile(rb"\b(?:struct|union)\s+(\w+)\s*\{")
_BRACKET = re.compile(rb"[()]")
_CONTROL = (b"if", b"for", b"while", b"switch", b"__attribute__", b"do", b"else", b"return", b"sizeof")
_LAST_NAME = re.compile(r"(\w+)\s*(?:\[[^]]*\]\s*)*$")


class Function(NamedTuple):
    """A function, or a macro with parameters (``macro``). ``start``: of its head in the file; ``head`` and ``body`` are
    text without comments, the body without its braces; ``between``: what stands between the parentheses of the head;
    ``at``: where the body begins in the file."""

    path: str
    name: str
    start: int
    between: str
    head: str
    body: str
    at: int
    macro: bool = False

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters, each with its type; of a macro the names."""
        return tuple(_split(self.between))

    @property
    def static(self) -> bool:
        """Whether other files cannot call it (a header's can be called by all that include it)."""
        return re.search(r"\bstatic\b", self.head) is not None and not self.path.endswith(".h")

    def names(self, declared: str) -> tuple[str, ...]:
        """The parameters of a type, such as ``struct vm_area_struct *``, in order; "" for those of another."""
        return tuple(_name(each) if re.match(rf"\s*(?:const\s+)?{declared}", each) else "" for each in self.params)


class Text(NamedTuple):
    """One file. ``code``: without comments and strings, with all offsets."""

    path: str
    code: bytes
    functions: tuple[Function, ...]
    starts: tuple[int, ...]

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return bisect_right(self.starts, offset)

    def around(self, offset: int) -> Function | None:
        """The function whose body holds an offset."""
        at = bisect_right(self.functions, offset, key=lambda each: each.start) - 1
        while at >= 0 and self.functions[at].macro:
            at -= 1
        found = self.functions[at] if at >= 0 else None
        return found if found and offset <= found.at + len(found.body) else None


def read(path: str, code: bytes) -> Text:
    """The functions of a file. ``code`` is without comments (``lex.code_only``)."""
    found = sorted([*_functions(path, code), *_macros(path, code)], key=lambda one: one.start)
    return Text(path, code, tuple(found), tuple(lex.line_starts(code)))


def _macros(path: str, code: bytes) -> Iterator[Function]:
    for match in _MACRO.finditer(code):
        name, params, body = (_text(part.replace(b"\\\n", b" \n")) for part in match.groups())
        yield Function(path, name, match.start(), params, "", body, match.start(3), True)


def _functions(path: str, code: bytes) -> Iterator[Function]:
    depth = opened = last = start = 0
    head: tuple[bytes, bytes, bytes] | None = None
    for match in _BRACE.finditer(code):
        if match.group() == b"{":
            if depth == 0:
                opened = match.end()
                text = _PLAIN.sub(_blank, code[last : match.start()].rpartition(b";")[2]).lstrip()
                start, head = match.start() - len(text), _head(text)
            depth += 1
            continue
        depth = 0 if match.start() == 0 or code[match.start() - 1 : match.start()] == b"\n" else max(0, depth - 1)
        if depth == 0:
            if head is not None and opened > last:
                name, params, whole = (_text(part) for part in head)
                yield Function(path, name, start, params, whole, _text(code[opened : match.start()]), opened)
            last = match.end()
            head = None


def _head(text: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The name and the parameters of the function whose body follows a text, and the text."""
    for match in _NAMED.finditer(text):
        depth = 0
        for bracket in _BRACKET.finditer(text, match.end() - 1):
            depth += 1 if bracket.group() == b"(" else -1
            if depth == 0:
                if match.group(1) in _CONTROL:
                    break
                if _ATTRIBUTES.match(text, bracket.end()):
                    return match.group(1), text[match.end() : bracket.start()], text
                break
    return None


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match.group())


def _text(code: bytes) -> str:
    return code.decode("latin-1")  # a byte, a character: offsets stay


def _name(parameter: str) -> str:
    found = _LAST_NAME.search(parameter.strip())
    return found.group(1) if found else ""


def _split(text: str) -> Iterator[str]:
    if "(" not in text:
        yield from (each.strip() for each in text.split(",") if each.strip())
        return
    depth, start = 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text.strip():
        yield text[start:].strip()


def arguments(text: str, opening: int) -> tuple[tuple[str, ...], int]:
    """The arguments of the call whose ``(`` is at ``opening``, and its end."""
    raw = text.encode("latin-1")
    return lex.arguments(raw, raw, opening)


def structs(code: bytes) -> Iterator[tuple[str, str]]:
    """Every struct and union that has a name, with the text between its braces."""
    for match in _STRUCT.finditer(code):
        depth, at = 1, match.end()
        for brace in re.compile(rb"[{}]").finditer(code, at):
            depth += 1 if brace.group() == b"{" else -1
            if depth == 0:
                yield _text(match.group(1)), _text(code[at : brace.start()])
                break
