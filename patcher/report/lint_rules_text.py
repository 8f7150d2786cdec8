"""Lint rules as text: a table, and a page for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from patcher.escape import safe
from patcher.lint.examples import mail
from patcher.lint.pattern import Match
from patcher.lint.register import About
from patcher.lint.rules import LintRule
from patcher.report.fold import WIDTH, fitted

Style = Callable[..., str]
TITLES = {
    About.MESSAGE: "the mail, its subject and its text",
    About.TAGS: "tags: who signs, what is fixed",
    About.DIFF: "the diff",
    About.TREE: "the tree after the series",
    About.SERIES: "the whole series",
}


def lint_rules_table(rules: Sequence[LintRule], style: Style, width: int = WIDTH) -> str:
    """One line a rule, by what it looks at."""
    lines = []
    for about, title in TITLES.items():
        lines.append(style(f"lint, {title}", bold=True))
        lines += [
            f"  {rule.id:22} {rule.level.value:8}  {safe(rule.title)}{_profiles(rule)}"
            for rule in rules
            if rule.about is about
        ]
    return fitted(lines, width)


def _profiles(rule: LintRule) -> str:
    return f" ({', '.join(rule.profiles)})" if rule.profiles else ""


def lint_rule_page(rule: LintRule) -> str:
    """All there is to say of a rule, as Markdown."""
    return safe("\n".join(_page(rule))) + "\n"


def _page(rule: LintRule) -> Iterator[str]:
    yield f"# {rule.id}: {rule.title}"
    others = "".join(f", {profile}: **{level.value}**" for profile, level in rule.levels.items())
    where = f" Holds for the profile {' and '.join(rule.profiles)}." if rule.profiles else ""
    needs = f" Needs {' and '.join(f'the {each}' for each in rule.needs)}." if rule.needs else ""
    yield f"\nLevel: **{rule.level.value}**{others}. Looks at {TITLES[rule.about]}.{where}{needs}"
    yield f"\n{rule.explain.strip()}"
    matches = (rule.match,) if isinstance(rule.match, Match) else rule.match or ()
    for match in matches:
        yield f"\nSearched in the {' and the '.join(match.searched)}: `{match.pattern}`"
        if match.unless:
            yield f"\nLeft alone: `{match.unless}`"
    yield f"\nWhat to do: {rule.fix}"
    yield f"\nSource: {rule.source} (below Documentation/ of the kernel, where no other place is named)."
    if rule.limits:
        yield f"\n## Known limits\n\n{rule.limits}"
    for example in rule.example:
        yield f"\n## Example: {example.name} ({'fires' if example.fires else 'does not fire'})"
        for what, names in (("In a tree with", example.tree), ("With the commits", example.commits)):
            if names:
                yield f"\n{what} {', '.join(f'`{name[:40]}`' for name in names)}:"
        yield f"\n````\n{mail(example).strip()}\n````"
