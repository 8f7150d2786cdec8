"""The P2M of one machine before and after each commit of a series: pictures, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import selfcheck, toolchain
from patcher.prove.build import ARCHS, build
from patcher.prove.draw import draw, pages_asked
from patcher.prove.picture import Ended, Kind, Picture
from patcher.prove.run import RunError
from patcher.prove.scenario import Region
from patcher.tree.changes import changes
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree

Told = Callable[[str], None]

_ELSEWHERE = ("Documentation/", "block/", "crypto/", "drivers/", "fs/", "net/", "samples/", "security/", "sound/",
              "tools/")  # fmt: skip
_PLAIN = (".c", ".S", ".rst", ".txt")


class Machine(NamedTuple):
    """The machine that all pictures are of: its memory map and what to call that, how many pages the domain is given
    (None: as many as the map has RAM), and whether it is the initial one."""

    arch: str
    regions: tuple[Region, ...]
    origin: str
    nr_pages: int | None = None
    initial: bool = True


class Shot(msgspec.Struct, frozen=True):
    """One commit: its id ("" for a tree that has none) and subject.

    ``picture`` is the index of its picture, or -1 where there is none; then ``reason`` says why.
    """

    commit: str
    subject: str
    picture: int
    reason: str = ""


class Pictures(msgspec.Struct, frozen=True):
    """The base and the commits of a series, the oldest first, and their pictures, each once. ``origin``: where the
    memory map comes from."""

    arch: str
    origin: str
    shots: tuple[Shot, ...]
    pictures: tuple[Picture, ...]

    def steps(self) -> Iterator[tuple[Shot, Picture | None, Picture | None]]:
        """Each commit with its picture, and with the newest one of those before it."""
        before: Picture | None = None
        for shot in self.shots:
            picture = self.pictures[shot.picture] if shot.picture >= 0 else None
            yield shot, picture, before
            before = picture or before


def collect(
    trees: Sequence[tuple[str, KernelTree]], machine: Machine, cache: Cache, told: Told | None = None
) -> Pictures:
    """The pictures of trees, as (subject, tree), the oldest first.

    A program that another tree's code gave already is not run again, and a commit that only changes what no P2M is made
    of is not even looked at. A tree without a picture has its reason instead: no P2M, code that does not compile, a
    boot that does not come to its end. ``told`` is called with each subject. Raises InputError where nothing can be
    built for the architecture on this machine, or the memory map cannot be played.
    """
    if why := toolchain.missing(ARCHS[machine.arch]):
        raise InputError(f"nothing can be drawn for {machine.arch}", why)
    pages_asked(machine.regions, machine.nr_pages)
    selfcheck.check(machine.arch, cache)
    drawn: dict[bytes, Picture | str] = {}
    found: dict[Picture, int] = {}
    shots: list[Shot] = []
    before: KernelTree | None = None
    for subject, tree in trees:
        if told:
            told(subject)
        if before is not None and not _may_matter(before, tree):
            shots.append(msgspec.structs.replace(shots[-1], commit=tree.commit, subject=subject))
        else:
            picture = _of(tree, machine, cache, drawn)
            at = -1 if isinstance(picture, str) else found.setdefault(picture, len(found))
            shots.append(Shot(tree.commit, subject, at, picture if isinstance(picture, str) else ""))
        before = tree
    return Pictures(machine.arch, machine.origin, tuple(shots), tuple(found))


def _of(tree: KernelTree, machine: Machine, cache: Cache, drawn: dict[bytes, Picture | str]) -> Picture | str:
    """The picture, or why there is none."""
    try:
        program = build(tree, machine.arch, cache)
    except toolchain.CompilerError as error:
        return f"its code does not compile: {error}"
    except InputError as error:
        return str(error)
    key = program.digest
    if key not in drawn:
        try:
            picture = draw(program, machine.arch, machine.regions, machine.nr_pages, machine.initial)
        except RunError as error:
            return f"its code cannot be run: {error}"
        except InputError as error:
            return str(error)
        if isinstance(picture, Ended):
            where = f" at {picture.place}" if picture.place else ""
            drawn[key] = f"the boot ended with {picture.what}{where}"
        else:
            drawn[key] = picture
    return drawn[key]


def _may_matter(before: KernelTree, tree: KernelTree) -> bool:
    """Whether what differs between two trees can be part of the P2M's program."""
    if not (isinstance(before, GitTree) and isinstance(tree, GitTree) and before.repository is tree.repository):
        return True
    differs = changes(tree.repository, before.commit, tree.commit)
    return not all(_is_elsewhere(path) for change in differs for path in change if path)


def _is_elsewhere(path: str) -> bool:
    return path.startswith(_ELSEWHERE) and PurePosixPath(path).suffix in _PLAIN


class Slot(NamedTuple):
    """What PFNs are, and by which pages: the names of shared ones, "" for pages of their own; whether the leaf is one
    of the builder's list."""

    kind: Kind
    mid: str
    leaf: str
    listed: bool


class Change(NamedTuple):
    """PFNs [start, end) that another picture has in another way."""

    start: int
    end: int
    before: Slot
    after: Slot

    @property
    def meaning(self) -> bool:
        """Whether a lookup says something else, too."""
        return self.before.kind is not self.after.kind


def differences(before: Picture, after: Picture) -> tuple[Change, ...]:
    """Where two pictures of one architecture differ, in order of PFNs; neighbours that differ alike are one."""
    found: list[Change] = []
    others = _slots(after)
    _, stop, new = next(others)
    for first, end, old in _slots(before):
        at = first
        while at < end:
            if at >= stop:
                _, stop, new = next(others)
            upto = min(end, stop)
            if old != new:
                if found and found[-1].end == at and found[-1][2:] == (old, new):
                    at = found.pop().start
                found.append(Change(at, upto, old, new))
            at = upto
    return tuple(found)


def _slots(picture: Picture) -> Iterator[tuple[int, int, Slot]]:
    """All PFNs of the tree in order: [start, end), and how they are held."""
    kinds = {each.name: each.kind for each in picture.shared}
    targets = {each.name: each.leads_to for each in picture.shared}
    fan, size = picture.fan_out, picture.fan_out**2
    for run in picture.top:
        if run.shared:
            slot = Slot(kinds[run.shared], run.shared, targets[run.shared], False)
            yield run.first * size, (run.first + run.count) * size, slot
            continue
        for mid in range(run.first, run.first + run.count):
            for leaves in run.leaves:
                at = mid * size + leaves.first * fan
                if len(leaves.pieces) == 1:
                    slot = Slot(leaves.pieces[0].kind, "", leaves.shared, leaves.listed)
                    yield at, at + leaves.count * fan, slot
                    continue
                for piece in leaves.pieces:
                    slot = Slot(piece.kind, "", leaves.shared, leaves.listed)
                    yield at + piece.first, at + piece.first + piece.count, slot
