"""What a check is given: one patch, or one series."""

from __future__ import annotations

import array
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.model import Hit
from patcher.mail.diff import Diff
from patcher.mail.model import Patch, Person

_NO_WORD = re.compile(r"[\W_]+")
_LINES_KEPT = 4000


class Job(NamedTuple):
    """One patch with its diff, the profile that holds for it, and what else is known. ``misfits`` are the files of the
    diff that do not fit the tree, with the reason."""

    patch: Patch
    diff: Diff
    profile: str
    context: Context
    misfits: tuple[tuple[str, str], ...]
    stated_base: bool


class Brief(NamedTuple):
    """What is kept of a mail once it was read, for the checks of whole series: without its diff. ``added`` and
    ``removed`` are the hashes of the changed lines that say something, sorted."""

    patch: Patch
    profile: str
    paths: tuple[str, ...]
    changed: int
    added: array.array[int]
    removed: array.array[int]


class Series(NamedTuple):
    """One version of one series: its cover letter, if any, and its patches by number. ``mailed`` tells that it was read
    from mail, so that threads and recipients can be told. ``roots`` are the mails its threads begin with; ``earlier``
    is the version before, if it was read, too; ``complete_input`` tells that more than one mail of it was read."""

    cover: Brief | None
    patches: tuple[Brief, ...]
    mailed: bool
    roots: frozenset[str]
    earlier: Series | None
    context: Context
    complete_input: bool

    @property
    def first(self) -> Brief:
        """What stands for the whole: the cover letter, or the first patch."""
        return self.cover or self.patches[0]

    @property
    def version(self) -> int:
        """Its version."""
        return self.first.patch.prefix.version

    @property
    def all(self) -> Iterator[Brief]:
        """The cover letter and the patches."""
        if self.cover:
            yield self.cover
        yield from self.patches


class SeriesHit(NamedTuple):
    """A hit in one mail of a series."""

    brief: Brief
    hit: Hit


class TreeJob(NamedTuple):
    """A series that was applied. ``before`` are the touched files as they were, ``touched`` all of them, ``created``
    the text files it creates, by which patch, ``added`` the lines it adds (number and text) by file; ``owner`` is the
    last patch that touches a file, ``last`` of them all."""

    touched: frozenset[str]
    created: Mapping[str, Patch]
    before: Mapping[str, bytes]
    added: Mapping[str, Sequence[tuple[int, str]]]
    owner: Mapping[str, Patch]
    last: Patch
    context: Context
    cache: Cache
    memo: dict[str, object]


class TreeHit(NamedTuple):
    """A hit in the tree after a series, and the patch it is put down to."""

    patch: Patch
    hit: Hit


def brief(patch: Patch, diff: Diff, profile: str) -> Brief:
    """What is kept of a patch."""
    lean = {"diff": "", "body": patch.body[:200], "below": patch.below[:200]}
    kept = Patch(**{**{name: getattr(patch, name) for name in patch.__struct_fields__}, **lean})
    paths = tuple(dict.fromkeys(name for file in diff.files for name in (file.path, file.old_path)))
    added = array.array("q", _hashes(diff, "added"))
    removed = array.array("q", _hashes(diff, "removed"))
    return Brief(kept, profile, paths, diff.changed, added, removed)


def _hashes(diff: Diff, which: str) -> list[int]:
    found = set()
    for file in diff.files:
        for line in getattr(file, which):
            if len(_NO_WORD.sub("", line.text)) > 7:
                found.add(hash((file.path, line.text.strip())))
                if len(found) >= _LINES_KEPT:
                    return sorted(found)
    return sorted(found)


def same_person(one: Person, other: Person) -> bool:
    """Whether two persons have the same address or the same name, as far as people write both the same: with an initial
    or another name between, or without."""
    if one.address and one.address.lower() == other.address.lower():
        return True
    names = [frozenset(re.findall(r"\w+", each.name.lower())) for each in (one, other)]
    if names[0] == names[1]:
        return bool(names[0])
    shorter = min(names, key=len)
    return len({word for word in shorter if len(word) > 1}) > 1 and shorter < max(names, key=len)
