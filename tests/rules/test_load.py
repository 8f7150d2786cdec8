"""Rule files are read strictly, and what is wrong is told with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patcher import data
from patcher.errors import InputError
from patcher.rules.load import load_group


@pytest.fixture
def group(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data.directory("rules") / "identity", tmp_path / "mine"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('verdict = "redundant"', 'verdict = "redundent"', "redundent"),
        ("order = 44", 'order = "first"', "order"),
        ("order = 44", "order = 44\nseverity = 3", "severity"),
        ('subject = "iomap"', 'subject = "iomaps"', "iomaps"),
        ('holds = ["makes-pte"]', 'holds = ["makes-ptes"]', "makes-ptes"),
        ('how = ["tested"]', 'how = ["tasted"]', "tasted"),
        ('how = ["tested"]', 'how = ["tested"]\npath = "("', "regular expression"),
        ('role = "flag"', 'role = "flags"', "flags"),
        ('id = "iomap-make"', 'id = "iomap-made"', "iomap-made"),
        ("fires = false", "fires = true", "does not"),
        ("why = ", "why = '{who}' # ", "who"),
        ('title = "', 'title = ""', "iomap-make.toml"),
    ],
)
def test_a_typo(group: Path, old: str, new: str, told: str) -> None:
    file = group / "iomap-make.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=r"iomap-make\.toml") as raised:
        load_group(group)
    assert told in str(raised.value)


def test_rules_come_in_their_order() -> None:
    rules = load_group(data.directory("rules") / "identity").rules
    assert [rule.order for rule in rules] == sorted(rule.order for rule in rules)
    assert len({rule.id for rule in rules}) == len(rules)


def test_a_folder_without_rules(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no rules"):
        load_group(tmp_path)
