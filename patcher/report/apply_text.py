"""What ``patcher apply`` did, as text."""

from __future__ import annotations

from collections.abc import Sequence

from patcher.escape import safe
from patcher.generate.deliver import Delivered, Sent
from patcher.generate.mailing import Written
from patcher.generate.patches import Generated
from patcher.generate.pipeline import Prepared
from patcher.generate.since import Anew
from patcher.generate.standing import Standing
from patcher.model import Plan, Step, StepStatus
from patcher.report.fold import WIDTH, fitted
from patcher.report.standing_text import standing_lines, summary
from patcher.series.patches import left_as_is
from patcher.template import unfilled
from patcher.tree.mailmap import formatted

_FEW = 12


def nothing_text(plans: Sequence[Plan], standings: Sequence[Standing], width: int = WIDTH) -> str:
    """Where the tree has the whole series; ``standings``: of what was sent before."""
    lines = [*map(_nothing, plans), *map(safe, standing_lines(standings, False))]
    return fitted(lines, width)


def _nothing(plan: Plan) -> str:
    steps = f"all {len(plan.steps)} steps" if len(plan.steps) > 1 else f"it: {plan.steps[0].reason}"
    return safe(f"{plan.series}: nothing to do, {plan.tree.version} has {steps}")


def apply_text(
    prepared: Prepared, done: Delivered, *, dry_run: bool = False, quiet: bool = False, verbose: bool = False,
    width: int = WIDTH,
) -> str:  # fmt: skip
    """The steps of each series with their commits, and where they went."""
    parts, whole, again = prepared.parts, prepared.whole, prepared.anew
    lines = [_nothing(plan) for plan in whole]
    tree = parts[0].plan.tree
    at = 0
    for number, (_, plan, made) in enumerate(parts):
        begin, at = at, at + len(made.patches)
        if quiet:
            continue
        behind = f" with {', '.join(each.plan.series for each in parts[:number])}" if number else ""
        lines += [""] * bool(lines) + [f"{plan.series} on {tree.version} ({tree.commit[:12]}){behind}", ""]
        lines += _steps(plan.steps, made, done.commits[begin:at], done.diffstats[begin:at], verbose)
        lines += [
            "",
            f"libclang: {_count(len(made.configs), 'configuration')}, {_some(made.units)}: nothing new after any patch",
            *(f"not looked at: {path}: {why}" for patch in made.patches for path, why in patch.unseen.items()),
            *(f"left as it is: {each}" for patch in made.patches for each in left_as_is(patch)),
        ]
    if not quiet:
        lines.append("not looked at: whether it compiles and runs")
    if again:
        lines += _since(again, done, quiet, verbose)
    if dry_run:
        lines.append(f"dry run: {_patches(done)}, nothing was written")
    for one in done.series:
        if one.directory and one.written:
            letter = len(one.written.names) > len(one.commits)
            what = "cover letter included; edit it before you send them" if letter else "read them before you send them"
            lines.append(f"{one.directory}: {_count(len(one.written.names), 'file')}, {what}")
        if one.branch:
            lines.append(f"branch {one.branch}: {_patches(one)}, {one.commits[-1][:12]} on {tree.commit[:12]}")
        if one.written:
            lines += _recipients(one.written, verbose)
    return fitted(map(safe, lines), width)


def _since(again: Anew, done: Delivered, quiet: bool, verbose: bool) -> list[str]:
    """What became of what was sent before."""
    version = again.mailings[0].revision
    lines = ["", f"version {version}, since the one before: {summary(again.standings)}"]
    lines += standing_lines(again.standings, verbose) if not quiet else []
    lines += [f"compare: git range-diff {old} {one.commits[0][:12]}^..{one.commits[-1][:12]}"
              for old, one in zip(again.compared, done.series, strict=True) if old and one.branch]  # fmt: skip
    return [*lines, ""]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _some(units: Sequence[str]) -> str:
    if len(units) <= _FEW:
        return ", ".join(units)
    return f"{len(units)} files"


def _recipients(written: Written, verbose: bool) -> list[str]:
    """To whom it goes, and to whom it does not, and why."""
    to = {each for one in written.patches for each in (*one.to, *one.cc)}
    lines = (
        [f"recipients: {len(to)}; change-id: {written.change_id}"]
        if to
        else ["recipients: none; name them with --to and --cc"]
    )
    if verbose:
        lines += [f"  {number:2} {', '.join(map(formatted, (*one.to, *one.cc)))}"
                  for number, one in enumerate(written.patches, 1)]  # fmt: skip
    lines += [f"not written to: {formatted(one.recipient.person)} ({one.recipient.roles}): {one.reason}"
              for one in written.left_out]  # fmt: skip
    return lines + [f"passed over: {remark}" for remark in written.remarks]


def _patches(done: Delivered | Sent) -> str:
    return f"{len(done.commits)} patch{'es' if len(done.commits) > 1 else ''}"


def _steps(
    steps: Sequence[Step], made: Generated, commits: Sequence[str], diffstats: Sequence[str], verbose: bool
) -> list[str]:
    lines = []
    for step in steps:
        if step.status is StepStatus.PRESENT:
            lines.append(f"  {'present':12} {unfilled(step.title)}")
            if verbose:
                lines.append(f"{'':15}{step.reason}")
            continue
        for number, patch in enumerate(made.patches):
            if patch.step.slug != step.slug:
                continue
            lines.append(f"  {commits[number][:12]} {patch.step.title}")
            stat = diffstats[number].rstrip().splitlines()
            lines += [f"{'':14}{line}" for line in (stat if verbose else stat[-1:])]
            if verbose:
                lines += [f"{'':15}- {edit.because} ({edit.span.path})" for edit in patch.edits]
    return lines
