"""TOML and JSON that anybody may have written: what cannot be right is told in one line, at once."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from patcher.errors import InputError

LEVELS = 64  # tables and lists inside each other
_SHOWN = 300  # characters of what a parser says

T = TypeVar("T")

# Each part of a dotted key makes the parser look at all before it: 20,000 of them take ten seconds.
_PART = rb"""(?:[\w-]++|"(?:[^"\\\n]|\\.){0,256}+"|'[^'\n]{0,256}+')"""
_LONG_KEY = re.compile(rb"(?<![\w-])(?:" + _PART + rb"[ \t]*+\.[ \t]*+){" + str(LEVELS).encode() + rb"}")


def from_toml(content: bytes, kind: type[T], where: object, advice: str) -> T:
    """TOML as ``kind``, strictly.

    Arguments:
        where: the file it is from, for people
        advice: what an error says that the user can do

    Raises InputError with the place where it is no TOML, is not ``kind``, has more than LEVELS levels, or integers of
    more than 64 bits.
    """
    try:
        if _LONG_KEY.search(content):
            raise ValueError(f"it has a key of more than {LEVELS} parts")
        found = msgspec.toml.decode(content)
        _check(found)
        return msgspec.convert(found, type=kind, strict=True)
    except RecursionError as error:
        raise InputError(f"{where}: it has more than {LEVELS} levels", advice) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(f"{where}: {_short(error)}", advice) from error


def from_json(content: bytes, kind: type[T], where: object, advice: str) -> T:
    """JSON as ``kind``, strictly; see ``from_toml``. Raises InputError as that does."""
    try:
        found = msgspec.json.decode(content)
        _check(found)
        return msgspec.convert(found, type=kind, strict=True)
    except RecursionError as error:
        raise InputError(f"{where}: it has more than {LEVELS} levels", advice) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(f"{where}: {_short(error)}", advice) from error


def _check(found: Any) -> None:
    """Raises ValueError for what is too deep, or holds an integer that nothing here can mean."""
    level = [found]
    for _ in range(LEVELS):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, int) and not -(2**63) <= each < 2**64:
                raise ValueError("it has an integer of more than 64 bits")
        if not below:
            return
        level = below
    raise ValueError(f"it has more than {LEVELS} levels")


def _short(error: Exception) -> str:
    text = str(error)
    if text.startswith("Exceeds the limit"):
        return "it has an integer of more than 64 bits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"
