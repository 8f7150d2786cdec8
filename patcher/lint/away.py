"""What lint has others do, as units: some mails or commits that stand together, and what rules say of each.

What is said of whole series is found here, where all of them were read. A unit that comes back without a result is done
here, too, and so is one that cannot be packed: text that is none cannot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.data import code
from patcher.lint.context import Context
from patcher.lint.job import Digest, digest
from patcher.lint.model import Hit, Level, Skipped
from patcher.lint.register import About
from patcher.lint.rules import LintRule
from patcher.lint.run import (
    Applied,
    Event,
    LookedAt,
    Raised,
    after_series,
    apply,
    begins,
    held_together,
    of_series,
    singly,
)  # fmt: skip
from patcher.lint.select import Settings
from patcher.mail.diff import Diff
from patcher.mail.model import Kind, Patch
from patcher.model import Frozen
from patcher.tree.gitrepo import Repository
from patcher.tree.packs import boundary, tips
from patcher.units import Elsewhere, Lost, Offer, Unit

_TOGETHER = 24  # mails of a unit, and as many more as its last series has


class Place(Frozen, frozen=True):
    """The commits that make a ``Context``: see ``session``. Without a tree there is no ``base``."""

    base: str = ""
    tip: str = ""
    whole: str = ""


class Lint(Frozen, frozen=True):
    """Say what rules say of each of the patches. ``mailed``: they are whole series, and trees after them are looked at,
    too."""

    patches: tuple[Patch, ...]
    settings: Settings
    place: Place


class Looked(Frozen, frozen=True, tag=True):
    """As ``LookedAt``, of the patch of that number in the unit."""

    patch: int
    profile: str
    change: tuple[str, int] | None


class Said(Frozen, frozen=True, tag=True):
    """As ``Raised``, of the patch of that number."""

    rule: str
    level: Level
    fix: str
    source: str
    about: About | None
    patch: int
    hit: Hit


class Untold(Frozen, frozen=True, tag=True):
    """As ``Skipped``."""

    skipped: Skipped


Answer = tuple[Looked | Said | Untold, ...]
_answer_decoder = msgspec.msgpack.Decoder(Answer)


def packed(events: Iterable[Event], digests: Sequence[Digest]) -> bytes:
    """What rules say, to be sent. ``digests`` grows while they say it."""
    said: list[Looked | Said | Untold] = []
    numbers: dict[int, int] = {}
    for event in events:
        while len(numbers) < len(digests):
            numbers[id(digests[len(numbers)].patch)] = len(numbers)
        if isinstance(event, LookedAt):
            said.append(Looked(numbers[id(event.patch)], event.profile, event.change))
        elif isinstance(event, Raised):
            rule, level, fix, source, about, patch, hit = event
            said.append(Said(rule, level, fix, source, about, numbers[id(patch)], hit._replace(patch=None)))
        elif isinstance(event, Skipped):
            said.append(Untold(event))
    return msgspec.msgpack.encode(said)


class Asked(NamedTuple):
    """What is asked of whom: see ``run``. ``repository`` is there where there is a tree."""

    elsewhere: Elsewhere
    place: Place
    repository: Repository | None


def run(
    patches: Iterable[Patch], rules: Sequence[LintRule], settings: Settings, context: Context, cache: Cache,
    asked: Asked,
) -> Iterator[Event]:  # fmt: skip
    """What ``patcher.lint.run.run`` says, without scripts."""
    rules = [rule for rule in rules if settings.wants(rule.id)]
    batches = list(_batches(patches, whole=settings.mailed and context.base is not None))
    answers = _answers(batches, settings, cache, asked)
    digests: list[Digest] = []
    applied: list[Applied] = []  # of a range, which is one series
    for number, batch in enumerate(batches):
        of_batch: list[Applied] = []
        if number in answers:
            yield from _told(batch, answers[number], digests, of_batch)
        else:
            after = yield from singly(batch, rules, settings, context, cache, digests, of_batch)
            if settings.mailed:
                yield from after_series(of_batch, rules, context.after_series(after), context, cache)
        applied += of_batch
    if not settings.mailed and context.base is not None:
        yield from after_series(applied, rules, context.after_series(context.tip), context, cache)
    yield from of_series(digests, rules, settings, context)


def _batches(patches: Iterable[Patch], *, whole: bool) -> Iterator[tuple[Patch, ...]]:
    """``whole``: a series is not parted."""
    batch: list[Patch] = []
    for held in held_together(patches):
        for patch in held:
            if len(batch) >= _TOGETHER and (begins(patch) or not whole):
                yield tuple(batch)
                batch = []
            batch.append(patch)
    if batch:
        yield tuple(batch)


def _answers(
    batches: Sequence[tuple[Patch, ...]], settings: Settings, cache: Cache, asked: Asked
) -> Mapping[int, Answer]:
    """By number of the batch, where there is one."""
    repository, place = asked.repository, asked.place
    named = tuple(dict.fromkeys(each for each in (place.base, place.tip, place.whole) if each))
    offered = tips(repository, named) if repository and named else ()
    state = hashlib.sha256("\0".join((*sorted(offered), "", *(boundary(repository) if repository else ()))).encode())
    history = f"{repository.identity}-{state.hexdigest()[:32]}" if repository and named else ""
    found: dict[int, Answer] = {}
    units: dict[Unit, int] = {}
    for number, batch in enumerate(batches):
        try:
            work = msgspec.msgpack.encode(Lint(batch, settings, place))
        except UnicodeEncodeError:
            continue
        key = hashlib.sha256("\0".join((code(), history, "")).encode() + work).hexdigest()
        about = f"{batch[0].label} and {len(batch) - 1} more"
        if (kept := cache.load(_kept(key), _answer_decoder.decode)) is not None:
            found[number] = kept
        else:
            units[Unit("lint", key, about, work, named, history)] = number
    results = asked.elsewhere.run(tuple(units), Offer(repository, offered), ()) if units else iter(())
    for unit, result in results:
        if not isinstance(result, Lost):
            found[units[unit]] = _answer_decoder.decode(result)
            cache.put(_kept(unit.key), result)
    return found


def _kept(key: str) -> str:
    return f"lint-batch-1:{key}"


def _told(
    batch: Sequence[Patch], answer: Answer, digests: list[Digest], applied: list[Applied]
) -> Iterator[Event]:  # fmt: skip
    """What an answer says, as if it had been found here."""
    patches: list[Patch] = []
    for each in answer:
        match each:
            case Looked(number, profile, change):
                diff = Diff(batch[number].diff)
                kept = digest(batch[number], diff, profile)
                digests.append(kept)
                patches.append(kept.patch)
                if kept.patch.kind is Kind.PATCH:
                    applied.append(apply(kept, diff))
                yield LookedAt(kept.patch, profile, change, kept.paths)
            case Said(rule, level, fix, source, about, number, hit):
                yield Raised(rule, level, fix, source, about, patches[number], hit)
            case Untold(skipped):
                yield skipped
