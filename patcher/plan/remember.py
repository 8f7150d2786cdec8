"""Plans, remembered by all that they are made of: the tree's content, what is asked, and our own code."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import msgspec

from patcher import confine
from patcher.cache import Cache
from patcher.cocci import spatch
from patcher.model import Plan
from patcher.plan.request import Request
from patcher.source.keys import digest
from patcher.tree.config import from_build
from patcher.tree.kernel import KernelTree

_TOP = Path(__file__).parents[1]
_MAKERS = ("plan", "rules", "series", "source", "tree")
_decoder = msgspec.msgpack.Decoder(Plan)


def key(tree: KernelTree, request: Request) -> str | None:
    """What a plan is remembered by; None where the content has no key, or a build's own configuration is read."""
    if tree.key is None or request.build is not None or (not request.profile and from_build(tree, None) is not None):
        return None
    scripts = spatch.version() if any(step.cocci for step in request.series.step) else ""
    asked = (request.series_name, request.series, request.rules, request.scope, request.profile, scripts)
    return "plan:" + digest(_code(), confine.way().value, tree.key, tree.commit, tree.where, asked)


def load(name: str, cache: Cache) -> Plan | None:
    """The plan of that key, if it was stored."""
    return cache.load(name, _decoder.decode)


def store(name: str, plan: Plan, cache: Cache) -> None:
    """Keep a plan."""
    cache.put(name, msgspec.msgpack.encode(plan))


@functools.cache
def _code() -> str:
    state = hashlib.sha256()
    for place in _MAKERS:
        for file in sorted(each for each in (_TOP / place).rglob("*") if each.is_file() and each.suffix != ".pyc"):
            state.update(file.read_bytes())
    return state.hexdigest()
