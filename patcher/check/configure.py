"""The first stage: how each configuration comes out on each commit."""

from __future__ import annotations

from typing import NamedTuple

from patcher.check.building import CannotBuild
from patcher.check.builds import Builds
from patcher.check.configuration import Configuration
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
    there is none. ``prepared`` is None where the base cannot be built, and so nothing can, or is not to be."""

    config: str
    failure: str
    prepared: Prepared | None


def configure(
    configuration: Configuration, snapshot: Snapshot, parent: Configured | None, builds: Builds, store: Store
) -> Configured:
    """Configure a commit; the base is prepared, too, unless a symbol does not come out there as the spec wants it.
    ``parent``: what came of the commit before, None for the base."""
    if found := known(configuration, snapshot, parent, store):
        return found
    prepared = parent.prepared if parent else None
    config = store.text(_key(configuration, snapshot))
    try:
        build = builds.get(configuration, snapshot, prepared.config if prepared else "")
        if config is None:
            config = build.configure(snapshot.entries, _HELPS)
        else:
            build.set_config(config)
        if not snapshot.number and not unmet(configuration.spec.changes, config):
            needs = build.prepare(snapshot.entries)
            builds.keep(configuration)
            prepared = Prepared(config, needs)
    except CannotBuild as error:
        return Configured(parent.config if parent else "", str(error), prepared)
    found = Configured(config, "", prepared)
    remember(configuration, snapshot, found, store)
    return found


def known(
    configuration: Configuration, snapshot: Snapshot, parent: Configured | None, store: Store
) -> Configured | None:
    """How a commit comes out, where that takes no work; else None."""
    if configuration.tool.missing:
        return Configured("", configuration.tool.missing, None)
    config = store.text(_key(configuration, snapshot))
    if config is None or snapshot.number:
        return None if config is None else Configured(config, "", parent.prepared if parent else None)
    if unmet(configuration.spec.changes, config):
        return Configured(config, "", None)
    needs = store.text(_needs_key(configuration, snapshot))
    if needs is None:
        return None
    return Configured(config, "", Prepared(config, tuple(needs.split("\0")) if needs else ()))


def remember(configuration: Configuration, snapshot: Snapshot, found: Configured, store: Store) -> None:
    """Keep what ``known`` is to find."""
    store.put_text(_key(configuration, snapshot), found.config)
    if not snapshot.number and found.prepared:
        store.put_text(_needs_key(configuration, snapshot), "\0".join(found.prepared.needs))


def _key(configuration: Configuration, snapshot: Snapshot) -> str:
    return configuration.plain.key("config", snapshot.config_files)


def _needs_key(configuration: Configuration, snapshot: Snapshot) -> str:
    return configuration.plain.key("needs", snapshot.commit)
