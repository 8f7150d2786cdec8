"""How the files of a tree are compiled: the best source at hand, and the flags libclang may have.

In order: ``compile_commands.json``, kbuild's ``.*.cmd`` files, an existing ``.config`` with its generated
headers, a shipped profile. Flags come from untrusted files, so only the harmless ones pass.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.errors import InputError
from patcher.tree import kconfig
from patcher.tree.kernel import KernelTree
from patcher.tree.profile import Profile
from patcher.tree.profile import autoconf as autoconf_h

_SEARCHED = ("arch/x86/include", "include", "arch/x86/include/uapi", "include/uapi")
_BUILT = ("arch/x86/include/generated", "arch/x86/include/generated/uapi", "include/generated/uapi")
_FORCED = ("include/linux/compiler-version.h", "include/linux/kconfig.h", "include/linux/compiler_types.h")
_AUTOCONF = ("include/generated/autoconf.h", "include/linux/autoconf.h")
_HARMLESS = re.compile(
    r"-(?:[DU].+|std=\w+|m(?:16|32|64)|f(?:no-)?(?:short-wchar|unsigned-char|signed-char|ms-extensions|gnu89-inline|common))$"
)
_DRIVER_INCLUDE = re.compile(
    rb"^[ \t]*(?:ccflags-y|EXTRA_CFLAGS|subdir-ccflags-y|KBUILD_CPPFLAGS)[ \t]*[:+]?=[ \t]*((?:.*\\\n)*.*)$", re.MULTILINE
)
_MAKE_FLAG = re.compile(rb"(-std=gnu\d\d|-fshort-wchar|-funsigned-char|-fms-extensions)(?![\w-])")
# An old kernel is written in the GNU C of its time; libclang 18 defaults to C17.
_DIALECT = "-std=gnu89"


class Config(NamedTuple):
    """One way to compile a tree.

    ``name`` is the profile's, or "build". ``source`` tells a person where it comes from. ``directories`` are
    searched for includes, ``forced`` are included first; all relative to the tree or to ``files``, headers that
    the tree itself lacks (path → content). ``flags`` go to the compiler as they are; ``per_file`` gives the
    flags and directories that one file has besides. ``generate`` makes the headers that are still missing.
    """

    name: str
    arch: str
    source: str
    directories: tuple[str, ...]
    forced: tuple[str, ...]
    flags: tuple[str, ...]
    files: dict[str, bytes]
    per_file: Mapping[str, tuple[str, ...]]
    generate: bool


def from_profile(tree: KernelTree, profile: Profile, symbols: Sequence[kconfig.Symbol]) -> Config:
    """The configuration of a shipped profile on this tree, whose Kconfig has ``symbols``."""
    autoconf = _AUTOCONF[0]
    makefiles = b"".join(tree.read(["Makefile", "arch/x86/Makefile"]).values())
    told = {flag.decode() for flag in _MAKE_FLAG.findall(makefiles)}
    dialect = max((flag for flag in told if flag.startswith("-std=")), default=_DIALECT)
    settled = kconfig.settled(symbols, profile.config, profile.never)
    files = {autoconf: autoconf_h(settled)}
    return Config(
        name=profile.name,
        arch=profile.arch,
        source=f"shipped profile {profile.name}",
        directories=_directories(tree),
        forced=(autoconf, *(path for path in _FORCED if path in tree.paths())),
        flags=("-target", profile.target, dialect, *sorted(flag for flag in told if flag[:2] == "-f")),
        files=files,
        per_file={},
        generate=True,
    )


def _directories(tree: KernelTree) -> tuple[str, ...]:
    return _SEARCHED + _BUILT


def own_directories(tree: KernelTree, paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The ``-I`` that the Makefile beside each file adds, read as text: path → directories in the tree."""
    makefiles = {path: posixpath.dirname(path) for path in paths}
    places = set(makefiles.values())
    texts = tree.read([f"{place}/{name}" for place in places for name in ("Makefile", "Kbuild")])
    found = {}
    for place in places:
        words = [
            word
            for name in ("Makefile", "Kbuild")
            for line in _DRIVER_INCLUDE.findall(texts.get(f"{place}/{name}", b""))
            for word in line.decode("utf-8", "replace").split()
        ]
        found[place] = tuple(dict.fromkeys(_own(place, word[2:]) for word in words if word.startswith("-I")))
    return {path: found[place] for path, place in makefiles.items()}


def _own(place: str, directory: str) -> str:
    for variable in ("$(src)", "$(obj)", "$(srctree)/$(src)"):
        if directory.startswith(variable):
            return posixpath.normpath(place + directory.removeprefix(variable))
    for variable in ("$(srctree)/", "$(objtree)/", "$(TOPDIR)/"):
        directory = directory.removeprefix(variable)
    return posixpath.normpath(directory)


def from_build(tree: KernelTree) -> Config | None:
    """The configuration of a build in the tree's own directory, or None where there was none.

    Raises InputError where ``compile_commands.json`` is not what its name says.
    """
    root = tree.worktree
    if root is None:
        return None
    autoconf = next((path for path in _AUTOCONF if (root / path).is_file()), None)
    if autoconf is None:
        return None
    for source, reader in (("compile_commands.json", _database), (".cmd files of a build", _command_files)):
        commands = reader(root)
        if commands:
            break
    else:
        source, commands = ".config and generated headers", {}
    built = _built_headers(root)
    wide = b"#define CONFIG_X86_64 1" in built[autoconf] if autoconf in built else True
    arch = "x86_64" if wide else "i386"
    return Config(
        name="build",
        arch=arch,
        source=source,
        directories=_directories(tree),
        forced=(autoconf, *(path for path in _FORCED if path in tree.paths())),
        flags=("-target", f"{arch}-linux-gnu", _DIALECT),
        files=built,
        per_file=commands,
        generate=True,
    )


def _built_headers(root: Path) -> dict[str, bytes]:
    found = {}
    for place in ("include/generated", "include/linux/autoconf.h", "include/linux/version.h", "include/config", *_BUILT):
        start = root / place
        files = [start] if start.is_file() else (file for file in start.rglob("*.h") if not file.is_symlink())
        for file in files:
            found[file.relative_to(root).as_posix()] = file.read_bytes()
    return found


class _Command(msgspec.Struct):
    directory: str
    file: str
    command: str = ""
    arguments: list[str] = msgspec.field(default_factory=list)


def _database(root: Path) -> dict[str, tuple[str, ...]]:
    file = root / "compile_commands.json"
    if not file.is_file():
        return {}
    try:
        commands = msgspec.json.decode(file.read_bytes(), type=list[_Command])
        listed = ((entry.directory, entry.file, entry.arguments or shlex.split(entry.command)) for entry in commands)
        return dict(_harmless(root, listed))
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(
            f"{file} cannot be used ({error})", "make it again, or choose a profile with --profile"
        ) from error


def _command_files(root: Path) -> dict[str, tuple[str, ...]]:
    def listed() -> Iterator[tuple[str, str, list[str]]]:
        for place in ("arch/x86", "drivers", "mm", "fs", "kernel"):
            for file in (root / place).rglob(".*.o.cmd"):
                first = file.read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
                try:
                    words = shlex.split(first.partition(":=")[2])
                except ValueError:
                    continue  # not a command line we can read: the file keeps the general flags
                if words and words[-1].endswith(".c"):
                    yield str(root), words[-1], words

    return dict(_harmless(root, listed()))


def _harmless(root: Path, commands: Iterable[tuple[str, str, list[str]]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Path in the tree → flags that cannot make libclang load or write anything, includes as tree paths."""
    for directory, file, words in commands:
        path = os.path.relpath(os.path.join(directory, file), root)  # noqa: PTH118 - no resolving of links
        if path.startswith(".."):
            continue
        flags: list[str] = []
        for word in words:
            if word.startswith("-I"):
                inside = os.path.relpath(os.path.join(directory, word[2:]), root)  # noqa: PTH118
                if not inside.startswith(".."):
                    flags.append(f"-I{inside}")
            elif _HARMLESS.match(word):
                flags.append(word)
        yield path, tuple(flags)

