"""From the sources to an sdist, to a wheel, to an installation that works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from patcher.cli import cli
from patcher.cli.manual import pages

TOP = Path(__file__).parents[1]
DATA = ("rules", "patches", "miniature")  # what the package has below _data
NOT_IN_IT = {".gitignore"}  # hatchling adds this one by itself


def call(*command: str | Path, cwd: Path) -> str:
    """What a command says that goes well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of these sources, unpacked."""
    pytest.importorskip("hatchling", reason="hatchling is not installed, which builds")
    place = tmp_path_factory.mktemp("sdist")
    call(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", place, cwd=TOP)
    (archive,) = place.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    (unpacked,) = (each for each in place.iterdir() if each.is_dir())
    return unpacked


def test_the_sdist_has_what_the_readme_names(sources: Path) -> None:
    readme = (sources / "README.md").read_text()
    named = set(re.findall(r"\]\(([^)#:]+)\)", readme)) | set(re.findall(r"`([\w.-]+/)`", readme))
    assert {"packages.txt", "docs/series.md", "bench/"} <= named
    assert [name for name in sorted(named) if not (sources / name).exists()] == []


def test_the_sdist_has_all_that_is_in_the_repository(sources: Path) -> None:
    if not (TOP / ".git").exists():
        pytest.skip("these sources are no repository")
    files = set(call("git", "ls-files", "-z", cwd=TOP).rstrip("\0").split("\0")) - NOT_IN_IT
    missing = [name for name in sorted(files) if (TOP / name).exists() and not os.path.lexists(sources / name)]
    assert missing == [], "add them to tool.hatch.build.targets.sdist in pyproject.toml"


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the unpacked sdist."""
    place = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place, cwd=sources)
    (built,) = place.glob("*.whl")
    return built


def test_the_wheel_has_the_package_and_all_of_its_data(sources: Path, wheel: Path) -> None:
    expected = set()
    for name, becomes in {"patcher": "patcher", **{each: f"patcher/_data/{each}" for each in DATA}}.items():
        files = [file for file in (sources / name).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        assert files, name
        expected |= {f"{becomes}/{file.relative_to(sources / name)}" for file in files}
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    manual = {name for name in names if ".data/data/share/man/man1/" in name}
    assert names - manual == expected
    assert {Path(name).name for name in manual} == {f"{name}.1" for name in pages(cli)}


@pytest.mark.slow
@pytest.mark.ends
def test_demo_works_from_a_wheel_that_was_built_from_the_sdist(
    wheel: Path, shared_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    own = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    call(
        sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel,
        cwd=tmp_path,
    )  # fmt: skip
    # The dependencies are those of this environment, behind what is installed in the new one.
    (own / "dependencies.pth").write_text("\n".join({sysconfig.get_path(key) for key in ("purelib", "platlib")}) + "\n")
    where = call(python, "-c", "import patcher; print(patcher.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(own)
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(shared_cache))  # the same code and data make the same
    said = call(tmp_path / "venv" / "bin" / "patcher", "demo", cwd=tmp_path)
    assert "identity" in said
