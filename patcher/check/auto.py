"""Configurations chosen from what a series changes: every touched ``#if`` branch is to be compiled somewhere.

It begins with the default configurations of the architecture. What none of them compiles gets one more, made from one
of them by switching as few symbols as will do, and what these depend on.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.check import affected as affect
from patcher.check.arches import directory, native
from patcher.check.depends import Dependencies
from patcher.check.guards import Branch, branches, changes, compiled
from patcher.check.kbuild import Makefiles
from patcher.check.results import LeftOut
from patcher.check.snapshot import Snapshot
from patcher.check.specs import Spec, symbols

MOST = 12
_FIXED = frozenset({"64BIT", "X86_64", "X86_32", "X86"})
_X86 = (("x86_64", "64BIT"), ("i386", "X86_32"))
_DEFCONFIG = re.compile(r"arch/x86/configs/(\w+_defconfig)$")
_CONDITION = re.compile(r"^\s*(?:obj|lib)-\$\(CONFIG_(\w+)\)\s*[+:]?=\s*(.*)$", re.MULTILINE)
_TRIES = 6

Configure = Callable[[Spec], str | None]


class Chosen(NamedTuple):
    """The configurations, and what none of them compiles."""

    specs: tuple[Spec, ...]
    left_out: tuple[LeftOut, ...]


class _Made(NamedTuple):
    spec: Spec
    config: dict[str, str]


def usual() -> tuple[str, ...]:
    """What ARCH is set to where nobody says: this machine's."""
    return tuple(arch for arch, _ in _X86) if native() == "x86" else (native(),)


def choose(series: Sequence[Snapshot], arches: Sequence[str], configure: Configure) -> Chosen:
    """Choose configurations.

    Arguments:
        series: the base and the commits
        arches: what ARCH is set to; the first one's code, and all that is no architecture's, is to be compiled, and of
            others, but i386, what is theirs
        configure: makes a configuration on the last commit and returns its ``.config``, or None where it cannot be made
    """
    last = series[-1]
    wanted = {branch._replace(line=0): branch for branch in _wanted(series)}.values()
    files = dict.fromkeys(
        path for each in series[1:] for path in affect.touched(each.changes)[0] if path in last.entries
    )
    made = [_Made(spec, symbols(text)) for spec in _defaults(last, arches) if (text := configure(spec)) is not None]
    if not made:
        return Chosen(_defaults(last, arches), ())
    first = directory(arches[0])
    dependencies = Dependencies(last.entries, last.text)
    used: list[_Made] = list(made)

    def add(start: _Made, switched: Iterable[tuple[str, str]], good: Callable[[_Made], bool]) -> bool:
        if len(used) >= MOST:
            return False
        spec = _with(start, tuple(switched), dependencies)
        text = configure(spec)
        if text is None:
            return False
        new = _Made(spec, symbols(text))
        if good(new):
            used.append(new)
            return True
        return False

    left: list[LeftOut] = []
    for path in files:
        kinds = [arch for arch in _kinds(made) if _concerns(arch, path, first)]
        if not kinds:
            left.append(LeftOut(path, "it is for another architecture"))
        for arch in kinds:
            if not any(_builds(last, each, path) for each in used if _kind(each) == arch):
                start = next(each for each in made if _kind(each) == arch)
                switched = tuple((name, "y") for name in _conditions(last, path) if start.config.get(name, "n") == "n")
                if switched:
                    add(start, switched, lambda new, path=path: _builds(last, new, path))  # type: ignore[misc]
    for branch in wanted:
        if not any(_concerns(arch, branch.path, first) for arch in _kinds(made)):
            continue

        def good(new: _Made, branch: Branch = branch) -> bool:
            return compiled(branch, new.config) and _sees(last, new, branch.path)

        if any(good(each) for each in used):
            continue
        starts = [each for each in used if _sees(last, each, branch.path)] or used
        tries = [(each, changes(branch, each.config, _FIXED)) for each in starts]
        if not any(add(start, switched, good) for start, switched in tries[:_TRIES] if switched):
            left.append(LeftOut(f"{branch.path}:{branch.line}: {branch.text}", "no configuration found compiles it"))
    return Chosen(tuple(each.spec for each in used), tuple(left))


def _wanted(series: Sequence[Snapshot]) -> Iterable[Branch]:
    for parent, snapshot in pairwise(series):
        for file in snapshot.diff.files:
            if file.path.endswith((".c", ".h", ".S")) and not file.deleted:
                yield from branches(file.path, snapshot.text(file.path), [line.number for line in file.added])
                if not file.created:  # what is around lines that went
                    yield from branches(file.path, parent.text(file.old_path), [line.number for line in file.removed])


def _defaults(last: Snapshot, arches: Sequence[str]) -> tuple[Spec, ...]:
    """The default configuration of each width; where the tree has no Kconfig program, all that it ships."""
    if "scripts/kconfig/Makefile" in last.entries:
        return tuple(Spec(f"{arch}:defconfig", arch, "defconfig", "", (), ()) for arch in arches)
    names = sorted(match.group(1) for path in last.entries if (match := _DEFCONFIG.match(path)))
    return tuple(Spec(name, "", name, "", (), ()) for name in names)


def _kind(made: _Made) -> str:
    return made.spec.arch or next((arch for arch, symbol in _X86 if made.config.get(symbol) == "y"), "")


def _concerns(arch: str, path: str, first: str) -> bool:
    """Whether a file is to be compiled for what ARCH is set to. ``first`` is the directory of the first of them all."""
    place = directory(arch)
    return not affect.elsewhere(path, place) and (place == first or path.startswith(f"arch/{place}/"))


def _kinds(made: Sequence[_Made]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_kind(each) for each in made))


def _builds(last: Snapshot, made: _Made, path: str) -> bool:
    return Makefiles(last.text, made.config, directory(made.spec.arch)).builds(path)


def _sees(last: Snapshot, made: _Made, path: str) -> bool:
    """Whether a source is built; a header counts as seen."""
    return path.endswith(".h") or _builds(last, made, path)


def _conditions(last: Snapshot, path: str) -> tuple[str, ...]:
    """The symbols that Makefiles put before a file and the directories on the way to it."""
    found: list[str] = []
    wanted = affect.target(path)
    while wanted:
        directory, name = posixpath.split(wanted.rstrip("/"))
        name += "/" if wanted.endswith("/") else ""
        for makefile in ("Kbuild", "Makefile"):
            text = re.sub(r"\\\n", " ", last.text(f"{directory}/{makefile}" if directory else makefile))
            found += [symbol for symbol, rest in _CONDITION.findall(text) if name in rest.split()]
        wanted = f"{directory}/" if directory else ""
    return tuple(dict.fromkeys(found))


def _with(start: _Made, switched: tuple[tuple[str, str], ...], dependencies: Dependencies) -> Spec:
    """The configuration with some symbols switched, and those they depend on."""
    spec = start.spec
    helps = dict(spec.helps)
    for name, value in switched:
        if value == "y":
            helps.update(dependencies.needs(name, {**start.config, **dict(switched)}))
    wanted = (*spec.changes, *switched)
    name = spec.name + "".join(f"{'-' if value == 'n' else '+'}{symbol}" for symbol, value in switched)
    kept = tuple(pair for pair in helps.items() if pair[0] not in dict(wanted))
    return spec._replace(name=name, changes=wanted, helps=kept)
