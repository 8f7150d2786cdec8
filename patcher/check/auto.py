"""Configurations chosen from what a series changes: every touched ``#if`` branch is to be compiled somewhere.

It begins with the default configurations of the architecture. What none of them compiles gets one more, made from one
of them by switching as few symbols as will do, and what these depend on.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.check import affected as affect
from patcher.check.arches import directory, native
from patcher.check.guards import Branch, changes, compiled
from patcher.check.kbuild import Makefiles
from patcher.check.kconfig.protocol import Answer
from patcher.check.kconfigs import Goals
from patcher.check.results import LeftOut
from patcher.check.snapshot import Snapshot
from patcher.check.specs import Spec, symbols, unmet
from patcher.check.touched import code_only, of_commit

MOST = 12
_FIXED = frozenset({"64BIT", "X86_64", "X86_32", "X86"})
_X86 = (("x86_64", "64BIT"), ("i386", "X86_32"))
_DEFCONFIG = re.compile(r"arch/x86/configs/(\w+_defconfig)$")
_CONDITION = re.compile(r"^\s*(?:obj|lib)-\$\(CONFIG_(\w+)\)\s*[+:]?=\s*(.*)$", re.MULTILINE)
_TRIES = 6

Configure = Callable[[Spec], str | None]
Reach = Callable[[Spec, str, Goals], Answer]


class Chosen(NamedTuple):
    """The configurations, the files that none of them builds, and why there is none for a branch: by its place, with
    line 0, and what it wants."""

    specs: tuple[Spec, ...]
    left_out: tuple[LeftOut, ...]
    hindered: dict[Branch, str]


class _Made(NamedTuple):
    spec: Spec
    text: str
    config: dict[str, str]


def usual() -> tuple[str, ...]:
    """What ARCH is set to where nobody says: this machine's."""
    return tuple(arch for arch, _ in _X86) if native() == "x86" else (native(),)


def choose(series: Sequence[Snapshot], arches: Sequence[str], configure: Configure, reach: Reach) -> Chosen:
    """Choose configurations.

    Arguments:
        series: the base and the commits
        arches: what ARCH is set to; the first one's code, and all that is no architecture's, is to be compiled, and of
            others, but i386, what is theirs
        configure: makes a configuration on the last commit and returns its ``.config``, or None where it cannot be made
        reach: what to set beside some symbols in such a configuration, the text of its ``.config``
    """
    last = series[-1]
    wanted = {placeless(branch): branch for each in pairwise(series) for branch in of_commit(*each)}
    files = dict.fromkeys(
        path for each in series[1:] for path in affect.touched(each.changes)[0] if path in last.entries
    )
    made = [
        _Made(spec, text, symbols(text)) for spec in _defaults(last, arches) if (text := configure(spec)) is not None
    ]
    if not made:
        return Chosen(_defaults(last, arches), (), {})
    first = directory(arches[0])
    used: list[_Made] = list(made)

    def add(start: _Made, switched: Goals, good: Callable[[_Made], bool]) -> str:
        """Why there is no such configuration, or ""."""
        if len(used) >= MOST:
            return f"{MOST} configurations are enough"
        answer = reach(start.spec, start.text, (*start.spec.changes, *switched))
        if answer.reason:
            return answer.reason
        spec = _with(start.spec, switched, answer.changes)
        text = configure(spec)
        new = _Made(spec, text or "", symbols(text or ""))
        if text is None or unmet(spec.changes, text) or not good(new):
            return "the one that was tried does not"
        used.append(new)
        return ""

    def cover(arch: str, paths: Sequence[str]) -> None:
        """Have these files built, with as few more configurations as will do: each one is prepared anew."""
        start = next(each for each in made if _kind(each) == arch)
        asked = {
            path: [name for name in _conditions(last, path) if start.config.get(name, "n") == "n"]
            for path in paths
            if not any(_builds(last, each, path) for each in used if _kind(each) == arch)
        }
        some = [path for path in asked if asked[path]]
        switched = tuple(dict.fromkeys((name, "y") for path in some for name in asked[path]))
        if some and add(start, switched, lambda new: all(_builds(last, new, path) for path in some)) and some[1:]:
            cover(arch, some[: len(some) // 2])
            cover(arch, some[len(some) // 2 :])

    left = [
        LeftOut(path, "it is for another architecture")
        for path in files
        if not any(_concerns(arch, path, first) for arch in _kinds(made))
    ]
    for arch in _kinds(made):
        cover(arch, [path for path in files if _concerns(arch, path, first)])
    hindered: dict[Branch, str] = {}
    for key, branch in wanted.items():
        if not any(_concerns(arch, branch.path, first) for arch in _kinds(made)):
            continue

        def good(new: _Made, branch: Branch = branch) -> bool:
            return compiled(branch, new.config) and _sees(last, new, branch.path)

        if any(good(each) for each in used):
            continue
        starts = [each for each in used if _sees(last, each, branch.path)] or used
        tries = [(each, changes(branch, each.config, _FIXED)) for each in starts]
        for each, way in tries[:_TRIES]:
            if way:
                why = add(each, way, good)
                if not why:
                    hindered.pop(key, None)
                    break
                hindered.setdefault(key, why)
    return Chosen(tuple(each.spec for each in used), tuple(left), hindered)


def placeless(branch: Branch) -> Branch:
    """A branch wherever in its file it stands."""
    return branch._replace(line=0, last=0)


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
    """Whether a source is built; what is no source counts as seen."""
    return not code_only(path) or _builds(last, made, path)


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


def _with(spec: Spec, switched: Goals, beside: Goals) -> Spec:
    """The configuration with some symbols switched, and others for these."""
    wanted = (*spec.changes, *switched)
    name = spec.name + "".join(f"{'-' if value == 'n' else '+'}{symbol}" for symbol, value in switched)
    helps = {**dict(spec.helps), **dict(beside)}
    return spec._replace(
        name=name, changes=wanted, helps=tuple(pair for pair in helps.items() if pair[0] not in dict(wanted))
    )
