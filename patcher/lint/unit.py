"""Units of lint, done: what ``away.py`` packs, on the machine that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata

import msgspec

from patcher.cache import Cache
from patcher.lint.away import Lint, packed
from patcher.lint.context import Context
from patcher.lint.job import Digest
from patcher.lint.rules import shipped
from patcher.lint.run import Applied, Event, after_series, singly
from patcher.lint.session import context_of
from patcher.tree.gitrepo import Repository
from patcher.units import Unit

_decoder = msgspec.msgpack.Decoder(Lint)
_LIBRARIES = ("codespell", "PyYAML", "regex", "symspellpy", "unidiff", "yamllint")


def versions(_: Iterable[str]) -> Mapping[str, str]:
    """Those of the libraries that rules go by."""
    return {name: metadata.version(name) for name in _LIBRARIES}


class Bench:
    """Does one unit at a time. What is known of a tree is kept for the next."""

    def __init__(self, repository: Repository, cache: Cache) -> None:
        self._repository, self._cache = repository, cache
        self._context: tuple[object, Context] = None, Context(None, None)
        self._rules = shipped(cache)

    def do(self, unit: Unit, _: bytes) -> bytes:
        """The packed result. Raises InputError where the tree cannot be read."""
        work = _decoder.decode(unit.work)
        place = work.place
        if place.base and self._context[0] != (place, unit.history):
            made = context_of(self._repository, place.base, place.tip or None, self._cache, place.whole or None)
            self._context = (place, unit.history), made
        context = self._context[1] if place.base else Context(None, None)
        rules = [rule for rule in self._rules if work.settings.wants(rule.id)]
        digests: list[Digest] = []
        applied: list[Applied] = []

        def events() -> Iterable[Event]:
            after = yield from singly(work.patches, rules, work.settings, context, self._cache, digests, applied)
            if work.settings.mailed:
                yield from after_series(applied, rules, context.after_series(after), context, self._cache)

        return packed(events(), digests)

    def close(self) -> None:
        """Nothing is kept that takes room."""
