"""From an operation on a named thing to the bytes it stands for in a tree."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.errors import InputError
from patcher.model import Edit, Span
from patcher.series.edits import EditSpec, FormSpec, StepEdits
from patcher.source.lex import flat
from patcher.source.outline import Item, Outline, Statement, Token, Unreadable, joined, pattern, shape, tokens

Values = Mapping[tuple[str, str], str]
_SHOWN = 3
_WORDS = 8


class Place(NamedTuple):
    """Where an operation applies: the bytes, and the tokens among them (half-open)."""

    start: int
    end: int
    first: int
    last: int


class Anchor:
    """Finds the places of operations in files (path → content). ``other`` has the values of macros, as ``Seen``;
    ``outlines`` those of contents that were read before, and gets those that are read now."""

    def __init__(
        self, contents: Mapping[str, bytes], other: Values | None = None, outlines: dict[bytes, Outline] | None = None
    ) -> None:
        self._contents, self._other = contents, other or {}
        self._outlines = {} if outlines is None else outlines

    def edits(self, step: StepEdits) -> tuple[Edit, ...]:
        """The edits of one step, in the order of their places. Raises InputError where the files are not as expected,
        and where two of the edits are in each other's way."""
        specs = [*step.edit, *(spec for forms in step.by_function() for spec in self._form(forms).edit)]
        found = [edit for spec in specs for edit in self._one(spec)]
        return tuple(self._with_gaps(disjoint(found)))

    def including(self, path: str, header: str, why: str) -> tuple[Edit, ...]:
        """The edit that has a C file include a header (``<linux/io.h>``); none where it does. Raises InputError where
        the file cannot be followed, or has no include that it could stand beside."""
        if not path.endswith(".c"):
            return ()
        try:
            outline = self._outline(self._contents[path])
        except Unreadable as error:
            line = self._contents[path][: error.offset].count(b"\n") + 1
            raise InputError(
                f"{path}:{line} cannot be followed as C, so there is no place for {header}", "leave the file out"
            ) from error
        return tuple(_include(path, outline, header, why))

    def _with_gaps(self, found: Sequence[Edit]) -> Iterator[Edit]:
        for at, edit in enumerate(found):
            yield self._with_gap(edit, found[:at], found[at + 1 :])

    def _with_gap(self, edit: Edit, before: Sequence[Edit], after: Sequence[Edit]) -> Edit:
        """A deletion that is the last of several in a row: with the empty line below where two would be left."""
        path, start, end = edit.span.path, edit.span.start, edit.span.end
        first = start
        for other in reversed(before):
            if other.replacement or other.span.path != path or other.span.end != first:
                break
            first = other.span.start
        goes_on = bool(after) and after[0].span.path == path and after[0].span.start == end
        outline = self._outline(self._contents[path])
        if edit.replacement or first == start or goes_on or outline.line_start(start) != start:
            return edit
        return Edit(Span(path, start, _without_gap(outline, first, end)[1]), edit.replacement, edit.because)

    def _one(self, spec: EditSpec) -> Iterator[Edit]:
        label = f"edit {spec.why!r}"
        path, outline, item = self._target(label, *spec.target, spec.shape)
        if spec.include:
            yield from _include(path, outline, spec.include, spec.why)
            return
        places = [_whole(item)] if not (spec.statement or spec.code) else _inside(label, path, outline, item, spec)
        if len(places) != (max(1, len(places)) if spec.every else spec.wanted):
            raise InputError(
                f"{label}: {_number(spec.wanted)} of `{flat((spec.statement or spec.code).encode())}` expected in "
                f"{item.names[0]}(), found {len(places)}",
                _candidates(path, outline, item, spec, places),
            )
        for place in places:
            _check_shape(label, path, outline, place, spec)
            if spec.value and (differs := self._other.get((spec.macro, spec.value), "no configuration")):
                raise InputError(
                    f"{label}: {path}:{outline.line(place.start)}: {spec.macro} is not {spec.value} ({differs})",
                    f"it is `{flat(outline.source[place.start : place.end])[:100]}`",
                )
            yield _edit(path, outline, item, place, spec)

    def _form(self, forms: Sequence[FormSpec]) -> FormSpec:
        """The form that a function has. Raises InputError where it has none of them."""
        function = forms[0].function
        path, outline, item = self._target(f"the form of {function}()", "function", function)
        body = outline.tokens[slice(*item.body)]
        found = [form for form in forms if pattern(form.body).fullmatch(joined(body))]
        if len(found) == 1:
            return found[0]
        place = f"{path}:{outline.line(item.start)}"
        if found:
            raise InputError(f"{place}: {function}() has {len(found)} of the forms that the step knows")
        near, same = max(((form, _alike(form.body, body)) for form in forms), key=lambda each: each[1])
        rest = tokens(near.body)[same : same + _WORDS]
        at = body[same] if same < len(body) else outline.tokens[item.body[1]]
        there = b" ".join(token.text for token in body[same : same + _WORDS]).decode("utf-8", "replace")
        raise InputError(
            f"{place}: {function}() has none of the {len(forms)} forms that the step knows",
            f"{path}:{outline.line(at.start)} has `{there}`, not `{b' '.join(rest).decode('utf-8', 'replace')}`",
        )

    def _target(self, label: str, kind: str, name: str, shapes: Sequence[str] = ()) -> tuple[str, Outline, Item]:
        found: list[tuple[str, Outline, Item]] = []
        near: list[tuple[str, Outline, Item]] = []
        broken: list[str] = []
        word = re.compile(rb"\b%s\b" % re.escape(name.encode()))
        for path, content in self._contents.items():
            if not word.search(content):
                continue
            try:
                outline = self._outline(content)
            except Unreadable as error:
                line = content[: error.offset].count(b"\n") + 1
                broken.append(f"{path}:{line} cannot be followed as C")
                continue
            for item in outline.items:
                if name in item.names:
                    (found if item.kind == kind else near).append((path, outline, item))
        if len(found) > 1 and shapes:
            found = [each for each in found if _shape(each[1], each[2].start, each[2].end, kind) in shapes] or found
        if len(found) == 1:
            return found[0]
        places = [f"{path}:{outline.line(item.start)} ({item.kind})" for path, outline, item in found or near]
        places += broken
        label = f"{label}: one {kind} {name} expected, found {len(found)}"
        raise InputError(label, "; ".join(places[: _SHOWN + 2]) or "no file that the series looks at has it")

    def _outline(self, content: bytes) -> Outline:
        if content not in self._outlines:
            self._outlines[content] = Outline(content)
        return self._outlines[content]


def disjoint(found: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits in the order of their places. Raises InputError where two of them are in each other's way."""
    rows = sorted(found, key=lambda edit: (edit.span.path, edit.span.start, edit.span.end, edit.replacement))
    for one, other in pairwise(rows):
        if one.span.path == other.span.path and _clash(one, other):
            raise InputError(
                f"two edits of {one.span.path} are in each other's way at byte {other.span.start}",
                f"{one.because!r} and {other.because!r}",
            )
    return tuple(rows)


def _alike(code: str, body: Sequence[Token]) -> int:
    """How many tokens at the beginning of a function are those of a pattern."""
    pairs = zip(tokens(code), body, strict=False)
    return next((number for number, (wanted, token) in enumerate(pairs) if wanted != token.text), len(body))


def _clash(one: Edit, other: Edit) -> bool:
    if one.span.end > other.span.start:
        return True
    both_insert = one.span.start == one.span.end == other.span.start == other.span.end
    return both_insert and not (one.replacement.startswith(b"#include") and other.replacement.startswith(b"#include"))


def _number(count: int) -> str:
    return "one place" if count == 1 else f"{count} places"


def _whole(item: Item) -> Place:
    return Place(item.start, item.end, 0, 0)


def _inside(label: str, path: str, outline: Outline, item: Item, spec: EditSpec) -> list[Place]:
    try:
        if spec.statement:
            return list(_statements(outline, item, spec.statement))
    except Unreadable as error:
        line = outline.line(error.offset)
        raise InputError(f"{label}: {path}:{line}: the statements of {item.names[0]}() cannot be followed") from error
    return list(_runs(outline, item, spec.code))


def _statements(outline: Outline, item: Item, code: str) -> Iterator[Place]:
    wanted = pattern(code)
    length = _rows(code)
    for row in outline.statements(item):
        for at in range(len(row) - length + 1):
            first, last = row[at], row[at + length - 1]
            if wanted.fullmatch(joined(outline.tokens[first.first : last.last])):
                yield Place(first.start, last.end, first.first, last.last)


def _rows(code: str) -> int:
    """How many statements a pattern is. ``...`` as a statement of its own counts as one."""
    text = b" ".join(b"___;" if token == b"..." and alone else token for token, alone in _alone(tokens(code)))
    outline = Outline(b"void f(void) {" + text + b"}")
    return len(outline.statements(outline.items[0])[0])


def _alone(found: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each token, and whether it is a ``...`` that is no part of an expression."""
    depth = 0
    for token in found:
        depth += (token in b"([") - (token in b")]") if len(token) == 1 else 0
        yield token, depth == 0


def _runs(outline: Outline, item: Item, code: str) -> Iterator[Place]:
    first, last = item.body
    body = outline.tokens[first:last]
    starts, at = {}, 0
    for index, token in enumerate(body):
        starts[at] = index
        at += len(token.text) + 1
    starts[at] = len(body)
    for match in pattern(code).finditer(joined(body)):
        if match.start() in starts and match.end() in starts:
            begin, end = starts[match.start()], starts[match.end()]
            yield Place(body[begin].start, body[end - 1].end, first + begin, first + end)


def _shape(outline: Outline, start: int, end: int, kind: str) -> str:
    if kind == "macro":
        return shape(Outline(outline.source[start:end].lstrip(b"#")).tokens)
    return shape([token for token in outline.tokens if start <= token.start < end])


def _check_shape(label: str, path: str, outline: Outline, place: Place, spec: EditSpec) -> None:
    if spec.shape and (found := _shape(outline, place.start, place.end, spec.target[0])) not in spec.shape:
        raise InputError(
            f"{label}: {path}:{outline.line(place.start)} is not the code that this was written against",
            f"its shape is {found}, not {' or '.join(spec.shape)}; look what has changed, then add the shape",
        )


def _candidates(path: str, outline: Outline, item: Item, spec: EditSpec, places: Sequence[Place]) -> str:
    """The places that matched, or else the statements that come nearest: file:line and source."""
    spans = [(place.start, place.end) for place in places]
    if not spans:
        wanted = b" ".join(tokens(spec.statement or spec.code)).decode("utf-8", "replace")
        rows = [statement for row in _rows_of(outline, item) for statement in row]
        texts = {(each.start, each.end): flat(outline.source[each.start : each.end])[:200] for each in rows}
        near = difflib.get_close_matches(wanted, list(texts.values()), n=_SHOWN, cutoff=0.3)
        spans = [span for span, text in texts.items() if text in near]
    shown = (f"{path}:{outline.line(a)}: {flat(outline.source[a:b])[:100]}" for a, b in spans[: _SHOWN + 1])
    return "; ".join(shown) or f"nothing in it comes near; see {path}:{outline.line(item.start)}"


def _rows_of(outline: Outline, item: Item) -> tuple[tuple[Statement, ...], ...]:
    try:
        return outline.statements(item)
    except Unreadable:
        return ()


# from a place to bytes


def _edit(path: str, outline: Outline, item: Item, place: Place, spec: EditSpec) -> Edit:
    text = spec.text.encode()
    if spec.statement or spec.code:
        start, end, replacement = within(outline, place, spec, text)
    else:
        start, end, replacement = _around(outline, item, spec, text)
    return Edit(Span(path, start, end), replacement, spec.why)


def _around(outline: Outline, item: Item, spec: EditSpec, text: bytes) -> tuple[int, int, bytes]:
    if spec.action == "before":
        start = outline.with_comment(item.start)
        return start, start, text.rstrip(b"\n") + b"\n\n"
    if spec.action == "after":
        apart = b"\n" if item.kind == "function" and not text.startswith(b"EXPORT_SYMBOL") else b""
        end = _after(outline, item)
        if outline.source[end - 1 : end] != b"\n":
            apart += b"\n"
        return end, end, apart + text.rstrip(b"\n") + b"\n"
    if spec.action == "replace":
        return item.start, item.end, text.strip(b"\n")
    return (*_without_gap(outline, outline.with_comment(item.start), _after(outline, item)), b"")


def _after(outline: Outline, item: Item) -> int:
    """Behind a definition, and behind what belongs to it: EXPORT_SYMBOL() in the line below."""
    end = outline.line_end(item.end)
    for other in outline.items:
        if other.start == end and other.kind == "other" and item.names[0] in other.names:
            end = outline.line_end(other.end)
    return end


def within(outline: Outline, place: Place, spec: EditSpec, text: bytes) -> tuple[int, int, bytes]:
    """The bytes that an operation on statements or tokens replaces, and what by. ``text``: its own text, filled in."""
    indentation = outline.indentation(place.start)
    line, end_of_line = outline.line_start(place.start), outline.line_end(place.end)
    # a comment behind the code may stay or go with it; other code on the line may not
    first = not outline.source[line : place.start].strip()
    last = not (place.last < len(outline.tokens) and outline.tokens[place.last].start < end_of_line)
    if spec.action == "append":
        return place.end, place.end, _indented(text.rstrip(b"\n"), indentation)
    if spec.action == "before" and first:
        start = outline.with_comment(place.start)
        return start, start, indentation + _indented(text, indentation)
    if spec.action == "after" and last:
        return end_of_line, end_of_line, _all_indented(text, indentation)
    if spec.action == "before":
        return place.start, place.start, _indented(text.strip(b"\n"), indentation) + b"\n" + indentation
    if spec.action == "after":
        return place.end, place.end, b"\n" + _all_indented(text.strip(b"\n"), indentation)
    if spec.comment and first:
        line = outline.with_comment(place.start)
    if spec.action == "delete" and first and last:
        return (*_without_gap(outline, line, end_of_line), b"")
    if spec.comment and first:
        return line, place.end, indentation + _indented(text.strip(b"\n"), indentation)
    return place.start, place.end, _indented(text.rstrip(b"\n"), indentation)


def _indented(text: bytes, indentation: bytes) -> bytes:
    """Text whose first line goes where there is an indentation already."""
    lines = text.split(b"\n")
    return b"\n".join([lines[0], *(indentation + line if line else line for line in lines[1:])])


def _all_indented(text: bytes, indentation: bytes) -> bytes:
    return b"\n".join(indentation + line if line else line for line in text.split(b"\n"))


def _without_gap(outline: Outline, start: int, end: int) -> tuple[int, int]:
    """These whole lines, and the empty line below where there would be two, or one below an opening."""
    above = outline.source[:start].rstrip(b" \t")
    before = above[:-1].rstrip(b" \t")
    opens = before.endswith((b"\n", b"{", b"*/")) or not before
    after = outline.line_end(end)
    if opens and not outline.source[end:after].strip() and after > end:
        return start, after
    return start, end


def _include(path: str, outline: Outline, header: str, why: str) -> Iterator[Edit]:
    if any(include.name == header for include in outline.includes if include.depth == 0):
        return
    folder = header.rpartition("/")[0]
    plain = [include for include in outline.includes if include.depth == 0]
    same = [include for include in plain if include.name.rpartition("/")[0] == folder] if folder else []
    same = same or [include for include in plain if include.name[0] == header[0]] or plain
    if not same:
        raise InputError(f"{path} includes nothing, so there is no place for {header}", "the series needs one")
    at = outline.line_end(same[-1].end)
    yield Edit(Span(path, at, at), f"#include {header}\n".encode(), why)
