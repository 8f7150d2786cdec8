"""What a check finds: the plain values between building and reporting. Paths are relative to the top of the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from patcher.model import Frozen, Packed


class Status(StrEnum):
    """How one check of one commit came out. SKIP and ERROR never count as a pass."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"
    ERROR = "ERROR"


class Severity(StrEnum):
    """How a tool calls what it says."""

    WARNING = "warning"
    ERROR = "error"


class State(StrEnum):
    """How the making of an object came out. FAILED: the code is at fault; ERROR: something else is."""

    BUILT = "built"
    FAILED = "failed"
    ERROR = "error"


class Kind(StrEnum):
    """What a finding is. CONFLICT: a patch does not apply; PROPERTY: one that the P2M code has lost; NOTE: of lint."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    CONFLICT = "conflict"
    PROPERTY = "property"


class Message(Packed, frozen=True):
    """One warning or error of a tool.

    ``line`` counts from 1, 0 where the tool gave none. ``option`` is the warning's, such as ``-Wunused-function``.
    ``source`` is the text of the line without its indentation, ``function`` the one around it, "" at file level.
    Of what a macro or an inline function of another file says, that is where it is used; ``within`` is the line there.
    In the same file, ``within`` is the line that expanded the macro. It is "" for all else.
    """

    severity: Severity
    path: str
    line: int
    message: str
    option: str
    source: str
    function: str
    within: str


class Symbols(Packed, frozen=True):
    """What the symbol table of an object says: what it ``defines`` for others and ``exports`` to modules, and what it
    ``uses``. ``module``: the one it is a part of, "" for the kernel itself."""

    defines: frozenset[str]
    exports: frozenset[str]
    uses: frozenset[str]
    module: str


class Outcome(Packed, frozen=True):
    """One object, made once. ``reason``: why it was not built. ``needs``: the files of the tree that went in.
    ``symbols``: of its table, where that was asked for."""

    target: str
    state: State
    reason: str
    messages: tuple[Message, ...]
    needs: tuple[str, ...]
    symbols: Symbols | None = None


class Finding(Frozen, frozen=True):
    """Something new that a commit brings. ``commit`` is its number in the series, from 1.

    ``configs`` are the configurations that show it, ``targets`` the objects. ``path`` is "" for what is in no file,
    such as the commit's message. ``until`` is the number of the later commit that mends it, 0 where none does.
    ``fingerprint`` names it across moved lines.
    """

    commit: int
    check: str
    kind: Kind
    path: str
    line: int
    function: str
    message: str
    source: str
    configs: tuple[str, ...]
    targets: tuple[str, ...]
    until: int
    fingerprint: str


class Cell(Frozen, frozen=True):
    """One check of one commit. ``count`` is the number of objects that were compiled (or found in the cache)."""

    check: str
    status: Status
    detail: str
    count: int


class Row(Frozen, frozen=True):
    """One commit (``id`` is "" for a patch that did not become one), with a cell for each check."""

    number: int
    id: str
    subject: str
    cells: tuple[Cell, ...]


class Column(Frozen, frozen=True):
    """One check: its name in cells and findings, the tool, the configuration and what that is made of, if any."""

    check: str
    tool: str
    config: str
    made_of: str
    compiler: str


class LeftOut(Frozen, frozen=True):
    """What was not compiled, and why."""

    what: str
    reason: str


class Report(Frozen, frozen=True):
    """The whole check. ``adjustments`` is what was applied so that today's tools take the tree."""

    tree: str
    version: str
    base: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[LeftOut, ...]
    adjustments: tuple[str, ...]
    notes: tuple[str, ...]


def counted(count: int, name: str) -> str:
    """So many of something, such as ``1 object`` or ``2 objects``."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def counts(cells: Sequence[Cell]) -> str:
    """How many cells have which status, such as ``3 PASS, 1 SKIP``."""
    found = Counter(cell.status for cell in cells)
    return ", ".join(f"{found[status]} {status}" for status in Status if found[status])
