"""Cases that showed a fault once: stored as plain data, and played before any that are drawn.

``PROPERTY.json`` beside this file holds those of a property. They do not depend on the way cases are drawn. A case was
found on one word size and is played on that one, on trees in which all that happens in it can happen. bench/explore.py
and bench/mutants.py add to them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

import msgspec

C = TypeVar("C")
PLACE = Path(__file__).parent


class _Entry(msgspec.Struct, frozen=True):
    """``found``: on what code, in some words."""

    bits: int
    found: str
    case: msgspec.Raw


class _File(msgspec.Struct, frozen=True):
    property: str
    cases: tuple[_Entry, ...]
    schema: Literal[1] = 1


def stored(name: str, case: type[C], bits: int) -> tuple[C, ...]:
    """The cases of the property ``name`` for this word size, in the order in which they were found."""
    return tuple(
        msgspec.json.decode(each.case, type=case) for each in _file(PLACE / f"{name}.json") if each.bits == bits
    )


def add(name: str, case: msgspec.Struct, bits: int, found: str, place: Path = PLACE) -> bool:
    """Store a case that showed a fault in the code that ``found`` names; False where it is there already."""
    path = place / f"{name}.json"
    entries = _file(path)
    entry = _Entry(bits, found, msgspec.Raw(msgspec.json.encode(case)))
    if any(each.bits == bits and msgspec.json.decode(each.case) == msgspec.json.decode(entry.case) for each in entries):
        return False
    path.write_bytes(_text(_File(name, (*entries, entry))))
    return True


def _file(path: Path) -> tuple[_Entry, ...]:
    return msgspec.json.decode(path.read_bytes(), type=_File).cases if path.exists() else ()


def _text(content: _File) -> bytes:
    """A case a line."""
    lines = b",\n".join(b"  " + msgspec.json.encode(each) for each in content.cases)
    head = msgspec.json.encode(content.property)
    return b'{"schema": 1, "property": ' + head + b', "cases": [\n' + lines + b"\n]}\n"
