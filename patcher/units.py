"""Units of work that may be done on another machine: what they are made of, and what is asked of whoever does them.

What a layer wants done elsewhere it packs into units, each of which says all that decides on its result; the same layer
does them on the other machine (``patcher.cluster`` carries them). Work that stays here is no unit and is not packed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from patcher.model import Frozen
from patcher.tree.gitrepo import Repository


class Unit(Frozen, frozen=True):
    """What can be done and lost as one.

    Attributes:
        kind: which layer does it: ``check``, ``prove``, ``lint`` or ``sweep``
        key: a digest of all that decides on the result
        about: what it is, for people
        work: what that layer packed
        commits: of the repository, that must be there to do it
        history: names the repository whose history must be there, too, and what it has: IDENTITY-STATE; else ""
        data: the SHA-256 of what ``Offer.data`` has for it, or ""
        near: names what takes long to prepare, and serves all units of that name; "" for nothing
    """

    kind: str
    key: str
    about: str
    work: bytes
    commits: tuple[str, ...] = ()
    history: str = ""
    data: str = ""
    near: str = ""


class Lost(NamedTuple):
    """Why a unit has no result."""

    reason: str


class Offer(NamedTuple):
    """What those who do the units may ask for: commits of a repository, and data by its SHA-256."""

    repository: Repository | None = None
    commits: tuple[str, ...] = ()
    data: Mapping[str, bytes] = {}


class Elsewhere(Protocol):
    """Where units are done. ``tools`` are the programs whose versions must be the same there as here."""

    def run(self, units: Sequence[Unit], offer: Offer, tools: Sequence[str]) -> Iterator[tuple[Unit, bytes | Lost]]:
        """Each unit with its result, as it is done, in no order. Raises InputError where no one is left to do them."""
        ...
