"""``edits.toml`` of a step: operations on named things, and the pieces of C they bring."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patcher.errors import InputError
from patcher.files import read_text
from patcher.rules.load import decode
from patcher.source.outline import Unreadable, tokens

_TARGETS = ("function", "variable", "macro", "prototype")
_INSIDE = ("replace", "delete", "before", "after", "append")


class EditSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operation. Just one of ``function``, ``variable``, ``macro`` and ``prototype`` names what it works on; the
    file is the one that defines (or declares) it.

    Without ``statement`` and ``code`` the text goes before or after the named thing, or replaces or deletes it. With
    ``statement`` it works on a row of statements inside the function, with ``code`` on a run of tokens there; in both
    ``...`` stands for anything. ``include`` has the file include a header. ``expect``: how many places there must be.
    ``shape``: what the code that goes must be, as ``patcher.source.outline.shape`` tells it: one of these.
    ``text``: the new C, given here or in ``file`` beside this one. ``why``: said of every edit that comes of it.
    """

    why: str
    function: str = ""
    variable: str = ""
    macro: str = ""
    prototype: str = ""
    statement: str = ""
    code: str = ""
    include: str = ""
    action: str = ""
    text: str = ""
    file: str = ""
    expect: int = 1
    shape: tuple[str, ...] = ()

    @property
    def target(self) -> tuple[str, str]:
        """The kind and the name of what it works on."""
        return next((kind, name) for kind in _TARGETS if (name := getattr(self, kind)))


class _Edits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    edit: tuple[EditSpec, ...]


def load_edits(folder: Path) -> tuple[EditSpec, ...]:
    """The operations of one step, each with its text. Raises InputError that names the file and the operation."""
    file = folder / "edits.toml"
    found = []
    for number, edit in enumerate(decode(file, _Edits).edit, 1):
        if fault := _fault(edit):
            raise InputError(f"{file}: edit {number} ({edit.why}): {fault}", "docs/series.md has the fields")
        if edit.file:
            text = read_text(folder / edit.file, below=folder)
            edit = msgspec.structs.replace(edit, text=text)
        found.append(edit)
    return tuple(found)


def _fault(edit: EditSpec) -> str:
    inside = bool(edit.statement) + bool(edit.code)
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
    if bool(edit.text or edit.file) == (edit.action == "delete") or (edit.text and edit.file):
        return "every action but delete needs a text, or a file with it"
    if edit.file and ("/" in edit.file or edit.file.startswith(".")):
        return f"{edit.file!r} is not a file beside it"
    if not inside and edit.action in ("replace", "delete") and not edit.shape:
        return "what replaces or deletes a whole definition has to name the shape of what goes"
    if edit.expect < 1:
        return "expect is at least 1"
    try:
        tokens(edit.statement or edit.code)
    except Unreadable:
        return "the pattern is no C"
    return ""
