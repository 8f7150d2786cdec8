"""What a commit can affect: the files it touches, and those that include what it touches."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from patcher.tree.changes import Change
from patcher.tree.gittree import Entry

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include(?:_next)?[ \t]*([<\"])([^>\"]+)[>\"]")
_SOURCE = (".c", ".S")
_ELSEWHERE = ("Documentation/", "scripts/", "tools/", "samples/", "usr/")
_OF_BUILD = ("scripts/", "tools/build/", "tools/include/", "tools/lib/", "tools/objtool/")
_MAKEFILE = re.compile(r"(?:^|/)(?:Makefile|Kbuild)$")
_WORD = re.compile(r"\b[A-Za-z_]\w{3,}\b")
_KEYWORDS = frozenset({
    "auto", "break", "case", "char", "const", "continue", "default", "define", "defined", "double", "else", "endif",
    "enum", "extern", "false", "float", "from", "goto", "have", "ifdef", "ifndef", "include", "inline", "long", "NULL",
    "register", "return", "short", "signed", "sizeof", "static", "struct", "switch", "that", "this", "true", "typedef",
    "undef", "union", "unsigned", "void", "volatile", "while", "will", "with",
})  # fmt: skip


def elsewhere(path: str, arch: str) -> bool:
    """Whether a file is no part of a kernel for the directory ``arch`` below ``arch/``."""
    if path.startswith("arch/") and path.count("/") > 1:
        return path.split("/", 2)[1] != arch
    return path.startswith(_ELSEWHERE)


def included(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What ``#include`` lines name, as they spell it (``<linux/x.h``, ``"x.h``) → the files that do, with NUL between
    them: there are ten times as many lines in a tree, and few are asked for."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, text in lines:
        if match := _INCLUDE.match(text):
            found[match.group(1) + match.group(2)].append(path)
    return {spelled: "\0".join(paths) for spelled, paths in found.items()}


def for_all(path: str, arch: str) -> bool:
    """Whether a file may decide on every object: Makefiles that all are made by, and programs that are made first."""
    if path == "Makefile" or path.startswith(f"arch/{arch}/Makefile"):
        return True
    name = posixpath.basename(path)
    return path.startswith(_OF_BUILD) and (name.startswith(("Makefile", "Kbuild")) or name.endswith((".c", ".h")))


class Graph:
    """Who includes whom, from ``#include`` lines alone: more than any one configuration has. ``including``: see
    ``included``."""

    def __init__(self, entries: Collection[str], including: Mapping[str, str], arch: str) -> None:
        self._known = entries
        self._including = including
        self._arch = arch
        self._known_users: dict[str, tuple[str, ...]] = {}
        self._spelled: dict[str, list[str]] = defaultdict(list)
        for spelled in including:
            self._spelled[posixpath.basename(spelled[1:])].append(spelled)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in self._known:
            if path.endswith((".h", ".c")):
                found[posixpath.basename(path)].append(path)
        return found

    def _targets(self, path: str, quote: str, name: str) -> Sequence[str]:
        if quote == '"':
            here = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if here in self._known:
                return (here,)
        for directory in (
            f"arch/{self._arch}/include", "include", f"arch/{self._arch}/include/uapi", "include/uapi",
        ):  # fmt: skip
            if f"{directory}/{name}" in self._known:
                return (f"{directory}/{name}",)
        if name.startswith("asm/") and f"include/asm-generic/{name[4:]}" in self._known:
            return (f"include/asm-generic/{name[4:]}",)  # kbuild makes a wrapper
        if quote == '"':  # found by a -I of its directory
            return [
                each
                for each in self._by_name.get(posixpath.basename(name), ())
                if each.endswith(f"/{name.lstrip('./')}") and not elsewhere(each, self._arch)
            ]
        return ()

    def _users(self, path: str) -> tuple[str, ...]:
        """The files that include a path themselves."""
        if path not in self._known_users:
            self._known_users[path] = tuple(dict.fromkeys(self._found_users(path)))
        return self._known_users[path]

    def _found_users(self, path: str) -> Iterator[str]:
        for spelled in self._spelled.get(posixpath.basename(path), ()):
            quote, name = spelled[0], spelled[1:]
            if quote == "<" and path not in self._targets("", quote, name):
                continue
            for user in self._including[spelled].split("\0"):
                if not elsewhere(user, self._arch) and (quote == "<" or path in self._targets(user, quote, name)):
                    yield user

    def users(self, paths: Iterable[str]) -> dict[str, int]:
        """The C and assembler files that include one of the paths, however indirectly: path → in how many steps."""
        found: dict[str, int] = {}
        seen = dict.fromkeys(paths, 0)
        todo = deque(seen)
        while todo:
            path = todo.popleft()
            for user in self._users(path):
                if user not in seen:
                    seen[user] = seen[path] + 1
                    todo.append(user)
                    if user.endswith(_SOURCE):
                        found[user] = seen[user]
        return found


class Affected(NamedTuple):
    """What a commit can affect in one configuration, as sources. ``sources`` are to be compiled; ``more`` is the number
    of files left out by the bound, of ``users`` that include a touched header."""

    sources: tuple[str, ...]
    users: int
    more: int


def touched(changes: Iterable[Change]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The changed files that a build looks at: sources, headers (deleted ones too), Makefiles, others."""
    sources, headers, makefiles, others = [], [], [], []
    for change in changes:
        for path in dict.fromkeys(each for each in (change.path, change.old) if each):
            if path.endswith(_SOURCE):
                if path == change.path:
                    sources.append(path)
                headers.append(path)  # a .c may be included, too
            elif path.endswith(".h"):
                headers.append(path)
            elif _MAKEFILE.search(path):
                makefiles.append(path)
            else:
                others.append(path)
    return sources, headers, makefiles, others


def words(changed: Iterable[str]) -> frozenset[str]:
    """The identifiers on changed lines."""
    return frozenset(word for line in changed for word in _WORD.findall(line)) - _KEYWORDS


def rarest(texts: Mapping[str, str], some: frozenset[str]) -> dict[str, int]:
    """Of the rarest of some words in each text, in how many texts that stands. Texts without any are left out."""
    named = {path: some.intersection(_WORD.findall(text)) for path, text in texts.items()}
    counts = Counter(word for found in named.values() for word in found)
    return {path: min(counts[word] for word in found) for path, found in named.items() if found}


def select(
    sources: Sequence[str], users: Mapping[str, int], naming: Mapping[str, int], built: Mapping[str, bool], most: int
) -> Affected:
    """Which files to compile: the touched ones, then users of touched headers, those that name what changed first, and
    of these those that name the rarest word.

    Arguments:
        sources: touched C and assembler files
        users: files that include a touched header, with the number of steps
        naming: those of them that name what changed, with the number of files that do so by the same word
        built: for each of all these whether the configuration builds it
        most: how many users at most
    """
    own = [path for path in sources if built[path]]
    others = [path for path in users if built[path] and path not in own]
    others.sort(key=lambda path: (path not in naming, naming.get(path, 0), users[path], path))
    return Affected((*own, *others[:most]), len(others), max(0, len(others) - most))


def is_source(path: str) -> bool:
    """Whether kbuild makes an object of a file."""
    return path.endswith(_SOURCE)


def target(path: str) -> str:
    """The object that kbuild makes of a source."""
    return f"{posixpath.splitext(path)[0]}.o"


def sources_of(target: str) -> tuple[str, ...]:
    """What kbuild makes an object of, or builds a directory (with ``/`` at its end) by: one of these files."""
    if target.endswith("/"):
        return f"{target}Kbuild", f"{target}Makefile"
    return tuple(f"{target.removesuffix('.o')}{suffix}" for suffix in _SOURCE)


def source(name: str, entries: Mapping[str, Entry]) -> str:
    """That file in a commit, "" where there is none."""
    return next((path for path in sources_of(name) if path in entries), "")
