"""What it takes to follow frames and flags beyond the files that name a symbol of interest, fetched as text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence

from patcher.cache import Cache
from patcher.model import FileFacts
from patcher.plan.reading import Gap
from patcher.plan.survey import Survey, cached_search
from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.library import Library, within
from patcher.rules.match import ask
from patcher.rules.model import RuleSet
from patcher.source import lex
from patcher.tree.buildable import Buildable
from patcher.tree.kernel import KernelTree

_ROUNDS = 3
_MANY = 400  # names in one round
_FILES = 8  # that fill a field somewhere else in the tree: where there are more, its name is too common to tell


def follow(
    tree: KernelTree, rules: RuleSet, found: Survey, facts: Sequence[FileFacts], names: frozenset[str],
    codes: Mapping[str, bytes], gaps: Iterable[Gap], pathspecs: Sequence[str], cache: Cache,
) -> tuple[Knowledge, Mapping[str, bytes]]:  # fmt: skip
    """What is known of the uses of ``names``, with the files that it takes to follow frames and flags to their origin.

    The second value is the text of the files that were added. Reads no more than the scope's ``pathspecs``.
    """
    subjects = rules.group.subject
    wanted = {name for subject in subjects for name in (*subject.calls, *found.carriers.get(subject.name, ()))}
    buildable = Buildable(tree, functools.partial(_search, tree, cache))
    unbuilt = buildable.never(found.sources) if pathspecs else {}
    for gap in gaps if pathspecs else ():
        if reason := buildable.condition(gap.condition):
            unbuilt[f"{gap.path}:{gap.offset}"] = reason
    library = Library({path: codes[path] for path in (*found.sources, *found.headers) if path not in unbuilt})
    knowledge = Knowledge(facts, names, library, unbuilt)
    more: dict[str, bytes] = {}
    asked: tuple[set[str], set[tuple[str, str]]] = (set(), set())

    for _ in range(_ROUNDS if pathspecs and wanted else 0):
        topics = {each.name: Topic(each, found.carriers.get(each.name, ()), knowledge) for each in subjects}
        ask(topics, knowledge)
        functions, fields = library.wanted - asked[0], library.fields - asked[1]
        asked[0].update(functions)
        asked[1].update(fields)
        new = _fetch(tree, sorted(functions)[:_MANY], fields, pathspecs, cache)
        new = {path: text for path, text in new.items() if path not in more and path not in codes}
        if not new:
            break
        more.update(new)
        library.add({path: lex.code_only(text) for path, text in new.items()})
        knowledge = Knowledge(facts, names, library, unbuilt)
    return knowledge, more


def _search(tree: KernelTree, cache: Cache, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
    return cached_search(tree, words, pathspecs, cache)


def _fetch(
    tree: KernelTree,
    functions: Sequence[str],
    fields: Iterable[tuple[str, str]],
    pathspecs: Sequence[str],
    cache: Cache,
) -> dict[str, bytes]:
    """The files that define one of the functions, or fill one of the fields, each in its directory ("" for all)."""
    found: dict[str, bytes] = {}
    if functions:
        pattern = re.compile(
            rb"^(?:[^\s#].*|[ \t]*#[ \t]*define[ \t]+)?\b(?:%s)\s*\(" % _either(functions), re.MULTILINE
        )
        paths = cached_search(tree, functions, pathspecs, cache)
        found.update(_holding(tree, paths, pattern))
    by_place: dict[str, set[str]] = {}
    for directory, field in fields:
        by_place.setdefault(directory, set()).add(field)
    everywhere = by_place.pop("", set())
    local = sorted({field for names in by_place.values() for field in names})
    paths = cached_search(tree, local, [f"{place}/*.[ch]" for place in sorted(by_place)], cache) if local else ()
    for place, names in by_place.items():
        found.update(_holding(tree, [path for path in paths if within(path, place)], _filled(names)))
    if everywhere:
        holding = _holding(tree, cached_search(tree, sorted(everywhere), pathspecs, cache), _filled(everywhere))
        for field in everywhere:
            pattern = _filled({field})
            some = {path: text for path, text in holding.items() if pattern.search(text)}
            found.update(some if len(some) <= _FILES else {})
    return found


def _filled(fields: set[str]) -> re.Pattern[bytes]:
    return re.compile(rb"(?:->|\.)\s*(?:%s)\b\s*(?:\[[^]\n]*\]\s*)?(?:[+|]?=[^=]|[,)])" % _either(sorted(fields)))


def _holding(tree: KernelTree, paths: Iterable[str], pattern: re.Pattern[bytes]) -> dict[str, bytes]:
    chosen = [path for path in paths if path.endswith((".c", ".h"))]
    return {path: text for path, text in tree.read(chosen).items() if pattern.search(text)}


def _either(names: Sequence[str]) -> bytes:
    return b"|".join(re.escape(name.encode()) for name in names)
