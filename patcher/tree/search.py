"""Searches through a tree, remembered by its content: a grep of all of Linux takes git some seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from patcher.cache import Cache

Search = Callable[[Sequence[str], Sequence[str]], tuple[str, ...]]


def remembered(
    search: Search, key: str | None, words: Sequence[str], pathspecs: Sequence[str], cache: Cache
) -> tuple[str, ...]:
    """The files that ``search`` finds in the tree with this key (see ``KernelTree``); asked anew where it has none."""
    if key is None:
        return search(words, pathspecs)
    asked = "\0\0".join((key, "\0".join(words), "\0".join(pathspecs)))
    name = "search:" + hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()
    stored = cache.get(name)
    if stored is not None:
        return tuple(stored.decode("utf-8", "surrogateescape").split("\0")) if stored else ()
    found = search(words, pathspecs)
    cache.put(name, "\0".join(found).encode("utf-8", "surrogateescape"))
    return found
