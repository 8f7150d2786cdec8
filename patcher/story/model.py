"""A series as it is told: plain values between what was run and a report."""

from __future__ import annotations

from typing import NamedTuple

from patcher.check.results import Report
from patcher.check.stages import Stage
from patcher.lint.model import Outcome
from patcher.mail.model import Patch
from patcher.model import Plan
from patcher.prove.pictures import Pictures
from patcher.prove.verdict import CommitProof


class NotRun(NamedTuple):
    """What was not run, and why."""

    stage: str
    why: str


class Story(NamedTuple):
    """All of a series.

    Arguments:
        name: what the user named
        place: the directory of the tree, its name alone
        base, tip: full ids of the commit it stands on and of the last one ("" where no patch became a commit)
        base_subject: the first line of the former's message
        branch: where the commits are, "" where they are on none
        patches: the commits, with message and diff
        report: the checks of each commit, lint and prove among them
        plans: of the series, where they are ours
        lint: what lint said, where it was asked here
        proofs: of the base and of each commit, as far as there are any
        pictures: of the P2M of a machine, for the base and each commit; None where none was asked for
        commands: what gives the same again
    """

    name: str
    place: str
    base: str
    base_subject: str
    tip: str
    branch: str
    patches: tuple[Patch, ...]
    report: Report
    plans: tuple[Plan, ...] = ()
    lint: Outcome | None = None
    proofs: tuple[CommitProof, ...] = ()
    pictures: Pictures | None = None
    not_run: tuple[NotRun, ...] = ()
    stages: tuple[Stage, ...] = ()
    commands: tuple[str, ...] = ()
