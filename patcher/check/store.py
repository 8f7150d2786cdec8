"""Outcomes by the content of what went in, so that nothing is built twice.

What a compilation needs is known only after it. So a first key (all but the files) leads to the lists of files that
were needed before, and each such list, with the content these files have now, to an outcome.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from patcher.cache import Cache
from patcher.check.results import Outcome
from patcher.tree.gittree import Entry

_LISTS = 8
_outcome_decoder = msgspec.msgpack.Decoder(Outcome)
_lists_decoder = msgspec.msgpack.Decoder(list[tuple[str, ...]])


def digest(*parts: Any) -> str:
    """A key for values that msgpack can hold."""
    return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()


class Store:
    """Safe to use from several threads and processes at once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._lock = threading.Lock()

    def find(self, first: str, entries: Mapping[str, Entry]) -> Outcome | None:
        """The outcome of the same thing, or None."""
        for needs in self._lists(first):
            if outcome := self._cache.load(self._key(first, needs, entries), _outcome_decoder.decode):
                return outcome
        return None

    def put(self, first: str, entries: Mapping[str, Entry], outcome: Outcome) -> None:
        """Remember an outcome that only the content of ``outcome.needs`` and what is in ``first`` decide on."""
        with self._lock:
            lists = self._lists(first)
            if outcome.needs not in lists:
                kept = [outcome.needs, *lists][:_LISTS]
                self._cache.put(f"check-1/needs/{first}", msgspec.msgpack.encode(kept))
            self._cache.put(self._key(first, outcome.needs, entries), msgspec.msgpack.encode(outcome))

    def text(self, key: str) -> str | None:
        """A text that was kept."""
        return self._cache.load(
            f"check-1/text/{key}", lambda packed: zlib.decompress(packed).decode("utf-8", "surrogateescape")
        )

    def put_text(self, key: str, text: str) -> None:
        """Keep a text."""
        self._cache.put(f"check-1/text/{key}", zlib.compress(text.encode("utf-8", "surrogateescape"), 1))

    def _lists(self, first: str) -> list[tuple[str, ...]]:
        return self._cache.load(f"check-1/needs/{first}", _lists_decoder.decode) or []

    def _key(self, first: str, needs: Iterable[str], entries: Mapping[str, Entry]) -> str:
        went_in = [(path, entries[path].blob if path in entries else "") for path in needs]
        return f"check-1/outcome/{digest(first, went_in)}"
