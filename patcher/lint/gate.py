"""What a patch must have for a rule to have anything to say of it. Most rules are asked of few patches."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from patcher.mail.diff import Diff
from patcher.mail.model import Patch

C_FILES = (".c", ".h")


class Texts:
    """The texts of a patch that gates look at. Each is put together once, if a gate asks."""

    def __init__(self, patch: Patch, diff: Diff) -> None:
        self._patch = patch
        self._diff = diff

    @cached_property
    def files(self) -> str:
        """The names of the files after the change, one a line."""
        return "\n".join(file.path for file in self._diff.files)

    @cached_property
    def added(self) -> str:
        """The added lines."""
        return "\n".join(line.text for file in self._diff.files for line in file.added)

    @cached_property
    def message(self) -> str:
        """Summary, message and what is below ``---``, in small letters."""
        return "\n".join((self._patch.summary, *self._patch.body, *self._patch.below)).lower()


class Gate(NamedTuple):
    """The texts that a check cannot do without: of each kind that is named, a patch must have one.

    Arguments:
        files: in the names of the files after the change
        added: in the added lines
        message: in the summary, the message and what is below ``---``, whatever letters are capitals (here none is)
    """

    files: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    message: tuple[str, ...] = ()

    def passes(self, texts: Texts) -> bool:
        """Whether a patch has what the check needs."""
        return (
            (not self.files or has(texts.files, self.files))
            and (not self.added or has(texts.added, self.added))
            and (not self.message or has(texts.message, self.message))
        )


OPEN = Gate()


def either(gates: Iterable[Gate]) -> Gate:
    """What passes one of some gates, or perhaps none of them, passes this."""
    return Gate(*(tuple(chain.from_iterable(parts)) if all(parts) else () for parts in zip(*gates, strict=True)))


def has(text: str, parts: Iterable[str]) -> bool:
    """Whether a text has one of some parts. (A loop takes half the time of any(), and runs hundreds of times a
    patch.)"""
    for part in parts:  # noqa: SIM110
        if part in text:
            return True
    return False
