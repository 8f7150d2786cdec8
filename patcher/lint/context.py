"""What checks may ask besides the patch itself: the tree before and after the series, its history, its maintainers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from patcher.lint.diff import DoesNotApply, applied
from patcher.lint.maintainers import Maintainers
from patcher.lint.model import CannotTell
from patcher.mail.diff import Diff
from patcher.mail.model import Patch
from patcher.tree.history import History
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree


class Context:
    """What a run knows. ``base`` is the tree the series is meant for, before any of its patches; None where there is
    none. ``now`` grows with every patch that is applied; for commits it is the tree of the last one, ``tip``."""

    def __init__(
        self,
        base: KernelTree | None,
        history: History | None,
        *,
        full_history: bool = True,
        tip: KernelTree | None = None,
    ) -> None:
        self.base = base
        self._history = history
        self.full_history = full_history
        latest = tip or base
        self.now = PatchedTree(latest, {}) if latest else None
        self.broken = ""  # why the tree after the series is not known, if it is not

    @property
    def tree(self) -> KernelTree:
        """The tree before the series. Raises CannotTell where there is none."""
        if self.base is None:
            raise CannotTell("there is no tree (--tree)")
        return self.base

    @property
    def after(self) -> PatchedTree:
        """The tree as it is after what was applied so far. Raises CannotTell where that is not known."""
        if self.now is None:
            raise CannotTell("there is no tree (--tree)")
        if self.broken:
            raise CannotTell(self.broken)
        return self.now

    @property
    def history(self) -> History:
        """The history up to the base. Raises CannotTell where there is none."""
        if self._history is None:
            raise CannotTell("there is no history (--tree with a git repository)")
        if not self.full_history:
            raise CannotTell("the clone is shallow")
        return self._history

    @property
    def has_history(self) -> bool:
        """Whether there is one."""
        return self._history is not None and self.full_history

    @cached_property
    def maintainers(self) -> Maintainers | None:
        """The tree's MAINTAINERS."""
        text = self.base.read(["MAINTAINERS"]).get("MAINTAINERS") if self.base is not None else None
        return Maintainers(text.decode("utf-8", "replace")) if text else None

    @cached_property
    def has_licenses(self) -> bool:
        """Whether the tree has the LICENSES directory, and with it the rule on SPDX lines (Linux 4.16 and later)."""
        return self.base is None or bool(self.base.read(["LICENSES/preferred/GPL-2.0"]))

    def apply(self, patch: Patch, diff: Diff) -> Sequence[tuple[str, str]]:
        """Apply a patch to ``now``; which files it does not fit, and why."""
        if self.now is None or self.broken:
            return ()
        if diff.error:
            self.broken = f"{patch.label} cannot be parsed"
            return ()
        olds = self.now.read({file.old_path for file in diff.files} | {file.path for file in diff.files})
        failed, changed = [], {}
        for file in diff.files:
            if file.binary:
                changed[file.path] = None if file.deleted else b""
                continue
            if file.new_mode == "160000" or file.old_mode == "160000":
                continue
            try:
                result = applied(olds.get(file.path if file.created else file.old_path), file)
            except DoesNotApply as error:
                failed.append((file.path, str(error)))
                continue
            if file.renamed and not _copied(diff, file.old_path):
                changed.setdefault(file.old_path, None)
            changed[file.path] = result
        if failed:
            self.broken = f"{patch.label} does not apply"
        else:
            self.now = PatchedTree(self.now.base, {**self.now.changed, **changed})
        return failed


def _copied(diff: Diff, old: str) -> bool:
    return any(line == f"copy from {old}" for line in diff.lines)
