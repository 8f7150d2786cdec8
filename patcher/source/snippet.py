"""Facts of a piece of C that stands alone, such as a rule's example."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

from patcher import temporary
from patcher.errors import InputError
from patcher.model import FileFacts, Severity
from patcher.source import walk
from patcher.source.facts import facts
from patcher.source.workers import Lost, Piece, alone

_ARGUMENTS = ("-x", "c", "-std=gnu89", "-target", "x86_64-linux-gnu", "-nostdinc", "-w", "-ferror-limit=0")


def snippet_facts(path: str, code: str) -> FileFacts:
    """The facts of ``code``, as if it stood at ``path`` in a tree. What clang said is in ``diagnostics``.

    Raises InputError where libclang dies on it, or takes too long.
    """
    with temporary.directory("snippet") as directory:
        file = directory / "snippet.c"
        file.write_bytes(code.encode())
        found = alone(Piece(functools.partial(_facts, path, file), (file,)))
    if isinstance(found, Lost):
        raise InputError(f"the example for {path} cannot be parsed: {found.reason}", "correct it")
    return msgspec.msgpack.decode(found, type=FileFacts)


def _facts(path: str, file: Path) -> bytes:
    """Runs in a process of its own."""
    raw = walk.read(str(file), _ARGUMENTS, [str(file)])
    diagnostics = tuple(item for item in raw.diagnostics if item.severity != Severity.WARNING)
    return msgspec.msgpack.encode(
        facts(path, "example", file.read_bytes(), raw.files[str(file)], diagnostics, len(diagnostics))
    )
