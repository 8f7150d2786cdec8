"""What it takes to follow frames and flags beyond the files that name a symbol of interest, fetched as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from patcher.cache import Cache
from patcher.model import FileFacts
from patcher.plan.reading import Gap
from patcher.plan.survey import Survey, cached_search
from patcher.rules import branches
from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.library import Library, within
from patcher.rules.match import ask
from patcher.rules.model import RuleSet
from patcher.source import lex
from patcher.tree.buildable import Buildable, of_others
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import fits

_ROUNDS = 3
_CORE = ("include/*.h", "arch/x86/*.h", "arch/x86/mm/*.c", "mm/*.c", "kernel/*.c", "lib/*.c")
_MANY = 400  # names in one round
_DIRECTIVE = re.compile(rb"^[ \t]*#[ \t]*(?:if|elif)[^\n]*(?:\b0\b|\b__\w+|\bCONFIG_\w+)", re.MULTILINE)
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
    buildable = Buildable(tree)
    everywhere = rules.group.everywhere
    asked = bool(pathspecs) and not everywhere
    unbuilt = buildable.never(found.sources) if asked else {}
    for gap in gaps if asked else ():
        if reason := buildable.condition(gap.condition):
            unbuilt[f"{gap.path}:{gap.offset}"] = reason
    ours = (lambda code: code) if everywhere else _ours
    taken = found.hits if everywhere else (*found.sources, *found.headers)
    library = Library({path: ours(codes[path]) for path in taken if path not in unbuilt}, everywhere=everywhere)
    knowledge = Knowledge(facts, names, library, unbuilt)
    fetch = _Fetch(tree, library, pathspecs, cache)
    more: dict[str, bytes] = {}
    for _ in range(_ROUNDS if pathspecs and wanted else 0):
        topics = {each.name: Topic(each, found.carriers.get(each.name, ()), knowledge) for each in subjects}
        ask(topics, knowledge)
        new = {path: text for path, text in fetch.lacking().items() if path not in more and path not in codes}
        if not new:
            break
        more.update(new)
        library.add({path: ours(lex.code_only(text)) for path, text in new.items()})
        knowledge = Knowledge(facts, names, library, unbuilt)
    return knowledge, more


def _ours(code: bytes) -> bytes:
    """The code without what only another architecture compiles: nothing comes from there."""
    return branches.without(code.decode("latin-1"), of_others).encode("latin-1") if _DIRECTIVE.search(code) else code


class _Fetch:
    """Fetches what a library lacks, and each of it once."""

    def __init__(self, tree: KernelTree, library: Library, pathspecs: Sequence[str], cache: Cache) -> None:
        self._tree, self._library, self._pathspecs, self._cache = tree, library, pathspecs, cache
        self._asked: set[tuple[str, str, str]] = set()

    def lacking(self) -> dict[str, bytes]:
        """The files that define one of the functions, or fill one of the fields, that the library was asked for."""
        found = self._functions(self._new("function", self._library.wanted)[:_MANY])
        by_place: dict[str, set[str]] = {}
        for directory, field in self._new("field", self._library.fields):
            by_place.setdefault(directory, set()).add(field)
        paths = self._search({field for each in by_place.values() for field in each}, by_place)
        for place, fields in by_place.items():
            found.update(self._holding([path for path in paths if within(path, place)], _filled(fields)))
        far = self._new("far", self._library.far)
        fields = {field for _, field in far}
        texts = self._holding(self._search(fields, _around(place for place, _ in far)), _filled(fields or {""}))
        for field in fields:
            pattern = _filled({field})
            some = {path: text for path, text in texts.items() if pattern.search(text)}
            found.update(some if len(some) <= _FILES else {})
        return found

    def _new(self, kind: str, asked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        new = sorted(each for each in asked if (kind, *each) not in self._asked)
        self._asked.update((kind, *each) for each in new)
        return new

    def _functions(self, asked: Sequence[tuple[str, str]]) -> dict[str, bytes]:
        names = {name for _, name in asked}
        head = rb"^(?:[^\s#].*|[ \t]*#[ \t]*define[ \t]+)?\b(?:%s)\s*\("
        macros = {name for name in names if name.isupper()}
        places = [*_CORE, *_around(directory for directory, _ in asked)]
        places += ["arch/*/include/*.h"] if self._library.everywhere else []
        paths = {
            *self._search(names - macros, places),
            *self._search(macros, [place for place in places if place.endswith(".h")]),
        }
        return self._holding(sorted(paths), re.compile(head % _either(sorted(names)), re.MULTILINE)) if names else {}

    def _search(self, words: Iterable[str], places: Iterable[str]) -> list[str]:
        """The files of the scope in these places that hold one of the words."""
        asked, where = sorted(set(words)), sorted({f"{each}/*.[ch]" if "*" not in each else each for each in places})
        paths = cached_search(self._tree, asked, where, self._cache) if asked and where else ()
        return [path for path in paths if path.endswith((".c", ".h")) and fits(path, self._pathspecs)]

    def _holding(self, paths: Sequence[str], pattern: re.Pattern[bytes]) -> dict[str, bytes]:
        return {path: text for path, text in self._tree.read(paths).items() if pattern.search(text)}


def _around(directories: Iterable[str]) -> Iterator[str]:
    """Where the C files of a directory have their functions from, beside the core: its subsystem, and its headers.

    Headers of the whole subsystem are not searched: those of a graphics driver's registers alone are a third of Linux.
    """
    for directory in set(directories):
        parts = directory.split("/")
        yield "/".join(parts[: 3 if parts[:2] == ["drivers", "gpu"] else 2]) + "/*.c"
        yield f"{directory}/*.h"
        if len(parts) > 2:
            yield f":(glob){'/'.join(parts[:-1])}/*.h"


def _filled(fields: set[str]) -> re.Pattern[bytes]:
    return re.compile(rb"(?:->|\.)\s*(?:%s)\b\s*(?:\[[^]\n]*\]\s*)?(?:[+|]?=[^=]|[,)])" % _either(sorted(fields)))


def _either(names: Sequence[str]) -> bytes:
    return b"|".join(re.escape(name.encode()) for name in names)
