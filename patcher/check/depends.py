"""What must be on before a Kconfig symbol can be: what it depends on, and what selects that."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

from patcher.check.affected import elsewhere
from patcher.tree import kconfig

_SOURCE = re.compile(r"^\s*(?:o?r?source)\s+\"?([^\"\s]+)\"?", re.MULTILINE)
_NAME = re.compile(r"\b[A-Z0-9]\w+\b")
_DEPTH = 5
_MOST = 5
_FIXED = frozenset({"64BIT", "X86_64", "X86_32", "X86", "m", "y", "n"})


class Dependencies:
    """The Kconfig files of a commit, read as text when first needed.

    Arguments:
        paths: the files of the commit
        read: the text of one
    """

    def __init__(self, paths: Iterable[str], read: Callable[[str], str]) -> None:
        self._paths = paths
        self._read = read
        self._found: dict[str, list[kconfig.Symbol]] | None = None
        self._selectors: dict[str, list[kconfig.Symbol]] = {}

    def _symbols(self) -> dict[str, list[kconfig.Symbol]]:
        if self._found is None:
            self._found = {}
            texts = {
                path: self._read(path)
                for path in self._paths
                if posixpath.basename(path).startswith("Kconfig") and not elsewhere(path, "x86")
            }
            around = _around(texts)
            for path, text in texts.items():
                for symbol in kconfig.parse(text):
                    found = symbol._replace(depends=(*around.get(path, ()), *symbol.depends))
                    self._found.setdefault(symbol.name, []).append(found)
                    for name, _ in symbol.selects:
                        self._selectors.setdefault(name, []).append(found)
        return self._found

    def needs(self, name: str, config: Mapping[str, str]) -> dict[str, str]:
        """The symbols to switch before ``name`` can be on, beside what ``config`` has: symbol → value."""
        found: dict[str, str] = {}
        self._follow(name, dict(config), found, 0)
        return found

    def _follow(self, name: str, config: dict[str, str], found: dict[str, str], depth: int) -> None:
        if depth > _DEPTH:
            return
        for symbol in self._symbols().get(name, ())[:1]:
            for condition in symbol.depends:
                if kconfig.holds(condition, config):
                    continue
                for each, value in _switch(condition, config):
                    found[each] = config[each] = value
                    if value == "y":
                        self._follow(each, config, found, depth + 1)
                        self._select(each, config, found)

    def _select(self, name: str, config: Mapping[str, str], found: dict[str, str]) -> None:
        """Where a symbol is not simply asked for, add what selects it: a member of a choice, say."""
        asked = [symbol for symbol in self._symbols().get(name, ()) if symbol.asked]
        hindered = any(
            found.get(other) == "n"
            for each in asked
            for condition in each.depends
            for other in _NAME.findall(condition)
        )
        if not asked or hindered:
            found.update((each.name, "y") for each in self._selectors.get(name, ())[:2] if each.asked)


def _switch(condition: str, config: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The fewest symbols to switch so that a condition holds, switching on before switching off."""
    names = [name for name in dict.fromkeys(_NAME.findall(condition)) if name not in _FIXED][:_MOST]
    for count in range(1, len(names) + 1):
        for some in itertools.combinations(names, count):
            switched = {name: "n" if config.get(name, "n") != "n" else "y" for name in some}
            if kconfig.holds(condition, {**config, **switched}):
                return tuple(switched.items())
    return ()


def _around(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The conditions of the ``if`` blocks that each file is sourced in, from the files that source it too."""
    direct: dict[str, tuple[str, tuple[str, ...]]] = {}
    for path, text in texts.items():
        stack: list[str] = []
        for line in text.split("\n"):
            if line.startswith("if "):
                stack.append(line[3:].strip())
            elif line.startswith("endif") and stack:
                stack.pop()
            elif match := _SOURCE.match(line):
                direct.setdefault(
                    match.group(1).replace("$(SRCARCH)", "x86").replace("$SRCARCH", "x86"), (path, tuple(stack))
                )
    found = {}
    for path in texts:
        conditions: list[str] = []
        at, seen = path, {path}
        while at in direct:
            above, own = direct[at]
            conditions += own
            if above in seen:
                break
            seen.add(above)
            at = above
        found[path] = tuple(conditions)
    return found
