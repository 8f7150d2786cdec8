"""Reading the files of a survey: in one configuration after the other, until every name of interest is understood."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.cache import Cache
from patcher.model import FileFacts, Severity
from patcher.plan.survey import Survey, interesting_offsets
from patcher.source import lex
from patcher.source.read import include_graph, read_units
from patcher.source.unit import Batch, Progress, Unit
from patcher.tree.config import Config
from patcher.tree.kernel import KernelTree

_SYMBOL = re.compile(r"\bCONFIG_\w+")


class Gap(NamedTuple):
    """A name of interest that no parse has explained: where, and the condition it stands under ("" if none)."""

    path: str
    offset: int
    symbol: str
    line: int
    column: int
    condition: str


class Reader:
    """The facts of the surveyed files, as far as they have been read. ``codes``: the files without their comments."""

    def __init__(
        self,
        tree: KernelTree,
        configs: Sequence[Config],
        found: Survey,
        codes: Mapping[str, bytes],
        cache: Cache,
        progress: Progress | None,
    ) -> None:
        self._tree, self._configs, self._found, self._codes = tree, configs, found, codes
        self._cache, self._progress = cache, progress
        self._files = [*found.sources, *found.headers]
        self._untried = {path: _order(path, configs, tree) for path in self._files}
        self._watched: dict[str, dict[int, str]] = {path: {} for path in self._files}
        self._names: frozenset[str] = frozenset()
        self.facts: list[FileFacts] = []

    def cover(self, names: frozenset[str]) -> list[Gap]:
        """Read until each of the names is understood wherever it stands, or every configuration was tried.

        What remains is answered. A file of the architecture that met errors is tried in the next configuration, too;
        one on which libclang died or was stuck is not.
        """
        for path, places in self._watched.items() if names - self._names else ():
            places.update(interesting_offsets(self._codes[path], names - self._names))
        self._names |= names
        gaps = self._gaps()
        left = self._left(gaps) if self.facts else set(self._files)
        while todo := {path: name for path in sorted(left) if (name := self._next(path, gaps))}:
            batches = [
                self._batch(config, [path for path in self._files if todo.get(path) == config.name])
                for config in self._configs
                if config.name in todo.values()
            ]
            facts = read_units(self._tree, batches, self._cache, self._progress)
            self.facts = _cleanest([*self.facts, *facts])
            gaps = self._gaps()
            left = self._left(gaps)
        return gaps

    def _next(self, path: str, gaps: Sequence[Gap]) -> str:
        """The next configuration that may tell more about a file, or ""."""
        untried = self._untried[path]
        tried = [config for config in self._configs if config.name not in untried]
        while untried:
            name = untried.pop(0)
            config = next(config for config in self._configs if config.name == name)
            if not tried or config.arch not in {each.arch for each in tried}:
                return name
            conditions = " ".join(gap.condition for gap in gaps if gap.path == path)
            asked = set(_SYMBOL.findall(conditions))
            if any((config.symbols & asked) != (each.symbols & asked) for each in tried):
                return name
        return ""

    def _left(self, gaps: Sequence[Gap]) -> set[str]:
        unclean = {one.path for one in self.facts if one.unit_errors and one.path.startswith("arch/")}
        lost = {one.path for one in self.facts if any(said.severity == Severity.CRASH for said in one.diagnostics)}
        return (unclean | {gap.path for gap in gaps}) - lost

    def _gaps(self) -> list[Gap]:
        """The places that name a symbol of interest and that no parse so far has understood."""
        regions: dict[str, list[tuple[int, int, str]]] = {}
        explained: dict[str, set[int]] = {path: set() for path in self._files}
        for one in self.facts:
            regions.setdefault(one.path, []).extend((each.start, each.end, each.condition) for each in one.regions)
            explained[one.path].update(use.span.start for use in one.uses if use.symbol in self._names)
        return [
            gap
            for path, places in self._watched.items()
            if (unread := places.keys() - explained[path])
            for gap in self._in_file(path, sorted(unread), regions.get(path, ()))
        ]

    def _in_file(self, path: str, unread: Sequence[int], regions: Sequence[tuple[int, int, str]]) -> Iterator[Gap]:
        starts = lex.line_starts(self._codes[path])
        for offset in unread:
            line = bisect_right(starts, offset)
            conditions = dict.fromkeys(text for first, last, text in regions if first <= line <= last)
            column = offset - starts[line - 1] + 1
            yield Gap(path, offset, self._watched[path][offset], line, column, " and ".join(conditions))

    def _batch(self, config: Config, todo: Sequence[str]) -> Batch:
        """Each header goes with the C file that includes it most directly, as an include far away may stand under an
        ``#if`` that does not hold; one that none includes is a unit of its own."""
        sources = [path for path in todo if path.endswith(".c")]
        headers = [path for path in todo if path.endswith(".h")]
        hosts = sources or list(self._found.sources[:1])
        includes = include_graph(self._tree, config, [*hosts, *headers], self._cache)
        taken: dict[str, list[str]] = {path: [] for path in hosts}
        alone: list[str] = []
        far = {path: includes.distances([path, *config.forced]) for path in hosts if headers}
        for header in headers:
            near = [path for path in hosts if header in far[path]]
            host = min(near, key=lambda path: far[path][header], default=None)
            (taken[host] if host else alone).append(header)
        units = [Unit(path, tuple(own)) for path, own in taken.items() if path in sources or own]
        return Batch(config, (*units, *(Unit(path) for path in alone)), includes)


def _order(path: str, configs: Sequence[Config], tree: KernelTree) -> list[str]:
    """The configurations to try a file in. kbuild builds ``x_$(BITS).c`` for its own word size."""
    names = [config.name for config in configs]
    archs = {config.name: config.arch for config in configs}
    for suffix, other, arch in (("_32.c", "_64.c", "i386"), ("_64.c", "_32.c", "x86_64")):
        if path.endswith(suffix) and tree.blobs([path.removesuffix(suffix) + other]):
            names.sort(key=lambda name: archs[name] != arch)
    return names


def _cleanest(facts: Sequence[FileFacts]) -> list[FileFacts]:
    """Without the parses that met errors, of files that another configuration parsed without."""
    clean = {one.path for one in facts if not one.unit_errors}
    return [one for one in facts if not one.unit_errors or one.path not in clean]
