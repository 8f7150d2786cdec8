"""The first stage: how each configuration comes out on each commit."""

from __future__ import annotations

from typing import NamedTuple

from patcher.check.building import CannotBuild
from patcher.check.builds import Builds
from patcher.check.configuration import Configuration
from patcher.check.snapshot import Snapshot
from patcher.check.store import Store

_HELPS = (("WERROR", "n"),)


class Prepared(NamedTuple):
    """What was made on the base for every object: the ``.config`` it was made with, and files of the tree it needs."""

    config: str
    needs: tuple[str, ...]


class Configured(NamedTuple):
    """A configuration on a commit. ``config`` is the text of ``.config``, that of the parent where ``failure`` says why
    there is none. ``prepared`` is None where the base cannot be built, and so nothing can."""

    config: str
    failure: str
    prepared: Prepared | None


def configure(
    configuration: Configuration, snapshot: Snapshot, parent: Configured | None, builds: Builds, store: Store
) -> Configured:
    """Configure a commit; the base is prepared, too. ``parent``: what came of the commit before, None for the base."""
    if configuration.tool.missing:
        return Configured("", configuration.tool.missing, None)
    prepared = parent.prepared if parent else None
    plain = configuration.plain
    key, needs_key = plain.key("config", snapshot.config_files), plain.key("needs", snapshot.commit)
    config, needs = store.text(key), "" if snapshot.number else store.text(needs_key)
    try:
        if config is None or needs is None:
            build = builds.get(configuration, snapshot, prepared.config if prepared else "")
            if config is None:
                config = build.configure(snapshot.entries, _HELPS)
                store.put_text(key, config)
            else:
                build.set_config(config)
            if not snapshot.number:
                needs = "\0".join(build.prepare(snapshot.entries))
                store.put_text(needs_key, needs)
                builds.keep(configuration)
    except CannotBuild as error:
        return Configured(parent.config if parent else "", str(error), prepared)
    if not snapshot.number:
        prepared = Prepared(config, tuple(needs.split("\0")) if needs else ())
    return Configured(config, "", prepared)
