"""``patcher plan``."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.asked import Named, cocci_options, request
from patcher.cli.command import Command
from patcher.cli.common import (
    CLEAN,
    FOUND,
    PATH,
    begin,
    common,
    deliver,
    fail_on,
    on_tree,
    open_kernel,
    use_libclang,
    working,
)
from patcher.cli.screen import style, width
from patcher.errors import InputError


@click.command(cls=Command)
@on_tree
@click.option("--series", metavar="NAME", help="Which series to plan for. Default: identity.")
@click.option("--series-dir", metavar="DIR", type=PATH, help="A series folder of your own.")
@cocci_options
@click.option("--profile", default="", metavar="NAME", help="Configuration to read with (see: patcher profiles).")
@click.option("--build", metavar="DIR", type=PATH, help="Read as this build was configured (O=).")
@click.option("--scope", metavar="NAME", help="A scope of the rules: xen (the default) or tree for the shipped ones.")
@click.option("--rules", "rules_dir", metavar="DIR", type=PATH, help="Your own rules instead.")
@fail_on
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@common
def plan(
    place: Path, rev: str | None, worktree: bool, subdir: str | None, series: str | None, series_dir: Path | None,
    paths: tuple[str, ...], cocci: Path | None, include: str,
    profile: str, build: Path | None, scope: str | None, rules_dir: Path | None, fail_on: str | None, form: str,
    output: Path | None, quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Say what the identity scheme makes redundant in a tree, and why.

    Reads the tree and changes nothing. Exit code 1 means that the series does not fit the tree, or that a finding is
    undecided and a person must look. With --fail-on error the latter does not count; with note, a needed step does.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.plan import session
    from patcher.plan.make import make_plan

    if profile and build:
        raise InputError("--profile and --build contradict each other", "give one of the two")
    tree = open_kernel(place, rev, worktree, subdir)
    named = Named(series, series_dir, cocci, paths, include=include)
    asked = request(named, profile, build, scope, rules_dir)
    with working(quiet) as (cache, bar):
        found = make_plan(tree, asked, cache, bar)
    if form == "json":
        from patcher.about import tool
        from patcher.report.plan_json import plan_json

        deliver(plan_json(found, tool()), output)
    elif form == "html":
        from patcher.about import tool
        from patcher.report.html.plan import plan_html

        deliver(plan_html(found, tool()), output)
    else:
        from patcher.report.plan_text import plan_text

        text = plan_text(found, style(output), verbose=verbose, quiet=quiet, width=width(output))
        deliver(text, output)
    return FOUND if session.needs_attention(found, fail_on or "warning") else CLEAN
