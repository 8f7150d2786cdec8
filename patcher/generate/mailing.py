"""What the mails of a series say of themselves, beside the patches: to whom they go, how they hang together, and what
finds the next version again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.errors import InputError
from patcher.mail.decode import person as person_of
from patcher.mail.model import Person
from patcher.mail.write import person
from patcher.tree.recipients import Kind, LeftOut, Recipient, Recipients, parted, unwritable

MESSAGE_ID = re.compile(r"<?([^<>\s]+@[^<>\s]+)>?")
CHANGE_ID = re.compile(r"[A-Za-z0-9][\w.+-]{0,199}", re.ASCII)
_PREFIX = re.compile(r"[^\x00-\x1f\x7f\[\]]{1,100}")
_BASE = re.compile(rb"^base-commit: [0-9a-f]+\n", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
MOST_PEOPLE = 30  # that a cover letter is addressed to; beyond, to the lists alone


class Mailing(NamedTuple):
    """How mails are addressed and titled.

    Arguments:
        prefix: what stands in the brackets of each subject, before the version and the number
        version: 1 and up, 0 where the user did not say; ``revision`` is what it comes to
        in_reply_to: the message id of the mail that the first one answers, without its brackets, or ""
        to, cc: persons that every mail goes to, beside those that MAINTAINERS names
        auto: whether MAINTAINERS is asked
        base: the revision that is public; "" for the commit that the series is made on
        change_id: what all versions of the series have in common, or "" for one of its own
        b4: whether the branch is to be one of b4's
        history: the message ids of the versions before, by their names (``v1``)
    """

    prefix: str = "PATCH"
    version: int = 0
    in_reply_to: str = ""
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    auto: bool = True
    base: str = ""
    change_id: str = ""
    b4: bool = False
    history: Mapping[str, Sequence[str]] = {}

    @property
    def revision(self) -> int:
        """The number of the version."""
        return self.version or 1

    @property
    def words(self) -> list[str]:
        """What stands in the brackets beside PATCH."""
        return [word for word in self.prefix.split() if word != "PATCH"]


class Addressed(NamedTuple):
    """Whom a mail goes to."""

    to: tuple[Person, ...]
    cc: tuple[Person, ...]


class About(NamedTuple):
    """What the ids of a series are made of: its name, its last commit, who wrote it (``Name <address>``), and the day
    (YYYYMMDD)."""

    series: str
    tip: str
    who: str
    day: str


class Written(NamedTuple):
    """The mails of a series. ``letter`` is whom its cover letter goes to, or would go; ``patches`` likewise, in order;
    ``left_out``: who is not written to; ``remarks``: what MAINTAINERS says that cannot be read."""

    names: tuple[str, ...]
    letter: Addressed
    patches: tuple[Addressed, ...]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...]
    change_id: str


def mailing(
    subject_prefix: str = "PATCH", rfc: bool = False, version: int | None = None, in_reply_to: str = "",
    to: Iterable[str] = (), cc: Iterable[str] = (), auto: bool = True, base: str = "", change_id: str = "",
    b4: bool = False,
) -> Mailing:  # fmt: skip
    """What the user asked for. Raises InputError where it could not stand in a mail."""
    if not _PREFIX.fullmatch(subject_prefix) or not subject_prefix.strip():
        raise InputError(f"{subject_prefix!r} cannot stand in the brackets of a subject", "such as 'PATCH net-next'")
    if in_reply_to and not MESSAGE_ID.fullmatch(in_reply_to.strip()):
        raise InputError(f"{in_reply_to!r} is no message id", "it is in Message-ID: of the mail to be answered")
    if change_id and not CHANGE_ID.fullmatch(change_id):
        raise InputError(f"{change_id!r} is no change-id", "it is at the end of the cover letter of the last version")
    prefix = " ".join(subject_prefix.split())
    answered = in_reply_to.strip().removeprefix("<").removesuffix(">")
    return Mailing(
        f"RFC {prefix}" if rfc and "RFC" not in prefix.split() else prefix, version or 0, answered,
        tuple(map(_person, to)), tuple(map(_person, cc)), auto, base, change_id, b4,
    )  # fmt: skip


def _person(text: str) -> Person:
    found = Person("", "") if _CONTROL.search(text) else person_of(text) or Person("", "")
    if "@" not in found.address and "@" in found.name:
        found = Person("", found.name)
    if reason := unwritable(Recipient(found, Kind.MAINTAINER, "")):
        raise InputError(f"{text!r}: {reason}", "write it as Name <address>")
    return found


def write(
    place: Path, names: Sequence[str], cover: bool, about: About, wanted: Mailing, known: Recipients | None
) -> Written:
    """Complete the files that git format-patch has written.

    Arguments:
        place, names: where they are, in order; ``cover``: the first is a cover letter
        known: what tells who is written to, None for nobody

    Raises InputError where MAINTAINERS takes too long to ask.
    """
    mails = [(place / name).read_bytes() for name in names]
    found = [known.of_patch(mail.decode("utf-8", "replace")) if known else () for mail in mails[cover:]]
    patches = tuple(_addressed(parted(each)[0], wanted) for each in found)
    letter = together(patches)
    address = about.who.rpartition("<")[2].removesuffix(">")
    new = f"{about.day}-{_slug(about.series)}-{_digest(about.series, address, about.tip)}"
    change_id = wanted.change_id or new
    ids = _ids(change_id, wanted.revision, range(0 if cover else 1, len(mails) + (not cover)), about.tip, address)
    for number, (name, mail) in enumerate(zip(names, mails, strict=True)):
        to = letter if cover and not number else patches[number - cover]
        answered = ([wanted.in_reply_to] if wanted.in_reply_to else []) + ([ids[0]] if number else [])
        if not number:
            mail = _BASE.sub(lambda base: base.group() + f"change-id: {change_id}\n".encode(), mail, count=1)
        head, subject, rest = mail.partition(b"\nSubject: ")
        own = _headers(to, ids[number], answered).encode("utf-8", "surrogateescape")
        (place / name).write_bytes(head + own + subject + rest)
    left = {(one.recipient.person, one.reason): one for each in found for one in parted(each)[1]}
    remarks = known.maintainers.unread if known else ()
    return Written(tuple(names), letter, patches, tuple(left.values()), remarks, change_id)


def _addressed(found: Sequence[Recipient], wanted: Mailing) -> Addressed:
    """To: those who look after it, Cc: the others. Where nobody does, to the lists."""
    to = [each.person for each in found if each.kind is Kind.MAINTAINER]
    lists = [each.person for each in found if each.kind is Kind.LIST]
    cc = [each.person for each in found if each.kind not in (Kind.MAINTAINER, Kind.LIST)] + (lists if to else [])
    return _distinct([*wanted.to, *(to or lists)], [*cc, *wanted.cc])


def _distinct(to: Iterable[Person], cc: Iterable[Person]) -> Addressed:
    """Each address once."""
    seen: set[str] = set()
    found: tuple[list[Person], list[Person]] = ([], [])
    for persons, into in zip((to, cc), found, strict=True):
        for each in persons:
            if each.address.lower() not in seen:
                seen.add(each.address.lower())
                into.append(each)
    return Addressed(tuple(found[0]), tuple(found[1]))


def together(patches: Sequence[Addressed]) -> Addressed:
    """Whom a cover letter goes to: everybody, or where those are many the addresses without a name: lists."""
    found = _distinct(*([each for one in patches for each in one[which]] for which in (0, 1)))
    if len({*found.to, *found.cc}) <= MOST_PEOPLE:
        return found
    return Addressed((), tuple(each for each in (*found.to, *found.cc) if not each.name))


def _headers(to: Addressed, own: str, answered: Sequence[str]) -> str:
    lines = [f"Message-ID: <{own}>"]
    if answered:
        lines += [f"In-Reply-To: <{answered[-1]}>", "References: " + "\n ".join(f"<{each}>" for each in answered)]
    for name, persons in (("To", to.to), ("Cc", to.cc)):
        if persons:
            lines.append(f"{name}: " + ",\n ".join(person(clean(each)) for each in persons))
    return "".join(f"\n{line}" for line in lines)


def clean(who: Person) -> Person:
    """A person whose name is one line."""
    return Person(" ".join(_CONTROL.sub(" ", who.name).split()), who.address)


def _ids(change_id: str, version: int, numbers: Iterable[int], tip: str, address: str) -> list[str]:
    """The message ids of a series, without their brackets, in the form that b4 gives them."""
    domain = re.sub(r"[^A-Za-z0-9.-]", "", address.rpartition("@")[2]) or "patcher"
    stem = change_id.rpartition("-")[0] or change_id
    same = _digest(change_id, str(version), tip)
    return [f"{stem}-v{version}-{number}-{same}@{domain}" for number in numbers]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "series"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:12]
