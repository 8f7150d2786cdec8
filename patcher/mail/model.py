"""What is read from mail: plain, frozen values."""

from __future__ import annotations

from enum import StrEnum

from patcher.model import Frozen


class Kind(StrEnum):
    """What a mail is."""

    PATCH = "patch"
    COVER = "cover letter"
    REPLY = "reply"
    OTHER = "other"


class Person(Frozen, frozen=True):
    """A name and an address, either of them "" where it is not given."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else f"<{self.address}>"


class Problem(Frozen, frozen=True):
    """What is wrong with the mail itself. ``kind`` is one of charset, truncated, attachment, html, flowed, nul, crlf,
    encoding, nested, too-large, headers; or, of how the patch lies in its text, indented, quoted, cut, pasted."""

    kind: str
    detail: str


class RawMail(Frozen, frozen=True):
    """One mail as it stands in a file: ``line`` is where it begins (from 1), the ``From `` line of a mailbox not
    counted in. ``commit`` is the id that git format-patch writes there, or "". ``cut`` tells that it was too large and
    its end is missing."""

    path: str
    line: int
    content: bytes
    commit: str
    cut: bool


class Mail(Frozen, frozen=True):
    """A decoded mail. ``text`` is its body with LF line ends; bytes in it that are no text are surrogates (PEP 383).
    ``text_line`` is the line of the file at which the body begins; ``exact`` tells that the lines of ``text`` are those
    of the file; ``charset`` is what ``text`` was decoded by."""

    path: str
    line: int
    commit: str
    subject: str
    subject_line: int
    sender: Person
    to: tuple[Person, ...]
    date: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    text: str
    text_line: int
    exact: bool
    problems: tuple[Problem, ...]
    charset: str = "utf-8"


class Prefix(Frozen, frozen=True):
    """What stands in brackets before a summary. ``text`` is all of it, brackets included; ``version`` is 1 where none
    is given; ``number`` of ``total`` is 0 of 0 where there are no numbers; ``width`` is the number of digits of both
    as written; ``words`` are the rest, such as ``net-next``."""

    text: str
    patch: bool = False
    version: int = 1
    number: int = 0
    total: int = 0
    width: tuple[int, int] = (0, 0)
    rfc: bool = False
    resend: bool = False
    words: tuple[str, ...] = ()


class Tag(Frozen, frozen=True):
    """A line such as ``Signed-off-by: …``. ``line`` counts in ``Patch.body``, from 0. ``area`` tells that it stands in
    the block of tags at the end."""

    name: str
    value: str
    line: int
    area: bool

    @property
    def key(self) -> str:
        """The name as tools compare it."""
        return self.name.lower()


class Patch(Frozen, frozen=True, kw_only=True):
    """A patch, a cover letter or another mail, taken to pieces as git would.

    Arguments:
        label: a short name for people: the file, or the abbreviated commit
        path: the file it was read from, or "" for a commit
        commit: the commit's id, or ""
        subject: all of it; ``summary`` without the brackets before it
        author: who wrote it: an in-body ``From:``, else the sender
        body: lines of the message that will be committed; ``body_line`` is where they begin (in the file, or in the
            commit message, whose subject is line 1)
        below: lines between ``---`` and the diff; ``below_line`` likewise
        diff: the rest; ``diff_line`` likewise (0 for a commit: it has no file)
        base: the ``base-commit:`` that is told, or ""
        exact: the lines given are those of the file (they are not where the mail was encoded)
        separator: the message ends with a ``---``
        charset: what the text was decoded by
    """

    kind: Kind
    label: str
    path: str = ""
    commit: str = ""
    subject: str
    subject_line: int = 1
    prefix: Prefix = Prefix("")
    summary: str
    author: Person
    committer: Person = Person("", "")
    sender: Person
    to: tuple[Person, ...] = ()
    date: str
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    body: tuple[str, ...]
    body_line: int
    tags: tuple[Tag, ...]
    below: tuple[str, ...] = ()
    below_line: int = 0
    diff: str
    diff_line: int = 0
    base: str = ""
    exact: bool = True
    separator: bool = True
    problems: tuple[Problem, ...] = ()
    charset: str = "utf-8"

    @property
    def sent_diff(self) -> bytes:
        """The diff as it was sent: git applies bytes, whatever a mail says of its charset."""
        return self.diff.encode(self.charset, "surrogateescape" if self.charset == "utf-8" else "replace")
