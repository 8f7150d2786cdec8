"""Units of a sweep: a commit to be tried. What packs them, and what does them, here or on another machine."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from patcher import confine
from patcher.cache import Cache
from patcher.cocci import spatch
from patcher.errors import InputError
from patcher.model import Frozen
from patcher.plan.request import Request
from patcher.plan.session import request
from patcher.prove import toolchain
from patcher.source import libclang
from patcher.sweep.attempt import attempt
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.units import Unit

_GCC, _SPATCH = "gcc", "spatch"
_SERIES = "series "


class Try(Frozen, frozen=True):
    """Try a series on a commit of the repository that messages call ``where``."""

    commit: str
    where: str
    series: str
    examples: int


_decoder = msgspec.msgpack.Decoder(Try)


def tools(asked: Request, examples: int) -> tuple[str, ...]:
    """What must be the same wherever a series is tried; see ``versions``."""
    scripts = any(step.cocci for step in asked.series.step)
    return (f"{_SERIES}{asked.series_name}", *([_GCC] if examples else []), *([_SPATCH] if scripts else []))


def versions(names: Iterable[str]) -> Mapping[str, str]:
    """What a sweep goes by: the versions of programs, and a digest of a series; why one cannot be had, instead."""
    found = {"libclang": _said(libclang.version), "what confines it": _said(lambda: confine.way().value)}
    for name in names:
        if name == _GCC:
            found[name] = _said(toolchain.identity)
        elif name == _SPATCH:
            found[name] = spatch.version()
        elif name.startswith(_SERIES):
            found[name] = _said(functools.partial(_digest, name.removeprefix(_SERIES)))
    return found


def _said(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except InputError as error:
        return str(error)


def _digest(series: str) -> str:
    asked = request(series)
    return hashlib.sha256(msgspec.msgpack.encode((asked.series, asked.rules, asked.scope))).hexdigest()[:16]


class Bench:
    """Does one unit at a time."""

    def __init__(self, repository: Repository, cache: Cache) -> None:
        self._repository, self._cache = repository, cache

    def do(self, unit: Unit, _: bytes) -> bytes:
        """The packed Outcome. Raises CacheError and MachineError."""
        work = _decoder.decode(unit.work)
        tree = GitTree(self._repository, work.commit, self._cache)
        tree.where, tree.worktree = work.where, None  # what lies around a repository is no part of a commit
        return msgspec.msgpack.encode(attempt(tree, request(work.series), work.examples, self._cache))

    def close(self) -> None:
        """Nothing is kept."""
