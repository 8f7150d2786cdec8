"""A kernel that is a directory of another tree: vendors keep theirs beside a boot loader and a root file system."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from patcher.errors import InputError
from patcher.tree.kernel import KernelTree, looks_like_kernel

_DEPTH = 3
_SHOWN = 5
_MAGIC = re.compile(r"(:\([a-z,]*\))?(.*)", re.DOTALL)


class SubTree:
    """The files of ``whole`` below ``directory``. See ``KernelTree``."""

    def __init__(self, whole: KernelTree, directory: str) -> None:
        self._whole, self._prefix = whole, f"{directory}/"
        self.where = f"{whole.where}, directory {directory}"
        self.commit = whole.commit
        self.worktree: Path | None = whole.worktree / directory if whole.worktree else None

    @property
    def key(self) -> str | None:
        return f"{self._whole.key}:{self._prefix}" if self._whole.key else None

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {self._inside(path): blob for path, blob in self._whole.paths().items() if path.startswith(self._prefix)}

    def paths(self) -> Mapping[str, str]:
        return self._paths

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        return {self._inside(path): blob for path, blob in self._whole.blobs(self._outside(paths)).items()}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        return {self._inside(path): content for path, content in self._whole.read(self._outside(paths)).items()}

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        specs = [_MAGIC.sub(rf"\g<1>{self._prefix}\g<2>", each, count=1) for each in pathspecs] or [self._prefix]
        return tuple(self._inside(path) for path in self._whole.search(words, specs))

    def _inside(self, path: str) -> str:
        return path.removeprefix(self._prefix)

    def _outside(self, paths: Iterable[str]) -> list[str]:
        return [self._prefix + path for path in paths]


def kernel_of(tree: KernelTree, directory: str | None) -> KernelTree:
    """The kernel in ``directory`` of a tree; with None the tree itself, or, in a commit, the one directory that has a
    kernel.

    Raises InputError where the directory has none, and where several have one.
    """
    if directory is not None and (name := posixpath.normpath(directory)) != ".":
        if not _is_kernel(tree, f"{name}/"):
            raise InputError(f"{directory} of {tree.where} has no kernel", "name the directory of its Makefile")
        return SubTree(tree, name)
    if directory is not None or not tree.commit or _is_kernel(tree, ""):
        return tree
    found = _below(tree)
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise InputError(
            f"{tree.where} has several kernels: {', '.join(found[:_SHOWN])}{more}", "name one of them with --subdir"
        )
    return SubTree(tree, found[0]) if found else tree


def at_top(tree: KernelTree) -> None:
    """Raises InputError where the kernel of a commit is in a directory: a series becomes commits, and is built, at the
    top of a repository."""
    if not tree.commit or _is_kernel(tree, "") or not (found := _below(tree)):
        return
    raise InputError(
        f"the kernel is in the directory {found[0]}, and commits are made and built at the top of a repository",
        f"make a branch of it: git subtree split -P {found[0]} -b kernel (plan, prove and lint take it as it is)",
    )


def _below(tree: KernelTree) -> list[str]:
    """The directories of a tree that have a kernel."""
    ends = "/arch/x86/Makefile"
    named = sorted(path.removesuffix(ends) for path in tree.paths() if path.endswith(ends))
    return [name for name in named if name.count("/") < _DEPTH and _is_kernel(tree, f"{name}/")]


def _is_kernel(tree: KernelTree, prefix: str) -> bool:
    path = f"{prefix}Makefile"
    return looks_like_kernel(tree.read([path]).get(path, b""))
