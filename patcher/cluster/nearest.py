"""Which of the units that wait a worker gets: one for which it has prepared already what takes long."""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import Generic, TypeVar

T = TypeVar("T")

WORTH = 8  # units for each worker that has prepared for them; fewer are done before another has


class Nearest(Generic[T]):
    """Things that wait, each near to what has to be prepared for it ("" for nothing), and what each worker has
    prepared."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}
        self._prepared: dict[str, set[str]] = {}

    def __bool__(self) -> bool:
        """Whether something waits."""
        return any(self._waiting.values())

    def add(self, near: str, thing: T) -> None:
        """It waits."""
        self._waiting.setdefault(near, deque()).append(thing)

    def clear(self) -> None:
        """Nothing waits any more."""
        self._waiting.clear()

    def keep(self, workers: Container[str]) -> None:
        """These workers are there, others are gone."""
        self._prepared = {worker: near for worker, near in self._prepared.items() if worker in workers}

    def take(self, worker: str, *, busy: bool = False) -> T | None:
        """What a worker does next; None where nothing is worth its while. What nobody has prepared for is done by
        whoever asks, and each thing is, in the end, by those who have. One that is ``busy`` gets only what it has
        prepared for."""
        counts = {near: len(queue) for near, queue in self._waiting.items() if queue}
        own = self._prepared.setdefault(worker, set())
        if ready := [near for near in counts if near in own or not (near or busy)]:
            near = max(ready, key=counts.__getitem__)
        elif counts and not busy:
            shares = {near: self._share(near, count) for near, count in counts.items()}
            near = max(shares, key=shares.__getitem__)
            if shares[near] < WORTH:
                return None
        else:
            return None
        if near:
            own.add(near)
        return self._waiting[near].popleft()

    def _share(self, near: str, count: int) -> float:
        """How many of these there are for each worker that has prepared for them."""
        workers = sum(near in own for own in self._prepared.values())
        return count / workers if workers else float("inf")
