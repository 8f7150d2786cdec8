"""The lint rules: one file each, named by its id, in ``rules/lint`` or in a folder of the user's own."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from patcher import data
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.files import SMALL, read_file
from patcher.formats import from_toml
from patcher.lazy import expression
from patcher.lint import checks, pattern
from patcher.lint.gate import Gate
from patcher.lint.model import Level, Profile
from patcher.lint.pattern import Match
from patcher.lint.register import CHECKS, About, Check, Registered

_ADVICE = "correct the file; docs/lint.md has the fields"
_EXAMPLES = expression(rb"^\[\[example\]\]", re.MULTILINE)
_CODE = ", ".join(module.__name__.rpartition(".")[2] for module in checks.MODULES)


class Need(StrEnum):
    """What a rule cannot do without."""

    TREE = "tree"
    HISTORY = "history"


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mail, or several in one mailbox, that shows the rule. Either ``mail``, complete; or ``message`` (subject, empty
    line, text) and ``diff``. ``tree`` are files of the tree it is meant for, ``commits`` its history (id → subject),
    ``recent`` the subjects of newer commits by path."""

    name: str
    fires: bool
    message: str = ""
    diff: str = ""
    mail: str = ""
    profile: Profile = Profile.DEFAULT
    tree: dict[str, str] = {}
    commits: dict[str, str] = {}
    recent: dict[str, tuple[str, ...]] = {}


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a rule file says.

    Arguments:
        level: error, warning or note; ``levels`` says otherwise for a profile
        profiles: those it holds for; none means all
        needs: what it cannot do without
        covers: whether cover letters are looked at, too
        match: the pattern that it is, or several; without one, the function of its name in ``patcher.lint.checks``
            decides
        checkpatch: the types under which checkpatch.pl says the same; where the rule has spoken, they are left out
        fix: what to do, where a finding does not say it
        explain, source, limits: why it matters, where that is written, what it cannot see
    """

    title: str
    level: Level
    explain: str
    source: str
    fix: str
    example: tuple[Example, ...] = ()
    match: Match | tuple[Match, ...] | None = None
    profiles: tuple[Profile, ...] = ()
    levels: dict[Profile, Level] = {}
    needs: tuple[Need, ...] = ()
    covers: bool = False
    checkpatch: tuple[str, ...] = ()
    limits: str = ""


class LintRule(RuleFile, frozen=True, kw_only=True):
    """A rule that can be run: ``check`` is given what the rule is about, if that passes the ``gate``."""

    id: str
    about: About
    check: Check
    gate: Gate

    def level_in(self, profile: str) -> Level:
        """Its level where a profile holds."""
        return next((level for each, level in self.levels.items() if each == profile), self.level)


def shipped(cache: Cache | None = None, *, examples: bool = False) -> tuple[LintRule, ...]:
    """The shipped rules, by id; what their files say is remembered in a ``cache``.

    Raises InputError that names what is missing: a file for a function, or a function for a file.
    """
    directory = data.directory("rules") / "lint"
    rules = load_rules(directory, examples=examples, trusted=True, cache=cache)
    if without := sorted(CHECKS.keys() - {rule.id for rule in rules if not rule.match}):
        raise InputError(f"{directory} has no rule for the checks {', '.join(without)}", "add a file ID.toml for each")
    return rules


def with_own(rules: Sequence[LintRule], directory: Path) -> tuple[LintRule, ...]:
    """Rules, and those of the user's own folder beside them. Raises InputError where an id is there twice."""
    own = load_rules(directory)
    if twice := sorted({rule.id for rule in rules} & {rule.id for rule in own}):
        raise InputError(f"{directory / twice[0]}.toml has the name of a shipped rule", "give it another")
    return (*rules, *own)


def by_checkpatch(rules: Iterable[LintRule]) -> dict[str, list[str]]:
    """Types of checkpatch.pl, and the ids of the rules that say the same."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        for each in rule.checkpatch:
            found.setdefault(each, []).append(rule.id)
    return found


def load_rules(
    directory: Path, *, examples: bool = False, trusted: bool = False, cache: Cache | None = None
) -> tuple[LintRule, ...]:
    """The rules of a folder, by id. Examples are read only where they are wanted: they are most of the text.
    ``trusted``: expressions are our own, and need no bound on the time they take. What files without examples say is
    remembered in a ``cache``.

    Raises InputError that names the file and the place in it.
    """
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise InputError(f"{directory} holds no lint rules", "name the folder rules/lint, or one like it")
    texts = [read_file(file, most=SMALL) for file in files]
    read = None
    if cache and not examples:
        key = f"lint rules {hashlib.sha256(msgspec.json.encode((RuleFile.__struct_fields__, texts))).hexdigest()}"
        with contextlib.suppress(InputError):  # where nothing can be kept, it is read anew
            read = cache.load(key, msgspec.json.Decoder(list[RuleFile]).decode)
    if read is None:
        read = [_read(file, text, examples) for file, text in zip(files, texts, strict=True)]
        if cache and not examples:
            with contextlib.suppress(InputError):
                cache.put(key, msgspec.json.encode(read))
    return tuple(_load(file, each, examples, trusted) for file, each in zip(files, read, strict=True))


def _read(file: Path, text: bytes, examples: bool) -> RuleFile:
    begin = _EXAMPLES.search(text)
    return from_toml(text if examples or not begin else text[: begin.start()], RuleFile, file, _ADVICE)


def _load(file: Path, read: RuleFile, examples: bool, trusted: bool) -> LintRule:
    try:
        does = _check(file, read, trusted)
    except (ValueError, re.error) as error:
        raise InputError(f"{file}: {error}", _ADVICE) from error
    if examples and {example.fires for example in read.example} != {True, False}:
        raise InputError(f"{file}: a rule needs an example that fires and one that does not", _ADVICE)
    fields = {name: getattr(read, name) for name in RuleFile.__struct_fields__}
    return LintRule(id=file.stem, about=does.about, check=does.check, gate=does.gate, **fields)


def _check(file: Path, rule: RuleFile, trusted: bool) -> Registered:
    """What the rule does. Raises ValueError where that is not one thing."""
    registered = CHECKS.get(file.stem)
    function = f"{file.stem.replace('-', '_')}()"
    if rule.match and registered:
        raise ValueError(f"it has a [match], and {function} of patcher decides as well")
    if rule.match:
        matches = (rule.match,) if isinstance(rule.match, Match) else rule.match
        return pattern.checks(matches, str(file), trusted=trusted)
    if registered is None:
        raise ValueError(f"it has no [match], and there is no function {function} in lint/checks ({_CODE})")
    return registered
