"""What a check is given. The type of its parameter says what the rule is about: see ``patcher.lint.register``."""

from __future__ import annotations

import array
import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.cache import Cache
from patcher.lazy import expression
from patcher.lint import locations
from patcher.lint.attributes import new
from patcher.lint.bindings import documented, uses
from patcher.lint.context import After, Context
from patcher.lint.gate import Texts
from patcher.lint.model import Location
from patcher.mail.diff import Diff, Line
from patcher.mail.model import Patch, Person, Tag

_SAYS = expression(r"(?:[\W_]*[^\W_]){8}")
_LINES_KEPT = 4000


class Job(NamedTuple):
    """One patch with its diff, the profile that holds for it, and what else is known. ``misfits`` are the files of the
    diff that do not fit the tree, with the reason; ``after`` is the tree with the patch applied; ``texts`` are what the
    gates of rules look at."""

    patch: Patch
    diff: Diff
    profile: str
    context: Context
    after: After
    misfits: Sequence[tuple[str, str]]
    stated_base: bool
    texts: Texts

    def subject(self, part: str = "") -> Location:
        """Where the subject is, or a part of it."""
        return locations.subject(self.patch, part)

    def body(self, index: int, part: str = "") -> Location:
        """Where a line of the message is, or a part of it."""
        return locations.body(self.patch, index, part)

    def tag(self, tag: Tag, part: str = "") -> Location:
        """Where a tag is, or a part of it."""
        return locations.body(self.patch, tag.line, part)

    def file(self, path: str, line: Line | None = None, part: str = "") -> Location:
        """Where a line of a touched file is, or a part of it; or the file as such."""
        return locations.file(path, line, part)

    def mail(self) -> Location:
        """The mail or the commit as such."""
        return locations.mail(self.patch)


class Message(Job):
    """A patch, of which the check looks at the mail, its subject and its text."""

    __slots__ = ()


class Tags(Job):
    """A patch, of which the check looks at the tags."""

    __slots__ = ()


class Change(Job):
    """A patch, of which the check looks at the diff."""

    __slots__ = ()


class Digest(NamedTuple):
    """What is kept of a mail once it was read, for the checks of whole series: without its diff. ``added`` and
    ``removed`` are the hashes of the changed lines that say something, sorted; ``documents`` and ``compatibles`` the
    compatible strings (devicetree) that it documents and uses; ``attributes`` the files of sysfs that it adds."""

    patch: Patch
    profile: str
    paths: tuple[str, ...]
    changed: int
    added: array.array[int]
    removed: array.array[int]
    documents: frozenset[str] = frozenset()
    compatibles: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()


class Series(NamedTuple):
    """One version of one series: its cover letter, if any, and its patches by number. ``mailed`` tells that it was read
    from mail, so that threads and recipients can be told. ``roots`` are the mails its threads begin with; ``earlier``
    is the version before, if it was read, too, and ``before`` what was sent last, whatever its version;
    ``complete_input`` tells that more than one mail of it was read."""

    cover: Digest | None
    patches: tuple[Digest, ...]
    mailed: bool
    roots: frozenset[str]
    earlier: Series | None
    complete_input: bool
    before: Series | None = None

    @property
    def first(self) -> Digest:
        """What stands for the whole: the cover letter, or the first patch."""
        return self.cover or self.patches[0]

    @property
    def version(self) -> int:
        """Its version."""
        return self.first.patch.prefix.version

    @property
    def all(self) -> Iterator[Digest]:
        """The cover letter and the patches."""
        if self.cover:
            yield self.cover
        yield from self.patches


class ChangedTree(NamedTuple):
    """The tree after a series. ``before`` are the touched files as they were, ``touched`` all of them, ``created`` the
    text files the series creates, by which patch, ``added`` the lines it adds (number and text) by file; ``owner`` is
    the last patch that touches a file, ``last`` of them all. ``memo`` is for what several checks need."""

    touched: frozenset[str]
    created: Mapping[str, Patch]
    before: Mapping[str, bytes]
    added: Mapping[str, Sequence[tuple[int, str]]]
    owner: Mapping[str, Patch]
    last: Patch
    after: After
    cache: Cache
    memo: dict[str, object]

    def at_fault(self, path: str) -> Patch:
        """The patch that a finding in a file is put down to."""
        return self.owner.get(path, self.last)


def digest(patch: Patch, diff: Diff, profile: str) -> Digest:
    """What is kept of a patch."""
    lean = {"diff": "", "body": patch.body[:200], "below": patch.below[:200]}
    kept = Patch(**{**{name: getattr(patch, name) for name in patch.__struct_fields__}, **lean})
    paths = tuple(dict.fromkeys(name for file in diff.files for name in (file.path, file.old_path)))
    added = array.array("q", _hashes(diff, "added"))
    removed = array.array("q", _hashes(diff, "removed"))
    return Digest(kept, profile, paths, diff.changed, added, removed, documented(diff), uses(diff), new(diff))


def _hashes(diff: Diff, which: str) -> list[int]:
    found = set()
    for file in diff.files:
        for line in getattr(file, which):
            if _SAYS.match(line.text):
                found.add(hash((file.path, line.text.strip())))
                if len(found) >= _LINES_KEPT:
                    return sorted(found)
    return sorted(found)


@functools.lru_cache(maxsize=512)
def same_person(one: Person, other: Person) -> bool:
    """Whether two persons are one, as far as people write both alike: the same address, or its part before the ``@``
    at another place; the same name, with an initial or another name between, or without accents; or an address that is
    made of the other's name, where a name is missing."""
    if _first_name(one, other) or _first_name(other, one):
        return True
    locals_ = [each.address.lower().partition("@")[0].partition("+")[0] for each in (one, other)]
    if one.address and one.address.lower() == other.address.lower():
        return True
    if locals_[0] == locals_[1] and len(locals_[0]) > 4 and locals_[0] not in _OF_ANYBODY:
        return True
    if any(_alike(first, second) for first in _words(one.name) for second in _words(other.name)):
        return True
    named = [(person.name, local) for person, local in ((one, locals_[1]), (other, locals_[0]))]
    return any(_made_of(local, name) for name, local in named)


def _first_name(one: Person, other: Person) -> bool:
    """Whether a person who writes with one name is another who has it, too: it is in both addresses."""
    name = one.name.strip().lower()
    return (
        len(name) > 4 and name.isalpha() and name in other.name.lower().split()
        and all(name in each.address.partition("@")[0].lower() for each in (one, other))
    )  # fmt: skip


_OF_ANYBODY = frozenset(("linux", "kernel", "patches", "devnull", "noreply", "no-reply", "contact", "github", "admin"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def _words(name: str) -> tuple[frozenset[str], ...]:
    """The words of a name without accents, in the ways that people leave these away."""
    low = unicodedata.normalize("NFC", name.partition(" via ")[0].lower())
    plain = (unicodedata.normalize("NFKD", text.translate(_LETTERS)) for text in (low, low.translate(_UMLAUTS)))
    return tuple(
        dict.fromkeys(
            frozenset(re.findall(r"\w+", "".join(each for each in text if not unicodedata.combining(each))))
            for text in plain
        )
    )


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if one == other:
        return bool(one)
    shorter, longer = sorted((one, other), key=len)
    return len({word for word in shorter if len(word) > 1}) > 1 and shorter < longer


def _made_of(local: str, name: str) -> bool:
    """Whether the first part of an address is made of a name: ada.example, adaexample58, aexample, adae, or a long
    word of it."""
    letters = re.sub(r"[^a-z]", "", local)
    for words in _words(name):
        parts = sorted(word for word in words if word.isalpha())
        if any(letters == word for word in parts if len(word) > 4):
            return True
        if any(
            letters in (one + other, one[0] + other, one + other[0]) and len(letters) > 4
            for one in parts for other in parts if one != other
        ):  # fmt: skip
            return True
        if len([word for word in parts if len(word) > 2 and word in letters]) > 1:
            return True
    return False
