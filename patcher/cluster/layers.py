"""Which layer does which kind of unit, and what must be the same where it is done."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Protocol

from patcher import data, sandbox
from patcher.cache import Cache
from patcher.tree.gitrepo import Repository
from patcher.units import Unit

_LIBRARIES = ("distributed", "libclang", "msgspec")


class Bench(Protocol):
    """What does units of one kind, one at a time. It may keep something between them until it is closed."""

    def do(self, unit: Unit, data: bytes) -> bytes:
        """The packed result. ``data``: what the unit's digest stands for. Raises InputError."""
        ...

    def close(self) -> None: ...


def bench(kind: str, repository: Repository, cache: Cache) -> Bench:
    """What does the units of a kind."""
    from patcher.check import unit as check
    from patcher.prove import unit as prove

    made: dict[str, Callable[[Repository, Cache], Bench]] = {"check": check.Bench, "prove": prove.Bench}
    return made[kind](repository, cache)


def _versions(kind: str) -> Callable[[Iterable[str]], Mapping[str, str]]:
    from patcher.check import unit as check
    from patcher.prove import unit as prove

    return {"check": check.versions, "prove": prove.versions}[kind]


def identity(kind: str, tools: Iterable[str]) -> dict[str, str]:
    """What decides, besides a unit, on its result: patcher itself, libraries, tools, the sandbox."""
    found = {"patcher": _code(), "Python": ".".join(platform.python_version_tuple()[:2])}
    found |= {name: metadata.version(name) for name in _LIBRARIES}
    found |= _versions(kind)(tools)
    found["the sandbox"] = sandbox.available() or "; ".join(sandbox.gaps()) or "complete"
    return found


def differing(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """How a machine differs from ours, in words; "" where it does not."""
    return "; ".join(
        f"{name} is {theirs.get(name, 'not there')}, here {value}"
        for name, value in ours.items()
        if theirs.get(name) != value
    )


def _code() -> str:
    """A digest of patcher's own files, which a version is too coarse for."""
    state = hashlib.sha256()
    package = Path(data.__file__).parent
    for top in (package, data.directory("rules")):
        for file in sorted(top.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                state.update(f"{file.relative_to(top)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return state.hexdigest()[:16]
