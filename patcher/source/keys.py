"""Keys for the cache: over content, and over what reads it."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import msgspec

from patcher import __version__, confine
from patcher.source import libclang

_HERE = Path(__file__).parent


@functools.cache
def _reader() -> Any:
    """What reads: our version and code, and libclang's own. Other code may see other facts."""
    state = hashlib.sha256(f"{__version__} {libclang.identity()}".encode())
    followed = (_HERE.parent / "tree" / name for name in ("generated.py", "includes.py", "makefiles.py"))
    for file in sorted([*_HERE.rglob("*.py"), *_HERE.rglob("*.h"), _HERE.parent / "model.py", *followed]):
        state.update(file.read_bytes())
    if confine.best()[0] is confine.Way.NONE:  # what was read then may hold what is none of the tree's
        state.update(b"not confined")
    return state


def digest(*parts: object) -> str:
    """A key for the cache, over content and over what reads it."""
    state = _reader().copy()
    state.update(msgspec.msgpack.encode(parts))
    return str(state.hexdigest())
