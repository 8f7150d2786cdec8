"""What compilers and checkers say, as values that can be compared from commit to commit.

Compared is the content: path, message, the text of the line and the function around it, never the line's number.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.check.results import Message, Severity

_LINE = re.compile(
    r"^(?P<path>[^\s:][^:]*):(?P<line>\d{1,9}):(?:(?P<column>\d{1,9}):)? "
    r"(?P<what>fatal error|error|warning|note|Error|Warning|Fatal error): (?P<message>.*)$"
)
_OBJTOOL = re.compile(r"^(?P<path>\S+)\.o: (?P<what>warning|error): (?P<message>objtool: .*)$")
_SMATCH = re.compile(
    r"^(?P<path>[^\s:]+):(?P<line>\d{1,9}) (?P<function>\w+)\(\) (?P<what>warn|error): (?P<message>.*)$"
)
_FUNCTION = re.compile(r"^(?P<path>[^\s:][^:]*): In (?:member )?function ['‘](?P<name>[^'’]+)['’]")
_TOP = re.compile(r"^(?P<path>[^\s:][^:]*): At top level:")
_OPTION = re.compile(r" \[(-W[^\]]+)\]$")
_EXPANSION = re.compile(r"^in expansion of macro ")
_INLINED = re.compile(r"^\s+inlined from ['‘](?P<name>[^'’]+)['’] at (?P<path>[^\s:]+):(?P<line>\d{1,9}):")
_NUMBERS = re.compile(r"0x[0-9a-f]+|(?<=:)\d+(?=[:)'’ ]|$)|(?<=<U)\d+")
# What a compiler gave the assembler, by a name that is another each time. No object has its source there.
_TEMPORARY = re.compile(r"^/[^\s:]*/(?:cc\w{6}|[^\s:/]+-[0-9a-f]{6})\.s(?=:)", re.MULTILINE)
_SPARSE = re.compile(r"^(?:\S+:\d{1,9}:\d{1,9}:)?\s+(?P<text>(?:expected|got) .*)$")
_CONTROL = re.compile(r"\x1b\[[0-9;]*[mK]")
_QUOTES = str.maketrans("‘’", "''")
_DEFINES = re.compile(r"^[A-Za-z_][^;=]*?\b(\w+)\s*\(")

ReadLines = Callable[[str], Sequence[str]]


class _Raw(NamedTuple):
    severity: Severity
    path: str
    line: int
    message: str
    option: str
    function: str
    outer: _Outer | None = None  # where the macro or the inline function that it is in is used
    inlined: bool = False


class _Outer(NamedTuple):
    path: str
    line: int
    function: str


def parse(output: str, tree: Path, build: Path, lines: ReadLines, target: str = "") -> tuple[Message, ...]:
    """The warnings and errors in the output of a build.

    Arguments:
        output: the output, in the C locale
        tree, build: the directories of sources and of the build, which paths are made relative to
        lines: the lines of a source file of the tree as it was compiled, empty for others
        target: the object that was made, if it was one
    """
    if target:
        output = _TEMPORARY.sub(f"{target.removesuffix('.o')}.s", output)
    found: list[_Raw] = []
    functions: dict[str, str] = {}
    inlined: _Outer | None = None
    for text in output.splitlines():
        plain = _CONTROL.sub("", text)
        if match := _FUNCTION.match(plain):
            functions[inside(match["path"], tree, build)] = match["name"]
        elif match := _INLINED.match(plain):
            inlined = _Outer(inside(match["path"], tree, build), int(match["line"]), match["name"])
        elif match := _TOP.match(plain):
            functions[inside(match["path"], tree, build)] = ""
        elif match := _LINE.match(plain):
            path = inside(match["path"], tree, build)
            what = match["what"].lower()
            outer, inlined = inlined, None
            if what == "note":
                if _EXPANSION.match(match["message"]) and found and not found[-1].inlined:
                    user = _Outer(path, int(match["line"]), functions.get(path, ""))
                    found[-1] = found[-1]._replace(outer=user)
                continue
            raw = _raw(what, path, int(match["line"]), match["message"], functions.get(path))
            found.append(raw._replace(outer=outer, inlined=outer is not None))
        elif match := _SMATCH.match(plain):
            path = inside(match["path"], tree, build)
            found.append(_raw(match["what"], path, int(match["line"]), match["message"], match["function"]))
        elif match := _OBJTOOL.match(plain):
            path = inside(match["path"], tree, build) + ".o"
            found.append(_raw(match["what"], path, 0, match["message"], ""))
        elif found and (match := _SPARSE.match(plain)):
            more = " ".join(match["text"].split())
            found[-1] = found[-1]._replace(message=f"{found[-1].message} ({more})")
    return tuple(_message(raw, lines) for raw in found)


def _raw(what: str, path: str, line: int, message: str, function: str | None) -> _Raw:
    option = _OPTION.search(message)
    text = _OPTION.sub("", message).translate(_QUOTES).strip()
    severity = Severity.ERROR if "error" in what else Severity.WARNING
    return _Raw(severity, path, line, text, option.group(1) if option else "", function or "")


def _message(raw: _Raw, lines: ReadLines) -> Message:
    path, number, function, within = raw.path, raw.line, raw.function, ""
    if raw.outer:
        within = _line(lines(raw.outer.path), raw.outer.line)
        if raw.outer.path != path:  # told is the code, not a header that has done nothing
            within = _line(lines(path), number)
            path, number, function = raw.outer
    text = lines(path)
    return Message(
        raw.severity, path, number, raw.message, raw.option, _line(text, number), function or enclosing(text, number),
        within,
    )  # fmt: skip


def _line(lines: Sequence[str], number: int) -> str:
    return " ".join(lines[number - 1].split()) if 0 < number <= len(lines) else ""


def enclosing(lines: Sequence[str], number: int) -> str:
    """The function around a line as git's hunk headers tell it: the last line before that begins in column 1."""
    for at in range(min(number, len(lines)) - 1, -1, -1):
        text = lines[at]
        if at < number - 1 and text.startswith("}"):
            return ""
        if match := _DEFINES.match(text):
            return match.group(1)
    return ""


def inside(path: str, tree: Path, build: Path) -> str:
    """The path relative to the tree, or to the build directory, which is laid out alike; else as it is."""
    absolute = os.path.normpath(os.path.join(build, path))  # noqa: PTH118 - no resolving of links
    for root in (tree, build):
        relative = os.path.relpath(absolute, root)
        if not relative.startswith(".."):
            return relative
    return absolute


def key(message: Message, renamed: Mapping[str, str]) -> tuple[str, ...]:
    """What two messages must share to be the same one. ``renamed``: path in the parent → path now."""
    return (
        message.severity,
        renamed.get(message.path, message.path),
        _NUMBERS.sub("#", message.message),
        message.source,
        message.function,
        message.within,
    )


def new(before: Sequence[Message], after: Sequence[Message], renamed: Mapping[str, str]) -> tuple[Message, ...]:
    """The messages that ``after`` has more of than ``before``, each as often."""
    left = Counter(key(message, renamed) for message in before)
    found = []
    for message in after:
        name = key(message, {})
        if left[name] > 0:
            left[name] -= 1
        else:
            found.append(message)
    return tuple(found)
