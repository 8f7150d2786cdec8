"""Kernels built of commits, each from what the one before left, and what a tree can do about it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boot.smallkernel import MAKEFILE, commit, small_kernel
from check.checking import require_gcc
from realgit import run_git

from patcher import sandbox
from patcher.boot import kernel
from patcher.boot.config import BootConfig, Group
from patcher.boot.kernel import Kernels
from patcher.boot.model import BuildError, Kernel
from patcher.cache import Cache
from patcher.check.runner import Runner
from patcher.errors import InputError
from patcher.tree.applying import borrow
from patcher.tree.find import open_repository

BOTH = ("vmlinux", "bzImage")
CONFIG = BootConfig("test", (Group("a PC", ("PCI", "XEN", "NR_CPUS=4")),))

Open = Callable[..., contextlib.AbstractContextManager[Kernels]]


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return small_kernel(tmp_path / "linux")


@pytest.fixture
def opened(tree: Path, cache_dir: Path) -> Open:
    """``with opened() as kernels``: as a run of the command has them, on the same cache each time."""

    @contextlib.contextmanager
    def kernels(**more: Any) -> Iterator[Kernels]:
        cache = Cache(cache_dir)
        with Kernels(tree, cache, trusted=True, sandboxed=sandbox.available() is None, jobs=2, **more) as found:
            yield found
        cache.close()

    return kernels


@pytest.fixture
def compiled(cache_dir: Path) -> Callable[[], list[str]]:
    """The objects that were compiled, in the directory of the build or by whoever left it."""

    def read() -> list[str]:
        return sorted(
            word for log in cache_dir.glob("check/work-*/build/*/log") for word in log.read_text().split("\n") if word
        )

    return read


def lines(unset: tuple[str, ...]) -> list[str]:
    return [line.partition(" (")[0] for line in unset]


def test_both_formats(tree: Path, opened: Open) -> None:
    with opened() as kernels:
        vmlinux, bzimage = kernels.build("HEAD", "x86_64", BOTH, CONFIG)
        assert (vmlinux.commit, vmlinux.arch) == (run_git(tree, "rev-parse", "HEAD"), "x86_64")
        assert (vmlinux.format, bzimage.format) == BOTH
        assert b"\x7fELF" in vmlinux.image.read_bytes() == bzimage.image.read_bytes()
        assert vmlinux.config.read_text() == "CONFIG_NR_CPUS=4\nCONFIG_PCI=y\nCONFIG_XEN=y\n"
        assert vmlinux.unset == ()
        assert any(line.startswith("-std=gnu89: ") for line in vmlinux.adjustments)
        assert not any("\n" in line for line in vmlinux.adjustments)
    assert not vmlinux.image.exists()


def test_what_does_not_come_out_as_asked_is_told(opened: Open) -> None:
    asked = CONFIG.asking(["ACPI", "OLD|NEW", "XEN=n", "NR_CPUS=8"])
    with opened() as kernels:
        (found,) = kernels.build("HEAD", "i386", ["vmlinux"], asked)
    assert lines(found.unset) == ["ACPI is n, not y", "OLD or NEW: this tree has no such symbol"]
    with opened() as kernels:  # from the cache it is told, too
        assert kernels.build("HEAD", "i386", ["vmlinux"], asked)[0].unset == found.unset


def test_the_next_commit_compiles_what_it_changes(tree: Path, opened: Open, compiled: Callable[[], list[str]]) -> None:
    commit(tree, "another page", {"mm/page.c": "int page = 2;\n"})
    with opened() as kernels:
        (first,) = kernels.build("HEAD~1", "x86_64", ["vmlinux"], CONFIG)
        assert compiled() == ["init/main.o", "mm/page.o"]
        (second,) = kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
        assert compiled() == ["init/main.o", "mm/page.o", "mm/page.o"]
        assert first.image.read_bytes() != second.image.read_bytes()
        kernels.build("HEAD~1", "x86_64", ["vmlinux"], CONFIG)  # it was given before
        assert len(compiled()) == 3
        kernels.build("HEAD~1", "x86_64", ["bzImage"], CONFIG)  # back to what it was
        assert compiled()[2:] == ["mm/page.o"] * 2


def test_a_second_run_builds_nothing(tree: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as kernels:
        before = kernels.build("HEAD", "x86_64", BOTH, CONFIG)
        content = [each.image.read_bytes() for each in before]
    run_git(tree, "commit", "-q", "--amend", "-m", "the same, in other words")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was run")

    monkeypatch.setattr(Runner, "run", never)
    with opened() as kernels:
        after = kernels.build("HEAD", "x86_64", BOTH, CONFIG)
        assert [each.image.read_bytes() for each in after] == content
        assert after[0].commit != before[0].commit
        plain = [dataclasses.replace(each, commit="", image=Path(), config=Path()) for each in (*before, *after)]
        assert plain[:2] == plain[2:]
        for asked in (("HEAD", "i386", BOTH, CONFIG), ("HEAD", "x86_64", BOTH, CONFIG.asking(["XEN=n"]))):
            with pytest.raises(AssertionError, match="something was run"):
                kernels.build(*asked)


def test_a_later_run_goes_on_where_the_first_began(tree: Path, opened: Open, compiled: Callable[[], list[str]]) -> None:
    with opened() as kernels:
        kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
    commit(tree, "another page", {"mm/page.c": "int page = 2;\n"})
    commit(tree, "and another", {"mm/page.c": "int page = 3;\n"})
    with opened() as kernels:
        kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
        assert compiled() == ["init/main.o", "mm/page.o", "mm/page.o"]


def test_what_was_kept_and_is_damaged_is_built_again(opened: Open, cache_dir: Path) -> None:
    with opened() as kernels:
        (first,) = kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
        content = first.image.read_bytes()
    (kept,) = (cache_dir / "check" / "kernels").glob("*/image")
    kept.write_bytes(content[:-1] + b"!")
    with opened() as kernels:
        (again,) = kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
        assert again.image.read_bytes() == content


def test_two_architectures_do_not_mix(opened: Open) -> None:
    with opened() as kernels:
        (one,) = kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
        (other,) = kernels.build("HEAD", "i386", ["vmlinux"], CONFIG.asking(["XEN=n"]))
        assert "XEN" in one.config.read_text()
        assert "XEN" not in other.config.read_text()
        assert one.image != other.image


def test_a_tree_that_does_not_build(tree: Path, opened: Open) -> None:
    commit(tree, "break", {"mm/page.c": "/* nothing */\nint page = no_such;\n"})
    commit(tree, "mend", {"mm/page.c": "int page = 7;\n"})
    with opened() as kernels:
        with pytest.raises(BuildError) as caught:
            kernels.build("HEAD~1", "x86_64", ["vmlinux"], CONFIG)
        assert caught.value.what == str(caught.value)
        assert caught.value.what.startswith("mm/page.c:2:12: error: ")
        assert any("int page = no_such;" in line for line in caught.value.lines)
        assert len(kernels.build("HEAD", "x86_64", BOTH, CONFIG)) == 2


def test_a_kernel_that_cannot_be_configured(tree: Path, opened: Open) -> None:
    commit(tree, "no Kconfig", {"Makefile": "allnoconfig:\n\t@echo 'Kconfig: cannot parse this' >&2; false\n"})
    with opened() as kernels, pytest.raises(BuildError, match=r"^it cannot be configured: Kconfig: cannot parse this$"):
        kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ("ln -sf {secret} $@", "is no plain file|Too many levels"),
        ("rm -f $@; mkfifo $@", "is no plain file"),
        ("mkdir -p $@", "is no plain file|Is a directory"),
        ("truncate -s 1G $@", "at most"),
        ("true", "No such file"),
    ],
)
def test_what_a_build_leaves_in_place_of_an_image(
    tree: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, why: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the-key-to-everything")
    monkeypatch.setattr(kernel, "IMAGE_BYTES", 2**20)
    commit(tree, "harm", {"Makefile": MAKEFILE.replace("cat .config $^ > $@", recipe.format(secret=secret))})
    with opened() as kernels, pytest.raises(BuildError, match=why):
        kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)


def test_links_on_the_way_to_an_image_are_not_followed(tree: Path, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot" / "bzImage").write_text("the-key-to-everything")
    harm = MAKEFILE.replace("@mkdir -p $(@D)\n\t@cat $< > $@", f"@mkdir -p arch/x86 && ln -s {tmp_path}/boot $(@D)")
    assert harm != MAKEFILE
    commit(tree, "harm", {"Makefile": harm})
    with opened() as kernels, pytest.raises(BuildError, match="behind a link"):
        kernels.build("HEAD", "x86_64", ["bzImage"], CONFIG)


def test_commits_of_a_repository_that_borrows(
    tree: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a series that is generated for the tree: a second run makes them in another place."""
    given: list[bytes] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        own = borrow(open_repository(tree), tmp_path / name)
        with opened(repository=own) as kernels:
            found: tuple[Kernel, ...] = kernels.build(run_git(tree, "rev-parse", "HEAD"), "x86_64", ["vmlinux"], CONFIG)
            given.append(found[0].image.read_bytes())
        monkeypatch.setattr(Runner, "run", None)
    assert given[0] == given[1]


def test_wrong_calls(tree: Path, opened: Open, cache: Cache) -> None:
    with pytest.raises(InputError, match="--trust-tree"):
        Kernels(tree, cache, trusted=False)
    with pytest.raises(InputError, match="is not a git repository"):
        Kernels(tree.parent, cache, trusted=True)
    with opened() as kernels:
        for commit_, arch, formats, why in (
            ("nowhere", "x86_64", ["vmlinux"], "has no commit 'nowhere'"),
            ("HEAD", "arm64", ["vmlinux"], "'arm64' cannot be booted: choose from x86_64, i386"),
            ("HEAD", "x86_64", ["zImage"], "'zImage' cannot be booted: choose from vmlinux, bzImage"),
        ):
            with pytest.raises(InputError, match=why):
                kernels.build(commit_, arch, formats, CONFIG)


def test_a_kernel_that_is_a_directory_of_the_repository(tmp_path: Path, cache: Cache) -> None:
    small_kernel(tmp_path / "vendor")
    run_git(tmp_path / "vendor", "rm", "-q", "-r", "--cached", ".")
    (tmp_path / "vendor" / "linux").mkdir()
    for name in ("Makefile", "Kconfig", "init", "mm"):
        (tmp_path / "vendor" / name).rename(tmp_path / "vendor" / "linux" / name)
    commit(tmp_path / "vendor", "elsewhere", {"linux/arch/x86/Makefile": "# x86\n"})
    with (
        Kernels(tmp_path / "vendor", cache, trusted=True, sandboxed=False) as kernels,
        pytest.raises(InputError, match="the kernel is in the directory linux"),
    ):
        kernels.build("HEAD", "x86_64", ["vmlinux"], CONFIG)
