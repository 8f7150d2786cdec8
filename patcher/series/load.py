"""``patches/NAME/series.toml``: the steps of a series, and what tells that a tree needs or has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from patcher import data
from patcher.cocci import script
from patcher.cocci.script import SemanticPatch
from patcher.errors import InputError
from patcher.files import present, read_text
from patcher.model import Split
from patcher.rules.load import decode
from patcher.series.edits import StepEdits, load_edits

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that can be seen in the code. Just one of the first seven is given.

    ``defines``: one of the names is defined; ``undefined``: none of them is. ``mentions``: one of the names is
    reached from one of the functions ``inside`` (through functions of the same file). ``without``: the functions
    ``inside`` are defined, and name none of these themselves. ``type``: the type of the
    variable ``of``, as C spells it. ``says``: the word is in a comment of the file that defines ``of``. ``value``: the
    macro ``of`` has the value of this C expression, in whatever words and in every configuration that is read.
    """

    defines: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    type: str = ""
    says: str = ""
    value: str = ""
    inside: tuple[str, ...] = ()
    of: str = ""


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. It is present where all conditions of one of ``present`` hold. ``targets``: what it would change.

    ``title`` is the subject of its commit and ``message`` the text below it, both from ``SLUG/message.txt``;
    ``edits`` are those of ``SLUG/edits.toml``, or ``cocci`` is the semantic patch ``SLUG/change.cocci``. That changes
    files ``over`` (git pathspecs; all C files if there are none); where it finds nothing to change the step is present.
    ``include``: a header that each file it changes is to include. ``split``: what of the files becomes one patch; where
    that is less than all, title and message are templates (``generate.split``). ``where``: the step is for trees in
    which these conditions hold; in others the series is without it.
    """

    slug: str
    targets: tuple[str, ...] = ()
    present: tuple[tuple[Condition, ...], ...] = ()
    where: tuple[Condition, ...] = ()
    title: str = ""
    message: str = ""
    edits: StepEdits = StepEdits()
    cocci: SemanticPatch | None = None
    over: tuple[str, ...] = ()
    include: str = ""
    split: Split = Split.ONE


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tree must be for the series to fit: the conditions, and the reason to tell where one fails."""

    reason: str
    all: tuple[Condition, ...]


class BootSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``patcher boot`` is to see. ``probe``, as its report names it, comes out as ``base`` in a tree without the
    step ``since``, and passes in one with it; ``on`` is where, such as ``xen-dom0``."""

    probe: str
    on: Literal["bare", "xen-dom0", "xen-domu"]
    since: str
    base: Literal["FAIL", "SKIP"] = "FAIL"


class SeriesSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A series. ``anchor``: symbols without any of which the tree has nothing the series speaks of.

    ``rules`` are the rules that plan asks, "" for none, and ``scope`` where they look for edits that are made for each
    of their findings. ``title`` and ``cover`` are the subject and the text of its cover letter, from ``cover.txt``;
    both are "" where one step has none. ``limit``: the most patches of one series, 0 for any number; ``by_tree``:
    each tree that takes patches gets a series of its own. ``only``: git pathspecs, where the user wants it.
    ``requires``: what a tree must be; a name stands for a series whose steps it must have all, and ``bases`` has these.
    ``anchored``: git pathspecs, where the code that is changed is looked for, if that is not where the rules say.
    ``boot``: what ``patcher boot`` is to see.
    """

    step: tuple[StepSpec, ...]
    rules: str = ""
    scope: str = ""
    anchor: tuple[str, ...] = ()
    requires: tuple[Requirement | str, ...] = ()
    anchored: tuple[str, ...] = ()
    boot: tuple[BootSpec, ...] = ()
    name: str = ""
    title: str = ""
    cover: str = ""
    limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    by_tree: bool = msgspec.field(default=False, name="by-tree")
    only: tuple[str, ...] = ()
    bases: tuple[SeriesSpec, ...] = ()

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it asks of a tree itself."""
        return tuple(each for each in self.requires if isinstance(each, Requirement))

    @property
    def wide(self) -> bool:
        """Whether it may change any file: it asks no rules, or names nothing that it changes."""
        return not self.rules or not any(step.edits.targets for step in self.step)

    @property
    def summary(self) -> str:
        """What it is called: by its cover letter, or by its one step."""
        return self.title or self.step[0].title


def names() -> tuple[str, ...]:
    """The shipped series."""
    return tuple(sorted(file.parent.name for file in data.directory("patches").glob("*/series.toml")))


def load(name: str, directory: Path | None = None) -> SeriesSpec:
    """The shipped series of that name, or the one in a folder of the user's own. What it requires is shipped.

    Raises InputError where there is none, or where a file of it is wrong.
    """
    return _load(name, directory, ())


def _load(name: str, directory: Path | None, users: tuple[str, ...]) -> SeriesSpec:
    if directory is None:
        if name not in names():
            raise InputError(f"there is no series {name!r}", f"choose one of: {', '.join(names())}")
        directory = data.directory("patches") / name
    file = directory / "series.toml"
    spec = decode(file, SeriesSpec)
    if not spec.step:
        raise InputError(f"{file} has no [[step]]", "docs/series.md has the fields; patcher series new writes one")
    _check_conditions(file, spec)
    alone = len(spec.step) == 1 and not present(directory / "cover.txt")
    title, cover = ("", "") if alone else _text(directory / "cover.txt")
    steps = tuple(_step(directory, step) for step in spec.step)
    slugs = {step.slug for step in spec.step}
    if wrong := [each.since for each in spec.boot if each.since not in slugs]:
        raise InputError(f"{file}: [[boot]] names a step {wrong[0]!r}", "name a slug of the series in since")
    name = directory.resolve().name
    bases = tuple(_base(file, each, (*users, name)) for each in spec.requires if isinstance(each, str))
    return msgspec.structs.replace(spec, name=name, title=title, cover=cover, step=steps, bases=bases)


def _base(file: Path, name: str, users: tuple[str, ...]) -> SeriesSpec:
    if name in users:
        raise InputError(f"{file}: requires {name!r}, which requires it", "a series stands on others, not on itself")
    if name not in names():
        raise InputError(f"{file}: requires {name!r}, which is no series", f"there are: {', '.join(names())}")
    return _load(name, None, users)


def _step(directory: Path, step: StepSpec) -> StepSpec:
    if not _SLUG.fullmatch(step.slug):
        raise InputError(
            f"{directory / 'series.toml'}: {step.slug!r} is no name for a step", "use a-z, 0-9 and hyphens"
        )
    if step.title or step.message or step.edits != StepEdits() or step.cocci:
        raise InputError(
            f"{directory / 'series.toml'}: {step.slug} has a title, a message, edits or a semantic patch",
            f"these are in {step.slug}/message.txt and {step.slug}/edits.toml or {step.slug}/change.cocci",
        )
    folder = directory / step.slug
    title, message = _text(folder / "message.txt")
    step = msgspec.structs.replace(step, title=title, message=message)
    if not present(folder / "change.cocci"):
        step = msgspec.structs.replace(step, edits=load_edits(folder))
        if fault := _lacks(step):
            raise InputError(f"{directory / 'series.toml'}: step {step.slug} {fault}", "docs/series.md has the fields")
        return step
    if present(folder / "edits.toml"):
        raise InputError(f"{folder} has edits.toml and change.cocci", "a step has one of them; make two steps of it")
    return msgspec.structs.replace(step, cocci=script.load(folder / "change.cocci"))


def _lacks(step: StepSpec) -> str:
    """What speaks against a step without a semantic patch."""
    if step.over:
        return "has no change.cocci: only with one, over is said here, and else in its edits"
    if step.include and not step.edits.wide:
        return "includes something in each file, but names its files: say that by an edit with include"
    if (step.edits.wide or step.edits.elsewhere) and not step.edits.targets:
        return ""
    return "" if step.present and all(step.present) else "does not say in present what tells that a tree has it"


def _text(file: Path) -> tuple[str, str]:
    """The first line of a file, and what follows the empty line below it."""
    lines = read_text(file).splitlines()
    if len(lines) < 3 or not lines[0].strip() or lines[1].strip():
        raise InputError(f"{file} is no message", "it needs a subject, an empty line and a text")
    return lines[0].strip(), "\n".join(line.rstrip() for line in lines[2:]).strip() + "\n"


def conditions(spec: SeriesSpec) -> tuple[Condition, ...]:
    """All that the series asks of a tree, and those that it requires."""
    asked = [condition for step in spec.step for group in step.present for condition in group]
    asked += (condition for step in spec.step for condition in step.where)
    asked += (condition for requirement in spec.requirements for condition in requirement.all)
    return (*asked, *(condition for base in spec.bases for condition in conditions(base)))


def _check_conditions(file: Path, spec: SeriesSpec) -> None:
    for condition in conditions(spec):
        about = (condition.mentions, condition.without)
        of = (condition.type, condition.says, condition.value)
        fields = (condition.defines, condition.undefined, *about, *of)
        if (
            sum(bool(field) for field in fields) != 1
            or any(about) != bool(condition.inside)
            or any(of) != bool(condition.of)
        ):
            raise InputError(
                f"{file}: a condition needs just one of defines, undefined, mentions and without (with inside), "
                "type, says and value (with of)",
                f"found {msgspec.json.encode(condition).decode()}",
            )


def symbols(spec: SeriesSpec) -> frozenset[str]:
    """Every name the series asks for or would change."""
    found = set(spec.anchor)
    for step in (*spec.step, *(step for base in spec.bases for step in base.step)):
        found.update(step.targets)
    for each in conditions(spec):
        found.update(each.defines, each.undefined, each.inside, (each.of,) if each.of else ())
    return frozenset(found)
