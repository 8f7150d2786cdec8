"""What a C file defines and declares at its top level, read from its text: also where no configuration compiles it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from patcher.lazy import expression
from patcher.source import lex

_NAME = rb"(?P<name>[A-Za-z_]\w*)"
_ARGS = rb"(?:[^;{}#()]|\((?:[^;{}#()]|\([^;{}#()]*\))*\))*"
_FUNCTION = expression(
    rb"^(?P<head>[A-Za-z_][\w \t*]*[ \t*\n])" + _NAME + rb"[ \t]*\((?P<args>" + _ARGS + rb")\)"
    rb"(?:[ \t\n\w]|\(\([^;{}()]*(?:\([^;{}()]*\))?[^;{}()]*\)\))*(?P<end>[;{])",
    re.MULTILINE,
)
_MACRO = expression(rb"^[ \t]*#[ \t]*define[ \t]+" + _NAME, re.MULTILINE)
_NO_FUNCTION = frozenset((b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"defined"))
_NO_TYPE = expression(rb"\b(?:return|else|typedef|goto|case|do)\b")
_ASM = expression(rb"\b(?:asm|__asm|__asm__)\b[\w \t\n]{0,40}\(")
_ASM_BYTES = 20_000
_BRACES = expression(rb"[()]")
_ESCAPE = expression(rb"\\.")
_BY_OTHERS = expression(rb"\b(?:__weak|asmlinkage|__visible|__used|__attribute__|notrace|__init|__exit|__naked)\b")


class Function(NamedTuple):
    """A function's definition or declaration: ``parameters`` is how many it takes, ``start`` where its name stands (in
    bytes). ``reached``: its head says that more than C code may call it."""

    name: str
    static: bool
    inline: bool
    reached: bool
    defined: bool
    parameters: int
    start: int


class Code(NamedTuple):
    """One file: comments and strings are blanked out in ``text``, offsets are those of the file. ``assembly`` is what
    it has of that, its strings included."""

    text: bytes
    functions: tuple[Function, ...]
    macros: frozenset[str]
    assembly: bytes

    @property
    def defined(self) -> frozenset[str]:
        """The names of functions it defines."""
        return frozenset(each.name for each in self.functions if each.defined)

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return self.text.count(b"\n", 0, offset) + 1

    def assembles(self, name: str) -> bool:
        """Whether its assembly names a function."""
        return (
            bool(self.assembly)
            and re.search(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)", self.assembly) is not None
        )

    def positions(self, name: str) -> list[int]:
        """Where an identifier stands, members of structures not counted."""
        pattern = re.compile(rb"(?<![\w.])(?<!->)" + re.escape(name.encode()) + rb"(?!\w)")
        return [match.start() for match in pattern.finditer(self.text)]


def read(content: bytes) -> Code:
    """What a file defines and declares."""
    text = lex.code_only(content)
    macros = frozenset(match.group("name").decode() for match in _MACRO.finditer(text))
    functions = tuple(_function(match) for match in _FUNCTION.finditer(text) if _is_function(match))
    return Code(text, functions, macros, _ESCAPE.sub(b" ", b"\n".join(_assembly(text, content))))


def _assembly(text: bytes, content: bytes) -> Iterator[bytes]:
    for match in _ASM.finditer(text):
        depth = 1
        for brace in _BRACES.finditer(text, match.end(), match.end() + _ASM_BYTES):
            depth += 1 if brace.group() == b"(" else -1
            if not depth:
                yield content[match.end() : brace.start()]
                break


def _is_function(match: re.Match[bytes]) -> bool:
    name, head = match.group("name"), match.group("head")
    return name not in _NO_FUNCTION and not name.isupper() and not _NO_TYPE.search(head)


def _function(match: re.Match[bytes]) -> Function:
    head = match.group("head")
    return Function(
        name=match.group("name").decode(),
        static=b"static" in head.split(),
        inline=b"inline" in head,
        reached=bool(_BY_OTHERS.search(match.group(0)[: match.start("args") - match.start()])),
        defined=match.group("end") == b"{",
        parameters=_count(match.group("args")),
        start=match.start("name"),
    )


def _count(args: bytes) -> int:
    stripped = b" ".join(args.split())
    if stripped in (b"", b"void"):
        return 0
    depth, count = 0, 1
    for byte in stripped:
        if byte in b"([":
            depth += 1
        elif byte in b")]":
            depth -= 1
        elif byte == 44 and depth == 0:
            count += 1
    return count
