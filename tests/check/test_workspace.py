"""Where objects are built, and how it goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.check.workspace import Kept, Workspace, discard


def removed(top: Path) -> bool:
    for _ in range(200):
        if not list(top.glob("gone-*")):
            return True
        time.sleep(0.05)
    return False


def test_what_a_build_made_unwritable_goes_too(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    place = tmp_path / "check" / "prepared" / "build"
    (place / "a" / "b").mkdir(parents=True)
    (place / "a" / "b" / "file").write_text("")
    (place / "a" / "link").symlink_to(outside)
    (place / "a" / "b").chmod(0)
    (place / "a").chmod(0o500)
    place.chmod(0o500)
    discard(place, tmp_path / "check", 10)
    assert [file.name for file in (tmp_path / "check").rglob("*")] == ["prepared"]
    assert ((outside / "kept").read_text(), outside.stat().st_mode & 0o777) == ("mine", 0o777 & ~umask())


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    discard(tmp_path / "absent", tmp_path, 10)


def test_what_a_killed_run_left_is_removed_by_the_next(cache: Cache) -> None:
    top = cache.root / "check"
    for name in ("work-0/tree", "gone-1-1/tree"):
        (top / name).mkdir(parents=True)
        (top / name / "left.c").write_text("")
    space = Workspace(cache)
    assert list(space.tree.iterdir()) == []
    space.close()
    assert not space.root.exists()
    assert removed(top)


def test_all_children_end_and_no_others() -> None:
    other = subprocess.Popen(["sleep", "300.25"])
    program = (
        "import subprocess; from patcher.processes import end_children; subprocess.Popen(['sleep', '300.5']);"
        "end_children()"
    )
    command = [sys.executable, "-c", program]
    top = Path(__file__).parents[2]
    subprocess.run(
        command, check=True, cwd=top, stdout=subprocess.PIPE, timeout=120
    )  # a pipe ends with its last holder
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize("damage", ["flipped", "cut", "more", "fewer", "link", "none"])
def test_what_was_kept_and_is_damaged_is_none(tmp_path: Path, damage: str) -> None:
    made = tmp_path / "made"
    (made / "include").mkdir(parents=True)
    (made / "include" / "autoconf.h").write_text("#define CONFIG_XEN 1\n")
    (made / "source").symlink_to("../tree")
    kept = Kept(tmp_path / "kept")
    kept.save("key", made)
    (place,) = (tmp_path / "kept").iterdir()
    file = place / "include" / "autoconf.h"
    if damage == "flipped":
        file.write_text("#define CONFIG_XEN 0\n")
    elif damage == "cut":
        file.write_text("")
    elif damage == "more":
        (place / "more").touch()
    elif damage == "fewer":
        file.unlink()
    elif damage == "link":
        (place / "source").unlink()
        (place / "source").symlink_to("/etc")
    assert kept.load("key", tmp_path / "target") == (damage == "none")
    if damage == "none":
        assert (tmp_path / "target" / "include" / "autoconf.h").read_text() == "#define CONFIG_XEN 1\n"
    else:
        assert not (tmp_path / "target").exists()
        assert not place.exists()
    assert not kept.load("other", tmp_path / "nothing")
