"""How a tree stands to a series: decided by what its code is, not by its version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from patcher.model import Kind, Status, Step, StepStatus, Target
from patcher.rules.knowledge import Knowledge
from patcher.series.load import Condition, SeriesSpec, StepSpec
from patcher.source import lex


class Seen(NamedTuple):
    """What is known of a tree. ``texts``: the files by path, for what comments say; ``other``: (macro, C expression) →
    the configuration in which the macro has another value, "" for none."""

    knowledge: Knowledge
    texts: Mapping[str, bytes]
    other: Mapping[tuple[str, str], str] = {}


def steps(spec: SeriesSpec, seen: Seen, broken: Sequence[str] = ()) -> tuple[Step, ...]:
    """Each step of the series with its status on this tree. ``broken``: files that did not parse, with the error."""
    unfit = [requirement.reason for requirement in spec.requirements if not _all(requirement.all, seen)]
    unfit += (reason for base in spec.bases if (reason := _without(base, seen)))
    if unfit and broken:
        unfit = [f"it cannot be told: {broken[0]}; as far as it was understood: {unfit[0]}", *unfit[1:]]
    return tuple(_step(step, seen, unfit) for step in spec.step if _all(step.where, seen))


def _without(base: SeriesSpec, seen: Seen) -> str:
    """Which steps of a series that is required the tree does not have, or ""."""
    lacking = [step.title for step in steps(base, seen) if step.status is not StepStatus.PRESENT]
    if not lacking:
        return ""
    if len(lacking) == len(base.step):
        return f"the series {base.name} is not in the tree, and comes first"
    return f"the tree has not all of the series {base.name}, which comes first: {'; '.join(lacking)}"


def overall(found: Iterable[Step]) -> Status:
    """The status of the series, from its steps."""
    statuses = {step.status for step in found}
    if statuses <= {StepStatus.PRESENT}:
        return Status.ALREADY
    if StepStatus.BLOCKED in statuses:
        return Status.NOT_APPLICABLE
    return Status.PARTLY if StepStatus.PRESENT in statuses else Status.APPLICABLE


def _step(step: StepSpec, seen: Seen, unfit: list[str]) -> Step:
    targets = tuple(_targets(step.targets, seen.knowledge))
    for group in step.present:
        if _all(group, seen):
            reason = "; ".join(_told(condition, seen.knowledge) for condition in group)
            return Step(step.slug, step.title, StepStatus.PRESENT, reason, targets)
    if unfit:
        return Step(step.slug, step.title, StepStatus.BLOCKED, "; ".join(unfit), targets)
    if targets and not any(target.line for target in targets):
        gone = f"none of {', '.join(step.targets)} is in this tree"
        return Step(step.slug, step.title, StepStatus.BLOCKED, gone, targets)
    lacking = (_lacking(each, seen) for group in step.present for each in group if not holds(each, seen))
    return Step(step.slug, step.title, StepStatus.NEEDED, next(lacking, ""), targets)


def _targets(names: Iterable[str], knowledge: Knowledge) -> Iterable[Target]:
    for name in names:
        found = [
            definition
            for definition in knowledge.definitions.get(name, ())
            if not definition.declares and definition.kind is not Kind.TYPE
        ]
        for definition in found:
            yield Target(definition.span.path, name, definition.line)
        if not found:
            yield Target("", name, 0)


def _all(conditions: Iterable[Condition], seen: Seen) -> bool:
    return all(holds(condition, seen) for condition in conditions)


def holds(condition: Condition, seen: Seen) -> bool:
    """Whether a condition holds in the tree."""
    knowledge = seen.knowledge
    if condition.says:
        return _said(condition, knowledge, seen.texts)
    if condition.value:
        return seen.other.get((condition.of, condition.value)) == ""
    if condition.defines:
        return any(knowledge.defined(name) for name in condition.defines)
    if condition.undefined:
        return not any(knowledge.defined(name) for name in condition.undefined)
    if condition.type:
        return any(found.type == condition.type for found in knowledge.definitions.get(condition.of, ()))
    if condition.without:
        bodies = [
            each for name in condition.inside for each in knowledge.definitions.get(name, ()) if not each.declares
        ]
        return bool(bodies) and not any(set(condition.without).intersection(each.mentions) for each in bodies)
    return bool(_mentioned(condition, knowledge))


def _said(condition: Condition, knowledge: Knowledge, texts: Mapping[str, bytes]) -> bool:
    word = re.compile(rb"\b%s\b" % re.escape(condition.says.encode()))
    paths = {each.span.path for each in knowledge.definitions.get(condition.of, ()) if not each.declares}
    sources = [texts[path] for path in paths if path in texts]
    return any(len(word.findall(source)) > len(word.findall(lex.code_only(source))) for source in sources)


def _mentioned(condition: Condition, knowledge: Knowledge) -> set[str]:
    return {
        word
        for name in condition.inside
        for definition in knowledge.definitions.get(name, ())
        if not definition.declares
        for word in knowledge.reach(definition.span.path, name).intersection(condition.mentions)
    }


def _told(condition: Condition, knowledge: Knowledge) -> str:
    if condition.defines:
        found = next(found for name in condition.defines if (found := knowledge.defined(name)))
        return f"{found.name} is defined at {found.span.path}:{found.line}"
    if condition.undefined:
        return f"{', '.join(condition.undefined)} is gone"
    if condition.type:
        return f"{condition.of} is a {condition.type}"
    if condition.says:
        return f"a comment near {condition.of} speaks of {condition.says}"
    if condition.value:
        return f"{condition.of} is {condition.value}"
    if condition.without:
        return f"{' and '.join(condition.inside)} does without {' and '.join(condition.without)}"
    words = ", ".join(sorted(_mentioned(condition, knowledge)))
    inside = next(name for name in condition.inside if knowledge.defined(name))
    return f"{inside} reaches {words}"


def _lacking(condition: Condition, seen: Seen) -> str:
    if condition.defines:
        return f"nothing defines {' or '.join(condition.defines)}"
    if condition.undefined:
        return f"{' or '.join(condition.undefined)} is still there"
    if condition.type:
        return f"{condition.of} is no {condition.type}"
    if condition.value:
        where = seen.other.get((condition.of, condition.value))
        return f"{condition.of} is not {condition.value}" + (f" in {where}" if where else "")
    if condition.says:
        return f"no comment in the file of {condition.of} speaks of {condition.says}"
    if condition.without:
        return f"{' or '.join(condition.inside)} still uses {' or '.join(condition.without)}"
    return f"{' or '.join(condition.inside)} does not reach {' or '.join(condition.mentions)}"
