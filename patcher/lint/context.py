"""What checks may ask besides the patch itself: the tree before and after the series, its history, its maintainers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from patcher.cache import Cache
from patcher.lint.diff import DoesNotApply, applied
from patcher.lint.model import CannotTell
from patcher.mail.diff import Diff
from patcher.mail.model import Patch
from patcher.tree.history import History
from patcher.tree.kernel import KernelTree
from patcher.tree.maintainers import Maintainers
from patcher.tree.overlay import PatchedTree


class After(NamedTuple):
    """The tree with what was applied so far. ``patched`` is None where there is no tree; ``broken`` says why it is not
    known, "" where it is."""

    patched: PatchedTree | None
    broken: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be asked."""
        return self.patched is not None and not self.broken

    @property
    def tree(self) -> PatchedTree:
        """The tree. Raises CannotTell where it is not known."""
        if self.patched is None:
            raise CannotTell("there is no tree (--tree)")
        if self.broken:
            raise CannotTell(self.broken)
        return self.patched

    def with_patch(self, patch: Patch, diff: Diff) -> tuple[After, Sequence[tuple[str, str]]]:
        """The tree with one more patch; and which of its files do not fit, with the reason."""
        if self.patched is None or self.broken:
            return self, ()
        if diff.error:
            return After(self.patched, f"{patch.label} cannot be parsed"), ()
        if patch.charset != "utf-8":  # what is applied is bytes
            diff = Diff(patch.sent_diff.decode("utf-8", "surrogateescape"))
        olds = self.patched.read({file.old_path for file in diff.files} | {file.path for file in diff.files})
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
            if file.renamed and f"copy from {file.old_path}" not in diff.lines:
                changed.setdefault(file.old_path, None)
            changed[file.path] = result
        if failed:
            return After(self.patched, f"{patch.label} does not apply"), failed
        return After(PatchedTree(self.patched.base, {**self.patched.changed, **changed})), ()


class Context:
    """What a run knows. ``base`` is the tree the series is meant for, before any of its patches; None where there is
    none. For commits, ``tip`` is the tree of the last one; for mails, ``whole`` is a tree that has all of them. With a
    ``cache``, what MAINTAINERS says is remembered."""

    def __init__(
        self,
        base: KernelTree | None,
        history: History | None,
        *,
        full_history: bool = True,
        tip: KernelTree | None = None,
        whole: KernelTree | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.base = base
        self.full_history = full_history
        self._history = history
        self._tip = tip
        self._whole = whole
        self._cache = cache

    @property
    def tree(self) -> KernelTree:
        """The tree before the series. Raises CannotTell where there is none."""
        if self.base is None:
            raise CannotTell("there is no tree (--tree)")
        return self.base

    @property
    def tip(self) -> After:
        """The tree after the series where its commits are there; else the one before it."""
        latest = self._tip or self.base
        return After(PatchedTree(latest, {}) if latest else None)

    def after_series(self, after: After) -> After:
        """The tree after a series, of which the mails that were read make ``after``."""
        return After(PatchedTree(self._whole, {})) if self._whole else after

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
        return Maintainers(text.decode("utf-8", "replace"), self._cache) if text else None

    @cached_property
    def has_licenses(self) -> bool:
        """Whether the tree has the LICENSES directory, and with it the rule on SPDX lines (Linux 4.16 and later)."""
        return self.base is None or bool(self.base.read(["LICENSES/preferred/GPL-2.0"]))

    @cached_property
    def knows_fixes(self) -> bool:
        """Whether the tree's own guide asks for ``Fixes:`` (Linux 3.14 and later); True where there is no guide."""
        guides = ("Documentation/process/submitting-patches.rst", "Documentation/SubmittingPatches")
        found = self.base.read(guides) if self.base is not None else {}
        return not found or any(b"Fixes:" in text for text in found.values())
