"""The headers that spatch is to read beside a C file, where the options of a semantic patch have it read any."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from patcher.cocci.script import SemanticPatch
from patcher.tree.kernel import KernelTree

# What the kernel's scripts/coccicheck gives to spatch, as LINUXINCLUDE of x86, without what a build generates.
DIRECTORIES = ("arch/x86/include", "include", "arch/x86/include/uapi", "include/uapi")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_ROUNDS = {"--all-includes": 1, "--recursive-includes": 30}
_MOST = 20_000  # files


def directories(patch: SemanticPatch) -> tuple[str, ...]:
    """Where spatch looks for headers, below the top of the tree; none where it reads none."""
    if "--no-includes" in patch.options:
        return ()
    own = [value for option, value in zip(patch.options, patch.options[1:], strict=False) if option == "-I"]
    return (*own, *DIRECTORIES)


def headers(patch: SemanticPatch, contents: Mapping[str, bytes], tree: KernelTree) -> dict[str, bytes]:
    """The headers that these files (path → content) may include, as far as spatch follows them."""
    places = directories(patch)
    if not places:
        return {}
    every = [rounds for option, rounds in _ROUNDS.items() if option in patch.options]
    found: dict[str, bytes] = {}
    level = dict(contents)
    for _ in range(max(every, default=1)):
        asked = {name for path, text in level.items() for name in _named(path, text, places, bool(every))}
        level = tree.read(sorted(asked - found.keys() - contents.keys()))
        found.update(level)
        if not level or len(found) > _MOST:
            break
    return found


def _named(path: str, text: bytes, places: tuple[str, ...], every: bool) -> Iterator[str]:
    """Where what a file includes may lie: of ``<…>`` the header of its own name alone, if not ``every``."""
    directory, own = posixpath.split(path)
    for quote, raw in _INCLUDE.findall(text):
        name = raw.decode("utf-8", "surrogateescape")
        if name.startswith("/"):
            continue
        if quote == b'"':
            yield from _inside(posixpath.join(directory, name))
        if every or quote == b'"' or posixpath.basename(name)[:-2] == own[:-2]:
            for place in places:
                yield from _inside(f"{place}/{name}")


def _inside(path: str) -> Iterator[str]:
    found = posixpath.normpath(path)
    if not found.startswith(("../", "/")):
        yield found
