"""Other checks of each commit, beside compiling: lint, and the proof of the P2M code."""

from __future__ import annotations

from collections.abc import Sequence

from patcher import data
from patcher.cache import Cache
from patcher.check.compose import Extra
from patcher.check.results import Finding, Status
from patcher.errors import InputError
from patcher.lint.context import Context
from patcher.lint.ignore import Ignores
from patcher.lint.model import Level
from patcher.lint.rules import load_rules
from patcher.lint.run import Linter, Settings
from patcher.prove.prove import Request, prove_commits
from patcher.prove.verdict import CommitProof, Proof, Verdict
from patcher.prove.verdict import Status as Held
from patcher.tree.commits import patches
from patcher.tree.githistory import GitHistory
from patcher.tree.gitrepo import GitTree, Repository
from patcher.tree.revisions import Commit


def linted(repository: Repository, base: str, series: Sequence[Commit], cache: Cache) -> Extra:
    """What lint says of each commit: FAIL for an error, WARN for a warning."""
    rules = load_rules(data.directory("rules") / "lint")
    ids = [commit.id for commit in series]
    context = Context(
        GitTree(repository, base),
        GitHistory(repository, base, cache),
        full_history=not repository.shallow,
        tip=GitTree(repository, ids[-1]),
    )
    mails = list(patches(repository, ids))
    linter = Linter(rules, context, Settings(mailed=False, stated_base=True), Ignores((), {rule.id for rule in rules}))
    outcome = linter.lint(mails)
    by_label = {mail.label: mail.commit for mail in mails}
    said: dict[str, tuple[Status, str, tuple[Finding, ...]]] = {}
    for commit in ids:
        own = [found for found in outcome.findings if by_label.get(found.patch) == commit]
        errors = sum(found.level is Level.ERROR for found in own)
        status = Status.FAIL if errors else Status.WARN if own else Status.PASS
        findings = tuple(
            Finding(
                commit=0, check="lint", kind=found.level.value, path=found.path, line=found.line,
                function="", message=f"{found.message} [{found.rule}]", source=found.excerpt.strip(), configs=(),
                targets=(), until=0, fingerprint=found.fingerprint,
            )
            for found in own
        )  # fmt: skip
        said[commit] = (status, f"{errors} errors, {len(own) - errors} others" if own else "nothing found", findings)
    return Extra("lint", "patcher lint", said)


def proved(repository: Repository, base: str, series: Sequence[Commit], examples: int, cache: Cache) -> Extra:
    """Whether the P2M code of each commit, run, has the properties that its parent has: FAIL for one that is lost."""
    request = Request(("x86_64", "i386"), examples, 0)
    said: dict[str, tuple[Status, str, tuple[Finding, ...]]] = {}
    at_base: frozenset[tuple[str, str]] = frozenset()
    before = at_base
    for number, commit in enumerate([base, *(each.id for each in series)]):
        try:
            (proof,) = prove_commits([("", GitTree(repository, commit))], request, cache)
        except InputError as error:
            said[commit] = (Status.SKIP, str(error), ())
            continue
        failing = frozenset((part.arch, each.id) for part in proof.proofs for each in part.verdicts if _fails(each))
        if number:
            said[commit] = _said(proof, before, failing, at_base)
        else:
            at_base = failing
        before = failing
    return Extra("prove", "patcher prove", said)


def _fails(verdict: Verdict) -> bool:
    return verdict.status is Held.FAIL


def _said(
    proof: CommitProof, before: frozenset[tuple[str, str]], failing: frozenset[tuple[str, str]],
    at_base: frozenset[tuple[str, str]],
) -> tuple[Status, str, tuple[Finding, ...]]:  # fmt: skip
    """The cell of a commit. What an earlier commit of the series broke is still a FAIL, but told only once."""
    broken = [part for part in proof.proofs if part.error]
    if broken:
        return Status.ERROR, f"{broken[0].arch}: {broken[0].error}", ()
    lost = sorted(failing - before)
    findings = tuple(_finding(proof, arch, name) for arch, name in lost)
    held = sum(each.status is Held.PASS for part in proof.proofs for each in part.verdicts)
    if lost:
        return Status.FAIL, f"{len(lost)} properties no longer hold: {', '.join(name for _, name in lost)}", findings
    if still := sorted(failing - at_base):
        return Status.FAIL, f"properties that still do not hold: {', '.join(name for _, name in still)}", ()
    if not held:
        return Status.SKIP, "no property could be tried", ()
    more = f"; {len(failing)} fail, as before the series" if failing else ""
    return Status.PASS, f"{held} properties hold{more}", ()


def _finding(proof: CommitProof, arch: str, name: str) -> Finding:
    part: Proof = next(part for part in proof.proofs if part.arch == arch)
    verdict = next(each for each in part.verdicts if each.id == name)
    wrong = verdict.counterexample
    detail = f": expected {wrong.expected}, found {wrong.found}" if wrong else ""
    path, _, line = (wrong.place if wrong else "").partition(" ")[0].rpartition(":")
    return Finding(
        commit=0, check="prove", kind="property", path=path, line=int(line) if line.isdigit() else 0, function="",
        message=f"{verdict.statement} ({name}){detail}", source="", configs=(arch,), targets=(), until=0,
        fingerprint=f"prove-{arch}-{name}",
    )  # fmt: skip
