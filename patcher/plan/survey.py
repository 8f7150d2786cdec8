"""Which files of a tree matter for a group of rules, found as text before anything is parsed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.cache import Cache
from patcher.model import TextOnly
from patcher.rules.model import Group
from patcher.source import lex
from patcher.tree.kernel import KernelTree
from patcher.tree.search import remembered

_HEADERS = ("include/*.h", "arch/x86/include/*.h", "include/asm-x86/*.h")
_CODE = (".c", ".h", ".S")
_NOT_KERNEL = ("Documentation/", "scripts/", "tools/", "samples/", "usr/")
_X86 = ("arch/x86/", "arch/i386/", "arch/x86_64/")


class Survey(NamedTuple):
    """What the text of a tree says.

    ``carriers``: for each subject with a flag, the macros that carry it. ``hits``: the files of the scope that hold
    a word of interest; ``parse``: those of them to read as C, ``headers`` among them apart; ``text_only``: the
    others, with the reason.
    """

    carriers: dict[str, tuple[str, ...]]
    hits: tuple[str, ...]
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    text_only: tuple[TextOnly, ...]


def survey(tree: KernelTree, group: Group, anchors: Iterable[str], scope: str, cache: Cache) -> Survey:
    """Search the scope for the group's subjects, and x86's own code for ``anchors``, the symbols of a series.

    ``scope`` "" is for the series alone: no subject is looked for.
    """
    subjects = group.subject if scope else ()
    carriers = _carriers(tree, {subject.name: subject.flag for subject in subjects if subject.flag}, cache)
    interest = {name for names in carriers.values() for name in names}
    interest.update(name for subject in subjects for name in subject.calls)
    found = {
        *(cached_search(tree, sorted(interest), group.scopes[scope], cache) if scope else ()),
        *_defining(tree, cached_search(tree, sorted(anchors), group.anchored, cache), frozenset(anchors)),
    }
    hits = tuple(sorted(path for path in found if path.endswith(_CODE)))
    reasons = {path: _why_text(path) for path in hits}
    c_files = tuple(path for path in hits if not reasons[path])
    return Survey(
        carriers=carriers,
        hits=hits,
        sources=tuple(path for path in c_files if path.endswith(".c")),
        headers=tuple(path for path in c_files if path.endswith(".h")),
        text_only=tuple(TextOnly(_readable(path), reason) for path, reason in reasons.items() if reason),
    )


def _defining(tree: KernelTree, paths: Sequence[str], names: frozenset[str]) -> Iterator[str]:
    """Of the files that name a symbol, those that may define it: the name stands on a line that is not indented."""
    pattern = re.compile(rb"^[^\s].*" + _alternatives(names).pattern, re.MULTILINE)
    for path, content in tree.read(paths).items():
        if pattern.search(lex.code_only(content)):
            yield path


def cached_search(tree: KernelTree, words: Sequence[str], pathspecs: Sequence[str], cache: Cache) -> tuple[str, ...]:
    """``tree.search``, remembered where the tree has a key."""
    return remembered(tree.search, tree.key, words, pathspecs, cache)


def _carriers(
    tree: KernelTree, flags: Mapping[str, Sequence[str]], cache: Cache
) -> dict[str, tuple[str, ...]]:  # fmt: skip
    """For each subject its flags, and the macros of headers that are made of them."""
    known = {subject: set(own) for subject, own in flags.items()}
    asked = {name for own in known.values() for name in own}
    while asked:
        headers = tree.read(cached_search(tree, sorted(asked), _HEADERS, cache))
        asked = set()
        for content in headers.values():
            for name, body in lex.macros(lex.code_only(content)):
                for own in known.values():
                    if name not in own and body & own:
                        own.add(name)
                        asked.add(name)
    return {subject: tuple(sorted(own)) for subject, own in known.items()}


def _why_text(path: str) -> str:
    """Why a file is not parsed, or ""."""
    if path != _readable(path):
        return "its name is not UTF-8"
    if path.endswith(".S"):
        return "assembler"
    if path.startswith(_NOT_KERNEL):
        return "not part of the kernel proper"
    if path.startswith("arch/") and not path.startswith(_X86):
        return f"another architecture ({path.split('/')[1]})"
    return ""


def _readable(path: str) -> str:
    """The path with bytes that are no UTF-8 written out."""
    return path.encode("utf-8", "backslashreplace").decode()


def interesting_offsets(code: bytes, names: frozenset[str]) -> Mapping[int, str]:
    """Where a file (comments and strings blanked out) names one of the symbols: offset → symbol."""
    pattern = _alternatives(names)
    return {match.start(): match.group().decode() for match in pattern.finditer(code)}


@functools.cache
def _alternatives(names: frozenset[str]) -> re.Pattern[bytes]:
    return re.compile(rb"\b(?:" + b"|".join(sorted(re.escape(name.encode()) for name in names)) + rb")\b")
