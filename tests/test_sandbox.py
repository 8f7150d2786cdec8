"""The sandbox: what a program in it sees, can write, and may take. With the real bubblewrap."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from patcher import sandbox
from patcher.errors import InputError

if (WHY := sandbox.available()) is not None:
    pytest.skip(WHY, allow_module_level=True)


def shell(script: str, **options: object) -> sandbox.Result:
    return sandbox.run(["sh", "-c", script], **options)  # type: ignore[arg-type]


def test_output_and_status() -> None:
    ran = shell("echo out; echo err >&2; exit 3")
    assert ran == sandbox.Result(3, b"out\n", b"err\n", "")


def test_standard_input_of_any_size() -> None:
    given = b"x" * 300_000
    assert sandbox.run(["cat"], stdin=given).stdout == given
    assert sandbox.run(["true"], stdin=given).code == 0


def test_it_sees_what_it_was_given_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "file").write_text("content")
    (tmp_path / "secret").write_text("secret")
    assert shell(f"cat {tmp_path}/shown/file", read=[tmp_path / "shown"]).stdout == b"content"
    assert shell(f"cat {tmp_path}/secret", read=[tmp_path / "shown"]).code != 0
    assert shell("ls /home /root /etc/shadow").stdout == b""


def test_what_it_may_read_it_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    assert shell(f"echo new > {tmp_path}/file", read=[tmp_path]).code != 0
    assert shell(f"rm -f {tmp_path}/file; touch /usr/x /etc/alternatives/x", read=[tmp_path]).code != 0
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("inner_may", ["read", "write"])
def test_the_deeper_path_decides(tmp_path: Path, inner_may: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    binds = {"read": [tmp_path], "write": [inner]} if inner_may == "write" else {"read": [inner], "write": [tmp_path]}
    shell(f"touch {tmp_path}/outside; touch {inner}/inside", **binds)
    assert (inner / "inside").exists() == (inner_may == "write")
    assert (tmp_path / "outside").exists() == (inner_may == "read")


def test_paths_with_spaces_and_links(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    place.mkdir()
    (tmp_path / "link").symlink_to(place)
    assert sandbox.run(["touch", "made"], write=[tmp_path / "link"], cwd=tmp_path / "link").code == 0
    assert (place / "made").exists()


def test_nothing_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "1")
    ran = sandbox.run(["env"], env={"GIVEN": "2"})
    names = {line.partition("=")[0] for line in ran.stdout.decode().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "HOME", "TMPDIR", "LC_ALL", "GIVEN"}


def test_no_network() -> None:
    assert shell("cat /proc/net/dev | tail -n +3 | cut -d: -f1").stdout.split() in ([], [b"lo"])


def test_too_long_and_nothing_stays_behind(tmp_path: Path) -> None:
    start = time.monotonic()
    ran = shell(f"(while :; do date >> {tmp_path}/alive; sleep 0.05; done) & sleep 60", write=[tmp_path], seconds=0.6)
    assert ran.reason == "it took longer than 0.6 s"
    assert time.monotonic() - start < 20
    time.sleep(0.3)
    before = (tmp_path / "alive").read_bytes()
    time.sleep(0.3)
    assert (tmp_path / "alive").read_bytes() == before


def test_what_closes_its_output_is_waited_for() -> None:
    assert shell("exec >&- 2>&-; sleep 60", seconds=0.6).reason == "it took longer than 0.6 s"


def test_endless_output_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "OUTPUT_BYTES", 10**6)
    ran = sandbox.run(["yes"], seconds=60)
    assert ran.reason == "it wrote more than 1000000 bytes"
    assert len(ran.stdout) < 2 * 10**6


def test_memory_is_bounded() -> None:
    program = "my $x = 'x' x (200 << 20); print length $x"
    assert sandbox.run(["perl", "-e", program], memory_bytes=2**30).stdout == b"209715200"
    assert sandbox.run(["perl", "-e", program], memory_bytes=2**27).code != 0


@pytest.mark.skipif(os.getuid() == 0, reason="Linux does not hold root to a number of processes")
def test_processes_are_bounded() -> None:
    assert shell("for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait", processes=4).code != 0


def test_wrong_paths_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        sandbox.run(["true"], read=[tmp_path / "nothing"])


def test_a_program_that_does_not_exist() -> None:
    ran = sandbox.run(["no-such-program"])
    assert ran.code != 0
    assert b"no-such-program" in ran.stderr


def test_where_there_is_no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox.tried.cache_clear()
    try:
        assert sandbox.available() == "bwrap is not installed"
        with pytest.raises(InputError, match="no sandbox: bwrap is not installed"):
            sandbox.run(["true"])
    finally:
        sandbox.tried.cache_clear()
