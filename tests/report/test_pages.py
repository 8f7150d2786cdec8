"""Rules, series and help topics as text."""

from __future__ import annotations

import pytest

from patcher import data
from patcher.errors import InputError
from patcher.report.rules_text import rule_page, rules_table, series_page
from patcher.report.topics import topic_text, topics
from patcher.rules.load import load_group
from patcher.rules.model import Rule
from patcher.series.load import load

GROUP = load_group(data.directory("rules") / "identity")


def test_the_table_has_every_rule() -> None:
    table = rules_table([GROUP], lambda text, **_: text)
    assert all(f" {rule.id} " in table for rule in GROUP.rules)


@pytest.mark.parametrize("rule", GROUP.rules, ids=lambda rule: rule.id)
def test_a_page_tells_all(rule: Rule) -> None:
    page = rule_page(rule)
    for part in (rule.id, rule.title, rule.source, rule.limits, *(example.name for example in rule.example)):
        assert part in page


def test_series_page() -> None:
    page = series_page(load("identity"))
    assert all(step.slug in page for step in load("identity").step)


def test_topics() -> None:
    named = {"apply", "check", "configs", "environment", "lint", "p2m", "plan", "prove", "reading", "rules", "series"}
    assert set(topics()) >= named
    for name in topics():
        assert topic_text(name).startswith(topics()[name])
        assert all(len(line) <= 80 for line in topic_text(name).splitlines())
    with pytest.raises(InputError, match="there is help on"):
        topic_text("nothing")
    assert topic_text("lint", ["lint"]).endswith("Options: patcher lint --help, or man patcher-lint.\n")
