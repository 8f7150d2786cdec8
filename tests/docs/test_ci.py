"""The files in docs/ci are what their services take, and the commands in them do what they say, in a small kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

Git = Callable[..., str]
Job = Callable[[str], tuple[set[int], int]]
CI = Path(__file__).parents[2] / "docs" / "ci"
GITHUB, GITLAB = (yaml.load((CI / f"{name}.yml").read_text(), yaml.BaseLoader) for name in ("github", "gitlab"))
SIGN = "Signed-off-by: A U Thor <author@example.org>"


def commands(name: str) -> list[str]:
    """The commands of a job but those that install something."""
    if name in GITHUB["jobs"]:
        return [
            step["run"] for step in GITHUB["jobs"][name]["steps"] if "run" in step and step.get("name") != "Install"
        ]
    script: list[str] = GITLAB[name]["script"]
    return script


@pytest.fixture
def clone(mini_repo: Path, git: Git, tmp_path: Path) -> Path:
    """A job's clone, without a branch: a commit with a finding in its message and a warning in its code."""
    git(mini_repo, "checkout", "-q", "-b", "work")
    with (mini_repo / "arch/x86/xen/mmu.c").open("a") as file:
        file.write("\nstatic int added(void)\n{\n\treturn 1;\n}\n")
    git(mini_repo, "commit", "-q", "-a", "-m", f"xen/mmu: Add it.\n\nIt is needed.\n\n{SIGN}")
    git(tmp_path, "clone", "-q", "--branch", "work", mini_repo, "clone")
    git(tmp_path / "clone", "checkout", "-q", "--detach")
    return tmp_path / "clone"


@pytest.fixture
def job(clone: Path, git: Git, command_environment: dict[str, str], tmp_path: Path) -> Job:
    """``job(name)``: the exit statuses of the commands of both services that make a report, each run as they do it, and
    of the last one, which is the same."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/patcher").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m patcher "$@"\n')
    (tmp_path / "bin/patcher").chmod(0o755)
    ends = git(clone, "rev-parse", "HEAD~1", "HEAD").split()
    own = {"RANGE": "..".join(ends), "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(name: str) -> tuple[set[int], int]:
        (*reports, last), (*others, same) = commands(name), commands(f"patcher-{name}")
        assert last == same
        environment = {**command_environment, **own}
        ended = {
            line: subprocess.run(["bash", "-e", "-c", line], cwd=clone, env=environment, check=False).returncode
            for line in {*reports, *others, last}
        }
        return {ended[line] for line in (*reports, *others)}, ended[last]

    return run


def test_the_range_is_what_the_request_adds() -> None:
    event = "github.event.pull_request"
    assert GITHUB["env"]["RANGE"] == f"${{{{ {event}.base.sha }}}}..${{{{ {event}.head.sha }}}}"
    for each in GITHUB["jobs"].values():
        (checkout,) = (step["with"] for step in each["steps"] if step.get("uses", "").startswith("actions/checkout@"))
        assert checkout == {"ref": f"${{{{ {event}.head.sha }}}}", "fetch-depth": "0"}
    assert GITLAB["variables"]["RANGE"] == "$CI_MERGE_REQUEST_DIFF_BASE_SHA..$CI_COMMIT_SHA"
    assert GITLAB["variables"]["GIT_DEPTH"] == "0"
    text = "".join(file.read_text() for file in CI.iterdir())
    assert not re.search(r"run:.*\$\{\{", text), "what a request says must not be pasted into a command"


def test_what_is_handed_over_is_made() -> None:
    for name in ("lint", "check"):
        made = set(re.findall(r"-o (\S+)", "\n".join(commands(name))))
        given = [step["with"] for step in GITHUB["jobs"][name]["steps"] if "with" in step]
        assert {each["sarif_file"] for each in given if "sarif_file" in each} == {f"{name}.sarif"} <= made
        assert {file for each in given for file in each.get("path", "").split()} == made
        made = set(re.findall(r"-o (\S+)", "\n".join(commands(f"patcher-{name}"))))
        artifacts = GITLAB[f"patcher-{name}"]["artifacts"]
        assert {*artifacts["paths"], *artifacts["reports"].values()} == made


def test_the_jobs_that_lint(job: Job, clone: Path, sarif_schema: Any) -> None:
    """Reports are made whatever was found; the last command decides."""
    assert job("lint") == ({0}, 1)
    log = json.loads((clone / "lint.sarif").read_text())
    sarif_schema.validate(log)
    places = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in log["runs"][0]["results"]}
    assert places == {"arch/x86/xen/mmu.c"}
    issues = json.loads((clone / "lint-codequality.json").read_text())
    assert {each["location"]["path"] for each in issues} == places
    assert ElementTree.parse(clone / "lint.xml").getroot().get("failures") == "1"
    assert "summary-full-stop" in (clone / "lint.html").read_text()


def test_the_jobs_that_check(job: Job, clone: Path, sarif_schema: Any) -> None:
    assert job("check") == ({0}, 1)
    log = json.loads((clone / "check.sarif").read_text())
    sarif_schema.validate(log)
    (result,) = log["runs"][0]["results"]
    assert "defined but not used" in result["message"]["text"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "arch/x86/xen/mmu.c"
    page = (clone / "report.html").read_text()
    assert "defined but not used" in page and "summary-full-stop" in page
    assert "defined but not used" in (clone / "check.xml").read_text()
