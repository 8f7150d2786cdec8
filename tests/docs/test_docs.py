"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SOURCES = (".c", ".h", ".md", ".py", ".toml", ".txt")
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]


def generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("make", TOP / "docs" / "make.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages


def test_generated_pages_are_as_they_would_be_made() -> None:
    on_disk = {f"rules/{file.name}": file.read_text() for file in (TOP / "docs" / "rules").glob("*.md")}
    on_disk["config.md"] = (TOP / "docs/config.md").read_text()
    assert on_disk == generated(), "run: python docs/make.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_in_examples_exist(page: Path) -> None:
    import click

    from patcher.cli import cli

    known = {"--help", "--version"}
    groups = [cli, *(command for command in cli.commands.values() if isinstance(command, click.Group))]
    commands = [command for group in groups for command in group.commands.values()]
    known.update(name for command in commands for parameter in command.params for name in parameter.opts)
    for line in re.findall(r"^\s*(?:\$ )?patcher .*$", page.read_text(), re.MULTILINE):
        for option in re.findall(r"(?<=\s)--[a-z0-9-]+", line):
            assert option in known, f"{page.name}: {line.strip()}"


def test_what_is_counted_is_so_many() -> None:
    """Figures that go wrong when a rule, a property or a step is added."""
    from patcher.lint.rules import shipped
    from patcher.prove.properties.all import PROPERTIES
    from patcher.series.load import load

    readme, scheme = (TOP / "README.md").read_text(), (TOP / "docs/scheme.md").read_text()
    steps = len(load("identity").step)
    rules = f"{len(shipped(examples=False))} rules"
    assert rules in readme and rules in scheme
    counts = re.search(r"prove: (\d+) PASS, (\d+) ABSENT$", scheme, re.MULTILINE)
    assert counts and sum(map(int, counts.groups())) == 2 * len(PROPERTIES)
    assert f"steps ({steps})" in scheme and f"patcher/identity: {steps} patches" in scheme


def test_pages_that_are_cited_exist() -> None:
    """A name with .md, in code, rules, series or pages, is that of a page, from the top, docs/ or where it stands."""
    places = ("patcher", "rules", "patches", "docs", "bench", "tests")
    files = [file for place in places for file in sorted((TOP / place).rglob("*")) if file.suffix in SOURCES]
    cited = {
        (file.relative_to(TOP).as_posix(), name)
        for file in (*files, *PAGES)
        for name in re.findall(r"(?<![\w/.*{-])((?:[\w-]+/)*[\w-]+\.md)\b", file.read_text())
    }
    lost = [
        f"{file}: {name}"
        for file, name in sorted(cited)
        if not any((place / name).exists() for place in (TOP, TOP / "docs", (TOP / file).parent))
    ]
    assert len(cited) > 25 and lost == []
