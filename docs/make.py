"""Make pages from what they tell of: python docs/make.py.

The pages of docs/rules, one for each group, from the rule files; the table in docs/config.md from the options.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from patcher import data
from patcher.cli import cli
from patcher.cli.settings import listed
from patcher.lint.rules import shipped
from patcher.report.config_text import options_table
from patcher.report.lint_rules_text import TITLES, lint_rule_page
from patcher.report.rules_text import rule_page
from patcher.rules.load import load_group

HERE = Path(__file__).parent


def pages() -> dict[str, str]:
    """Every generated page: path below docs/ → text."""
    found = {"rules/lint.md": "\n".join(_lint())}
    for file in sorted(data.directory("rules").glob("*/group.toml")):
        group = load_group(file.parent)
        text = [f"# {group.group.title}", "", "In the order in which they are tried.", ""]
        text += _table("verdict", ((rule.id, rule.verdict.value, rule.title) for rule in group.rules))
        text += [_section(rule_page(rule), 1) for rule in group.rules]
        found[f"rules/{group.name}.md"] = "\n".join(text)
    head, _, _ = (HERE / "config.md").read_text().partition("| `git config` |")
    found["config.md"] = head + "\n".join((*options_table(listed(cli)), ""))
    return found


def _lint() -> Iterator[str]:
    rules = shipped(examples=True)
    yield "# Lint rules\n"
    for about, title in TITLES.items():
        chosen = [rule for rule in rules if rule.about is about]
        yield f"## {title[:1].upper()}{title[1:]}\n"
        yield from _table("level", ((rule.id, rule.level.value, rule.title) for rule in chosen))
        yield from (_section(lint_rule_page(rule), 2) for rule in chosen)


def _table(what: str, rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f"| rule | {what} | |\n| --- | --- | --- |"
    yield from (f"| [{name}](#{name}) | {value} | {title} |" for name, value, title in rows)
    yield ""


def _section(page: str, deeper: int) -> str:
    """A rule's page as part of a larger one: headings so much deeper, the rule's id alone in the first, to link to."""
    first, _, rest = page.partition("\n")
    name, _, title = first.removeprefix("# ").partition(": ")
    parts = re.split(r"(^`{3,}.*?^`{3,}$)", rest, flags=re.MULTILINE | re.DOTALL)  # code has lines that begin with #
    parts[::2] = (re.sub(r"^#", "#" * (deeper + 1), part, flags=re.MULTILINE) for part in parts[::2])
    return f"{'#' * (deeper + 1)} {name}\n\n{title}.\n{''.join(parts)}"


if __name__ == "__main__":
    for old in (HERE / "rules").glob("*.md"):
        old.unlink()
    for path, text in pages().items():
        (HERE / path).write_text(text)
