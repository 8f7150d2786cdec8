"""Units done beside the test, with a clone and a cache of their own, as a worker does them; without dask."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from patcher.cache import Cache
from patcher.cluster.layers import Bench, bench
from patcher.tree import packs
from patcher.units import Lost, Offer, Unit


class Beside:
    """``done`` has the units that were asked for; those whose number is in ``lose`` get lost."""

    def __init__(self, place: Path, lose: Sequence[int] = ()) -> None:
        self._place, self._lose = place, lose
        self._cache = Cache(place / "cache")
        self.done: list[Unit] = []

    def run(self, units: Sequence[Unit], offer: Offer, tools: Sequence[str]) -> Iterator[tuple[Unit, bytes | Lost]]:
        with contextlib.ExitStack() as stack:
            clone = packs.Clone(self._place / "clone.git", 40)
            benches: dict[str, Bench] = {}
            for unit in reversed(units):  # in no order
                self.done.append(unit)
                if len(self.done) - 1 in self._lose:
                    yield unit, Lost("the machine burns")
                    continue
                if not clone.has(unit.commits, history=unit.history):
                    assert offer.repository is not None
                    file = self._place / "pack"
                    there = clone.there(unit.commits, history=unit.history)
                    packs.pack(offer.repository, offer.commits, there, file, history=bool(unit.history))
                    shallow = packs.boundary(offer.repository) if unit.history else ()
                    clone.take(file, offer.commits, shallow, history=unit.history)
                if unit.kind not in benches:
                    benches[unit.kind] = stack.enter_context(
                        contextlib.closing(bench(unit.kind, clone.repository, self._cache))
                    )
                yield unit, benches[unit.kind].do(unit, offer.data.get(unit.data, b""))
