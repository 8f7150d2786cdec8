"""Edits that are made wherever a pattern is found, or where a rule has found something: no name tells the place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.errors import InputError
from patcher.model import Edit, Span
from patcher.series.anchor import Place, within
from patcher.series.edits import EditSpec
from patcher.series.omit import omit
from patcher.source import meta
from patcher.source.lex import flat
from patcher.source.outline import Item, Outline, Token, Unreadable
from patcher.tree.overlay import fits

Contents = Mapping[str, bytes]
Found = Mapping[str, Sequence[tuple[str, int]]]
_CONTINUED = re.compile(rb"\\(\r?\n)")
_BODY = re.compile(rb"\#[ \t]*define[ \t]+\w+(\([^)]*\))?")
_HEAD = b"void f(void) {"


class _Match(NamedTuple):
    """A place, what metavariables stand for there, and whether it is inside of a macro."""

    place: Place
    values: Mapping[str, bytes]
    macro: bool


class Made(NamedTuple):
    """Edits, and the places for which there is none: path → line → why."""

    edits: list[Edit]
    left: dict[str, dict[int, str]]


def edits(specs: Sequence[EditSpec], contents: Contents, outlines: dict[bytes, Outline], found: Found) -> Made:
    """The edits that operations come to.

    Arguments:
        contents: the files to look in
        outlines: as ``Anchor``
        found: rule → where it has found something, as path and byte

    Raises InputError where a file cannot be followed, and where no match is around what a rule has found.
    """
    made = Made([edit for spec in specs if spec.over for edit in _over(spec, contents, outlines)], {})
    for rule in dict.fromkeys(spec.for_each for spec in specs if spec.for_each):
        own = [spec for spec in specs if spec.for_each == rule]
        by_path: dict[str, list[int]] = {}
        for path, offset in found.get(rule, ()):
            by_path.setdefault(path, []).append(offset)
        if own[0].action == "omit":
            _omit(own[0], contents, outlines, by_path, made)
        else:
            made.edits.extend(_for_each(own, contents, outlines, by_path))
    return made


def _omit(
    spec: EditSpec, contents: Contents, outlines: dict[bytes, Outline], places: Mapping[str, Sequence[int]], made: Made
) -> None:
    for path, offsets in sorted(places.items()):
        content = contents.get(path, b"")
        try:
            outline = _outline(content, outlines)
        except Unreadable as error:
            line = _line(content, error.offset)
            made.left[path] = {line: "the file cannot be followed as C from here on"}
            continue
        own = omit(path, outline, offsets, spec.why)
        made.edits.extend(own.edits)
        if own.left:
            made.left[path] = own.left
    _count(spec, made.edits, contents)


def _over(spec: EditSpec, contents: Contents, outlines: dict[bytes, Outline]) -> list[Edit]:
    made = []
    for path in sorted(path for path in contents if fits(path, spec.over)):
        matches = _apart(_matches(spec, path, contents[path], outlines))
        made += [_edit(spec, path, outlines[contents[path]], one) for one in matches]
    _count(spec, made, contents)
    return made


def _for_each(
    specs: Sequence[EditSpec], contents: Contents, outlines: dict[bytes, Outline], places: Mapping[str, Sequence[int]]
) -> list[Edit]:
    """The first of the operations that has a match around it, for each place."""
    made: dict[EditSpec, dict[Edit, None]] = {spec: {} for spec in specs}
    for path, offsets in sorted(places.items()):
        content = contents.get(path, b"")
        matches = [(spec, _matches(spec, path, content, outlines)) for spec in specs]
        for offset in offsets:
            spec, one = _around(path, content, matches, offset)
            made[spec][_edit(spec, path, outlines[content], one)] = None
    for spec, own in made.items():
        _count(spec, list(own), contents)
    return [edit for own in made.values() for edit in own]


def _count(spec: EditSpec, made: Sequence[Edit], contents: Contents) -> None:
    if spec.expect and len(made) != spec.expect:
        places = (f"{one.span.path}:{_line(contents[one.span.path], one.span.start)}" for one in made[:4])
        raise InputError(
            f"edit {spec.why!r}: {spec.expect} places expected, found {len(made)}", "; ".join(places) or "see expect"
        )


def _outline(content: bytes, outlines: dict[bytes, Outline]) -> Outline:
    if content not in outlines:
        outlines[content] = Outline(content)
    return outlines[content]


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1


def _matches(spec: EditSpec, path: str, content: bytes, outlines: dict[bytes, Outline]) -> list[_Match]:
    """All places of a file, those that hold others included, in the order in which they begin."""
    asked = meta.pattern(spec.statement or spec.code)
    if not all(word.encode() in content for word in asked.words):
        return []
    label = f"edit {spec.why!r}: {path}"
    try:
        outline = _outline(content, outlines)
        looked = [_whole(outline, spec, asked), *(_in_macro(outline, item, spec, asked) for item in outline.items)]
        return sorted((match for each in looked for match in each), key=lambda one: (one.place.start, -one.place.end))
    except Unreadable as error:
        line = _line(content, error.offset)
        raise InputError(f"{label}:{line} cannot be followed as C", "leave the file out of over") from error
    except meta.TooMuch as error:
        raise InputError(f"{label}: the pattern can be matched in too many ways", "say more tokens in it") from error


def _whole(outline: Outline, spec: EditSpec, asked: meta.Pattern) -> Iterator[_Match]:
    matcher = meta.Matcher(asked, [token.text for token in outline.tokens])
    if spec.code:
        spans: Iterator[tuple[int, int, bool]] = ((at, len(outline.tokens), False) for at in range(len(outline.tokens)))
    else:
        spans = (
            span for item in outline.items if item.kind == "function" for span in _statements(outline, item, asked)
        )
    yield from _found(matcher, asked, outline.source, outline.tokens, spans, 0)


def _statements(outline: Outline, item: Item, asked: meta.Pattern) -> Iterator[tuple[int, int, bool]]:
    """Rows of as many statements as the pattern is, as tokens."""
    length = max(1, _rows(asked))
    for row in outline.statements(item):
        for at in range(len(row) - length + 1):
            yield row[at].first, row[at + length - 1].last, True


def _rows(asked: meta.Pattern) -> int:
    depth, text = 0, []
    for part in asked.parts:
        depth += (part.text in (b"(", b"[")) - (part.text in (b")", b"]"))
        alone = not part.text and not part.name and depth == 0
        text.append(b"___;" if alone else part.text or b"___")
    outline = Outline(_HEAD + b" ".join(text) + b"}")
    return len(outline.statements(outline.items[0])[0])


def _in_macro(outline: Outline, item: Item, spec: EditSpec, asked: meta.Pattern) -> Iterator[_Match]:
    """Matches in the body of a macro: the same bytes, read without the ends of its lines."""
    if item.kind != "macro":
        return
    text = outline.source[item.start : item.end]
    head = _BODY.match(text)
    if not head or not all(word.encode() in text for word in asked.words):
        return
    body = _CONTINUED.sub(lambda found: b" " * len(found.group()), text[head.end() :])
    try:
        inner = Outline(_HEAD + body + b"}") if spec.statement else Outline(body)
        (function,) = inner.items[:1] if spec.statement else (None,)
        matcher = meta.Matcher(asked, [token.text for token in inner.tokens])
        spans = (
            _statements(inner, function, asked)
            if function
            else ((at, len(inner.tokens), False) for at in range(len(inner.tokens)))
        )
        shift = item.start + head.end() - (len(_HEAD) if spec.statement else 0)
        for one in _found(matcher, asked, inner.source, inner.tokens, spans, shift):
            yield one._replace(macro=True)
    except (Unreadable, ValueError):
        return  # half of a statement, which only makes one where the macro is used


def _found(
    matcher: meta.Matcher, asked: meta.Pattern, source: bytes, tokens: Sequence[Token],
    spans: Iterator[tuple[int, int, bool]], shift: int,
) -> Iterator[_Match]:  # fmt: skip
    for at, limit, whole in spans:
        if asked.first and (at >= limit or tokens[at].text != asked.first):
            continue
        if not (found := matcher.match(at, limit, whole=whole)) or found[0] == at:
            continue
        end, bound = found
        values = {
            name: source[tokens[first].start : tokens[last - 1].end] if last > first else b""
            for name, (first, last) in bound.items()
        }
        yield _Match(Place(tokens[at].start + shift, tokens[end - 1].end + shift, at, end), values, False)


def _apart(matches: Sequence[_Match]) -> Iterator[_Match]:
    """Those that are not inside of another."""
    end = 0
    for one in matches:
        if one.place.start >= end:
            yield one
            end = one.place.end


def _around(
    path: str, content: bytes, matches: Sequence[tuple[EditSpec, Sequence[_Match]]], offset: int
) -> tuple[EditSpec, _Match]:
    """The smallest match around an offset, of the first operation that has any."""
    for spec, found in matches:
        if around := [one for one in found if one.place.start <= offset < one.place.end]:
            return spec, min(around, key=lambda one: one.place.end - one.place.start)
    start = content.rfind(b"\n", 0, offset) + 1
    line = flat(content[start : content.find(b"\n", start)])[:100]
    first = matches[0][0]
    patterns = ", ".join(f"`{flat((spec.statement or spec.code).encode())}`" for spec, _ in matches)
    raise InputError(
        f"edit {first.why!r}: {path}:{_line(content, offset)}: rule {first.for_each} found `{line}`, "
        f"and no {patterns} is around it",
        "add an edit for this form, or have the rule leave it out",
    )


def _edit(spec: EditSpec, path: str, outline: Outline, one: _Match) -> Edit:
    text = meta.filled(spec.text, one.values)
    if not one.macro:
        start, end, replacement = within(outline, one.place, spec, text)
        return Edit(Span(path, start, end), replacement, spec.why)
    if spec.action not in ("replace", "delete"):
        line = outline.line(one.place.start)
        raise InputError(
            f"edit {spec.why!r}: {path}:{line}: in a macro there is only replace and delete, not {spec.action}",
            "replace the code by itself and more",
        )
    text = text.strip(b"\n").replace(b"\n", b" \\\n")
    return Edit(Span(path, one.place.start, one.place.end), text, spec.why)
