"""Which headers a file needs, found by reading ``#include`` lines: a superset over all configurations."""

from __future__ import annotations

import functools
import posixpath
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from patcher.tree import generated
from patcher.tree.config import Config
from patcher.tree.kernel import KernelTree

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include(?:_next)?[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
# Headers that include by a computed name (``#include TRACE_INCLUDE(...)``) name it in a macro before.
_COMPUTED = re.compile(rb'^[ \t]*#[ \t]*define[ \t]+\w+[ \t]+([<"])([\w./-]+\.[hc])[>"][ \t]*$', re.MULTILINE)

_BY_MACRO = re.compile(rb"^[ \t]*#[ \t]*include[ \t]+[A-Za-z_]", re.MULTILINE)
_DIRECTIVE = re.compile(
    rb"^[ \t]*#[ \t]*(?:(if|ifdef|ifndef)|(endif)|(elif|else)|include[ \t]*([<\"])([^>\"\n]+)[>\"])", re.MULTILINE
)
_GUARD = re.compile(
    rb"\A(?:\s|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*#[ \t]*ifndef[ \t]+(\w+)\s*\n\s*#[ \t]*define[ \t]+\1\b"
)
_NEVER = 10**9
_REMEMBERED = 4096  # files: more than a configuration's headers, and some ten MB
_DEEPEST = 200  # clang's MaxAllowedIncludeStackDepth (clang/lib/Lex/PPDirectives.cpp)


class _Named(NamedTuple):
    """What one file includes: (quote, name), and whether that stands under no condition. ``by_macro``: it includes by
    a computed name, too."""

    includes: Mapping[tuple[str, str], bool]
    by_macro: bool


class Includes(NamedTuple):
    """The include graph of some files.

    ``blobs`` maps every file of the tree that is reached to its blob id, ``edges`` every file to those it
    includes, ``always`` to those of them that it includes whatever is configured. ``made`` are generated headers that
    the tree lacks (path → content); ``constants`` those whose content is still to be computed from a C file (path →
    that file). ``missing`` maps an include that nothing answers to the files that ask for it, ``outside`` a file to an
    include in it that leads out of the tree.
    """

    blobs: dict[str, str]
    edges: dict[str, tuple[str, ...]]
    always: dict[str, tuple[str, ...]]
    made: dict[str, bytes]
    constants: dict[str, str]
    missing: dict[str, tuple[str, ...]]
    outside: dict[str, str]

    def reach(self, roots: Iterable[str]) -> frozenset[str]:
        """The files that the roots need, themselves included."""
        return _reach(self.edges, roots)

    def surely(self, root: str) -> frozenset[str]:
        """The files that are read with ``root`` whatever is configured, itself included."""
        return _reach(self.always, (root,))

    def distances(self, roots: Iterable[str]) -> dict[str, int]:
        """The files that the roots need, with the fewest includes that lead there: 0 for themselves."""
        found: dict[str, int] = {}
        level, far = self.edges.keys() & set(roots), 0
        while level:
            found.update(dict.fromkeys(level, far))
            level, far = {to for path in level for to in self.edges[path]} - found.keys(), far + 1
        return found


def _reach(edges: Mapping[str, Sequence[str]], roots: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    todo = [root for root in roots if root in edges]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo.extend(edges[path])
    return frozenset(seen)


class _Search:
    """One run of ``follow``: what is known, and what has been made on the way."""

    def __init__(self, tree: KernelTree, config: Config) -> None:
        self.tree = tree
        self.config = config
        self._paths = tree.paths()
        self.made = dict(config.files)
        self.constants: dict[str, str] = {}
        self._sorted: list[str] = []
        self._nowhere: set[str] = set()

    def has(self, path: str) -> bool:
        """Whether the tree has a file that is to be believed."""
        return path in self._paths and not (self.config.generate and generated.left_by_a_build(path))

    def resolve(self, path: str, quote: str, name: str, own: Sequence[str]) -> str | None:
        if quote == '"':
            here = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if self.has(here):
                return here
        for place in (*self.config.directories, *own):
            candidate = posixpath.normpath(f"{place}/{name}")
            if self.has(candidate) or candidate in self.made or candidate in self.constants:
                return candidate
        return self.generate(name)

    def generate(self, name: str) -> str | None:
        if not self.config.generate or name in self._nowhere:
            return None
        place = "arch/x86/include/generated" if name.startswith("asm/") else "include"
        source = generated.CONSTANTS.get(name)
        if source and self.has(source):
            self.constants[f"{place}/{name}"] = source
            return f"{place}/{name}"
        content = generated.make(self.tree, name, self.config.files[self.config.forced[0]])
        if content is None:
            self._nowhere.add(name)
            return None
        self.made[f"{place}/{name}"] = content
        return f"{place}/{name}"

    def namesakes(self, path: str) -> list[str]:
        """What a file may include by a computed name: compiler-gcc.h asks for compiler-gcc4.h that way."""
        self._sorted = self._sorted or sorted(self._paths)
        stem = path.removesuffix(".h")
        start = bisect_left(self._sorted, stem)
        near = takewhile(lambda name: name.startswith(stem), islice(self._sorted, start, None))
        return [name for name in near if name != path and name.endswith(".h") and self.has(name)]

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The content of files of the tree and of those that were made."""
        paths = list(paths)
        contents = self.tree.read(path for path in paths if self.has(path))
        contents.update({path: self.made[path] for path in paths if path in self.made})
        return contents


def follow(tree: KernelTree, config: Config, roots: Iterable[str], own: Mapping[str, Sequence[str]]) -> Includes:
    """The include graph from ``roots`` and from what ``config`` includes by force.

    ``own`` gives directories that single roots (and what only they include) search besides the config's.
    The tree is read once for each level of the graph, and no deeper than libclang would go.
    """
    search = _Search(tree, config)
    edges: dict[str, tuple[str, ...]] = {}
    always: dict[str, tuple[str, ...]] = {}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    outside: dict[str, str] = {}
    level: dict[str, tuple[str, ...]] = {root: tuple(own.get(root, ())) for root in roots}
    level.update(dict.fromkeys(config.forced, ()))
    for _ in range(_DEEPEST):
        if not level:
            break
        following: dict[str, tuple[str, ...]] = {}
        for path in level.keys() & search.constants.keys():  # stands for the file it is computed from
            edges[path], always[path] = (search.constants[path],), ()
            following[search.constants[path]] = ()
        for path, content in search.read(level).items():
            found, sure = [], []
            named = _named(content)
            for (quote, name), unconditional in named.includes.items():
                target = search.resolve(path, quote, name, level[path])
                if target is None:
                    missing[name].append(path)
                    if leads_out(path, name):
                        outside[path] = name
                    continue
                found.append(target)
                if unconditional:
                    sure.append(target)
                following.setdefault(target, level[path])
            if named.by_macro:
                namesakes = search.namesakes(path)
                found.extend(namesakes)
                following.update((target, level[path]) for target in namesakes if target not in following)
            edges[path], always[path] = tuple(dict.fromkeys(found)), tuple(dict.fromkeys(sure))
        unread = [path for path in level if search.has(path) and path not in edges]
        edges.update(dict.fromkeys(unread, ()))
        always.update(dict.fromkeys(unread, ()))
        level = {path: places for path, places in following.items() if path not in edges}
    return Includes(
        blobs=tree.blobs(path for path in edges if search.has(path)),
        edges=edges,
        always=always,
        made=search.made,
        constants=search.constants,
        missing={name: tuple(users) for name, users in missing.items()},
        outside=outside,
    )


def leads_out(path: str, name: str) -> bool:
    """Whether an include in the file at ``path`` could only be answered from outside of the tree."""
    return name.startswith("/") or posixpath.normpath(posixpath.join(posixpath.dirname(path), name)).startswith("..")


@functools.lru_cache(_REMEMBERED)
def _named(content: bytes) -> _Named:
    """What a file includes; remembered, as the graphs of all configurations ask it of the same headers."""
    pairs = _INCLUDE.findall(content) + _COMPUTED.findall(content)
    unconditional = _unconditional(content)
    names = dict.fromkeys((quote.decode(), name.decode("utf-8", "replace")) for quote, name in pairs)
    return _Named({name: name in unconditional for name in names}, _BY_MACRO.search(content) is not None)


def _unconditional(content: bytes) -> set[tuple[str, str]]:
    """The includes that stand under no condition, but for the guard of the file itself."""
    found = set()
    depth = -1 if _GUARD.match(content) else 0
    for opens, closes, other, quote, name in _DIRECTIVE.findall(content):
        depth += bool(opens) - bool(closes)
        if other and depth <= 0:
            depth = _NEVER  # the guard has another side, or this is no C
        if quote and depth <= 0:
            found.add((quote.decode(), name.decode("utf-8", "replace")))
    return found
