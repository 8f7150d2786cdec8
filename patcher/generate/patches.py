"""The patches of a series for the tree it is given, read again by libclang."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.generate.undeclared import advice
from patcher.model import StepStatus
from patcher.plan.make import Planned
from patcher.series.compose import at_fault
from patcher.series.load import SeriesSpec
from patcher.series.patches import Patch
from patcher.source.recheck import News, news
from patcher.source.unit import Progress
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_profile
from patcher.tree.kernel import KernelTree

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+\.c)"', re.MULTILINE)
_USERS = 3  # that include one C file: more of them tell no more


class Generated(NamedTuple):
    """The patches, in order, and what they were read with: names of configurations, and C files."""

    patches: tuple[Patch, ...]
    configs: tuple[str, ...]
    units: tuple[str, ...]


def generate(
    tree: KernelTree, spec: SeriesSpec, planned: Planned, cache: Cache, progress: Progress | None = None
) -> Generated:
    """The patches of a plan, read again by libclang.

    Raises InputError where a step is blocked, and where libclang says of a patch what it did not say before.
    """
    if blocked := next((step for step in planned.plan.steps if step.status is StepStatus.BLOCKED), None):
        raise InputError(
            f"{tree.where} cannot take the series {spec.name}: {blocked.slug}: {blocked.reason}", "see: patcher plan"
        )
    states: list[dict[str, bytes]] = []
    changes: dict[str, bytes] = {}
    for patch in planned.patches:
        changes = {**changes, **patch.changes}
        states.append(changes)
    units = _units(tree, sorted(path for path in changes if path.endswith(".c")))
    configs = _configs(tree, spec)
    for one in news(tree, configs, units, states, cache, progress):
        raise _broken(tree, spec, planned.patches[one.state], one, states[one.state])
    return Generated(planned.patches, tuple(config.name for config in configs), units)


def _units(tree: KernelTree, paths: Sequence[str]) -> tuple[str, ...]:
    """The C files to parse: for one that others include, those, as it makes no sense by itself (``ohci-hub.c``)."""
    names = {posixpath.basename(path) for path in paths}
    around = sorted({f"{posixpath.dirname(path)}/*.c".lstrip("/") for path in paths})
    texts = tree.read(tree.search(sorted(names), around)) if paths else {}
    users: dict[str, list[str]] = {}
    for user, text in texts.items():
        for name in _INCLUDE.findall(text):
            included = posixpath.normpath(posixpath.join(posixpath.dirname(user), name.decode("utf-8", "replace")))
            users.setdefault(included, []).append(user)
    return tuple(sorted({unit for path in paths for unit in users.get(path, [path])[:_USERS]}))


def _configs(tree: KernelTree, spec: SeriesSpec) -> list[Config]:
    """All shipped configurations that fit; one a word size for a series that may change any driver."""
    symbols = kconfig.read(tree)
    shipped = [profile.load(name) for name in profile.names()]
    fitting = [each for each in shipped if kconfig.fits(symbols, each.config)]
    if spec.wide:
        first = {each.arch: each.name for each in reversed(fitting)}
        fitting = [each for each in fitting if each.name == first[each.arch]]
    return [from_profile(tree, each, symbols) for each in fitting]


def _broken(tree: KernelTree, spec: SeriesSpec, patch: Patch, one: News, state: Mapping[str, bytes]) -> InputError:
    diagnostic = one.diagnostic
    lines = state.get(diagnostic.path, b"").splitlines(keepends=True)
    offset = sum(len(line) for line in lines[: max(diagnostic.line - 1, 0)]) + max(diagnostic.column - 1, 0)
    edit = at_fault(patch.edits, diagnostic.path, offset)
    by = f", edit {edit.because!r}" if edit else ""
    option = (
        "--include '{header}', or include in series.toml" if patch.step.cocci else 'an edit with include = "{header}"'
    )
    do = advice(tree, diagnostic.message, option) or "correct the step"
    return InputError(
        f"series {spec.name}, step {patch.step.slug}{by}: libclang says something new of "
        f"{diagnostic.path}:{diagnostic.line} [{one.config}]: {diagnostic.message}",
        f"no commit was made; {do}",
    )
