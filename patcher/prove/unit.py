"""Units of a proof, done: what ``away.py`` packs, on the machine that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import selfcheck, toolchain
from patcher.prove.away import Try
from patcher.prove.build import ARCHS
from patcher.prove.program import Program
from patcher.prove.prove import choose, play
from patcher.tree.gitrepo import Repository
from patcher.units import Unit

_try_decoder = msgspec.msgpack.Decoder(Try)
_program_decoder = msgspec.msgpack.Decoder(Program)


def versions(_: Iterable[str]) -> Mapping[str, str]:
    """The compiler's, which also tells that of what finds lines; why it is missing, instead."""
    try:
        return {"gcc": toolchain.identity()}
    except InputError as error:
        return {"gcc": str(error)}


class Bench:
    """Does one unit at a time. The program comes as data: what it was built of need not be there."""

    def __init__(self, _: Repository, cache: Cache) -> None:
        self._cache = cache

    def do(self, unit: Unit, data: bytes) -> bytes:
        """The packed result. Raises InputError where this machine cannot run programs, MachineError where the prover
        does not work on it."""
        wanted = _try_decoder.decode(unit.work)
        if why := toolchain.missing(ARCHS[wanted.arch]):
            raise InputError(why)
        selfcheck.check(wanted.arch, self._cache)
        part = play(_program_decoder.decode(data), wanted.request, choose(wanted.request.only))
        return msgspec.msgpack.encode(part)

    def close(self) -> None:
        """Nothing is kept."""
