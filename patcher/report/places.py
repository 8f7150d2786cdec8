"""Paths as services name them: by where we are, which is the top of the tree in their jobs."""

from __future__ import annotations

import os


def from_here(path: str) -> str:
    """A path relative to where we are if it leads below, else an absolute one where it leads out, however it was
    named. ``path`` is not ""."""
    normal = os.path.normpath(path)
    here = os.path.realpath(".")
    if normal.startswith("/") and os.path.realpath(normal).startswith(f"{here}/"):
        return os.path.relpath(os.path.realpath(normal), here)
    return os.path.normpath(f"{here}/{normal}") if normal == ".." or normal.startswith("../") else normal
