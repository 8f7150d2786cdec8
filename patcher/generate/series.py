"""The patches of a plan as the series they are sent in: steps that are split, and one series or several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from patcher import template
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.generate import split
from patcher.generate.split import in_words, parts
from patcher.series.load import SeriesSpec, StepSpec
from patcher.series.patches import Patch
from patcher.tree.githistory import GitHistory
from patcher.tree.gittree import GitTree
from patcher.tree.groups import Group, Split, batches, groups
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


class Series(NamedTuple):
    """One series: its name, title and cover letter in ``spec``, and its patches."""

    spec: SeriesSpec
    patches: tuple[Patch, ...]


def series(tree: KernelTree, spec: SeriesSpec, patches: Sequence[Patch], cache: Cache) -> tuple[Series, ...]:
    """The series that some patches come to.

    Raises InputError where they are to go in several and depend on one another, and where MAINTAINERS cannot be asked.
    """
    if not patches or (all(patch.step.split is Split.ONE for patch in patches) and not spec.limit and not spec.by_tree):
        return (Series(spec, tuple(patches)),)
    made = _divided(tree, spec, patches, cache)
    if not spec.limit and not spec.by_tree:
        return (Series(_about(spec, made, "", ""), tuple(patch for patch, _ in made)),)
    paths = [path for patch, _ in made for path in patch.changes]
    if twice := next((path for path in paths if paths.count(path) > 1), ""):
        raise InputError(
            f"series {spec.name}: {twice} is changed by two patches, which cannot go in two series",
            "leave limit and by-tree away, or make one step of them",
        )
    by_paths = {group.paths: patch for patch, group in made}
    found = batches([group for _, group in made], spec.limit, by_tree=spec.by_tree)
    names = _names(spec, [batch.tree for batch in found])
    done = []
    for name, batch in zip(names, found, strict=True):
        own = [(by_paths[group.paths], group) for group in batch.groups]
        done.append(Series(_about(spec, own, name, batch.tree), tuple(patch for patch, _ in own)))
    return tuple(done)


def _divided(tree: KernelTree, spec: SeriesSpec, patches: Sequence[Patch], cache: Cache) -> list[tuple[Patch, Group]]:
    maintainers = Maintainers(tree.read([NAME]).get(NAME, b"").decode("utf-8", "replace"), cache)
    history = GitHistory(tree.repository, tree.commit, cache) if isinstance(tree, GitTree) else None
    if isinstance(tree, GitTree) and tree.repository.shallow:
        history = None
    now: dict[str, bytes] = {}
    made: list[tuple[Patch, Group]] = []
    for patch in patches:
        before = {**tree.read(path for path in patch.changes if path not in now), **now}
        found = groups(patch.changes, patch.step.split, tree, maintainers, history)
        if patch.step.split is Split.ONE:
            made.append((patch, found[0]))
        else:
            title, message = _templates(spec, patch.step)
            for part in parts(patch.edits, patch.changes, before, found, title, message):
                lines = tuple(line for line in patch.lines if line[0] in part.changes)
                step = msgspec.structs.replace(patch.step, title=part.title, message=part.message)
                made.append((Patch(step, part.edits, part.changes, patch.unseen, lines), part.group))
                patch = patch._replace(unseen={})  # told once
        now.update(patch.changes)
    return made


def _templates(spec: SeriesSpec, step: StepSpec) -> tuple[str, str]:
    """The subject and the text, with a prefix in front where the subject names none. Braces where nothing looks like a
    field are those of code."""
    texts = (step.title, step.message)
    title, message = (each if _NAMES_ONE.search(each) else each.replace("{", "{{").replace("}", "}}") for each in texts)
    split.check(title, message, f"series {spec.name}, step {step.slug}, message.txt")
    return title if "{prefix}" in title else f"{{prefix}} {title}", message


def _about(spec: SeriesSpec, made: Sequence[tuple[Patch, Group]], name: str, tree: str) -> SeriesSpec:
    """What one series says of itself. Without a cover letter of its own it speaks in the words of its first step."""
    first = made[0][0].step
    prefixes = {group.prefix.partition(":")[0] for _, group in made}
    values = {
        "patches": str(len(made)),
        "drivers": in_words(list(dict.fromkeys(group.name for _, group in made))),
        "prefix": f"{prefixes.pop()}:" if len(prefixes) == 1 else "treewide:",
        "tree": tree or "several trees",
        "nfiles": str(len({path for patch, _ in made for path in patch.changes})),
    }
    title, cover = (spec.title, spec.cover) if spec.title else (first.title, first.message)
    if spec.title:
        title, cover = (template.filled(text, values) for text in (title, cover))
    return msgspec.structs.replace(spec, name=name or spec.name, title=title, cover=cover)


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
