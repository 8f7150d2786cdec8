"""From a tree to a plan: survey, parse, match, and say what was not looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from patcher import confine
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import (
    Coverage,
    FileFacts,
    Finding,
    Plan,
    Severity,
    SkippedRegion,
    Step,
    StepStatus,
    Target,
    TextOnly,
    TreeInfo,
)
from patcher.plan import remember
from patcher.plan.files import StepFiles
from patcher.plan.follow import follow
from patcher.plan.reading import Gap, Reader
from patcher.plan.request import Request
from patcher.plan.survey import Survey, cached_search, interesting_offsets, survey
from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.match import Sources, findings
from patcher.rules.model import Group
from patcher.rules.unread import area_of, only_named, plain_facts, plain_use
from patcher.series.anchor import Values
from patcher.series.load import conditions, symbols
from patcher.series.patches import Patch, Patches, left_as_is, make_patches, targets
from patcher.series.steps import Seen, overall, steps
from patcher.source import lex
from patcher.source.unit import Progress, tell
from patcher.source.values import Question, unequal
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_build, from_profile
from patcher.tree.kernel import KernelTree, version
from patcher.tree.readable import ReadableTree


class Planned(NamedTuple):
    """A plan, and the patches of the steps that the tree needs, as far as their places were found. ``whole``: libclang
    came to an end with each file, so that another try would tell no more."""

    plan: Plan
    patches: tuple[Patch, ...]
    whole: bool


class _Answers(NamedTuple):
    """``of``: see ``Seen``. ``whole``: as ``Planned``."""

    of: Values
    whole: bool


def make_plan(tree: KernelTree, request: Request, cache: Cache, progress: Progress | None = None) -> Plan:
    """As ``plan_and_patches``: the plan alone, which is remembered."""
    key = remember.key(tree, request)
    if key and (plan := remember.load(key, cache)):
        return plan
    made = plan_and_patches(tree, request, cache, progress)
    if key and made.whole:
        remember.store(key, made.plan, cache)
    return made.plan


def plan_and_patches(tree: KernelTree, request: Request, cache: Cache, progress: Progress | None = None) -> Planned:
    """The plan of a series for a tree, and its patches. A step is blocked where one of its edits finds no place.

    Raises InputError where this is no kernel tree or has nothing the series speaks of.
    """
    release = version(tree)
    tree = readable = ReadableTree(tree)
    tell(progress, "reading its configuration")
    configs = list(_configs(tree, request))
    tell(progress, "searching it for names of interest")
    found = survey(tree, request.rules.group, symbols(request.series), request.scope, cache)
    texts = tree.read(found.hits)
    found = _read_ones(found, texts)
    codes = {path: lex.code_only(content) for path, content in texts.items()}
    group = request.rules.group if request.scope else msgspec.structs.replace(request.rules.group, subject=())
    judged = _interest(group, found)
    reader = Reader(tree, configs, found, codes, cache, progress)
    reader.cover(judged | symbols(request.series))
    _anchored(tree, request, reader.facts)
    first = _topics(group, found, Knowledge(reader.facts, judged))
    judged |= {name for topic in first.values() for name in topic.symbols}
    gaps = reader.cover(judged | symbols(request.series))  # helpers are known by now: theirs count, too
    gaps = [gap for gap in gaps if gap.condition or gap.symbol in judged]
    outside = _as_text(
        [item.path for item in found.text_only if item.reason.startswith("another")], codes, judged, group.everywhere
    )
    called = {name for subject in group.subject for name in subject.calls}
    gaps = [gap for gap in gaps if gap.symbol not in called or not only_named(codes[gap.path], gap.offset, gap.symbol)]
    tell(progress, "following frames and flags through its calls")
    facts = [*reader.facts, *outside, *_unexplained(gaps, codes, group.everywhere)]
    knowledge, more = follow(
        tree, request.rules, found, facts, judged, codes, gaps, group.scopes.get(request.scope, ()), cache,
    )  # fmt: skip
    topics = _topics(group, found, knowledge)
    _drop_called_elsewhere(tree, topics, knowledge, group.scopes.get(request.scope, ()), cache)
    broken = [error for error in _errors(reader.facts) if error.startswith("arch/x86/xen/")]
    tell(progress, "finding where the steps go")
    answers = _values(tree, request, configs, knowledge, cache)
    found_steps = steps(request.series, Seen(knowledge, texts, answers.of), broken)
    judged_ones = findings(request.rules, topics, knowledge, Sources({**more, **texts}))
    patches = _try(tree, request, found_steps, judged_ones, answers.of, cache, progress)
    found_steps = tuple(_tried(step, patches) for step in found_steps)
    unseen = {path: reason for patch in patches.made for path, reason in patch.unseen.items()}
    plan = Plan(
        tree=TreeInfo(
            tree.commit,
            tree.key is None and bool(tree.commit),
            release,
            configs[0].arch,
            configs[0].name,
            configs[0].source,
        ),
        series=request.series_name,
        scope=request.scope,
        status=overall(found_steps),
        findings=judged_ones,
        steps=found_steps,
        coverage=_coverage(found, reader.facts, gaps, configs, {**readable.unread, **unseen}),
    )
    whole = answers.whole and not readable.unread and not unseen and not any(map(_crashed, reader.facts))
    return Planned(plan, patches.made, whole)


def _read_ones(found: Survey, texts: Mapping[str, bytes]) -> Survey:
    """Without the files that could not be read."""
    hits, sources, headers = (
        tuple(path for path in each if path in texts) for each in (found.hits, found.sources, found.headers)
    )
    text_only = tuple(item for item in found.text_only if item.path in texts or not item.reason.startswith("another"))
    return found._replace(hits=hits, sources=sources, headers=headers, text_only=text_only)


def _values(
    tree: KernelTree, request: Request, configs: Sequence[Config], knowledge: Knowledge, cache: Cache
) -> _Answers:
    """What the series asks of values of macros, answered."""
    asked = {(each.of, each.value) for each in conditions(request.series)}
    asked |= {(edit.macro, edit.value) for step in request.series.step for edit in step.edits.every}
    questions = [
        Question(macro.span.path, name, value)
        for name, value in sorted(asked)
        if value and (macro := knowledge.defined(name))
    ]
    answers = unequal(tree, configs, questions, cache)
    found = {(each.name, each.value): answer for each, answer in zip(questions, answers, strict=True)}
    return _Answers({key: answer for key, answer in found.items() if answer is not None}, None not in answers)


def _try(
    tree: KernelTree, request: Request, found: Sequence[Step], judged: Sequence[Finding], other: Values, cache: Cache,
    progress: Progress | None,
) -> Patches:  # fmt: skip
    """Make the patches of the needed steps in memory."""
    needed = {step.slug for step in found if step.status is StepStatus.NEEDED}
    names = targets(request.series, needed)
    files = StepFiles(tree, names, request.rules.group.anchored, judged, request.series.only, cache, progress)
    return make_patches(request.series, needed, files, other, progress)


def _tried(step: Step, patches: Patches) -> Step:
    if step.slug in patches.refused:
        return msgspec.structs.replace(step, status=StepStatus.BLOCKED, reason=patches.refused[step.slug])
    if step.slug in patches.idle:
        return msgspec.structs.replace(step, status=StepStatus.PRESENT, reason=patches.idle[step.slug])
    patch = next((each for each in patches.made if each.step.slug == step.slug), None)
    if not patch or not (patch.step.cocci or patch.step.edits.wide):
        return step
    places = (*(each for each in step.targets if each.symbol), *(Target(path, "", line) for path, line in patch.lines))
    what = patch.step.cocci.name if patch.step.cocci else "it"
    reason = f"{what} changes {len(patch.lines)} places in {len(patch.changes)} files"
    reason += "".join(f"; it leaves {each}" for each in left_as_is(patch))
    return msgspec.structs.replace(step, reason=reason, targets=places)


def _configs(tree: KernelTree, request: Request) -> Iterator[Config]:
    """The configurations to try, in this order; those the tree's own Kconfig rules out are left out."""
    name = request.profile
    build = None if name else from_build(tree, request.build)
    if build:
        yield build
    symbols = kconfig.read(tree)
    chosen = [name] if name else []
    chosen += [default for default in profile.DEFAULTS if default not in chosen]
    for each in chosen:
        shipped = profile.load(each)
        if each == name or kconfig.fits(symbols, shipped.config):
            yield from_profile(tree, shipped, symbols)


def _interest(group: Group, found: Survey) -> frozenset[str]:
    names = {name for carriers in found.carriers.values() for name in carriers}
    names.update(name for subject in group.subject for name in subject.calls)
    return frozenset(names)


def _topics(group: Group, found: Survey, knowledge: Knowledge) -> dict[str, Topic]:
    return {subject.name: Topic(subject, found.carriers.get(subject.name, ()), knowledge) for subject in group.subject}


def _anchored(tree: KernelTree, request: Request, facts: Iterable[FileFacts]) -> None:
    defined = {each.name for one in facts for each in one.definitions if not each.declares}
    broken = [error for error in _errors(facts) if error.startswith("arch/")]
    if not request.series.anchor or any(map(_crashed, facts)):
        return  # libclang saw nothing of a file, perhaps of this one: it is told under coverage, and the steps know
    if defined.isdisjoint(request.series.anchor) and broken:
        raise InputError(
            f"{tree.where} cannot be understood: {broken[0]}", "correct the file, or read another revision"
        )
    if defined.isdisjoint(request.series.anchor):
        raise InputError(
            f"{tree.where} has no code that the series {request.series_name!r} speaks of",
            f"nothing under arch/x86 defines {' or '.join(request.series.anchor)}",
        )


def _crashed(facts: FileFacts) -> bool:
    return any(said.severity == Severity.CRASH for said in facts.diagnostics)


def _as_text(
    paths: Iterable[str], codes: Mapping[str, bytes], names: frozenset[str], everywhere: bool
) -> Iterator[FileFacts]:
    """Uses in files that are not parsed: no more is known of them than where they are, and where code of every
    architecture is asked for, whose flags they set."""
    for path in paths:
        code = codes[path]
        starts = lex.line_starts(code)
        places = interesting_offsets(code, names).items()
        areas = {at: area_of(code, at) if everywhere else "" for at, _ in places}
        yield plain_facts(path, (plain_use(path, at, name, starts, "", areas[at]) for at, name in places))


def _unexplained(gaps: Iterable[Gap], codes: Mapping[str, bytes], everywhere: bool) -> Iterator[FileFacts]:
    for gap in gaps:
        code = codes[gap.path]
        area = area_of(code, gap.offset) if everywhere else ""
        use = plain_use(gap.path, gap.offset, gap.symbol, lex.line_starts(code), gap.condition, area)
        yield plain_facts(gap.path, [use])


def _drop_called_elsewhere(
    tree: KernelTree,
    topics: Mapping[str, Topic],
    knowledge: Knowledge,
    pathspecs: Sequence[str],
    cache: Cache,
) -> None:
    """A function is no orphan if another file of the scope names it."""
    parsed = {facts.path for facts in knowledge.files}
    for topic in topics.values():
        public = sorted(name for name in topic.orphans if not (found := knowledge.defined(name)) or not found.static)
        for name in public:
            if set(cached_search(tree, [name], pathspecs, cache)) - parsed:
                del topic.orphans[name]


def _coverage(
    found: Survey, facts: Sequence[FileFacts], gaps: Iterable[Gap], configs: Sequence[Config], unread: Mapping[str, str]
) -> Coverage:  # fmt: skip
    used = {one.profile for one in facts}
    regions: dict[tuple[str, int, int, str], SkippedRegion] = {}
    text_only = list(found.text_only)
    for gap in gaps:
        spans = [
            region
            for one in facts
            if one.path == gap.path
            for region in one.regions
            if region.start <= gap.line <= region.end
        ]
        first, last = (spans[0].start, spans[0].end) if spans else (gap.line, gap.line)
        key = (gap.path, first, last, gap.condition)
        regions[key] = SkippedRegion(*key)
    text_only += [TextOnly(path, f"cannot be read: {reason}") for path, reason in sorted(unread.items())]
    parsed = {one.path for one in facts}
    text_only += [TextOnly(path, "no file that was parsed includes it") for path in found.headers if path not in parsed]
    return Coverage(
        files_searched=len(found.hits),
        files_parsed=tuple(sorted(parsed)),
        profiles=tuple(config.name for config in configs if config.name in used),
        text_only=tuple(text_only),
        regions_skipped=tuple(sorted(regions.values(), key=lambda region: (region.path, region.start))),
        errors=tuple(_errors(facts)),
        confinement=confine.way().value,
    )


def _errors(facts: Iterable[FileFacts]) -> Iterator[str]:
    """One line for each file that no configuration parsed cleanly: the first error of its best parse, and how many."""
    best: dict[str, FileFacts] = {}
    for one in facts:
        if one.diagnostics and len(one.diagnostics) < len(best.get(one.path, one).diagnostics) + (one.path not in best):
            best[one.path] = one
    for one in best.values():
        first, others = one.diagnostics[0], len(one.diagnostics) - 1
        more = f" (and {others} more)" if others else ""
        place = f"{first.path}:{first.line}: " if first.line else ""
        yield f"{one.path} [{one.profile}]: {place}{first.message}{more}"
