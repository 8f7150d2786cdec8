"""Suppressions: in ``.patcher.toml`` at the top of a tree, or below the ``---`` of a patch; each with a reason."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from patcher.errors import InputError
from patcher.files import SMALL, read_file
from patcher.formats import from_toml
from patcher.lazy import expression
from patcher.lint.model import Skipped
from patcher.mail.model import Patch

NAME = ".patcher.toml"
_LINE = expression(r"\s*Patcher-ignore:\s*(\S+)\s*(.*)", re.IGNORECASE)
_NEVER = frozenset({"path-escape", "suppression"})  # what protects the reader is not hidden by what is read


class Ignore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Do not report ``rule`` (an id; ``*`` stands for any letters), in files that match ``path`` if it is given."""

    rule: str
    reason: str
    path: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ignore: tuple[Ignore, ...] = ()


def read(file: Path) -> tuple[Ignore, ...]:
    """The suppressions of a ``.patcher.toml``. It can hold nothing else: a file of a tree grants no trust.

    Raises InputError that names the place in it.
    """
    content = read_file(file, most=SMALL, below=file.parent)
    advice = "it holds [[ignore]] with rule, reason and path, and nothing else"
    found = from_toml(content, _File, file, advice).ignore
    for each in found:
        if not each.reason.strip():
            raise InputError(
                f"{file}: {each.rule} is ignored without a reason", "say why, for those who come after you"
            )
    return found


class Ignores:
    """Suppressions and whether they were used. ``rules``: the ids of the rules."""

    def __init__(self, of_tree: Iterable[Ignore], rules: Collection[str], where: str = NAME) -> None:
        self._of_tree = dict.fromkeys(of_tree, False)
        self._rules = rules
        self._where = where
        self._of_patch: dict[tuple[str, str], bool] = {}
        self._wrong: list[Skipped] = []

    def add(self, patch: Patch) -> None:
        """Read the suppressions of a patch, below its ``---``."""
        for line in patch.below:
            match = _LINE.match(line)
            if not match:
                continue
            rule, reason = match.groups()
            if not reason.strip():
                self._wrong.append(
                    Skipped("suppression", f"Patcher-ignore: {rule} gives no reason, so it is not heeded", patch.label)
                )
            elif rule not in self._rules and not rule.startswith("checkpatch:"):
                self._wrong.append(Skipped("suppression", f"Patcher-ignore: there is no rule {rule}", patch.label))
            else:
                self._of_patch[patch.label, rule] = False

    def hides(self, rule: str, patch: Patch, path: str) -> bool:
        """Whether a finding is not to be shown."""
        if rule in _NEVER:
            return False
        hidden = False
        if (patch.label, rule) in self._of_patch:
            self._of_patch[patch.label, rule] = hidden = True
        for each in self._of_tree:
            if fnmatch.fnmatchcase(rule, each.rule) and (not each.path or fnmatch.fnmatchcase(path, each.path)):
                self._of_tree[each] = hidden = True
        return hidden

    def unused(self) -> Iterable[Skipped]:
        """Suppressions that hid nothing, or could not."""
        yield from self._wrong
        for (label, rule), used in self._of_patch.items():
            if not used:
                yield Skipped("suppression", f"Patcher-ignore: {rule} hides nothing; remove it", label)
        for each, used in self._of_tree.items():
            if not used:
                where = f" in {each.path}" if each.path else ""
                yield Skipped("suppression", f"{self._where}: ignoring {each.rule}{where} hid nothing this time")
