"""What lint finds, and what it did not look at."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from patcher.mail.model import Patch
from patcher.model import Frozen


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


class Outcome(Frozen, frozen=True):
    """All that came out. ``patches`` counts those looked at, ``others`` cover letters, replies and other mails;
    ``hidden`` are findings that a suppression or the baseline hides."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    patches: int
    others: int
    series: int
    hidden: int
    profiles: tuple[str, ...]


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
