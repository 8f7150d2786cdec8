"""A series made anew beside what was sent before: what became of each patch, and what the letter says of that."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from patcher.errors import InputError
from patcher.generate import changelog, landed
from patcher.generate.differing import differing, reworded
from patcher.generate.earlier import Before, Earlier, SentPatch
from patcher.generate.landed import Landed
from patcher.generate.mailing import Mailing
from patcher.generate.messages import drafts
from patcher.generate.series import Series
from patcher.generate.standing import Since, Standing, State
from patcher.generate.trailers import carried
from patcher.mail.model import Patch
from patcher.model import Plan, StepStatus
from patcher.tree import commits
from patcher.tree.commit import Identity, writer
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.patchids import patch_ids

_PAIR = re.compile(r"\s*(\d+|-):\s+\S+\s+[=!<>]\s+(\d+|-):")


class Coming(NamedTuple):
    """A series to be sent. ``stacked``: it goes on the one before, not beside it."""

    series: Series
    stacked: bool = False


class Anew(NamedTuple):
    """What is known of series that were sent before.

    Arguments:
        standings: of the patches that are needed, in order, and then of those that were sent and are made no more
        trailers: for each series, of each of its patches, those that go on
        notes: for each series, what is said of it below its cover letter, "" where it is new
        mailings: for each series, how it is mailed
        compared: for each series, the range that it is compared with, "" where the repository has none
    """

    standings: tuple[Standing, ...]
    trailers: tuple[tuple[tuple[str, ...], ...], ...]
    notes: tuple[str, ...]
    mailings: tuple[Mailing, ...]
    compared: tuple[str, ...]


class _New(NamedTuple):
    """A patch that is needed: its commit, its id as git patch-id has it, and its step."""

    patch: Patch
    patch_id: str
    step: str


class _Pair(NamedTuple):
    """What was sent as another patch, and which series had it."""

    sent: SentPatch
    of: Earlier


class _Line(NamedTuple):
    """The patches of a series as commits: the one that they stand on, the last, and the patches."""

    base: str
    tip: str
    patches: Sequence[_New]

    @property
    def range(self) -> str:
        return f"{self.base}..{self.tip}"


def anew(
    tree: GitTree, plans: Sequence[Plan], series: Sequence[Coming], before: Before, who: Identity, mailing: Mailing,
    signer: str,
) -> Anew:  # fmt: skip
    """Compare the patches of plans with what was sent before.

    Arguments:
        series: what is to be sent
        before: what was sent; its repository takes the new commits
        mailing: what the user asked for
        signer: the user as ``Name <address>`` where the commits are to be signed off, else ""

    Raises InputError where the user asks for a version that is not above the one before.
    """
    own = before.repository
    before = before._replace(series=tuple(_numbered(each, mailing) for each in before.series))
    made = _made(own, tree.commit, series, who, signer, [()] * len(series))
    new = [each for one in made for each in one.patches]
    pairs = _pairs(before, made)
    found = _landed(tree, before)
    needed = {each.patch.commit: _needed(each, pairs.get(each.patch.commit), found) for each in new}
    rest = _rest(plans, before, found, {pair.sent.patch.commit for pair in pairs.values()})
    standings = [[needed[each.patch.commit] for each in one.patches] for one in made]
    trailers = [tuple(each.kept for each in one) for one in standings]
    final = _made(own, tree.commit, series, who, signer, trailers)
    of = [_counterpart(before.series, [pairs.get(each.patch.commit) for each in one.patches]) for one in made]
    taken: set[str] = set()
    mailings, notes = [], []
    for one, earlier, now in zip(standings, of, final, strict=True):
        mailings.append(_mailing(mailing, earlier, taken))
        gone = {sent.patch.commit for sent in earlier.patches} if earlier else set()
        told = [*one, *(each for each in rest if each.sent in gone)]
        notes.append(_notes(own, tree.commit, plans[0].tree.version, earlier, told, now.range) if earlier else "")
    compared = tuple(f"{each.start[:12]}..{each.tip[:12]}" if each and not each.mailed else "" for each in of)
    return Anew((*needed.values(), *rest), tuple(trailers), tuple(notes), tuple(mailings), compared)


def _numbered(earlier: Earlier, mailing: Mailing) -> Earlier:
    """With its version, where it does not tell that: the one before what the user asks for, or else the first."""
    return earlier if earlier.version else earlier._replace(version=max(1, mailing.version - 1))


def left(tree: GitTree, plans: Sequence[Plan], before: Before) -> tuple[Standing, ...]:
    """What became of the patches that were sent, where none is needed any more."""
    return tuple(_rest(plans, before, _landed(tree, before), ()))


def _landed(tree: GitTree, before: Before) -> dict[str, Landed]:
    found: dict[str, Landed] = {}
    for each in before.series:
        found.update(landed.of_sent(tree.repository, tree.commit, each))
    return found


def _rest(
    plans: Sequence[Plan], before: Before, found: Mapping[str, Landed], paired: Collection[str]
) -> list[Standing]:
    """The patches that were sent and are made no more."""
    sent = (each for earlier in before.series for each in earlier.patches)
    return [_left(each, plans, found.get(each.patch.commit)) for each in sent if each.patch.commit not in paired]


def _made(
    own: Repository, base: str, series: Sequence[Coming], who: Identity, signer: str,
    trailers: Sequence[Sequence[Sequence[str]]],
) -> list[_Line]:  # fmt: skip
    """The series as commits. The same person at the same time makes the same, so that they are those that will be."""
    lines: list[_Line] = []
    for (each, stacked), given in zip(series, trailers, strict=True):
        start = lines[-1].tip if stacked else base
        with writer(own, who, quarantine=False) as made:
            ids = made.commits(start, drafts(each.spec, each.patches, signer, given))
        known = patch_ids(own.run, f"{start}..{ids[-1]}")
        read = zip(commits.patches(own, ids), each.patches, strict=True)
        new = [_New(patch, known.get(patch.commit, ""), one.step.slug) for patch, one in read]
        lines.append(_Line(start, ids[-1], new))
    return lines


def _pairs(before: Before, made: Sequence[_Line]) -> Mapping[str, _Pair]:
    """For new commits what was sent of them: the same change; or else the same subject; or what git range-diff takes
    for the same."""
    sent = {each.patch.commit: _Pair(each, of) for of in before.series for each in of.patches}
    new = {each.patch.commit: each for one in made for each in one.patches}
    found: dict[str, _Pair] = {}

    def pair(commit: str, other: str) -> None:
        if commit in new and other in sent and commit not in found:
            found[commit] = sent.pop(other)

    for commit, each in new.items():
        same = (old for old, one in sent.items() if each.patch_id and one.sent.patch_id == each.patch_id)
        pair(commit, next(same, ""))
    for commit, each in new.items():
        titled = (old for old, one in sent.items() if one.sent.patch.summary == each.patch.summary)
        pair(commit, next(titled, ""))
    for of in before.series:
        for one in made:
            if sent and len(found) < len(new):
                old = [each.patch.commit for each in of.patches]
                for left, right in _alike(before.repository, of.range, one.range):
                    if left < len(old) and right < len(one.patches):
                        pair(one.patches[right].patch.commit, old[left])
    return found


def _alike(own: Repository, old: str, new: str) -> list[tuple[int, int]]:
    """Which patches of two ranges git takes for the same, by their places."""
    told = own.run("range-diff", "--no-color", "--no-patch", old, new, "--").decode("utf-8", "replace")
    matches = (_PAIR.match(line) for line in told.splitlines())
    pairs = (match.groups() for match in matches if match)
    return [(int(left) - 1, int(right) - 1) for left, right in pairs if "-" not in (left, right)]


def _needed(new: _New, pair: _Pair | None, found: Mapping[str, Landed]) -> Standing:
    patch = new.patch
    standing = Standing(patch.summary, new.step, State.NEEDED, since=Since.NEW, paths=landed.paths(patch))
    if pair is None:
        return standing
    sent = pair.sent.patch
    same = new.patch_id == pair.sent.patch_id != ""
    kept, lost = carried(sent, same)
    standing = msgspec.structs.replace(
        standing, sent=sent.commit, since=Since.SAME if same else Since.CHANGED, kept=kept, lost=lost,
        differs=reworded(sent, patch) if same else differing(sent, patch),
    )  # fmt: skip
    one = found.get(sent.commit)
    return msgspec.structs.replace(standing, commit=one.commit, sign=one.sign) if one else standing


def _left(sent: SentPatch, plans: Sequence[Plan], one: Landed | None) -> Standing:
    """A patch that is made no more."""
    patch = sent.patch
    step = next((each for plan in plans for each in plan.steps if each.slug == sent.step), None)
    standing = Standing(patch.summary, sent.step, State.GONE, sent=patch.commit, paths=landed.paths(patch))
    if one:
        return msgspec.structs.replace(standing, state=State.LANDED, commit=one.commit, sign=one.sign)
    if step is None:
        return msgspec.structs.replace(standing, reason="the series has no such step")
    if step.status is StepStatus.BLOCKED:
        return msgspec.structs.replace(standing, state=State.CONFLICTING, reason=step.reason)
    return msgspec.structs.replace(
        standing, reason=step.reason if step.status is StepStatus.PRESENT else "the step changes nothing there any more"
    )


def _counterpart(earlier: Sequence[Earlier], pairs: Sequence[_Pair | None]) -> Earlier | None:
    """The series of before that most patches of one come from; of one alone, that."""
    counts = [sum(pair is not None and pair.of is each for pair in pairs) for each in earlier]
    if not any(counts):
        return earlier[0] if len(earlier) == 1 else None
    return earlier[counts.index(max(counts))]


def _mailing(mailing: Mailing, earlier: Earlier | None, taken: set[str]) -> Mailing:
    """The next version of a series. ``taken``: change-ids that others have; the one is added."""
    if earlier is None:
        return mailing
    change_id = mailing.change_id or ("" if earlier.change_id in taken else earlier.change_id)
    taken.add(change_id)
    version = mailing.version or earlier.version + 1
    if version <= earlier.version:
        raise InputError(
            f"-v {version} is not above v{earlier.version}, which {earlier.name!r} is", "leave -v away, or say more"
        )
    return mailing._replace(version=version, change_id=change_id, history=earlier.history)


def _notes(own: Repository, base: str, version: str, earlier: Earlier, standings: Sequence[Standing], new: str) -> str:
    said = changelog.changes(earlier, standings, base, version)
    compared = own.run("-c", "core.abbrev=12", "range-diff", "--no-color", "--no-ext-diff", earlier.range, new, "--")
    return f"{said}\n\n{changelog.range_diff(compared, earlier)}"
