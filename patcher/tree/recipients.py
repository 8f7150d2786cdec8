"""Who is to be written to about a change: what scripts/get_maintainer.pl --no-git-fallback answers, and who of these
must not be written to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from patcher.cache import Cache
from patcher.mail.model import Person
from patcher.model import Frozen
from patcher.tree import mailmap
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree
from patcher.tree.mailmap import Mailmap, formatted, person
from patcher.tree.maintainers import NAME, REST, MailingList, Maintainers, Section

_IGNORE = ".get_maintainer.ignore"
_CHIEF = "Linus Torvalds <torvalds@linux-foundation.org>"  # is not sent what has a maintainer of its own
_TITLE = 50  # characters of a section's title in a role
_ROLES = {
    "supported": "supporter", "maintained": "maintainer", "odd fixes": "odd fixer", "orphan": "orphan minder",
    "obsolete": "obsolete minder", "buried alive in reporters": "chief penguin",
}  # fmt: skip
_BLAMED = "blamed_fixes:1/1=100%"
_MOST_BLAMED = 5  # signers of one commit, as the script has it
_SIGNED = re.compile(r"[ \t]*(?:Signed-off-by:|Reviewed-by:|Acked-by:).*@")
_FIXES = re.compile(r"Fixes:\s+([0-9a-fA-F]{6,40})")
_MODE = re.compile(r" mode change [0-7]+ => [0-7]+ (\S+)\s*\Z")
_RENAME = re.compile(r"rename (?:from|to) (\S+)\s*\Z")
_DIFF = re.compile(r"diff --git a/(\S+) b/(\S+)\s*\Z")
_FILE = re.compile(r"(?:\+\+\+|---)\s+(\S+)")
_HUNK = re.compile(r"@@ -\d+,\d+")
_WINDOW = 1000  # characters on each side of an @ that can belong to it
# What stands before an @, backwards.
_BEFORE = re.compile(r"[A-Za-z0-9_.+-]+[(<{]?\s*,*\s*(?:[^\W\d_]|[\"' ,.+-])*")
_BEHIND = re.compile(r"@[A-Za-z0-9.-]+\.[A-Za-z0-9]+[)>}]?")
_IN_BRACKETS = re.compile(r"[(<{]?([A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+)[)>}]?")
_NAME_PART = re.compile(r"(?:[^\W\d_]|['\",.+-])+")
_ADDRESS = re.compile(
    r"[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
_NO_DOMAIN = re.compile(r"(?:\A|\.)(?:invalid|local|localdomain|localhost|internal|lan|test)\Z")
_NO_READER = re.compile(r"(?:no|do-?not|dont)[-_.]?reply|(?:dev-?null|nobody|mailer-daemon|bounces?)\b")
_ROBOT = re.compile(r"\b(?:bot|robot|autobuild\w*|syzbot|autosel)\b|\bbot\d|\[bot\]", re.IGNORECASE)
_ROBOTS = frozenset(("lkp@intel.com", "oliver.sang@intel.com"))


class Kind(StrEnum):
    """What somebody has to do with a change."""

    MAINTAINER = "maintainer"
    REVIEWER = "reviewer"
    LIST = "list"
    BLAMED = "blamed"  # signed off on what the patch says it fixes
    IN_FILE = "in file"  # is named in a binding that it touches


class Recipient(Frozen, frozen=True):
    """Somebody to be written to. ``roles`` is in the script's words: ``reviewer:X86 ENTRY CODE``."""

    person: Person
    kind: Kind
    roles: str


class LeftOut(NamedTuple):
    """Somebody who would be written to, and why that must not be."""

    recipient: Recipient
    reason: str


class Touched(NamedTuple):
    """What a patch tells get_maintainer.pl: its files, what it fixes, its lines above and inside of the diff."""

    paths: tuple[str, ...]
    fixes: tuple[str, ...]
    message: tuple[str, ...]
    hunks: tuple[str, ...]


class Recipients:
    """The recipients that a tree names.

    Arguments:
        tree: the tree that changes are for
        cache: where what is read of MAINTAINERS is kept
    """

    def __init__(self, tree: KernelTree, cache: Cache | None = None) -> None:
        self._tree = tree
        files = {path: content.decode("utf-8", "replace") for path, content in
                 tree.read((NAME, mailmap.NAME, _IGNORE)).items()}  # fmt: skip
        self.maintainers = Maintainers(files.get(NAME, ""), cache, self._is_directory)
        self._mailmap = Mailmap(files.get(mailmap.NAME, ""))
        ignored = (line.partition("#")[0].strip() for line in files.get(_IGNORE, "").split("\n"))
        self._ignored = frozenset(filter(None, ignored))

    def _is_directory(self, name: str) -> bool:
        return name in self._directories

    @cached_property
    def _directories(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self._tree.paths():
            place = path.rpartition("/")[0]
            while place and place not in found:
                found.add(place)
                place = place.rpartition("/")[0]
        return frozenset(found)

    def of_paths(self, paths: Iterable[str]) -> tuple[Recipient, ...]:
        """Those of files; what else a patch has is not asked for."""
        return self._of(Touched(tuple(paths), (), (), ()))

    def of_patch(self, text: str) -> tuple[Recipient, ...]:
        """Those of a patch, given as mail or diff: by its files, by ``K:``, and by what it fixes."""
        return self._of(touched(text))

    def _of(self, patch: Touched) -> tuple[Recipient, ...]:
        found = _Collected(self._mailmap)
        for path in patch.paths:
            for fit in self.maintainers.fits(path):
                found.add_section(fit.section, "")
        named = [each for path in patch.paths for each in self._named_in(path)]
        for section, expression in self.maintainers.about(patch.message, patch.hunks):
            found.add_section(section, f":Keyword:{expression}")
        found.merge()
        for who in dict.fromkeys(named):
            found.push(self._mailmap(who), Kind.IN_FILE, "in file")
        for commit in patch.fixes:
            for who in self._blamed(commit, found):
                found.push(who, Kind.BLAMED, _BLAMED)
        return found.all()

    def _named_in(self, path: str) -> Iterator[Person]:
        """The persons that a devicetree binding names, wherever in it."""
        if not path.endswith(".yaml"):
            return
        for content in self._tree.read([path]).values():
            yield from _persons(content.decode("utf-8", "replace"))

    def _blamed(self, commit: str, found: _Collected) -> list[Person]:
        """The author of a commit, and who signed off on it."""
        if not isinstance(self._tree, GitTree):
            return []
        (cited,) = self._tree.repository.objects.find([f"{commit}^{{commit}}"])
        if cited.kind != "commit":
            return []
        head, _, message = cited.content.decode("utf-8", "replace").partition("\n\n")
        author = next((line for line in head.split("\n") if line.startswith("author ")), "").removeprefix("author ")
        lines = [line.rpartition(":")[2] for line in message.split("\n") if _SIGNED.match(line)]
        signers = [found.same(person(line.strip())) for line in lines if "Linus Torvalds" not in line]
        counted = {who: signers.count(who) for who in dict.fromkeys(signers)}
        by = [who for who in sorted(counted, key=lambda who: -counted[who]) if formatted(who) not in self._ignored]
        wrote = found.same(person(author[: author.rfind(">") + 1]))
        first = [wrote] if wrote in by or (wrote.address and formatted(wrote) not in {*self._ignored, _CHIEF}) else []
        return list(dict.fromkeys([*first, *by[:_MOST_BLAMED]]))[:_MOST_BLAMED]


def touched(text: str) -> Touched:
    """What get_maintainer.pl reads of a patch, line by line."""
    paths: list[str] = []
    fixes: list[str] = []
    message: list[str] = []
    hunks: list[str] = []
    inside = False
    for line in text.split("\n"):
        if (match := _MODE.match(line) or _RENAME.match(line) or _DIFF.match(line)) is not None:
            paths += match.groups()
        elif match := _FIXES.match(line):
            fixes.append(match.group(1))
        elif match := _FILE.match(line):
            paths.append(re.sub(r"\A[^/]*/", "", match.group(1)))
            inside = True
        elif not _HUNK.match(line):
            (hunks if inside else message).append(line)
    return Touched(tuple(sorted(set(paths))), tuple(dict.fromkeys(fixes)), tuple(message), tuple(hunks))


class _Entry:
    """A recipient to be: the script changes them as it goes."""

    def __init__(self, who: Person, kind: Kind, roles: str) -> None:
        self.person, self.kind, self.roles = who, kind, roles


class _Collected:
    """What the script has found so far: persons, of whom a name or an address comes once, and lists."""

    def __init__(self, mapped: Mailmap) -> None:
        self._mapped = mapped
        self._people: list[_Entry] = []
        self._lists: list[_Entry] = []
        self._names: set[str] = set()
        self._addresses: set[str] = set()
        self._posted: set[str] = set()
        self._by_name: dict[str, Person] = {}
        self._by_address: dict[str, Person] = {}

    def add_section(self, section: Section, suffix: str) -> None:
        """The people and lists of a section."""
        title = section.title
        if len(title) > _TITLE:
            title = f"{title[: _TITLE - 3].rstrip()}..."
        status = section.status.lower() or "unknown"
        for letter, value in section.people:
            role = f"{_ROLES.get(status, status) if letter == 'M' else 'reviewer'}:{title}{suffix}"
            for each in _each(value):
                self._push(person(each), Kind.MAINTAINER if letter == "M" else Kind.REVIEWER, role)
        for one in section.lists:
            if one.open and one.address.lower() not in self._posted:
                self._posted.add(one.address.lower())
                of = f":{title}" if title != REST else ""
                self._lists.append(_Entry(person(one.address), Kind.LIST, f"{_list_role(one)}{of}{suffix}"))

    def _push(self, who: Person, kind: Kind, roles: str) -> None:
        name, address = who.name.lower(), who.address.lower()
        if not address or (name and name in self._names) or address in self._addresses:
            return
        self._people.append(_Entry(who, kind, roles))
        self._names.add(name)
        self._addresses.add(address)

    def push(self, who: Person, kind: Kind, role: str) -> None:
        """One more person, or one more role of one who is there."""
        self._push(who, kind, "")
        for entry in self._people:
            if (who.name == entry.person.name or who.address == entry.person.address) and role not in entry.roles:
                entry.roles = f"{entry.roles},{role}" if entry.roles else role

    def same(self, who: Person) -> Person:
        """The person as they were called first, by ``.mailmap`` and by whom there is already."""
        who = self._mapped(who)
        known = self._by_name.get(who.name.lower()) if who.name else None
        known = known or self._by_address.get(who.address.lower())
        if not known:
            self._by_name[who.name.lower()] = self._by_address[who.address.lower()] = known = who
        return self._mapped(known)

    def merge(self) -> None:
        """Call each person alike, and leave the chief out."""
        for entry in (*self._people, *self._lists):
            entry.person = self.same(entry.person)
        self._people = [entry for entry in self._people if formatted(entry.person) != _CHIEF]

    def all(self) -> tuple[Recipient, ...]:
        """Persons, then lists, each once."""
        found: dict[str, Recipient] = {}
        for each in (*self._people, *self._lists):
            found.setdefault(formatted(each.person), Recipient(each.person, each.kind, each.roles))
        return tuple(found.values())


def _list_role(each: MailingList) -> str:
    return "moderated list" if "moderated" in each.remark else "open list"


def _each(value: str) -> Iterator[str]:
    """The persons of one line. There is one as a rule; several are parted by commas, where none is in a name."""
    parts = [part.strip() for part in value.split(",")]
    if len(parts) > 1 and all(re.fullmatch(r"(?:[\w' -]+<)?[\w.+-]+@[\w.-]+>?", part, re.ASCII) for part in parts):
        yield from parts
    else:
        yield value


def _persons(text: str) -> Iterator[Person]:
    """Addresses in a text, with the name that stands before each, found as get_maintainer.pl finds them."""
    begin = 0
    for match in re.finditer("@", text):
        at = match.start()
        if at < begin:
            continue
        before = _BEFORE.match(text[max(begin, at - _WINDOW) : at][::-1])
        behind = _BEHIND.match(text[at : at + _WINDOW])
        if before and behind:
            begin = at + behind.end()
            yield _named(text[at - before.end() : begin])


def _named(text: str) -> Person:
    who = person(_IN_BRACKETS.sub(r"<\1>", text))
    words = [word for word in _NAME_PART.findall(who.name.strip('"')) if word not in ("'", ",", ".", "+", "-")]
    if len(words) > 2:
        first, middle, _ = words[-3:]
        initial = (len(first) == 1 and first.isalpha()) or (len(first) == 2 and first.endswith("."))
        initial = initial or len(middle) == 1 or (len(middle) == 2 and middle.endswith("."))
        words = words[-3:] if initial else words[-2:]
    name = " ".join(words)
    name = name[:-1] if name.endswith((",", ".")) else name
    return Person(name[1:] if name.startswith((",", ".")) else name, who.address)


def unwritable(recipient: Recipient) -> str:
    """Why somebody must not be written to, or "". Of those who are blamed robots are left out, too."""
    address = recipient.person.address.lower()
    local, _, domain = address.rpartition("@")
    if not _ADDRESS.fullmatch(address):
        return "that is no address"
    if _NO_DOMAIN.search(domain):
        return "nobody has an address there"
    if _NO_READER.match(local) or local.endswith(("-noreply", "+noreply")) or domain == "users.noreply.github.com":
        return "nobody reads what is sent there"
    robot = address in _ROBOTS or _ROBOT.search(recipient.person.name) or _ROBOT.search(local.replace("_", "-"))
    return "that is a robot" if recipient.kind is Kind.BLAMED and robot else ""


def parted(recipients: Sequence[Recipient]) -> tuple[tuple[Recipient, ...], tuple[LeftOut, ...]]:
    """Those who may be written to, and those who must not."""
    left = [LeftOut(each, reason) for each in recipients if (reason := unwritable(each))]
    out = {id(each.recipient) for each in left}
    return tuple(each for each in recipients if id(each) not in out), tuple(left)
