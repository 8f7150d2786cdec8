"""Parsing in processes of their own: in parallel, and with bounds on what an untrusted file may do and take."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import zip_longest

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Diagnostic, FileFacts, Severity
from patcher.source import walk
from patcher.source.facts import facts
from patcher.source.prepare import Prepared, Workspace, constants_header
from patcher.source.unit import Batch, Progress, Unit
from patcher.source.workers import Lost, Piece, run
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree
from patcher.tree.makefiles import own_directories

_facts_decoder = msgspec.msgpack.Decoder(tuple[FileFacts, ...])


def parse_all(
    tree: KernelTree, batches: Sequence[Batch], cache: Cache, progress: Progress | None
) -> Iterator[tuple[tuple[str, Unit], bytes]]:
    """Parse every unit, in as many processes as there are cores; (configuration, unit) with its packed facts as each
    is done. A unit on which its process dies or is stuck gets a "crash" diagnostic instead."""
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
        pieces = {
            name: Piece(functools.partial(parse, prepared, unit), prepared.readable, about=unit.main)
            for name, (prepared, unit) in jobs.items()
        }
        for done, (name, found) in enumerate(run(pieces), 1):
            if progress:
                progress("parsing", done, len(pieces))
            yield name, _checked(found, *jobs[name])


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


def parse(prepared: Prepared, unit: Unit) -> bytes:
    """Parse one unit; the facts of its files, packed. Runs in a process of its own."""
    places = {str(prepared.sources / path): path for path in (unit.main, *unit.headers)}
    main = str(prepared.sources / unit.main)
    try:
        raw = walk.read(main, prepared.arguments(unit.main), list(places))
    except InputError as error:
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
