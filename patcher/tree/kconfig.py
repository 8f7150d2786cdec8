"""What the tree's Kconfig turns on by itself once some symbols are on. Kconfig is read, never run.

Followed are ``select``, and the defaults of symbols that no person is asked about. That is what lets one
profile fit kernels many years apart: each says itself which ``ARCH_HAS_…`` its architecture selects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.tree.kernel import KernelTree

_FILES = (
    "init/Kconfig", "arch/Kconfig", "arch/x86/Kconfig", "arch/x86/Kconfig.cpu", "arch/x86/Kconfig.debug",
    "arch/x86/xen/Kconfig", "mm/Kconfig",
    "lib/Kconfig", "kernel/Kconfig.locks", "kernel/Kconfig.preempt", "kernel/time/Kconfig", "kernel/irq/Kconfig",
    "kernel/rcu/Kconfig", "drivers/xen/Kconfig", "kernel/Kconfig.hz",
)  # fmt: skip
DEFINED = re.compile(r"^(?:menu)?config[ \t]+(\w+)", re.MULTILINE)
_BLOCK = re.compile(r"^(?:menu)?config\s+(\w+)\s*$")
_END = re.compile(r"^(?:source|menu|endmenu|choice|endchoice|comment|mainmenu|if|endif)\b")
_TOKEN = re.compile(r"\s*(\$\([^)]*\)|&&|\|\||!=|=|!|\(|\)|\"[^\"]*\"|\w+)")


class Symbol(NamedTuple):
    """One ``config`` block: what it selects and defaults to, each with its condition ("" for always)."""

    name: str
    asked: bool
    depends: tuple[str, ...]
    selects: tuple[tuple[str, str], ...]
    defaults: tuple[tuple[str, str], ...]


def read(tree: KernelTree) -> tuple[Symbol, ...]:
    """The symbols of the Kconfig files that matter here."""
    texts = tree.read(_FILES).values()
    return tuple(symbol for text in texts for symbol in parse(text.decode("utf-8", "replace")))


def settled(symbols: Sequence[Symbol], on: Mapping[str, str], never: frozenset[str]) -> dict[str, str]:
    """``on`` with what follows from it; ``never`` stays off whatever the tree says. Names without CONFIG_."""
    config = dict(on)
    while True:
        added = {name for symbol in symbols for name in _follow(symbol, config) if name not in config} - never
        if not added:
            return config
        config.update(dict.fromkeys(added, "1"))


def _follow(symbol: Symbol, config: Mapping[str, str]) -> Iterator[str]:
    if symbol.name in config:
        yield from (name for name, condition in symbol.selects if holds(condition, config))
    elif symbol.defaults and not symbol.asked and all(holds(each, config) for each in symbol.depends):
        value = next((value for value, condition in symbol.defaults if holds(condition, config)), "n")
        if holds(value, config):
            yield symbol.name


def parse(text: str) -> Iterator[Symbol]:
    """The ``config`` blocks of one Kconfig file; an ``if`` around them counts as a dependency."""
    around: list[str] = []
    name, asked = "", False
    depends: list[str] = []
    selects: list[tuple[str, str]] = []
    defaults: list[tuple[str, str]] = []
    for line in [*without_help(text.replace("\\\n", " ").splitlines()), "endmenu"]:
        block = _BLOCK.match(line)
        if name and (block or _END.match(line)):
            yield Symbol(name, asked, (*around, *depends), tuple(selects), tuple(defaults))
            name = ""
        if block:
            name, asked, depends, selects, defaults = block.group(1), False, [], [], []
            continue
        keyword, *remainder = line.split(None, 1) or [""]
        rest = "".join(remainder).split("#", 1)[0].strip()
        if keyword == "if" and not line[:1].isspace():
            around.append(rest)
        elif keyword == "endif" and around:
            around.pop()
        elif keyword == "depends":
            depends.append(rest.removeprefix("on").strip())
        elif keyword == "select":
            selects.append(_conditional(rest))
        elif keyword in ("def_bool", "def_tristate", "default"):
            defaults.append(_conditional(rest))
        elif keyword == "prompt" or (keyword in ("bool", "tristate") and '"' in rest):
            asked = True


def without_help(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those of help empty. Help is prose, indented, and ends with the first line that is indented less."""
    depth: int | None = None
    helping = False
    for line in lines:
        if helping:
            indent = len(line.expandtabs()) - len(line.expandtabs().lstrip())
            if not line.strip() or (depth is None and indent > 0) or (depth is not None and indent >= depth):
                depth = indent if depth is None and line.strip() else depth
                yield ""
                continue
            helping = False
        if line.strip() in ("help", "---help---"):
            helping, depth = True, None
        yield "" if helping else line


def _conditional(text: str) -> tuple[str, str]:
    what, *condition = re.split(r"\s+if\s+", text, maxsplit=1)
    return what.strip(), "".join(condition).strip()


def holds(expression: str, config: Mapping[str, str]) -> bool:
    """Whether a Kconfig expression is not ``n``. A macro, or what cannot be read, counts as ``n``."""
    if not expression:
        return True
    tokens = list(_TOKEN.findall(expression))
    try:
        value, rest = _either(tokens, config)
    except IndexError:
        return False
    return value and not rest


def _either(tokens: list[str], config: Mapping[str, str]) -> tuple[bool, list[str]]:
    value, rest = _both(tokens, config)
    while rest and rest[0] == "||":
        right, rest = _both(rest[1:], config)
        value = value or right
    return value, rest


def _both(tokens: list[str], config: Mapping[str, str]) -> tuple[bool, list[str]]:
    value, rest = _one(tokens, config)
    while rest and rest[0] == "&&":
        right, rest = _one(rest[1:], config)
        value = value and right
    return value, rest


def _one(tokens: list[str], config: Mapping[str, str]) -> tuple[bool, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        value, rest = _one(rest, config)
        return not value, rest
    if first == "(":
        value, rest = _either(rest, config)
        return value, rest[1:]
    if rest and rest[0] in ("=", "!="):
        equal = _value(first, config) == _value(rest[1], config)
        return equal == (rest[0] == "="), rest[2:]
    return _value(first, config) not in ("n", ""), rest


def _value(token: str, config: Mapping[str, str]) -> str:
    if token in ("y", "n", "m"):
        return token
    if token[:1] == '"':
        return token.strip('"')
    if token[:1] == "$":
        return "n"
    value = config.get(token, "n").strip('"')
    return "y" if value == "1" else value


def fits(symbols: Sequence[Symbol], config: Mapping[str, str]) -> bool:
    """Whether the tree's Kconfig lets Xen's paravirtual guest be built in this configuration.

    Linux 5.9 and later have it for 64 bit only; a tree that says nothing of Xen rules nothing out.
    """
    known = {symbol.name: symbol for symbol in symbols}
    asked = known.get("XEN_PV") or known.get("XEN")
    return asked is None or all(holds(condition, config) for condition in asked.depends)
