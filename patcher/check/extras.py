"""Other checks of each commit, beside compiling: lint, and the proof of the P2M code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.cache import Cache
from patcher.check.compose import Extra
from patcher.check.results import Finding, Kind, Status, counted
from patcher.check.run import Means
from patcher.check.series import Series
from patcher.errors import InputError
from patcher.lint import session
from patcher.lint.model import Finding as LintFinding
from patcher.lint.model import Level, Outcome
from patcher.prove.blame import Blame, blame
from patcher.prove.prove import Prover, Request
from patcher.prove.verdict import CommitProof, Proof
from patcher.prove.verdict import Status as Held
from patcher.tree.gittree import GitTree
from patcher.tree.revisions import commits as commits_of

Cell = tuple[Status, str, tuple[Finding, ...]]


class Proofs(NamedTuple):
    """Of each commit its proof, or why there is none."""

    found: Mapping[str, CommitProof]
    missing: Mapping[str, str]


def lint(series: Series, named: session.Request | None, tree: Path, cache: Cache) -> session.Linted:
    """What ``patcher lint`` says of a series.

    ``named`` is what the user named in ``tree``: mail is linted as mail, a range as a range. Where that is None, the
    commits of the series are linted.
    """
    if named:
        return session.lint(named, cache)
    ids = [commit.id for commit in series.commits]
    return session.lint_commits(series.repository, series.base, ids, tree, cache)


def linted(series: Series, outcome: Outcome) -> Extra:
    """The same as a check of each commit: FAIL for an error, WARN for anything else."""
    ids = [commit.id for commit in series.commits]
    by_commit: dict[str, list[LintFinding]] = {commit: [] for commit in ids}
    owners = _owners(series)
    for each in outcome.findings:
        by_commit[owners.get(each.patch) or owners.get(each.summary) or ids[0]].append(each)
    return Extra("lint", "patcher lint", {commit: _cell(own) for commit, own in by_commit.items()})


def _owners(series: Series) -> Mapping[str, str]:
    """The commit that stands for a patch: by the label of the patch, for mail also by its summary. What a merge brought
    belongs to the merge."""
    owners: dict[str, str] = {}
    for applied in series.applied:
        if applied.commit:
            owners |= {applied.subject: applied.commit.id, applied.name: applied.commit.id}
    for commit in () if series.applied else series.commits:
        brought = commits_of(series.repository, f"{commit.parent}..{commit.id}", linear=False)
        owners |= {each.id[:12]: commit.id for each in (*brought, commit)}
    return owners


def _cell(own: Sequence[LintFinding]) -> Cell:
    errors = sum(found.level is Level.ERROR for found in own)
    status = Status.FAIL if errors else Status.WARN if own else Status.PASS
    findings = tuple(
        Finding(
            commit=0, check="lint", kind=Kind(found.level.value), path=found.path, line=found.line,
            function="", message=f"{found.message} [{found.rule}]", source=found.excerpt.strip(), configs=(),
            targets=(), until=0, fingerprint=found.fingerprint,
        )
        for found in own
    )  # fmt: skip
    return (
        status,
        f"{counted(errors, 'error')}, {counted(len(own) - errors, 'other')}" if own else "nothing found",
        findings,
    )


def prove(series: Series, examples: int, means: Means) -> Proofs:
    """The proofs of the base and of each commit. ``examples``: cases for each property."""
    prover = Prover(Request(("x86_64", "i386"), examples, 0), means.cache, means.progress)
    base = series.repository.commit(series.base)
    found, missing = {}, {}
    trees = {each: GitTree(series.repository, each.id) for each in (base, *series.commits)}
    prover.ahead(trees.values(), means.elsewhere)
    for commit, tree in trees.items():
        try:
            found[commit.id] = prover.commit(tree, commit.subject)
        except InputError as error:
            missing[commit.id] = str(error)
    return Proofs(found, missing)


def proved(series: Series, proofs: Proofs) -> Extra:
    """Whether the P2M code of each commit, run, has the properties that its parent has: FAIL for one that is lost."""
    ids = [commit.id for commit in series.commits]
    cells: dict[str, Cell] = {commit: (Status.SKIP, why, ()) for commit, why in proofs.missing.items()}
    blamed = blame(proofs.found.get(series.base), [proofs.found.get(commit) for commit in ids])
    for commit, each in zip(ids, blamed, strict=True):
        if commit in proofs.found:
            cells[commit] = _proof_cell(proofs.found[commit], each)
    return Extra("prove", "patcher prove", cells)


def _proof_cell(proof: CommitProof, blamed: Blame) -> Cell:
    """The cell of a commit. What an earlier commit of the series broke is still a FAIL, but told only once."""
    broken = [part for part in proof.proofs if part.error]
    if broken:
        return Status.ERROR, f"{broken[0].arch}: {broken[0].error}", ()
    lost = sorted(blamed.lost)
    if lost:
        findings = tuple(_finding(proof, arch, name) for arch, name in lost)
        return Status.FAIL, f"{len(lost)} properties no longer hold: {', '.join(name for _, name in lost)}", findings
    if blamed.still:
        return (
            Status.FAIL,
            f"properties that still do not hold: {', '.join(name for _, name in sorted(blamed.still))}",
            (),
        )
    untried = [(part.arch, each) for part in proof.proofs for each in part.verdicts if each.status is Held.ERROR]
    if untried:
        arch, first = untried[0]
        more = f"; and {len(untried) - 1} more" if len(untried) > 1 else ""
        return Status.ERROR, f"{arch}: {first.id} was not tried: {first.reason}{more}", ()
    held = sum(each.status is Held.PASS for part in proof.proofs for each in part.verdicts)
    if not held:
        return Status.SKIP, "no property could be tried", ()
    more = f"; {len(blamed.before)} fail, as before the series" if blamed.before else ""
    if blamed.begun:
        names = ", ".join(dict.fromkeys(name for _, name in sorted(blamed.begun)))
        more += f"; begun here, and true from a later commit on: {names}"
    return Status.PASS, f"{held} properties hold{more}", ()


def _finding(proof: CommitProof, arch: str, name: str) -> Finding:
    part: Proof = next(part for part in proof.proofs if part.arch == arch)
    verdict = next(each for each in part.verdicts if each.id == name)
    wrong = verdict.counterexample
    detail = f": expected {wrong.expected}, found {wrong.found}" if wrong else ""
    path, _, line = (wrong.place if wrong else "").partition(" ")[0].rpartition(":")
    return Finding(
        commit=0, check="prove", kind=Kind.PROPERTY, path=path, line=int(line) if line.isdigit() else 0, function="",
        message=f"{verdict.statement} ({name}){detail}", source="", configs=(arch,), targets=(), until=0,
        fingerprint=f"prove-{arch}-{name}",
    )  # fmt: skip
