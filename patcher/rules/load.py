"""Rule files and the group they stand in.

``rules/GROUP/group.toml`` names the subjects that the group's rules speak of; every other ``rules/GROUP/*.toml`` is
one rule with its examples.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from patcher.errors import InputError
from patcher.files import SMALL, present, read_file
from patcher.formats import from_toml
from patcher.model import How, Verdict
from patcher.pattern import pattern
from patcher.template import fault

FILLED_IN = frozenset({"symbol", "function", "callee", "target", "how"})
_ADVICE = "correct the file; docs/rules.md has the fields"


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rules of a group speak of.

    ``flag``: a macro; the macros whose bodies hold it count with it. ``helpers``: so do the functions that exist only
    for it.
    ``calls``: functions (or function-like macros) whose calls are looked at.
    """

    name: str
    flag: tuple[str, ...] = ()
    helpers: bool = False
    calls: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of rules. ``scopes`` maps the name of a scope to git pathspecs: where the subjects are looked for.
    ``anchored``: where the code that a series changes is looked for."""

    title: str
    subject: tuple[Subject, ...]
    scopes: dict[str, tuple[str, ...]]
    anchored: tuple[str, ...]


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a use must be for a rule to fire: all that is given must hold. Texts are regular expressions (whole match)
    unless said otherwise.

    ``role``: "flag" or "helper"; ``how``: what the use does; ``holds``: named matchers (``patcher.rules.matchers``),
    ``lacks``: named matchers that must not hold; ``mentions``: the enclosing function names one of these.
    """

    subject: str
    role: str = ""
    symbol: str = ""
    how: tuple[How, ...] = ()
    function: str = ""
    callee: str = ""
    target: str = ""
    path: str = ""
    mentions: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """C that shows the rule: ``fires`` tells whether this rule gives a verdict on a use in ``code``."""

    name: str
    fires: bool
    code: str
    path: str = "arch/x86/xen/mmu.c"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. ``order``: of the rules that match, the one with the lowest order decides. ``why`` is the sentence a
    finding shows; ``{symbol}``, ``{function}``, ``{callee}`` and ``{target}`` in it are filled in."""

    id: str
    title: str
    verdict: Verdict
    order: int
    why: str
    explain: str
    source: str
    match: Match
    example: tuple[Example, ...]
    limits: str = ""


class RuleSet(msgspec.Struct, frozen=True):
    """A group with its rules in the order they are tried. ``digest`` is their text."""

    name: str
    group: Group
    rules: tuple[Rule, ...]
    texts: tuple[bytes, ...]


T = TypeVar("T")


def load_group(directory: Path) -> RuleSet:
    """The rules of one folder. Raises InputError that names the file and the place in it."""
    if not present(directory / "group.toml"):
        raise InputError(f"{directory} holds no rules", "a rule folder has a group.toml; see docs/rules.md")
    files = sorted(file for file in directory.glob("*.toml") if file.name != "group.toml")
    group = decode(directory / "group.toml", Group)
    rules = [decode(file, Rule) for file in files]
    for file, rule in zip(files, rules, strict=True):
        _check(file, rule, group)
    texts = tuple(read_file(file, most=SMALL) for file in [directory / "group.toml", *files])
    return RuleSet(directory.name, group, tuple(sorted(rules, key=lambda rule: (rule.order, rule.id))), texts)


def decode(file: Path, kind: type[T]) -> T:
    """A TOML file as ``kind``, strictly. Raises InputError with the file and the place."""
    return from_toml(read_file(file, most=SMALL), kind, file, _ADVICE)


def _check(file: Path, rule: Rule, group: Group) -> None:
    from patcher.rules.matchers import MATCHERS

    def wrong(what: str) -> InputError:
        return InputError(f"{file}: {what}", _ADVICE)

    if rule.id != file.stem:
        raise wrong(f"the id {rule.id!r} differs from the file's name")
    if rule.match.subject not in {subject.name for subject in group.subject}:
        raise wrong(f"there is no subject {rule.match.subject!r} in group.toml")
    for name in (*rule.match.holds, *rule.match.lacks):
        if name not in MATCHERS:
            raise wrong(f"there is no matcher {name!r}; there are {', '.join(sorted(MATCHERS))}")
    if rule.match.role not in ("", "flag", "helper"):
        raise wrong(f"role is {rule.match.role!r}, not 'flag' or 'helper'")
    for field in ("symbol", "function", "callee", "target", "path"):
        pattern(getattr(rule.match, field), f"{file}: match.{field}")
    if said := fault(rule.why, FILLED_IN):
        raise wrong(f"why: {said}")
    if {example.fires for example in rule.example} != {True, False}:
        raise wrong("a rule needs an example that fires and one that does not")
