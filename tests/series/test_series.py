"""Series files, and how a tree stands to them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patcher import data
from patcher.errors import InputError
from patcher.model import Status, Step, StepStatus
from patcher.rules.knowledge import Knowledge
from patcher.series.load import Condition, load, names, symbols
from patcher.series.steps import Seen, holds, overall, steps
from patcher.source.snippet import snippet_facts

CODE = """
unsigned long ***p2m_top;
void leaf(void);
static void inner(void) { leaf(); }
void outer(void) { inner(); }
extern int elsewhere;
#define MACRO 1
/* the scheme */
"""
KNOWN = Knowledge([snippet_facts("a.c", CODE)], frozenset())


def test_the_shipped_series_load() -> None:
    assert "identity" in names()
    for name in names():
        spec = load(name)
        assert len({step.slug for step in spec.step}) == len(spec.step)
        assert symbols(spec) >= set(spec.anchor)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(defines=("MACRO",)), True),
        (Condition(defines=("nothing", "outer")), True),
        (Condition(defines=("leaf",)), False),
        (Condition(defines=("elsewhere",)), False),
        (Condition(undefined=("nothing",)), True),
        (Condition(undefined=("MACRO", "nothing")), False),
        (Condition(mentions=("leaf",), inside=("outer",)), True),
        (Condition(mentions=("leaf",), inside=("nothing",)), False),
        (Condition(mentions=("outer",), inside=("inner",)), False),
        (Condition(type="unsigned long ***", of="p2m_top"), True),
        (Condition(type="unsigned long **", of="p2m_top"), False),
        (Condition(without=("leaf",), inside=("outer",)), True),
        (Condition(without=("leaf",), inside=("inner",)), False),
        (Condition(without=("leaf",), inside=("nothing",)), False),
        (Condition(says="scheme", of="outer"), True),
        (Condition(says="leaf", of="outer"), False),
        (Condition(says="scheme", of="nothing"), False),
        (Condition(value="1", of="MACRO"), True),
        (Condition(value="2", of="MACRO"), False),
        (Condition(value="1", of="nothing"), False),
    ],
)
def test_conditions(condition: Condition, expected: bool) -> None:
    assert (
        holds(condition, Seen(KNOWN, {"a.c": CODE.encode()}, {("MACRO", "1"): "", ("MACRO", "2"): "x86_64-xen-dom0"}))
        == expected
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["present", "present"], Status.ALREADY),
        (["needed", "needed"], Status.APPLICABLE),
        (["present", "needed"], Status.PARTLY),
        (["present", "blocked"], Status.NOT_APPLICABLE),
        (["blocked"], Status.NOT_APPLICABLE),
    ],
)
def test_overall(statuses: list[str], expected: Status) -> None:
    assert overall(Step("a", "b", StepStatus(status), "c", ()) for status in statuses) is expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('defines = ["p2m_identity"]', 'defined = ["p2m_identity"]'),
        ('{ defines = ["p2m_missing"] }', "{ }"),
        ('inside = ["xen_add_extra_mem"]', 'of = "xen_add_extra_mem"'),
        ('slug = "show-layout"', 'slug = "show-layout"\ntitle = "x"'),
        ("targets = ", "target = "),
    ],
)
def test_a_typo_is_told(tmp_path: Path, old: str, new: str) -> None:
    place = tmp_path / "mine"
    shutil.copytree(data.directory("patches") / "identity", place)
    file = place / "series.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError, match=r"series\.toml"):
        load("identity", place)


def test_titles_and_messages_are_those_of_the_commits() -> None:
    for step in load("identity").step:
        assert step.title.startswith(("xen", "x86"))
        assert len(step.title) <= 75
        assert step.message.strip()
        assert step.edits.targets


def test_no_such_series() -> None:
    with pytest.raises(InputError, match="choose one of"):
        load("nothing")


def test_what_did_not_parse_is_told_with_the_reason() -> None:
    found = steps(load("identity"), Seen(Knowledge([], frozenset()), {}), ["a.c [p]: expected ';'"])
    assert found[0].reason.startswith("it cannot be told: a.c [p]: expected ';'")


BASED = """\
rules = "identity"
anchor = ["p2m_top"]
requires = ["identity", { reason = "no leaf", all = [{ defines = ["inner"] }] }]
anchored = ["arch/*"]

[[step]]
slug = "one"
targets = ["outer"]
present = [[{ defines = ["done"] }]]
"""


def based(folder: Path, text: str) -> Path:
    (folder / "one").mkdir(parents=True)
    (folder / "series.toml").write_text(text)
    (folder / "cover.txt").write_text("Title\n\nText\n")
    (folder / "one" / "message.txt").write_text("xen: one\n\nText\n")
    edit = '[[edit]]\nwhy = "x"\nfunction = "outer"\naction = "before"\ntext = "int h;"\n'
    (folder / "one" / "edits.toml").write_text(edit)
    return folder


def test_a_series_stands_on_another(tmp_path: Path) -> None:
    spec = load("x", based(tmp_path / "mine", BASED))
    assert [base.name for base in spec.bases] == ["identity"]
    assert symbols(spec) >= symbols(load("identity")) - set(load("identity").anchor)
    (found,) = steps(spec, Seen(KNOWN, {}))
    assert found.status is StepStatus.BLOCKED
    assert found.reason.startswith("the tree has not all of the series identity, which comes first: ")
    (found,) = steps(spec, Seen(Knowledge([snippet_facts("a.c", "int x;")], frozenset()), {}))
    assert "identity" in found.reason and "no leaf" in found.reason


@pytest.mark.parametrize(("name", "there"), [("inner", True), ("leaf", False)])
def test_a_step_for_some_trees_only(tmp_path: Path, name: str, there: bool) -> None:
    text = BASED.replace('"identity", ', "").replace("present", f'where = [{{ defines = ["{name}"] }}]\npresent')
    spec = load("x", based(tmp_path / "mine", text))
    assert name in symbols(spec)
    assert [step.status for step in steps(spec, Seen(KNOWN, {}))] == [StepStatus.NEEDED] * there


BOOT = '\n[[boot]]\nprobe = "mmap rom"\non = "xen-dom0"\nsince = "{}"\n'


def test_what_a_series_has_boot_look_at(tmp_path: Path) -> None:
    (found,) = load("x", based(tmp_path / "mine", BASED + BOOT.format("one"))).boot
    assert (found.probe, found.on, found.base, found.since) == ("mmap rom", "xen-dom0", "FAIL", "one")
    with pytest.raises(InputError, match="names a step 'two'"):
        load("x", based(tmp_path / "other", BASED + BOOT.format("two")))


@pytest.mark.parametrize("name", ["nothing", "mine/../mine"])
def test_a_series_that_is_required_is_a_shipped_one(tmp_path: Path, name: str) -> None:
    folder = based(tmp_path / "mine", BASED.replace('"identity", {', f'"{name}", {{'))
    with pytest.raises(InputError, match="which is no series"):
        load("x", folder)


def test_a_series_that_requires_itself(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which requires it"):
        load("x", based(tmp_path / "mine", BASED.replace('"identity", {', '"mine", {')))
