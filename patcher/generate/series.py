"""The patches of a plan as the series they are sent in: steps that are split, and one series or several."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from patcher import template
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.generate import split
from patcher.generate.split import parts
from patcher.model import Finding, Split
from patcher.series.load import SeriesSpec, StepSpec
from patcher.series.patches import Patch
from patcher.tree.githistory import GitHistory
from patcher.tree.gittree import GitTree
from patcher.tree.groups import Group, batches, groups
from patcher.tree.kernel import KernelTree
from patcher.tree.maintainers import NAME, Maintainers

_NAMES_ONE = re.compile(r"\{[a-z_]{2,}[}:]")
FIELDS = ("patches", "drivers", "prefix", "tree", "nfiles")  # of a cover letter


def asked(spec: SeriesSpec, how: str, limit: int | None, by_tree: bool | None) -> SeriesSpec:
    """A series with what the user said of it: "" and None leave what it says itself."""
    steps = tuple(msgspec.structs.replace(step, split=Split(how)) for step in spec.step) if how else spec.step
    return msgspec.structs.replace(
        spec, step=steps, limit=spec.limit if limit is None else limit,
        by_tree=spec.by_tree if by_tree is None else by_tree,
    )  # fmt: skip


class _Made(NamedTuple):
    """A patch with its group, the step that it is a part of, and the files as they were."""

    patch: Patch
    group: Group
    step: StepSpec
    before: Mapping[str, bytes]


class Series(NamedTuple):
    """One series: its name, title and cover letter in ``spec``, and its patches."""

    spec: SeriesSpec
    patches: tuple[Patch, ...]


def series(
    tree: KernelTree, spec: SeriesSpec, patches: Sequence[Patch], cache: Cache, findings: Sequence[Finding] = ()
) -> tuple[Series, ...]:
    """The series that some patches come to. ``findings``: what plan has found in the tree, for their messages.

    Raises InputError where they are to go in several and depend on one another, and where MAINTAINERS cannot be asked.
    """
    if not patches or (all(patch.step.split is Split.ONE for patch in patches) and not spec.limit and not spec.by_tree):
        return (Series(spec, tuple(patches)),)
    made = _divided(tree, spec, patches, cache, findings)
    if not spec.limit and not spec.by_tree:
        return (_series(spec, made, spec.name, ""),)
    paths = [path for each in made for path in each.patch.changes]
    if twice := next((path for path in paths if paths.count(path) > 1), ""):
        raise InputError(
            f"series {spec.name}: {twice} is changed by two patches, which cannot go in two series",
            "leave limit and by-tree away, or make one step of them",
        )
    by_paths = {each.group.paths: each for each in made}
    found = batches([each.group for each in made], spec.limit, by_tree=spec.by_tree)
    names = _names(spec, [batch.tree for batch in found])
    return tuple(
        _series(spec, [by_paths[group.paths] for group in batch.groups], name, batch.tree)
        for name, batch in zip(names, found, strict=True)
    )


def _divided(
    tree: KernelTree, spec: SeriesSpec, patches: Sequence[Patch], cache: Cache, findings: Sequence[Finding]
) -> list[_Made]:
    maintainers = Maintainers(tree.read([NAME]).get(NAME, b"").decode("utf-8", "replace"), cache)
    history = GitHistory(tree.repository, tree.commit, cache) if isinstance(tree, GitTree) else None
    if isinstance(tree, GitTree) and tree.repository.shallow:
        history = None
    now: dict[str, bytes] = {}
    made: list[_Made] = []
    for patch in patches:
        before = {**tree.read(path for path in patch.changes if path not in now), **now}
        found = groups(patch.changes, patch.step.split, tree, maintainers, history)
        if patch.step.split is Split.ONE:
            made.append(_Made(patch, found[0], patch.step, before))
        else:
            title, message = _templates(spec, patch.step)
            for part in parts(patch.edits, patch.changes, before, found, title, message, findings):
                lines = tuple(line for line in patch.lines if line[0] in part.changes)
                step = msgspec.structs.replace(patch.step, title=part.title, message=part.message)
                own = Patch(step, part.edits, part.changes, patch.unseen, lines, patch.left)
                made.append(_Made(own, part.group, patch.step, before))
                patch = patch._replace(unseen={}, left={})  # told once
        now.update(patch.changes)
    return made


def _templates(spec: SeriesSpec, step: StepSpec) -> tuple[str, str]:
    """The subject and the text, with a prefix in front where the subject names none. Braces where nothing looks like a
    field are those of code."""
    texts = (step.title, step.message)
    title, message = (each if _NAMES_ONE.search(each) else each.replace("{", "{{").replace("}", "}}") for each in texts)
    split.check(title, message, f"series {spec.name}, step {step.slug}, message.txt")
    return title if "{prefix}" in title else f"{{prefix}} {title}", message


def _series(spec: SeriesSpec, made: Sequence[_Made], name: str, tree: str) -> Series:
    """One series, and what it says of itself: in its cover letter, or else in the words of its first step, of all that
    the step changes."""
    prefixes = {each.group.prefix.partition(":")[0] for each in made}
    prefix = f"{prefixes.pop()}:" if len(prefixes) == 1 else "treewide:"
    drivers = template.in_words(list(dict.fromkeys(each.group.name for each in made)))
    if spec.title:
        nfiles = len({path for each in made for path in each.patch.changes})
        values = {"patches": str(len(made)), "drivers": drivers, "prefix": prefix, "tree": tree or "several trees",
                  "nfiles": str(nfiles)}  # fmt: skip
        title, cover = (template.filled(text, values) for text in (spec.title, spec.cover))
    else:
        step = made[0].step
        own = [each for each in made if each.step == step]
        whole = Group(tuple(sorted({path for each in own for path in each.group.paths})), drivers, prefix, "", tree)
        edits = [edit for each in own for edit in each.patch.edits]
        changes = {path: content for each in own for path, content in each.patch.changes.items()}
        (said,) = parts(edits, changes, own[0].before, [whole], *_templates(spec, step))
        title, cover = said.title, said.message
    return Series(
        msgspec.structs.replace(spec, name=name, title=title, cover=cover), tuple(each.patch for each in made)
    )


def _names(spec: SeriesSpec, trees: Sequence[str]) -> list[str]:
    """A name for each series: by the tree that takes it, and by a number where several go there."""
    if len(trees) == 1:
        return [spec.name]
    stems = [_stem(tree) if spec.by_tree else "" for tree in trees]
    names, used = [], set[str]()
    for stem in stems:
        name, number = "-".join(filter(None, (spec.name, stem))), 1
        numbered = stems.count(stem) > 1 or name in used
        while (full := f"{name}-{number}" if numbered else name) in used:
            number, numbered = number + 1, True
        used.add(full)
        names.append(full)
    return names


def _stem(tree: str) -> str:
    """Of a repository its name with its owner's, of a list what is before the @."""
    path = tree.partition("://")[2].partition("/")[2] if "://" in tree else tree.partition("@")[0]
    parts = [part for part in re.split(r"[^A-Za-z0-9-]+", path.removesuffix(".git")) if part]
    return "-".join(parts[-2:]).lower()[-40:].strip("-") or "other"
