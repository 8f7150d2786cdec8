"""Lint rules: every example of every shipped rule, and what is wrong with a rule file."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher import data
from patcher.errors import InputError
from patcher.lint.checks import CHECKS, SERIES_CHECKS, TREE_CHECKS
from patcher.lint.examples import lint_example, patches, run_examples
from patcher.lint.rules import Example, LintRule, load_rules

RULES = load_rules(data.directory("rules") / "lint", examples=True)
EXAMPLES = [(rule, example) for rule in RULES for example in rule.example]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{rule.id}-{each.name}" for rule, each in EXAMPLES])
def test_every_example(rule: LintRule, example: Example, cache_dir: Path) -> None:
    found = {finding.rule for finding in lint_example(RULES, example).findings}
    assert (rule.id in found) == example.fires


def test_examples_are_told_by_name(cache_dir: Path) -> None:
    shown = list(run_examples(RULES, "spdx"))
    assert [(each.rule, each.wanted, each.right) for each in shown] == [("spdx", True, True), ("spdx", False, True)]


def test_every_check_has_its_rule() -> None:
    named = {rule.check for rule in RULES if rule.check}
    assert named == CHECKS.keys() | SERIES_CHECKS.keys() | TREE_CHECKS.keys()


def test_every_rule_says_why_and_where() -> None:
    for rule in RULES:
        assert rule.explain.strip() and rule.source and rule.fix and rule.title, rule.id
        assert rule.title == rule.title.rstrip("."), rule.id


def test_the_documents_exist(linux_6_12_documents: Path) -> None:
    """What a rule cites by name is there, but for documents that are newer than this kernel."""
    newer = {"process/coding-assistants", "process/generated-content"}
    for rule in RULES:
        for part in rule.source.split("; "):
            name, _, section = part.partition(", ")
            file = linux_6_12_documents / f"{name}.rst"
            if not name.startswith(("process/", "dev-tools/")) or name in newer:
                continue
            assert file.is_file(), (rule.id, name)
            assert section in file.read_text(), (rule.id, section)


@pytest.fixture(scope="session")
def linux_6_12_documents() -> Path:
    import os

    named = os.environ.get("PATCHER_LINUX_6_12")
    if not named or not (place := Path(named) / "Documentation").is_dir():
        pytest.skip("PATCHER_LINUX_6_12 names no sources of Linux 6.12 with their documents")
    return place


GOOD = """id = "x"
title = "x"
about = "message"
level = "error"
fix = "x"
explain = "x"
source = "x"
message = "x"
[match]
where = "summary"
pattern = "bad"
[[example]]
name = "a"
fires = true
message = "x: bad\\n\\nT\\n\\nSigned-off-by: A U Thor <author@example.org>"
[[example]]
name = "b"
fires = false
message = "x: good\\n\\nT\\n\\nSigned-off-by: A U Thor <author@example.org>"
"""


def test_a_rule_of_ones_own(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "x.toml").write_text(GOOD)
    assert all(shown.right for shown in run_examples(load_rules(tmp_path, examples=True)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "x"', 'id = "y"', "differs from the file's name"),
        ('about = "message"', 'about = "weather"', "about is 'weather'"),
        ('level = "error"', 'level = "fatal"', "fatal"),
        ('fix = "x"', 'fix = "x"\ncheck = "spdx"', "either check or"),
        ('fix = "x"', 'fix = "x"\nprofiles = ["mm"]', "no profile mm"),
        ('fix = "x"', 'fix = "x"\nneeds = ["luck"]', "cannot need luck"),
        ('fix = "x"', 'fix = "x"\nunknown = 1', "unknown"),
        ('where = "summary"', 'where = "moon"', "match.where"),
        ('pattern = "bad"', 'pattern = "("', "no regular expression"),
        ('message = "x"\n[match]', "[match]", "needs a message"),
        ("fires = false", "fires = true", "needs an example"),
        ('id = "x"', "id = ", "x.toml"),
    ],
)
def test_a_wrong_rule_file_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (tmp_path / "x.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InputError, match=r"x\.toml") as error:
        load_rules(tmp_path, examples=True)
    assert said in str(error.value)


def test_no_rules(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no lint rules"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    ("where", "field", "fires"),
    [
        ("summary", "x: bad", True),
        ("subject", "x: bad", True),
        ("body", "T", False),
        ("added", "bad", False),
    ],
)
def test_where_a_pattern_is_searched(tmp_path: Path, cache_dir: Path, where: str, field: str, fires: bool) -> None:
    (tmp_path / "x.toml").write_text(GOOD.replace('"summary"', f'"{where}"'))
    rules = load_rules(tmp_path, examples=True)
    found = lint_example(rules, rules[0].example[0]).findings
    assert bool(found) == fires


def test_a_pattern_in_added_lines_and_paths(tmp_path: Path, cache_dir: Path) -> None:
    text = GOOD.replace('where = "summary"', 'where = "added"\nunless = "very"\npath = "[.]c$"')
    (tmp_path / "x.toml").write_text(text)
    rules = load_rules(tmp_path)
    diff = "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -1 +1,3 @@\n a\n+bad\n+very bad\n"
    found = lint_example(rules, Example("e", True, message="x: y", diff=diff.format("d/x.c"))).findings
    assert [(each.path, each.line, each.column) for each in found] == [("d/x.c", 2, 1)]
    assert not lint_example(rules, Example("e", True, message="x: y", diff=diff.format("x.txt"))).findings
    (tmp_path / "x.toml").write_text(GOOD.replace('"summary"', '"path"').replace('"bad"', '"secret"'))
    found = lint_example(
        load_rules(tmp_path), Example("e", True, message="x: y", diff=diff.format("secret.c"))
    ).findings
    assert [each.path for each in found] == ["secret.c"]


def test_mails_of_an_example_are_told_apart() -> None:
    assert [each.label for each in patches("From: a@b.c\nSubject: x\n\ny\n")] == ["mail 1"]


@pytest.mark.parametrize(
    ("who", "is_tool"),
    [
        ("Claude <noreply@anthropic.com>", True),
        ("GitHub Copilot <x@users.noreply.github.com>", True),
        ("Copilot <198982749+Copilot@users.noreply.github.com>", True),
        ("ChatGPT <a@x.org>", True),
        ("Claude Opus 4 <a@x.org>", True),
        ("Claude Dupont <claude@x.org>", False),
        ("Claude <claude@x.org>", False),
        ("Gemini Rossi <g@x.org>", False),
        ("syzbot <syzbot@syzkaller.appspotmail.com>", False),
        ("kernel test robot <lkp@intel.com>", False),
    ],
)
def test_tools_and_people_who_are_called_like_them(cache_dir: Path, who: str, is_tool: bool) -> None:
    message = f"x: Do it\n\nIt is needed.\n\nTested-by: {who}\nSigned-off-by: A U Thor <author@example.org>"
    found = {finding.rule for finding in lint_example(RULES, Example("x", True, message=message)).findings}
    assert ("tool-sign-off" in found) == is_tool
