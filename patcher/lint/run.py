"""Run the rules over patches while they are read: a bounded number of them is held at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from patcher.cache import Cache
from patcher.lint import citations, maintainers, places
from patcher.lint.checks import CHECKS, SERIES_CHECKS, TREE_CHECKS
from patcher.lint.context import Context
from patcher.lint.ignore import Ignores
from patcher.lint.job import Brief, Job, SeriesHit, TreeHit, TreeJob, brief
from patcher.lint.model import CannotTell, Finding, Hit, Level, Outcome, Skipped
from patcher.lint.rules import LintRule
from patcher.lint.same import SAME
from patcher.lint.series import gather
from patcher.mail.diff import Diff
from patcher.mail.model import Kind, Patch
from patcher.model import Frozen
from patcher.tree.overlay import PatchedTree

_TOGETHER = 256
_TOGETHER_BYTES = 8 * 2**20


class Extra(Protocol):
    """Checks by other programs, and what could not be run of them."""

    skipped: list[Skipped]

    def __call__(self, patches: Sequence[tuple[Patch, Diff]]) -> Iterable[tuple[Patch, str, Level, Hit]]: ...


class Settings(Frozen, frozen=True):
    """What the user asked for. ``profile`` "auto" goes by the touched paths; ``only`` and ``skip`` are ids of rules;
    ``stated_base`` tells that the base is certain (named, or of a range), not guessed."""

    profile: str = "auto"
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    strict: bool = False
    stated_base: bool = False
    mailed: bool = True


class Linter:
    """Rules at work. ``lint`` is called once; memory grows by what is found, and by a mail's message and a hash for
    each of its changed lines (about 7 KB a mail)."""

    def __init__(
        self,
        rules: Sequence[LintRule],
        context: Context,
        settings: Settings,
        ignores: Ignores,
        baseline: Sequence[str] = (),
        extra: Extra | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._cache = cache
        self._applied: list[tuple[Patch, dict[str, list[tuple[int, str]]]]] = []
        self._created: dict[str, Patch] = {}
        self._context = context
        self._settings = settings
        self._ignores = ignores
        self._extra = extra
        self._baseline: dict[str, int] = {}
        for fingerprint in baseline:
            self._baseline[fingerprint] = self._baseline.get(fingerprint, 0) + 1
        self._rules = [rule for rule in rules if self._wanted(rule.id)]
        self._by_id = {rule.id: rule for rule in rules}
        self._findings: list[Finding] = []
        self._skipped: dict[tuple[str, str, str], None] = {}
        self._briefs: list[Brief] = []
        self._seen: dict[str, int] = {}
        self._profiles: set[str] = set()
        self._hidden = 0
        self._fired: set[tuple[str, str]] = set()

    def _wanted(self, rule: str) -> bool:
        only, skip = self._settings.only, self._settings.skip
        family = rule.partition(":")[0]
        return (not only or rule in only or family in only) and rule not in skip and family not in skip

    def lint(self, patches: Iterable[Patch]) -> Outcome:
        """Everything that is found in the patches, in their order; what concerns a whole series stands with its first
        mail."""
        for held in _held(patches):
            self._several(held)
        self._after_series()
        series = gather(self._briefs, self._context, mailed=self._settings.mailed)
        for each in series:
            for rule in self._rules:
                if rule.about == "series":
                    self._try(rule, each.first.patch, each.first.profile, SERIES_CHECKS[rule.check], each)
        if self._extra:
            self._skipped.update(((each.rule, each.reason, each.patch), None) for each in self._extra.skipped)
        for unused in self._ignores.unused():
            self._skipped[unused.rule, unused.reason, unused.patch] = None
        self._findings = [each for each in self._findings if not self._repeats(each)]
        order = {id_: at for at, id_ in enumerate(dict.fromkeys(self._place_of(brief.patch) for brief in self._briefs))}
        self._findings.sort(key=lambda each: order.get(each.patch, len(order)))
        kinds = [brief.patch.kind for brief in self._briefs]
        return Outcome(
            findings=tuple(self._findings),
            skipped=tuple(Skipped(rule, reason, patch) for rule, reason, patch in self._skipped),
            patches=kinds.count(Kind.PATCH),
            others=len(kinds) - kinds.count(Kind.PATCH),
            series=len(series),
            hidden=self._hidden,
            profiles=tuple(sorted(self._profiles)),
        )

    @staticmethod
    def _place_of(patch: Patch) -> str:
        return patch.label

    def _several(self, patches: Sequence[Patch]) -> None:
        """The patches that are held together: their questions to the history are asked at once."""
        diffs = [Diff(patch.diff) for patch in patches]
        if self._context.has_history:
            citations.prepare(patches, diffs, self._context)
        for patch, diff in zip(patches, diffs, strict=True):
            self._one(patch, diff)
        if self._extra:
            together = [(patch, diff) for patch, diff in zip(patches, diffs, strict=True) if patch.kind is Kind.PATCH]
            for patch, rule, level, hit in self._extra(together):
                if self._wanted(rule) and not self._said(patch, rule, hit):
                    script = "scripts/checkpatch.pl" if rule.startswith("checkpatch:") else "scripts/get_maintainer.pl"
                    self._add(rule, level, script, hit, patch)

    def _said(self, patch: Patch, rule: str, hit: Hit) -> bool:
        """Whether one of our own rules has said for this patch what another program says now."""
        ours = SAME.get(rule.partition(":")[2], ())
        if any((patch.label, each) in self._fired for each in ours):
            return True
        return rule == "get_maintainer" and (patch.label, f"recipients {hit.key}") in self._fired

    def _repeats(self, finding: Finding) -> bool:
        """Whether another program found what a rule that looks at all of a series has said since."""
        ours = SAME.get(finding.rule.partition(":")[2], ()) if finding.rule.startswith("checkpatch:") else ()
        return any((finding.patch, each) in self._fired for each in ours)

    def _one(self, patch: Patch, diff: Diff) -> None:
        profile = self._profile(patch, diff)
        if patch.kind is Kind.PATCH:
            self._profiles.add(profile)
        self._briefs.append(brief(patch, diff, profile))
        if patch.kind not in (Kind.PATCH, Kind.COVER):
            return
        self._ignores.add(patch)
        if self._context.base is not None and _begins(patch):
            self._after_series()
            self._context.now, self._context.broken = PatchedTree(self._context.base, {}), ""
        misfits = tuple(self._context.apply(patch, diff)) if patch.kind is Kind.PATCH and patch.path else ()
        if self._context.base is not None and patch.kind is Kind.PATCH:
            added = {file.path: [(line.number, line.text) for line in file.added] for file in diff.files}
            added |= {file.old_path: [] for file in diff.files if file.renamed}
            self._applied.append((patch, added))
            self._created |= {file.path: patch for file in diff.files if file.created and not file.binary}
        job = Job(patch, diff, profile, self._context, misfits, self._settings.stated_base)
        for rule in self._rules:
            if rule.about in ("series", "tree") or (patch.kind is Kind.COVER and not rule.covers):
                continue
            if rule.profiles and profile not in rule.profiles:
                continue
            if rule.match:
                for hit in matches(rule, job):
                    self._add(rule.id, hit.level or rule.level_in(profile), rule.source, hit, patch)
            else:
                self._try(rule, patch, profile, CHECKS[rule.check], job)

    def _try(
        self, rule: LintRule, patch: Patch, profile: str, check: Callable[..., Iterable[object]], what: object
    ) -> None:
        """A check, or the reason why it cannot be made."""
        if rule.profiles and profile not in rule.profiles:
            return
        try:
            if "tree" in rule.needs:
                _ = self._context.tree
            if "history" in rule.needs:
                _ = self._context.history
            for found in check(what):
                if isinstance(found, TreeHit):
                    self._add(rule.id, found.hit.level or rule.level_in(profile), rule.source, found.hit, found.patch)
                elif isinstance(found, SeriesHit):
                    level = found.hit.level or rule.level_in(found.brief.profile)
                    self._add(rule.id, level, rule.source, found.hit, found.brief.patch)
                elif isinstance(found, Hit):
                    self._add(rule.id, found.level or rule.level_in(profile), rule.source, found, patch)
        except CannotTell as reason:
            self._skipped[rule.id, str(reason), ""] = None

    def _after_series(self) -> None:
        """The checks on the tree after a series, once all of it is applied."""
        applied, self._applied = self._applied, []
        created, self._created = self._created, {}
        rules = [rule for rule in self._rules if rule.about == "tree"]
        if not applied or not rules or self._context.base is None or self._cache is None:
            return
        owner = {path: patch for patch, added in applied for path in added}
        lines: dict[str, list[tuple[int, str]]] = {}
        for _, added in applied:
            for path, found in added.items():
                lines[path] = found if len(applied) == 1 else [*lines.get(path, ()), *found]
        before = self._context.base.read(owner)
        last = applied[-1][0]
        job = TreeJob(frozenset(owner), created, before, lines, owner, last, self._context, self._cache, {})
        for rule in rules:
            self._try(rule, last, self._briefs[-1].profile, TREE_CHECKS[rule.check], job)

    def _profile(self, patch: Patch, diff: Diff) -> str:
        if self._settings.profile != "auto":
            return self._settings.profile
        if _backport(patch):
            return "stable"
        return maintainers.profile((file.path for file in diff.files), self._context.maintainers)

    def _add(self, rule: str, level: Level, source: str, hit: Hit, patch: Patch) -> None:
        in_tree = hit.place.path != patch.path
        known = self._by_id.get(rule)
        self._fired |= {(patch.label, rule), (patch.label, f"{rule} {hit.key}")}
        # What survives moved lines and a new version: not the brackets of a subject, nor which patch is the first.
        on_subject = hit.place.excerpt and hit.place.excerpt == places.subject(patch).excerpt
        key = hit.key or (patch.summary if on_subject else hit.place.excerpt.strip())
        of_series = known is not None and known.about == "series" and not hit.place.excerpt
        parts = (rule, hit.place.path if in_tree else "" if of_series else patch.summary, key)
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        count = self._seen[digest] = self._seen.get(digest, 0) + 1
        fingerprint = digest if count == 1 else f"{digest}-{count}"
        if self._ignores.hides(rule, patch, hit.place.path if in_tree else ""):
            self._hidden += 1
            return
        if self._baseline.get(fingerprint, 0) > 0:
            self._baseline[fingerprint] -= 1
            self._hidden += 1
            return
        if level is Level.NOTE and not self._settings.strict:
            return
        place = hit.place
        fix = hit.fix or (known.fix if known else "")
        self._findings.append(
            Finding(rule, level, patch.label, patch.summary, place.path, place.line, place.column, place.width,
                    hit.message, fix, source, place.excerpt, fingerprint)
        )  # fmt: skip


def _held(patches: Iterable[Patch]) -> Iterator[list[Patch]]:
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
    for at, patch in enumerate(patches):
        prefix = patch.prefix
        sender = patch.sender.address if patch.message_id else ""  # git format-patch gives each its author's
        series = (sender, prefix.version, prefix.total) if prefix.total > 1 else at
        if patch.prefix.total > 1 and patch.prefix.number == 0:
            first[series] = at
        keys.append((first.setdefault(series, at), prefix.number if prefix.total > 1 else 0, at))
    return [patches[at] for _, _, at in sorted(keys)]


def _begins(patch: Patch) -> bool:
    """Whether a patch is the first of its series (a cover letter, too), so that it is meant for the base itself."""
    return bool(patch.path) and (patch.prefix.total <= 1 or patch.prefix.number <= 1)


def _backport(patch: Patch) -> bool:
    """Whether it is meant for a stable tree: by the words in brackets, or the line that names the upstream commit."""
    return any(word.lower().startswith(("stable", "4.", "5.", "6.", "7.")) for word in patch.prefix.words) or bool(
        citations.UPSTREAM.search("\n".join(patch.body[:4]))
    )


def matches(rule: LintRule, job: Job) -> Iterator[Hit]:
    """What a rule with a pattern finds in a patch."""
    assert rule.match
    patch = job.patch
    if rule.match.where == "path":
        for file in job.diff.files:
            if not file.deleted and rule.pattern.search(file.path) is not None and not _excepted(rule, file.path):
                yield Hit(rule.message, places.diff(patch, file.path), key=file.path)
        return
    if rule.match.where == "added":
        for file in job.diff.files:
            if rule.paths and rule.paths.search(file.path) is None:
                continue
            for line in file.added:
                found = rule.pattern.search(line.text)
                if found is not None and not _excepted(rule, line.text):
                    yield Hit(rule.message, places.diff(patch, file.path, line, found))
        return
    texts = {"subject": [patch.subject], "summary": [patch.summary], "body": patch.body, "below": patch.below}
    for at, text in enumerate(texts[rule.match.where]):
        found = rule.pattern.search(text)
        if found is None or _excepted(rule, text):
            continue
        if rule.match.where in ("subject", "summary"):
            yield Hit(rule.message, places.subject(patch, found))
        else:
            where = places.body if rule.match.where == "body" else places.below
            yield Hit(rule.message, where(patch, at, found))


def _excepted(rule: LintRule, text: str) -> bool:
    return rule.unless is not None and rule.unless.search(text) is not None
