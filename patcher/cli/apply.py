"""``patcher apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher import temporary
from patcher.cli.check import USERS, checked, good, rendered, trusted, with_extras
from patcher.cli.common import CLEAN, FOUND, common, deliver, open_place, use_libclang
from patcher.cli.plan import make_plan, make_request
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.check.results import Report
    from patcher.generate.patches import Generated
    from patcher.series.load import SeriesSpec
    from patcher.tree.commit import Identity
    from patcher.tree.gitrepo import GitTree


@click.command()
@click.option("--series", default="identity", show_default=True, help="Which series to generate.")
@click.option("--series-dir", metavar="DIR", type=click.Path(path_type=Path), help="A series folder of your own.")
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=click.Path(path_type=Path),
    help="Kernel tree: a git repository, bare or not. Default: here.",
)  # fmt: skip
@click.option("--rev", metavar="REV", help="Commit to build on. Default: HEAD.")
@click.option("--branch", metavar="NAME", help="Branch to make. Default: patcher/SERIES, or none with -o.")
@click.option("--dry-run", is_flag=True, help="Show the steps with diffstat; write nothing.")
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(path_type=Path),
    help="Write mails there, cover letter included, instead of a branch; both with --branch.",
)  # fmt: skip
@click.option("--signoff", is_flag=True, help="Add your Signed-off-by.")
@click.option("--checkout", is_flag=True, help="Switch to the branch; the worktree must be clean.")
@click.option("--force", is_flag=True, help="Move the branch if it is there already.")
@click.option("--check", is_flag=True, help="Compile each commit first; make the branch only if nothing is new.")
@click.option("--prove", is_flag=True, help="With --check: run the P2M code of each commit against the scheme, too.")
@click.option("--lint", is_flag=True, help="With --check: lint each commit, too.")
@click.option("--configs", metavar="LIST", multiple=True, help="With --check: as in patcher check.")
@click.option("--trust-tree", is_flag=True, help="With --check: allow the tree's build to run (in a sandbox).")
@common
def apply(
    series: str, series_dir: Path | None, place: Path, rev: str | None, branch: str | None, dry_run: bool,
    output: Path | None, signoff: bool, checkout: bool, force: bool, check: bool, prove: bool, lint: bool,
    configs: tuple[str, ...], trust_tree: bool, quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Generate a patch series for a tree, and commit it to a branch of its own.

    The commits are made of objects alone: worktree, index and HEAD stay as they are, and the branch appears when all of
    them are there. A tree that has some of the series gets what is missing; one that has it all gets nothing.

    Exit code 1 means that --check found something: then nothing was written.
    """
    use_libclang(libclang)
    from patcher.about import tool
    from patcher.cache import Cache
    from patcher.generate.deliver import Wanted, ready
    from patcher.generate.deliver import deliver as make
    from patcher.generate.patches import generate
    from patcher.model import Status, StepStatus
    from patcher.report.apply_text import apply_text, nothing_text
    from patcher.report.check_text import told
    from patcher.report.progress import Bar
    from patcher.report.progress import wanted as wants_progress
    from patcher.tree.gitrepo import GitTree

    tree = open_place(place, rev, False)
    if checkout and (dry_run or (output and not branch)):
        raise InputError("--checkout needs a branch", "leave --dry-run and -o away, or name a branch with --branch")
    if check:
        trusted(trust_tree)
    elif prove or lint or configs:
        raise InputError("--prove, --lint and --configs go with --check", "add it, or run patcher check afterwards")
    request = make_request(series, series_dir, "", None, "", None)
    plan = make_plan(tree, request, quiet)
    spec = request.series
    if plan.status is Status.ALREADY:
        deliver(nothing_text(plan), None)
        return CLEAN
    if not isinstance(tree, GitTree):
        raise InputError(f"{place} is not a git repository", "the series becomes commits; commit the tree first")
    wanted = Wanted(
        branch=branch or ("" if output else f"patcher/{spec.name}"),
        directory=output,
        signoff=signoff,
        force=force,
        checkout=checkout,
        dry_run=dry_run,
    )
    begun = ready(tree.repository, wanted)
    bar = Bar() if wants_progress(quiet) else None
    cache = Cache()
    try:
        made = generate(tree, spec, plan.steps, request.rules.group.anchored, cache, bar)
    finally:
        cache.close()
        if bar:
            bar.close()
    present = [step.title for step in plan.steps if step.status is StepStatus.PRESENT]
    tested: list[str] = []
    if check:
        found = _check(tree, request.series, made, begun.who, signoff, configs, lint, prove, quiet)
        deliver(rendered(found, "text", True, verbose, quiet), None)
        if not good(found):
            click.echo("patcher: the check found something; no branch and no mail was made", err=True)
            return FOUND
        tested = told(found)
    reader = f"libclang {tool()['libclang']}"
    done = make(tree.repository, tree.commit, spec, made, wanted, begun, reader, present, tested)
    deliver(apply_text(plan, made, done, output, dry_run, quiet, verbose), None)
    return CLEAN


def _check(
    tree: GitTree, spec: SeriesSpec, made: Generated, who: Identity, signoff: bool, configs: tuple[str, ...],
    lint: bool, prove: bool, quiet: bool,
) -> Report:  # fmt: skip
    """What the checks say of the commits, which are made in a place of their own for it."""
    from patcher.check.series import made as commits
    from patcher.generate.messages import drafts

    with temporary.directory("check") as scratch:
        signed = who.committer if signoff else ""
        series = commits(tree.repository, tree.commit, drafts(spec, made, signed), scratch, who)
        place = Path(tree.where)
        found = checked(series, place, configs, "gcc", True, None, USERS, quiet)
        return with_extras(found, series, (), None, place, lint, prove) if lint or prove else found
