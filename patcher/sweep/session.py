"""What ``patcher sweep`` does, from what the user named to what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.data import code
from patcher.errors import InputError
from patcher.plan.request import Request
from patcher.plan.session import request
from patcher.prove import toolchain
from patcher.prove.build import ARCHS
from patcher.source import libclang
from patcher.source.keys import digest
from patcher.source.unit import Progress, tell
from patcher.sweep.model import Outcome, Sweep, Tried
from patcher.sweep.unit import Try, tools, versions
from patcher.tree.find import open_repository
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.objects import Commit
from patcher.tree.revisions import touching, upstream
from patcher.units import Elsewhere, Lost, Offer, Unit

_decoder = msgspec.msgpack.Decoder(Outcome)


class Asked(NamedTuple):
    """What to try: the series of that name on commits of the repository ``tree``. ``span``: a range, None for
    upstream..HEAD; ``paths``: git pathspecs of which a commit must touch one, () for where the series makes its
    changes; ``examples`` of each property to prove, 0 for none."""

    tree: Path
    span: str | None
    paths: tuple[str, ...] = ()
    series: str = "identity"
    examples: int = 0


def sweep(asked: Asked, cache: Cache, elsewhere: Elsewhere, progress: Progress | None = None) -> Sweep:
    """Try a series on commits. What was tried before, in whichever call, is not tried again. ``elsewhere``: who does
    it.

    Raises InputError where there is no such repository, range or series, and where this machine lacks what it takes.
    """
    wanted = request(asked.series)
    repository = open_repository(asked.tree)
    span = asked.span or upstream(repository)
    commits = touching(repository, span, asked.paths or wanted.rules.group.anchored)
    libclang.version()
    for bits in ARCHS.values() if asked.examples else ():
        if why := toolchain.missing(bits):
            raise InputError(f"--prove: {why}")
    units = [_unit(repository, each, wanted, asked.examples) for each in commits]
    offer = Offer(repository, tuple(each.id for each in commits))
    found = _tried(units, offer, tools(wanted, asked.examples), cache, progress, elsewhere)
    rows = [Tried(each.id, each.subject, *found[unit.key]) for each, unit in zip(commits, units, strict=True)]
    return Sweep(repository.where, asked.series, asked.examples, tuple(rows))


def _unit(repository: Repository, commit: Commit, wanted: Request, examples: int) -> Unit:
    """Commits with the same files are the same to a series, and have the same key."""
    where = repository.where
    versioned = sorted(versions(tools(wanted, examples)).items())
    key = digest("sweep", code(), GitTree(repository, commit.id).key, where, versioned, examples)
    work = msgspec.msgpack.encode(Try(commit.id, where, wanted.series_name, examples))
    return Unit("sweep", key, f"{commit.id[:12]} {wanted.series_name}", work, (commit.id,))


def _tried(
    units: Sequence[Unit], offer: Offer, needed: Sequence[str], cache: Cache, progress: Progress | None,
    elsewhere: Elsewhere,
) -> dict[str, tuple[Outcome | None, str]]:  # fmt: skip
    """What came of each unit, by its key: the outcome, or why there is none."""
    found: dict[str, tuple[Outcome | None, str]] = {}
    left: dict[str, Unit] = {}
    for unit in units:
        known = cache.load(unit.key, _decoder.decode)
        if known is None:
            left.setdefault(unit.key, unit)
        else:
            found[unit.key] = known, ""
    tell(progress, "trying commits")
    results = elsewhere.run(tuple(left.values()), offer, needed) if left else iter(())
    for done, (unit, result) in enumerate(results, 1):
        if isinstance(result, Lost):
            found[unit.key] = None, result.reason
        else:
            found[unit.key] = _decoder.decode(result), ""
            cache.put(unit.key, result)
        if progress:
            progress("trying commits", done, len(left))
    return found


def needs_attention(found: Sweep) -> bool:
    """Whether plan and apply disagree somewhere, a property is lost, or it is not known."""
    return any(each.wrong for each in found.commits)
