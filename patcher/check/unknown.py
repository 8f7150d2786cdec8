"""CONFIG symbols that a commit names, or leaves behind, and that no Kconfig of its tree defines."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.check.compose import Extra
from patcher.check.kconfigs import Kconfigs, defined, is_kconfig
from patcher.check.results import Finding, Kind, Status
from patcher.check.snapshot import Snapshot
from patcher.tree.kconfig import without_help

CHECK = "kconfig"
_CODE = (".c", ".h", ".S")
_NO_CODE = ("Documentation/", "tools/", "scripts/")
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b(.*)$")
_ENABLED = re.compile(r"\bIS_(?:ENABLED|BUILTIN|MODULE|REACHABLE)\s*\(\s*(CONFIG_\w+)\s*\)")
_CONFIG = re.compile(r"\b(CONFIG_\w+)")
_IN_MAKE = re.compile(r"\$[({](CONFIG_\w+)[)}]|^[ \t]*(?:else[ \t]+)?ifn?def[ \t]+(CONFIG_\w+)")
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|//.*$")
_PROPERTY = re.compile(
    r"^[ \t]*(depends[ \t]+on|select|imply|visible[ \t]+if|if|default|def_bool|def_tristate|range)\b(.*)$"
)
_CONDITION = re.compile(r"\bif\b(.*)$")
_NO_NAME = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#.*$")
_NAME = re.compile(r"\b(?!0[xX])[A-Za-z0-9_]*[A-Z][A-Za-z0-9_]*\b")
_GOES_BY = "goes by"
_VERBS = {"select": "selects", "imply": "implies", "depends": "depends on"}
_MADE = re.compile(
    r"(?:#[ \t]*define[ \t]+|-D[ \t]*|^[ \t]*(?:export[ \t]+)?)CONFIG_(\w+)(?=[ \t]*[:?+]?=|\b)", re.MULTILINE
)


class Named(NamedTuple):
    """A symbol (without its prefix) that a line names, and what the line does with it."""

    line: int
    symbol: str
    how: str
    text: str


def named(path: str, text: str) -> Iterator[Named]:
    """The symbols that the lines of a file go by."""
    if is_kconfig(path):
        yield from _in_kconfig(text)
    elif posixpath.basename(path) in ("Makefile", "Kbuild") or path.endswith(".mk"):
        for number, line in enumerate(text.split("\n"), 1):
            for pair in _IN_MAKE.findall(line.partition("#")[0]):
                yield Named(number, "".join(pair).removeprefix("CONFIG_"), _GOES_BY, line)
    elif path.endswith(_CODE):
        yield from _in_code(text)


def _in_code(text: str) -> Iterator[Named]:
    directive = False  # the line before was one that goes on
    for number, line in enumerate(text.split("\n"), 1):
        match = _DIRECTIVE.match(line)
        told = _COMMENT.sub("", line)
        directive = bool(match) or directive
        for name in dict.fromkeys(_CONFIG.findall(told) if directive else _ENABLED.findall(told)):
            yield Named(number, name.removeprefix("CONFIG_"), _GOES_BY, line)
        directive = directive and line.endswith("\\")


def _in_kconfig(text: str) -> Iterator[Named]:
    how = ""
    for number, line in enumerate(without_help(text.split("\n")), 1):
        match = _PROPERTY.match(line)
        if match or not how:
            how = "" if match is None else match[1].split()[0]
        said = match[2] if match else line
        if not how:
            condition = _CONDITION.search(_NO_NAME.sub(" ", line)) if line[:1].isspace() else None
            said = condition[1] if condition else ""
        direct, _, otherwise = _NO_NAME.sub(" ", said).partition(" if ")
        for name in dict.fromkeys(_NAME.findall(direct)):
            yield Named(number, name, _VERBS.get(how, _GOES_BY), line)
        for name in dict.fromkeys(_NAME.findall(otherwise)):
            yield Named(number, name, _GOES_BY, line)
        if not line.endswith("\\"):
            how = ""


def column(series: Sequence[Snapshot], *found: Mapping[str, tuple[Finding, ...]]) -> Extra | None:
    """What is found of the symbols of each commit; None where nothing is."""
    if not any(some for each in found for some in each.values()):
        return None
    cells = {
        each.commit: _cell(tuple(one for some in found for one in some.get(each.commit, ()))) for each in series[1:]
    }
    return Extra(CHECK, "Kconfig", cells)


def unknown(series: Sequence[Snapshot], kconfigs: Kconfigs) -> Mapping[str, tuple[Finding, ...]]:
    """By commit, what it names, or takes the definition from, that no Kconfig defines: neither its own nor the last
    commit's."""
    found: dict[str, tuple[Finding, ...]] = {}
    last = series[-1]
    for parent, snapshot in pairwise(series):
        used, removed = list(_used(parent, snapshot)), _removed(parent, snapshot)
        if not used and not removed:
            continue
        known = kconfigs.defines(snapshot) | kconfigs.defines(last)
        missing = [(path, each, False) for path, each in used if each.symbol not in known]
        missing += [(path, each, True) for path, each in _left(snapshot, last, removed - known)]
        made = _made_otherwise(snapshot, {each.symbol for _, each, _ in missing})
        found[snapshot.commit] = tuple(
            _finding(path, each, gone=gone) for path, each, gone in dict.fromkeys(missing) if each.symbol not in made
        )
    return found


def _cell(findings: tuple[Finding, ...]) -> tuple[Status, str, tuple[Finding, ...]]:
    told = "; ".join(f"{each.path}:{each.line}: {each.message}" for each in findings)
    return (
        Status.WARN if findings else Status.PASS,
        told or "no symbol that it names is missing, none is selected against its dependencies",
        findings,
    )


def _used(parent: Snapshot, snapshot: Snapshot) -> Iterator[tuple[str, Named]]:
    """What the added lines name, and the file did not in the parent."""
    for file in snapshot.diff.files:
        if file.deleted or file.path.startswith(_NO_CODE) or not file.added:
            continue
        added = {line.number for line in file.added}
        now = [each for each in named(file.path, snapshot.text(file.path)) if each.line in added]
        if now:
            before = {(each.symbol, each.how) for each in named(file.old_path or file.path, parent.text(file.old_path))}
            for each in now:
                name = each.symbol.removesuffix("_MODULE") if file.path.endswith(_CODE) else each.symbol
                if (each.symbol, each.how) not in before:
                    yield file.path, each._replace(symbol=name)


def _removed(parent: Snapshot, snapshot: Snapshot) -> frozenset[str]:
    """The symbols of which the commit removes a definition."""
    gone: set[str] = set()
    for change in snapshot.changes:
        if is_kconfig(change.old or change.path):
            gone |= defined(parent.text(change.old or change.path)) - defined(snapshot.text(change.path))
    return frozenset(gone)


def _left(snapshot: Snapshot, last: Snapshot, gone: Iterable[str]) -> Iterator[tuple[str, Named]]:
    """Who still names what is gone, and does so at the end of the series."""
    names = frozenset(gone)
    if not names:
        return
    code = [f"CONFIG_{name}" for name in names]
    paths = dict.fromkeys([
        *snapshot.naming(code, ["*.c", "*.h", "*.S", "*Makefile", "*Kbuild"]), *snapshot.naming(names, ["*Kconfig*"])
    ])  # fmt: skip
    for path in sorted(paths):
        if not path.startswith(_NO_CODE):
            still = {each.symbol for each in named(path, last.text(path))} & names
            yield from ((path, each) for each in named(path, snapshot.text(path)) if each.symbol in still)


def _made_otherwise(snapshot: Snapshot, names: Iterable[str]) -> frozenset[str]:
    """Those that code or a Makefile defines itself: ``#define CONFIG_X``, ``-DCONFIG_X``, ``CONFIG_X := y``."""
    some = frozenset(names)
    if not some:
        return some
    places = snapshot.naming(
        [f"{before}CONFIG_{name}" for name in some for before in ("", "D")],
        ["*.c", "*.h", "*.S", "*Makefile*", "*Kbuild*"],
    )
    return some & {name for path in places for name in _MADE.findall(snapshot.text(path))}


def _finding(path: str, each: Named, *, gone: bool) -> Finding:
    what = f"{each.how} CONFIG_{each.symbol}" if each.how == _GOES_BY else f"{each.how} {each.symbol}"
    message = f"{what}, which {'this commit removes' if gone else 'no Kconfig of the tree defines'}"
    identity = "\0".join([CHECK, path, each.symbol, each.how])
    return Finding(
        commit=0, check=CHECK, kind=Kind.WARNING, path=path, line=each.line, function="", message=message,
        source=each.text.strip(), configs=(), targets=(), until=0,
        fingerprint=hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16],
    )  # fmt: skip
