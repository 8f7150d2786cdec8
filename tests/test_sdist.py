"""From the sources to an sdist, to a wheel, to an installation that works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
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


@pytest.mark.slow
@pytest.mark.ends
def test_demo_works_from_a_wheel_that_was_built_from_the_sdist(sources: Path, tmp_path: Path) -> None:
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=sources)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", symlinks=True, with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    own = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    call(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    # The dependencies are those of this environment, behind what is installed in the new one.
    (own / "dependencies.pth").write_text("\n".join({sysconfig.get_path(key) for key in ("purelib", "platlib")}) + "\n")
    where = call(python, "-c", "import patcher; print(patcher.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(own)
    said = call(tmp_path / "venv" / "bin" / "patcher", "demo", cwd=tmp_path)
    assert "identity" in said
