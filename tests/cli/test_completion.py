"""Completion, as real shells do it: what is typed, and a tab."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]
BASH_COMPLETION = Path("/usr/share/bash-completion")


def offered(run: Run, *words: str, cwd: Path) -> list[str]:
    """What is offered for the last word."""
    asked = {"COMP_WORDS": " ".join(["patcher", *words]), "COMP_CWORD": str(len(words))}
    ran = run(env={"_PATCHER_COMPLETE": "bash_complete", **asked}, cwd=cwd)
    assert (ran.code, ran.stderr) == (0, ""), ran
    return [line.partition(",")[2] for line in ran.stdout.splitlines() if line.startswith("plain,")]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, git: Git) -> Path:
    place = tmp_path_factory.mktemp("refs") / "repo"
    place.mkdir()
    git(place, "init", "-q")
    git(place, "commit", "-q", "--allow-empty", "-m", "x: y")
    git(place, "branch", "xen-topic")
    git(place, "tag", "v6.12")
    return place


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["lin"], ["lint"]),
        (["lint", "--fail"], ["--fail-on"]),
        (["lint", "--fail-on", ""], ["error", "warning", "note"]),
        (["lint", "--only", "sign-off-m"], ["sign-off-missing"]),
        (["lint", "--skip", "spdx,sign-off-m"], ["spdx,sign-off-missing"]),
        (["rules", "explain", "iomap-make-f"], ["iomap-make-foreign"]),
        (["apply", "--series", "identity,vm"], ["identity,vm-io"]),
        (["series", "show", "vm"], ["vm-io"]),
        (["check", "--configs", "xe"], ["xen"]),
        (["prove", "--property", "8-hi"], ["8-high"]),
        (["plan", "--profile", "x86_64-xen-dom"], ["x86_64-xen-dom0", "x86_64-xen-domu"]),
        (["help", "p2"], ["p2m"]),
        (["lint", "xen"], ["xen-topic"]),
        (["lint", "v6.12..xe"], ["v6.12..xen-topic"]),
        (["check", "v6.12...xe"], ["v6.12...xen-topic"]),
        (["boot", "..xe"], ["..xen-topic"]),
        (["prove", "--range", "xe"], ["xen-topic"]),
        (["plan", "--rev", "v"], ["v6.12"]),
        (["plan", "--rev", "nothing"], []),
        (["lint", "-C", ".", "--base", "HE"], ["HEAD"]),
    ],
    ids=" ".join,
)
def test_what_is_offered(run: Run, repository: Path, words: list[str], expected: list[str]) -> None:
    found = offered(run, *words, cwd=repository)
    assert found == expected or (set(expected) <= set(found) and words[-1] in ("", "x86_64-xen-dom"))


def test_refs_of_the_tree_that_is_meant(run: Run, repository: Path, tmp_path: Path) -> None:
    assert offered(run, "lint", "xe", cwd=tmp_path) == []
    assert offered(run, "-C", str(repository), "lint", "xe", cwd=tmp_path) == ["xen-topic"]
    assert offered(run, "plan", "--tree", str(repository), "--rev", "xe", cwd=tmp_path) == ["xen-topic"]
    assert offered(run, "-C", "nowhere", "lint", "xe", cwd=tmp_path) == []


# by a shell


class Terminal:
    """A shell at a terminal of 80 columns."""

    def __init__(self, command: list[str], environment: dict[str, str], place: Path) -> None:
        self._process, self._terminal = pty.fork()
        if not self._process:
            os.chdir(place)
            os.execvpe(command[0], command, environment)

    def type(self, text: str, until: str, seconds: float = 20) -> str:
        """Type, and what is on the terminal once it says ``until``, or after so long."""
        os.write(self._terminal, text.encode())
        said, end = "", time.monotonic() + seconds
        while until not in said and time.monotonic() < end:
            if select.select([self._terminal], [], [], 0.2)[0]:
                try:
                    said += os.read(self._terminal, 65536).decode("utf-8", "replace").replace("\a", "")
                except OSError:
                    break
        return said

    def close(self) -> None:
        os.close(self._terminal)
        os.waitpid(self._process, 0)


@pytest.fixture
def programs(tmp_path: Path, command_environment: dict[str, str]) -> dict[str, str]:
    """An environment with patcher and git-patcher on the PATH, and a home of its own."""
    (tmp_path / "bin").mkdir()
    for name in ("patcher", "git-patcher"):
        (tmp_path / "bin" / name).write_text(f"#!{sys.executable}\nfrom patcher.entry import main\nmain()\n")
        (tmp_path / "bin" / name).chmod(0o755)
    own = {name: text for name, text in command_environment.items() if not name.startswith(("XDG_", "BASH_"))}
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return {**own, "HOME": str(tmp_path), "TERM": "dumb", "PS1": "$ ", "PATH": path}


def installed(shell: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["patcher", "completion", shell, "--install"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_it_is_shown_and_written(programs: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("# mine\n")
    done = installed("bash", programs)
    place = tmp_path / ".local/share/bash-completion/completions"
    assert (place / "patcher").read_text() == (place / "git-patcher").read_text() == done.stdout
    assert f"written: {place}/patcher" in done.stderr and (tmp_path / ".bashrc").read_text() == "# mine\n"
    assert installed("bash", programs).stdout == done.stdout  # once more, over its own
    zsh, fish = ".local/share/zsh/site-functions/_patcher", ".config/fish/completions/patcher.fish"
    for shell, file in (("zsh", zsh), ("fish", fish)):
        assert installed(shell, programs).stdout == (tmp_path / file).read_text()


def test_what_is_anothers_is_left(run: Run, tmp_path: Path) -> None:
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "SHELL": "/usr/bin/fish"}
    (tmp_path / "fish/completions").mkdir(parents=True)
    (tmp_path / "fish/completions/patcher.fish").write_text("mine")
    ran = run("completion", "--install", env=own)
    assert (ran.code, ran.stderr.count("\n")) == (2, 1) and "was not made by patcher" in ran.stderr
    assert (tmp_path / "fish/completions/patcher.fish").read_text() == "mine"
    ran = run("completion", env={"SHELL": "/bin/tcsh"})
    assert (ran.code, ran.stderr.count("\n")) == (2, 1) and "'tcsh': name one of bash, zsh, fish" in ran.stderr


@pytest.fixture
def bash(programs: dict[str, str], repository: Path) -> Iterator[Terminal]:
    installed("bash", programs)
    opened = Terminal(["bash", "--norc", "--noprofile", "-i"], programs, repository)
    yield opened
    opened.close()


def test_in_bash(bash: Terminal, tmp_path: Path) -> None:
    bash.type(f". {tmp_path}/.local/share/bash-completion/completions/patcher; echo rea''dy\n", "ready")
    assert "patcher lint " in bash.type("patcher lin\t", "lint ")
    assert "v6.12..xen-topic" in bash.type("v6.12..xe\t", "topic")
    assert "sign-off-missing" in bash.type(" --skip spdx,sign-off-m\t", "missing")


@pytest.mark.skipif(not BASH_COMPLETION.exists(), reason="bash-completion is not installed")
def test_in_bash_with_its_package_and_git(bash: Terminal) -> None:
    bash.type(f". {BASH_COMPLETION}/bash_completion; echo rea''dy\n", "ready")
    assert "patcher lint " in bash.type("patcher lin\t", "lint ")
    assert "--base" in bash.type("--bas\t\t", "--base")
    bash.type("\x15", "")
    if (BASH_COMPLETION / "completions/git").exists():
        assert "git patcher lint " in bash.type("git patcher lin\t", "lint ")
        assert "xen-topic" in bash.type("xe\t", "topic")


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_in_zsh(programs: dict[str, str], repository: Path, tmp_path: Path) -> None:
    installed("zsh", programs)
    functions = tmp_path / ".local/share/zsh/site-functions"
    (tmp_path / ".zshrc").write_text(f"fpath+=({functions}); autoload -U compinit; compinit -u; echo rea''dy\n")
    zsh = Terminal(["zsh", "-i"], {**programs, "ZDOTDIR": str(tmp_path)}, repository)
    zsh.type("", "ready")
    assert "v6.12..xen-topic" in zsh.type("patcher lint v6.12..xe\t", "topic")
    zsh.close()


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_in_fish(programs: dict[str, str], repository: Path) -> None:
    installed("fish", programs)
    for typed, expected in (("patcher lin", "lint"), ("patcher lint v6.12..xe", "v6.12..xen-topic")):
        done = subprocess.run(
            ["fish", "-c", f"complete -C '{typed}'"], cwd=repository, env=programs, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert expected in done.stdout.split(), done
