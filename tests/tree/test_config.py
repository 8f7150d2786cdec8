from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_build, from_profile
from patcher.tree.directory import DirectoryTree
from patcher.tree.makefiles import own_directories

Build = Callable[..., Config]


@pytest.fixture
def tree(tmp_path: Path) -> DirectoryTree:
    (tmp_path / "Makefile").write_text("VERSION = 2\nPATCHLEVEL = 6\n")
    return DirectoryTree(tmp_path)


def write(tree: DirectoryTree, path: str, text: str) -> None:
    (tree.root / path).parent.mkdir(parents=True, exist_ok=True)
    (tree.root / path).write_text(text)


@pytest.fixture
def build(tree: DirectoryTree) -> Build:
    """A build of the tree whose compile_commands.json has these entries."""

    def make(*entries: dict[str, object], autoconf: str = "#define CONFIG_X86_64 1\n") -> Config:
        write(tree, "include/generated/autoconf.h", autoconf)
        write(tree, "compile_commands.json", json.dumps(entries))
        found = from_build(tree, None)
        assert found is not None
        return found

    return make


@pytest.mark.parametrize(
    ("makefile", "wanted"),
    [
        ("ccflags-y := -Iinclude/drm\n", ("include/drm",)),
        ("EXTRA_CFLAGS += -Idrivers/media/dvb -DDEBUG -Idrivers/media\n", ("drivers/media/dvb", "drivers/media")),
        ("ccflags-y += -I$(src)/inc -I$(srctree)/include/drm\n", ("drivers/a/inc", "include/drm")),
        ("ccflags-y += -I$(srctree)/$(src)\n", ("drivers/a",)),
        ("subdir-ccflags-y = -I$(TOPDIR)/drivers/b \\\n\t-I$(obj)/../c\n", ("drivers/b", "drivers/c")),
        ("# ccflags-y := -Iinclude/drm\nobj-y := a.o\n", ()),
        ("ccflags-y += -I $(srctree)/include/drm\n", ("include/drm",)),
        ("ccflags-$(CONFIG_A) += -I$(src)/inc\n", ("drivers/a/inc",)),
        ("A = $(srctree)/$(src)/..\nccflags-y := -I$(A)/c/inc \\\n -I$(A)/d\n", ("drivers/c/inc", "drivers/d")),
        ("CFLAGS_a.o := -I$(src)/own\nCFLAGS_other.o := -I$(src)/others\n", ("drivers/a/own",)),
        ("A = $(A)x\nccflags-y := -I$(A)\n", ()),
    ],
)  # fmt: skip
def test_directories_of_the_makefile_beside_a_file(tree: DirectoryTree, makefile: str, wanted: tuple[str, ...]) -> None:
    write(tree, "drivers/a/Makefile", makefile)
    write(tree, "drivers/b/b.c", "")
    assert own_directories(tree, ("drivers/a/a.c", "drivers/b/b.c")) == {"drivers/a/a.c": wanted, "drivers/b/b.c": ()}


def test_directories_of_the_makefiles_above(tree: DirectoryTree) -> None:
    write(tree, "drivers/Makefile", "subdir-ccflags-y += -I$(src)/common\nccflags-y += -I$(src)/not-below\n")
    write(tree, "drivers/a/Makefile", "ccflags-y += -I$(src)\n")
    assert own_directories(tree, ("drivers/a/a.c",)) == {"drivers/a/a.c": ("drivers/a", "drivers/common")}


@pytest.mark.parametrize("autoconf", ["#define CONFIG_ARM 1\n", "", "garbage\n#define CONFIG_PPC64 1\n"])
def test_what_another_architecture_has_left_is_no_build(tree: DirectoryTree, autoconf: str) -> None:
    write(tree, "include/generated/autoconf.h", autoconf)
    assert from_build(tree, None) is None
    with pytest.raises(InputError, match=r"is a build for another architecture"):
        from_build(tree, tree.root)


def test_a_profile(mini: Path) -> None:
    tree = DirectoryTree(mini)
    config = from_profile(tree, profile.load("i386-xen-domu"), kconfig.read(tree))
    assert (config.name, config.arch) == ("i386-xen-domu", "i386")
    assert config.flags[:2] == ("-target", "i386-linux-gnu")
    assert "-std=gnu89" in config.flags
    autoconf = config.files[config.forced[0]]
    assert b"#define CONFIG_XEN 1\n" in autoconf
    assert b"CONFIG_X86_64 " not in autoconf


def test_a_profile_speaks_the_dialect_that_the_makefile_asks_for(tree: DirectoryTree) -> None:
    write(tree, "Makefile", "KBUILD_CFLAGS := -std=gnu11 -fshort-wchar -funsigned-char -fplugin=evil.so\n")
    flags = from_profile(tree, profile.load("x86_64-xen-dom0"), ()).flags
    assert flags == ("-target", "x86_64-linux-gnu", "-std=gnu11", "-fshort-wchar", "-funsigned-char")


def test_no_build(tree: DirectoryTree) -> None:
    assert from_build(tree, None) is None


def test_a_build_without_commands(tree: DirectoryTree) -> None:
    write(tree, "include/generated/autoconf.h", "#define CONFIG_X86_32 1\n")
    write(tree, "include/generated/bounds.h", "#define NR_PAGEFLAGS 22\n")
    config = from_build(tree, None)
    assert config is not None
    assert (config.name, config.arch, config.source) == ("build", "i386", ".config and generated headers of a build")
    assert config.files["include/generated/bounds.h"] == b"#define NR_PAGEFLAGS 22\n"
    assert config.per_file == {}


def test_an_old_builds_autoconf(tree: DirectoryTree) -> None:
    write(tree, "include/linux/autoconf.h", "#define CONFIG_X86_64 1\n")
    config = from_build(tree, None)
    assert config is not None
    assert config.forced[0] == "include/linux/autoconf.h"


def test_generated_headers_are_not_read_through_links(tree: DirectoryTree, tmp_path: Path) -> None:
    write(tree, "include/generated/autoconf.h", "#define CONFIG_X86_64 1\n")
    write(tree, "secret.h", "")
    (tmp_path / "include" / "generated" / "evil.h").symlink_to(tmp_path / "secret.h")
    config = from_build(tree, None)
    assert config is not None
    assert "include/generated/evil.h" not in config.files


def test_a_build_somewhere_else(mini: Path, tmp_path: Path) -> None:
    """As with kbuild's O=: headers come from there, and paths of sources are those of the tree."""
    entry = {
        "directory": str(tmp_path),
        "file": f"{mini}/mm/memory.c",
        "arguments": ["gcc", "-DX", f"-I{mini}/include", "-Iinclude"],
    }
    elsewhere = DirectoryTree(tmp_path)
    write(elsewhere, "include/generated/autoconf.h", "#define CONFIG_X86_32 1\n")
    write(elsewhere, "compile_commands.json", json.dumps([entry]))
    config = from_build(DirectoryTree(mini), tmp_path)
    assert config is not None
    assert config.files == {"include/generated/autoconf.h": b"#define CONFIG_X86_32 1\n"}
    assert config.per_file == {"mm/memory.c": ("-DX", "-Iinclude", "-Iinclude")}


def test_a_build_that_is_none(mini: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no configured kernel"):
        from_build(DirectoryTree(mini), tmp_path)


@pytest.mark.parametrize("form", ["command", "arguments"])
def test_commands_are_read(tree: DirectoryTree, build: Build, form: str) -> None:
    words = [
        "gcc",
        "-m64",
        "-DA=1",
        "-UB",
        "-I./include",
        f"-I{tree.root}/arch/x86/include",
        "-std=gnu11",
        "-c",
        "mm/a.c",
    ]
    command = {"command": " ".join(words)} if form == "command" else {"arguments": words}
    config = build({"directory": str(tree.root), "file": "mm/a.c", **command})
    assert config.source == "compile_commands.json of a build"
    assert config.per_file == {"mm/a.c": ("-m64", "-DA=1", "-UB", "-std=gnu11", "-Iinclude", "-Iarch/x86/include")}


@pytest.mark.parametrize(
    "hostile",
    [
        ["-fplugin=/evil.so"], ["-Xclang", "-load", "-Xclang", "/evil.so"], ["@/etc/passwd"],
        ["-include", "/etc/passwd"], ["-include/etc/passwd"], ["-imacros", "/etc/passwd"], ["-B", "/evil"],
        ["-B/evil"], ["-o", "/out"], ["-o/out"], ["-MF", "/out"], ["-MD"], ["-Wp,-MD,/out"], ["-fmodules"],
        ["-fmodules-cache-path=/out"], ["-save-temps"], ["-fprofile-generate=/out"],
        ["--serialize-diagnostics", "/out"], ["-ivfsoverlay", "/evil.yaml"], ["-MJ", "/out"],
        ["-fpass-plugin=/evil.so"], ["-mllvm", "-load=/evil.so"], ["-isystem", "/etc"], ["-isysroot", "/"],
        ["--sysroot=/"], ["-I/etc"], ["-I../../etc"], ["-I", "/etc"], ["-iquote", "/etc"], ["-idirafter/etc"],
        ["-resource-dir", "/evil"], ["-gen-cdb-fragment-path", "/out"], ["-specs=/evil"],
        ["-std=gnu11\n-load"], ["--config=/evil"], ["-include-pch", "/evil"], ["-fdebug-prefix-map=a=b"],
        ["-x", "c++"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_dangerous_flags_are_dropped(tree: DirectoryTree, build: Build, hostile: list[str]) -> None:
    arguments = ["gcc", "-m64", *hostile, "-DLAST", "mm/a.c"]
    config = build({"directory": str(tree.root), "file": "mm/a.c", "arguments": arguments})
    assert config.per_file == {"mm/a.c": ("-m64", "-DLAST")}


def test_files_outside_the_tree_are_passed_over(tree: DirectoryTree, build: Build) -> None:
    config = build(
        {"directory": str(tree.root), "file": "../other/a.c", "arguments": ["gcc"]},
        {"directory": str(tree.root), "file": "/etc/a.c", "arguments": ["gcc"]},
        {"directory": str(tree.root), "file": "mm/a.c", "arguments": ["gcc"]},
    )
    assert list(config.per_file) == ["mm/a.c"]


def test_a_build_directory_below_the_tree(tree: DirectoryTree, build: Build) -> None:
    config = build(
        {"directory": f"{tree.root}/obj", "file": "../mm/a.c", "command": "gcc -I../include -Iinclude ../mm/a.c"}
    )
    assert config.per_file == {"mm/a.c": ("-Iinclude", "-Iobj/include")}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"{}", b"[1]", b'[{"file": 3, "directory": "."}]', b'[{"file": "a.c"}]', b"\xff\xfe",
        b'[{"directory": ".", "file": "a.c", "command": "gcc \'"}]', b"[" * 100_000, b'[{"a":' + b"9" * 5000 + b"}]",
    ],
)  # fmt: skip
def test_a_malformed_database(tree: DirectoryTree, content: bytes) -> None:
    write(tree, "include/generated/autoconf.h", "#define CONFIG_X86_64 1\n")
    (tree.root / "compile_commands.json").write_bytes(content)
    with pytest.raises(InputError, match=r"compile_commands\.json(?: cannot be used|: )") as raised:
        from_build(tree, None)
    assert "\n" not in str(raised.value)


def test_kbuilds_command_files(tree: DirectoryTree) -> None:
    write(tree, "include/generated/autoconf.h", "#define CONFIG_X86_64 1\n")
    write(
        tree,
        "mm/.a.o.cmd",
        "cmd_mm/a.o := gcc -Wp,-MD,mm/.a.o.d -Iinclude -DX -fplugin=evil.so -c -o mm/a.o mm/a.c\n\ndeps :=\n",
    )
    write(tree, "mm/.b.o.cmd", "savedcmd_mm/b.o := gcc -m64 -c -o mm/b.o mm/b.c ; evil\n")
    write(tree, "mm/.c.o.cmd", "cmd_mm/c.o := gcc 'unbalanced mm/c.c\n")
    config = from_build(tree, None)
    assert config is not None
    assert config.source == ".cmd files of a build"
    assert config.per_file["mm/a.c"] == ("-DX", "-Iinclude")
    assert "mm/c.c" not in config.per_file


@pytest.mark.parametrize("entry", [{"directory": "", "file": ""}, {"directory": "a\0b", "file": "\0"}])
def test_names_of_nothing_in_the_database(build: Build, entry: dict[str, object]) -> None:
    assert not set(build({**entry, "command": "gcc"}).per_file) & {"", "."}


@pytest.mark.parametrize("name", ["compile_commands.json", "include/generated/autoconf.h", "mm/.a.o.cmd"])
@pytest.mark.parametrize("kind", ["fifo", "link", "huge"])
def test_what_is_no_file_of_the_build(tree: DirectoryTree, tmp_path: Path, name: str, kind: str) -> None:
    write(tree, "include/generated/autoconf.h", "#define CONFIG_X86_64 1\n")
    write(tree, "mm/.a.o.cmd", "")
    place = tree.root / name
    place.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "huge":
        with place.open("wb") as sparse:
            sparse.truncate(2**40)
    else:
        (tmp_path.parent / "outside").write_text("[]")
        place.symlink_to(tmp_path.parent / "outside")
    if name == "mm/.a.o.cmd" and kind != "huge":  # one of many, which is not among the files of the build
        assert from_build(tree, None)
        return
    with pytest.raises(InputError, match=r"cannot read \S+: (?:it is a FIFO|it leads out|it has more)"):
        from_build(tree, None)


def test_directories_of_the_makefile_that_includes_this_one(tmp_path: Path) -> None:
    files = {
        "drivers/amd/core/Makefile": "TOP=$(src)/..\nccflags-y := -I$(TOP)/include -I$(TOP)/part\ncore-y := core.o\n"
        "include $(TOP)/part/Makefile\ncore-y += $(PART_FILES)\nobj-m += core.o\n",
        "drivers/amd/part/Makefile": "PART_FILES := ../part/part.o\n",
        "drivers/amd/apart/Makefile": "APART_FILES := apart.o\n",
        "drivers/amd/own/Makefile": "obj-m += own.o\n",
        "drivers/amd/other/Makefile": "ccflags-y := -Idrivers/other\n# part/Makefile is not included here\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    paths = ("drivers/amd/part/part.c", "drivers/amd/apart/apart.c", "drivers/amd/own/own.c")
    found = own_directories(DirectoryTree(tmp_path), paths)
    assert found == {paths[0]: ("drivers/amd/include", "drivers/amd/part"), paths[1]: (), paths[2]: ()}
