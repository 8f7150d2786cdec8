"""What lint finds, and what it did not look at."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from patcher.mail.model import Kind, Patch
from patcher.model import Frozen

STDIN = "stdin"  # the path of mails that were read from there
LORE = "lore:"  # what the path of mails begins with that were fetched, before a Message-ID


class Level(StrEnum):
    """How much a finding matters: errors will bounce, warnings will be remarked on, notes are matters of taste."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Profile(StrEnum):
    """Whose rules hold for a patch: those of the tree its files go through."""

    DEFAULT = "default"
    TIP = "tip"
    NETDEV = "netdev"
    KVM = "kvm"
    STABLE = "stable"


class Finding(Frozen, frozen=True):
    """One thing to put right.

    Arguments:
        rule: the id of the rule, or ``checkpatch:TYPE`` of a tree's own script
        patch: the label of the patch, and ``summary`` of what it is the summary
        path, line, column: in the file the mail was read from, in the touched file (after the change), or "" and the
            line of a commit's message; line and column count from 1, 0 where they say nothing
        width: how many characters from ``column`` on are meant
        excerpt: the line itself
        fix: what to do about it
        source: the document that asks for it
        fingerprint: names the finding across moved lines and new versions of a series
    """

    rule: str
    level: Level
    patch: str
    summary: str
    path: str
    line: int
    column: int
    width: int
    message: str
    fix: str
    source: str
    excerpt: str
    fingerprint: str


class Skipped(Frozen, frozen=True):
    """A rule (or a suppression) that was not looked at, and why. ``patch`` is "" where it holds for all."""

    rule: str
    reason: str
    patch: str = ""


class Default(Frozen, frozen=True):
    """A default from ``git config patcher.*``: the value of ``name``, the file that sets it, and whether that is the
    user's own, not the repository's. ``why_not`` says why it is not heeded, "" where it is."""

    name: str
    value: str
    file: str
    own: bool
    why_not: str = ""

    @property
    def heeded(self) -> bool:
        """Whether it holds."""
        return not self.why_not

    @property
    def line(self) -> str:
        """What is said of it."""
        not_heeded = f" is not heeded: {self.why_not}" if self.why_not else ""
        return f"patcher.{self.name} = {self.value} from {self.file}{not_heeded}"


class Read(Frozen, frozen=True):
    """A mail or commit that was looked at. ``patch`` is its label; ``message_id`` is without ``<>``, "" where there is
    none; ``change`` is the first line that it changes, path and line after the change, or None."""

    patch: str
    summary: str
    kind: Kind
    message_id: str = ""
    change: tuple[str, int] | None = None


class Outcome(Frozen, frozen=True):
    """All that came out. ``patches`` counts those looked at, ``others`` cover letters, replies and other mails;
    ``hidden`` are findings that a suppression or the baseline hides, ``hidden_notes`` notes that were not asked for;
    ``looked_at`` says which tree mails were held against, and which commit of it; ``defaults`` come from git's
    configuration; findings of the level ``fail_on`` and above count. ``read`` are the mails and commits, in the order
    of the findings."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    patches: int
    others: int
    series: int
    hidden: int
    hidden_notes: int
    profiles: tuple[str, ...]
    looked_at: str = ""
    defaults: tuple[Default, ...] = ()
    fail_on: Level = Level.WARNING
    read: tuple[Read, ...] = ()

    def fails(self, finding: Finding) -> bool:
        """Whether a finding counts."""
        return list(Level).index(finding.level) <= list(Level).index(self.fail_on)

    @property
    def failed(self) -> bool:
        """Whether one of the findings counts."""
        return any(map(self.fails, self.findings))


def in_file(finding: Finding) -> bool:
    """Whether the path of a finding is that of a file."""
    return finding.path not in ("", STDIN) and not finding.path.startswith(LORE)


def places(outcome: Outcome) -> Callable[[Finding], tuple[str, int]]:
    """Where a review of the code shows a finding, as path and line from 1. What is said of the message of a commit, or
    of mail that is in no file, stands at the first line that the patch changes, where there is one."""
    changes = {each.patch: each.change for each in reversed(outcome.read) if each.change}

    def place(finding: Finding) -> tuple[str, int]:
        if not in_file(finding):
            return changes.get(finding.patch, (f"{finding.patch}.patch", 1))
        return finding.path, max(finding.line, 1)

    return place


class Location(NamedTuple):
    """Where a hit is: see ``Finding``. ``column`` counts from 1."""

    path: str
    line: int
    column: int
    width: int
    excerpt: str


class Hit(NamedTuple):
    """What a check says of a location. ``level``: where it differs from the rule's own. ``key`` is what the fingerprint
    is made of where the excerpt is not. ``patch``: whose fault it is, where the check looked at more than one."""

    message: str
    location: Location
    fix: str = ""
    level: Level | None = None
    key: str = ""
    patch: Patch | None = None


class CannotTell(Exception):
    """A check lacks what it needs; its argument says what."""
