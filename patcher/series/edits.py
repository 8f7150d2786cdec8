"""``edits.toml`` of a step: operations on named things, and the pieces of C they bring."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patcher.errors import InputError
from patcher.files import read_text
from patcher.rules.load import decode
from patcher.source import meta
from patcher.source.outline import Outline, Unreadable

_TARGETS = ("function", "variable", "macro", "prototype")
_INSIDE = ("replace", "delete", "before", "after", "append")


class EditSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operation. Just one of ``function``, ``variable``, ``macro`` and ``prototype`` names what it works on; the
    file is the one that defines (or declares) it; where there are several, the one in which it has a ``shape`` that is
    given.

    Without ``statement`` and ``code`` the text goes before or after the named thing, or replaces or deletes it. With
    ``statement`` it works on a row of statements inside the function, with ``code`` on a run of tokens there; in both
    ``...`` stands for anything. ``include`` has the file include a header. ``expect``: how many places there must be,
    one unless said; with ``every`` any number but none. ``comment``: the comment that stands directly above a statement
    is replaced or deleted with it.

    ``new`` brings a new file of this path. ``path`` with ``entry`` names a place in a Kconfig (``config XEN``), a
    Makefile (``obj-$(CONFIG_XEN)``, a target), MAINTAINERS (its first line), a devicetree (a node or label), or a
    document (a section's title), and ``line`` one line there.

    Without a name, ``over`` (git pathspecs) has it work wherever the pattern is found in these files, be it in a
    function, an initialiser or a macro, and ``for_each`` where that rule of plan has found something: on the smallest
    match around. ``action`` "omit" takes what that rule has found out of the ``|`` it is an operand of, with all that
    becomes empty. There ``$name`` in the pattern stands for an expression, and for the same in ``text``; ``expect`` is
    any number unless said.
    ``shape``: what the code that goes must be, as ``patcher.source.outline.shape`` tells it: one of these. ``value``:
    what a macro that goes must be worth, in any words.
    ``text``: the new C, given here or in ``file`` beside this one. ``why``: said of every edit that comes of it.
    """

    why: str
    function: str = ""
    variable: str = ""
    macro: str = ""
    prototype: str = ""
    new: str = ""
    path: str = ""
    entry: str = ""
    line: str = ""
    over: tuple[str, ...] = ()
    for_each: str = msgspec.field(default="", name="for-each")
    statement: str = ""
    code: str = ""
    include: str = ""
    action: str = ""
    text: str = ""
    file: str = ""
    expect: int = 0
    every: bool = False
    comment: bool = False
    shape: tuple[str, ...] = ()
    value: str = ""

    @property
    def target(self) -> tuple[str, str]:
        """The kind and the name of what it works on; "" where no name tells."""
        return next(((kind, name) for kind in _TARGETS if (name := getattr(self, kind))), ("", ""))

    @property
    def wide(self) -> bool:
        """Whether it works on whatever fits."""
        return bool(self.over or self.for_each)

    @property
    def elsewhere(self) -> bool:
        """Whether it works on a file by its path."""
        return bool(self.new or self.path)

    @property
    def wanted(self) -> int:
        """How many places a named thing must have."""
        return self.expect or 1


class FormSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form that a function has in some trees, and what is to be edited where it has this one.

    ``body``: all the function's statements; ``...`` stands for anything. A tree has just one form of a function. A form
    without edits is one in which the function does already what the step is to bring.
    """

    function: str
    body: str
    edit: tuple[EditSpec, ...] = ()


class StepEdits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The operations of a step: those that every tree needs, and those that go with a form of a function."""

    edit: tuple[EditSpec, ...] = ()
    form: tuple[FormSpec, ...] = ()

    def by_function(self) -> tuple[tuple[FormSpec, ...], ...]:
        """The forms, those of one function together."""
        functions = dict.fromkeys(form.function for form in self.form)
        return tuple(tuple(form for form in self.form if form.function == name) for name in functions)

    @property
    def every(self) -> tuple[EditSpec, ...]:
        """The edits of all forms."""
        return (*self.edit, *(edit for form in self.form for edit in form.edit))

    @property
    def wide(self) -> tuple[EditSpec, ...]:
        """The edits that are made wherever something fits."""
        return tuple(edit for edit in self.edit if edit.wide)

    @property
    def elsewhere(self) -> tuple[EditSpec, ...]:
        """The edits of files by their path."""
        return tuple(edit for edit in self.edit if edit.elsewhere)

    @property
    def named(self) -> StepEdits:
        """The others."""
        own = tuple(edit for edit in self.edit if not edit.wide and not edit.elsewhere)
        return msgspec.structs.replace(self, edit=own)

    @property
    def targets(self) -> frozenset[str]:
        """The names of all that is worked on."""
        named = self.named
        return frozenset(edit.target[1] for edit in named.every).union(form.function for form in named.form)


def load_edits(folder: Path) -> StepEdits:
    """The operations of one step, each with its text. Raises InputError that names the file and the operation."""
    file = folder / "edits.toml"
    found = decode(file, StepEdits)
    if not (found.edit or found.form):
        raise InputError(f"{file} has no edit", "docs/series.md has the fields")
    edits = _with_texts(file, "edit", found.edit)
    forms = []
    for number, form in enumerate(found.form, 1):
        if not (form.function and form.body.strip() and _pairs(form.body)):
            raise InputError(f"{file}: form {number} needs a function and its body as C", "see docs/series.md")
        edit = _with_texts(file, f"form {number}, edit", form.edit)
        forms.append(msgspec.structs.replace(form, edit=edit))
    return StepEdits(edits, tuple(forms))


def _with_texts(file: Path, what: str, edits: tuple[EditSpec, ...]) -> tuple[EditSpec, ...]:
    found = []
    for number, edit in enumerate(edits, 1):
        if fault := _fault(edit):
            raise InputError(f"{file}: {what} {number} ({edit.why}): {fault}", "docs/series.md has the fields")
        if edit.file:
            edit = msgspec.structs.replace(edit, text=read_text(file.parent / edit.file, below=file.parent))
            if edit.wide and (fault := _wide_fault(msgspec.structs.replace(edit, file=""))):
                raise InputError(f"{file}: {what} {number} ({edit.why}): {fault}", "docs/series.md has the fields")
        found.append(edit)
    return tuple(found)


def _fault(edit: EditSpec) -> str:
    inside = bool(edit.statement) + bool(edit.code)
    if edit.elsewhere:
        return _path_fault(edit)
    if edit.entry or edit.line:
        return "entry and line go with a path"
    if edit.wide:
        return _wide_fault(edit)
    if sum(bool(getattr(edit, kind)) for kind in _TARGETS) != 1:
        return f"it needs just one of {', '.join(_TARGETS)}"
    if edit.include:
        return "an include has no action and no text" if edit.action or edit.text or edit.file or inside else ""
    if edit.action not in _INSIDE:
        return f"action is {edit.action!r}, not one of {', '.join(_INSIDE)}"
    if inside > 1 or (inside and not edit.function):
        return "statement or code, one of the two, is looked for inside a function"
    if edit.action == "append" and not edit.statement:
        return "append goes with a statement"
    if edit.comment and not (edit.statement and edit.action in ("replace", "delete")):
        return "a comment goes with a statement that is replaced or deleted"
    if bool(edit.text or edit.file) == (edit.action == "delete") or (edit.text and edit.file):
        return "every action but delete needs a text, or a file with it"
    if edit.file and ("/" in edit.file or edit.file.startswith(".")):
        return f"{edit.file!r} is not a file beside it"
    if not inside and edit.action in ("replace", "delete") and not (edit.shape or edit.value):
        return "what replaces or deletes a whole definition has to name the shape, or the value, of what goes"
    if edit.value and not (edit.macro and edit.action in ("replace", "delete")):
        return "only a macro that goes has a value"
    if edit.expect < 0:
        return "expect is at least 1"
    return "the brackets of the statement do not pair" if edit.statement and not _pairs(edit.statement) else ""


def _path_fault(edit: EditSpec) -> str:
    given = edit.new or edit.path
    others = (*(getattr(edit, kind) for kind in _TARGETS), edit.statement, edit.code, edit.include, edit.shape)
    if any(others) or edit.value or edit.wide or edit.expect or (edit.new and edit.path):
        return "new or path, one of the two, goes with no name, pattern, include, shape, value or expect"
    if given.startswith("/") or given.endswith("/") or {"", ".", "..", ".git"} & set(given.split("/")):
        return f"{given!r} is no path in a tree"
    if bool(edit.text or edit.file) == (edit.action == "delete") or (edit.text and edit.file):
        return "every action but delete needs a text, or a file with it"
    if edit.file and ("/" in edit.file or edit.file.startswith(".")):
        return f"{edit.file!r} is not a file beside it"
    if edit.new:
        return "a new file has no entry, line or action" if edit.entry or edit.line or edit.action else ""
    if not edit.entry:
        return "a path needs the entry that is worked on"
    return "" if edit.action in _INSIDE else f"action is {edit.action!r}, not one of {', '.join(_INSIDE)}"


def _wide_fault(edit: EditSpec) -> str:
    if edit.action == "omit":
        given = [
            name for name in (*_TARGETS, "statement", "code", "include", "text", "file", "value") if getattr(edit, name)
        ]
        return "omit goes with for-each, why and expect alone" if given or edit.over or edit.shape else ""
    asked = meta.pattern(edit.statement or edit.code)
    if any(getattr(edit, kind) for kind in _TARGETS) or edit.include or edit.shape or edit.value:
        return "over and for-each go with statement or code, and with no name, include, shape or value"
    if bool(edit.over) == bool(edit.for_each):
        return "over or for-each, one of the two"
    if bool(edit.statement) == bool(edit.code):
        return "over and for-each need a statement or code"
    if edit.code and not asked.closed:
        return "code begins and ends with a token of C, not with $name or ...: else it is not plain where"
    if edit.over and not asked.words:
        return "it has no word of its own, so that all files would be looked at"
    if edit.action not in _INSIDE or (edit.action == "append" and edit.code):
        return f"action is {edit.action!r}, not one of {', '.join(_INSIDE)} (append for a statement)"
    if bool(edit.text or edit.file) == (edit.action == "delete") or (edit.text and edit.file):
        return "every action but delete needs a text, or a file with it"
    if edit.file and ("/" in edit.file or edit.file.startswith(".")):
        return f"{edit.file!r} is not a file beside it"
    if name := meta.unknown(edit.text, asked):
        return f"the pattern has no ${name}, so that it is not known what to write for it"
    return "the brackets of the statement do not pair" if edit.statement and not _pairs(edit.statement) else ""


def _pairs(code: str) -> bool:
    try:
        Outline(b"void f(void) {" + code.replace("$", "").encode() + b"}")
    except Unreadable:
        return False
    return True
