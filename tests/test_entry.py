"""The first moments of the command, and streams, descriptors and directories that are not there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "patcher")


def _bash(text: str, environment: dict[str, str], **options: Any) -> subprocess.CompletedProcess[str]:
    script = f'patcher() {{ "{sys.executable}" -m patcher "$@"; }}; {text}'
    done: subprocess.CompletedProcess[str] = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=environment, timeout=60, **options
    )
    return done


def test_the_entry_loads_nothing() -> None:
    code = "import sys; before = {*sys.modules}; import patcher.entry; print(sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['patcher', 'patcher.entry']"


def test_an_interrupt_at_any_moment(command_environment: dict[str, str], tmp_path: Path) -> None:
    """Told by the entry's first step that its command has begun: before that it is Python that starts."""
    begin = tmp_path / "begin.py"
    begin.write_text(
        "import os, patcher.entry\nfirst = patcher.entry._open_standard_streams\n"
        "patcher.entry._open_standard_streams = lambda: (os.write(1, b'x'), first())\npatcher.entry.main()\n"
    )
    for number in range(12):
        running = subprocess.Popen(
            [sys.executable, begin, "rules", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=command_environment, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
        )  # fmt: skip
        assert running.stdout and running.stdout.read(1) == b"x"
        time.sleep(0.004 + number * 0.015)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
        assert running.returncode in (-signal.SIGINT, 130, 0), said
        assert said.strip() in (b"", b"patcher: interrupted")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(command_environment: dict[str, str], closed: str, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text("From: A <a@b.c>\nSubject: [PATCH] x: y\n\ntext\n---\n")
    for call, codes in (("rules list", (0,)), ("lint x.patch", (0, 1)), ("lint -", (2,))):
        done = _bash(f"patcher {call} {closed}", command_environment, cwd=tmp_path)
        assert done.returncode in codes, (call, done)
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") <= 1


@pytest.mark.parametrize("call", ["rules list | head -1", "rules list > /dev/full", "rules list 2> /dev/full"])
def test_streams_that_take_no_more(command_environment: dict[str, str], call: str) -> None:
    done = _bash(f"patcher {call}", command_environment)
    assert done.stderr in (
        "",
        "patcher: cannot write to standard output (No space left on device): name a file with -o\n",
    )


def test_mail_from_another_command(command_environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text("From: A <a@b.c>\nSubject: [PATCH] x: y\n\ntext\n---\n")
    plain = _bash("patcher lint -q x.patch", command_environment, cwd=tmp_path)
    for call in ("lint -q <(cat x.patch)", "lint -q - < x.patch", "lint -q /dev/stdin < x.patch"):
        done = _bash(f"patcher {call}", command_environment, cwd=tmp_path)
        assert done.returncode == plain.returncode, done
        assert done.stdout.count("\n") == plain.stdout.count("\n")
    done = _bash("cat x.patch | patcher lint -q /dev/stdin", command_environment, cwd=tmp_path)
    assert done.returncode == plain.returncode, done


@pytest.mark.parametrize("most", [6, 12])
@pytest.mark.parametrize("call", [["rules", "list"], ["plan"], ["prove", "--property", "2"]])
def test_few_descriptors(command_environment: dict[str, str], mini_original: Path, most: int, call: list[str]) -> None:
    done = subprocess.run(
        [*COMMAND, *call, *(["--tree", str(mini_original)] if call != ["rules", "list"] else [])], capture_output=True,
        text=True,
        check=False, env=command_environment, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
    )  # fmt: skip
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode != 2 or done.stderr.count("\n") == 1


def test_a_directory_that_is_gone(command_environment: dict[str, str], tmp_path: Path) -> None:
    for call in ("plan", "lint x.patch"):
        done = _bash(f"mkdir gone; cd gone; rmdir ../gone; patcher {call}", command_environment, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done
        assert done.stderr.startswith("patcher: ")


def test_the_root_of_the_machine_is_no_kernel(command_environment: dict[str, str]) -> None:
    done = _bash("patcher plan", command_environment, cwd="/")  # which has a minute
    assert done.stderr == (
        "patcher: / is not a kernel tree: its top has no Makefile with VERSION and PATCHLEVEL; name one with --tree\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize(
    "settings",
    [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}, {"COLUMNS": "1"},
     {"TERM": "dumb", "COLUMNS": "x"}],
    ids=str,
)  # fmt: skip
def test_locales_and_terminals(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, settings: dict[str, str]
) -> None:
    mail = tmp_path / os.fsdecode(b"caf\xc3\xa9\xff.patch")
    mail.write_bytes(b"From: \xc3\x84 <a@b.c>\nSubject: [PATCH] x: \xe2\x80\xa6 \xc3\xa9\n\n\xe2\x82\xac\n---\n")
    for call in (("lint", mail), ("lint", "--help"), ("rules", "list"), ("rules", "explain", "iomap-foreign")):
        assert run(*call, env=settings)[0] in (0, 1)


@pytest.mark.parametrize(
    "name", ["x" * 5000, "x" * 100_000 + ".patch", "a\nb", "\udcff\udcfe", "--upload-pack=x", "@{", ":(glob)*"]
)
@pytest.mark.parametrize("option", [[], ["--base"], ["--baseline"]])
def test_words_of_any_shape(
    run: Callable[..., tuple[int, str, str]], mini_original: Path, option: list[str], name: str
) -> None:
    tree = [] if option == ["--tree"] else ["--tree", str(mini_original)]
    more = [] if not option else ["HEAD^!"]
    code, _, said = run("lint", *tree, *option, *([name] if option else ["--", name]), *more)
    assert code == 2, said
    assert said.count("\n") == 1
    assert len(said) < 3000
