"""A check on lists that are kept sorted, and additions that are not where they belong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.diff import FileDiff


class _List(NamedTuple):
    """What the lines of one list have in common, and what they are sorted by. ``sign``: what each of them has;
    ``new_too``: whether it holds where all of a list is new; ``few``: how many lines show that a list is sorted."""

    files: re.Pattern[str]
    sign: str
    lines: re.Pattern[str]
    few: int = 2
    new_too: bool = False


_OF_C = expression(r"\.c\Z")
_OF_DTS = expression(r"\.dtsi?\Z")
_LISTS = (
    _List(expression(r"\.(?:[ch]|dtsi?)\Z"), "#include <",
          expression(r"(?P<kind>#include <[\w-]+/)(?P<key>[\w/.,-]+)>"), new_too=True),
    _List(_OF_DTS, '#include "', expression(r"(?P<kind>#include) \"(?P<key>[\w/.,-]+)\"")),
    _List(_OF_C, ".compatible =", expression(r"\s*(?P<kind>\{ ?\.compatible =) \"(?P<key>[^\"]+)\"")),
    _List(_OF_C, '"', expression(r"\s*(?P<kind>\{) ?\"(?P<key>[a-z][\w-]+)\""), 3),
    _List(_OF_C, "{", expression(r"\s*\{ ?(?P<kind>[A-Z][A-Z0-9_]{3,}\()(?P<key>\w[\w, ]*)\)"), 4),
    _List(_OF_C, '",', expression(r"\s*(?P<kind>\")(?P<key>[a-z]\w+)\",\Z"), 4),
    _List(_OF_C, "{ 0x", expression(r"\s*(?P<kind>\{) (?P<key>0x[0-9a-f]{4}, 0x[0-9a-f]{4})\b"), 4),
    _List(expression(r"(?:\A|/)(?:Makefile|Kbuild)\Z"), "-",
          expression(r"(?P<kind>(?:obj|dtb)-)(?P<symbol>\S+)\s*[:+]?=\s*(?P<key>\S+)")),
    _List(expression(r"(?:\A|/)Kconfig[^/]*\Z"), 'source "', expression(r"\s+(?P<kind>source) \"(?P<key>[^\"]+)\"")),
    _List(expression(rf"\A{BINDINGS}.*\.yaml\Z"), "- ",
          expression(r"(?P<kind>\s+)- (?:const: )?(?P<key>[a-z][\w.-]*,[\w.-]+)\s*(?:#.*)?\Z")),
    _List(expression(r"\AMAINTAINERS\Z"), "F:", expression(r"(?P<kind>F:)\s+(?P<key>\S+)")),
)  # fmt: skip
_MANY = 5  # includes of a new file


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """What sorts numbers in texts by their value."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", text.lower()))


_ORDERS: tuple[Callable[[str], Any], ...] = (
    str,
    str.lower,
    natural,
    lambda text: re.sub(r"[\W_]+", " ", text.lower()),
    lambda text: text.removesuffix(".h"),
)


@check(files=(".c", ".h", ".dts", ".yaml", "Makefile", "Kbuild", "Kconfig", "MAINTAINERS"))
def sorted_lists(job: Change) -> Iterator[Hit]:
    """A line that is added to a sorted list where it does not belong; told once a file."""
    for file in job.diff.files:
        added = "" if file.deleted else "\n".join(line.text for line in file.added)
        lists = [each for each in _LISTS if each.sign in added and each.files.search(file.path)]
        hit = next(
            (each for hunk in (shown(job.diff, file) if lists else ()) for one in lists
             for each in _misplaced(hunk, one.lines, one.new_too and file.created, one.few)),
            None,
        )  # fmt: skip
        if hit:
            yield Hit("it is not where the order of the list wants it", job.file(file.path, hit.line))
        elif file.path == "MAINTAINERS" and (entry := next(filter(None, map(_entry, shown(job.diff, file))), None)):
            what = f"the entry is not in its place in the order of entries, beside {entry[1]}"
            yield Hit(what, job.file(file.path, entry[0].line), "sort it by its title")
        elif "Kconfig" in file.path and (option := _option(job, file)):
            yield Hit(
                f"{option[1]} is not in its place in the order of the options", job.file(file.path, option[0].line)
            )


_ENTRY = expression(r"(?![A-Z]:)[A-Z0-9][^\t]*\Z")


def _entry(hunk: Sequence[Shown]) -> tuple[Shown, str] | None:
    """An entry of MAINTAINERS that stands before one that is to be before it, or behind one that is to be behind it."""
    found = [each for each in hunk if _ENTRY.match(each.text)]
    for one, other in pairwise(found):
        if one.added != other.added and one.text.upper() > other.text.upper():
            return (one, other.text) if one.added else (other, one.text)
    return None


def _misplaced(hunk: Sequence[Shown], pattern: re.Pattern[str], new: bool, few: int) -> Iterator[Shown]:
    """The added lines of a hunk that are not where they belong."""
    if not any(pattern.match(each.text) for each in hunk if each.added):
        return
    by_symbols = "symbol" in pattern.groupindex
    matched = [(pattern.match(each.text), each) for each in hunk if not by_symbols or each.text.strip()]
    for kind, group in groupby(matched, key=lambda each: each[0].group("kind") if each[0] else None):
        found = [(match, each) for match, each in group if match] if kind is not None else []
        if not any(each.added for _, each in found):
            continue
        by_symbol = [(match.group("symbol"), each) for match, each in found if by_symbols]
        run = [(match.group("key"), each) for match, each in found]
        symbols = [key for key, _ in by_symbol]
        if len(set(symbols)) > 1 and _is_sorted(symbols, _ORDERS[0]):
            of_new = {match.group("symbol") for match, each in found if each.added}
            found = [(match, each) for match, each in found if match.group("symbol") in of_new]
            run = [(match.group("key"), each) for match, each in found]
            if len(of_new) > 1 or len(found) <= few:
                continue
        old = [key for key, each in run if not each.added]
        whole = new and not old and len(run) >= _MANY
        added = [key for key, each in run if each.added]
        pair = (
            run[0][0].endswith(".h") and len(added) > 1 > len(old) - 1
            and not any(_is_sorted(added, order) for order in _ORDERS)
        )  # fmt: skip
        if not whole and not pair and len(set(old)) < few:
            continue
        orders = [order for order in _ORDERS if _is_sorted(old, order)]
        if orders and not any(_is_sorted([key for key, _ in run], order) for order in orders):
            yield next(
                (each for (one, before), (key, each) in pairwise(run) if (each.added or before.added)
                 and not _is_sorted([one, key], orders[0])), run[-1][1]
            )  # fmt: skip


def _is_sorted(keys: Sequence[str], order: Callable[[str], Any]) -> bool:
    return all(order(one) <= order(other) for one, other in pairwise(keys))


_CONFIG = expression(r"(?:menu)?config (?P<name>[A-Z0-9_]+)\s*\Z")


def _option(job: Change, file: FileDiff) -> tuple[Shown, str] | None:
    """An option that is added between two others of the same family that are sorted, and belongs elsewhere."""
    for hunk, lines in zip(file.hunks, shown(job.diff, file), strict=False):
        above = _CONFIG.match(hunk.function.strip())
        names: list[tuple[str, Shown | None]] = [(above.group("name"), None)] if above else []
        names += [(match.group("name"), each) for each in lines if (match := _CONFIG.match(each.text))]
        for (one, _), (name, each), (other, after) in zip(names, names[1:], names[2:], strict=False):
            family = name.rpartition("_")[0] + "_"
            if not each or not each.added or not after or after.added or not name[: len(family) - 1]:
                continue
            orders = [order for order in _ORDERS if _is_sorted((one, other), order)]
            alike = one.startswith(family) and other.startswith(family)
            if alike and orders and not any(_is_sorted((one, name, other), order) for order in orders):
                return each, name
    return None
