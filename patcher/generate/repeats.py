"""What a message says of code that goes because something else does the same: plan's findings, as sentences."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from patcher.model import Edit, Finding
from patcher.template import in_words

FIELDS = ("symbols", "nsymbols", "calls", "ncalls", "setters", "nsetters", "repeats", "kept", "remarks")
_CONSTANT = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")


def fields(told: Sequence[Finding], edits: Sequence[Edit]) -> dict[str, str]:
    """What a template can name of these findings and of the edits made for them.

    ``{symbols}`` that go, ``{calls}`` that make them needless and ``{setters}``, where these do that, in words;
    ``{nsymbols}``, ``{ncalls}`` and ``{nsetters}`` as numbers. Sentences: ``{repeats}``, which function does again
    what which call does; ``{kept}``, what stays beside it; ``{remarks}``, what a person should know besides. "" where
    there is nothing to say.
    """
    symbols = list(dict.fromkeys(each.symbol for each in told))
    calls = list(dict.fromkeys(f"{name}()" for each in told for name in each.calls))
    setters = list(dict.fromkeys(place for each in told for place in each.setters))
    left = dict.fromkeys(name.decode() for edit in edits for name in _CONSTANT.findall(edit.replacement))
    kept = [name for name in left if name not in symbols]
    remarks = dict.fromkeys(f"{each}." for finding in told for each in finding.remarks)
    return {
        "symbols": in_words(symbols),
        "nsymbols": str(len(symbols)),
        "calls": in_words(calls),
        "ncalls": str(len(calls)),
        "setters": in_words(setters),
        "nsetters": str(len(setters)),
        "repeats": " ".join(_sentences(told)),
        "kept": f"{in_words(kept)} {_stay(kept, calls)}." if kept and calls else "",
        "remarks": " ".join(remarks),
    }


def _stay(kept: Sequence[str], calls: Sequence[str]) -> str:
    stays = "stays" if len(kept) == 1 else "stay"
    return f"{stays}, as {in_words(calls, 'or')} {'does' if len(calls) == 1 else 'do'} not set {_them(kept)}"


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
