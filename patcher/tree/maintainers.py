"""MAINTAINERS, read as the kernel's scripts/get_maintainer.pl reads it: whose a path is, and whose a text."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.mail.decode import people
from patcher.model import Frozen
from patcher.pattern import NotAPattern, Pattern, perl_pattern

NAME = "MAINTAINERS"
REST = "THE REST"  # the entry that everything falls to
_ENTRY = re.compile(r"([A-Z]):")
_SPECIAL = re.compile(r"[][*?(){}|+^$\\]")  # in a glob: what is left is read as a regular expression
_WORD = re.compile(r"[\w/,@:=-]+", re.ASCII)  # an expression that stands for itself
_ONE_LINE = re.compile(r"\\[AzZG]|\(\?<?[=!]|\(\?[a-z]*s")
_CHARACTERS = 16 * 2**20  # Linux 6.12 has 780,000,
_PATTERNS = 20_000  # 9,000 F: and X:, 200 N: and K:
_HUNK = "^[+-].*"


class Keyword(Frozen, frozen=True):
    """A ``K:``, and its place among all that the file says."""

    place: int
    expression: str


class MailingList(Frozen, frozen=True):
    """An ``L:``. ``remark`` is what stands behind the address, such as ``(subscribers-only)``."""

    address: str
    remark: str

    @property
    def open(self) -> bool:
        """Whether somebody who has not subscribed can write to it."""
        return "subscribers-only" not in self.remark


class Section(Frozen, frozen=True):
    """One entry of MAINTAINERS, all as it is written there.

    Arguments:
        patterns: ``F:`` and ``N:`` with their letters, in order; ``excluded``: ``X:``
        people: ``M:`` and ``R:`` with their letters, in order
        documents: ``P:``
    """

    title: str
    status: str
    patterns: tuple[tuple[str, str], ...]
    excluded: tuple[str, ...]
    keywords: tuple[Keyword, ...]
    people: tuple[tuple[str, str], ...]
    lists: tuple[MailingList, ...]
    trees: tuple[str, ...]
    documents: tuple[str, ...]

    @property
    def maintainers(self) -> tuple[str, ...]:
        """The persons of ``M:``, as they are written."""
        return tuple(value for letter, value in self.people if letter == "M")

    @property
    def open_lists(self) -> tuple[str, ...]:
        """The addresses of lists that anybody can write to, in small letters."""
        return tuple(each.address.lower() for each in self.lists if "@" in each.address and each.open)


class Fit(NamedTuple):
    """That a path belongs to a section. ``depth`` is what get_maintainer.pl goes by: the slashes of the last pattern
    that fits; ``specific`` prefers what has no wildcards, and is 1 for an ``N:``; ``pattern`` is the most specific
    ``F:``, "" where an ``N:`` alone fits."""

    depth: int
    specific: int
    section: Section
    pattern: str = ""


class _Glob(NamedTuple):
    """An ``F:`` or ``X:``. The file matches where its path goes on behind ``literal`` as ``value`` does."""

    section: int
    place: int
    value: str


_decoder = msgspec.msgpack.Decoder(tuple[Section, ...])


class Maintainers:
    """The sections of a MAINTAINERS file.

    Arguments:
        text: its content
        cache: where what was read is kept
        is_directory: whether the tree has a directory of that name; without it, names of directories are known by the
            paths that are asked for

    Raises InputError where no kernel's file is as large, and where its expressions take too long.
    """

    def __init__(
        self, text: str, cache: Cache | None = None, is_directory: Callable[[str], bool] = lambda _: False
    ) -> None:
        if len(text) > _CHARACTERS:
            raise InputError(f"{NAME} has more than {_CHARACTERS} characters", "no kernel has such a file; correct it")
        self._text = text
        self._cache = cache
        self._is_directory = is_directory
        self._fitting: dict[str, tuple[Fit, ...]] = {}
        self._unread: dict[tuple[str, str], str] = {}

    @cached_property
    def all_sections(self) -> tuple[Section, ...]:
        """All of them, in order."""
        key = f"maintainers-2:{hashlib.sha256(self._text.encode('utf-8', 'surrogateescape')).hexdigest()}"
        if self._cache and (stored := self._cache.load(key, _decoder.decode)) is not None:
            return stored
        found = tuple(_sections(self._text))
        for letter, count in (("F: and X:", sum(len(each.patterns) + len(each.excluded) for each in found)),
                              ("K:", sum(len(each.keywords) for each in found))):  # fmt: skip
            if count > _PATTERNS:
                raise InputError(f"{NAME} has more than {_PATTERNS} patterns ({letter})", "no kernel has; correct it")
        if self._cache:
            self._cache.put(key, msgspec.msgpack.encode(found))
        return found

    @property
    def sections(self) -> tuple[Section, ...]:
        """All of them but THE REST, which is everybody's."""
        return tuple(section for section in self.all_sections if section.title != REST)

    @property
    def unread(self) -> tuple[str, ...]:
        """The expressions, of those that were asked for, that cannot be read and fit nothing, and why."""
        return tuple(self._unread.values())

    @property
    def tells_files(self) -> bool:
        """Whether it says which files its entries are about, as it does since Linux 2.6.30."""
        return 2 * sum(bool(section.patterns) for section in self.sections) > len(self.sections)

    @cached_property
    def _globs(self) -> dict[str, list[_Glob]]:
        """``F:`` patterns by what they begin with, up to the first wildcard."""
        found: defaultdict[str, list[_Glob]] = defaultdict(list)
        for number, section in enumerate(self.all_sections):
            for place, (letter, value) in enumerate(section.patterns):
                if letter == "F":
                    found[_literal(value)].append(_Glob(number, place, value))
        return found

    @cached_property
    def _longest(self) -> int:
        """Of what the patterns begin with."""
        return max(map(len, self._globs), default=0)

    @cached_property
    def _names(self) -> list[_Glob]:
        return [
            _Glob(number, place, value)
            for number, section in enumerate(self.all_sections)
            for place, (letter, value) in enumerate(section.patterns)
            if letter == "N"
        ]

    def fits(self, path: str) -> tuple[Fit, ...]:
        """The sections that a path belongs to, as get_maintainer.pl has them: by depth, the deepest first."""
        if path not in self._fitting:
            places: defaultdict[int, list[int]] = defaultdict(list)
            for end in range(min(len(path), self._longest) + 1):  # a path may have any length
                for each in self._globs.get(path[:end], ()):
                    if self._matches(each.value, path):
                        places[each.section].append(each.place)
            for each in self._names:
                if self._asked(each.value, "N", each.section, path):
                    places[each.section].append(each.place)
            found = []
            for number, matched in sorted(places.items()):
                section = self.all_sections[number]
                if not any(self._matches(value, path) for value in section.excluded):
                    found.append(_fit(section, [section.patterns[place] for place in sorted(matched)]))
            self._fitting[path] = tuple(sorted(found, key=lambda fit: -fit.depth))
        return self._fitting[path]

    def of(self, path: str) -> tuple[tuple[int, Section], ...]:
        """The sections that a path belongs to, but THE REST: the most specific first, with how specific they are."""
        return tuple((fit.specific, fit.section) for fit in self.closest(path))

    def closest(self, path: str) -> tuple[Fit, ...]:
        """The same, with the patterns."""
        own = (fit for fit in self.fits(path) if fit.section.title != REST)
        return tuple(sorted(own, key=lambda fit: -fit.specific))

    def _matches(self, value: str, path: str) -> bool:
        """``drivers/net/`` is all below it; else there are as many slashes in the path. A ``*`` stands for anything."""
        if value.endswith("/"):
            return path.startswith(value) if not _SPECIAL.search(value) else self._globbed(value, path)
        if not _SPECIAL.search(value):
            if not value or not path.startswith(value):
                return False
            if path[len(value) :][:1] == "/":
                return "." not in value  # a directory: the script does not find those with a dot in their names
            return path == value or (value.count("/") == path.count("/") and not self._directory(value))
        return value.count("/") == path.count("/") and self._globbed(value, path)

    def _directory(self, value: str) -> bool:
        return "." not in value and self._is_directory(value)

    def _globbed(self, value: str, path: str) -> bool:
        text = value.replace(".", r"\.").replace("*", ".*").replace("?", ".")
        return self._tried(value, "F", lambda: perl_pattern(text, f"{NAME}, F: or X:", before="^"), path)

    def _asked(self, value: str, letter: str, section: int, path: str) -> bool:
        if _WORD.fullmatch(value):
            return value in path
        where = f"{NAME}, {letter}: of {self.all_sections[section].title[:60]}"
        return bool(value) and self._tried(value, letter, lambda: perl_pattern(value, where, spaced=True), path)

    def _tried(self, value: str, letter: str, compiled: Callable[[], Pattern], text: str) -> bool:
        """Whether an expression matches. One that cannot be read matches nothing, and is remembered."""
        if (letter, value) in self._unread:
            return False
        try:
            return compiled().search(text) is not None
        except NotAPattern as error:
            self._unread[letter, value] = str(error)
            return False

    def about(self, message: Sequence[str], hunks: Sequence[str]) -> tuple[tuple[Section, str], ...]:
        """The sections that have an interest in a text, with the ``K:`` that says so, as get_maintainer.pl asks:
        anywhere in the lines of ``message``, and in lines of the diff that are added or removed.
        """
        whole = "\n".join((*message, *hunks))
        found = [
            (keyword.place, section, keyword.expression)
            for number, section in enumerate(self.all_sections)
            for keyword in section.keywords
            if self._interested(keyword.expression, number, whole, message, hunks)
        ]
        found.sort(key=lambda each: str(each[0]))  # so the script sorts them
        return tuple((section, expression) for _, section, expression in found)

    def _interested(
        self, expression: str, section: int, whole: str, message: Sequence[str], hunks: Sequence[str]
    ) -> bool:
        if _WORD.fullmatch(expression):
            return expression in whole and (
                any(expression in line for line in message)
                or any(expression in line[1:] for line in hunks if line.startswith(("+", "-")))
            )
        where = f"{NAME}, K: of {self.all_sections[section].title[:60]}"

        def ask(before: str, text: str) -> bool:
            return self._tried(
                expression, "K", lambda: perl_pattern(expression, where, before=before, spaced=True), text
            )

        if not expression or not (_ONE_LINE.search(expression) or ask("(?m)", whole)):
            return False
        return any(ask("", line) for line in message) or any(ask(_HUNK, line) for line in hunks)


def addresses(values: Iterable[str]) -> tuple[str, ...]:
    """The addresses of people as MAINTAINERS has them, in small letters."""
    return tuple(person.address.lower() for value in values for person in people(value) if "@" in person.address)


def _literal(value: str) -> str:
    """What a path must begin with for a glob to match."""
    special = _SPECIAL.search(value)
    if not special:
        return value
    if "|" in value:
        return ""
    # A quantifier is about the letter before it, too.
    return value[: special.start() - 1 if special.group() in "{+" and special.start() else special.start()]


def _fit(section: Section, matched: Sequence[tuple[str, str]]) -> Fit:
    depths = [_depth(value) if letter == "F" else 0 for letter, value in matched]
    best = max((value for letter, value in matched if letter == "F"), key=_specific, default="")
    return Fit(depths[-1], _specific(best) if best else 1, section, best)


def _depth(value: str) -> int:
    return -1 if value.startswith("*") else value.count("/") + (not value.endswith("/"))


def _specific(value: str) -> int:
    return value.count("/") + (not value.endswith("/")) + ("*" not in value)


def _sections(text: str) -> Iterator[Section]:
    """Lines ``X: …`` that follow each other, empty lines and comments left out, below what is not such a line."""
    title, entries, place = "", [], -1
    for line in text.split("\n"):
        if match := _ENTRY.match(line):
            place += 1
            entries.append((match.group(1), line[match.end() :].strip(), place))
        elif (stripped := line.strip()) and not stripped.startswith("#"):
            place += 1
            if entries:
                yield _section(title, entries)
            title, entries = stripped, []
    if entries:
        yield _section(title, entries)


def _section(title: str, entries: Sequence[tuple[str, str, int]]) -> Section:
    def of(*letters: str) -> tuple[tuple[str, str], ...]:
        return tuple((key, value) for key, value, _ in entries if key in letters and value)

    def values(letter: str) -> tuple[str, ...]:
        return tuple(value for _, value in of(letter))

    # Before Linux 2.6.31 a P: told the name, and there was not always an M:
    persons = of("M", "R") or tuple(("M", value) for value in values("P") if "@" in value)
    return Section(
        title=title,
        status=(values("S") or ("",))[-1],
        patterns=of("F", "N"),
        excluded=values("X"),
        keywords=tuple(Keyword(place, value) for key, value, place in entries if key == "K"),
        people=persons,
        lists=tuple(MailingList(*_parted(value)) for value in values("L")),
        trees=values("T"),
        documents=tuple(value for value in values("P") if "@" not in value),
    )


def _parted(value: str) -> tuple[str, str]:
    address, _, remark = value.replace("\t", " ").partition(" ")
    return address, remark.strip()
