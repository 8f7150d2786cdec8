"""``patches/NAME/series.toml``: the steps of a series, and what tells that a tree needs or has them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patcher import data
from patcher.errors import InputError
from patcher.rules.load import decode


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that can be seen in the code. Just one of the first four is given.

    ``defines``: one of the names is defined; ``undefined``: none of them is. ``mentions``: one of the names is
    reached from one of the functions ``inside`` (through functions of the same file). ``type``: the type of the
    variable ``of``, as C spells it.
    """

    defines: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    type: str = ""
    inside: tuple[str, ...] = ()
    of: str = ""


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. It is present where all conditions of one of ``present`` hold. ``targets``: what it would change."""

    slug: str
    title: str
    targets: tuple[str, ...]
    present: tuple[tuple[Condition, ...], ...]


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tree must be for the series to fit: the conditions, and the reason to tell where one fails."""

    reason: str
    all: tuple[Condition, ...]


class SeriesSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A series. ``anchor``: symbols without any of which the tree has nothing the series speaks of."""

    title: str
    rules: str
    anchor: tuple[str, ...]
    requires: tuple[Requirement, ...]
    step: tuple[StepSpec, ...]


def names() -> tuple[str, ...]:
    """The shipped series."""
    return tuple(sorted(file.parent.name for file in data.directory("patches").glob("*/series.toml")))


def load(name: str) -> SeriesSpec:
    """The series of that name. Raises InputError where there is none or its file is wrong."""
    if name not in names():
        raise InputError(f"there is no series {name!r}", f"choose one of: {', '.join(names())}")
    return load_file(data.directory("patches") / name / "series.toml")


def load_file(file: Path) -> SeriesSpec:
    """The series that a file describes. Raises InputError with the file and the place in it."""
    spec = decode(file, SeriesSpec)
    conditions = [condition for step in spec.step for group in step.present for condition in group]
    for condition in [*conditions, *(each for requirement in spec.requires for each in requirement.all)]:
        given = [bool(field) for field in (condition.defines, condition.undefined, condition.mentions, condition.type)]
        if (
            sum(given) != 1
            or bool(condition.mentions) != bool(condition.inside)
            or bool(condition.type) != bool(condition.of)
        ):
            raise InputError(
                f"{file}: a condition needs just one of defines, undefined, mentions (with inside), type (with of)",
                f"found {msgspec.json.encode(condition).decode()}",
            )
    return spec


def symbols(spec: SeriesSpec) -> frozenset[str]:
    """Every name the series asks for or would change."""
    found = set(spec.anchor)
    for step in spec.step:
        found.update(step.targets)
        for condition in (each for group in step.present for each in group):
            found.update(condition.defines, condition.undefined, condition.inside)
    for requirement in spec.requires:
        found.update(condition.of for condition in requirement.all if condition.of)
    return frozenset(found)
