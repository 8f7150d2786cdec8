"""Facts of many files at once: from the cache where the content was seen before, else parsed in parallel."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import zip_longest
from multiprocessing import get_context
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Diagnostic, FileFacts
from patcher.source import walk
from patcher.source.facts import facts
from patcher.source.prepare import Prepared, Workspace, constants_header, digest
from patcher.tree.config import Config, own_directories
from patcher.tree.includes import Includes, follow
from patcher.tree.kernel import KernelTree

Progress = Callable[[str, int, int], None]

_MEMORY_BYTES = 3 * 2**30
_SECONDS = 120
_facts_decoder = msgspec.msgpack.Decoder(tuple[FileFacts, ...])


class Unit(NamedTuple):
    """A translation unit: the C file (or header) at ``main``, and the headers whose facts are read with it."""

    main: str
    headers: tuple[str, ...] = ()


def include_graph(tree: KernelTree, config: Config, roots: Sequence[str], cache: Cache) -> Includes:
    """The include graph of ``roots``, from the cache where the tree has a key."""
    roots = tuple(sorted(roots))
    if tree.key is None:
        return _follow(tree, config, roots)
    key = "includes:" + digest(tree.key, config, roots)
    stored = cache.get(key)
    if stored is not None:
        return msgspec.msgpack.decode(stored, type=Includes)
    found = _follow(tree, config, roots)
    cache.put(key, msgspec.msgpack.encode(found))
    return found


def _follow(tree: KernelTree, config: Config, roots: tuple[str, ...]) -> Includes:
    return follow(tree, config, roots, own_directories(tree, roots))


class Batch(NamedTuple):
    """Units to read in one configuration, with the include graph of all of them."""

    config: Config
    units: tuple[Unit, ...]
    includes: Includes


def read_units(
    tree: KernelTree, batches: Sequence[Batch], cache: Cache, progress: Progress | None = None
) -> tuple[FileFacts, ...]:
    """The facts of every unit and its headers, in the order of the batches and their units.

    A file on which libclang dies, or takes too long or too much memory, yields facts with a "crash" diagnostic.
    """
    keys = {(batch.config.name, unit): _key(batch, unit) for batch in batches for unit in batch.units}
    known: dict[tuple[str, Unit], tuple[FileFacts, ...]] = {}
    for name, key in keys.items():
        stored = cache.get(key)
        if stored is not None:
            known[name] = _facts_decoder.decode(stored)
    if len(known) < len(keys):
        missing = [
            Batch(batch.config, tuple(unit for unit in batch.units if (batch.config.name, unit) not in known), batch.includes)
            for batch in batches
        ]
        for name, packed in _parse_all(tree, [batch for batch in missing if batch.units], cache, progress):
            known[name] = _facts_decoder.decode(packed)
            if not any(item.severity == "crash" for item in known[name][0].diagnostics):
                cache.put(keys[name], packed)
    return tuple(one for name in keys for one in known[name])


def _key(batch: Batch, unit: Unit) -> str:
    config, includes = batch.config, batch.includes
    reached = sorted(includes.reach([unit.main, *unit.headers, *config.forced]))
    blobs = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in reached]
    settings = (config.name, config.flags, config.forced, config.directories, config.per_file.get(unit.main, ()))
    return "facts:" + digest(settings, unit, blobs)


def _parse_all(
    tree: KernelTree, batches: Sequence[Batch], cache: Cache, progress: Progress | None
) -> Iterator[tuple[tuple[str, Unit], bytes]]:
    with ExitStack() as stack:
        spaces = []
        for batch in batches:
            own = own_directories(tree, tuple(unit.main for unit in batch.units))
            spaces.append(stack.enter_context(Workspace(tree, batch.config, batch.includes, own, cache)))
        jobs = {
            (batch.config.name, unit): (space.prepared, unit)
            for batch, space in zip(batches, spaces, strict=True)
            for unit in batch.units
        }
        left, done = dict(jobs), 0
        try:
            with _pool(min(len(jobs), len(os.sched_getaffinity(0)))) as pool:
                wanted = []
                for batch, space in zip(batches, spaces, strict=True):
                    files = (path for unit in batch.units for path in (unit.main, *unit.headers))
                    wanted.append(space.bring(batch.includes.reach(files)))
                _make_constants(pool, spaces, wanted)
                futures = {pool.submit(parse, *job): name for name, job in jobs.items()}
                for future in as_completed(futures):
                    name, packed = futures[future], future.result()
                    del left[name]
                    done += 1
                    if progress:
                        progress("parsing", done, len(jobs))
                    yield name, packed
        except BrokenProcessPool:
            for name, job in left.items():  # one of these killed its worker: each gets one of its own
                yield name, _alone(*job)


def _make_constants(
    pool: ProcessPoolExecutor, spaces: Sequence[Workspace], wanted: Sequence[Sequence[tuple[str, str]]]
) -> None:
    """Bounds before offsets, as one needs the other; all configurations side by side."""
    for each in zip_longest(*wanted):
        running = [
            (space, pair[0], pool.submit(constants_header, space.prepared, pair[1]))
            for space, pair in zip(spaces, each, strict=True)
            if pair
        ]
        for space, path, future in running:
            space.add_header(path, future.result())


def _alone(prepared: Prepared, unit: Unit) -> bytes:
    try:
        with _pool(1) as pool:
            return pool.submit(parse, prepared, unit).result()
    except BrokenProcessPool:
        crash = Diagnostic("crash", unit.main, 0, 0, "libclang died, ran too long or wanted too much memory")
        return msgspec.msgpack.encode([FileFacts(unit.main, prepared.config.name, (), (), (), (), (crash,), 1)])


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_limit)


def _limit() -> None:
    """An untrusted file may cost this process its life, but not the machine its memory."""
    for what, bound in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (allowed, hard))


def parse(prepared: Prepared, unit: Unit) -> bytes:
    """Parse one unit; the facts of its files, packed. Runs in a worker process."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + _SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))
    places = {str(prepared.sources / path): path for path in (unit.main, *unit.headers)}
    main = str(prepared.sources / unit.main)
    try:
        raw = walk.read(main, prepared.arguments(unit.main), list(places))
    except InputError as error:
        fatal = Diagnostic("fatal", unit.main, 0, 0, str(error))
        return msgspec.msgpack.encode([FileFacts(unit.main, prepared.config.name, (), (), (), (), (fatal,), 1)])
    said = tuple(_relative(item, prepared) for item in raw.diagnostics if item.severity != "warning")
    found = []
    for place, path in places.items():
        if place in raw.files:
            source = (prepared.sources / path).read_bytes()
            own = said if path == unit.main else tuple(item for item in said if item.path == path)
            found.append(facts(path, prepared.config.name, source, raw.files[place], own, len(said)))
    return msgspec.msgpack.encode(found)


def _relative(item: Diagnostic, prepared: Prepared) -> Diagnostic:
    path = item.path
    for place in (prepared.sources, prepared.headers):
        path = path.removeprefix(f"{place}/")
    return Diagnostic(item.severity, path, item.line, item.column, item.message)

