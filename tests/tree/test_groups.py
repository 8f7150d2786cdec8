"""Which files become one patch, what it is titled with, and which patches become one series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.model import Split
from patcher.tree.directory import DirectoryTree
from patcher.tree.find import open_tree
from patcher.tree.githistory import GitHistory
from patcher.tree.gittree import GitTree
from patcher.tree.groups import Batch, Group, batches, groups
from patcher.tree.maintainers import Maintainers
from patcher.tree.modules import Modules
from patcher.tree.prefixes import learn, of_path

Git = Callable[..., str]
FILES = {
    "MAINTAINERS": """
FRAMEBUFFER LAYER
L:\tfb@example.org
T:\tgit git://example.org/fbdev.git for-next
S:\tOrphan
F:\tdrivers/video/

BIG DRIVER
M:\tOne <one@example.org>
S:\tSupported
F:\tdrivers/gpu/big/
F:\tinclude/linux/big.h

MACHINE
M:\tTwo <two@example.org>
L:\tmachine@example.org
S:\tMaintained
F:\tdrivers/pwm/pwm-m.c
F:\tdrivers/video/m*fb.c

THE REST
L:\tlinux-kernel@vger.kernel.org
F:\t*
F:\t*/
""",
    "drivers/video/Makefile": "obj-y += core.o\nobj-$(CONFIG_A) += afb.o\nobj-$(CONFIG_B) += bfb.o \\\n\tcfb.o dfb.o\n"
    "bfb-y := b_one.o b_two.o\nbfb-$(CONFIG_C) += b_three.o\nobj-$(CONFIG_E) += sub/\n",
    "drivers/video/sub/Makefile": "obj-m += sub.o\n",
    "drivers/gpu/big/Makefile": "obj-$(CONFIG_BIG) += big.o\nbig-objs = core/a.o b.o\n",
    **dict.fromkeys(
        (
            "drivers/video/afb.c", "drivers/video/b_one.c", "drivers/video/b_two.c", "drivers/video/b_three.c",
            "drivers/video/m1fb.c", "drivers/video/sub/sub.c", "drivers/video/a.h", "drivers/gpu/big/core/a.c",
            "drivers/gpu/big/b.c", "include/linux/big.h", "drivers/pwm/pwm-m.c", "lib/x.c",
        ),
        "int x;\n",
    ),
}  # fmt: skip
C_FILES = [path for path in FILES if path.endswith(".c")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        file = tmp_path / "tree" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path / "tree"


def parted(place: Path, how: Split, *paths: str) -> dict[str, tuple[str, ...]]:
    maintainers = Maintainers((place / "MAINTAINERS").read_text())
    return {each.name: each.paths for each in groups(paths or C_FILES, how, DirectoryTree(place), maintainers, None)}


def test_one_and_files(place: Path) -> None:
    assert list(parted(place, Split.ONE).values()) == [tuple(sorted(C_FILES))]
    maintainers = Maintainers((place / "MAINTAINERS").read_text())
    found = groups(C_FILES, Split.FILE, DirectoryTree(place), maintainers, None)
    assert [each.paths for each in found] == [(path,) for path in sorted(C_FILES)]


def test_drivers(place: Path) -> None:
    """By the Makefile, where the entry is that of a subsystem; by the entry, where that is of one driver."""
    assert parted(place, Split.DRIVER) == {
        "big": ("drivers/gpu/big/b.c", "drivers/gpu/big/core/a.c"),
        "pwm-m": ("drivers/pwm/pwm-m.c",),
        "afb": ("drivers/video/afb.c",),
        "bfb": ("drivers/video/b_one.c", "drivers/video/b_three.c", "drivers/video/b_two.c"),
        "m1fb": ("drivers/video/m1fb.c",),
        "sub": ("drivers/video/sub/sub.c",),
        "x": ("lib/x.c",),
    }


def test_headers_go_with_their_driver(place: Path) -> None:
    one = ["drivers/gpu/big/b.c", "include/linux/big.h"]
    assert list(parted(place, Split.DRIVER, *one).values()) == [tuple(one)]
    one = ["drivers/video/a.h", "drivers/video/afb.c"]
    assert list(parted(place, Split.DRIVER, *one).values()) == [tuple(one)]
    many = ["drivers/video/a.h", "drivers/video/afb.c", "drivers/video/b_one.c"]
    assert sorted(parted(place, Split.DRIVER, *many).values()) == [(path,) for path in many]


def test_subsystems(place: Path) -> None:
    """By the tree that takes the patches: also what has a more specific entry without one."""
    maintainers = Maintainers((place / "MAINTAINERS").read_text())
    found = groups(C_FILES, Split.SUBSYSTEM, DirectoryTree(place), maintainers, None)
    assert {each.tree: len(each.paths) for each in found} == {
        "BIG DRIVER": 2, "machine@example.org": 1, "git://example.org/fbdev.git": 6, "THE REST": 1,
    }  # fmt: skip


def test_series() -> None:
    made = [Group((f"{at}.c",), str(at), f"{at}:", "", tree) for at, tree in enumerate("aabab")]
    assert [len(each.groups) for each in batches(made)] == [5]
    assert [len(each.groups) for each in batches(made, 2)] == [2, 2, 1]
    by_tree = batches(made, 2, by_tree=True)
    assert [(each.tree, "".join(one.name for one in each.groups)) for each in by_tree] == [
        ("a", "01"), ("a", "3"), ("b", "24"),
    ]  # fmt: skip
    assert batches([]) == ()
    assert batches(made[:1]) == (Batch("a", (made[0],)),)


@pytest.mark.parametrize("word", ["y" * 100_000, "@a" * 100_000, "a@" * 100_000 + ":"])
def test_a_tree_that_is_a_long_word_takes_no_time(place: Path, word: str) -> None:
    (place / "MAINTAINERS").write_text(f"LONG\nM:\ta@example.org\nT:\tgit {word}\nF:\tdrivers/\n")
    assert set(parted(place, Split.SUBSYSTEM, "drivers/char/mbcs.c")) == {"LONG"}


def test_modules_of_hostile_makefiles(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("a-y := b.o\nb-y := a.o\nobj-y := " + "x.o " * 100_000 + "\n-y = \nobj-\n\\\n")
    known = Modules(DirectoryTree(tmp_path))
    assert known.of("a.c") in ("a", "b")
    assert known.of("x.h") == ""
    assert known.below("none") == 0


@pytest.mark.parametrize(
    ("path", "driver", "expected"),
    [
        ("drivers/gpu/drm/i915/i915_gem.c", "i915", "drm/i915"),
        ("drivers/gpu/drm/amd/amdkfd/kfd_chardev.c", "amdgpu", "drm/amdkfd"),
        ("drivers/gpu/drm/drm_vm.c", "drm", "drm"),
        ("drivers/accel/habanalabs/common/memory.c", "habanalabs", "accel/habanalabs"),
        ("drivers/net/ethernet/x/x.c", "x", "x"),
        ("drivers/tee/tee_shm.c", "tee", "tee"),
        ("drivers/char/mbcs.c", "mbcs", "char: mbcs"),
        ("drivers/usb/x.c", "USB SUBSYSTEM", "usb"),
        ("sound/core/pcm.c", "snd-pcm", "ALSA: pcm"),
        ("drivers/net/a.c", "NETWORKING DRIVERS", "a.c"),
        ("Kbuild", "kernel", "Kbuild"),
    ],
)
def test_prefixes_without_history(path: str, driver: str, expected: str) -> None:
    assert of_path(path, driver) == expected


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (["fbdev: afb: one", "fbdev: afb: two", "fbdev: use x", "treewide: kmalloc", "mm: drop vma"], "fbdev: afb:"),
        (["afb: one", "afb: two", "video: three", "Revert \"afb: two\""], "afb:"),
        (["[media] afb: one", "[media] afb: two"], "media: afb:"),
        (["drivers/video/afb.c: one", "fbdev: two", "fbdev: three"], "fbdev:"),
        (["mm: replace vma", "fs: drop it"], "fbdev:"),  # from the directory
        (["something without"], "fbdev:"),
    ],
)  # fmt: skip
def test_prefixes_are_learnt(place: Path, git: Git, tmp_path: Path, subjects: list[str], expected: str) -> None:
    git(place, "init", "-q")
    git(place, "add", "-A", "-f")
    git(place, "commit", "-qm", "all of it")
    for number, subject in enumerate(["fbdev: core: one", "fbdev: core: two", "fbdev: three", *subjects[::-1]]):
        file = "drivers/video/sub/sub.c" if number < 3 else "drivers/video/afb.c"
        (place / file).write_text(f"int x{number};\n")
        git(place, "commit", "-qam", subject)
    tree = open_tree(place, None)
    assert isinstance(tree, GitTree)
    cache = Cache(tmp_path / "cache")
    history = GitHistory(tree.repository, tree.commit, cache)
    assert learn([["drivers/video/afb.c"]], ["afb"], history) == (expected,)
    assert learn([["drivers/video/afb.c"]], ["afb"], GitHistory(tree.repository, tree.commit, cache)) == (expected,)
    cache.close()
