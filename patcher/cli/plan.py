"""``patcher plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.common import CLEAN, FOUND, common, deliver, on_tree, open_place, plain, style, use_libclang
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.model import Plan
    from patcher.plan.make import Request
    from patcher.tree.kernel import KernelTree


@click.command()
@on_tree
@click.option("--series", default="identity", show_default=True, help="Which series to plan for.")
@click.option("--series-dir", metavar="DIR", type=click.Path(path_type=Path), help="A series folder of your own.")
@click.option("--profile", default="", metavar="NAME", help="Configuration to read with (see: patcher profiles).")
@click.option("--build", metavar="DIR", type=click.Path(path_type=Path), help="Read as this build was configured (O=).")
@click.option(
    "--scope",
    type=click.Choice(["xen", "tree"]),
    default="xen",
    show_default=True,
    help="Xen's code, or all.",
)
@click.option("--rules", "rules_dir", metavar="DIR", type=click.Path(path_type=Path), help="Your own rules instead.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there instead.")
@common
def plan(
    place: Path, rev: str | None, worktree: bool, series: str, series_dir: Path | None, profile: str,
    build: Path | None, scope: str, rules_dir: Path | None, form: str, output: Path | None, quiet: bool,
    verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Say what the identity scheme makes redundant in a tree, and why.

    Reads the tree and changes nothing. Exit code 1 means that the series does not fit the tree, or that a finding is
    undecided and a person must look.
    """
    use_libclang(libclang)
    from patcher.model import Status, Verdict

    if profile and build:
        raise InputError("--profile and --build contradict each other", "give one of the two")
    tree = open_place(place, rev, worktree)
    found = make_plan(tree, make_request(series, series_dir, profile, build, scope, rules_dir), quiet)
    if form == "json":
        from patcher.about import tool
        from patcher.report.plan_json import plan_json

        deliver(plan_json(found, tool()), output)
    else:
        from patcher.report.plan_text import plan_text

        deliver(plan_text(found, style() if output is None else plain, verbose=verbose, quiet=quiet), output)
    undecided = any(finding.verdict is Verdict.UNDECIDED for finding in found.findings)
    return FOUND if undecided or found.status is Status.NOT_APPLICABLE else CLEAN


def make_request(
    name: str, series_dir: Path | None, profile: str, build: Path | None, scope: str, rules_dir: Path | None
) -> Request:
    """What to plan, from what the user named."""
    from patcher import data
    from patcher.plan.make import Request
    from patcher.rules.load import load_group
    from patcher.series.load import load

    spec = load(name, series_dir)
    rules = load_group(rules_dir or data.directory("rules") / spec.rules)
    return Request(spec.name, spec, rules, scope, profile, build)


def make_plan(tree: KernelTree, request: Request, quiet: bool) -> Plan:
    """The plan, with a progress bar where one may be drawn."""
    from patcher.cache import Cache
    from patcher.plan.make import make_plan as make
    from patcher.report.progress import Bar, wanted

    bar = Bar() if wanted(quiet) else None
    cache = Cache()
    try:
        return make(tree, request, cache, bar)
    finally:
        cache.close()
        if bar:
            bar.close()
