"""Run rules over patches while they are read: a bounded number of them is held at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from patcher.cache import Cache
from patcher.lint import citations
from patcher.lint.context import After, Context
from patcher.lint.gate import Texts
from patcher.lint.job import ChangedTree, Digest, Job, digest
from patcher.lint.model import CannotTell, Hit, Level, Skipped
from patcher.lint.register import VIEWS, About
from patcher.lint.rules import LintRule, Need
from patcher.lint.select import Settings, selected
from patcher.lint.series import gather
from patcher.mail.diff import Diff
from patcher.mail.model import Kind, Patch
from patcher.tree.overlay import PatchedTree

_TOGETHER = 256
_TOGETHER_BYTES = 8 * 2**20
_BETTER = {
    "checkpatch:UNKNOWN_COMMIT_ID": ("fixes-commit", "cited-commit"),  # it takes every number behind "commit" for one
    "checkpatch:BAD_FIXES_TAG": ("fixes-form", "fixes-commit"),
    "checkpatch:GIT_COMMIT_ID": ("citation-form", "cited-commit"),
    "checkpatch:FILE_PATH_CHANGES": ("new-file-maintained",),  # it does not look into MAINTAINERS
    "checkpatch:COMMIT_LOG_LONG_LINE": ("body-wrap",),  # it takes logs and tables for prose
    "checkpatch:FROM_SIGN_OFF_MISMATCH": ("sign-off-author", "sign-off-differs"),
    "checkpatch:NO_AUTHOR_SIGN_OFF": ("sign-off-author",),
}


class Scripts(Protocol):
    """Checks by other programs, and what could not be run of them."""

    skipped: list[Skipped]

    def __call__(self, patches: Sequence[tuple[Patch, Diff]]) -> Iterable[tuple[Patch, str, Level, Hit]]: ...


class LookedAt(NamedTuple):
    """A mail that was read, the profile that holds for it, the first line that it changes, if any, and the paths of the
    files that it touches, in the order of its diff."""

    patch: Patch
    profile: str
    change: tuple[str, int] | None
    paths: tuple[str, ...]


class Raised(NamedTuple):
    """A hit and the rule that made it; ``fix`` and ``source`` are the rule's."""

    rule: str
    level: Level
    fix: str
    source: str
    about: About | None
    patch: Patch
    hit: Hit


class Counted(NamedTuple):
    """How many series the mails made."""

    series: int


Event = LookedAt | Raised | Skipped | Counted


class Applied(NamedTuple):
    """A patch that was applied: the lines it adds by file, and the text files it creates."""

    digest: Digest
    added: Mapping[str, Sequence[tuple[int, str]]]
    created: tuple[str, ...]


def run(
    patches: Iterable[Patch], rules: Sequence[LintRule], settings: Settings, context: Context, cache: Cache,
    scripts: Scripts | None = None,
) -> Iterator[Event]:  # fmt: skip
    """All that rules say of patches, each mail before what is said of it. Memory grows by a mail's message and a hash
    for each of its changed lines (about 7 KB a mail)."""
    rules = [rule for rule in rules if settings.wants(rule.id)]
    digests: list[Digest] = []
    applied: list[Applied] = []
    after = yield from singly(patches, rules, settings, context, cache, digests, applied, scripts)
    yield from after_series(applied, rules, context.after_series(after), context, cache)
    yield from of_series(digests, rules, settings, context)
    if scripts:
        yield from scripts.skipped


def singly(
    patches: Iterable[Patch], rules: Sequence[LintRule], settings: Settings, context: Context, cache: Cache,
    digests: list[Digest], applied: list[Applied], scripts: Scripts | None = None,
) -> Generator[Event, None, After]:  # fmt: skip
    """What rules say of each patch, and of the tree after each series but the last one.

    ``digests`` gets what is kept of each mail, ``applied`` the patches of the last series. Returns the tree after them.
    """
    after = context.tip
    known = _known_better(rules)
    chosen: dict[tuple[str, Kind], tuple[LintRule, ...]] = {}
    for held in held_together(patches):
        unsure: set[tuple[int, str]] = set()
        diffs = [Diff(patch.diff) for patch in held]
        if context.has_history:
            citations.prepare(held, diffs, context)
        for patch, diff in zip(held, diffs, strict=True):
            kept = digest(patch, diff, settings.profile_of(patch, diff, context.maintainers))
            digests.append(kept)
            yield LookedAt(kept.patch, kept.profile, _first_change(diff), kept.paths)
            if patch.kind not in (Kind.PATCH, Kind.COVER):
                continue
            if context.base is not None and begins(patch):
                yield from after_series(applied, rules, context.after_series(after), context, cache)
                applied.clear()
                after = After(PatchedTree(context.base, {}))
            misfits: Sequence[tuple[str, str]] = ()
            if patch.kind is Kind.PATCH and patch.path:
                after, misfits = after.with_patch(patch, diff)
            if patch.kind is Kind.PATCH and context.base is not None:
                applied.append(apply(kept, diff))
            job = Job(
                patch, diff, kept.profile, context, after, misfits, settings.stated_base, texts=Texts(patch, diff)
            )
            views = {about: view(*job) for about, view in VIEWS.items()}
            which = (kept.profile, patch.kind)
            if which not in chosen:
                chosen[which] = tuple(selected(rules, VIEWS, *which))
            for rule in chosen[which]:
                if rule.gate.passes(job.texts) or rule.needs:  # what it lacks is told in any case
                    for event in _hits(rule, views[rule.about], context, kept):
                        if isinstance(event, Skipped):
                            unsure.add((id(patch), rule.id))
                        yield event
        if scripts:
            lean = {id(patch): kept.patch for patch, kept in zip(held, digests[-len(held) :], strict=True)}
            together = [pair for pair in zip(held, diffs, strict=True) if pair[0].kind is Kind.PATCH]
            for patch, name, level, hit in scripts(together):
                answered = known.get(name) and not any((id(patch), rule) in unsure for rule in known[name])
                if settings.wants(name) and not answered:
                    script = "checkpatch" if name.startswith("checkpatch:") else "get_maintainer"
                    yield Raised(name, level, "", f"scripts/{script}.pl", None, lean[id(patch)], hit)
    return after


def of_series(
    digests: Sequence[Digest], rules: Sequence[LintRule], settings: Settings, context: Context
) -> Iterator[Event]:
    """What rules say of whole series, at the end, and how many there are."""
    series = gather(digests, mailed=settings.mailed)
    for each in series:
        profiles = {kept.patch.label: kept.profile for kept in each.all}
        for rule in selected(rules, (About.SERIES,), each.first.profile):
            yield from _hits(rule, each, context, each.first, profiles)
    yield Counted(len(series))


def _known_better(rules: Sequence[LintRule]) -> dict[str, tuple[str, ...]]:
    """What scripts say without looking where rules look: their name for it, and our rules, if all of them are asked.
    Where those could tell, the script is not asked."""
    asked = {rule.id for rule in rules}
    return {name: ours for name, ours in _BETTER.items() if asked.issuperset(ours)}


def _hits(
    rule: LintRule, what: object, context: Context, kept: Digest, profiles: Mapping[str, str] | None = None
) -> Iterator[Event]:
    """What a rule says, or the reason why it cannot tell. What it puts down to another patch than ``kept`` has the
    level of that one's profile, if ``profiles`` has it."""
    try:
        for need in rule.needs:
            _ = context.tree if need is Need.TREE else context.history
        for hit in rule.check(what):
            patch = hit.patch or kept.patch
            level = hit.level or rule.level_in((profiles or {}).get(patch.label, kept.profile))
            yield Raised(rule.id, level, rule.fix, rule.source, rule.about, patch, hit)
    except CannotTell as reason:
        yield Skipped(rule.id, str(reason))


def _first_change(diff: Diff) -> tuple[str, int] | None:
    """Path and line, after the change, of the first line that a diff changes."""
    for file in sorted(diff.files, key=lambda file: file.deleted):
        hunk = file.added[0].number if file.added else file.removed[0].number if file.removed else 1
        return file.path, 1 if file.deleted else max(hunk, 1)
    return None


def apply(kept: Digest, diff: Diff) -> Applied:
    """What is kept of a patch that was applied."""
    added: dict[str, list[tuple[int, str]]] = {
        file.path: [(line.number, line.text) for line in file.added] for file in diff.files
    }
    added |= {file.old_path: [] for file in diff.files if file.renamed}
    return Applied(kept, added, tuple(file.path for file in diff.files if file.created and not file.binary))


def after_series(
    applied: Sequence[Applied], rules: Sequence[LintRule], after: After, context: Context, cache: Cache
) -> Iterator[Event]:
    """The checks on the tree after a series, once all of it is applied."""
    if not applied or context.base is None:
        return
    last = applied[-1].digest
    wanted = list(selected(rules, (About.TREE,), last.profile))
    if not wanted:
        return
    owner = {path: each.digest.patch for each in applied for path in each.added}
    lines: dict[str, Sequence[tuple[int, str]]] = {}
    for each in applied:
        for path, found in each.added.items():
            lines[path] = [*lines.get(path, ()), *found]
    created = {path: each.digest.patch for each in applied for path in each.created}
    before = context.base.read(owner)
    tree = ChangedTree(frozenset(owner), created, before, lines, owner, last.patch, after, cache, {})
    for rule in wanted:
        yield from _hits(rule, tree, context, last)


def held_together(patches: Iterable[Patch]) -> Iterator[list[Patch]]:
    """Patches by the hundred, those of one series by number within it."""
    held: list[Patch] = []
    size = 0
    for patch in patches:
        held.append(patch)
        size += len(patch.diff)
        if len(held) >= _TOGETHER or size > _TOGETHER_BYTES:
            yield _in_order(held)
            held, size = [], 0
    if held:
        yield _in_order(held)


def _in_order(patches: Sequence[Patch]) -> list[Patch]:
    first: dict[object, int] = {}
    keys = []
    for index, patch in enumerate(patches):
        prefix = patch.prefix
        sender = patch.sender.address if patch.message_id else ""  # git format-patch gives each its author's
        series = (sender, prefix.version, prefix.total) if prefix.total > 1 else index
        if patch.prefix.total > 1 and patch.prefix.number == 0:
            first[series] = index
        keys.append((first.setdefault(series, index), prefix.number if prefix.total > 1 else 0, index))
    return [patches[index] for _, _, index in sorted(keys)]


def begins(patch: Patch) -> bool:
    """Whether a patch is the first of its series (a cover letter, too), so that it is meant for the base itself."""
    return bool(patch.path) and (patch.prefix.total <= 1 or patch.prefix.number <= 1)
