"""``patcher apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.asked import DEFAULT, Named, cocci_options, requests
from patcher.cli.booting import booting
from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, common_but_v, deliver, open_place, use_libclang, working
from patcher.cli.mailing import mailing as mailing_options
from patcher.cli.mailing import parting
from patcher.cli.screen import style, width
from patcher.errors import InputError
from patcher.files import is_directory

if TYPE_CHECKING:
    from patcher.generate.deliver import Delivered
    from patcher.generate.mailing import Mailing
    from patcher.generate.pipeline import Prepared


@click.command(cls=Command)
@click.option(
    "--series",
    metavar="NAME",
    help="Which series to generate; several, each on the one before: A,B. Default: identity.",
)
@click.option("--series-dir", metavar="DIR", type=PATH, help="A series folder of your own.")
@click.option("-m", "--message", metavar="TEXT", multiple=True,
              help="With --cocci: the subject, then paragraphs. Default: from the head of FILE.")  # fmt: skip
@cocci_options
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH,
    help="Kernel tree: a git repository, bare or not. Default: here.",
)  # fmt: skip
@click.option("--rev", metavar="REV", help="Commit to build on. Default: HEAD.")
@click.option("--branch", metavar="NAME", help="Branch to make. Default: patcher/SERIES, or none with -o.")
@click.option("--dry-run", is_flag=True, help="Show the steps with diffstat; write nothing.")
@click.option(
    "-o", "--output", metavar="DIR", type=PATH,
    help="Write mails there, cover letter included, instead of a branch; both with --branch.",
)  # fmt: skip
@click.option("--since", metavar="OLD", multiple=True,
              help="Make the next version of what was sent: a branch, a range, or its mails.")  # fmt: skip
@click.option("--signoff", is_flag=True, help="Add your Signed-off-by.")
@click.option("--checkout", is_flag=True, help="Switch to the branch; the worktree must be clean.")
@click.option("--force", is_flag=True, help="Move the branch if it is there already.")
@click.option("--check", is_flag=True, help="Compile each commit first; make the branch only if nothing is new.")
@click.option("--prove", is_flag=True, help="With --check: run the P2M code of each commit against the scheme, too.")
@click.option("--lint", is_flag=True, help="With --check: lint each commit, too.")
@click.option("--boot", is_flag=True, help="With --check: boot the base and the last commit in QEMU, too.")
@click.option("--configs", metavar="LIST", multiple=True, help="With --check: as in patcher check.")
@click.option("--trust-tree", is_flag=True, help="With --check: allow the tree's build to run (in a sandbox).")
@click.option("--report", metavar="FILE", type=PATH, help="Write all of the series there as HTML, whatever comes out.")
@parting
@mailing_options
@common_but_v
def apply(
    paths: tuple[str, ...], series: str | None, series_dir: Path | None, cocci: Path | None, message: tuple[str, ...],
    include: str, place: Path, rev: str | None, branch: str | None, dry_run: bool,
    output: Path | None, since: tuple[str, ...], signoff: bool, checkout: bool, force: bool, check: bool, prove: bool,
    lint: bool, boot: bool, configs: tuple[str, ...], trust_tree: bool, report: Path | None,
    split: str | None, limit: int | None, by_tree: bool | None, mailing: Mailing,
    quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Generate a patch series for a tree, and commit it to a branch of its own.

    The commits are made of objects alone: worktree, index and HEAD stay as they are, and the branch appears when all of
    them are there. A tree that has some of the series gets what is missing; one that has it all gets nothing.

    With --since, what has landed meanwhile drops out, trailers of unchanged patches go on, and the cover letter has a
    changelog and the range-diff.

    Exit code 1 means that --check found something: then nothing was written.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.check.run import Means, Options
    from patcher.check.session import passed
    from patcher.generate import pipeline
    from patcher.generate.deliver import Wanted
    from patcher.generate.series import asked as parted
    from patcher.report.apply_text import apply_text, nothing_text
    from patcher.report.check_text import check_text

    tree = open_place(place, rev, False)
    if checkout and (dry_run or (output and not branch and not mailing.b4)):
        raise InputError("--checkout needs a branch", "leave --dry-run and -o away, or name a branch with --branch")
    options = Options(trust_tree, configs, lint=lint, prove=prove) if check else None
    if not options and (prove or lint or boot or configs):
        raise InputError(
            "--prove, --lint, --boot and --configs go with --check", "add it, or run patcher check afterwards"
        )
    if report and not is_directory(report.resolve().parent):
        raise InputError(f"cannot write {report}: there is no such directory", "name another file with --report")
    named = requests(Named(series, series_dir, cocci, paths, message, include))
    wanted = Wanted(branch or None, output, signoff, force, checkout, dry_run, mailing, since)
    asked = [each._replace(series=parted(each.series, split or "", limit, by_tree)) for each in named]
    with working(quiet) as (cache, bar):
        others = [booting(place, asked, trust_tree, cache, bar)] if boot else []
        made = pipeline.prepare(tree, asked, wanted, options, place, Means(cache, bar, others))
    if not isinstance(made, pipeline.Prepared):
        deliver(nothing_text(made.plans, made.standings, width()), None)
        if report:
            click.echo(f"patcher: there is nothing to report; {report} was not written", err=True)
        return CLEAN
    checked = check_text(made.report, style(), verbose=verbose, quiet=quiet, width=width()) if made.report else ""
    if made.report and not passed(made.report):
        deliver(checked, None)
        click.echo("patcher: the check found something; no branch and no mail was made", err=True)
        _report(made, None, place, report)
        return FOUND
    try:
        done = pipeline.publish(made)
    except InputError:
        deliver(checked, None)
        raise
    _report(made, done, place, report)
    # In one, and at the end: no pager is to hold up what is to be done.
    deliver(checked + apply_text(made, done, dry_run=dry_run, quiet=quiet, verbose=verbose, width=width()), None)
    return CLEAN


def _report(made: Prepared, done: Delivered | None, place: Path, output: Path | None) -> None:
    if output:
        from patcher.cli.given import given
        from patcher.cli.report import write
        from patcher.story.collect import of_prepared

        asked = given(click.get_current_context(), leave=("place", "rev", "report"))
        if not {"--series", "--series-dir", "--cocci"} & set(asked):
            asked = ("--series", DEFAULT, *asked)
        with working(quiet=True) as (cache, _):
            told = of_prepared(made, done, asked, place, cache)
        write(told, output)
