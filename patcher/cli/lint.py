"""``patcher lint``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, deliver, fail_on, working
from patcher.cli.elsewhere import elsewhere, on_machines
from patcher.cli.screen import style, width
from patcher.cli.settings import said
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.cache import Cache
    from patcher.lint.session import Linted

_PROFILES = ("auto", "default", "tip", "netdev", "kvm", "stable")
_FORMATS = ("text", "json", "html", "sarif", "junit", "codequality", "patchwork", "terse", "b4")


@click.command(cls=Command, reports=True)
@click.argument("what", nargs=-1, metavar="[RANGE | FILE… | lore:ID | -]")
@click.option("--tree", metavar="DIR", type=PATH, help="Kernel tree the patches are for. Default: here.")
@click.option("--no-tree", is_flag=True, help="Do not look at the repository around mails.")
@click.option("--base", metavar="REV", help="Revision they apply to. Default: base-commit, or the parent of a range.")
@click.option("--profile", type=click.Choice(_PROFILES), help="Whose rules hold. Default: auto.")
@click.option("--rules", metavar="DIR", type=PATH, help="Rules of your own, beside the shipped ones.")
@click.option("--only", metavar="IDS", help="Only these rules, parted by commas.")
@click.option("--skip", metavar="IDS", help="All but these rules.")
@click.option("--strict/--no-strict", default=None, help="Show notes, too.")
@fail_on
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--baseline", metavar="FILE", type=PATH, help="Hide what this JSON report has.")
@click.option("--fix", is_flag=True, help="Write corrected messages to --fix-to, and show the difference.")
@click.option("--fix-to", metavar="DIR|BRANCH", help="New directory for corrected mail, new branch for commits.")
@click.option("--trust-tree", is_flag=True, help="Run the tree's checkpatch.pl and get_maintainer.pl, in a sandbox.")
@click.option("--checkpatch", metavar="FILE", type=PATH, help="Run this checkpatch.pl instead.")
@on_machines
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@click.option("-q", "--quiet", is_flag=True, help="Say less.")
@click.option("-v", "--verbose", is_flag=True, help="Say where each rule is written.")
def lint(
    what: tuple[str, ...], tree: Path | None, no_tree: bool, base: str | None, profile: str | None,
    rules: Path | None, only: str | None, skip: str | None, strict: bool | None, fail_on: str | None, form: str,
    baseline: Path | None, fix: bool, fix_to: str | None, trust_tree: bool, checkpatch: Path | None,
    on: str | None, output: Path | None, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """Check patches, mailboxes or a range of commits before they go to LKML.

    Without arguments: the commits of upstream..HEAD. Nothing is changed, nothing of the tree is executed. Exit code 1
    means errors or warnings (see --fail-on).
    """
    begin(quiet, "reading the patches")
    from patcher.lint import session
    from patcher.lint.model import Level

    request = session.Request(
        what, tree, no_tree, base, profile, only, skip, strict, Level(fail_on) if fail_on else None, baseline, rules,
        trust_tree, checkpatch, said(click.get_current_context()),
    )  # fmt: skip
    if on and (fix or fix_to):
        raise InputError("--on and --fix contradict each other", "corrections are made here; leave --on away")
    with working(quiet) as (cache, bar), elsewhere(on) as machines:
        if fix or fix_to:
            from patcher.report.lint_text import corrected_text

            corrected = session.fix(request, fix_to, cache, bar)
            failed, text = corrected.left.failed, corrected_text(corrected, style(output), width(output))
        else:
            linted = session.lint(request, cache, bar, machines)
            failed, text = linted.outcome.failed, _shown(linted, form, output, cache, verbose=verbose, quiet=quiet)
    deliver(text, output)
    return FOUND if failed else CLEAN


def _shown(linted: Linted, form: str, output: Path | None, cache: Cache, *, verbose: bool, quiet: bool) -> str:
    outcome, rules = linted
    if form == "text":
        from patcher.report.lint_text import lint_text

        return lint_text(outcome, style(output), verbose=verbose, quiet=quiet, width=width(output))
    from patcher.about import tool

    if form == "json":
        from patcher.report.lint_json import lint_json

        return lint_json(outcome, tool(cache))
    if form == "sarif":
        from patcher.report.lint_sarif import lint_sarif

        return lint_sarif(outcome, rules, tool(cache))
    if form == "junit":
        from patcher.report.lint_junit import lint_junit

        return lint_junit(outcome)
    if form == "html":
        from patcher.report.html.lint import lint_html

        return lint_html(outcome, tool(cache))
    if form == "codequality":
        from patcher.report.lint_codequality import lint_codequality

        return lint_codequality(outcome)
    if form == "patchwork":
        from patcher.report.lint_patchwork import lint_patchwork

        return lint_patchwork(outcome, tool(cache))
    from patcher.report.lint_terse import lint_b4, lint_terse

    return lint_b4(outcome) if form == "b4" else lint_terse(outcome)
