"""From one raw file of a translation unit to its facts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patcher.model import Assignment, Call, Definition, Diagnostic, FileFacts, How, Kind, Region, Span, Use
from patcher.source import lex
from patcher.source.cursor import Cursor
from patcher.source.usage import ASSERTS, FLAG_CALLS, Syntax
from patcher.source.walk import Declared, RawFile

_EXPORT = re.compile(rb"\bEXPORT_(?:PER_CPU_)?SYMBOL\w*[ \t]*\([ \t]*(\w+)")
_KINDS: dict[int, Kind] = {
    Cursor.STRUCT: Kind.TYPE,
    Cursor.UNION: Kind.TYPE,
    Cursor.ENUM: Kind.TYPE,
    Cursor.TYPEDEF: Kind.TYPE,
    Cursor.ENUMERATOR: Kind.ENUMERATOR,
    Cursor.FUNCTION: Kind.FUNCTION,
    Cursor.VARIABLE: Kind.VARIABLE,
}
_WRAPPERS = ("likely", "unlikely", "if", "while", "for", "switch", "return", "sizeof", "defined")
_CONDITIONAL = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b([^\n]*)", re.MULTILINE)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_OPENING = re.compile(rb"\s*\(")


class _Macro(NamedTuple):
    name: str
    at: int
    end: int
    params: tuple[str, ...]
    body: int


def facts(
    path: str, profile: str, source: bytes, raw: RawFile, diagnostics: Sequence[Diagnostic], errors: int
) -> FileFacts:
    """The facts of one file. ``raw`` and ``source`` must be of the same bytes; see ``FileFacts``."""
    return _File(path, source, raw).facts(profile, tuple(diagnostics), errors)


class _File:
    def __init__(self, path: str, source: bytes, raw: RawFile) -> None:
        self.path = path
        self.source = source
        self.code = lex.code_only(source)
        self.raw = raw
        self.syntax = Syntax(raw.nodes, raw.named, self.code, source)
        self.lines = lex.line_starts(source)
        self.declared = {item.node: item for item in raw.declared}
        self.macros = sorted((self._macro(at, end) for at, end in raw.macros), key=lambda macro: macro.at)
        self.macro_starts = [macro.at for macro in self.macros]

    def facts(self, profile: str, diagnostics: tuple[Diagnostic, ...], errors: int) -> FileFacts:
        return FileFacts(
            path=self.path,
            profile=profile,
            definitions=tuple(self._definitions()),
            uses=tuple(sorted(self._uses(), key=lambda use: use.span.start)),
            calls=tuple(sorted(self._calls(), key=lambda call: call.span.start)),
            assignments=tuple(self._assignments()),
            regions=tuple(self._regions()),
            diagnostics=diagnostics,
            unit_errors=errors,
        )

    def line(self, offset: int) -> int:
        return bisect_right(self.lines, offset)

    def word(self, offset: int) -> str:
        match = _WORD.match(self.source, offset)
        return match.group().decode() if match else ""

    def span(self, start: int, end: int) -> Span:
        return Span(self.path, start, end)

    # definitions

    def _macro(self, at: int, end: int) -> _Macro:
        name = self.word(at)
        body = at + len(name)
        params: tuple[str, ...] = ()
        if self.code[body : body + 1] == b"(":
            params, body = lex.arguments(self.code, self.source, body)
        return _Macro(name, at, end, params, body)

    def _definitions(self) -> Iterator[Definition]:
        exported = {name.decode() for name in _EXPORT.findall(self.code)}
        for item in self.raw.declared:
            node = self.raw.nodes[item.node]
            kind = _KINDS.get(node.kind)
            if kind is None or not item.name or item.name.startswith(("(", "enum ", "struct ", "union ")):
                continue
            yield Definition(
                kind=kind,
                name=item.name,
                span=self.span(node.start, node.end),
                name_start=self._name_start(item),
                line=self.line(item.at),
                type=item.type,
                static=item.static,
                declares=not item.defines,
                exported=item.name in exported,
                mentions=self._mentions(node.start, node.end, item.name)
                if kind in (Kind.FUNCTION, Kind.VARIABLE)
                else (),
                params=self._params(item.node) if kind is Kind.FUNCTION else (),
            )
        for macro in self.macros:
            yield Definition(
                Kind.MACRO, macro.name, self.span(macro.at, macro.end), macro.at, self.line(macro.at), "", False, False,
                False, self._mentions(macro.body, macro.end, ""), macro.params,
            )  # fmt: skip

    def _name_start(self, item: Declared) -> int:
        if self.word(item.at) == item.name:
            return item.at
        node = self.raw.nodes[item.node]
        found = re.search(rb"\b%s\b" % re.escape(item.name.encode()), self.code[node.start : node.end])
        return node.start + found.start() if found else item.at

    def _mentions(self, start: int, end: int, own: str) -> tuple[str, ...]:
        return tuple(sorted({word for word, _ in lex.words(self.code, start, end)} - {own}))

    def _params(self, index: int) -> tuple[str, ...]:
        nodes, children = self.raw.nodes, self.syntax.children[index]
        return tuple(self.syntax.declared_name(child) for child in children if nodes[child].kind == Cursor.PARAMETER)

    # uses

    def _uses(self) -> Iterator[Use]:
        locals_ = self._locals()
        seen: set[int] = set()
        for index, node in enumerate(self.raw.nodes):
            if node.kind != Cursor.REFERENCE or node.start in seen:
                continue
            name = self.word(node.start)
            if node.start + len(name) != node.end or name in locals_.get(self.syntax.top(node.start), ()):
                continue
            seen.add(node.start)
            yield self._use(name, node.start, node.end, index)
        for start, _ in self.raw.expansions:
            name = self.word(start)
            if start not in seen and name:
                seen.add(start)
                yield self._use(name, start, start + len(name), -1)
        for item in self.raw.declared:
            kind = self.raw.nodes[item.node].kind
            if (
                kind in (Cursor.FUNCTION, Cursor.VARIABLE)
                and item.name
                and self.word(item.at) == item.name
                and item.at not in seen
            ):
                seen.add(item.at)
                how = How.DEFINED if item.defines else How.DECLARED
                yield self._plain(item.name, item.at, item.at + len(item.name), how, "")
        for macro in self.macros:
            yield self._plain(macro.name, macro.at, macro.at + len(macro.name), How.DEFINED, "")
            for word, at in lex.words(self.code, macro.body, macro.end):
                if word not in macro.params:
                    yield self._plain(word, at, at + len(word), How.DEFINED, macro.name)

    def _locals(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for index, node in enumerate(self.raw.nodes):
            if node.kind == Cursor.PARAMETER or (node.kind == Cursor.VARIABLE and node.parent >= 0):
                top = index
                while self.raw.nodes[top].parent >= 0:
                    top = self.raw.nodes[top].parent
                found.setdefault(top, set()).add(self.syntax.declared_name(index))
        return found

    def _plain(self, name: str, start: int, end: int, how: How, inside: str) -> Use:
        line = self.line(start)
        column = start - self.lines[line - 1] + 1
        return Use(name, self.span(start, end), line, column, inside, how, self.span(start, end), (), "", "", False)

    def _use(self, name: str, start: int, end: int, index: int) -> Use:
        syntax = self.syntax
        called = index < 0 and _OPENING.match(self.code, end) is not None
        if index < 0:
            index = self._expanded(start, end)
        line = self.line(start)
        column = start - self.lines[line - 1] + 1
        holder = self._holder(start)
        if index < 0 or self.raw.nodes[index].start > start:
            around = syntax.around(start)
            how = How.TESTED if self._in_directive(start) else How.READ
            statement = syntax.nodes[syntax.statement(around)] if around >= 0 else None
            place = self.span(statement.start, statement.end) if statement else self.span(start, end)
            conditions = syntax.conditions(around) if around >= 0 else ()
            return Use(name, self.span(start, end), line, column, holder, how, place, conditions, "", "", False)
        how, returned = syntax.how(index)
        how = How.CALLED if called else how
        callee = self._callee(start)
        target = syntax.target(index)
        if ASSERTS.match(callee):
            how = How.ASSERTED
        elif callee in FLAG_CALLS and how in (How.PASSED, How.SET):
            how, target = self._flag_call(callee, start)
        elif how is How.SET and self._is_mask(target, start):
            how = How.TESTED
        statement_index = syntax.statement(index)
        statement = syntax.nodes[statement_index]
        return Use(
            symbol=name,
            span=self.span(start, end),
            line=line,
            column=column,
            function=holder,
            how=how,
            statement=self.span(statement.start, statement.end),
            conditions=syntax.conditions(index),
            callee=callee,
            target=target,
            in_return=returned,
        )

    def _flag_call(self, callee: str, offset: int) -> tuple[How, str]:
        """What a flag becomes as an argument of one of FLAG_CALLS, and of what."""
        opening = self.source.rindex(callee.encode(), 0, offset) + len(callee)
        args, _ = lex.arguments(self.code, self.source, self.code.index(b"(", opening))
        before, _ = lex.arguments(self.code[:offset] + b")", self.source, self.code.index(b"(", opening))
        place = max(len(before) - 1, 0)
        hows = FLAG_CALLS[callee]
        return (hows[place] or How.PASSED) if place < len(hows) else How.PASSED, f"{args[0]}->vm_flags"

    def _is_mask(self, target: str, offset: int) -> bool:
        """Whether what a flag is assigned to is a local variable that only serves to look at some bits of others."""
        top = self.syntax.top(offset)
        if not target.isidentifier() or top < 0:
            return False
        node, name = self.raw.nodes[top], re.escape(target.encode())
        code = self.code[node.start : node.end]
        read = re.findall(rb"\b%s\b(?!\s*[|&^]?=[^=])" % name, code)
        masks = re.findall(rb"(?<=[\w)\]])\s*&(?!&)\s*~?\s*%s\b|\b%s\s*&(?![&=])" % (name, name), code)
        return bool(masks) and len(read) <= len(masks)

    def _expanded(self, start: int, end: int) -> int:
        """The node that a macro's expansion became: libclang gives it the extent of the macro's call."""
        opening = _OPENING.match(self.code, end)
        if not opening:
            return self.syntax.expanded(start)
        _, close = lex.arguments(self.code, self.source, opening.end() - 1)
        return self.syntax.node(start, close)

    def _holder(self, offset: int) -> str:
        item = self.declared.get(self.syntax.top(offset))
        return item.name if item else ""

    def _in_directive(self, offset: int) -> bool:
        line = self.source[self.lines[self.line(offset) - 1] : offset]
        return line.lstrip().startswith(b"#")

    def _callee(self, offset: int) -> str:
        """The innermost call, or use of a function-like macro, whose argument holds ``offset``."""
        top = self.syntax.top(offset)
        start = self.raw.nodes[top].start if top >= 0 else max(0, offset - 2000)
        depth = 0
        for at in range(offset - 1, start - 1, -1):
            char = self.code[at]
            if char in b")":
                depth += 1
            elif char in b"(":
                if depth:
                    depth -= 1
                    continue
                match = re.search(rb"([A-Za-z_]\w*)\s*$", self.code[max(start, at - 80) : at])
                if match and (name := match.group(1).decode()) not in _WRAPPERS:
                    return name
            elif char in b";{}" and depth == 0:
                return ""
        return ""

    # calls

    def _calls(self) -> Iterator[Call]:
        seen: set[int] = set()
        places = [(node.start, index) for index, node in enumerate(self.raw.nodes) if node.kind == Cursor.CALL]
        places += [(start, -1) for start, end in self.raw.expansions]
        for start, index in places:
            name = self.word(start)
            opening = _OPENING.match(self.code, start + len(name))
            if not name or not opening or start in seen or self._holder(start) in ("", name):
                continue
            seen.add(start)
            args, end = lex.arguments(self.code, self.source, opening.end() - 1)
            around = index if index >= 0 else self.syntax.around(start)
            conditions = self.syntax.conditions(around) if around >= 0 else ()
            yield Call(name, self.span(start, end), self.line(start), self._holder(start), args, conditions)

    def _assignments(self) -> Iterator[Assignment]:
        syntax = self.syntax
        for index, node in enumerate(self.raw.nodes):
            children = syntax.children[index]
            if node.kind == Cursor.VARIABLE and node.parent >= 0:
                name = syntax.declared_name(index)
                at = self.raw.named.get(index, node.start) + len(name)
                if children and (equals := self.code.find(b"=", at, node.end)) >= 0:
                    value = lex.flat(self.source[equals + 1 : node.end])
                    yield Assignment(self._holder(node.start), name, value, "=")
            elif node.kind in (Cursor.BINARY, Cursor.COMPOUND_ASSIGN) and len(children) == 2:
                operator = syntax.operator(index)
                if operator == "=" or node.kind == Cursor.COMPOUND_ASSIGN:
                    target, value = (syntax.text(child) for child in children)
                    yield Assignment(self._holder(node.start), target, value, operator)

    # what was not compiled

    def _regions(self) -> Iterator[Region]:
        for start, end in sorted(self.raw.skipped):
            first, last = self.line(start), self.line(end)
            yield Region(self.path, first, last, self._condition(first))

    def _condition(self, line: int) -> str:
        """The directive that leaves a region out; an ``#else`` with the condition it is the other side of."""
        start = self.lines[line - 1]
        match = _CONDITIONAL.search(self.code, start)
        if match is None:
            return ""
        text = self._directive(match)
        return f"{text} of {opening}" if match.group(1) == b"else" and (opening := self._opening(match)) else text

    def _directive(self, match: re.Match[bytes]) -> str:
        return lex.flat(self.code[match.start() : match.end()])

    def _opening(self, other: re.Match[bytes]) -> str:
        depth = 0
        for match in reversed(list(_CONDITIONAL.finditer(self.code, 0, other.start()))):
            word = match.group(1)
            if word == b"endif":
                depth += 1
            elif word.startswith(b"if"):
                if depth == 0:
                    return self._directive(match)
                depth -= 1
        return ""
