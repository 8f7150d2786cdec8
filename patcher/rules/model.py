"""What rule files say: rules, the subjects they speak of, and the group they stand in."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from patcher.model import How, Verdict


class Role(StrEnum):
    """What a use has to do with its subject: it names a flag, or a function that exists only for the flag."""

    FLAG = "flag"
    HELPER = "helper"


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rules of a group speak of.

    ``flag``: a macro; the macros whose bodies hold it count with it. ``helpers``: so do the functions that exist only
    for it.
    ``calls``: functions (or function-like macros) whose calls are looked at; ``frame``: which of their arguments is
    the frame or its address, from 0, where it is not the third; -1 where the vma says it. ``area``: the flag is one of
    a vma's, so that it is followed what else sets it.
    """

    name: str
    flag: tuple[str, ...] = ()
    helpers: bool = False
    calls: tuple[str, ...] = ()
    frame: dict[str, int] = {}
    area: bool = False


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of rules. ``scopes`` maps the name of a scope to git pathspecs: where the subjects are looked for.
    ``anchored``: where the code that a series changes is looked for. ``everywhere``: it is about the code of all
    architectures, not only about what x86 builds."""

    title: str
    subject: tuple[Subject, ...]
    scopes: dict[str, tuple[str, ...]]
    anchored: tuple[str, ...]
    everywhere: bool = False


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a use must be for a rule to fire: all that is given must hold. Texts are regular expressions (whole match)
    unless said otherwise; so is ``subject``, for a rule that is asked of several.

    ``role``: None for either; ``how``: what the use does; ``holds``: named matchers (``patcher.rules.matchers``),
    ``lacks``: named matchers that must not hold; ``mentions``: the enclosing function names one of these.
    """

    subject: str
    role: Role | None = None
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


class ExampleResult(msgspec.Struct, frozen=True):
    """How an example came out. ``fired``: the rules that found something in it;
    ``errors``: what clang said of it."""

    rule: str
    example: str
    wanted: bool
    fired: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the example shows what it says it shows."""
        return not self.errors and (self.rule in self.fired) == self.wanted
