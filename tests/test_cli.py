"""The command line, as a process of its own: exit codes, what goes where, and nothing that surprises a terminal."""

from __future__ import annotations

import functools
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from realgit import object_file

from patcher import data

Run = Callable[..., Any]
Git = Callable[..., str]
MMU = "arch/x86/xen/mmu.c"


def is_one_clear_line(ran: Any) -> bool:
    return bool(
        ran.code == 2
        and ran.stderr.count("\n") == 1
        and ran.stderr.endswith("\n")
        and ran.stderr.startswith("patcher: ")
    )


def commit(repository: Path, git: Git) -> None:
    git(repository, "add", "-A", "-f")
    git(repository, "commit", "-q", "-m", "changed")


# the surface


@pytest.mark.parametrize(
    "args", [["--help"], ["-h"], ["plan", "--help"], ["rules", "-h"], ["rules", "list", "-h"], ["profiles", "-h"]]
)
def test_help(run: Run, args: list[str]) -> None:
    ran = run(*args)
    assert (ran.code, ran.stderr) == (0, "")
    assert "Usage: " in ran.stdout


def test_help_names_the_exit_codes(run: Run) -> None:
    assert "0 clean, 1 findings that matter, 2 the call or its input is wrong" in " ".join(run("--help").stdout.split())


def test_version_names_the_tools(run: Run) -> None:
    ran = run("--version")
    assert ran.code == 0
    first, *others = ran.stdout.splitlines()
    assert first.startswith("patcher ")
    assert [line.split()[0].rstrip(":") for line in others] == ["libclang", "git", "compiler"]


def test_version_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    ran = run("--version", env={"PATH": str(tmp_path), "PATCHER_LIBCLANG": str(tmp_path / "no.so"), "CC": "no-such-cc"})
    assert ran.code == 0
    assert "git was not found" in ran.stdout
    assert "there is no libclang at" in ran.stdout
    assert "no-such-cc was not found" in ran.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["--no-such-option"], ["no-such-command"], ["plan", "--no-such-option"],
        ["plan", "--format", "pdf"], ["plan", "--rev"], ["rules", "no-such-command"],
        ["rules", "explain"],
        ["series", "show"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_call(run: Run, args: list[str]) -> None:
    ran = run(*args)
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1
    assert "--help" in ran.stderr


@pytest.mark.parametrize("args", [[], ["rules"], ["series"]])
def test_a_call_without_a_command_gets_the_help(run: Run, args: list[str]) -> None:
    ran = run(*args)
    assert ran.code == 2
    assert "\n  plan " in ran.stdout + ran.stderr or "Commands:\n" in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["rules", "list"],
        ["rules", "explain", "iomap-make"],
        ["series", "list"],
        ["series", "show", "identity"],
        ["profiles"],
    ],
)
def test_what_lists_things(run: Run, args: list[str]) -> None:
    ran = run(*args)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.endswith("\n")


# the main job


def test_a_plan(run: Run, mini_original: Path) -> None:
    ran = run("plan", "--tree", mini_original)
    assert ran.code in (0, 1)
    assert ran.stderr == ""
    assert f"{MMU}:" in ran.stdout
    assert "_PAGE_IOMAP" in ran.stdout


@pytest.mark.parametrize("place", [".", "arch/x86/xen"])
def test_the_default_is_the_repository_around_here(run: Run, mini_original: Path, place: str) -> None:
    assert run("plan", cwd=mini_original / place) == run("plan", "--tree", mini_original)


def test_quiet_says_less_and_verbose_more(run: Run, mini_original: Path) -> None:
    quiet, plain, verbose = (run("plan", "--tree", mini_original, *args) for args in (["-q"], [], ["-v"]))
    assert len(quiet.stdout) < len(plain.stdout) < len(verbose.stdout)
    assert quiet.code == plain.code == verbose.code


def test_the_tree_stays_as_it_was(run: Run, mini_repo: Path, git: Git) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {
            str(file): (file.stat().st_mtime_ns, file.stat().st_size) for file in [mini_repo, *mini_repo.rglob("*")]
        }

    os.utime(mini_repo / "Makefile", (1, 1))
    before = state()
    for args in ([], ["--worktree"], ["--scope", "tree"]):
        assert run("plan", "--tree", mini_repo, *args).code in (0, 1)
    assert state() == before


def test_the_same_from_a_repository_a_clone_and_a_directory(
    run: Run, mini: Path, mini_original: Path, tmp_path: Path, git: Git
) -> None:
    git(tmp_path, "clone", "-q", "--bare", mini_original, "bare clone.git")
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", mini_original, "with autocrlf")
    found = []
    for place in (mini_original, tmp_path / "bare clone.git", tmp_path / "with autocrlf", mini):
        ran = run("plan", "--tree", place, "--format", "json", "--scope", "tree")
        plan = json.loads(ran.stdout)
        found.append((ran.code, plan["findings"], plan["steps"], plan["coverage"]))
    assert all(each == found[0] for each in found)
    assert found[0][1]


def test_a_second_run_says_the_same(run: Run, mini_original: Path, tmp_path: Path) -> None:
    env = {"PATCHER_CACHE_DIR": str(tmp_path / "new")}
    once = run("plan", "--tree", mini_original, env=env, afresh=True)
    assert run("plan", "--tree", mini_original, env=env, afresh=True) == once


# wrong input: one clear line, exit code 2


def test_nowhere(run: Run, tmp_path: Path) -> None:
    assert is_one_clear_line(run("plan", "--tree", tmp_path / "nowhere"))


def test_not_a_kernel_tree(run: Run, tmp_path: Path, git: Git) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path, "init", "-q", "other")
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "nothing")
    for name in ("empty", "other"):
        ran = run("plan", "--tree", tmp_path / name)
        assert is_one_clear_line(ran)
        assert "not a kernel tree" in ran.stderr


@pytest.mark.parametrize("revision", ["v9.99", "--help", "a..b", ""])
def test_a_bad_revision(run: Run, mini_original: Path, revision: str) -> None:
    assert is_one_clear_line(run("plan", "--tree", mini_original, f"--rev={revision}"))


def test_no_commit_yet(run: Run, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", "new")
    assert is_one_clear_line(run("plan", "--tree", tmp_path / "new"))


def test_a_shallow_clone_that_lacks_the_revision(run: Run, mini_repo: Path, tmp_path: Path, git: Git) -> None:
    git(mini_repo, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth=1", mini_repo.as_uri(), "shallow")
    ran = run("plan", "--tree", tmp_path / "shallow", "--rev", "HEAD~1")
    assert is_one_clear_line(ran)
    assert "shallow" in ran.stderr


def test_a_partial_clone(run: Run, mini_repo: Path, tmp_path: Path, git: Git) -> None:
    git(mini_repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", mini_repo.as_uri(), "partial.git")
    shutil.rmtree(mini_repo)
    ran = run("plan", "--tree", tmp_path / "partial.git")
    assert is_one_clear_line(ran)
    assert "partial" in ran.stderr


@pytest.mark.parametrize("content", [None, b"", b"not zlib"])
def test_a_corrupt_object(run: Run, mini_repo: Path, git: Git, content: bytes | None) -> None:
    blob = git(mini_repo, "rev-parse", f"HEAD:{MMU}")
    file = object_file(mini_repo, blob)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    ran = run("plan", "--tree", mini_repo)
    assert is_one_clear_line(ran)
    assert "git fsck" in ran.stderr


def test_a_missing_mmu_c(run: Run, mini_repo: Path, git: Git) -> None:
    git(mini_repo, "rm", "-q", MMU)
    git(mini_repo, "commit", "-q", "-m", "no mmu.c")
    assert is_one_clear_line(run("plan", "--tree", mini_repo))


@pytest.fixture
def own_rules(tmp_path: Path) -> Path:
    shutil.copytree(data.directory("rules") / "identity", tmp_path / "rules")
    return tmp_path / "rules"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('verdict = "', 'verdct = "', "verdct"),
        ('verdict = "redundant"', 'verdict = "superfluous"', "superfluous"),
        ("[match]", "[match", "iomap-make.toml"),
        ('"makes-pte"', '"makes-pie"', "makes-pie"),
        ('"tested"', '"tasted"', "tasted"),
        ('subject = "iomap"', 'subject = "ioremap"', "ioremap"),
        ('id = "iomap-make"', 'id = "iomap-made"', "iomap-made"),
        ("fires = false", "fires = true", "does not"),
        ('why = "', 'why = "{nothing} {0} {', "iomap-make.toml"),
    ],
)
def test_a_rule_with_a_typo(run: Run, own_rules: Path, mini_original: Path, old: str, new: str, said: str) -> None:
    rule = own_rules / "iomap-make.toml"
    text = rule.read_text()
    assert old in text
    rule.write_text(text.replace(old, new, 1))
    for args in (["plan", "--tree", mini_original, "--rules", own_rules], ["rules", "list", "--rules", own_rules]):
        ran = run(*args)
        assert is_one_clear_line(ran)
        assert said in ran.stderr
        assert "iomap-make.toml" in ran.stderr


def test_a_rule_folder_without_rules(run: Run, mini_original: Path, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        assert is_one_clear_line(run("plan", "--tree", mini_original, "--rules", place))


@pytest.mark.parametrize("kind", ["missing", "directory", "no library"])
@pytest.mark.parametrize("way", ["option", "environment"])
def test_no_libclang(run: Run, mini_original: Path, tmp_path: Path, kind: str, way: str) -> None:
    place = tmp_path / "libclang.so"
    if kind == "directory":
        place.mkdir()
    elif kind == "no library":
        place.write_text("this is no library")
    option = ["--libclang", place] if way == "option" else []
    ran = run("plan", "--tree", mini_original, *option, env={} if option else {"PATCHER_LIBCLANG": str(place)})
    assert is_one_clear_line(ran)
    assert "libclang" in ran.stderr


def test_a_cache_that_cannot_be_used(run: Run, mini_original: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        ran = run("plan", "--tree", mini_original, env={"PATCHER_CACHE_DIR": str(place)})
        assert is_one_clear_line(ran)
        assert "PATCHER_CACHE_DIR" in ran.stderr


@pytest.mark.parametrize(
    "args",
    [["--profile", "no-such"], ["--series", "no-such"], ["--series", "../identity"], ["--worktree", "--rev", "HEAD"]],
)
def test_other_wrong_input(run: Run, mini_original: Path, args: list[str]) -> None:
    assert is_one_clear_line(run("plan", "--tree", mini_original, *args))


def test_an_unknown_rule(run: Run) -> None:
    assert is_one_clear_line(run("rules", "explain", "no-such-rule"))


# what goes to a terminal


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color", "CLICOLOR_FORCE": "1"}])
def test_no_escape_sequences_where_no_terminal_is(run: Run, mini_original: Path, env: dict[str, str]) -> None:
    ran = run("plan", "--tree", mini_original, env=env)
    assert "\x1b" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_on_a_terminal(
    mini_original: Path, command_environment: dict[str, str], env: dict[str, str], coloured: bool
) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "patcher", "plan", "-q", "--no-pager", "--tree", str(mini_original)]
    environment = {**command_environment, **env}
    with subprocess.Popen(command, env=environment, stdout=follower, stderr=subprocess.DEVNULL) as process:
        os.close(follower)
        said = b""
        try:
            while block := os.read(leader, 65536):
                said += block
        except OSError:  # the other side is closed
            pass
        os.close(leader)
    assert process.returncode in (0, 1)
    assert (b"\x1b[" in said) == coloured
    assert b"identity: " in said


EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\r"


@pytest.fixture
def hostile(mini_repo: Path, git: Git) -> Path:
    """A tree whose file names, version and sources try to drive the terminal."""
    (mini_repo / "drivers" / "xen" / f"{EVIL}.c").write_text(
        f"unsigned long evil = _PAGE_IOMAP; /* {EVIL} */\n#error {EVIL}\n"
    )
    (mini_repo / "drivers" / "xen" / "Makefile").write_text("obj-y := x.o\n")
    makefile = mini_repo / "Makefile"
    makefile.write_text(makefile.read_text().replace("EXTRAVERSION = -mini", "EXTRAVERSION = -\x1b[31mmini"))
    commit(mini_repo, git)
    return mini_repo


@pytest.mark.parametrize("args", [[], ["-v"], ["--format", "json"]])
def test_what_comes_from_a_tree_does_not_drive_a_terminal(run: Run, hostile: Path, args: list[str]) -> None:
    ran = run("plan", "--tree", hostile, *args)
    assert ran.code in (0, 1)
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(ran.stdout + ran.stderr)
    assert "owned" in ran.stdout


def test_nor_does_what_is_wrong(run: Run, tmp_path: Path, mini_original: Path) -> None:
    (tmp_path / EVIL).mkdir()
    for args in (
        ["--tree", tmp_path / EVIL],
        ["--tree", mini_original, "--rev", EVIL],
        ["--tree", mini_original, "--format", EVIL],
    ):
        ran = run("plan", *args)
        assert ran.code == 2
        assert ran.stderr.count("\n") == 1
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(ran.stderr)


@pytest.mark.parametrize("form", ["text", "json"])
def test_names_that_are_not_utf_8(run: Run, mini_repo: Path, git: Git, form: str) -> None:
    name = os.fsdecode(b"drivers/xen/na\xefve.c")
    (mini_repo / name).write_bytes(b"unsigned long x = _PAGE_IOMAP; /* J\xfcrgen */\n")
    commit(mini_repo, git)
    for args in ([], ["--worktree"]):
        ran = run("plan", "--tree", mini_repo, "--format", form, *args)
        assert ran.code in (0, 1)
        assert "ve.c" in ran.stdout


# -o: whole or not at all


def test_output_to_a_file(run: Run, mini_original: Path, tmp_path: Path) -> None:
    ran = run("plan", "--tree", mini_original, "-o", tmp_path / "plan.txt")
    assert ran.stdout == ""
    assert (tmp_path / "plan.txt").read_text() == run("plan", "--tree", mini_original).stdout
    assert [file.name for file in tmp_path.iterdir() if "plan.txt" in file.name] == ["plan.txt"]


def test_a_failure_leaves_the_old_file(run: Run, mini_original: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_text("the old one")
    assert run("plan", "--tree", mini_original, "--rev", "nothing", "-o", tmp_path / "plan.txt").code == 2
    assert (tmp_path / "plan.txt").read_text() == "the old one"


@pytest.mark.parametrize("place", ["nowhere/plan.txt", "directory", "file/plan.txt", "."])
def test_where_nothing_can_be_written(run: Run, mini_original: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*.new"))
    assert is_one_clear_line(run("plan", "--tree", mini_original, "-o", tmp_path / place))
    assert sorted(tmp_path.rglob("*.new")) == before


def test_a_device_is_written_to_and_not_replaced(run: Run, mini_original: Path, tmp_path: Path) -> None:
    """Through a link, so that a mistake costs the link and not the device."""
    (tmp_path / "null").symlink_to(os.devnull)
    run("plan", "--tree", mini_original, "-o", tmp_path / "null")
    assert (tmp_path / "null").is_symlink()


def test_a_reader_that_has_seen_enough(mini_original: Path, command_environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "patcher", "plan", "--tree", str(mini_original)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=command_environment, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def nobody_left(session: int) -> bool:
    """Whether all processes of a session are gone, or go within ten seconds."""
    for _ in range(200):
        if not any(map(functools.partial(_lives_in, session), Path("/proc").glob("[0-9]*/stat"))):
            return True
        time.sleep(0.05)
    return False


def _lives_in(session: int, status: Path) -> bool:
    try:
        fields = status.read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z" and int(fields[3]) == session


def test_an_interruption_ends_it_at_once(
    mini_original: Path, command_environment: dict[str, str], tmp_path: Path
) -> None:
    """No traceback, no process left behind, and the next run finds a cache it can use."""
    (tmp_path / "tmp").mkdir()
    places = {"PATCHER_CACHE_DIR": str(tmp_path / "cold"), "TMPDIR": str(tmp_path / "tmp")}
    environment = {**command_environment, **places}
    command = [sys.executable, "-m", "patcher", "plan", "--scope", "tree", "--tree", str(mini_original)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=pipe, stderr=pipe, text=True
    ) as process:
        while process.poll() is None and not list(tmp_path.glob("tmp/patcher-sources-*/files/arch")):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) in ((130, "patcher: interrupted"), (1, ""))
    assert nobody_left(process.pid)
    again = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert again.returncode in (0, 1)


def test_a_termination_leaves_nobody_behind(
    mini_original: Path, command_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tmp").mkdir()
    places = {"PATCHER_CACHE_DIR": str(tmp_path / "cold"), "TMPDIR": str(tmp_path / "tmp")}
    environment = {**command_environment, **places}
    command = [sys.executable, "-m", "patcher", "plan", "--scope", "tree", "--tree", str(mini_original)]
    with subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(tmp_path.glob("tmp/patcher-sources-*/files/arch")):
            time.sleep(0.01)
        process.terminate()
        assert process.wait(timeout=60) in (1, 143)
    assert nobody_left(process.pid)


@pytest.mark.parametrize(("stream", "code"), [(">&-", 0), (">/dev/full", 2)])
def test_where_standard_output_is_no_good(
    mini_original: Path, command_environment: dict[str, str], stream: str, code: int
) -> None:
    command = f'"{sys.executable}" -m patcher rules list {stream}'
    ran = subprocess.run(["sh", "-c", command], env=command_environment, capture_output=True, text=True, check=False)
    assert ran.returncode == code
    assert ran.stderr.count("\n") == (1 if code else 0)


def test_uncommitted_files_are_told(run: Run, mini_repo: Path) -> None:
    (mini_repo / "NOTES").write_text("not committed\n")
    assert "with what is not committed" in run("plan", "--tree", mini_repo, "--worktree").unfolded
    assert "with what is not committed" not in run("plan", "--tree", mini_repo).stdout


def test_a_build_of_another_kernel(run: Run, mini_repo: Path, tmp_path: Path) -> None:
    (tmp_path / "out/include/generated").mkdir(parents=True)
    (tmp_path / "out/include/generated/autoconf.h").write_text("#define CONFIG_X86_64 1\n")
    (tmp_path / "out/include/generated/utsrelease.h").write_text('#define UTS_RELEASE "6.12.1"\n')
    ran = run("plan", "--tree", mini_repo, "--build", tmp_path / "out")
    assert is_one_clear_line(ran)
    assert "6.12.1" in ran.stderr


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(28, "No space left on device", "/tmp/x"), 2, "cannot write temporary files /tmp/x (No space left"),
        (
            FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"),
            2,
            "cannot write temporary files (No",
        ),
        (FileNotFoundError(2, "No such file or directory", "x"), 70, "a fault in patcher itself"),
    ],
)
def test_no_room_for_temporary_files_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str
) -> None:
    import patcher.cli

    def failing(**_: object) -> int:
        raise error

    monkeypatch.setattr(patcher.cli.cli, "main", failing)
    monkeypatch.setattr(patcher.cli.faults, "end_children", lambda: None)  # they are those of the test run
    with pytest.raises(SystemExit) as raised:
        patcher.cli.main()
    told = capsys.readouterr().err
    assert (raised.value.code, said in told) == (code, True), told
    assert ("Traceback" in told) == (code == 70)
    assert told.count("\n") == 1 or code == 70
