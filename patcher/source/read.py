"""Facts of many files at once: from the cache where the content was seen before, else parsed in parallel."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from patcher.cache import Cache
from patcher.model import FileFacts, Severity
from patcher.source.keys import digest
from patcher.source.unit import Batch, Progress, Unit
from patcher.tree.config import Config
from patcher.tree.includes import Includes, follow
from patcher.tree.kernel import KernelTree
from patcher.tree.makefiles import own_directories

_includes_decoder = msgspec.msgpack.Decoder(Includes)
_facts_decoder = msgspec.msgpack.Decoder(tuple[FileFacts, ...])


def include_graph(tree: KernelTree, config: Config, roots: Sequence[str], cache: Cache) -> Includes:
    """The include graph of ``roots``, from the cache where the tree has a key."""
    roots = tuple(sorted(roots))
    if tree.key is None:
        return _follow(tree, config, roots)
    key = "includes:" + digest(tree.key, config, roots)
    stored = cache.load(key, _includes_decoder.decode)
    if stored is not None:
        return stored
    found = _follow(tree, config, roots)
    cache.put(key, msgspec.msgpack.encode(found))
    return found


def _follow(tree: KernelTree, config: Config, roots: tuple[str, ...]) -> Includes:
    return follow(tree, config, roots, own_directories(tree, roots))


def read_units(
    tree: KernelTree, batches: Sequence[Batch], cache: Cache, progress: Progress | None = None
) -> tuple[FileFacts, ...]:
    """The facts of every unit and its headers, in the order of the batches and their units.

    A file on which libclang dies, or takes too long or too much memory, yields facts with a "crash" diagnostic.
    """
    keys = {(batch.config.name, unit): _key(batch, unit) for batch in batches for unit in batch.units}
    known: dict[tuple[str, Unit], tuple[FileFacts, ...]] = {}
    for name, key in keys.items():
        stored = cache.load(key, _facts_decoder.decode)
        if stored is not None:
            known[name] = stored
    if len(known) < len(keys):
        missing = [
            Batch(
                batch.config,
                tuple(unit for unit in batch.units if (batch.config.name, unit) not in known),
                batch.includes,
            )
            for batch in batches
        ]
        from patcher.source.parallel import parse_all  # only now: libclang and a pool of processes

        for name, packed in parse_all(tree, [batch for batch in missing if batch.units], cache, progress):
            known[name] = _facts_decoder.decode(packed)
            if not any(item.severity == Severity.CRASH for item in known[name][0].diagnostics):
                cache.put(keys[name], packed)
    return tuple(one for name in keys for one in known[name])


def _key(batch: Batch, unit: Unit) -> str:
    config, includes = batch.config, batch.includes
    reached = sorted(includes.reach([unit.main, *unit.headers, *config.forced]))
    blobs = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in reached]
    settings = (
        config.name,
        config.flags,
        config.forced,
        config.directories,
        config.per_file.get(unit.main, ()),
    )
    return "facts:" + digest(settings, unit, blobs)
