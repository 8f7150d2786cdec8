"""What to plan, from what the user named. A series is planned so before it is generated, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from patcher import data
from patcher.errors import InputError
from patcher.files import is_directory, present
from patcher.model import Plan, Status, StepStatus, Verdict
from patcher.plan.request import Request
from patcher.rules.load import NO_RULES, load_group
from patcher.rules.model import RuleSet
from patcher.series import semantic
from patcher.series.load import SeriesSpec, load

_NAME = re.compile(r"[\w-]+")


def request(
    series: str, folder: Path | None = None, profile: str = "", build: Path | None = None, scope: str | None = "",
    rules: Path | None = None, only: Sequence[str] = (),
) -> Request:  # fmt: skip
    """What to plan, see ``Request``. ``folder`` and ``rules`` are a series and rules of the user's own; ``scope`` None
    is the first that the rules have; ``only``: git pathspecs of files that may be changed. Raises InputError where one
    of them is of no use."""
    spec = load(series, folder)
    if only:
        if named := next((step.slug for step in spec.step if not step.cocci and not step.edits.wide), ""):
            raise InputError(
                f"the step {named} of {spec.name} names what it changes, so it cannot be kept to some paths",
                "leave the paths away",
            )
        spec = msgspec.structs.replace(spec, only=tuple(only))
    found = _rules(spec, folder, rules)
    if spec.anchored:
        found = msgspec.structs.replace(found, group=msgspec.structs.replace(found.group, anchored=spec.anchored))
    scopes = found.group.scopes
    if scope is None:
        scope = spec.scope or next(iter(scopes), "")
    scope = scope or spec.scope
    if scope and scope not in scopes:
        raise InputError(
            f"the rules of {spec.name} have no scope {scope!r}",
            f"choose one of: {', '.join(scopes)}" if scopes else "leave --scope away",
        )
    _check_findings(spec, found, scope)
    return Request(spec.name, spec, found, scope, profile, build)


def _check_findings(spec: SeriesSpec, found: RuleSet, scope: str) -> None:
    """Raises InputError where edits are to be made for findings that there cannot be."""
    for step in spec.step:
        for edit in step.edits.wide:
            if edit.for_each and edit.for_each not in {rule.id for rule in found.rules}:
                raise InputError(
                    f"series {spec.name}, step {step.slug}, edit {edit.why!r}: there is no rule {edit.for_each!r} in "
                    f"{found.name or 'it'}",
                    "patcher rules list shows the shipped ones; rules in series.toml says which are asked",
                )
            if edit.for_each and not scope:
                raise InputError(
                    f"series {spec.name}, step {step.slug}: its edits are for findings, and no scope has any",
                    f"say in series.toml: scope = one of {', '.join(found.group.scopes)}",
                )


def _rules(spec: SeriesSpec, folder: Path | None, rules: Path | None) -> RuleSet:
    """The rules that the user named, those that lie in the folder of the user's own series, or shipped ones."""
    if rules:
        return load_group(rules)
    if not spec.rules:
        return NO_RULES
    own = folder / spec.rules if folder else None
    if own and is_directory(own):
        return load_group(own)
    shipped = data.directory("rules")
    if not _NAME.fullmatch(spec.rules) or not present(shipped / spec.rules / "group.toml"):
        raise InputError(
            f"the series {spec.name} asks for rules {spec.rules!r}, and there are none",
            f"name a folder below its own{f' ({folder})' if folder else ''}, or a shipped one: patcher rules list",
        )
    return load_group(shipped / spec.rules)


def of_semantic_patch(
    file: Path, over: Sequence[str] = (), message: Sequence[str] = (), include: str = "", profile: str = "",
    build: Path | None = None,
) -> Request:  # fmt: skip
    """What to plan where the user named a semantic patch: a series of it alone, see ``series.semantic``. Raises
    InputError where it is of no use."""
    spec = semantic.series(file, over, message, include)
    return Request(spec.name, spec, NO_RULES, "", profile, build)


def needs_attention(plan: Plan, fail_on: str = "warning") -> bool:
    """Whether the series does not fit the tree ("error"), or besides a person must look at a finding ("warning"), or
    besides a step is needed ("note")."""
    undecided = any(finding.verdict is Verdict.UNDECIDED for finding in plan.findings)
    needed = any(step.status is StepStatus.NEEDED for step in plan.steps)
    return plan.status is Status.NOT_APPLICABLE or (undecided and fail_on != "error") or (needed and fail_on == "note")
