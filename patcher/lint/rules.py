"""The lint rules: one file each in ``rules/lint``."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from patcher.errors import InputError
from patcher.files import SMALL, read_file
from patcher.formats import from_toml
from patcher.lint.model import Level
from patcher.pattern import Pattern

PROFILES = ("default", "tip", "netdev", "kvm", "stable")
SUBJECTS = ("message", "tags", "diff", "tree", "series")
WHERE = ("subject", "summary", "body", "below", "added", "path")
_ADVICE = "correct the file; docs/lint.md has the fields"
_EXAMPLES = re.compile(rb"^\[\[example\]\]", re.MULTILINE)


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that is a regular expression. ``where``: what is searched, line by line; ``unless``: a line that matches
    this, too, is left alone; ``path``: for added lines, files whose path matches."""

    where: str
    pattern: str
    unless: str = ""
    path: str = ""


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mail, or several in one mailbox, that shows the rule. Either ``mail``, complete; or ``message`` (subject, empty
    line, text) and ``diff``. ``tree`` are files of the tree it is meant for, ``commits`` its history (id → subject),
    ``recent`` the subjects of newer commits by path."""

    name: str
    fires: bool
    message: str = ""
    diff: str = ""
    mail: str = ""
    profile: str = "default"
    tree: dict[str, str] = {}
    commits: dict[str, str] = {}
    recent: dict[str, tuple[str, ...]] = {}


class LintRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One rule. It holds either ``match`` or ``check``, the name of a function.

    Arguments:
        about: what it looks at: message, tags, diff, tree (after the series) or series
        level: error, warning or note; ``levels`` says otherwise for a profile
        profiles: those it holds for; none means all
        needs: what it cannot do without: "tree", "history"
        covers: whether cover letters are looked at, too
        message: what a finding says, where the check does not; fix: what to do
        explain, source, limits: why it matters, where that is written, what it cannot see
    """

    id: str
    title: str
    about: str
    level: Level
    explain: str
    source: str
    fix: str
    example: tuple[Example, ...] = ()
    message: str = ""
    match: Match | None = None
    check: str = ""
    profiles: tuple[str, ...] = ()
    levels: dict[str, Level] = {}
    needs: tuple[str, ...] = ()
    covers: bool = False
    limits: str = ""

    @cached_property
    def pattern(self) -> Pattern:
        """The compiled pattern of ``match``."""
        assert self.match
        return Pattern(self.match.pattern, f"{self.id}: match.pattern")

    @cached_property
    def unless(self) -> Pattern | None:
        """The compiled exception of ``match``."""
        return Pattern(self.match.unless, f"{self.id}: match.unless") if self.match and self.match.unless else None

    @cached_property
    def paths(self) -> Pattern | None:
        """The compiled paths of ``match``."""
        return Pattern(self.match.path, f"{self.id}: match.path") if self.match and self.match.path else None

    def level_in(self, profile: str) -> Level:
        """Its level where a profile holds."""
        return self.levels.get(profile, self.level)


def load_rules(directory: Path, *, examples: bool = False) -> tuple[LintRule, ...]:
    """The rules of a folder, by id. Examples are read only where they are wanted: they are most of the text.

    Raises InputError that names the file and the place in it.
    """
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise InputError(f"{directory} holds no lint rules", "name the folder rules/lint, or one like it")
    return tuple(_load(file, examples) for file in files)


T = TypeVar("T")


def _load(file: Path, examples: bool) -> LintRule:
    text = read_file(file, most=SMALL)
    begin = _EXAMPLES.search(text)
    rule = from_toml(text if examples or not begin else text[: begin.start()], LintRule, file, _ADVICE)
    _check(file, rule, examples)
    return rule


def _check(file: Path, rule: LintRule, examples: bool) -> None:
    def wrong(what: str) -> InputError:
        return InputError(f"{file}: {what}", _ADVICE)

    if rule.id != file.stem:
        raise wrong(f"the id {rule.id!r} differs from the file's name")
    if rule.about not in SUBJECTS:
        raise wrong(f"about is {rule.about!r}, not one of {', '.join(SUBJECTS)}")
    if (rule.match is None) == (not rule.check):
        raise wrong("it needs either check or [match]")
    if unknown := {*rule.profiles, *rule.levels} - set(PROFILES):
        raise wrong(f"there is no profile {', '.join(sorted(unknown))}")
    if unknown := set(rule.needs) - {"tree", "history"}:
        raise wrong(f"it cannot need {', '.join(sorted(unknown))}, only tree and history")
    if rule.match:
        if rule.match.where not in WHERE:
            raise wrong(f"match.where is {rule.match.where!r}, not one of {', '.join(WHERE)}")
        if not rule.message:
            raise wrong("a rule with [match] needs a message")
        _ = rule.pattern, rule.unless, rule.paths  # raises InputError where one is no regular expression
    if examples and {example.fires for example in rule.example} != {True, False}:
        raise wrong("a rule needs an example that fires and one that does not")
