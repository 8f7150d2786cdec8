"""One commit of the series that is checked, with what is asked of it again and again."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cached_property

from patcher.cache import Cache
from patcher.check.store import digest
from patcher.mail.diff import Diff
from patcher.tree.changes import Between, Change
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import LINK, Entry, GitTree

_X86 = ("x86", "um")
_NO_CODE = ("Documentation", "scripts", "tools", "samples", "usr")
_PROGRAMS = ("scripts/", "usr/", "tools/arch/", "tools/build/", "tools/include/", "tools/lib/", "tools/objtool/",
             "tools/scripts/", "lib/gen_")  # fmt: skip
_PROGRAMS_OF_ARCH = ("tools/", "boot/tools/")
_RUN = (".sh", ".pl", ".awk", ".py", ".bc", ".sed")
_TABLES = ("_defconfig", ".tbl", "asm-offsets.c", "asm-offsets_32.c", "asm-offsets_64.c", "bounds.c")


def _unneeded(path: str, arches: Container[str]) -> bool:
    top, _, rest = path.partition("/")
    if top == "Documentation":
        return not posixpath.basename(path).startswith(("Kconfig", "Makefile", "Kbuild"))
    arch, below, _ = rest.partition("/")
    outside = top == "arch" and bool(below) and arch not in arches
    return outside and not posixpath.basename(path).startswith("Kconfig")


def _is_header(path: str) -> bool:
    return path.endswith(".h")


def _is_kconfig_file(path: str) -> bool:
    return posixpath.basename(path).startswith("Kconfig")


@functools.cache
def _is_build_file(arches: tuple[str, ...]) -> Callable[[str], bool]:
    programs = (*_PROGRAMS, *(f"arch/{arch}/{place}" for arch in arches for place in _PROGRAMS_OF_ARCH))
    ends = (*_TABLES, *_RUN)

    def fits(path: str) -> bool:
        named = posixpath.basename(path).startswith(("Makefile", "Kbuild", "Kconfig"))
        return named or path.startswith(programs) or path.endswith(ends)

    return fits


@functools.cache
def _is_config_file(arches: tuple[str, ...]) -> Callable[[str], bool]:
    own = ("Makefile", *(f"arch/{arch}/Makefile" for arch in arches))

    def fits(path: str) -> bool:
        return (
            _is_kconfig_file(path) or path.startswith("scripts/kconfig/") or path.endswith("_defconfig") or path in own
        )

    return fits


class Snapshot:
    """Commit ``number`` of the series, from 1; 0 is the base, which has no parent here. ``texts`` are those of files
    that were read, by blob, for all of the series. ``arches``: the directories below ``arch/`` that builds look into.
    ``base``: of the series, whose list of files is not read again; None for the base itself. ``between``: the changes
    of all commits from that on, where this is one of many. ``cache`` remembers what was searched for.
    """

    def __init__(
        self, repository: Repository, texts: dict[str, str], number: int, commit: str, parent: str,
        arches: Sequence[str] = _X86, base: Snapshot | None = None, between: Between | None = None,
        cache: Cache | None = None,
    ) -> None:  # fmt: skip
        self._repository = repository
        self._texts = texts
        self._arches = tuple(arches)
        self._base = base
        self._cache = cache
        self._between = between or Between(repository, (parent, commit))
        self._fitting: dict[Callable[[str], bool], dict[str, str]] = {}
        self.number, self.commit, self.parent = number, commit, parent

    @cached_property
    def _tree(self) -> GitTree:
        return GitTree(self._repository, self.commit, self._cache)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Every file of the commit."""
        if self._base is None:
            return self._tree.entries
        found = dict(self._base.entries)
        for path, entry in self._between.since_first(self.commit).items():
            if entry is None:
                found.pop(path, None)
            else:
                found[path] = entry
        return found

    @cached_property
    def exported(self) -> dict[str, Entry]:
        """What a build may look at: documentation and the code of other architectures are half of a tree."""
        return {path: entry for path, entry in self.entries.items() if not _unneeded(path, self._arches)}

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What differs from the parent."""
        return self._between.changed(self.commit).changes

    @cached_property
    def diff(self) -> Diff:
        """The lines that differ from the parent."""
        return self._between.diff(self.commit)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Path in the parent → path now."""
        return {change.old: change.path for change in self.changes if change.renamed}

    @cached_property
    def header_names(self) -> str:
        """A digest of the names of all headers: a new one may be found before another."""
        return self._digest(_is_header, names=True)

    @cached_property
    def build_files(self) -> str:
        """A digest of what kbuild goes by and of what it runs."""
        return self._digest(_is_build_file(self._arches))

    @cached_property
    def config_files(self) -> str:
        """A digest of what a configuration is made of."""
        return self._digest(_is_config_file(self._arches))

    @cached_property
    def kconfig_files(self) -> str:
        """A digest of all Kconfig files."""
        return self._digest(_is_kconfig_file)

    def _digest(self, fits: Callable[[str], bool], *, names: bool = False) -> str:
        """Of the files that fit: with what is in them, or the ``names`` alone."""
        found = self.fitting(fits)
        return digest(sorted(found) if names else sorted(found.items()))

    def forget(self) -> None:
        """Keep no lists of files: they are made anew where they are needed again."""
        for name in ("_tree", "entries", "exported", "diff"):
            self.__dict__.pop(name, None)
        self._texts.clear()

    def fitting(self, fits: Callable[[str], bool]) -> dict[str, str]:
        """The files whose path fits, with their blobs."""
        if self._base is None:
            if fits not in self._fitting:
                self._fitting[fits] = {path: entry.blob for path, entry in self.entries.items() if fits(path)}
            return self._fitting[fits]
        found = dict(self._base.fitting(fits))
        for path, entry in self._between.since_first(self.commit).items():
            if entry is None:
                found.pop(path, None)
            elif fits(path):
                found[path] = entry.blob
        return found

    def read(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of many files of the commit at once."""
        found = {path: self.entries[path].blob for path in paths if self.entries[path].mode != LINK}
        missing = {blob: path for path, blob in found.items() if blob not in self._texts}
        for blob, content in self._repository.objects.blobs(missing).items():
            self._texts[blob] = content.decode("utf-8", "replace")
        return {path: self._texts[blob] for path, blob in found.items()}

    def text(self, path: str) -> str:
        """The text of a file, "" where there is none (a link has none)."""
        entry = self.entries.get(path)
        if entry is None or entry.mode == LINK:
            return ""
        if entry.blob not in self._texts:
            content = self._repository.objects.blobs({entry.blob: path})[entry.blob]
            self._texts[entry.blob] = content.decode("utf-8", "replace")
        return self._texts[entry.blob]

    def changed_text(self, paths: list[str]) -> list[str]:
        """The lines that went or came in some files, and of the function each hunk is in."""
        hunks = (hunk for file in self.diff.files if {file.path, file.old_path} & set(paths) for hunk in file.hunks)
        return [text for hunk in hunks for text in (hunk.function, *hunk.old, *hunk.new)]

    def naming(self, words: Iterable[str], paths: Sequence[str]) -> frozenset[str]:
        """Those of the paths (or of what fits git's patterns) that hold one of the words."""
        return frozenset(self._tree.search(sorted(words), paths))

    def include_lines(self, arch: str) -> list[tuple[str, str]]:
        """Every ``#include`` of the commit that a build for ``arch`` may see."""
        places = {path.split("/", 1)[0] for path in self.entries if "/" in path} - set(_NO_CODE) - {"arch"}
        return self._tree.include_lines([*sorted(places), f"arch/{arch}"])

    def changed_include_lines(self) -> list[tuple[str, str]]:
        """Every ``#include`` in the files that the commit changes."""
        paths = [change.path for change in self.changes if change.path.endswith((".c", ".h", ".S"))]
        return [(path, line) for path in paths for line in self.text(path).split("\n") if "include" in line]


def take(
    repository: Repository, base: str, commits: Iterable[str], arches: Sequence[str] = _X86, cache: Cache | None = None
) -> tuple[Snapshot, ...]:
    """The base and the commits that follow it, the oldest first. ``arches``: directories below ``arch/``; ``cache``
    remembers what is searched for."""
    texts: dict[str, str] = {}
    every = (base, *commits)
    between = Between(repository, every)
    found: list[Snapshot] = []
    for number, commit in enumerate(every):
        parent, first = (found[-1].commit, found[0]) if found else ("", None)
        found.append(Snapshot(repository, texts, number, commit, parent, arches, first, between, cache))
    return tuple(found)
