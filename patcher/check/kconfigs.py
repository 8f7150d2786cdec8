"""The Kconfig of each commit of a series: which symbols it defines, and a solver for it."""

from __future__ import annotations

import posixpath
import re
import threading

from patcher.check.arches import directory
from patcher.check.kconfig.protocol import Answer, Load
from patcher.check.kconfig.solver import Solver
from patcher.check.snapshot import Snapshot
from patcher.check.store import Store, digest

Goals = tuple[tuple[str, str], ...]
_DEFINED = re.compile(r"^[ \t]*(?:menu)?config[ \t]+(\w+)[ \t]*(?:#.*)?$", re.MULTILINE)
_PROGRAM = "scripts/kconfig/Makefile"


def is_kconfig(path: str) -> bool:
    """Whether a file is one of Kconfig's."""
    return posixpath.basename(path).startswith("Kconfig")


def defined(text: str) -> frozenset[str]:
    """The symbols that a Kconfig file defines."""
    return frozenset(_DEFINED.findall(text))


class Kconfigs:
    """Read when first needed, by content; as a context manager, its processes are ended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._solvers: dict[str, Solver] = {}
        self._defined: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Kconfigs:
        return self

    def __exit__(self, *_: object) -> None:
        for solver in self._solvers.values():
            solver.close()

    def defines(self, snapshot: Snapshot) -> frozenset[str]:
        """The symbols that some Kconfig of a commit defines, for whatever architecture."""
        content = snapshot.kconfig_files
        if content not in self._defined:
            key = digest("defined", content)
            kept = self._store.text(key)
            if kept is None:
                names = frozenset(name for text in _texts(snapshot).values() for name in defined(text))
                self._store.put_text(key, "\n".join(sorted(names)))
            else:
                names = frozenset(kept.split("\n"))
            self._defined[content] = names
        return self._defined[content]

    def reach(self, snapshot: Snapshot, arch: str, config: str, goals: Goals) -> Answer:
        """The symbols to set beside some goals in a configuration of a commit (the text of its ``.config``), or why
        there is no way. ``arch`` is what ARCH is set to. Without a program that reads its Kconfig, it is none."""
        if _PROGRAM not in snapshot.entries:
            return Answer()
        return self._solver(snapshot, arch).reach(config, goals)

    def draw(self, snapshot: Snapshot, arch: str, seed: int) -> Answer:
        """A configuration of a commit, drawn with a seed."""
        return self._solver(snapshot, arch).draw(seed)

    def _solver(self, snapshot: Snapshot, arch: str) -> Solver:
        arch, place = arch or directory(arch), directory(arch)
        content = digest(snapshot.kconfig_files, arch, place)
        with self._lock:
            if content not in self._solvers:
                self._solvers[content] = Solver(lambda: Load(_texts(snapshot), arch, place, ""), content, self._store)
            return self._solvers[content]


def _texts(snapshot: Snapshot) -> dict[str, str]:
    return snapshot.read(path for path in snapshot.entries if is_kconfig(path))
