"""The first stage: how each configuration comes out on each commit."""

from __future__ import annotations

from typing import NamedTuple

from patcher.check.building import CannotBuild
from patcher.check.builds import Builds
from patcher.check.configuration import Configuration
from patcher.check.selects import Unmet
from patcher.check.snapshot import Snapshot
from patcher.check.specs import unmet
from patcher.check.store import Store

_HELPS = (("WERROR", "n"),)


class Prepared(NamedTuple):
    """What was made on the base for every object: the ``.config`` it was made with, and files of the tree it needs."""

    config: str
    needs: tuple[str, ...]


class Configured(NamedTuple):
    """A configuration on a commit. ``config`` is the text of ``.config``, that of the parent where ``failure`` says why
    there is none; ``unmet`` is what Kconfig warned of. ``prepared`` is None where the base cannot be built, and so
    nothing can, or is not to be."""

    config: str
    failure: str
    prepared: Prepared | None
    unmet: tuple[Unmet, ...] = ()


def configure(
    configuration: Configuration, snapshot: Snapshot, parent: Configured | None, builds: Builds, store: Store
) -> Configured:
    """Configure a commit; the base is prepared, too, unless a symbol does not come out there as the spec wants it.
    ``parent``: what came of the commit before, None for the base."""
    if found := known(configuration, snapshot, parent, store):
        return found
    prepared = parent.prepared if parent else None
    kept = _kept(configuration, snapshot, store)
    try:
        build = builds.get(configuration, snapshot, prepared.config if prepared else "")
        config, warned = kept or build.configure(snapshot.entries, _HELPS)
        if kept:
            build.set_config(config)
        if not snapshot.number and not unmet(configuration.spec.changes, config):
            needs = build.prepare(snapshot.entries)
            builds.keep(configuration)
            prepared = Prepared(config, needs)
    except CannotBuild as error:
        before = (parent.config, parent.unmet) if parent else ("", ())
        return Configured(before[0], str(error), prepared, before[1])
    found = Configured(config, "", prepared, warned)
    remember(configuration, snapshot, found, store)
    return found


def known(
    configuration: Configuration, snapshot: Snapshot, parent: Configured | None, store: Store
) -> Configured | None:
    """How a commit comes out, where that takes no work; else None."""
    if configuration.tool.missing:
        return Configured("", configuration.tool.missing, None)
    kept = _kept(configuration, snapshot, store)
    if kept is None:
        return None
    config, warned = kept
    if snapshot.number:
        return Configured(config, "", parent.prepared if parent else None, warned)
    if unmet(configuration.spec.changes, config):
        return Configured(config, "", None, warned)
    needs = store.text(_needs_key(configuration, snapshot))
    if needs is None:
        return None
    return Configured(config, "", Prepared(config, tuple(needs.split("\0")) if needs else ()), warned)


def remember(configuration: Configuration, snapshot: Snapshot, found: Configured, store: Store) -> None:
    """Keep what ``known`` is to find."""
    warned = ("\0".join([each.symbol, each.depends, *each.by]) for each in found.unmet)
    store.put_text(_key(configuration, snapshot), "\n\0".join([found.config, *warned]))
    if not snapshot.number and found.prepared:
        store.put_text(_needs_key(configuration, snapshot), "\0".join(found.prepared.needs))


def _kept(configuration: Configuration, snapshot: Snapshot, store: Store) -> tuple[str, tuple[Unmet, ...]] | None:
    """How a commit came out before, and what was warned of."""
    text = store.text(_key(configuration, snapshot))
    if text is None:
        return None
    config, *warned = text.split("\n\0")
    parts = (each.split("\0") for each in warned)
    return config, tuple(Unmet(symbol, depends, tuple(by)) for symbol, depends, *by in parts)


def _key(configuration: Configuration, snapshot: Snapshot) -> str:
    return configuration.plain.key("configured", snapshot.config_files)


def _needs_key(configuration: Configuration, snapshot: Snapshot) -> str:
    return configuration.plain.key("needs", snapshot.commit)
