"""The paths through a function, as its text shows them: on which of those that pass a place does something happen?

Followed are if, switch, loops, goto and the values that error variables have on each path (0, or an error). Every
branch of an ``#ifdef`` is tried. What is asked is told by a ``Watch``; what cannot be followed is said to be unknown.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from patcher.rules.functions import Function, arguments
from patcher.source.outline import Outline, Statement, Unreadable
from patcher.tree.buildable import of_others

_Branch = tuple[str, int, int]  # the directive that begins it, and its text: from, to

_VARIANTS = 16
_STATES = 48
_STATEMENTS = 5000  # in one walk
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w*)((?:\\\r?\n|[^\n])*)", re.MULTILINE)
_ASSIGNED = re.compile(r"(?<![\w.>\]])(\w+)\s*=(?!=)\s*([^;,]*)")
_ERROR = re.compile(
    r"\(*\s*(?:-\s*(?:E[A-Z0-9]+|1)\b|(?:ERR_PTR|ERR_CAST)\s*\(|VM_FAULT_(?!NOPAGE|MINOR|MAJOR)[A-Z]+\b)"
)
_NOTHING = re.compile(r"\(*\s*(?:0|NULL|VM_FAULT_NOPAGE)\s*\)*\Z")
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_HINT = re.compile(r"\b(?:likely|unlikely)\s*(?=\()")
_TEST = re.compile(r"(!?)\s*\(*\s*(\w+)\s*(?:=(?!=)[^=].*?\))?\s*\)*\s*(?:(!=|==|<|>=)\s*0)?\s*\)*\Z", re.DOTALL)
_ENDS = re.compile(r"\b(?:BUG|panic|unreachable|__builtin_unreachable)\s*\(")


class Effect(NamedTuple):
    """What a piece of code does to what is watched. ``happens``: it does happen; ``unknown``: what cannot be followed,
    as text, "" if all can."""

    happens: bool = False
    unknown: str = ""


class Watch(Protocol):
    """What is looked for. ``effect`` is asked of each statement's or condition's text; ``reached``: whether a path that
    passes the place may come there."""

    def effect(self, text: str, at: int, *, reached: bool = True) -> Effect: ...


class End(NamedTuple):
    """How a path that passes the place and succeeds leaves the function. ``line``: in the function's body, from 0;
    ``at``: that place's offset in it; ``happened``: as asked; ``unknown``: what kept it from being told;
    ``inside``: the #if that has been chosen for it, "" if none matters."""

    at: int
    happened: bool
    unknown: str
    inside: str


class _State(NamedTuple):
    passed: bool
    happened: bool
    unknown: str
    values: tuple[tuple[str, bool], ...]  # variable → whether it holds an error; other variables are not known

    def value(self, name: str) -> bool | None:
        return dict(self.values).get(name)

    def given(self, name: str, error: bool | None) -> _State:
        others = tuple(pair for pair in self.values if pair[0] != name)
        return self._replace(values=others if error is None else tuple(sorted((*others, (name, error)))))


class Paths(NamedTuple):
    """The ends of all paths. ``readable``: False where the text could not be followed."""

    ends: tuple[End, ...]
    readable: bool


def paths(function: Function, place: tuple[int, int], watch: Watch) -> Paths:
    """The successful ends of every path that passes ``place`` (offsets in the body); (-1, -1) for every path."""
    if function.macro:
        effect = watch.effect(function.body, 0)
        return Paths((End(0, effect.happens, effect.unknown, ""),), True)
    ends: dict[End, None] = {}
    for body, chosen in variants(function.body):
        try:
            walk = _Walk(body, place, watch)
        except (Unreadable, RecursionError):
            return Paths((), False)
        ends.update(dict.fromkeys(End(end.at, end.happened, end.unknown, chosen) for end in walk.ends))
    return Paths(tuple(ends), True)


def variants(text: str) -> Iterator[tuple[str, str]]:
    """The text as each choice among its #if branches leaves it, same length, with the directives of those chosen.

    Where there are too many, all first branches and all last ones. What another architecture has, and ``#if 0``, is
    never chosen.
    """
    groups = list(_groups(text))
    choices = [[each for each in group if not _never(each[0])] or group for group in groups]
    some: Iterator[tuple[_Branch, ...]] = itertools.product(*choices)
    if math.prod(len(each) for each in choices) > _VARIANTS:
        some = iter([tuple(each[0] for each in choices), tuple(each[-1] for each in choices)])
    seen = set()
    for choice in some:
        out = _DIRECTIVE.sub(lambda match: _spaces(match.group()), text)
        for _, start, end in (branch for group in groups for branch in group if branch not in choice):
            out = out[:start] + _spaces(out[start:end]) + out[end:]
        if out not in seen:
            seen.add(out)
            yield out, " and ".join(branch[0] for branch in choice)


def _never(directive: str) -> bool:
    return of_others(re.sub(r"^without ", "#else of ", directive))


def without(text: str, never: Callable[[str], bool]) -> str:
    """The text with blanks, same length, for the branches of an ``#if`` whose directive is never true."""
    for directive, start, end in (branch for group in _groups(text) for branch in group):
        if start < end and never(directive):
            text = text[:start] + _spaces(text[start:end]) + text[end:]
    return text


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _groups(text: str) -> Iterator[list[_Branch]]:
    """Each conditional: its branches; an empty one where there is no #else."""
    stack: list[list[_Branch]] = []
    for match in _DIRECTIVE.finditer(text):
        word, told = match.group(1), " ".join(match.group().split())
        if word in ("if", "ifdef", "ifndef"):
            stack.append([(told, match.end(), match.end())])
        elif word in ("elif", "else", "endif") and stack:
            branches = stack[-1]
            name, start, _ = branches[-1]
            branches[-1] = (name, start, match.start())
            if word != "endif":
                told = f"#else of {branches[0][0]}" if word == "else" else told
                branches.append((told, match.end(), match.end()))
                continue
            if not name.startswith("#else"):
                branches.append((f"without {branches[0][0]}", match.start(), match.start()))
            yield stack.pop()


class _Walk:
    def __init__(self, body: str, place: tuple[int, int], watch: Watch) -> None:
        self._outline = Outline(b"void f(void)\n{" + body.encode("latin-1") + b"}")
        self._shift = len("void f(void)\n{")
        self._place, self._watch = place, watch
        self._left = _STATEMENTS
        self.ends: dict[End, None] = {}
        self._pending: dict[str, set[_State]] = {}
        self._breaks: list[set[_State]] = []
        self._switches: list[set[_State]] = []
        function = next((item for item in self._outline.items if item.kind == "function"), None)
        if function is None:
            raise Unreadable(0)
        rows = self._outline.statements(function)
        start = _State(place == (-1, -1), False, "", ())
        left = self._row(rows[0], {start})
        self._end(left, len(body), "")

    def _text(self, start: int, end: int) -> str:
        return self._outline.source[start:end].decode("latin-1")

    def _row(self, row: Sequence[Statement], states: set[_State]) -> set[_State]:
        for statement in row:
            states = self._statement(statement, states)
            if len(states) > _STATES:
                states = {state._replace(values=()) for state in states}
        return states

    def _statement(self, one: Statement, states: set[_State]) -> set[_State]:
        self._left -= 1
        if self._left < 0:  # loops in loops in loops
            raise Unreadable(one.start)
        tokens = self._outline.tokens
        first = tokens[one.first].text
        if first == b"{":
            return self._row(one.blocks[0], states)
        if first in (b"if", b"while", b"for", b"switch") and one.blocks:
            opening = tokens[one.first + 1].start
            _, closing = arguments(self._text(0, one.blocks[0][0].start), opening)
            return self._controlled(one, first, self._text(opening, closing), opening, states)
        if first == b"do":
            return self._loop(one.blocks[0], states, once=True)
        if one.blocks:  # a macro that loops
            return self._loop(one.blocks[0], states, once=False)
        return self._simple(one, first, states)

    def _controlled(
        self, one: Statement, word: bytes, condition: str, at: int, states: set[_State]
    ) -> set[_State]:  # fmt: skip
        states = self._effects(condition, at, states)
        if word == b"if":
            yes, no = _split(condition, states)
            after = self._row(one.blocks[0], yes)
            return after | (self._row(one.blocks[1], no) if len(one.blocks) > 1 else no)
        if word == b"switch":
            self._switches.append(states)
            self._breaks.append(set())
            has_default = re.search(r"\bdefault\s*:", self._text(one.blocks[0][0].start, one.end)) is not None
            after = self._row(one.blocks[0], set())
            self._switches.pop()
            return after | self._breaks.pop() | (set() if has_default else states)
        once = self._runs(condition)
        return self._loop(one.blocks[0], states, once=once, ends=not re.fullmatch(r"\(\s*(?:1|true)\s*\)", condition))

    def _runs(self, condition: str) -> bool:
        """Whether a loop surely runs: over a vma, which is never empty."""
        if "vm_end" in condition:
            return True
        whole = self._outline.source.decode("latin-1")
        return any(
            re.search(rf"\b{name}\s*=[^=;]*(?:vm_end\s*-|vma_pages\s*\()", whole)
            for name in re.findall(r"[A-Za-z_]\w*", condition)
        )

    def _loop(self, body: Sequence[Statement], states: set[_State], *, once: bool, ends: bool = True) -> set[_State]:
        self._breaks.append(set())
        after = self._row(body, states)
        after = self._row(body, after) | after if after - states else after  # what the first round leaves behind
        broken = self._breaks.pop()
        return (after if ends else set()) | broken | (set() if once or not ends else states)

    def _simple(self, one: Statement, first: bytes, states: set[_State]) -> set[_State]:
        text = self._text(one.start, one.end)
        if first in (b"case", b"default") and self._switches:
            return states | self._switches[-1]
        if text.endswith(":") and _WORD.match(text[:-1].strip()):
            return states | self._pending.pop(text[:-1].strip(), set())
        if first == b"return":
            value = text[len("return") :].rstrip("; \t\n").strip()
            self._end(self._effects(text, one.start, states), one.start - self._shift, value)
            return set()
        if first == b"goto":
            self._pending.setdefault(text[4:].strip(" ;\t\n"), set()).update(states)
            return set()
        if first in (b"break", b"continue") and self._breaks:
            self._breaks[-1] |= states
            return set()
        if _ENDS.match(text):
            return set()
        return self._effects(text, one.start, states)

    def _effects(self, text: str, at: int, states: set[_State]) -> set[_State]:
        at -= self._shift
        passes = self._place[0] < at + len(text) and at < self._place[1]
        reached = at < self._place[1] or any(state.passed for state in states)
        effect = self._watch.effect(text, at, reached=reached)
        found = set()
        for state in states:
            passed = state.passed or passes
            unknown = state.unknown or effect.unknown
            new = state._replace(passed=passed, happened=state.happened or effect.happens, unknown=unknown)
            for name, value in _ASSIGNED.findall(text):
                error = True if _ERROR.match(value) else (False if _NOTHING.match(value.rstrip()) else None)
                new = new.given(name, error)
            found.add(new)
        return found

    def _end(self, states: set[_State], at: int, value: str) -> None:
        for state in states:
            if not state.passed or _ERROR.match(value):
                continue
            if _WORD.match(value) and state.value(value):
                continue
            self.ends[End(at, state.happened, state.unknown, "")] = None


def _split(condition: str, states: set[_State]) -> tuple[set[_State], set[_State]]:
    """The states in which a condition may hold, and those in which it may not."""
    match = _TEST.match(_HINT.sub("", condition)[1:-1].strip())
    if match is None or match.group(2).isdigit() or (match.group(1) and match.group(3)):
        called = re.fullmatch(r"\(\s*(?:IS_ERR|IS_ERR_VALUE|IS_ERR_OR_NULL)\s*\(\s*(\w+)\s*\)\s*\)", condition)
        if called is None:
            return states, states
        error_if, name = True, called.group(1)
    else:
        negated, name, operator = match.groups()
        error_if = bool(negated) is (operator is not None and operator in ("==", ">="))
        error_if = not negated if operator is None else operator in ("!=", "<")
    errors = {state.given(name, True) for state in states if state.value(name) is not False}
    fine = {state.given(name, False) for state in states if state.value(name) is not True}
    return (errors, fine) if error_if else (fine, errors)


def calls(text: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Every call in a piece of code, inner ones too: name, arguments, offset. Calls through a pointer are named by the
    member: ``->mmap``."""
    for match in re.finditer(r"(->|\.)?\s*\b([A-Za-z_]\w*)\s*\)?\s*\(", text):
        if match.group(2) in ("if", "while", "for", "switch", "return", "sizeof", "likely", "unlikely", "defined"):
            continue
        args, _ = arguments(text, match.end() - 1)
        yield ("->" if match.group(1) else "") + match.group(2), args, match.start(2)
