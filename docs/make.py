"""Make the pages of docs/rules from the rule files: python docs/make.py."""

from __future__ import annotations

from pathlib import Path

from patcher import data
from patcher.lint.rules import shipped
from patcher.report.lint_rules_text import TITLES, lint_rule_page
from patcher.report.rules_text import rule_page
from patcher.rules.load import load_group

HERE = Path(__file__).parent


def pages() -> dict[str, str]:
    """Every generated page: path below docs/ → text."""
    found = {}
    for file in sorted(data.directory("rules").glob("*/group.toml")):
        group = load_group(file.parent)
        rows = [f"| [{rule.id}]({rule.id}.md) | {rule.verdict.value} | {rule.title} |" for rule in group.rules]
        head = [f"# {group.group.title}", "", "In the order in which they are tried.", ""]
        table = ["| rule | verdict | |", "| --- | --- | --- |", *rows]
        found[f"rules/{group.name}.md"] = "\n".join([*head, *table]) + "\n"
        found.update({f"rules/{rule.id}.md": rule_page(rule) for rule in group.rules})
    return found | lint_pages()


def lint_pages() -> dict[str, str]:
    """The pages of the lint rules."""
    rules = shipped(examples=True)
    rows = ["# Lint rules", ""]
    for about, title in TITLES.items():
        rows += [f"## {title[:1].upper()}{title[1:]}", "", "| rule | level | |", "| --- | --- | --- |"]
        rows += [
            f"| [{rule.id}]({rule.id}.md) | {rule.level.value} | {rule.title} |"
            for rule in rules
            if rule.about is about
        ]
        rows += [""]
    pages = {"rules/lint.md": "\n".join(rows).rstrip() + "\n"}
    return pages | {f"rules/{rule.id}.md": lint_rule_page(rule) for rule in rules}


if __name__ == "__main__":
    for old in (HERE / "rules").glob("*.md"):
        old.unlink()
    for path, text in pages().items():
        (HERE / path).write_text(text)
