"""The patches of a series for one tree, in memory: what ``plan`` tries is what ``apply`` delivers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from patcher.errors import InputError
from patcher.model import Edit
from patcher.series import documents, everywhere
from patcher.series.anchor import Anchor, Values, disjoint
from patcher.series.compose import apply
from patcher.series.everywhere import Found
from patcher.series.load import SeriesSpec, StepSpec
from patcher.source.outline import Outline
from patcher.source.unit import Progress


class Patch(NamedTuple):
    """One patch: the step it comes from, its edits, and the files it changes with their content from then on.
    ``unseen``: files that were not looked at, with the reason; ``lines``: where the edits are, before them. ``left``:
    places that it should change and does not, as they are of another form: path → line → why.
    """

    step: StepSpec
    edits: tuple[Edit, ...]
    changes: Mapping[str, bytes]
    unseen: Mapping[str, str] = {}
    lines: tuple[tuple[str, int], ...] = ()
    left: Mapping[str, Mapping[int, str]] = {}


class Patches(NamedTuple):
    """The patches that can be made, in order; why others cannot (slug → reason); and which steps the tree has, as they
    find nothing to change (slug → what was looked at)."""

    made: tuple[Patch, ...]
    refused: Mapping[str, str]
    idle: Mapping[str, str] = {}


class Files(Protocol):
    """The files of a tree that a step looks at."""

    def of(self, step: StepSpec, changed: Mapping[str, bytes]) -> dict[str, bytes]:
        """Path → content, as the steps before left them: ``changed`` are those that they changed."""

    def found(self, rule: str) -> tuple[tuple[str, int], ...]:
        """Where a rule has found something in the tree: path and byte."""

    def transform(self, step: StepSpec, contents: Mapping[str, bytes]) -> tuple[tuple[Edit, ...], Mapping[str, str]]:
        """The edits of a semantic patch, and the files for which spatch gave no answer, with the reason."""


def targets(spec: SeriesSpec, slugs: Collection[str]) -> tuple[str, ...]:
    """The names of all that these steps work on."""
    return tuple(sorted({name for step in spec.step if step.slug in slugs for name in step.edits.targets}))


def make_patches(
    spec: SeriesSpec, slugs: Collection[str], files: Files, other: Values, progress: Progress | None = None
) -> Patches:
    """The patches of these steps, each for the files as those before left them. ``other``: what macros are worth, as
    ``Seen``.

    A step that finds no anchor changes nothing; those behind it are tried without it.
    """
    changed: dict[str, bytes] = {}
    outlines: dict[bytes, Outline] = {}
    made: list[Patch] = []
    refused: dict[str, str] = {}
    idle: dict[str, str] = {}
    steps = [step for step in spec.step if step.slug in slugs]
    for number, step in enumerate(steps):
        if progress:
            progress("making the patches", number, len(steps))
        try:
            now = files.of(step, changed)
            found = {each.for_each: _moved(files.found(each.for_each), made) for each in step.edits.wide}
            edits, unseen, left = _edits(step, now, files, Anchor(now, other, outlines), found, outlines)
            changes = apply(now, edits)
            if not changes and _idles(step) and not unseen:
                finder = step.cocci.name if step.cocci else "its edits"
                where = f"in {_counted(now)}" if now else "anywhere"
                idle[step.slug] = f"{finder} find{'s' if step.cocci else ''} nothing to change {where}"
                continue
            if not changes:
                first = next(iter(unseen.items()), None)
                raise InputError(
                    "its edits change nothing",
                    f"{first[0]}: {first[1]}" if first else "the tree has what the step would bring; look at both",
                )
        except InputError as error:
            without = f"tried without {', '.join(refused)}: " if refused else ""
            refused[step.slug] = f"{without}{error}"
        else:
            changed.update(changes)
            made.append(Patch(step, edits, changes, unseen, _lines(now, edits), left))
    return Patches(tuple(made), refused, idle)


def _idles(step: StepSpec) -> bool:
    """Whether the tree has a step that finds nothing: it names no place that must be there."""
    return bool(step.cocci or ((step.edits.wide or step.edits.elsewhere) and not step.edits.targets))


def _moved(places: Sequence[tuple[str, int]], made: Sequence[Patch]) -> list[tuple[str, int]]:
    """Places of the tree as the patches before have moved them; without those that they changed."""
    for patch in made:
        left = []
        for path, offset in places:
            own = [each for each in patch.edits if each.span.path == path]
            if any(each.span.start <= offset < each.span.end for each in own):
                continue
            before = [each for each in own if each.span.end <= offset]
            more = sum(len(each.replacement) - (each.span.end - each.span.start) for each in before)
            left.append((path, offset + more))
        places = left
    return list(places)


def _edits(
    step: StepSpec, now: Mapping[str, bytes], files: Files, anchor: Anchor, found: Found, outlines: dict[bytes, Outline]
) -> tuple[tuple[Edit, ...], Mapping[str, str], Mapping[str, Mapping[int, str]]]:
    unseen: Mapping[str, str] = {}
    left: Mapping[str, Mapping[int, str]] = {}
    if step.cocci:
        edits, unseen = files.transform(step, now)
    else:
        wide, left = everywhere.edits(step.edits.wide, now, outlines, found)
        elsewhere = [each for spec in step.edits.elsewhere for each in documents.edits(spec, now)]
        edits = disjoint([*anchor.edits(step.edits.named), *wide, *elsewhere])
    if step.include:
        paths = dict.fromkeys(edit.span.path for edit in edits)
        edits = (*edits, *(each for path in paths for each in anchor.including(path, step.include, step.title)))
    return edits, unseen, left


def left_as_is(patch: Patch) -> list[str]:
    """The places that a patch should change and does not: ``path:line (why)``."""
    return [f"{path}:{line} ({why})" for path, lines in patch.left.items() for line, why in sorted(lines.items())]


def _lines(contents: Mapping[str, bytes], edits: Sequence[Edit]) -> tuple[tuple[str, int], ...]:
    places = ((each.span.path, contents.get(each.span.path, b"").count(b"\n", 0, each.span.start)) for each in edits)
    return tuple(sorted((path, before + 1) for path, before in places))


def _counted(contents: Collection[str]) -> str:
    return f"{len(contents)} file{'' if len(contents) == 1 else 's'}"
