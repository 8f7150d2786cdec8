"""Which driver a file is of, by the Makefile beside it, read as text: nothing is run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache

from patcher.tree.kernel import KernelTree
from patcher.tree.makefiles import NAMES, assigned

_BUILT = re.compile(r"obj-(?:[ym]|\$\(\w+\))\Z")
_PARTS = re.compile(r"([\w.-]+?)-(?:objs|[ym]|objs-\$\(\w+\)|\$\(\w+\))\Z")
_OBJECT = re.compile(r"(?:\A|(?<=\s))([\w.-]+)\.o(?=\s|\Z)")
_DEEP = 5  # parts of parts


class Modules:
    """The modules of a tree: what ``obj-$(CONFIG_…)`` of a Makefile names, built in or loadable."""

    def __init__(self, tree: KernelTree) -> None:
        self._tree = tree
        self._of_place = cache(self._read)

    def _read(self, place: str) -> tuple[frozenset[str], dict[str, str]]:
        """The modules of a directory, and the name of what each other object is a part of."""
        texts = self._tree.read([posixpath.join(place, name) for name in NAMES])
        return _modules(texts.values())

    def of(self, path: str) -> str:
        """The name of the module that a C file is part of; that of the file where no Makefile says; "" for others."""
        place, name = posixpath.split(path)
        stem, ending = posixpath.splitext(name)
        if ending not in (".c", ".S", ".rs"):
            return ""
        found, parts = self._of_place(place)
        for _ in range(_DEEP):
            if stem in found or stem not in parts:
                break
            stem = parts[stem]
        return stem

    def below(self, directory: str) -> int:
        """How many modules there are in a directory and in those below it."""
        top = directory.rstrip("/")
        places = {
            posixpath.dirname(path)
            for path in self._tree.paths()
            if path.startswith(f"{top}/") and posixpath.basename(path) in NAMES
        }
        return sum(len(self._of_place(place)[0]) for place in places)


def _modules(texts: Iterable[bytes]) -> tuple[frozenset[str], dict[str, str]]:
    built: set[str] = set()
    parts: dict[str, str] = {}
    for name, value in assigned(texts):
        objects = _OBJECT.findall(value)
        if _BUILT.match(name):
            built.update(objects)
        elif match := _PARTS.match(name):
            parts.update((each, match.group(1)) for each in objects if each != match.group(1))
    return frozenset(built), parts
