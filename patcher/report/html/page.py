"""What a page shows: frozen values between what a layer found and the templates. Texts may be a tree's or a mail's."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from markupsafe import Markup

from patcher.report.html.diff import Shown


class Tone(StrEnum):
    """How a word is coloured; the word itself says what it means."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ODD = "odd"
    IDLE = "idle"
    INFO = "info"


class Mark(NamedTuple):
    """A status, level or verdict."""

    word: str
    tone: Tone


class Excerpt(NamedTuple):
    """A line of source: what is meant, and what stands before and behind it."""

    before: str
    meant: str = ""
    after: str = ""


class Finding(NamedTuple):
    """``anchor`` is the name that a link to it has; ``place`` is ``path:line``; ``rule`` what found it. ``more``: label
    and text of what else there is to say."""

    anchor: str
    mark: Mark
    place: str
    text: str
    rule: str
    excerpt: Excerpt | None
    more: tuple[tuple[str, str], ...] = ()


class Group(NamedTuple):
    """The findings of one file."""

    name: str
    findings: tuple[Finding, ...]


class Told(NamedTuple):
    """What cells of one patch say, and which columns say it."""

    mark: Mark
    text: str
    where: str


class Patch(NamedTuple):
    """One commit or mail. ``label``: its number among all; ``about``: who wrote it, and when; ``words``: all marks it
    has, to filter by; ``diff`` is None where it is not shown, ``later``: it is laid out when it is unfolded."""

    anchor: str
    label: str
    subject: str
    commit: str
    about: str
    words: tuple[str, ...]
    told: tuple[Told, ...] = ()
    groups: tuple[Group, ...] = ()
    message: str = ""
    diff: Shown | None = None
    later: bool = False


class Column(NamedTuple):
    """``about`` says what a name is short for, "" where there is no more to say."""

    name: str
    about: str = ""


class Row(NamedTuple):
    """``anchor``: what the row leads to, "" for nothing."""

    anchor: str
    label: str
    name: str
    cells: tuple[Mark, ...]


class Matrix(NamedTuple):
    """Rows and checks. ``caption`` says what a cell tells; ``of``: what a row is."""

    caption: str
    of: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


class Verdicts(NamedTuple):
    """Findings that have one mark in common, by file. ``folded``: they are of no interest to most."""

    anchor: str
    mark: Mark
    meaning: str
    groups: tuple[Group, ...]
    folded: bool


class Table(NamedTuple):
    """``wide``: which column takes the room."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | Mark, ...], ...]


class Gaps(NamedTuple):
    """What one stage did not look at: what, and why. ``note``: what is said of all of it."""

    stage: str
    gaps: tuple[tuple[str, str], ...]
    note: str = ""


class View(NamedTuple):
    """A picture of the P2M: drawn, its numbers in words, and as text."""

    title: str
    svg: Markup
    lines: tuple[str, ...]
    text: str


class Scene(NamedTuple):
    """Commits ``first`` to ``last`` (0: the base) with one picture; ``subject`` and ``commit`` are the first one's.

    ``bar`` is None where there is no picture, and then ``told`` says why; else that is what the first commit changes.
    ``still``: the numbers of those that leave it so. ``view`` is None where the picture is not drawn here; ``chosen``:
    it is shown at first.
    """

    anchor: str
    first: int
    last: int
    subject: str
    commit: str
    bar: Markup | None
    told: tuple[str, ...]
    still: str
    view: View | None
    chosen: bool


class Film(NamedTuple):
    """The P2M of a machine from commit to commit; ``last``: the number of the last; ``end``: up to where bars go;
    ``cut``: how many pictures are not drawn."""

    machine: str
    end: str
    last: int
    scenes: tuple[Scene, ...]
    cut: int


class Steps(NamedTuple):
    """Commands to be given again, with what is said before them."""

    said: str
    commands: tuple[str, ...]


Content = Matrix | Steps | Film | tuple[Patch | Verdicts | Table | Gaps, ...]


class Section(NamedTuple):
    """``part``: which template of ``parts/`` shows the content."""

    anchor: str
    title: str
    size: str
    part: str
    content: Content


class Tile(NamedTuple):
    """A figure at the top, and the section that it leads to."""

    figure: str
    label: str
    tone: Tone
    anchor: str


class Page(NamedTuple):
    """The whole page. ``verdict`` and ``line``: how it came out, in a word and in a sentence; ``facts``: name and text
    of what was looked at; ``made_by``: names and versions of tools."""

    command: str
    title: str
    verdict: Mark
    line: str
    facts: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    made_by: str
