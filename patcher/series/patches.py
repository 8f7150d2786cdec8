"""The patches of a series for one tree, in memory: what ``plan`` tries is what ``apply`` delivers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from patcher.errors import InputError
from patcher.model import Edit
from patcher.series.anchor import Anchor, Values
from patcher.series.compose import apply
from patcher.series.load import SeriesSpec, StepSpec
from patcher.source.outline import Outline


class Patch(NamedTuple):
    """One patch: the step it comes from, its edits, and the files it changes with their content from then on."""

    step: StepSpec
    edits: tuple[Edit, ...]
    changes: Mapping[str, bytes]


class Patches(NamedTuple):
    """The patches that can be made, in order, and why the others cannot: slug → reason."""

    made: tuple[Patch, ...]
    refused: Mapping[str, str]


def targets(spec: SeriesSpec, slugs: Collection[str]) -> tuple[str, ...]:
    """The names of all that these steps work on."""
    return tuple(sorted({name for step in spec.step if step.slug in slugs for name in step.edits.targets}))


def make_patches(spec: SeriesSpec, slugs: Collection[str], contents: Mapping[str, bytes], other: Values) -> Patches:
    """The patches of these steps, each for the files as those before left them. ``contents``: the files to look in;
    ``other``: what macros are worth, as ``Seen``.

    A step that finds no anchor changes nothing; those behind it are tried without it.
    """
    now = dict(contents)
    outlines: dict[bytes, Outline] = {}
    made: list[Patch] = []
    refused: dict[str, str] = {}
    for step in (step for step in spec.step if step.slug in slugs):
        try:
            edits = Anchor(now, other, outlines).edits(step.edits)
            changes = apply(now, edits)
            if not changes:
                raise InputError("its edits change nothing", "the tree has what the step would bring; look at both")
        except InputError as error:
            without = f"tried without {', '.join(refused)}: " if refused else ""
            refused[step.slug] = f"{without}{error}"
        else:
            now.update(changes)
            made.append(Patch(step, edits, changes))
    return Patches(tuple(made), refused)
