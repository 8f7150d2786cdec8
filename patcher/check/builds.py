"""The build directories of a run, beside the sources of one commit at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from patcher.cache import Cache
from patcher.check import ccache
from patcher.check.building import Build
from patcher.check.configuration import Configuration
from patcher.check.runner import Runner
from patcher.check.snapshot import Snapshot
from patcher.check.store import digest
from patcher.check.workspace import Workspace
from patcher.tree.gitrepo import Repository


class Builds:
    """Made when first needed; as a context manager, removed at the end. Several threads may use them, as long as all
    ask for the same commit. ``series`` begins with the base when sources are first brought; it may grow later."""

    def __init__(self, repository: Repository, series: Sequence[Snapshot], runner: Runner, cache: Cache) -> None:
        self._repository, self._series, self._runner, self._cache = repository, series, runner, cache
        self._with_ccache = ccache.usable()
        self._lock = threading.Lock()
        self._workspace: Workspace | None = None
        self._exported: Snapshot | None = None
        self._builds: dict[int, Build] = {}

    def __enter__(self) -> Builds:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._workspace is not None:
            self._workspace.close(wait=kind is None)

    def get(self, configuration: Configuration, snapshot: Snapshot, prepared: str) -> Build:
        """The build directory of a configuration, with the sources of the commit.

        ``prepared`` is the ``.config`` that the base was prepared with, "" where it is not yet. Raises InputError where
        there is no room to work.
        """
        workspace = self._with_sources(snapshot)
        build = self._builds.get(configuration.number)
        if build is None:
            workspace.put_ours(configuration.adjustments.files)
            directory = workspace.builds / str(configuration.number)
            loaded = workspace.kept.load(self._key(workspace, configuration, self._series[0].commit), directory)
            if not loaded:
                directory.mkdir()
            config = prepared if loaded else None
            build = Build(workspace, directory, self._runner, configuration, config, with_ccache=self._with_ccache)
            self._builds[configuration.number] = build
        if self._with_ccache:  # what ran may have written to what ccache keeps
            ran = dict.fromkeys(each.build_files for each in self._series[: snapshot.number + 1])
            build.use(workspace.compiled(digest(*ran)))
        return build

    def keep(self, configuration: Configuration) -> None:
        """Keep a copy of a build directory, now that the base is prepared in it, for later runs."""
        workspace, directory = self._opened(), self._builds[configuration.number].directory
        workspace.kept.save(self._key(workspace, configuration, self._series[0].commit), directory)

    def kept(self, configuration: Configuration, commit: str) -> bool:
        """Whether there is a copy of a build directory from a run that had that commit as its base."""
        workspace = self._opened()
        return workspace.kept.has(self._key(workspace, configuration, commit))

    def _key(self, workspace: Workspace, configuration: Configuration, base: str) -> str:
        return configuration.plain.key("prepared", str(workspace.root), self._with_ccache, base)

    def _opened(self) -> Workspace:
        with self._lock:
            if self._workspace is None:
                self._workspace = Workspace(self._cache)
            return self._workspace

    def _with_sources(self, snapshot: Snapshot) -> Workspace:
        workspace = self._opened()
        with self._lock:
            if self._exported is None:
                self._export(workspace, self._series[0])  # what is written first counts as older than any object
            if self._exported is not snapshot:
                self._export(workspace, snapshot)
            return workspace

    def _export(self, workspace: Workspace, snapshot: Snapshot) -> None:
        workspace.bring(self._repository, snapshot.exported)
        self._exported = snapshot
        if self._with_ccache:
            workspace.put_ours({ccache.NAMES: snapshot.header_names})
