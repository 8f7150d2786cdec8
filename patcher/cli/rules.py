"""``patcher rules``: list, explain and test the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from patcher.cli.command import Group
from patcher.cli.common import CLEAN, FOUND, PATH, common, deliver, use_libclang
from patcher.cli.screen import style, width
from patcher.errors import InputError
from patcher.files import exists, is_directory


@click.group(cls=Group)
def rules() -> None:
    """The rules that give verdicts: list, explain and test them."""


_rules_option = click.option("--rules", "directory", metavar="DIR", type=PATH, help="A rule folder of your own.")


@rules.command("list")
@_rules_option
def rules_list(directory: Path | None) -> int:
    """One line a rule, in the order they are tried."""
    from patcher.report.lint_rules_text import lint_rules_table
    from patcher.report.rules_text import rules_table

    text = rules_table(groups, style(), width()) if (groups := _groups(directory)) else ""
    deliver(text + (lint_rules_table(lint, style(), width()) if (lint := _lint_rules(directory)) else ""), None)
    return CLEAN


@rules.command("explain")
@click.argument("rule_id", metavar="ID")
@_rules_option
def rules_explain(rule_id: str, directory: Path | None) -> int:
    """What a rule matches, why, where that is written, its limits and its examples."""
    from patcher.report.fold import prose
    from patcher.report.rules_text import rule_page

    known = {rule.id: rule for group in _groups(directory) for rule in group.rules}
    of_lint = {rule.id: rule for rule in _lint_rules(directory)}
    if rule_id in of_lint:
        from patcher.report.lint_rules_text import lint_rule_page

        deliver(prose(lint_rule_page(of_lint[rule_id]), width()), None)
        return CLEAN
    if rule_id not in known:
        raise InputError(f"there is no rule {rule_id!r}", "patcher rules list shows them")
    deliver(prose(rule_page(known[rule_id]), width()), None)
    return CLEAN


@rules.command("test")
@click.argument("path", required=False, type=PATH)
@common
def rules_test(path: Path | None, quiet: bool, verbose: bool, libclang: str | None) -> int:
    """Run the examples of all rules, or of one rule file, or of the rules in one folder."""
    use_libclang(libclang)
    from patcher.report.rules_text import examples_report
    from patcher.rules.examples import run_examples

    one = path is not None and exists(path) and not is_directory(path)
    only = path.stem if path and one else None
    directory = path.parent if path and one else path
    results: list[Any] = [result for group in _groups(directory) for result in run_examples(group, only)]
    if lint := _lint_rules(directory):
        from patcher.lint.examples import run_examples as run_lint_examples

        results += run_lint_examples(lint, only)
    deliver(examples_report(results, quiet=quiet, verbose=verbose, width=width()), None)
    return CLEAN if all(result.right for result in results) else FOUND


def _groups(directory: Path | None) -> list[Any]:
    from patcher import data
    from patcher.rules.load import load_group

    if directory:
        return [] if _is_lint(directory) else [load_group(directory)]
    shipped = data.directory("rules")
    return [load_group(file.parent) for file in sorted(shipped.glob("*/group.toml"))]


def _is_lint(directory: Path) -> bool:
    """Whether a folder holds lint rules: they speak of no subjects, so it has no group.toml."""
    return not exists(directory / "group.toml") and any(directory.glob("*.toml"))


def _lint_rules(directory: Path | None) -> tuple[Any, ...]:
    from patcher.lint.rules import load_rules, shipped

    if directory:
        return load_rules(directory, examples=True) if _is_lint(directory) else ()
    return shipped(examples=True)
