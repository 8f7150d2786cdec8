"""The files that the steps of a series look at, found in a tree by the names that each works on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from patcher.cache import Cache
from patcher.cocci import spatch
from patcher.cocci.edits import edits
from patcher.cocci.headers import headers
from patcher.errors import InputError
from patcher.model import Edit, Finding
from patcher.plan.survey import cached_search
from patcher.series.edits import EditSpec
from patcher.series.load import StepSpec
from patcher.source import meta
from patcher.source.lex import line_starts
from patcher.source.unit import Progress
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree, fits

_NOT_C = ("Documentation/", "tools/", "scripts/")  # spatch is not given these unless they are named


class StepFiles:
    """See ``patcher.series.patches.Files``. ``names`` are those that the steps' operations work on, ``anchored`` where
    they are looked for (git pathspecs), ``findings`` what the rules have found; ``only``: where the
    user wants what is found by patterns to be changed."""

    def __init__(
        self, tree: KernelTree, names: Sequence[str], anchored: Sequence[str], findings: Sequence[Finding],
        only: Sequence[str], cache: Cache, progress: Progress | None = None,
    ) -> None:  # fmt: skip
        self._tree, self._names, self._where = tree, names, anchored
        self._findings = [each for each in findings if fits(each.path, only)]
        self._only = only
        self._cache, self._progress = cache, progress
        self._changed: Mapping[str, bytes] = {}

    def of(self, step: StepSpec, changed: Mapping[str, bytes]) -> dict[str, bytes]:
        self._changed = changed
        if step.cocci:
            return self._for_spatch(step, changed)
        paths = {path for spec in step.edits.wide for path in self._wide(spec)}
        paths.update(spec.new or spec.path for spec in step.edits.elsewhere)
        return {**self._named, **self._tree.read(sorted(paths - self._named.keys())), **changed}

    def _wide(self, spec: EditSpec) -> Sequence[str]:
        if spec.for_each:
            return [each.path for each in self._findings if each.rule == spec.for_each]
        word = max(meta.pattern(spec.statement or spec.code).words, key=len)
        return [path for path in cached_search(self._tree, [word], spec.over, self._cache) if self._wanted(path)]

    def found(self, rule: str) -> tuple[tuple[str, int], ...]:
        own = [each for each in self._findings if each.rule == rule]
        starts = {path: line_starts(text) for path, text in self._tree.read({each.path for each in own}).items()}
        return tuple(
            (each.path, starts[each.path][each.line - 1] + each.column - 1)
            for each in own
            if each.path in starts and 0 < each.line <= len(starts[each.path])
        )

    def transform(self, step: StepSpec, contents: Mapping[str, bytes]) -> tuple[tuple[Edit, ...], Mapping[str, str]]:
        patch = step.cocci
        assert patch
        beside = headers(patch, contents, PatchedTree(self._tree, self._changed))
        made = spatch.transform(patch, contents, beside, self._cache, self._progress)
        because = patch.title or step.title
        found = [
            each for path, new in sorted(made.changed.items()) for each in edits(path, contents[path], new, because)
        ]
        return tuple(found), made.unseen

    @cached_property
    def _named(self) -> dict[str, bytes]:
        found = cached_search(self._tree, self._names, self._where, self._cache) if self._names else ()
        return self._tree.read(found)

    def _for_spatch(self, step: StepSpec, changed: Mapping[str, bytes]) -> dict[str, bytes]:
        patch = step.cocci
        assert patch
        kinds = (".c", ".h") if patch.headers else (".c",)
        words = spatch.words(patch)
        if words is None and not (step.over or self._only):
            raise InputError(
                f"{patch.name} has no word that a file must have, so that all of the tree would be looked at",
                "name files or directories (behind --, or by over in series.toml)",
            )
        where = step.over or self._only
        if words is None:
            paths = [path for path in self._tree.paths() if fits(path, where)]
        else:
            paths = list(cached_search(self._tree, words, where or _all(kinds), self._cache))
        paths = [path for path in paths if path in where or (path.endswith(kinds) and (where or _is_kernel(path)))]
        word = re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(each.encode()) for each in words or ()))
        own = (path for path in changed if path.endswith(kinds) and fits(path, where))
        paths = [path for path in {*paths, *(path for path in own if word.search(changed[path]))} if self._wanted(path)]
        if not paths and where and not any(fits(path, where) and self._wanted(path) for path in self._tree.paths()):
            raise InputError(f"{self._tree.where} has nothing at {' '.join(self._only or where)}", "correct the paths")
        return {**self._tree.read(paths), **{path: changed[path] for path in paths if path in changed}}

    def _wanted(self, path: str) -> bool:
        return fits(path, self._only)


def _is_kernel(path: str) -> bool:
    return not path.startswith(_NOT_C)


def _all(kinds: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"*{kind}" for kind in kinds)
