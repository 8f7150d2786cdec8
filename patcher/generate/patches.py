"""The patches of a series for the tree it is given: anchored, applied in memory, and read again by libclang."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Edit, Step, StepStatus
from patcher.plan.survey import cached_search
from patcher.series.anchor import Anchor
from patcher.series.compose import apply, at_fault
from patcher.series.load import SeriesSpec, StepSpec
from patcher.source.recheck import News, news
from patcher.source.unit import Progress
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_profile
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree


class Patch(NamedTuple):
    """One patch: the step it comes from, its edits, and the files it changes with their content from then on."""

    step: StepSpec
    edits: tuple[Edit, ...]
    changes: Mapping[str, bytes]


class Generated(NamedTuple):
    """The patches, in order, and what they were read with: names of configurations, and C files."""

    patches: tuple[Patch, ...]
    configs: tuple[str, ...]
    units: tuple[str, ...]


def generate(
    tree: KernelTree,
    spec: SeriesSpec,
    steps: Sequence[Step],
    pathspecs: Sequence[str],
    cache: Cache,
    progress: Progress | None = None,
) -> Generated:
    """The patches for the steps that a tree needs (``steps``, from its plan). ``pathspecs``: where code is looked for.

    Raises InputError where the tree cannot take the series, where an operation does not find what it is to work on,
    and where a patch makes libclang say something that it did not say before.
    """
    if blocked := next((step for step in steps if step.status is StepStatus.BLOCKED), None):
        raise InputError(f"{tree.where} cannot take the series {spec.name}: {blocked.reason}", "see: patcher plan")
    needed = {step.slug for step in steps if step.status is StepStatus.NEEDED}
    patches: list[Patch] = []
    states: list[dict[str, bytes]] = []
    changes: dict[str, bytes] = {}
    for step in spec.step:
        if step.slug in needed:
            patch = _patch(PatchedTree(tree, changes), spec, step, pathspecs, tree, cache)
            changes = {**changes, **patch.changes}
            patches.append(patch)
            states.append(changes)
    units = tuple(sorted(path for path in changes if path.endswith(".c")))
    configs = _configs(tree)
    for one in news(tree, configs, units, states, cache, progress):
        raise _broken(spec, patches[one.state], one, states[one.state])
    return Generated(tuple(patches), tuple(config.name for config in configs), units)


def _patch(
    now: PatchedTree,
    spec: SeriesSpec,
    step: StepSpec,
    pathspecs: Sequence[str],
    tree: KernelTree,
    cache: Cache,
) -> Patch:
    where = f"series {spec.name}, step {step.slug}"

    def holding(word: str) -> tuple[str, ...]:
        return now.among(cached_search(tree, [word], pathspecs, cache), [word], pathspecs)

    edits = Anchor(holding, now.read).edits(where, step.edits)
    changed = apply(now.read({edit.span.path for edit in edits}), edits)
    if not changed:
        raise InputError(f"{where}: its edits change nothing", "the tree has what the step would bring; look at both")
    return Patch(step, edits, changed)


def _configs(tree: KernelTree) -> list[Config]:
    symbols = kconfig.read(tree)
    shipped = (profile.load(name) for name in profile.names())
    return [from_profile(tree, each, symbols) for each in shipped if kconfig.fits(symbols, each.config)]


def _broken(spec: SeriesSpec, patch: Patch, one: News, state: Mapping[str, bytes]) -> InputError:
    diagnostic = one.diagnostic
    lines = state.get(diagnostic.path, b"").splitlines(keepends=True)
    offset = sum(len(line) for line in lines[: max(diagnostic.line - 1, 0)]) + max(diagnostic.column - 1, 0)
    edit = at_fault(patch.edits, diagnostic.path, offset)
    by = f", edit {edit.because!r}" if edit else ""
    return InputError(
        f"series {spec.name}, step {patch.step.slug}{by}: libclang says something new of "
        f"{diagnostic.path}:{diagnostic.line} [{one.config}]: {diagnostic.message}",
        "no commit was made; correct the step",
    )
