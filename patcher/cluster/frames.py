"""What a process that does units, and who started it, say to each other over pipes: each message is packed, with its
length before it."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from enum import Enum

import msgspec

from patcher.model import Frozen
from patcher.units import Unit

_LENGTH = 8
_BLOCK = 2**20


class Do(Frozen, frozen=True, tag=True):
    """Do a unit."""

    unit: Unit


class Came(Frozen, frozen=True, tag=True):
    """What was wanted is in the file ``path``. ``commits`` are what a pack brings, ``shallow`` where history ends."""

    path: str
    commits: tuple[str, ...] = ()
    shallow: tuple[str, ...] = ()


class Wants(Frozen, frozen=True, tag=True):
    """Commits are lacking (``there`` are known), with the ``history`` of that name if there is one; or the data of that
    digest is."""

    commits: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    history: str = ""
    data: str = ""


class Made(Frozen, frozen=True, tag=True):
    """The result, and the processor's seconds that it took."""

    result: bytes
    seconds: float = 0.0


class Why(Enum):
    """What is to blame: what was asked for; this machine; patcher, which does not work on it; a fault in patcher."""

    INPUT = "input"
    MACHINE = "machine"
    BROKEN = "broken"
    FAULT = "fault"


class Failed(Frozen, frozen=True, tag=True):
    """There is no result, for this reason: a line, or the traceback of a fault."""

    reason: str
    why: Why = Why.INPUT

    @property
    def machine(self) -> bool:
        """Whether another machine may do it."""
        return self.why in (Why.MACHINE, Why.BROKEN)


Frame = Do | Came | Wants | Made | Failed
_decoder = msgspec.msgpack.Decoder(Frame)


class Ended(Exception):
    """The other side is gone."""


def send(descriptor: int, frame: Frame) -> None:
    """Send a message. Raises Ended where nobody reads it."""
    packed = msgspec.msgpack.encode(frame)
    left = memoryview(len(packed).to_bytes(_LENGTH, "little") + packed)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except BrokenPipeError as error:
        raise Ended from error


def receive(descriptor: int, tick: Callable[[], None], seconds: float) -> Frame:
    """The next message; ``tick`` is called each time that none came for that many seconds. Raises Ended."""
    size = int.from_bytes(_read(descriptor, _LENGTH, tick, seconds), "little")
    frame: Frame = _decoder.decode(_read(descriptor, size, tick, seconds))
    return frame


def _read(descriptor: int, size: int, tick: Callable[[], None], seconds: float) -> bytes:
    found = bytearray()
    while len(found) < size:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        if not ready:
            tick()
            continue
        more = os.read(descriptor, min(_BLOCK, size - len(found)))
        if not more:
            raise Ended
        found += more
    return bytes(found)
