"""Parsing in processes of their own: in parallel, and with bounds on what an untrusted file may do and take."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Diagnostic, FileFacts, Severity
from patcher.source import prefix, walk
from patcher.source.facts import facts
from patcher.source.prefix import Prefix
from patcher.source.prepare import OF_FILE, Prepared, Workspace, constants_header
from patcher.source.unit import Batch, Progress, Unit
from patcher.source.workers import Lost, Piece, run
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree
from patcher.tree.makefiles import own_directories

_facts_decoder = msgspec.msgpack.Decoder(tuple[FileFacts, ...])
_paths_decoder = msgspec.msgpack.Decoder(tuple[str, ...])
_Name = tuple[str, Unit]
_Job = tuple[Prepared, Unit]


def parse_all(
    tree: KernelTree, batches: Sequence[Batch], cache: Cache, progress: Progress | None
) -> Iterator[tuple[tuple[str, Unit], bytes]]:
    """Parse every unit, in as many processes as there are cores; (configuration, unit) with its packed facts as each
    is done. A unit on which its process dies or is stuck gets a "crash" diagnostic instead."""
    with ExitStack() as stack:
        spaces: list[Workspace] = []
        for batch in batches:
            own = own_directories(tree, tuple(unit.main for unit in batch.units))
            beside = spaces[0] if spaces else None
            spaces.append(stack.enter_context(Workspace(tree, batch.config, batch.includes, own, cache, beside)))
        jobs = {
            (batch.config.name, unit): (space.prepared, unit)
            for batch, space in zip(batches, spaces, strict=True)
            for unit in batch.units
        }
        for batch in batches:
            for unit in batch.units:
                if refused := _refused(batch, unit):
                    del jobs[batch.config.name, unit]
                    yield (batch.config.name, unit), refused
        if not jobs:
            return
        wanted = []
        for batch, space in zip(batches, spaces, strict=True):
            files = (path for unit in batch.units for path in (unit.main, *unit.headers))
            wanted.append(space.bring(batch.includes.reach(files)))
        make_constants(spaces, wanted)
        for done, (name, found) in enumerate(_run(batches, spaces, jobs, stack), 1):
            if progress:
                progress("parsing", done, len(jobs))
            yield name, _checked(found, *jobs[name])


def _run(
    batches: Sequence[Batch], spaces: Sequence[Workspace], jobs: Mapping[_Name, _Job], stack: ExitStack
) -> Iterator[tuple[_Name, bytes | Lost]]:
    """What each job gave: first those that no prefix stands before, beside the making of the prefixes."""
    shared = [
        _Shared(batch, space.prepared, each, stack.enter_context(temporary.directory("prefix")))
        for batch, space in zip(batches, spaces, strict=True)
        if not batch.config.per_file  # a flag that one file has, and it cannot stand before that
        for each in prefix.choose(batch, space.prepared.sources)
    ]
    users = {(each.batch.config.name, unit): each for each in shared for unit in each.prefix.users}
    first: dict[_Name | int, Piece] = {
        number: Piece(
            functools.partial(precompile, each.prepared, each.prefix, each.place), each.readable, (each.place,)
        )
        for number, each in enumerate(shared)
    }
    first |= {name: _piece(*job) for name, job in jobs.items() if name not in users}
    covered: dict[int, frozenset[str]] = {}
    for key, found in run(first):
        if isinstance(key, int):
            covered[key] = _covered(found)
        else:
            yield key, found
    before = {
        (each.batch.config.name, unit): each
        for number, each in enumerate(shared)
        for unit in each.fitting(covered[number] & each.batch.includes.blobs.keys())
    }
    again = {}
    for name, found in run({name: _piece(*jobs[name], before.get(name)) for name in users if name in jobs}):
        if isinstance(found, Lost) and name in before and not found.slow:
            again[name] = _piece(*jobs[name])
        else:
            yield name, found
    yield from run(again)


class _Shared(NamedTuple):
    """A prefix of the units of a batch, which is made in the directory ``place``."""

    batch: Batch
    prepared: Prepared
    prefix: Prefix
    place: Path

    @property
    def readable(self) -> tuple[Path, ...]:
        return (*self.prepared.readable, self.place)

    @property
    def file(self) -> Path:
        return self.place / "prefix.pch"

    def fitting(self, covered: frozenset[str]) -> list[Unit]:
        """Its users that it may stand before, once it is known which files it covers."""
        if not covered:
            return []
        known = prefix.words(self.prepared.sources, covered)
        return [
            unit for unit in self.prefix.users if prefix.fits(unit, self.batch, self.prepared.sources, covered, known)
        ]


def _piece(prepared: Prepared, unit: Unit, shared: _Shared | None = None) -> Piece:
    if shared is None:
        return Piece(functools.partial(parse, prepared, unit), prepared.readable, about=unit.main)
    return Piece(functools.partial(parse, prepared, unit, shared.file), shared.readable, about=unit.main)


def precompile(prepared: Prepared, chosen: Prefix, place: Path) -> bytes:
    """Make a prefix; the files that it covers, packed: none where it is no good. Runs in a process of its own."""
    main = place / "prefix.h"
    lines = [f"#define {name} 0" for name in OF_FILE]  # functions of headers may use them, too
    lines += [f'#include "{prepared.sources / path}"' for path in chosen.headers]
    lines += [f"#undef {name}" for name in OF_FILE]
    main.write_text("".join(f"{line}\n" for line in lines))
    read = walk.precompile(str(main), prepared.common_arguments(), place / "prefix.pch") or []
    tops = tuple(f"{top}/" for top in (prepared.sources, prepared.headers))
    paths = {os.path.normpath(name) for name in read}
    if not all(path.startswith((*tops, *(f"{top}/" for top in prepared.readable))) for path in paths):
        return _packed(())
    return _packed(path.removeprefix(tops[0]) for path in sorted(paths) if path.startswith(tops[0]))


def _packed(paths: Iterable[str]) -> bytes:
    return msgspec.msgpack.encode(tuple(paths))


def _covered(found: bytes | Lost) -> frozenset[str]:
    """The files that a prefix covers, as they came out of a process in which hostile files were read."""
    with suppress(msgspec.MsgspecError, ValueError):
        return frozenset(_paths_decoder.decode(found)) if isinstance(found, bytes) else frozenset()
    return frozenset()


def _checked(found: bytes | Lost, prepared: Prepared, unit: Unit) -> bytes:
    """Facts as they came out of a process in which a hostile file was read: perhaps none, perhaps no facts at all."""
    if isinstance(found, bytes):
        try:
            read = _facts_decoder.decode(found)
        except (msgspec.MsgspecError, ValueError):
            read = ()
        if {one.path for one in read} <= {unit.main, *unit.headers} and read:
            return found
    reason = found.reason if isinstance(found, Lost) else "libclang gave no facts"
    return _only(unit.main, prepared.config.name, Diagnostic(Severity.CRASH, unit.main, 0, 0, reason))


def _only(path: str, config: str, diagnostic: Diagnostic) -> bytes:
    return msgspec.msgpack.encode([FileFacts(path, config, (), (), (), (), (), (diagnostic,), 1)])


def _refused(batch: Batch, unit: Unit) -> bytes | None:
    """Facts that say why a unit is not parsed, or None."""
    fatal = leads_out(batch.includes, (unit.main, *unit.headers))
    return None if fatal is None else _only(unit.main, batch.config.name, fatal)


def leads_out(includes: Includes, files: Sequence[str]) -> Diagnostic | None:
    """Why files need not be parsed: an include in them can be answered by no file of the tree. Tells early what is
    plain to see; what keeps libclang inside of the tree is how its processes are confined."""
    for path in sorted(includes.reach(files) & includes.outside.keys()):
        message = f"not parsed: it includes {includes.outside[path]!r}, which is outside of the tree"
        return Diagnostic(Severity.FATAL, path, 0, 0, message)
    return None


def make_constants(spaces: Sequence[Workspace], wanted: Sequence[Sequence[tuple[str, str]]]) -> None:
    """Put the headers of constants on disk: bounds before offsets, as one needs the other; all configurations side by
    side. ``wanted`` is what each space lacks: (header, the C file it is computed from).

    Raises InputError where one of the C files cannot be parsed.
    """
    for each in zip_longest(*wanted):
        pairs = {number: pair for number, pair in enumerate(each) if pair}
        pieces = {
            number: Piece(
                functools.partial(constants_header, spaces[number].prepared, source), spaces[number].prepared.readable
            )
            for number, (_, source) in pairs.items()
        }
        for number, found in run(pieces):
            path, source = pairs[number]
            if isinstance(found, Lost):
                raise InputError(f"{source} cannot be parsed: {found.reason}", "the tree is damaged or hostile")
            spaces[number].add_header(path, found)


def parse(prepared: Prepared, unit: Unit, before: Path | None = None) -> bytes:
    """Parse one unit, which the precompiled header ``before`` stands before; the facts of its files, packed. Runs in a
    process of its own."""
    places = {str(prepared.sources / path): path for path in (unit.main, *unit.headers)}
    main = str(prepared.sources / unit.main)
    try:
        raw = walk.read(main, prepared.arguments(unit.main, before), list(places))
    except InputError as error:
        if before:
            return parse(prepared, unit)  # what stands before it may be to blame
        return _only(unit.main, prepared.config.name, Diagnostic(Severity.FATAL, unit.main, 0, 0, str(error)))
    heard = (*raw.diagnostics, *_strays(prepared, raw.includes))
    diagnostics = tuple(relative(item, prepared) for item in heard if item.severity != Severity.WARNING)
    found = []
    for place, path in places.items():
        if place in raw.files:
            source = (prepared.sources / path).read_bytes()
            own = diagnostics if path == unit.main else tuple(item for item in diagnostics if item.path == path)
            found.append(facts(path, prepared.config.name, source, raw.files[place], own, len(diagnostics)))
    return msgspec.msgpack.encode(found)


def _strays(prepared: Prepared, includes: Iterable[tuple[str, str, int]]) -> Iterator[Diagnostic]:
    """An error for each include that left the tree, however it was spelled."""
    own = tuple(f"{place}/" for place in prepared.readable)
    for included, source, line in sorted(includes):
        if not os.path.normpath(included).startswith(own):
            yield Diagnostic(Severity.ERROR, source, line, 0, f"{included!r} is outside of the tree")


def relative(item: Diagnostic, prepared: Prepared) -> Diagnostic:
    """The diagnostic with the paths as they are in the tree."""
    path, message = item.path, item.message
    for place in (prepared.sources, prepared.headers):
        path = path.removeprefix(f"{place}/")
        message = message.replace(f"{place}/", "")
    return Diagnostic(item.severity, path, item.line, item.column, message)
