"""Reading ELF files of a compiler that was fed with code that nobody trusts: objects, and the program linked of them.

Every number in such a file may be wrong, so that each is checked before it is used. Source: elf(5).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

RELOCATABLE, EXECUTABLE = 1, 2  # e_type
LOAD, DYNAMIC, INTERPRETER, TLS = 1, 2, 3, 7  # p_type
WRITE, ALLOCATED, CODE, THREAD_LOCAL = 1, 2, 4, 0x400  # sh_flags
NOTE, NO_CONTENT, DYNAMIC_SECTION = 7, 8, 6  # sh_type
CONSTRUCTORS = frozenset((14, 15, 16))  # sh_type: init, fini and pre-init arrays
LOCAL, GLOBAL, WEAK = 0, 1, 2  # binding of a symbol
OBJECT, FUNCTION, THREAD_SYMBOL, INDIRECT = 1, 2, 6, 10  # type of a symbol
UNDEFINED, COMMON = 0, 0xFFF2  # section of a symbol
_MACHINE = {64: 62, 32: 3}  # x86-64, i386
_MOST = 1 << 20  # sections, symbols
_SYMBOLS = 2  # sh_type


class ElfError(Exception):
    """The file is none that a compiler of ours makes; the text says in what."""


class Section(NamedTuple):
    """A section of a file: its type and flags as elf(5) has them."""

    name: str
    type: int
    flags: int
    address: int
    size: int
    content: bytes


class Symbol(NamedTuple):
    """A symbol: ``section`` is the index of its section (UNDEFINED, COMMON)."""

    name: str
    binding: int
    type: int
    section: int
    value: int
    size: int

    @property
    def defined(self) -> bool:
        return self.section != UNDEFINED

    @property
    def seen(self) -> bool:
        """Whether other objects see it."""
        return self.binding != LOCAL


class Segment(NamedTuple):
    """What is loaded: ``flags`` are 1 execute, 2 write, 4 read."""

    type: int
    flags: int
    address: int
    size: int
    content: bytes


class Elf(NamedTuple):
    """A file, taken apart."""

    type: int
    entry: int
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    segments: tuple[Segment, ...]


def parse(data: bytes, bits: int) -> Elf:
    """An ELF file for x86 of 64 or 32 bits, little endian. Raises ElfError where it is another or is damaged."""
    try:
        return _parse(data, bits)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise ElfError("it is cut off or damaged") from error


def _parse(data: bytes, bits: int) -> Elf:
    if data[:7] != b"\x7fELF" + bytes((bits // 32, 1, 1)):
        raise ElfError(f"it is no ELF file of {bits} bits")
    header = struct.unpack_from("<HHIQQQIHHHHHH" if bits == 64 else "<HHIIIIIHHHHHH", data, 16)
    kind, machine, _, entry, segments_at, sections_at, _, _, _, segments, _, sections, names = header
    if machine != _MACHINE[bits]:
        raise ElfError(f"it is for machine {machine}")
    table = _sections(data, bits, sections_at, sections, names)
    return Elf(kind, entry, table[0], table[1], tuple(_segments(data, bits, segments_at, segments)))


def _sections(
    data: bytes, bits: int, at: int, count: int, names: int
) -> tuple[tuple[Section, ...], tuple[Symbol, ...]]:
    form = "<IIQQQQIIQQ" if bits == 64 else "<IIIIIIIIII"
    size = struct.calcsize(form)
    if at and count == 0:  # more than fit in the header
        count = struct.unpack_from(form, data, at)[5]
        names = struct.unpack_from(form, data, at)[6]
    if count > _MOST:
        raise ElfError(f"it has {count} sections")
    raw = [struct.unpack_from(form, data, at + number * size) for number in range(count)]
    contents = [b"" if kind == NO_CONTENT else _piece(data, offset, length)
                for _, kind, _, _, offset, length, *_ in raw]  # fmt: skip
    found = tuple(
        Section(_name(contents[names], name), kind, flags, address, length, contents[number])
        for number, (name, kind, flags, address, _, length, *_) in enumerate(raw)
    )
    symbols: list[Symbol] = []
    for number, (_, kind, _, _, _, _, link, *_) in enumerate(raw):
        if kind == _SYMBOLS:
            symbols += _symbols(contents[number], contents[link], bits)
    return found, tuple(symbols)


def _symbols(table: bytes, names: bytes, bits: int) -> list[Symbol]:
    form = "<IBBHQQ" if bits == 64 else "<IIIBBH"
    if len(table) // struct.calcsize(form) > _MOST:
        raise ElfError("it has more symbols than a kernel")
    found = []
    for fields in struct.iter_unpack(form, table[: len(table) // struct.calcsize(form) * struct.calcsize(form)]):
        if bits == 64:
            name, info, _, section, value, size = fields
        else:
            name, value, size, info, _, section = fields
        found.append(Symbol(_name(names, name), info >> 4, info & 15, section, value, size))
    return found[1:]


def _segments(data: bytes, bits: int, at: int, count: int) -> list[Segment]:
    form = "<IIQQQQQQ" if bits == 64 else "<IIIIIIII"
    found = []
    for number in range(count):
        fields = struct.unpack_from(form, data, at + number * struct.calcsize(form))
        if bits == 64:
            kind, flags, offset, address, _, content, size, _ = fields
        else:
            kind, offset, address, _, content, size, flags, _ = fields
        found.append(Segment(kind, flags, address, size, _piece(data, offset, content)))
    return found


def _piece(data: bytes, offset: int, length: int) -> bytes:
    if offset + length > len(data):
        raise ElfError("it is cut off")
    return data[offset : offset + length]


def _name(table: bytes, at: int) -> str:
    if at >= len(table):
        raise ElfError("a name is not in its table")
    return table[at : table.index(b"\0", at)].decode("ascii", "backslashreplace")
