"""What every kind of kernel tree offers, and how to tell one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from patcher.errors import InputError

_VERSION = re.compile(rb"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*([^\s#]*)", re.MULTILINE)


class KernelTree(Protocol):
    """Files of a kernel tree, read without writing to it.

    Attributes:
        where: the place as a person would name it
        commit: the full commit id, or "" for a directory that is no repository
        key: an id of the whole content in this place, or None where there is none to be had cheaply. That git's id of a
            tree stands for its content is the word of the repository that has it, so the key holds for that one alone
        worktree: where the user's own files and build products are, if anywhere
    """

    where: str
    commit: str
    worktree: Path | None

    @property
    def key(self) -> str | None: ...

    def paths(self) -> Mapping[str, str]:
        """Every regular file: path → blob id as git computes it ("" where it is not known yet)."""

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        """The blob ids of files that exist."""

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The content of files that exist; others are left out. Raises InputError on a damaged object."""

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        """The files, sorted, that hold one of the words whole. ``pathspecs`` are git's."""


def blob_id(content: bytes) -> str:
    """The id git gives to this content in a SHA-1 repository."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_blob(content: bytes, blob: str) -> bool:
    """Whether git gives this id to this content, in a repository of either kind."""
    if len(blob) == 64:
        return hashlib.sha256(b"blob %d\0" % len(content) + content).hexdigest() == blob
    return blob_id(content) == blob


def version(tree: KernelTree) -> str:
    """The kernel's version from its top Makefile, such as ``2.6.37`` or ``6.12.48``.

    Raises InputError where this is no kernel tree.
    """
    makefile = tree.read(["Makefile"]).get("Makefile", b"")
    found = {key.decode(): value.decode("ascii", "replace") for key, value in _VERSION.findall(makefile)}
    if not found.get("VERSION") or not found.get("PATCHLEVEL"):
        raise InputError(
            f"{tree.where} is not a kernel tree",
            "its top has no Makefile with VERSION and PATCHLEVEL; name one with --tree",
        )
    numbers = [found["VERSION"], found["PATCHLEVEL"]]
    if found.get("SUBLEVEL"):
        numbers.append(found["SUBLEVEL"])
    return f"{'.'.join(numbers)}{found.get('EXTRAVERSION', '')}"


def looks_like_kernel(makefile: bytes) -> bool:
    """Whether this is the top Makefile of a kernel."""
    names = {key for key, _ in _VERSION.findall(makefile)}
    return {b"VERSION", b"PATCHLEVEL"} <= names
