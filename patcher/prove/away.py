"""What a proof has others do, as units: a property of a program, on a word size. What they find goes to the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from patcher.cache import Cache
from patcher.data import code
from patcher.model import Frozen
from patcher.prove.program import Program
from patcher.prove.prove import Part, Progress, Request
from patcher.prove.verdict import Status, Verdict
from patcher.units import Elsewhere, Lost, Offer, Unit

if TYPE_CHECKING:
    from patcher.prove.properties.kind import AnyProperty

_part_decoder = msgspec.msgpack.Decoder(Part)
Key = tuple[str, bytes]


class Try(Frozen, frozen=True):
    """Try one property (an id) of the program that is the unit's data, which is for ``arch``."""

    arch: str
    property: str
    request: Request


def play_all(
    programs: Mapping[Key, Program], request: Request, chosen: Sequence[AnyProperty], cache: Cache,
    elsewhere: Elsewhere, progress: Progress | None,
) -> dict[Key, list[Part]]:  # fmt: skip
    """What came of each property of each program, which is named by its word size and its digest. Where a unit has no
    result, the property is ERROR."""
    found: dict[tuple[Key, str], Part] = {}
    places: dict[str, tuple[Key, AnyProperty]] = {}
    units: list[Unit] = []
    for key in programs:
        for each in chosen:
            unit = _unit(key, each.id, request)
            kept = cache.load(_kept(unit), _part_decoder.decode)
            if kept is not None:
                found[key, each.id] = kept
                continue
            units.append(unit)
            places[unit.key] = key, each
    data = {key[1].hex(): msgspec.msgpack.encode(program) for key, program in programs.items()}
    results = elsewhere.run(units, Offer(data=data), ("gcc",)) if units else iter(())
    for done, (unit, result) in enumerate(results, 1):
        key, each = places[unit.key]
        if isinstance(result, Lost):
            found[key, each.id] = _lost(each, result.reason)
            continue
        part = _part_decoder.decode(result)
        found[key, each.id] = part
        cache.put(_kept(unit), result)
        if progress:
            progress(f"proving {key[0]}", done, len(units))
    return {key: [found[key, each.id] for each in chosen] for key in programs}


def _unit(key: Key, name: str, request: Request) -> Unit:
    arch, program = key
    work = msgspec.msgpack.encode(Try(arch, name, request._replace(archs=(arch,), only=(name,))))
    digest = hashlib.sha256(code().encode() + program + work).hexdigest()
    return Unit("prove", digest, f"{name} on {arch}", work, data=program.hex())


def _kept(unit: Unit) -> str:
    return f"prove-part-1:{unit.key}"


def _lost(each: AnyProperty, reason: str) -> Part:
    return Part("", "", 0, 0, 0.0, (Verdict(each.id, each.number, each.statement, Status.ERROR, 0, reason),))
