"""What a message says of code that goes because something else does the same: plan's findings, as sentences."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from patcher.model import Edit, Finding, Remark, Verdict
from patcher.template import in_words

FIELDS = ("symbols", "nsymbols", "calls", "ncalls", "setters", "nsetters", "repeats", "kept", "remarks")
_CONSTANT = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")


def fields(told: Sequence[Finding], others: Sequence[Finding], edits: Sequence[Edit]) -> dict[str, str]:
    """What a template can name of the findings that edits are made for.

    ``{symbols}`` that go, ``{calls}`` that make them needless and ``{setters}``, where these do that, in words;
    ``{nsymbols}``, ``{ncalls}`` and ``{nsetters}`` as numbers. Sentences: ``{repeats}``, which function does again
    what which call does; ``{kept}``, what stays beside it; ``{remarks}``, what a person should know besides. "" where
    there is nothing to say.

    Arguments:
        told: these findings; ``others``: what else plan has found in the files
    """
    symbols = _each(each.symbol for each in told)
    calls = _each(f"{name}()" for each in told for name in each.calls)
    setters = _each(place for each in told for place in each.setters)
    return {
        "symbols": in_words(symbols),
        "nsymbols": str(len(symbols)),
        "calls": in_words(calls),
        "ncalls": str(len(calls)),
        "setters": in_words(setters),
        "nsetters": str(len(setters)),
        "repeats": " ".join(_sentences(told)),
        "kept": " ".join(_kept(told, others, edits, symbols, calls)) if calls else "",
        "remarks": " ".join(_remarks(told)),
    }


def _each(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _sentences(told: Sequence[Finding]) -> list[str]:
    """One for all functions that do the same."""
    functions: dict[tuple[str, str], tuple[list[str], dict[str, None]]] = {}
    for each in told:
        symbols, calls = functions.setdefault((each.path, each.function), ([], {}))
        if each.symbol not in symbols:
            symbols.append(each.symbol)
        calls.update(dict.fromkeys(f"{name}()" for name in each.calls))
    alike: defaultdict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (_, name), (symbols, calls) in functions.items():
        if calls:
            alike[tuple(symbols), tuple(calls)].append(f"{name}()")
    return [_sentence(names, symbols, calls) for (symbols, calls), names in alike.items()]


def _sentence(functions: Sequence[str], symbols: Sequence[str], calls: Sequence[str]) -> str:
    many = len(functions) > 1
    does = f"{in_words(functions)} {'set' if many else 'sets'} {in_words(symbols)}"
    by = f"{'call' if many else 'calls'} {in_words(calls, 'or')}, which {'sets' if len(calls) == 1 else 'set'}"
    return f"{does} and {by} {_them(symbols)} as well."


def _kept(
    told: Sequence[Finding], others: Sequence[Finding], edits: Sequence[Edit], symbols: Sequence[str],
    calls: Sequence[str],
) -> Iterator[str]:  # fmt: skip
    left = dict.fromkeys(name.decode() for edit in edits for name in _CONSTANT.findall(edit.replacement))
    if kept := [name for name in left if name not in symbols]:
        do_not = f"{calls[0]} does not" if len(calls) == 1 else "the calls do not"
        yield f"{in_words(kept)} {'stays' if len(kept) == 1 else 'stay'}, as {do_not} set {_them(kept)}."
    functions = dict.fromkeys((each.path, each.function) for each in told)
    same = [each for each in others if (each.path, each.function) in functions]
    for each in (each for each in same if each.asks):
        called = in_words([f"{name}()" for name in each.calls], "or")
        does = "sets" if len(each.calls) == 1 else "set"
        yield f"{each.symbol} stays in {each.function}(), where {each.asks}() asks for it before {called} {does} it."
    for path, function in functions:
        alike = [each for each in same if (each.path, each.function) == (path, function) and not each.asks]
        unsure = _each(each.symbol for each in alike if each.verdict in (Verdict.REQUIRED, Verdict.UNDECIDED))
        if again := [name for name in unsure if any(each.symbol == name for each in told if each.function == function)]:
            stays = "stays" if len(again) == 1 else "stay"
            yield f"Elsewhere in {function}() {in_words(again)} {stays}, as no such call is sure to follow."


def _remarks(told: Sequence[Finding]) -> Iterator[str]:
    for remark in Remark:
        own = [each for each in told if remark in each.remarks]
        names = _each(f"{each.function}()" for each in own)
        calls = in_words(_each(f"{name}()" for each in own for name in each.calls), "or")
        symbols = _each(each.symbol for each in own)
        many = len(names) > 1
        if names and remark is Remark.UNCHECKED:
            does = "do" if many else "does"
            yield f"{in_words(names)} {does} not look at whether {calls} failed, before or after this."
        elif names:
            prints = "print" if many else "prints"
            yield f"{in_words(names)} {prints} the flags before the call, without {_them(symbols)} from now on."
