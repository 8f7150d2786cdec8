"""What a check has others do, as units: a configuration of a commit, or some objects of a commit in a configuration.

What is in the cache is not asked for, and what comes back goes there: the same run again asks for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import structs

from patcher.check import compile as objects
from patcher.check import configure
from patcher.check.compile import AT_ONCE
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.making import Outcomes
from patcher.check.results import Outcome, State
from patcher.check.series import Series
from patcher.check.snapshot import Snapshot
from patcher.check.store import Store, digest
from patcher.check.tools import programs
from patcher.check.workers import Meter
from patcher.model import Frozen
from patcher.units import Elsewhere, Lost, Offer, Unit


class Place(Frozen, frozen=True):
    """What shares build directories: the base, the directories below ``arch/`` that builds look into, and whether the
    tree's programs run in the sandbox."""

    base: str
    arches: tuple[str, ...]
    sandboxed: bool


class Configure(Frozen, frozen=True, tag=True):
    """Configure a commit, and prepare the base if it is that. ``parent``: what came of the commit before."""

    configuration: Configuration
    place: Place
    commit: str
    parent: Configured | None


class Compile(Frozen, frozen=True, tag=True):
    """Make objects of a commit."""

    configuration: Configuration
    place: Place
    commit: str
    configured: Configured
    targets: tuple[str, ...]


Work = Configure | Compile
_configured = msgspec.msgpack.Decoder(Configured).decode
_outcomes_decoder = msgspec.msgpack.Decoder(dict[str, Outcome])


class Away:
    """See ``Making``; ``arches`` and ``sandboxed`` as in ``Place``."""

    def __init__(
        self, series: Series, elsewhere: Elsewhere, store: Store, meter: Meter, arches: Sequence[str], *,
        sandboxed: bool,
    ) -> None:  # fmt: skip
        self._offer = Offer(series.repository, (series.base, *(commit.id for commit in series.commits)))
        self._elsewhere, self._store, self._meter = elsewhere, store, meter
        self._place = Place(series.base, tuple(arches), sandboxed)

    def configured(
        self, configurations: Sequence[Configuration], snapshot: Snapshot, parents: Sequence[Configured | None]
    ) -> list[Configured]:
        found: dict[int, Configured] = {}
        units: dict[Unit, list[int]] = {}  # the same thing may have two names
        for at, (configuration, parent) in enumerate(zip(configurations, parents, strict=True)):
            if parent and parent.prepared is None:
                found[at] = parent
            elif there := configure.known(configuration, snapshot, parent, self._store):
                found[at] = there
            else:
                work = Configure(configuration, self._place, snapshot.commit, parent)
                units.setdefault(self._unit(work, configuration, snapshot, "configuring"), []).append(at)
        for unit, result in self._run(tuple(units), configurations):
            self._meter.say(snapshot.number, f"{unit.about} done")
            made = Configured("", result.reason, None) if isinstance(result, Lost) else _configured(result)
            for at in units[unit]:
                found[at] = made
                if not made.failure:
                    configure.remember(configurations[at], snapshot, made, self._store)
        return [found[at] for at in range(len(configurations))]

    def compiled(
        self, configurations: Sequence[Configuration], snapshots: Sequence[Snapshot],
        configured: Sequence[Sequence[Configured]], targets: Sequence[Sequence[Sequence[str]]],
    ) -> Iterator[Sequence[Outcomes]]:  # fmt: skip
        rows: list[list[dict[str, Outcome]]] = []
        places: dict[Unit, list[tuple[int, int, dict[str, str]]]] = {}
        for row, (snapshot, states, wanted) in enumerate(zip(snapshots, configured, targets, strict=True)):
            rows.append([])
            for at, (configuration, now) in enumerate(zip(configurations, states, strict=True)):
                keys = objects.keys_of(configuration, snapshot, now, wanted[at])
                outcomes = objects.known(keys, snapshot, self._store)
                rows[-1].append(outcomes)
                self._meter.add(len(outcomes))
                left = [target for target in keys if target not in outcomes] if not now.failure else []
                for start in range(0, len(left), AT_ONCE):
                    some = tuple(left[start : start + AT_ONCE])
                    work = Compile(configuration, self._place, snapshot.commit, now, some)
                    unit = self._unit(work, configuration, snapshot, some[0], [keys[each] for each in some])
                    places.setdefault(unit, []).append((row, at, {each: keys[each] for each in some}))
        for unit, result in self._run(tuple(places), configurations):
            for row, at, keys in places[unit]:
                if isinstance(result, Lost):
                    found = {target: Outcome(target, State.ERROR, result.reason, (), ()) for target in keys}
                else:
                    found = _outcomes_decoder.decode(result)
                rows[row][at] |= found
                objects.remember(keys, snapshots[row], found, self._store)
                self._meter.add(len(keys))
                self._meter.say(snapshots[row].number, f"{configurations[at].name} {next(iter(keys))}")
        for done, wanted in zip(rows, targets, strict=True):
            yield [
                {target: made[target] for target in each if target in made}
                for made, each in zip(done, wanted, strict=True)
            ]

    def _unit(
        self, work: Work, configuration: Configuration, snapshot: Snapshot, what: str, keys: Sequence[str] = ()
    ) -> Unit:
        key = digest(type(work).__name__, configuration.key(), self._place, snapshot.commit, *keys)
        work = structs.replace(work, configuration=_nameless(configuration))
        about = f"{snapshot.commit[:12]} {configuration.spec.made_of()}: {what}"
        commits = tuple(dict.fromkeys((self._place.base, snapshot.commit)))
        near = digest(configuration.key(), self._place)
        return Unit("check", key, about, msgspec.msgpack.encode(work), commits, near=near)

    def _run(
        self, units: Sequence[Unit], configurations: Sequence[Configuration]
    ) -> Iterator[tuple[Unit, bytes | Lost]]:
        tools = dict.fromkeys(name for each in configurations for name in programs(each.tool))
        return self._elsewhere.run(units, self._offer, tuple(tools)) if units else iter(())


def _nameless(configuration: Configuration) -> Configuration:
    """The configuration without what decides on no result."""
    return configuration._replace(number=0, name="", spec=configuration.spec._replace(name=""), jobs=1)
