"""What workers lack is sent to them: commits in packs, and data. Each says what it has, and gets the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.cluster.frames import Wants
from patcher.cluster.task import End
from patcher.errors import InputError
from patcher.tree import packs
from patcher.units import Offer

_PART = 8 * 2**20  # bytes that are sent at once
_AT_ONCE = 4  # workers that are served at a time
_wants_decoder = msgspec.msgpack.Decoder(Wants)
Send = Callable[[str, str, bytes, bytes], bool]  # to an address, under a name: a part, and how it ends; is it wanted?


class Sent(NamedTuple):
    """What went over the wire: packs, and bytes of them and of data."""

    packs: int = 0
    bytes: int = 0


class Sender:
    """Sends what ``offer`` has, by ``send``; packs are made in the directory ``scratch``, each once."""

    def __init__(self, offer: Offer, send: Send, scratch: Path) -> None:
        self._offer, self._send, self._scratch = offer, send, scratch
        self._threads = ThreadPoolExecutor(_AT_ONCE, "patcher-send")
        self._making = threading.Lock()
        self._asked: set[str] = set()
        self._packs: dict[tuple[frozenset[str], str], Path] = {}
        self.sent = Sent()

    def asked(self, name: str, address: str, packed: bytes) -> None:
        """A worker asks for something; if we have it, it is sent in a thread of its own."""
        wants = _wants_decoder.decode(packed)
        ours = wants.data in self._offer.data if wants.data else set(wants.commits) <= set(self._offer.commits)
        if ours and name not in self._asked:
            self._asked.add(name)
            self._threads.submit(self._answer, name, address, wants)

    def close(self) -> None:
        """Send nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _answer(self, name: str, address: str, wants: Wants) -> None:
        try:
            if wants.data:
                data = self._offer.data[wants.data]
                self._parts(name, address, (data[at : at + _PART] for at in range(0, len(data), _PART)), End())
            elif self._send(address, name, b"", b""):  # it is on its way
                self._commits(name, address, wants)
        except InputError as error:
            self._parts(name, address, (), End(failure=str(error)))
        except OSError as error:
            self._parts(name, address, (), End(failure=f"cannot make a pack ({error.strerror or error})"))

    def _commits(self, name: str, address: str, wants: Wants) -> None:
        """All commits of the offer, so that nobody has to ask for each."""
        repository = self._offer.repository
        assert repository is not None
        key = frozenset(wants.there), wants.history
        with self._making:
            if key not in self._packs:
                file = self._scratch / f"{len(self._packs)}.pack"
                packs.pack(repository, self._offer.commits, wants.there, file, history=bool(wants.history))
                self._packs[key] = file
        shallow = packs.boundary(repository) if wants.history else ()
        with self._packs[key].open("rb") as stream:
            parts = iter(lambda: stream.read(_PART), b"")
            self._parts(name, address, parts, End(self._offer.commits, shallow))
        self.sent = Sent(self.sent.packs + 1, self.sent.bytes)

    def _parts(self, name: str, address: str, parts: Iterable[bytes], end: End) -> None:
        for part in parts:
            self.sent = Sent(self.sent.packs, self.sent.bytes + len(part))
            if not self._send(address, name, part, b""):
                return
        self._send(address, name, b"", msgspec.msgpack.encode(end))
