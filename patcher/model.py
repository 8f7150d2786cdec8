"""The plain values that travel between stages. Imports nothing of ours.

Offsets are bytes in the file as it is stored in the tree (not characters), ends are exclusive. Lines and
columns count from 1, columns in bytes. Paths are relative to the top of the tree, with forward slashes.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Frozen(msgspec.Struct, frozen=True):
    """A frozen value with named fields, as it appears in JSON."""


class Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A frozen value that is stored by the ten thousand: packed as an array in the cache."""


class Span(Packed, frozen=True):
    """Bytes ``start`` to ``end`` of the file at ``path``."""

    path: str
    start: int
    end: int


class How(StrEnum):
    """What a use does with its symbol."""

    TESTED = "tested"
    SET = "set"
    CLEARED = "cleared"
    MASKED = "masked"
    PASSED = "passed on"
    CALLED = "called"
    READ = "read"
    DEFINED = "defined"
    DECLARED = "declared"
    ASSERTED = "asserted"


class Kind(StrEnum):
    """What a definition defines."""

    FUNCTION = "function"
    VARIABLE = "variable"
    MACRO = "macro"
    ENUMERATOR = "enumerator"
    TYPE = "type"


class Definition(Packed, frozen=True):
    """A name the file gives a meaning to.

    ``span`` covers the whole definition, ``name_start`` is the offset of the name in it. ``type`` is the
    spelling of the C type ("" for macros). ``declares`` tells a prototype or an ``extern`` from the
    definition itself. ``mentions`` are the identifiers the body or initialiser uses, sorted.
    """

    kind: Kind
    name: str
    span: Span
    name_start: int
    line: int
    type: str
    static: bool
    declares: bool
    exported: bool
    mentions: tuple[str, ...]
    params: tuple[str, ...]


class Use(Packed, frozen=True):
    """One appearance of a symbol, macro expansions included.

    ``function`` is the enclosing function or variable, or the macro whose body it stands in; "" at file
    level. ``statement`` is the innermost enclosing statement. ``conditions`` are those it runs under, outermost first,
    as source text (``!(…)`` for an else branch). ``callee`` is the call whose argument it is part of.
    ``target`` is the variable or expression the value is assigned to, or "". ``in_return`` tells that the statement
    returns the value.
    """

    symbol: str
    span: Span
    line: int
    column: int
    function: str
    how: How
    statement: Span
    conditions: tuple[str, ...]
    callee: str
    target: str
    in_return: bool


class Call(Packed, frozen=True):
    """A call or the use of a function-like macro: ``callee(args…)``, the arguments as source text."""

    callee: str
    span: Span
    line: int
    function: str
    args: tuple[str, ...]
    conditions: tuple[str, ...]


class Assignment(Packed, frozen=True):
    """``target = value`` in a function, an initialiser included, both as source text; ``op`` is ``=`` or ``+=`` …"""

    function: str
    target: str
    value: str
    op: str


class Edit(Packed, frozen=True):
    """Bytes of a file to be replaced; an empty span inserts. ``because``: what the series says of it."""

    span: Span
    replacement: bytes
    because: str


class Region(Packed, frozen=True):
    """Lines ``start`` to ``end`` (inclusive) that this configuration does not compile, and why."""

    path: str
    start: int
    end: int
    condition: str


class Severity(StrEnum):
    """Of a diagnostic, as the compiler front end has it; CRASH: there is none, as the front end itself ended."""

    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"
    CRASH = "crash"


class Diagnostic(Packed, frozen=True):
    """What the compiler front end said."""

    severity: Severity
    path: str
    line: int
    column: int
    message: str


class FileFacts(Packed, frozen=True):
    """All that was read from one file in one configuration (``profile``).

    ``regions`` and ``diagnostics`` speak of this file only, but ``unit_errors`` counts the error
    diagnostics of the whole translation unit the file was read through.
    """

    path: str
    profile: str
    definitions: tuple[Definition, ...]
    uses: tuple[Use, ...]
    calls: tuple[Call, ...]
    assignments: tuple[Assignment, ...]
    regions: tuple[Region, ...]
    diagnostics: tuple[Diagnostic, ...]
    unit_errors: int


class Verdict(StrEnum):
    """What the identity scheme makes of a special case (``p2m-identity.md``, Verdicts)."""

    REDUNDANT = "redundant"
    REQUIRED = "required"
    PLUMBING = "plumbing"
    UNRELATED = "unrelated"
    UNDECIDED = "undecided"


class Remark(StrEnum):
    """What a person should know of a place that repeats what a call does."""

    UNCHECKED = "whether the call failed is not looked at"
    PRINTED = "the flags are printed before the call"


class Finding(Frozen, frozen=True):
    """A verdict on one place, with its evidence.

    ``span`` is the symbol itself, ``snippet`` the source line without its indentation. ``why`` is one
    sentence; ``evidence`` are ``path:line: text`` places that led to the verdict. ``fingerprint`` names
    the finding across moved lines: it is made of rule, path, function, symbol and snippet.

    Where something else does what the place does: ``calls`` are the functions that are called and do it, ``setters``
    where they do (``f() in path``), ``remarks`` what a person should know besides, ``asks`` the function that asks for
    the result before that, so that the place is needed all the same.
    """

    rule: str
    verdict: Verdict
    path: str
    line: int
    column: int
    function: str
    symbol: str
    snippet: str
    why: str
    evidence: tuple[str, ...]
    fingerprint: str
    calls: tuple[str, ...] = ()
    setters: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    asks: str = ""


class Target(Frozen, frozen=True):
    """A place a step would change. ``line`` is 0 where the symbol is not in the tree yet."""

    path: str
    symbol: str
    line: int


class Split(StrEnum):
    """What becomes one patch."""

    ONE = "one"
    FILE = "file"
    DRIVER = "driver"
    SUBSYSTEM = "subsystem"


class StepStatus(StrEnum):
    """Whether the tree needs a step of the series."""

    NEEDED = "needed"
    PRESENT = "present"
    BLOCKED = "blocked"


class Step(Frozen, frozen=True):
    """One step of a series, as this tree stands to it. ``reason`` says what led to the status."""

    slug: str
    title: str
    status: StepStatus
    reason: str
    targets: tuple[Target, ...]


class Status(StrEnum):
    """How the whole series stands to the tree."""

    APPLICABLE = "applicable"
    PARTLY = "partly-applied"
    ALREADY = "already-applied"
    NOT_APPLICABLE = "not-applicable"


class TextOnly(Frozen, frozen=True):
    """A file that was searched as text and not understood as C."""

    path: str
    reason: str


class SkippedRegion(Frozen, frozen=True):
    """Lines (inclusive) that name a symbol of interest and that no profile compiled."""

    path: str
    start: int
    end: int
    condition: str


class Coverage(Frozen, frozen=True):
    """What was looked at, and what was not. ``confinement``: what keeps libclang from reading files outside of the
    tree, as ``patcher.confine.Way``."""

    files_searched: int
    files_parsed: tuple[str, ...]
    profiles: tuple[str, ...]
    text_only: tuple[TextOnly, ...]
    regions_skipped: tuple[SkippedRegion, ...]
    errors: tuple[str, ...]
    confinement: str


class TreeInfo(Frozen, frozen=True):
    """The tree a plan speaks of. ``commit`` is "" for a directory that is no repository. ``worktree`` tells that
    uncommitted files were read, on top of the commit."""

    commit: str
    worktree: bool
    version: str
    arch: str
    profile: str
    config_source: str


class Plan(Frozen, frozen=True):
    """What a series would mean for a tree."""

    tree: TreeInfo
    series: str
    scope: str
    status: Status
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    coverage: Coverage
