"""Where ``rules/``, ``patches/`` and ``miniature/`` are: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).parent


def directory(name: str) -> Path:
    """The shipped folder ``rules``, ``patches`` or ``miniature``."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


@functools.cache
def code() -> str:
    """A digest of patcher's own files and rules, which a version is too coarse for."""
    state = hashlib.sha256()
    for top in (_PACKAGE, directory("rules")):
        for file in sorted(top.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and top.name != "_data":
                state.update(f"{file.relative_to(top)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return state.hexdigest()[:32]
