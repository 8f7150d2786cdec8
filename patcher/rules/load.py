"""Rule files and the group they stand in.

``rules/GROUP/group.toml`` names the subjects that the group's rules speak of; every other ``rules/GROUP/*.toml`` is
one rule with its examples.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from patcher.errors import InputError
from patcher.files import SMALL, present, read_file
from patcher.formats import from_toml
from patcher.pattern import pattern
from patcher.rules.matchers import MATCHERS
from patcher.rules.model import Group, Rule, RuleSet
from patcher.template import fault

FILLED_IN = frozenset({"symbol", "function", "callee", "target", "how", "reason"})
NO_RULES = RuleSet("", Group("", (), {}, ()), (), ())  # of a series that asks none
_ADVICE = "correct the file; docs/rules.md has the fields"

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
    def wrong(what: str) -> InputError:
        return InputError(f"{file}: {what}", _ADVICE)

    if rule.id != file.stem:
        raise wrong(f"the id {rule.id!r} differs from the file's name")
    asked = pattern(rule.match.subject, f"{file}: match.subject")
    if not any(asked.fullmatch(subject.name) for subject in group.subject):
        raise wrong(f"there is no subject {rule.match.subject!r} in group.toml")
    for name in (*rule.match.holds, *rule.match.lacks):
        if name not in MATCHERS:
            raise wrong(f"there is no matcher {name!r}; there are {', '.join(sorted(MATCHERS))}")
    for field in ("symbol", "function", "callee", "target", "path"):
        pattern(getattr(rule.match, field), f"{file}: match.{field}")
    if said := fault(rule.why, FILLED_IN):
        raise wrong(f"why: {said}")
    if {example.fires for example in rule.example} != {True, False}:
        raise wrong("a rule needs an example that fires and one that does not")
