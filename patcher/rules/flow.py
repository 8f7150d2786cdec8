"""The paths through a function, as its text shows them: on which of those that pass a place does something happen?

Followed are if, switch, loops, goto and the values that error variables have on each path (0, or an error). Every
branch of an ``#ifdef`` is tried. What is asked is told by a ``Watch``; what cannot be followed is said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from patcher.rules.branches import variants
from patcher.rules.functions import Function, arguments
from patcher.source.outline import Outline, Statement, Unreadable

_STATES = 48
_STATEMENTS = 5000  # in one walk
_ASSIGNED = re.compile(r"(?<![\w.>\]])(\w+)\s*=(?!=)\s*([^;,]*)")
_ERROR = re.compile(
    r"\(*\s*(?:-\s*(?:E[A-Z0-9]+|1)\b|(?:ERR_PTR|ERR_CAST)\s*\(|VM_FAULT_(?!NOPAGE|MINOR|MAJOR)[A-Z]+\b)"
)
_NOTHING = re.compile(r"\(*\s*(?:0|NULL|VM_FAULT_NOPAGE)\s*\)*\Z")
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_HINT = re.compile(r"\b(?:likely|unlikely|WARN_ON|WARN_ON_ONCE)\s*(?=\()")
_STATUS, _RETURNED = "__status", "__returned"
_TEST = re.compile(r"(!?)\s*\(*\s*(\w+)\s*(?:=(?!=)[^=].*?\))?\s*\)*\s*(?:(!=|==|<|>=)\s*0)?\s*\)*\Z", re.DOTALL)
_ENDS = re.compile(r"\b(?:BUG|panic|unreachable|__builtin_unreachable)\s*\(")


class Effect(NamedTuple):
    """What a piece of code does to what is watched.

    ``happens``: it does happen; ``call``: by a call that may fail, from where to where in the text. ``undone``: what
    has happened before is undone. ``unknown``: what cannot be followed, as text, "" if all can. ``reads``: where it is
    asked whether it has happened, as text; ``shows``: this is only printed.
    """

    happens: bool = False
    unknown: str = ""
    call: tuple[int, int] | None = None
    undone: bool = False
    reads: str = ""
    shows: bool = False


class Watch(Protocol):
    """What is looked for. ``effect`` is asked of each statement's or condition's text; ``reached``: whether a path that
    passes the place may come there."""

    def effect(self, text: str, at: int, *, reached: bool = True) -> Effect: ...


class End(NamedTuple):
    """How a path that passes the place and succeeds leaves the function.

    ``at``: that place's offset in the function's body; ``happened``: as asked; ``unknown``: what kept it from being
    told; ``inside``: the #if that has been chosen for it, "" if none matters; ``reads``: where it is asked for between
    the place and its happening; ``ignored``: whether it may have failed, and nobody asks.
    """

    at: int
    happened: bool
    unknown: str
    inside: str
    reads: str = ""
    ignored: bool = False


class _State(NamedTuple):
    passed: bool
    happened: bool
    unknown: str
    values: tuple[tuple[str, bool], ...]  # variable → whether it holds an error; other variables are not known
    reads: str = ""
    failed: str = ""  # the variable that tells that what "happened" has failed; nobody has asked it yet
    before: bool = False  # whether it had happened before that
    ignored: bool = False

    def value(self, name: str) -> bool | None:
        return dict(self.values).get(name)

    def given(self, name: str, error: bool | None) -> _State:
        others = tuple(pair for pair in self.values if pair[0] != name)
        return self._replace(values=others if error is None else tuple(sorted((*others, (name, error)))))

    def asked(self, name: str) -> _State:
        """The state in which a variable was seen to hold an error."""
        looked = self._replace(happened=self.before, failed="") if self.failed == name else self
        return looked.given(name, True)

    def stored(self, name: str, error: bool | None) -> _State:
        """The state in which a variable is given a value."""
        lost = self.failed == name
        return self._replace(failed="" if lost else self.failed, ignored=self.ignored or lost).given(name, error)


class Paths(NamedTuple):
    """The ends of all paths. ``readable``: False where the text could not be followed. ``shown``: where in the body
    it is printed whether it has happened, between the place and its happening."""

    ends: tuple[End, ...]
    readable: bool
    shown: tuple[int, ...] = ()


def paths(function: Function, place: tuple[int, int], watch: Watch, *, everywhere: bool = False) -> Paths:
    """The successful ends of every path that passes ``place`` (offsets in the body); (-1, -1) for every path.
    ``everywhere``: see ``variants``."""
    if function.macro:
        effect = watch.effect(function.body, 0)
        return Paths((End(0, effect.happens, effect.unknown, "", effect.reads),), True, (0,) if effect.shows else ())
    ends: dict[End, None] = {}
    shown: dict[int, None] = {}
    for body, chosen in variants(function.body, everywhere=everywhere):
        try:
            walk = _Walk(body, place, watch)
        except (Unreadable, RecursionError):
            return Paths((), False)
        ends.update(dict.fromkeys(end._replace(inside=chosen) for end in walk.ends))
        shown.update(walk.shown)
    return Paths(tuple(ends), True, tuple(shown))


class _Walk:
    def __init__(self, body: str, place: tuple[int, int], watch: Watch) -> None:
        self._outline = Outline(b"void f(void)\n{" + body.encode("latin-1") + b"}")
        self._shift = len("void f(void)\n{")
        self._place, self._watch = place, watch
        self._left = _STATEMENTS
        self.ends: dict[End, None] = {}
        self.shown: dict[int, None] = {}
        self._pending: dict[str, set[_State]] = {}
        self._labels: set[str] = set()
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
        if word == b"if":
            yes, no = self._condition(condition, at, states)
            after = self._row(one.blocks[0], yes)
            return after | (self._row(one.blocks[1], no) if len(one.blocks) > 1 else no)
        states = self._effects(condition, at, states)
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
        if text.endswith(":") and _WORD.match(label := text[:-1].strip()):
            self._labels.add(label)
            return states | self._pending.pop(label, set())
        if first == b"return":
            value = text[len("return") :].rstrip("; \t\n").strip()
            self._end(self._effects(text, one.start, states, _RETURNED), one.start - self._shift, value)
            return set()
        if first == b"goto":
            label = text[4:].strip(" ;\t\n")
            if label in self._labels and any(state.passed for state in states):
                raise Unreadable(one.start)  # back to what was walked through
            self._pending.setdefault(label, set()).update(states)
            return set()
        if first in (b"break", b"continue") and self._breaks:
            self._breaks[-1] |= states
            return set()
        if _ENDS.match(text):
            return set()
        return self._effects(text, one.start, states)

    def _condition(self, text: str, at: int, states: set[_State]) -> tuple[set[_State], set[_State]]:
        """The states in which a condition holds, and those in which it does not; what is behind an ``&&`` or ``||``
        is not always evaluated."""
        start, end = _unwrapped(text)
        text, at = text[start:end], at + start
        for operator in ("||", "&&"):
            parts = list(_parts(text, operator))
            if len(parts) > 1:
                left, decided = states, set[_State]()
                for part, offset in parts:
                    yes, no = self._condition(part, at + offset, left)
                    left = no if operator == "||" else yes
                    decided |= yes if operator == "||" else no
                return (decided, left) if operator == "||" else (left, decided)
        if text.startswith("!") and _wrapped(text, 1):
            yes, no = self._condition(text[1:], at + 1, states)
            return no, yes
        states = self._effects(text, at, states, _STATUS)
        called = self._watch.effect(text, at - self._shift, reached=False).call
        tested = f"{text[: called[0]]}{_STATUS}{text[called[1] :]}" if called else text
        yes, no = _split(tested, states)
        return {state.asked(_STATUS) for state in yes}, {state.asked(_STATUS) for state in no}

    def _effects(self, text: str, at: int, states: set[_State], status: str = "") -> set[_State]:
        """``status``: what a call's result becomes that is given to no variable."""
        at -= self._shift
        passes = self._place[0] < at + len(text) and at < self._place[1]
        reached = at < self._place[1] or any(state.passed for state in states)
        effect = self._watch.effect(text, at, reached=reached)
        if effect.shows and any(state.passed and not state.happened for state in states):
            self.shown[at + len(text) - len(text.lstrip())] = None
        found = set()
        for state in states:
            new = state._replace(passed=state.passed or passes, unknown=state.unknown or effect.unknown)
            if state.passed and not state.happened:
                new = new._replace(reads=state.reads or effect.reads)
            if effect.undone:
                new = new._replace(happened=False, failed="")
            for name, value in _ASSIGNED.findall(text):
                error = True if _ERROR.match(value) else (False if _NOTHING.match(value.rstrip()) else None)
                new = new.stored(name, error)
            found |= _happens(new, effect, text, status) if effect.happens else {new}
        return found

    def _end(self, states: set[_State], at: int, value: str) -> None:
        for state in states:
            if not state.passed or _ERROR.match(value):
                continue
            if _WORD.match(value) and state.value(value):
                continue
            told = state.failed and re.search(rf"\b{re.escape(state.failed)}\b", value)
            ignored = state.ignored or bool(state.failed and not told)
            self.ends[End(at, state.happened, state.unknown, "", state.reads, ignored)] = None


def _happens(state: _State, effect: Effect, text: str, status: str) -> set[_State]:
    """The states behind what happens: done, or failed where a call can."""
    done = state._replace(happened=True)
    if effect.call is None or status == _RETURNED:
        return {done}
    given = re.search(r"(\w+)\s*=\s*(?:\(\s*\w+\s*\)\s*)?\Z", text[: effect.call[0]])
    if not (name := given.group(1) if given else status):
        return {done._replace(ignored=True)}
    failed = done._replace(failed=name, before=state.happened)
    return {done.given(name, False), failed.given(name, True)}


def _split(condition: str, states: set[_State]) -> tuple[set[_State], set[_State]]:
    """The states in which a plain condition may hold, and those in which it may not."""
    match = _TEST.match(condition.strip())
    if match is None or match.group(2).isdigit() or (match.group(1) and match.group(3)):
        called = re.fullmatch(r"\s*(?:IS_ERR|IS_ERR_VALUE|IS_ERR_OR_NULL)\s*\(\s*(\w+)\s*\)\s*", condition)
        if called is None:
            return states, states
        error_if, name = True, called.group(1)
    else:
        negated, name, operator = match.groups()
        error_if = not negated if operator is None else operator in ("!=", "<")
    errors = {state.asked(name) for state in states if state.value(name) is not False}
    fine = {state.given(name, False) for state in states if state.value(name) is not True}
    return (errors, fine) if error_if else (fine, errors)


def _wrapped(text: str, at: int) -> bool:
    """Whether a text is, from there on, in one pair of parentheses."""
    return text[at : at + 1] == "(" and arguments(text, at)[1] == len(text.rstrip())


def _unwrapped(text: str) -> tuple[int, int]:
    """Where a condition is within its parentheses and hints."""
    start, end = 0, len(text)
    while True:
        start += len(text[start:end]) - len(text[start:end].lstrip())
        end -= len(text[start:end]) - len(text[start:end].rstrip())
        hint = _HINT.match(text, start, end)
        opening = hint.end() if hint else start
        if not _wrapped(text[:end], opening):
            return start, end
        start, end = opening + 1, end - 1


def _parts(text: str, operator: str) -> Iterator[tuple[str, int]]:
    """What stands between the operators that are in no parentheses, with its offset."""
    depth, start, at = 0, 0, 0
    while at < len(text):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0 and text.startswith(operator, at):
            yield text[start:at], start
            at = start = at + len(operator)
            continue
        at += 1
    yield text[start:], start


def calls(text: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Every call in a piece of code, inner ones too: name, arguments, offset. Calls through a pointer are named by the
    member: ``->mmap``."""
    for match in re.finditer(r"(->|\.)?\s*\b([A-Za-z_]\w*)\s*\)?\s*\(", text):
        if match.group(2) in ("if", "while", "for", "switch", "return", "sizeof", "likely", "unlikely", "defined"):
            continue
        args, _ = arguments(text, match.end() - 1)
        yield ("->" if match.group(1) else "") + match.group(2), args, match.start(2)
