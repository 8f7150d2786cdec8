"""Which layer does which kind of unit, and what must be the same where it is done."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module, metadata
from types import ModuleType
from typing import Protocol

from patcher import data, sandbox
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.tree.gitrepo import Repository
from patcher.units import Unit

_LAYERS = ("check", "lint", "prove", "sweep")
_LIBRARIES = ("distributed", "libclang", "msgspec")


class Bench(Protocol):
    """What does units of one kind, one at a time. It may keep something between them until it is closed."""

    def do(self, unit: Unit, data: bytes) -> bytes:
        """The packed result. ``data``: what the unit's digest stands for. Raises InputError."""
        ...

    def close(self) -> None: ...


def bench(kind: str, repository: Repository, cache: Cache) -> Bench:
    """What does the units of a kind."""
    made: Callable[[Repository, Cache], Bench] = _layer(kind).Bench
    return made(repository, cache)


def _layer(kind: str) -> ModuleType:
    """The module ``unit`` of a layer, which has ``Bench`` and ``versions``."""
    if kind not in _LAYERS:
        raise InputError(f"no layer does units of the kind {kind!r}")
    return import_module(f"patcher.{kind}.unit")


def identity(kind: str, tools: Iterable[str]) -> dict[str, str]:
    """What decides, besides a unit, on its result: patcher itself, libraries, tools, the sandbox."""
    found = {"patcher": data.code()[:16], "Python": ".".join(platform.python_version_tuple()[:2])}
    found |= {name: metadata.version(name) for name in _LIBRARIES}
    found |= _layer(kind).versions(tools)
    found["the sandbox"] = sandbox.available() or "; ".join(sandbox.gaps()) or "complete"
    return found


def differing(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """How a machine differs from ours, in words; "" where it does not."""
    return "; ".join(
        f"{name} is {theirs.get(name, 'not there')}, here {value}"
        for name, value in ours.items()
        if theirs.get(name) != value
    )
