"""Mail that is packed with gzip: archives and ``lei`` hand it out so."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import BinaryIO

from patcher.errors import InputError

MOST = 2**30  # bytes that it may unpack to
_MAGIC = b"\x1f\x8b"  # RFC 1952, 2.3.1


def unpacked(stream: BinaryIO, name: str, most: int = MOST) -> BinaryIO:
    """The stream itself, or what it unpacks to where it is packed. Reading that raises InputError where it is damaged,
    or unpacks to more than ``most`` bytes."""
    if not isinstance(stream, io.BufferedReader):
        return stream
    first = stream.peek(len(_MAGIC))[: len(_MAGIC)]
    if not first or not _MAGIC.startswith(first):
        return stream
    return io.BufferedReader(_Unpacked(stream, name, most), 2**16)


class _Unpacked(io.RawIOBase):
    """What a stream unpacks to; it is closed with this."""

    def __init__(self, stream: BinaryIO, name: str, most: int) -> None:
        self._stream, self._name, self._most, self._left = stream, name, most, most
        self._gzip = gzip.GzipFile(fileobj=stream, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            got = self._gzip.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"cannot unpack {self._name}: it is damaged", "get it anew") from error
        self._left -= len(got)
        if self._left < 0:
            raise InputError(
                f"cannot unpack {self._name}: it has more than {self._most // 2**20} MiB", "unpack it first"
            )
        buffer[: len(got)] = got
        return len(got)

    def close(self) -> None:
        if not self.closed:
            self._gzip.close()
            self._stream.close()
        super().close()
