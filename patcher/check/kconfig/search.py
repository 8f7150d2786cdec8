"""Which symbols to set so that some come out as they are wanted: backwards through what they depend on.

kconfiglib says what a symbol comes to under a configuration. To raise one, what its prompt depends on is raised, or
what a default of it does, or what selects it; to lower one, what selects it is lowered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import kconfiglib
from kconfiglib import AND, EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, NOT, OR, UNEQUAL, expr_value, split_expr

from patcher.check.kconfig.model import TRISTATES, Expression, Model, Symbol
from patcher.check.kconfig.trail import TooMuch, Trail, Way, Why, has

_LEVELS = {"n": 0, "m": 1, "y": 2}
_BASES = {kconfiglib.INT: 10, kconfiglib.HEX: 16}
_OPPOSITE = {
    EQUAL: UNEQUAL, UNEQUAL: EQUAL, LESS: GREATER_EQUAL, GREATER_EQUAL: LESS, GREATER: LESS_EQUAL, LESS_EQUAL: GREATER,
}  # fmt: skip
_MIRRORED = {LESS: GREATER, GREATER: LESS, LESS_EQUAL: GREATER_EQUAL, GREATER_EQUAL: LESS_EQUAL}
_BESIDE = {EQUAL: 0, LESS: -1, LESS_EQUAL: 0, GREATER: 1, GREATER_EQUAL: 0}


class Found(NamedTuple):
    """The symbols to set beside the goals; or the goal that cannot be reached, and why."""

    changes: dict[str, str]
    goal: str
    why: Why | None


class Search:
    """One search, from the configuration that a model has."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._trail = Trail()
        self._path: list[Symbol] = []  # what is being raised or lowered
        self._held: dict[Symbol, str] = {}  # what was asked for

    def reach(self, goals: Sequence[tuple[str, str]]) -> Found:
        """What it takes to reach the goals: symbol → value."""
        for name, value in goals:
            symbol = self._model.syms.get(name)
            if symbol is not None and symbol.nodes:
                self._held[symbol] = value
            elif value != "n":
                return Found({}, name, Why((name,), self._undefined(name)))
        for symbol, value in [*self._held.items(), *self._held.items()]:  # one may undo what was before
            try:
                if why := self._exactly(symbol, value):
                    return Found({}, symbol.name, why)
            except TooMuch as error:
                return Found({}, symbol.name, Why((), str(error)))
        for symbol, value in self._held.items():
            if not has(symbol, value):
                why = Why((symbol.name,), f"{symbol.name} is {symbol.str_value} by what else is asked for")
                return Found({}, symbol.name, why)
        self._trail.prune(self._held)
        changes = {each.name: value for each, value in self._trail.changes().items() if each not in self._held}
        return Found(changes, "", None)

    # expressions

    def _at_least(self, expression: Expression, level: int) -> Why | None:
        if expr_value(expression) >= level:
            return None
        self._trail.spend()
        if expression.__class__ is not tuple:
            raised = self._open if expression.__class__ is kconfiglib.Choice else self._raise
            return raised(expression, level)
        operator, left, *right = expression
        if operator is AND:
            return self._all([partial(self._at_least, part, level) for part in split_expr(expression, AND)], expression)
        if operator is OR:
            parts = sorted(split_expr(expression, OR), key=lambda part: self._cost(part, level))
            return self._trail.any(partial(self._at_least, part, level) for part in parts)
        if operator is NOT:
            return self._at_most(left, 2 - level)
        return self._relate(operator, left, *right)

    def _at_most(self, expression: Expression, level: int) -> Why | None:
        if expr_value(expression) <= level:
            return None
        self._trail.spend()
        if expression.__class__ is not tuple:
            if expression.__class__ is kconfiglib.Choice:
                return self._hide(expression)
            return self._lower(expression, level)
        operator, left, *right = expression
        if operator is OR:
            return self._each(partial(self._at_most, part, level) for part in split_expr(expression, OR))
        if operator is AND:
            return self._trail.any(partial(self._at_most, part, level) for part in split_expr(expression, AND))
        if operator is NOT:
            return self._at_least(left, 2 - level)
        return self._relate(_OPPOSITE[operator], left, *right)

    @staticmethod
    def _each(ways: Iterator[Way]) -> Why | None:
        return next((why for way in ways if (why := way())), None)

    def _all(self, ways: Sequence[Way], expression: Expression) -> Why | None:
        if why := self._each(iter([*ways, *ways])):  # what comes later may undo what was before
            return why
        return None if expr_value(expression) else Why((), f"{_text(expression)} contradicts itself")

    def _cost(self, expression: Expression, level: int) -> int:
        """About how many symbols must be set."""
        if expr_value(expression) >= level:
            return 0
        if expression.__class__ is tuple:
            if expression[0] not in (AND, OR):
                return 2
            costs = [self._cost(part, level) for part in split_expr(expression, expression[0])]
            return sum(costs) if expression[0] is AND else min(costs)
        if not getattr(expression, "nodes", ()) or expression in self._path:
            return 50
        if expression.visibility >= level:
            return 1
        return 4 if _prompts(expression) else 8

    def _relate(self, relation: Any, left: Symbol, right: Symbol) -> Why | None:
        """Make a comparison true."""
        text = _text((relation, left, right))
        if not left.nodes and right.nodes:
            left, right, relation = right, left, _MIRRORED.get(relation, relation)
        if {"ARCH", self._model.arch} & {left.name, right.name}:
            return Why((text,), f"the architecture is {self._model.arch}")
        if not left.nodes:
            return Why((text,), "that is never so")
        wanted, base = right.str_value, _BASES.get(left.orig_type, 0)
        why: Why | None = Why((), f"{left.name} is {left.str_value or 'empty'}")
        if left.orig_type in TRISTATES:
            level = _LEVELS.get(wanted)
            if relation is EQUAL:
                why = self._exactly(left, wanted)
            elif relation is UNEQUAL and level is not None:
                ways = [partial(self._lower, left, level - 1)] if level else [partial(self._raise, left, 1)]
                why = self._trail.any([*ways, *([partial(self._raise, left, 2)] if level == 1 else [])])
        elif relation is EQUAL or (base and relation in _BESIDE and _is_number(wanted, base)):
            if base and relation is not EQUAL:
                number = int(wanted, base) + _BESIDE[relation]
                wanted = hex(number) if base == _BASES[kconfiglib.HEX] else str(number)
            why = self._number(left, wanted)
        return Why((text, *why.chain[1:]), why.hindrance) if why else None

    # symbols

    def _exactly(self, symbol: Symbol, value: str) -> Why | None:
        if has(symbol, value):
            return None
        if symbol.orig_type not in TRISTATES:
            return self._number(symbol, value)
        tristate = symbol.orig_type is kconfiglib.TRISTATE
        if value not in _LEVELS or (value == "m" and not tristate):
            return Why((symbol.name,), f"{symbol.name} is {'y, m or n' if tristate else 'y or n'}, never {value}")
        if value == "n":
            return self._lower(symbol, 0)
        if value == "m":
            modules = partial(self._at_least, self._model.modules, 2)
            return self._each(iter([modules, partial(self._at_least, symbol, 1), partial(self._at_most, symbol, 1)]))
        return self._trail.any([partial(self._at_least, symbol, 2), partial(self._at_least, symbol, 1)][: 1 + tristate])

    def _number(self, symbol: Symbol, value: str) -> Why | None:
        """Give a value to a number or a string."""
        value = value.strip('"')
        base = _BASES.get(symbol.orig_type, 0)
        if symbol.str_value == value:
            return None
        if base and not _is_number(value, base):
            return Why((symbol.name,), f"{value} is no number, as {symbol.name} is")
        held = self._held.get(symbol, value).strip('"')
        if held != value:
            return Why((symbol.name,), f"{symbol.name}={held} is asked for, too")
        if symbol in self._model.pinned:
            return Why((symbol.name,), self._answered(symbol))
        if not _prompts(symbol):
            return Why((symbol.name,), f"nobody is asked about {symbol.name} ({_place(symbol)})")
        if why := self._trail.any(partial(self._at_least, each, 1) for each in _prompts(symbol)):
            return Why((symbol.name, *why.chain), why.hindrance)
        if base and (why := self._in_range(symbol, int(value, base), base)):
            return why
        self._trail.set(symbol, value)
        if symbol.str_value != value:
            return Why((symbol.name,), f"{symbol.name} stays {symbol.str_value}")
        return None

    def _in_range(self, symbol: Symbol, value: int, base: int) -> Why | None:
        """Have that range be in force which has the value."""
        bounds: list[str] = []
        earlier: list[Way] = []
        for low, high, condition in symbol.ranges:
            least, most = low.str_value, high.str_value
            if _is_number(least, base) and _is_number(most, base) and int(least, base) <= value <= int(most, base):
                return self._all([*earlier, partial(self._at_least, condition, 1)], condition)
            earlier.append(partial(self._at_most, condition, 0))
            bounds.append(f"from {least} to {most}")
        return Why((symbol.name,), f"{symbol.name} is {' or '.join(dict.fromkeys(bounds))}") if bounds else None

    def _raise(self, symbol: Symbol, level: int) -> Why | None:
        name = symbol.name
        if symbol.is_constant:
            return Why((), "it can only be a module" if name == "m" else f"{name} is never on")
        level = 2 if symbol.orig_type is kconfiglib.BOOL else level
        held = self._held.get(symbol, "y")
        hindrance = ""
        if not symbol.nodes:
            hindrance = self._undefined(name)
        elif symbol.orig_type not in TRISTATES:
            hindrance = f"{name} is neither on nor off ({_place(symbol)})"
        elif symbol in self._model.pinned:
            hindrance = self._answered(symbol)
        elif _LEVELS.get(held, 2) < level:
            hindrance = f"{name}={held} is asked for, too"
        elif symbol in self._path:
            hindrance = f"{name} would be needed for itself"
        if hindrance:
            return Why((name,), hindrance)
        self._path.append(symbol)
        why = self._trail.any(partial(self._raised, symbol, level, ways) for ways in self._ways_up(symbol, level))
        self._path.pop()
        return Why((name, *why.chain), why.hindrance) if why else None

    def _raised(self, symbol: Symbol, level: int, ways: Sequence[Way]) -> Why | None:
        if why := self._each(iter(ways)):
            return why
        return None if symbol.tri_value >= level else Why((), f"{symbol.name} stays {symbol.str_value}")

    def _ways_up(self, symbol: Symbol, level: int) -> Iterator[Sequence[Way]]:
        """The ways to raise a symbol: what each of them takes."""
        seen = 1 if symbol.orig_type is kconfiglib.BOOL else level
        rivals = [each for each in symbol.choice.syms if each is not symbol] if symbol.choice else []
        if asked := [each.name for each in rivals if self._held.get(each) == "y"]:
            yield [lambda: Why((), f"{asked[0]}, of the same choice, is asked for, too")]
            return
        for condition in _prompts(symbol):
            yield [partial(self._at_least, condition, seen), partial(self._assign, symbol, level)]
        if not _prompts(symbol):
            earlier: list[Way] = []
            for value, condition in symbol.defaults:
                yield [*earlier, partial(self._at_least, condition, seen), partial(self._at_least, value, seen)]
                earlier.append(partial(self._at_most, condition, 0))
        for reverse in (symbol.rev_dep, symbol.weak_rev_dep):
            if reverse is not self._model.n:
                yield [partial(self._at_least, symbol.direct_dep, 1), partial(self._at_least, reverse, level)]
        if not _prompts(symbol) and not symbol.defaults and symbol.rev_dep is self._model.n:
            yield [lambda: Why((), f"nobody is asked about {symbol.name}, and nothing selects it ({_place(symbol)})")]

    def _lower(self, symbol: Symbol, level: int) -> Why | None:
        name = symbol.name
        held = self._held.get(symbol, "n")
        hindrance = ""
        if not symbol.nodes:
            hindrance = f"{name} is always on" if symbol.is_constant else "it hangs on what the tree asks the compiler"
        elif _LEVELS.get(held, 0) > level:
            hindrance = f"{name}={held} is asked for, too"
        elif symbol in self._model.pinned:
            hindrance = self._answered(symbol)
        elif symbol in self._path:
            hindrance = f"{name} would be needed for itself"
        if hindrance:
            return Why((f"!{name}",), hindrance)
        self._path.append(symbol)
        why = self._lowered(symbol, 0 if symbol.orig_type is kconfiglib.BOOL else level)
        self._path.pop()
        return Why((f"!{name}", *why.chain), why.hindrance) if why else None

    def _lowered(self, symbol: Symbol, level: int) -> Why | None:
        if expr_value(symbol.rev_dep) > level and (why := self._at_most(symbol.rev_dep, level)):
            return Why(why.chain, f"{why.hindrance}; that selects {symbol.name}")
        if symbol.choice and symbol.choice.selection is symbol:
            others = [partial(self._raise, each, 2) for each in symbol.choice.syms if each is not symbol]
            return self._trail.any([*others, partial(self._hide, symbol.choice)])
        if symbol.tri_value > level and symbol.visibility:
            self._assign(symbol, level)
        if symbol.tri_value <= level:
            return None
        defaults = [part for pair in symbol.defaults if expr_value(pair[1]) > level for part in pair]
        causes = (*defaults, symbol.weak_rev_dep, symbol.direct_dep)
        ways: list[Sequence[Way]] = [
            [partial(self._at_least, each, 1), partial(self._assign, symbol, level)] for each in _prompts(symbol)
        ]
        ways += [
            [partial(self._at_most, each, level)]
            for each in causes
            if each is not self._model.y and expr_value(each) > level
        ]
        if not ways:
            return Why((), f"{symbol.name} is always on ({_place(symbol)})")
        if why := self._trail.any(partial(self._each, iter(each)) for each in ways):
            return why
        return None if symbol.tri_value <= level else Why((), f"{symbol.name} stays {symbol.str_value}")

    def _assign(self, symbol: Symbol, level: int) -> Why | None:
        self._trail.set(symbol, level)
        return None

    def _open(self, choice: Any, level: int) -> Why | None:
        """Have a choice be made."""
        if why := self._trail.any(partial(self._at_least, each, 1) for each in _prompts(choice)):
            return why
        if choice.tri_value < level:
            self._assign(choice, level)
        return None if choice.tri_value >= level else Why((), "its choice is not made")

    def _hide(self, choice: Any) -> Why | None:
        """Have a choice not be made."""
        return self._each(partial(self._at_most, each, 0) for each in _prompts(choice))

    def _answered(self, symbol: Symbol) -> str:
        told = "what the tree asked the compiler or the system"
        return f"{symbol.name} is {symbol.str_value or 'empty'} by {told} ({_place(symbol)})"

    def _undefined(self, name: str) -> str:
        defined = re.compile(rf"^[ \t]*(?:menu)?config[ \t]+{re.escape(name)}[ \t]*$", re.MULTILINE)
        places = sorted(path for path, text in self._model.texts.items() if name in text and defined.search(text))
        if places:
            where = f"{places[0]} and {len(places) - 1} more" if len(places) > 1 else f"{places[0]} only"
            return f"CONFIG_{name} is defined in {where}, which ARCH={self._model.arch} does not read"
        return f"no Kconfig of the tree defines CONFIG_{name}"


def _prompts(item: Any) -> list[Expression]:
    return [node.prompt[1] for node in item.nodes if node.prompt]


def _is_number(text: str, base: int) -> bool:
    try:
        int(text, base)
    except ValueError:
        return False
    return True


def _place(symbol: Symbol) -> str:
    return f"{symbol.nodes[0].filename}:{symbol.nodes[0].linenr}"


def _text(expression: Expression) -> str:
    return str(kconfiglib.expr_str(expression))[:200]
