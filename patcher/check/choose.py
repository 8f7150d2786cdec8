"""The second stage: which objects are compiled. Decided from what is configured and from the sources alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.check import affected, linking
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.kbuild import Makefiles, Reading
from patcher.check.makefiles import objects
from patcher.check.results import LeftOut
from patcher.check.snapshot import Snapshot
from patcher.check.specs import symbols
from patcher.check.store import Store, digest
from patcher.check.tools import MODPOST

_SAMPLED = ("init", "kernel", "lib", "mm")  # where one object stands for all
_LISTED = re.compile(r"(?<![^\s=])[\w+-][\w.+/-]*(?:\.o|/)(?!\S)")
_SOURCES = re.compile(r"(?<![^\s=])[\w+-][\w.+/-]*\.[cS](?!\S)")  # listed as if they were objects
_OF_OBJECTS = re.compile(
    r"[ \t]*(?!always|extra|generated|hostprogs|userprogs)[\w-]+-(?:y|m|objs|\$[({]\w+[)}])[ \t]*[:+]?="
)


class Choice(NamedTuple):
    """``targets``: by commit, the base first, and by configuration the objects to compile; ``left_out``: what is not
    compiled, and why."""

    targets: tuple[tuple[tuple[str, ...], ...], ...]
    left_out: tuple[LeftOut, ...]


def choose(
    series: Sequence[Snapshot], configurations: Sequence[Configuration], configured: Sequence[Sequence[Configured]],
    graph_of: Callable[[str], affected.Graph], most: int,
) -> Choice:  # fmt: skip
    """Choose what each commit can affect, and for the base all of that, to compare with.

    Arguments:
        series: the base and the commits
        configured: by commit and configuration
        graph_of: who includes whom, for a directory below ``arch/``; asked where a header was touched
        most: how many users of touched headers are compiled, for a commit in a configuration
    """
    chosen: list[tuple[tuple[str, ...], ...]] = []
    left_out: list[LeftOut] = []
    lacking: list[tuple[str, ...]] = [()] * len(configurations)
    readings = [Reading(configuration.arch) for configuration in configurations]
    for snapshot in series[1:]:
        sources, headers, _, others = affected.touched(snapshot.changes)
        row: list[tuple[str, ...]] = []
        built: set[str] = set()
        for_all: set[str] = set()
        for index, configuration in enumerate(configurations):
            before, now = configured[snapshot.number - 1][index], configured[snapshot.number][index]
            if now.prepared is None:
                row.append(())
                continue
            earlier = readings[index].at(series[snapshot.number - 1].text, before.config)
            makefiles = readings[index].at(snapshot.text, now.config)
            users = graph_of(configuration.arch).users(headers) if headers else {}
            wide = {path for path in _paths(snapshot) if affected.for_all(path, configuration.arch)}
            samples = _samples(snapshot, makefiles) if wide else ()
            found, also_built = _affected(series[snapshot.number - 1], snapshot, makefiles, users, samples, most)
            built |= also_built
            for_all |= wide
            lacking[index] = _lacking(lacking[index], series[snapshot.number - 1], earlier, snapshot, makefiles)
            row.append((*_targets(configuration, makefiles, found.sources), *lacking[index]))
            left_out += _unlinked(configuration, makefiles, found.sources)
            left_out += _untried(snapshot.number, configuration.spec.name, found, changed=now.config != before.config)
        chosen.append(tuple(row))
        which = f"commit {snapshot.number}"
        few = f"{which}: it is for all of the build; a few objects were made with it, and compared"
        left_out += [LeftOut(path, few) for path in sorted(for_all)]
        left_out += [
            LeftOut(path, f"{which}: no configuration that was checked builds it")
            for path in sources
            if path not in built | for_all
        ]
        left_out += [LeftOut(path, f"{which}: Rust is not compiled") for path in others if path.endswith(".rs")]
    base = tuple(
        _at_base(series, configuration, first, dict.fromkeys(target for row in chosen for target in row[index]))
        for index, (configuration, first) in enumerate(zip(configurations, configured[0], strict=True))
    )
    return Choice((base, *chosen), tuple(dict.fromkeys(left_out)))


def _affected(
    parent: Snapshot, snapshot: Snapshot, makefiles: Makefiles, users: Mapping[str, int], samples: Sequence[str],
    most: int,
) -> tuple[affected.Affected, set[str]]:  # fmt: skip
    """What a commit can affect in a configuration, and what the configuration builds of all that was looked at."""
    sources, headers, changed_makefiles, _ = affected.touched(snapshot.changes)
    listed = list(_listed(parent, snapshot, changed_makefiles))
    own = [path for path in dict.fromkeys([*sources, *listed, *samples]) if path in snapshot.entries]
    users = {path: steps for path, steps in users.items() if path in snapshot.entries}
    built = {path: makefiles.builds(path) for path in (*own, *users)}
    naming: dict[str, int] = {}
    if sum(built[path] for path in users) > most:
        words = affected.words(snapshot.changed_text(headers))
        found = snapshot.naming(words, [path for path in users if built[path]])
        naming = affected.rarest(snapshot.read(found), words) if len(found) > most else dict.fromkeys(found, 0)
    return affected.select(own, users, naming, built, most), {path for path, is_built in built.items() if is_built}


def _paths(snapshot: Snapshot) -> Iterator[str]:
    for change in snapshot.changes:
        yield from {change.path, change.old} - {""}


def _samples(snapshot: Snapshot, makefiles: Makefiles) -> tuple[str, ...]:
    """Some sources of the kernel's own directories: the first of each that is built."""
    some: dict[str, list[str]] = {directory: [] for directory in _SAMPLED}
    for path in filter(affected.is_source, snapshot.entries):
        if (directory := posixpath.dirname(path)) in some:
            some[directory].append(path)
    built = (next(filter(makefiles.builds, sorted(paths)), "") for paths in some.values())
    return tuple(filter(None, built))


def _listed(parent: Snapshot, snapshot: Snapshot, changed: Sequence[str]) -> Iterator[str]:
    """The sources that a change of Makefiles may be about."""
    whole = set()
    for path in changed:
        directory = posixpath.dirname(path)
        named = objects(parent.text(path), snapshot.text(path))
        if named is None:
            whole.add(directory)
        for name in named or ():
            yield affected.source(posixpath.normpath(f"{directory}/{name}".lstrip("/")), snapshot.entries)
    if whole:
        every = filter(affected.is_source, snapshot.entries)
        yield from (path for path in every if posixpath.dirname(path) in whole)


def _lacking(
    known: Sequence[str], parent: Snapshot, before: Makefiles, snapshot: Snapshot, now: Makefiles
) -> tuple[str, ...]:
    """Objects and directories that the build comes to and the commit has nothing to make of: since this commit, or
    those ``known`` of the commits before."""
    gone = [change.old for change in snapshot.changes if change.old and change.old not in snapshot.entries]
    named = [affected.target(path) for path in gone if affected.is_source(path)]
    _, _, makefiles, _ = affected.touched(snapshot.changes)
    named += [f"{posixpath.dirname(path)}/" for path in makefiles if path in gone]
    for file in snapshot.diff.files if makefiles else ():
        if file.path in makefiles:
            words = [word for line in file.added for word in _LISTED.findall(line.text)]
            lists = (line.text for line in file.added if _OF_OBJECTS.match(line.text))
            words += [word for text in lists for word in _SOURCES.findall(text.partition("#")[0])]
            named += [posixpath.join(posixpath.dirname(file.path), word) for word in words]

    def lacks(commit: Snapshot, built: Makefiles, target: str) -> bool:
        return not affected.source(target, commit.entries) and built.lists(target) is not None

    return tuple(
        each
        for each in dict.fromkeys((*known, *named))
        if lacks(snapshot, now, each) and (each in known or not lacks(parent, before, each))
    )


def _untried(number: int, name: str, found: affected.Affected, *, changed: bool) -> list[LeftOut]:
    left_out = []
    if changed:
        what = f"what commit {number} does to the configuration {name}"
        left_out.append(LeftOut(what, "only the objects of files that it touches were compiled"))
    if found.more:
        what = f"{found.more} of {found.users} built files that include a header of commit {number}"
        reason = f"{name}: those that name what changed came first, then the nearest (--max-users)"
        left_out.append(LeftOut(what, reason))
    return left_out


def _at_base(
    series: Sequence[Snapshot], configuration: Configuration, configured: Configured, targets: dict[str, None]
) -> tuple[str, ...]:
    """Those of the objects, also under the names they had before, that the base has and builds."""
    base = series[0]
    old = [path for each in series[1:] for path in each.renamed if affected.is_source(path)]
    if configuration.tool.name == MODPOST:  # what goes away may have users
        old += [change.old for each in series[1:] for change in each.changes if not change.path]
        old = list(filter(affected.is_source, old))
    targets = targets | dict.fromkeys(map(affected.target, old))
    if configured.prepared is None:
        return ()
    makefiles = Makefiles(base.text, symbols(configured.config), configuration.arch)
    sources = {target: affected.source(target, base.entries) for target in targets}
    built = [source for source in sources.values() if source and makefiles.builds(source)]
    return _targets(configuration, makefiles, built)


def _targets(configuration: Configuration, makefiles: Makefiles, sources: Sequence[str]) -> tuple[str, ...]:
    """The objects of some sources, and with modpost the modules that these are for."""
    objects = map(affected.target, sources)
    whole = linking.modules(makefiles, sources) if configuration.tool.name == MODPOST else ()
    return tuple(dict.fromkeys((*objects, *whole)))


def _unlinked(configuration: Configuration, makefiles: Makefiles, sources: Sequence[str]) -> Iterator[LeftOut]:
    for module in dict.fromkeys(map(makefiles.module, sources)) if configuration.tool.name == MODPOST else ():
        if module and len(makefiles.parts(module)) > linking.MOST_PARTS:
            yield LeftOut(f"{module}.ko", f"{configuration.name}: it has more than {linking.MOST_PARTS} objects")


def graph(series: Sequence[Snapshot], arch: str, store: Store, repository: str) -> affected.Graph:
    """Who includes whom, in the base and in what the series changes. ``repository``: the identity of theirs."""
    base = series[0]
    key = digest("including", repository, base.commit, arch)
    kept = store.text(key)
    if kept is None:
        including = affected.included(base.include_lines(arch))
        store.put_text(key, "\n".join(f"{spelled}\0{paths}" for spelled, paths in including.items()))
    else:
        including = {spelled: paths for spelled, _, paths in (line.partition("\0") for line in kept.split("\n"))}
    paths = set(base.entries)
    for snapshot in series[1:]:
        paths.update(change.path for change in snapshot.changes if change.path)
        for spelled, files in affected.included(snapshot.changed_include_lines()).items():
            including[spelled] = f"{including[spelled]}\0{files}" if spelled in including else files
    return affected.Graph(paths, including, arch)
