"""The repository around a path, found without starting git: who stands in another project does not pay for it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from patcher.errors import InputError
from patcher.files import is_directory, present, read_file


def top(path: Path) -> Path | None:
    """The top of the worktree that a directory is in, or a bare repository that it is in; None where there is none."""
    start = Path(os.path.realpath(path))
    for directory in (start, *start.parents):
        if present(directory / ".git") or (present(directory / "HEAD") and is_directory(directory / "objects")):
            return directory
    return None


def may_be_for(top: Path, paths: Iterable[str]) -> bool:
    """Whether patches that touch these paths may be for what stands there: it is a kernel, it has one of the files, or
    it is a bare repository, of which that cannot be seen."""
    return not present(top / ".git") or _is_kernel(top) or any(_has(top, path) for path in paths)


def _has(top: Path, path: str) -> bool:
    return "\0" not in path and not path.startswith("/") and ".." not in path.split("/") and present(top / path)


def _is_kernel(top: Path) -> bool:
    from patcher.tree.kernel import looks_like_kernel

    try:
        return looks_like_kernel(read_file(top / "Makefile", below=top))
    except InputError:
        return False
