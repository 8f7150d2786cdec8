"""The directories that Makefiles have the compiler search for includes, read as text: nothing is run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from patcher.tree.kernel import KernelTree

NAMES = ("Makefile", "Kbuild")
_ASSIGNED = re.compile(r"^[ \t]*([\w.-]+(?:\$\([\w]+\))?)[ \t]*[:+?]?=[ \t]*((?:.*\\\n)*.*)$", re.MULTILINE)
_FLAGS = re.compile(r"(?:ccflags-(?:y|m|\$\(\w+\))|subdir-ccflags-(?:y|m|\$\(\w+\))|EXTRA_CFLAGS|KBUILD_CPPFLAGS)\Z")
_OF_FILE = re.compile(r"CFLAGS_([\w.-]+)\.o\Z")
_BELOW = re.compile(r"subdir-ccflags-(?:y|m|\$\(\w+\))\Z")
_VARIABLE = re.compile(r"\$[({]([\w-]+)[)}]")
_INCLUDED = re.compile(r"(?:\A|(?<=\s))-I\s*(\S+)")
_GOALS = ("obj-", "lib-", "subdir-", "hostprogs")
_DEEP = 5  # variables in variables

Assigned = list[tuple[str, str]]


def own_directories(tree: KernelTree, paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The ``-I`` that the Makefiles beside each file and above it add: path → directories in the tree.

    A flag that depends on the configuration counts: a directory too many does no harm.
    """
    beside = {path: posixpath.dirname(path) for path in paths}
    places = {above for place in beside.values() for above in _upwards(place)}
    read = _read(tree, places)
    homes = {place: _including(tree, place, read.get(place, [])) for place in set(beside.values())}
    read |= _read(tree, {home for some in homes.values() for home in some} - places)
    return {
        path: tuple(dict.fromkeys(each for home in (place, *homes[place]) for each in _of(path, home, read)))
        for path, place in beside.items()
    }


def _read(tree: KernelTree, places: set[str]) -> dict[str, Assigned]:
    texts = tree.read(f"{place}/{name}" for place in places for name in NAMES)
    return {place: assigned(texts.get(f"{place}/{name}", b"") for name in NAMES) for place in places}


def _including(tree: KernelTree, place: str, own: Assigned) -> tuple[str, ...]:
    """The directories whose Makefiles include the one of a directory that has no goals itself, and build its files."""
    above, _, last = place.rpartition("/")
    if not above or not own or any(name.startswith(_GOALS) for name, _ in own):
        return ()
    included = re.compile(
        rb"^[ \t]*-?include[ \t].*(?<![\w.-])%s/(?:Makefile|Kbuild)\b" % re.escape(last.encode()), re.MULTILINE
    )
    found = tree.search([last], [f"{above}/*{name}" for name in NAMES])
    return tuple(posixpath.dirname(path) for path, text in tree.read(found).items() if included.search(text))


def _upwards(place: str) -> Iterator[str]:
    while place:
        yield place
        place = posixpath.dirname(place)


def assigned(texts: Iterable[bytes]) -> Assigned:
    """What the Makefiles of one directory assign, in order: names and values as they are written."""
    return [pair for text in texts for pair in _ASSIGNED.findall(text.decode("utf-8", "replace").replace("\\\n", " "))]


def _of(path: str, place: str, read: Mapping[str, Assigned]) -> Iterator[str]:
    stem = posixpath.splitext(posixpath.basename(path))[0]
    for above in _upwards(place):
        known = dict(reversed(read.get(above, [])))  # the first assignment of each
        for name, value in read.get(above, ()):
            named = _OF_FILE.match(name)
            if (
                (_BELOW.match(name) if above != place else _FLAGS.match(name))
                or (named and named[1] == stem and above == place)
            ):  # fmt: skip
                for directory in _INCLUDED.findall(_expanded(value, above, known)):
                    if "$" not in directory:
                        yield posixpath.normpath(directory.lstrip("/"))


def _expanded(value: str, place: str, known: Mapping[str, str]) -> str:
    """A value without variables. ``$(srctree)`` and its like are the top, ``$(src)`` and ``$(obj)`` the place."""
    own = {"src": place, "obj": place, "srctree": "", "objtree": "", "TOPDIR": ""}
    for top in ("srctree", "objtree", "TOPDIR"):
        value = value.replace(f"$({top})/", "")
    for _ in range(_DEEP):
        if "$" not in value or len(value) > 10_000:
            break
        value = _VARIABLE.sub(lambda match: own.get(match[1], known.get(match[1], "")), value)
        value = re.sub(r"(?<=-I)/(?=\w)", "", value)
    return value
