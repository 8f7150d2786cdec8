"""Facts of a piece of C that stands alone, such as a rule's example."""

from __future__ import annotations

from patcher import temporary
from patcher.model import FileFacts
from patcher.source import walk
from patcher.source.facts import facts

_ARGUMENTS = ("-x", "c", "-std=gnu89", "-target", "x86_64-linux-gnu", "-nostdinc", "-w", "-ferror-limit=0")


def snippet_facts(path: str, code: str) -> FileFacts:
    """The facts of ``code``, as if it stood at ``path`` in a tree. What clang said is in ``diagnostics``."""
    source = code.encode()
    with temporary.directory("snippet") as directory:
        file = directory / "snippet.c"
        file.write_bytes(source)
        raw = walk.read(str(file), _ARGUMENTS, [str(file)])
    said = tuple(item for item in raw.diagnostics if item.severity != "warning")
    return facts(path, "example", source, raw.files[str(file)], said, len(said))
