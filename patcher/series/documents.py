"""Edits of files that are not C, by a named place: an entry of Kconfig or MAINTAINERS, an assignment or target of a
Makefile, a node of a devicetree, a section of a document; and new files."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.errors import InputError
from patcher.model import Edit, Span
from patcher.series.edits import EditSpec

_KCONFIG = re.compile(
    rb"^(?:config|menuconfig|menu|endmenu|choice|endchoice|comment|source|if|endif|mainmenu)\b[^\n]*", re.MULTILINE
)
_REMARKS = re.compile(rb"(?:^(?:#[^\n]*|[ \t]*)\n)+\Z", re.MULTILINE)
_MAKE = re.compile(rb"^(?![\t#])([^\n:=#]*?[^\s:=#+?])[ \t]*(\+=|:=|\?=|=|:)(?:[^\n\\]|\\\n|\\.)*\n?", re.MULTILINE)
_RECIPE = re.compile(rb"(?:\t[^\n]*\n?)*")
_MAINTAINED = re.compile(rb"^(?![A-Z]:\s)(\S[^\n]*)\n(?:[A-Z]:\s[^\n]*\n|[ \t]+\S[^\n]*\n)+", re.MULTILINE)
_NODE = re.compile(rb"^[ \t]*((?:\w+:\s*)*)(&?[\w,.+@-]+|&\{[^}\n]*\}|/)\s*\{", re.MULTILINE)
_HEADING = re.compile(
    rb"^(?:(?P<over>([^\w\s])\2{2,})[ \t]*\n)?(?P<title>\S[^\n]*)\n(?P<under>([^\w\s])\5{2,})[ \t]*$", re.M
)
_SHOWN = 3


class _Entry(NamedTuple):
    """A place with its names, and its bytes: whole lines. ``inner``: where something is appended to it."""

    names: tuple[str, ...]
    start: int
    end: int
    inner: int


def edits(spec: EditSpec, contents: Mapping[str, bytes]) -> list[Edit]:
    """The edit that one operation on such a file comes to; none where the file has what it would bring.

    Raises InputError where the file or the place is not there, there are several, or a new file is there and differs.
    """
    label = f"edit {spec.why!r}"
    if spec.new:
        return _new(label, spec, contents)
    if spec.path not in contents:
        raise InputError(f"{label}: the tree has no file {spec.path}", "correct the path")
    text = contents[spec.path]
    if spec.action != "delete" and _holds(text, spec.text.encode()):
        return []
    found = [one for one in _entries(spec.path, text) if _flat(spec.entry) in one.names]
    if not found and spec.action == "delete":
        return []
    if len(found) != 1 and not spec.line:
        raise InputError(
            f"{label}: {spec.path}: one {spec.entry!r} expected, found {len(found)}", _near(spec, text, found)
        )
    if not spec.line:
        return [] if _listed(spec, text, found[0]) else [_whole(spec, text, found[0])]
    lines = [span for one in found for span in _lines(text, one) if _flat_bytes(text[slice(*span)]) == _flat(spec.line)]
    if not lines and spec.action == "delete":
        return []
    if len(lines) != 1:
        entry = found[0] if found else None
        near = _near_lines(spec, text, entry) if entry else _near(spec, text, found)
        raise InputError(
            f"{label}: {spec.path}: one line {spec.line!r} in {spec.entry!r} expected, found {len(lines)}", near
        )
    return [_at_line(spec, text, *lines[0])]


def _new(label: str, spec: EditSpec, contents: Mapping[str, bytes]) -> list[Edit]:
    new, there = spec.text.encode(), contents.get(spec.new)
    if there == new:
        return []
    if there is not None:
        raise InputError(f"{label}: {spec.new} is there already, and is another", "name another file, or edit this one")
    return [Edit(Span(spec.new, 0, 0), new, spec.why)]


def _holds(text: bytes, new: bytes) -> bool:
    """Whether these lines stand in the file, one after the other."""
    return f"\n{_rows(new)}\n" in f"\n{_rows(text)}\n"


def _listed(spec: EditSpec, text: bytes, one: _Entry) -> bool:
    """Whether an assignment has the words that would be appended to it."""
    words = text[one.start : one.end].replace(b"\\\n", b" ").split()
    return spec.action == "append" and _is_make(spec.path) and set(spec.text.encode().split()) <= set(words)


def _is_make(path: str) -> bool:
    return posixpath.basename(path).startswith(("Makefile", "Kbuild"))


def _rows(text: bytes) -> str:
    return "\n".join(_flat_bytes(line) for line in text.strip(b"\n").split(b"\n"))


def _entries(path: str, text: bytes) -> list[_Entry]:
    name = posixpath.basename(path)
    if name.startswith("Kconfig"):
        return list(_kconfig(text))
    if name in ("Makefile", "Kbuild") or name.startswith("Makefile."):
        return list(_makefile(text))
    if name == "MAINTAINERS":
        return [_Entry((_flat_bytes(one.group(1)),), *one.span(), one.end()) for one in _MAINTAINED.finditer(text)]
    if name.endswith((".dts", ".dtsi", ".dtso")):
        return list(_devicetree(text))
    if name.endswith((".rst", ".txt")):
        return list(_sections(text))
    raise InputError(
        f"{path} is no Kconfig, Makefile, MAINTAINERS, devicetree or document", "C is edited by function or over"
    )


def _kconfig(text: bytes) -> Iterator[_Entry]:
    found = list(_KCONFIG.finditer(text))
    for one, following in zip(found, [*found[1:], None], strict=True):
        end = following.start() if following else len(text)
        own = _REMARKS.sub(b"", text[one.start() : end])  # what stands above the next one is of that
        end = one.start() + len(own.rstrip()) + 1
        line = _flat_bytes(one.group())
        yield _Entry((line, line.partition(" ")[2]), one.start(), min(end, len(text)), min(end, len(text)))


def _makefile(text: bytes) -> Iterator[_Entry]:
    for one in _MAKE.finditer(text):
        left, how = _flat_bytes(one.group(1)), one.group(2).decode()
        recipe = _RECIPE.match(text, one.end()) if how == ":" else None
        end = recipe.end() if recipe else one.end()
        inner = one.start() + len(text[one.start() : end].rstrip())
        yield _Entry((left, f"{left} {how}", f"{left}{how}"), one.start(), end, inner)


def _devicetree(text: bytes) -> Iterator[_Entry]:
    for one in _NODE.finditer(text):
        depth, at = 0, one.end() - 1
        for brace in re.finditer(rb'[{}]|"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', text[at:], re.DOTALL):
            depth += (brace.group() == b"{") - (brace.group() == b"}")
            if depth == 0:
                break
        else:
            continue
        last = at + brace.start()
        line = text.rfind(b"\n", 0, last) + 1
        end = text.find(b"\n", last) + 1 or len(text)
        labels = re.findall(rb"\w+", one.group(1))
        names = [one.group(2), *labels, *(b"&" + label for label in labels)]
        yield _Entry(tuple(name.decode() for name in names), one.start(), end, line)


def _sections(text: bytes) -> Iterator[_Entry]:
    found = [one for one in _HEADING.finditer(text) if len(one["under"]) >= len(one["title"].rstrip())]
    kinds = [(one["under"][:1], bool(one["over"])) for one in found]
    order = list(dict.fromkeys(kinds))
    levels = [order.index(kind) for kind in kinds]
    for number, one in enumerate(found):
        after = (
            each.start()
            for each, level in zip(found[number + 1 :], levels[number + 1 :], strict=True)
            if level <= levels[number]
        )
        end = one.start() + len(text[one.start() : next(after, len(text))].rstrip()) + 1
        yield _Entry((_flat_bytes(one["title"]),), one.start(), min(end, len(text)), min(end, len(text)))


def _whole(spec: EditSpec, text: bytes, one: _Entry) -> Edit:
    new = spec.text.strip("\n").encode()
    apart = b"" if _is_make(spec.path) else b"\n"
    if spec.action == "append":
        return _append(spec, text, one, new)
    start, end = one.start, one.end
    if spec.action == "before":
        start, end, new = one.start, one.start, new + b"\n" + apart
    elif spec.action == "after":
        start, new = one.end, apart + new + b"\n"
    elif spec.action == "replace":
        new += b"\n"
    elif apart and text[end : end + 1] == b"\n":
        end += 1  # the empty line behind what goes
    return Edit(Span(spec.path, start, end), new, spec.why)


def _append(spec: EditSpec, text: bytes, one: _Entry, new: bytes) -> Edit:
    if _is_make(spec.path) and b"\n" not in new:
        return Edit(Span(spec.path, one.inner, one.inner), b" " + new, spec.why)
    if spec.path.endswith((".dts", ".dtsi", ".dtso")):
        line = text[one.inner : one.end]
        indentation = line[: len(line) - len(line.lstrip(b" \t"))] + b"\t"
        new = b"\n".join(indentation + row if row else row for row in new.split(b"\n"))
    return Edit(Span(spec.path, one.inner, one.inner), new + b"\n", spec.why)


def _at_line(spec: EditSpec, text: bytes, start: int, end: int) -> Edit:
    new = spec.text.strip("\n").encode()
    if spec.action == "before":
        return Edit(Span(spec.path, start, start), new + b"\n", spec.why)
    if spec.action in ("after", "append"):
        return Edit(Span(spec.path, end, end), new + b"\n", spec.why)
    return Edit(Span(spec.path, start, end), new + b"\n" if spec.action == "replace" else b"", spec.why)


def _lines(text: bytes, one: _Entry) -> Iterator[tuple[int, int]]:
    at = one.start
    while at < one.end:
        end = text.find(b"\n", at) + 1 or len(text)
        yield at, end
        at = end


def _near(spec: EditSpec, text: bytes, found: Sequence[_Entry]) -> str:
    """Those that were found, or else those of names that come nearest, with their lines."""
    if not found:
        known = {name: one for one in _entries(spec.path, text) for name in one.names}
        names = difflib.get_close_matches(_flat(spec.entry), list(known), n=_SHOWN, cutoff=0.5)
        found = [known[name] for name in names]
    shown = (f"{spec.path}:{_line(text, one.start)}: {one.names[0]}" for one in found[: _SHOWN + 1])
    return "; ".join(shown) or "nothing in it has a name like that"


def _near_lines(spec: EditSpec, text: bytes, one: _Entry) -> str:
    known = {_flat_bytes(text[slice(*span)]): span[0] for span in _lines(text, one)}
    names = difflib.get_close_matches(_flat(spec.line), list(known), n=_SHOWN, cutoff=0.4)
    shown = (f"{spec.path}:{_line(text, known[name])}: {name}" for name in names)
    return "; ".join(shown) or f"see {spec.path}:{_line(text, one.start)}"


def _line(text: bytes, offset: int) -> int:
    return text.count(b"\n", 0, offset) + 1


def _flat(text: str) -> str:
    return " ".join(text.split())


def _flat_bytes(text: bytes) -> str:
    return _flat(text.decode("utf-8", "replace"))
