"""Temporary directories: what is left by a killed run is removed, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from patcher import temporary

OWNER = """
import sys, time
from pathlib import Path
from patcher import temporary
with temporary.directory("check", Path(sys.argv[1])) as place:
    (place / "file").write_text("x")
    print(place, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another run, with a directory of its own."""
    with subprocess.Popen([sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        yield child, Path(child.stdout.readline().strip())
        child.kill()


@pytest.fixture(autouse=True)
def _not_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary, "_swept", set())


def left(place: Path) -> list[str]:
    return sorted(each.name for each in place.iterdir())


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with temporary.directory("check", tmp_path) as place:
        assert list(place.iterdir()) == []
        (place / "below").mkdir()
        assert [name[:14] for name in left(tmp_path)] == ["patcher-check-"]
    assert left(tmp_path) == []
    with pytest.raises(ZeroDivisionError), temporary.directory("check", tmp_path):
        raise ZeroDivisionError
    assert left(tmp_path) == []


def test_who_is_killed_while_it_removes_leaves_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its lock it would be none that a run has left, and stay for ever."""
    unlink, removed = os.unlink, []

    def noted(path: str, **options: int) -> None:
        removed.append((Path(path).name, next(tmp_path.glob("patcher-*/files"), None) is None))
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", noted)
    for name in ("1", "2"):
        with temporary.directory("check", tmp_path) as place:
            (place / name).touch()
    assert removed == [("1", False), ("lock", True), ("2", False), ("lock", True)]


def test_where_none_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(OSError), temporary.directory("check", tmp_path / "none"):
        pass


def test_a_killed_run_is_cleaned_up(tmp_path: Path, owner: tuple[subprocess.Popen[str], Path]) -> None:
    child, place = owner
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert (place / "file").exists()
    with temporary.directory("prove", tmp_path):
        assert not place.parent.exists()
    assert left(tmp_path) == []


def test_what_is_being_made_is_left_alone(tmp_path: Path) -> None:
    """Between making the lock and taking it a run that sweeps could take it, and remove the directory."""
    for name, age in (("aaaaaaaa", 0), ("bbbbbbbb", 7200)):
        made = tmp_path / f".patcher-prove-{name}"
        made.mkdir(mode=0o700)
        (made / "lock").touch(mode=0o600)
        at = time.time() - age
        os.utime(made, (at, at))
    with temporary.directory("check", tmp_path):
        pass
    assert left(tmp_path) == [".patcher-prove-aaaaaaaa"]


def test_a_living_run_is_left_alone(tmp_path: Path, owner: tuple[subprocess.Popen[str], Path]) -> None:
    with temporary.directory("check", tmp_path):
        assert (owner[1] / "file").exists()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """Whoever may write to the directory can put things there under such names."""
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o700)
    for name in ("lock", "file"):
        (kept / name).write_text("x")
    place = tmp_path / "tmp"
    place.mkdir()
    (place / "patcher-check-aaaaaaaa").symlink_to(kept)
    (place / "patcher-check-bbbbbbbb").write_text("a file")
    os.mkfifo(place / "patcher-check-cccccccc")
    names = {"dddddddd": "no lock", "eeeeeeee": "a link for a lock", "ffffffff": "a FIFO for a lock",
             "gggggggg": "open to others", "hhhhhhhh": "of another user", "main": "a name of the user's"}  # fmt: skip
    for name in names:
        (place / f"patcher-check-{name}").mkdir(mode=0o700)
    (place / "patcher-check-eeeeeeee" / "lock").symlink_to(kept / "lock")
    os.mkfifo(place / "patcher-check-ffffffff" / "lock")
    for name in ("gggggggg", "hhhhhhhh", "main"):
        (place / f"patcher-check-{name}" / "lock").touch()
    (place / "patcher-check-gggggggg").chmod(0o755)
    if os.getuid() == 0:
        os.chown(place / "patcher-check-hhhhhhhh", 12345, 12345)
    else:
        (place / "patcher-check-hhhhhhhh" / "lock").unlink()
    before = left(place)
    with temporary.directory("check", place):
        pass
    assert left(place) == before
    assert left(kept) == ["file", "lock"]


def test_a_link_inside_is_not_followed(tmp_path: Path, owner: tuple[subprocess.Popen[str], Path]) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    child, place = owner
    (place / "link").symlink_to(kept)
    child.kill()
    child.wait()
    with temporary.directory("check", tmp_path):
        assert not place.exists()
    assert left(kept) == ["file"]


def test_a_half_made_one_is_removed_when_it_is_old(tmp_path: Path) -> None:
    young, old = tmp_path / ".patcher-check-aaaaaaaa", tmp_path / ".patcher-check-bbbbbbbb"
    for place in (young, old):
        place.mkdir(mode=0o700)
    os.utime(old, (0, 0))
    with temporary.directory("check", tmp_path):
        pass
    assert left(tmp_path) == [young.name]


def test_nobody_else_makes_temporary_directories() -> None:
    package = Path(temporary.__file__).parent
    found = [
        file.name
        for file in package.rglob("*.py")
        if file.name != "temporary.py" and ("mkdtemp" in (text := file.read_text()) or "TemporaryDirectory" in text)
    ]
    assert found == []
