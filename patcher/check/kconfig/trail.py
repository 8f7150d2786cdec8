"""What a search has set in a configuration so far, taken back where a way leads nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import kconfiglib

from patcher.check.kconfig.model import TRISTATES, Symbol, stale

_STEPS = 20_000
_TRIED, _FOUND = 24, 3  # ways that are tried, and of which the cheapest is taken


class Why(NamedTuple):
    """Why something cannot be: ``chain`` leads from what was wanted to what hinders it."""

    chain: tuple[str, ...]
    hindrance: str

    def __str__(self) -> str:
        first, *rest = self.chain or ("it",)
        return f"{first} needs {', which needs '.join(rest)}: {self.hindrance}" if rest else self.hindrance


class TooMuch(Exception):
    """More was tried than a configuration is worth; the message says how much."""


Way = Callable[[], Why | None]


class _Step(NamedTuple):
    """A symbol that was given ``value``; what it had before, and its choice, its mode, what was selected and is."""

    symbol: Symbol
    value: Any
    before: Any
    choice: Any
    mode: Any
    selected: Any
    selection: Any


class Trail:
    """The steps of one search."""

    def __init__(self) -> None:
        self._left = _STEPS
        self._steps: list[_Step] = []

    def spend(self) -> None:
        """Count one step of the search. Raises TooMuch."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch(f"no way was found in {_STEPS} steps")

    def set(self, symbol: Symbol, value: Any) -> None:
        """Give a symbol, or a choice, a value."""
        choice = symbol.choice if symbol.__class__ is kconfiglib.Symbol else None
        if symbol.user_value == value and choice is None:
            return
        of_choice = (choice.user_value, choice.user_selection, choice.selection) if choice else (None, None, None)
        self._steps.append(_Step(symbol, value, symbol.user_value, choice, *of_choice))
        symbol.set_value(value)

    def _undo(self, mark: int) -> None:
        while len(self._steps) > mark:
            step = self._steps.pop()
            step.symbol.user_value = step.before
            if step.choice:
                step.choice.user_value, step.choice.user_selection = step.mode, step.selected
                stale(step.choice)
            stale(step.symbol)

    def any(self, ways: Iterable[Way]) -> Why | None:
        """Go the way that sets the fewest symbols, of the first that can be gone."""
        best: list[_Step] | None = None
        first: Why | None = None
        mark, found, others = len(self._steps), 0, 0
        for tried, way in enumerate(ways):
            if tried >= _TRIED or found >= _FOUND or (best is not None and len(best) <= 1):
                break
            why = way()
            steps = self._steps[mark:]
            self._undo(mark)
            if why is None:
                found += 1
                best = steps if best is None or len(steps) < len(best) else best
            else:
                others += first is not None
                first = first or why
        if best is not None:
            for step in best:
                self.set(step.symbol, step.value)
            return None
        if first is None:
            return Why((), "nothing sets it")
        if not others or first.hindrance.endswith(", too)"):
            return first
        return Why(
            first.chain, f"{first.hindrance} (and {others} other way{'s fail' if others > 1 else ' fails'}, too)"
        )

    def prune(self, held: Mapping[Symbol, str]) -> None:
        """Take back what is not needed for what is held: symbol → value."""
        first = {step.symbol: step.before for step in reversed(self._steps)}
        for symbol, before in first.items():
            if symbol in held or symbol.__class__ is not kconfiglib.Symbol or symbol.choice:
                continue
            now, symbol.user_value = symbol.user_value, before
            stale(symbol)
            if not all(has(each, value) for each, value in held.items()):
                symbol.user_value = now
                stale(symbol)

    def changes(self) -> dict[Symbol, str]:
        """The symbols that have been set to something else."""
        found: dict[Symbol, str] = {}
        for step in self._steps:
            if step.symbol.__class__ is not kconfiglib.Symbol:
                continue
            if step.selection is not None and not step.selection.tri_value:
                found[step.selection] = "n"  # else .config would have two of one choice
            if step.symbol.user_value != step.before or step.choice:
                found[step.symbol] = str(step.symbol.str_value)
        return found


def has(symbol: Symbol, value: str) -> bool:
    """Whether a symbol has a value; a module will do where ``y`` is wanted."""
    if symbol.orig_type in TRISTATES:
        return symbol.str_value == value or (value == "y" and symbol.str_value == "m")
    return bool(symbol.str_value == value.strip('"'))
