"""What is said between a check and the process that reads a tree's Kconfig: messages in msgpack, each behind its
size."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import msgspec

SIZE = struct.Struct("!I")


class Load(msgspec.Struct, frozen=True, tag=True):
    """The first message. ``texts`` are those of all Kconfig files; ``srcarch`` is the directory below ``arch/``."""

    texts: dict[str, str]
    arch: str
    srcarch: str
    version: str


class Reach(msgspec.Struct, frozen=True, tag=True):
    """Which symbols must change in a configuration, the text of a ``.config``, so that some have the values
    ``goals``."""

    config: str
    goals: tuple[tuple[str, str], ...]


class Random(msgspec.Struct, frozen=True, tag=True):
    """A configuration that is drawn with a seed."""

    seed: int


class Answer(msgspec.Struct, frozen=True):
    """``changes``: the symbols to set beside the goals; or ``reason``, why ``goal`` cannot be reached. ``text``: of a
    ``.config``. ``unreadable``: why the Kconfig cannot be read at all."""

    changes: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    goal: str = ""
    text: str = ""
    unreadable: str = ""


def packed(message: msgspec.Struct) -> bytes:
    """A message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return SIZE.pack(len(body)) + body


def receive(read: Callable[[int], bytes], kind: Any) -> Any:
    """The next message of a kind; None at the end."""
    head = read(SIZE.size)
    return msgspec.msgpack.decode(read(SIZE.unpack(head)[0]), type=kind) if len(head) == SIZE.size else None
