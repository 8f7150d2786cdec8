"""Which configurations a change needs: the ``#if`` branches around changed lines, and what makes each compile."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b[ \t]*(.*)$")
_SYMBOL = re.compile(r"\bCONFIG_(\w+)")
_OF_MODULES = re.compile(r"\bIS_MODULE\s*\(\s*CONFIG_(\w+)|\bCONFIG_(\w+)_MODULE\b")
_TOKEN = re.compile(r"\s*(&&|\|\||==|!=|>=|<=|>|<|!|\(|\)|\w+|.)")
_ENABLED = re.compile(r"\bIS_(?:ENABLED|BUILTIN|MODULE|REACHABLE)\s*\(\s*CONFIG_\w+\s*\)")
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|//.*$")
_MOST = 8  # symbols in one expression
_LONGEST = 10_000  # characters of one that is looked at


class Branch(NamedTuple):
    """A branch to be compiled somewhere. ``wants`` are expressions with what they must be, outermost first; ``line`` is
    where it begins, ``last`` where it ends, and ``text`` what stands in the first."""

    path: str
    line: int
    last: int
    text: str
    wants: tuple[tuple[str, bool], ...]


class _Open(NamedTuple):
    """A conditional under way: where each branch begins, with the conditions it stands under."""

    branches: list[Branch]
    before: list[tuple[str, bool]]  # of earlier branches, all false in this one
    changed: list[bool]


def branches(path: str, text: str, changed: Iterable[int]) -> tuple[Branch, ...]:
    """The branches of every conditional on a CONFIG symbol that holds a changed line, or whose directive changed.

    ``changed`` are line numbers from 1.
    """
    lines = frozenset(changed)
    found: list[Branch] = []
    stack: list[_Open] = []
    wants: list[tuple[tuple[str, bool], ...]] = [()]
    number = 0
    for logical in _logical(text):
        start, number = number + 1, number + logical.count("\n") + 1
        touched = any(each in lines for each in range(start, number + 1))
        match = _DIRECTIVE.match(logical.replace("\\\n", " "))
        if match is None:
            if touched:
                for each in stack:
                    each.changed[0] = True
                for enabled in _ENABLED.findall(logical):
                    outer = tuple(want for level in wants for want in level)
                    found += [
                        Branch(path, start, number, logical.strip(), (*outer, (enabled, value)))
                        for value in (True, False)
                    ]
            continue
        kind, rest = match.group(1), _COMMENT.sub("", match.group(2)).strip()
        if kind in ("if", "ifdef", "ifndef"):
            expression = {"ifdef": f"defined({rest})", "ifndef": f"!defined({rest})"}.get(kind, rest)
            stack.append(_Open([], [], [touched]))
            wants.append(((expression, True),))
            _begin(stack[-1], path, start, match.group(0), wants)
            stack[-1].before.append((expression, False))
        elif stack and kind in ("elif", "else"):
            own = tuple(stack[-1].before)
            wants[-1] = (*own, (rest, True)) if kind == "elif" else own
            stack[-1].changed[0] |= touched
            _begin(stack[-1], path, start, match.group(0), wants)
            if kind == "elif":
                stack[-1].before.append((rest, False))
        elif stack:
            done = stack.pop()
            _end(done, start)
            own = tuple(done.before)
            wants.pop()
            if done.changed[0] or touched:
                found += done.branches
                if not any(each.text.lstrip("# \t").startswith("else") for each in done.branches):
                    outer = tuple(want for level in wants for want in level)
                    without = f"without {done.branches[0].text.strip()}"
                    found.append(Branch(path, done.branches[0].line, start, without, (*outer, *own)))
                for each in stack:
                    each.changed[0] = True
    return tuple(dict.fromkeys(each for each in found if any(_SYMBOL.search(want) for want, _ in each.wants)))


def _begin(opened: _Open, path: str, line: int, text: str, wants: Sequence[tuple[tuple[str, bool], ...]]) -> None:
    _end(opened, line)
    wanted = tuple(want for level in wants for want in level)
    opened.branches.append(Branch(path, line, line, " ".join(text.split()), wanted))


def _end(opened: _Open, line: int) -> None:
    if opened.branches:
        opened.branches[-1] = opened.branches[-1]._replace(last=line - 1)


def _logical(text: str) -> Iterable[str]:
    joined: list[str] = []
    for line in text.split("\n"):
        joined.append(line)
        if not line.endswith("\\"):
            yield "\n".join(joined)
            joined = []
    if joined:
        yield "\n".join(joined)


def compiled(branch: Branch, config: Mapping[str, str]) -> bool:
    """Whether a configuration compiles a branch, as far as CONFIG symbols decide."""
    return all(
        _SYMBOL.search(expression) is None or evaluate(expression, config) in (value, None)
        for expression, value in branch.wants
    )


def evaluate(expression: str, config: Mapping[str, str]) -> bool | None:
    """What a preprocessor expression is under a configuration; None where other things than CONFIG symbols decide."""
    if len(expression) > _LONGEST:
        return None
    tokens = [token for token in _TOKEN.findall(expression) if token.strip()]
    try:
        value, rest = _either(tokens, config)
    except (IndexError, RecursionError):
        return None
    return None if rest else value


_Value = tuple[bool | None, list[str]]


def _either(tokens: list[str], config: Mapping[str, str]) -> _Value:
    value, rest = _both(tokens, config)
    while rest and rest[0] == "||":
        right, rest = _both(rest[1:], config)
        value = True if True in (value, right) else None if None in (value, right) else False
    return value, rest


def _both(tokens: list[str], config: Mapping[str, str]) -> _Value:
    value, rest = _compared(tokens, config)
    while rest and rest[0] == "&&":
        right, rest = _compared(rest[1:], config)
        value = False if False in (value, right) else None if None in (value, right) else True
    return value, rest


def _compared(tokens: list[str], config: Mapping[str, str]) -> _Value:
    first = tokens[0]
    value, rest = _one(tokens, config)
    if rest and rest[0] in ("==", "!=", ">", "<", ">=", "<="):
        operator, second = rest[0], rest[1]
        _, rest = _one(rest[1:], config)
        left, right = _number(first, config), _number(second, config)
        if left is None or right is None:
            return None, rest
        holds = {
            "==": left == right, "!=": left != right, ">": left > right, "<": left < right, ">=": left >= right,
            "<=": left <= right,
        }  # fmt: skip
        return holds[operator], rest
    return value, rest


def _one(tokens: list[str], config: Mapping[str, str]) -> _Value:
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        value, rest = _one(rest, config)
        return None if value is None else not value, rest
    if first == "(":
        value, rest = _either(rest, config)
        return value, rest[1:]
    if first in ("defined", "IS_ENABLED", "IS_BUILTIN", "IS_MODULE", "IS_REACHABLE"):
        bracket = rest[0] == "("
        name = rest[1] if bracket else rest[0]
        rest = rest[3:] if bracket else rest[1:]
        if not name.startswith("CONFIG_"):
            return None, rest
        value_of = config.get(name.removeprefix("CONFIG_").removesuffix("_MODULE"), "n")
        if first == "IS_MODULE" or name.endswith("_MODULE"):
            return value_of == "m", rest
        if first == "defined" or first == "IS_BUILTIN":
            return value_of not in ("n", "m"), rest
        return value_of != "n", rest
    if rest and rest[0] == "(":  # some other macro
        depth = 0
        while rest:
            depth += {"(": 1, ")": -1}.get(rest[0], 0)
            rest = rest[1:]
            if not depth:
                break
        return None, rest
    number = _number(first, config)
    return None if number is None else number != 0, rest


def _number(token: str, config: Mapping[str, str]) -> int | None:
    if token.startswith("CONFIG_"):
        value = config.get(token.removeprefix("CONFIG_"), "n")
        if value in ("y", "n", "m"):
            return int(value == "y")
        token = value
    try:
        return int(token.rstrip("uUlL"), 0)
    except ValueError:
        return None


def changes(branch: Branch, config: Mapping[str, str], fixed: frozenset[str]) -> tuple[tuple[str, str], ...] | None:
    """The fewest symbols to switch so that a configuration compiles a branch, or None where none would do.

    ``fixed`` are symbols that cannot be switched, such as those of the architecture.
    """
    names = sorted(symbols_of(branch) - fixed)[:_MOST]
    modules = {name for expression, _ in branch.wants for pair in _OF_MODULES.findall(expression) for name in pair}
    for count in range(len(names) + 1):
        for some in itertools.combinations(names, count):
            values = [
                [value for value in (_switched(config, name), *("m" * (name in modules))) if value != config.get(name)]
                for name in some
            ]
            for chosen in itertools.product(*values):
                switched = tuple(zip(some, chosen, strict=True))
                if compiled(branch, {**config, **dict(switched)}):
                    return switched
    return None


def symbols_of(branch: Branch) -> frozenset[str]:
    """The CONFIG symbols, without their prefix, that decide on a branch."""
    return frozenset(
        name.removesuffix("_MODULE") for expression, _ in branch.wants for name in _SYMBOL.findall(expression)
    )


def _switched(config: Mapping[str, str], name: str) -> str:
    return "n" if config.get(name, "n") != "n" else "y"
