"""The third stage: the objects of one commit in one configuration are made, or found in the cache."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from patcher.check import linking
from patcher.check.building import Build, CannotBuild
from patcher.check.builds import Builds
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.results import Outcome, State
from patcher.check.snapshot import Snapshot
from patcher.check.store import Store
from patcher.check.tools import MODPOST
from patcher.check.workers import Meter

AT_ONCE = 24  # objects that one make is asked for


def compile_objects(
    configuration: Configuration, snapshot: Snapshot, configured: Configured, targets: Sequence[str], builds: Builds,
    store: Store, meter: Meter,
) -> dict[str, Outcome]:  # fmt: skip
    """The outcome of each target, in their order, but of a module that an object is missing for; where it cannot be
    configured, of those known."""
    keys = keys_of(configuration, snapshot, configured, targets)
    outcomes = known(keys, snapshot, store)
    left = [target for target in keys if target not in outcomes]
    meter.add(len(outcomes))
    if not left or configured.failure or configured.prepared is None:
        return outcomes
    try:
        build = builds.get(configuration, snapshot, configured.prepared.config)
        build.set_config(configured.config)
    except CannotBuild as error:
        return outcomes | {target: Outcome(target, State.ERROR, str(error), (), ()) for target in left}
    made = functools.partial(
        linking.make if configuration.tool.name == MODPOST else Build.make, build,
        entries=snapshot.entries, lines_of=lambda path: snapshot.text(path).split("\n"),
    )  # fmt: skip
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        meter.say(snapshot.number, f"{configuration.name} {some[0]}")
        found = made(some)
        outcomes |= found
        remember(keys, snapshot, found, store)
        meter.add(len(some))
    return {target: outcomes[target] for target in keys if target in outcomes}


def keys_of(
    configuration: Configuration, snapshot: Snapshot, configured: Configured, targets: Sequence[str]
) -> dict[str, str]:
    """Each target, with a key for all that decides on it but for the files that it is made from, as the store wants
    it."""
    if configured.prepared is None:
        return {}
    entries = snapshot.entries
    needs = [(path, entries[path].blob if path in entries else "") for path in configured.prepared.needs]
    return {
        target: configuration.key(target, configured.config, snapshot.header_names, snapshot.build_files, needs)
        for target in targets
    }


def known(keys: Mapping[str, str], snapshot: Snapshot, store: Store) -> dict[str, Outcome]:
    """The outcomes of those that were made before, from the same."""
    entries = snapshot.entries
    return {target: outcome for target, key in keys.items() if (outcome := store.find(key, entries))}


def remember(keys: Mapping[str, str], snapshot: Snapshot, found: Mapping[str, Outcome], store: Store) -> None:
    """Keep what the same would come to again."""
    for target, outcome in found.items():
        if outcome.state is not State.ERROR and outcome.needs:
            store.put(keys[target], snapshot.entries, outcome)
