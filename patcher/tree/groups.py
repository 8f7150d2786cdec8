"""Files of a tree put together as those who take patches would have them: one patch each."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from patcher.model import Split
from patcher.tree.history import History
from patcher.tree.kernel import KernelTree
from patcher.tree.maintainers import REST, Fit, Maintainers
from patcher.tree.modules import Modules
from patcher.tree.prefixes import learn

FEW = 4  # modules of a directory that is one driver's: more, and its entry is a subsystem's
_OF_ALL = "linux-kernel@"
_URL = re.compile(r"[\w+]+://\S+|[^\s@]+@[^\s@:]+:\S+")  # asked of one word, so that a long one takes no time


class Group(NamedTuple):
    """What becomes one patch.

    Arguments:
        paths: sorted
        name: the driver or the subsystem, as a person would call it: ``mbcs``, ``XEN HYPERVISOR INTERFACE``
        prefix: of its subject, with the colon
        entry: the title of the most specific MAINTAINERS entry, "" where there is none
        tree: where such patches are taken: the ``T:``, or else the list, or the entry
    """

    paths: tuple[str, ...]
    name: str
    prefix: str
    entry: str
    tree: str


class Batch(NamedTuple):
    """Groups that become one series. ``tree`` is where all of them are taken, "" where that is several places."""

    tree: str
    groups: tuple[Group, ...]


def groups(
    paths: Iterable[str], how: Split, tree: KernelTree, maintainers: Maintainers, history: History | None
) -> tuple[Group, ...]:
    """The files in groups, in the order of their paths.

    A driver is the most specific entry of MAINTAINERS, below one directory, where that entry looks after a few modules
    or names files; where it looks after more it is the module that the Makefile makes of the file. A subsystem is the
    ``T:`` of the most specific entry that has one. Headers go with what is beside them, or has the same entry.

    Arguments:
        history: up to the tree, to learn prefixes from; None where there is none

    Raises InputError where MAINTAINERS cannot be asked.
    """
    known = _Known(tree, maintainers)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(set(paths)):
        found[known.key(path, how)].append(path)
    if how is Split.DRIVER:
        _join(found, known)
    parted = sorted(found.values())
    names = [known.name(each, how) for each in parted]
    prefixes = _apart(learn(parted, names, history), names, how) if parted else ()
    return tuple(
        Group(tuple(each), name, prefix, known.entry(each[0]), known.taken(each[0]))
        for each, name, prefix in zip(parted, names, prefixes, strict=True)
    )


def _apart(prefixes: Sequence[str], names: Sequence[str], how: Split) -> list[str]:
    """The prefixes, with the driver in those that several would have: no two subjects of a series are alike."""
    if how not in (Split.FILE, Split.DRIVER):
        return list(prefixes)
    return [
        f"{prefix} {name}:" if prefixes.count(prefix) > 1 and name not in prefix else prefix
        for prefix, name in zip(prefixes, names, strict=True)
    ]


def batches(found: Sequence[Group], limit: int = 0, *, by_tree: bool = False) -> tuple[Batch, ...]:
    """The groups as series: all in one, or one for each tree that takes them; none of more than ``limit`` patches, if
    that is not 0. Where there are more than these, the next series has them."""
    parted: defaultdict[str, list[Group]] = defaultdict(list)
    for group in found:
        parted[group.tree if by_tree else ""].append(group)
    made = []
    for together in parted.values():
        trees = {group.tree for group in together}
        size = limit or len(together)
        made += [
            Batch(together[0].tree if len(trees) == 1 else "", tuple(together[at : at + size]))
            for at in range(0, len(together), size)
        ]
    return tuple(made)


class _Known:
    """What is known of paths."""

    def __init__(self, tree: KernelTree, maintainers: Maintainers) -> None:
        self._maintainers = maintainers
        self._modules = Modules(tree)

    def _fits(self, path: str) -> tuple[Fit, ...]:
        return self._maintainers.closest(path)

    def entry(self, path: str) -> str:
        """The title of the most specific entry."""
        return next((fit.section.title for fit in self._fits(path)), "")

    def taken(self, path: str) -> str:
        """Where patches to a file are taken."""
        fits = self._fits(path)
        for fit in fits:
            for tree in fit.section.trees:
                if url := next(filter(None, map(_URL.match, tree.split())), None):
                    return url.group().removesuffix("/")
        lists = (each for fit in fits for each in fit.section.open_lists if not each.startswith(_OF_ALL))
        return next(lists, self.entry(path) or REST)

    def key(self, path: str, how: Split) -> str:
        """What is the same for the files of one group."""
        if how is Split.ONE:
            return ""
        if how is Split.FILE:
            return path
        if how is Split.SUBSYSTEM:
            return self.taken(path)
        place, driver = posixpath.dirname(path), self._modules.of(path)
        fits = self._fits(path)
        if fits and self._one_driver(fits[0].pattern):
            within = fits[0].pattern.rstrip("/") if fits[0].pattern.endswith("/") else place
            return f"{within}\0{fits[0].section.title}"
        return f"{place}/{driver}" if driver else f"{place}\0"

    def _one_driver(self, pattern: str) -> bool:
        """Whether a pattern of MAINTAINERS stands for one driver's files."""
        if not pattern.endswith("/"):
            return bool(pattern) and not pattern.endswith("/*")
        return not set("*?[") & set(pattern) and self._modules.below(pattern) <= FEW

    def name(self, paths: Sequence[str], how: Split) -> str:
        """What a group is called: by the file, the module, the directory or the entry."""
        if how is Split.FILE:
            return posixpath.splitext(posixpath.basename(paths[0]))[0]
        entry = self.entry(paths[0])
        if how in (Split.ONE, Split.SUBSYSTEM):
            same = {self.entry(path) for path in paths}
            return entry if len(same) == 1 and entry else posixpath.commonpath(paths) or "kernel"
        modules = {module for path in paths if (module := self._modules.of(path))}
        if len(modules) == 1:
            return modules.pop()
        return posixpath.basename(posixpath.commonpath([posixpath.dirname(path) for path in paths])) or paths[0]


def _join(found: dict[str, list[str]], known: _Known) -> None:
    """Put headers that are alone to the only group beside them, or else to the only one of the same entry."""
    alone = [key for key, paths in found.items() if all(path.endswith(".h") for path in paths)]
    for key in alone:
        if to := _only(found, alone, posixpath.dirname, found[key][0]) or _only(
            found, alone, known.entry, found[key][0]
        ):
            found[to] = sorted([*found[to], *found.pop(key)])


def _only(found: Mapping[str, Sequence[str]], alone: Sequence[str], of: Callable[[str], str], path: str) -> str:
    like = [key for key, paths in found.items() if key not in alone and any(of(each) == of(path) for each in paths)]
    return like[0] if len(like) == 1 and of(path) else ""
