"""Each dependency is bounded at both ends, and the lock files are the ends."""

from __future__ import annotations

import configparser
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
LOCKED = TOP / "requirements"
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
BOUNDED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:>=(?P<low>[\w.]+),<=(?P<high>[\w.]+)|==(?P<only>[\w.]+))\Z")
GROUPS = {
    "demo": ["build", "editable"], "highest": ["build", "test"], "lowest": ["build", "test"], "static": ["static"],
    "style": ["style"], "tox": ["tox"],
}  # fmt: skip
WITH_PATCHER = ("demo", "highest", "lowest", "static")
EVERY = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["build-system"]["requires"],
    *(each for group in PROJECT["dependency-groups"].values() for each in group),
]


def bounds(requirement: str) -> tuple[str, str, str]:
    """Name, lowest and highest release of a requirement."""
    match = BOUNDED.match(requirement)
    assert match, f"{requirement} is not bounded at both ends: name>=LOW,<=HIGH or name==ONLY"
    name = re.sub(r"[-_.]+", "-", match["name"]).lower()
    return name, match["low"] or match["only"], match["high"] or match["only"]


def locked(name: str) -> dict[str, str]:
    text = (LOCKED / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==([\w.]+)", text, re.MULTILINE))


@pytest.mark.parametrize("requirement", EVERY)
def test_it_is_bounded_at_both_ends(requirement: str) -> None:
    bounds(requirement)


def test_every_lock_file_is_known() -> None:
    assert {file.stem for file in LOCKED.glob("*.txt")} == set(GROUPS)


@pytest.mark.parametrize("name", GROUPS)
def test_the_lock_files_are_the_ends(name: str) -> None:
    wanted = [each for group in GROUPS[name] for each in PROJECT["dependency-groups"][group]]
    wanted += PROJECT["project"]["dependencies"] if name in WITH_PATCHER else []
    have = locked(name)
    for package, low, high in map(bounds, wanted):
        assert have.get(package) == (low if name == "lowest" else high), f"{package}: run: make lock"


@pytest.mark.parametrize("name", GROUPS)
def test_every_locked_release_has_its_hash(name: str) -> None:
    text = (LOCKED / f"{name}.txt").read_text()
    for entry in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in entry, entry


def test_what_make_puts_into_one_environment_agrees() -> None:
    demo, tox = locked("demo"), locked("tox")
    assert {name: demo[name] for name in demo.keys() & tox} == {name: tox[name] for name in demo.keys() & tox}


def test_tox_installs_locked_releases_only() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(TOP / "tox.ini")
    assert config["tox"]["requires"] == f"tox=={locked('tox')['tox']}"
    for section in config.sections():
        for line in config[section].get("deps", "").split("\n"):
            file = line.partition("-r ")[2]
            assert not line or (TOP / file).is_file(), f"{section}: {line}"


def test_the_same_is_built_with_and_installed() -> None:
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


def test_what_is_installed_here_is_within_the_bounds() -> None:
    """Tests that run with other releases show nothing about these bounds."""
    for requirement in PROJECT["project"]["dependencies"]:
        name, low, high = bounds(requirement)
        numbers = [tuple(map(int, re.findall(r"\d+", each))) for each in (low, metadata.version(name), high)]
        assert numbers == sorted(numbers), requirement
