"""The third stage: the objects of one commit in one configuration are made, or found in the cache."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from patcher.check import affected, linking
from patcher.check.building import Build, CannotBuild
from patcher.check.builds import Builds
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.results import Outcome, State
from patcher.check.snapshot import Snapshot
from patcher.check.store import Store
from patcher.check.tools import MODPOST
from patcher.check.workers import Meter

_AT_ONCE = 24


def compile_objects(
    configuration: Configuration, snapshot: Snapshot, configured: Configured, targets: Sequence[str], builds: Builds,
    store: Store, meter: Meter,
) -> dict[str, Outcome]:  # fmt: skip
    """The outcome of each target that the commit has a source for; where it cannot be configured, of those known."""
    prepared = configured.prepared
    if prepared is None:
        return {}
    entries = snapshot.entries
    needs = [(path, entries[path].blob if path in entries else "") for path in prepared.needs]
    keys = {
        target: configuration.key(target, configured.config, snapshot.header_names, snapshot.build_files, needs)
        for target in targets
        if affected.source(target, entries) or linking.is_module(target)
    }
    outcomes = {target: outcome for target, key in keys.items() if (outcome := store.find(key, entries))}
    left = [target for target in keys if target not in outcomes]
    meter.add(len(outcomes))
    if not left or configured.failure:
        return outcomes
    try:
        build = builds.get(configuration, snapshot, prepared.config)
        build.set_config(configured.config)
    except CannotBuild as error:
        return outcomes | {target: Outcome(target, State.ERROR, str(error), (), ()) for target in left}
    made = functools.partial(
        linking.make if configuration.tool.name == MODPOST else Build.make, build,
        entries=entries, lines_of=lambda path: snapshot.text(path).split("\n"),
    )  # fmt: skip
    for start in range(0, len(left), _AT_ONCE):
        some = left[start : start + _AT_ONCE]
        meter.say(snapshot.number, f"{configuration.name} {some[0]}")
        for target, outcome in made(some).items():
            outcomes[target] = outcome
            if outcome.state is not State.ERROR and outcome.needs:
                store.put(keys[target], entries, outcome)
        meter.add(len(some))
    return outcomes
