"""Lint rules: every example of every shipped rule, and what is wrong with a rule file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from patcher import data
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.lint import register
from patcher.lint.examples import ask_yamllint, lint_example, mail, patches, run_examples
from patcher.lint.job import Job, Message
from patcher.lint.model import Hit
from patcher.lint.rules import Example, LintRule, RuleFile, by_checkpatch, load_rules, shipped

RULES = shipped(examples=True)
EXAMPLES = [(rule, example) for rule in RULES for example in rule.example]


@pytest.fixture(scope="module")
def _yamllint_was_asked() -> None:
    ask_yamllint(example for _, example in EXAMPLES)


@pytest.mark.usefixtures("_yamllint_was_asked")
@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{rule.id}-{each.name}" for rule, each in EXAMPLES])
def test_every_example(rule: LintRule, example: Example, cache_dir: Path) -> None:
    found = {finding.rule for finding in lint_example(RULES, example).findings}
    assert (rule.id in found) == example.fires


def test_examples_are_told_by_name(cache_dir: Path) -> None:
    shown = list(run_examples(RULES, "spdx"))
    assert [(each.rule, each.wanted, each.right) for each in shown] == [("spdx", True, True), ("spdx", False, True)]


def test_a_check_without_a_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(register.CHECKS, "no-such-rule", register.CHECKS["spdx"])
    with pytest.raises(InputError, match="no rule for the checks no-such-rule"):
        shipped()


def test_a_rule_without_a_check_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(register.CHECKS, "spdx")
    with pytest.raises(InputError, match=r"spdx.toml: it has no \[match\], and there is no function spdx\(\)"):
        shipped()


def test_what_a_check_is_given_says_what_the_rule_is_about() -> None:
    about = {rule.id: rule.about for rule in RULES}
    expected = {"summary-length": "message", "tag-order": "tags", "spdx": "diff", "added-unused": "tree",
                "cover-missing": "series", "change-id": "tags", "stray-file": "diff"}  # fmt: skip
    assert {name: about[name] for name in expected} == expected


def test_a_check_that_cannot_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_nothing(job: Job) -> Iterator[Hit]:
        yield from ()

    def spdx(message: Message) -> Iterator[Hit]:
        yield from ()

    with pytest.raises(TypeError, match="of_nothing: its parameter is none that a check is given"):
        register.check(of_nothing)
    with pytest.raises(TypeError, match="spdx: its name is taken"):
        register.check(spdx)


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


GOOD = """title = "x"
level = "error"
fix = "x"
explain = "x"
source = "x"
[match]
where = "summary"
pattern = "bad"
message = "it is {match}"
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
        ('level = "error"', 'level = "fatal"', "fatal"),
        ('[match]\nwhere = "summary"\npattern = "bad"\nmessage = "it is {match}"\n', "", "no function x()"),
        ('fix = "x"', 'fix = "x"\nprofiles = ["mm"]', "'mm'"),
        ('fix = "x"', 'fix = "x"\nneeds = ["luck"]', "'luck'"),
        ('fix = "x"', 'fix = "x"\nunknown = 1', "unknown"),
        ('where = "summary"', 'where = "moon"', "'moon'"),
        ('pattern = "bad"', 'pattern = "("', "no regular expression"),
        ('message = "it is {match}"', "", "message"),
        ('where = "summary"', 'where = ["summary", "added"]', "message or of the diff, not both"),
        ('where = "summary"', "where = []", "match.where names"),
        ("fires = false", "fires = true", "needs an example"),
        ('title = "x"', "title = ", "x.toml"),
    ],
)
def test_a_wrong_rule_file_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (tmp_path / "x.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InputError, match=r"x\.toml") as error:
        load_rules(tmp_path, examples=True)
    assert said in str(error.value)


def test_house_rules(tmp_path: Path, run: Callable[..., Any]) -> None:
    """A folder of rules that needs no Python: beside the shipped ones in lint, and its examples by ``rules test``."""
    house = tmp_path / "house"
    house.mkdir()
    (house / "no-bad.toml").write_text(GOOD)
    (tmp_path / "x.patch").write_text(mail(Example("x", True, message="x: bad.\n\nT\n\nSigned-off-by: A <a@x.org>")))
    ran = run("lint", "--rules", house, "--format", "terse", tmp_path / "x.patch")
    assert "error: it is 'bad'; x [no-bad]" in ran.stdout
    assert "[summary-full-stop]" in ran.stdout
    sarif = json.loads(run("lint", "--rules", house, "--format", "sarif", tmp_path / "x.patch").stdout)
    assert "no-bad" in {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
    assert "[no-bad]" not in run("lint", "--rules", house, "--skip", "no-bad", tmp_path / "x.patch").stdout
    ran = run("rules", "test", house)
    assert (ran.code, "2" in ran.stdout) == (0, True)
    assert "it is" not in run("rules", "explain", "no-bad", "--rules", house).stderr
    (house / "no-bad.toml").write_text(GOOD.replace('"bad"', '"good"'))
    assert run("rules", "test", house).code == 1


def test_the_house_rule_of_the_handbook(tmp_path: Path, run: Callable[..., Any]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "lint.md").read_text()
    block = text.partition("here `no-printk.toml`:\n\n")[2].partition("\n`where`")[0]
    (tmp_path / "no-printk.toml").write_text(textwrap.dedent(block))
    assert run("rules", "test", tmp_path).code == 0


def test_a_house_rule_with_the_name_of_a_shipped_one(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "summary-fixup.toml").write_text(GOOD)
    ran = run("lint", "--rules", tmp_path, "-")
    assert (ran.code, ran.stderr.count("\n")) == (2, 1)
    assert "summary-fixup.toml has the name of a shipped rule" in ran.stderr
    (tmp_path / "summary-length.toml").write_text(GOOD)
    assert (
        "it has a [match], and summary_length() of patcher decides as well"
        in run("lint", "--rules", tmp_path, "-").stderr
    )


def test_only_the_first_is_told(tmp_path: Path, cache_dir: Path) -> None:
    message = "x: y\n\nbad\nbad\n\nbad\n\nSigned-off-by: A <bad@x.org>"
    for more, count in (("", 3), ("once = true\n", 1)):
        (tmp_path / "x.toml").write_text(GOOD.replace('"summary"', '"prose"').replace("[[", more + "[[", 1))
        assert len(lint_example(load_rules(tmp_path), Example("x", True, message=message)).findings) == count


def test_what_checkpatch_says_with_other_words() -> None:
    assert by_checkpatch(RULES)["BAD_FIXES_TAG"] == ["fixes-commit", "fixes-form"]


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


def test_what_rule_files_say_is_remembered_by_what_they_say(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    folder = tmp_path / "rules"
    folder.mkdir()
    file = folder / "change-id.toml"
    text = (data.directory("rules") / "lint" / file.name).read_text("utf-8")
    file.write_text(text, "utf-8")

    def said() -> dict[str, object]:
        (rule,) = load_rules(folder, cache=cache)
        return {name: getattr(rule, name) for name in RuleFile.__struct_fields__}

    first = said()
    assert said() == first and any((tmp_path / "cache" / "values").glob("*/*"))
    file.write_text(text.replace('level = "', 'limits = "new"\nlevel = "', 1), "utf-8")
    assert said()["limits"] == "new"


def test_rules_are_read_where_nothing_can_be_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert [rule.id for rule in shipped(Cache(tmp_path / "file"))] == [rule.id for rule in shipped()]
