"""How the files of a tree are compiled: the best source at hand, and the flags libclang may have.

In order: ``compile_commands.json``, kbuild's ``.*.cmd`` files, an existing ``.config`` with its generated
headers, a shipped profile. Flags come from untrusted files, so only the harmless ones pass.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.errors import InputError
from patcher.files import HUGE, files_below, is_directory, present, read_file, read_optional
from patcher.formats import from_json
from patcher.tree import kconfig
from patcher.tree.kernel import KernelTree, version
from patcher.tree.profile import Profile
from patcher.tree.profile import autoconf as autoconf_h

_SEARCHED = ("arch/x86/include", "include", "arch/x86/include/uapi", "include/uapi")
_BUILT = ("arch/x86/include/generated", "arch/x86/include/generated/uapi", "include/generated/uapi")
_FORCED = ("include/linux/compiler-version.h", "include/linux/kconfig.h", "include/linux/compiler_types.h")
_AUTOCONF = ("include/generated/autoconf.h", "include/linux/autoconf.h")
_HARMLESS = re.compile(
    r"-(?:[DU].+|std=\w+|m(?:16|32|64)|f(?:no-)?(?:short-wchar|unsigned-char|signed-char|ms-extensions|gnu89-inline|common))$"
)
_ADVICE = "make it again, or choose a profile with --profile"
_RELEASE = re.compile(rb'UTS_RELEASE "([^"]*)"')
_OURS = re.compile(rb"^#define CONFIG_X86(?:_32|_64)? 1$", re.MULTILINE)
_DEFINED = re.compile(r"^#define (CONFIG_\w+)", re.MULTILINE)
_INCLUDED = re.compile(r"-I.")
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

    @property
    def symbols(self) -> frozenset[str]:
        """The CONFIG symbols that are set, with their prefix."""
        return frozenset(_DEFINED.findall(self.files[self.forced[0]].decode("ascii", "replace")))


def from_profile(tree: KernelTree, profile: Profile, symbols: Sequence[kconfig.Symbol]) -> Config:
    """The configuration of a shipped profile on this tree, whose Kconfig has ``symbols``."""
    autoconf = _AUTOCONF[0]
    settled = kconfig.settled(symbols, profile.config, profile.never)
    files = {autoconf: autoconf_h(settled)}
    return Config(
        name=profile.name,
        arch=profile.arch,
        source=f"shipped profile {profile.name}",
        directories=_SEARCHED + _BUILT,
        forced=(autoconf, *tree.blobs(_FORCED)),
        flags=("-target", profile.target, *_dialect(tree)),
        files=files,
        per_file={},
        generate=True,
    )


def _dialect(tree: KernelTree) -> tuple[str, ...]:
    """The C that the tree is written in, as its Makefiles say."""
    makefiles = b"".join(tree.read(["Makefile", "arch/x86/Makefile"]).values())
    flags = {flag.decode() for flag in _MAKE_FLAG.findall(makefiles)}
    standard = max((flag for flag in flags if flag.startswith("-std=")), default=_DIALECT)
    return (standard, *sorted(flag for flag in flags if flag.startswith("-f")))


def from_build(tree: KernelTree, build: Path | None) -> Config | None:
    """The configuration of a build: in ``build`` (kbuild's ``O=``), else in the tree's own directory; None where there
    was none.

    Raises InputError where ``build`` holds no configured kernel, or ``compile_commands.json`` cannot be read as that.
    """
    root = build or tree.worktree
    autoconf = next((path for path in _AUTOCONF if root and present(root / path)), None)
    if root is None or autoconf is None:
        if build:
            raise InputError(f"{build} holds no configured kernel", f"there is no {_AUTOCONF[0]}; run 'make prepare'")
        return None
    content = read_file(root / autoconf, below=root, advice=_ADVICE)
    if not _OURS.search(content):
        if build:
            raise InputError(f"{build} is a build for another architecture", "x86 is what is planned for")
        return None  # stray, or committed by mistake
    built = {**_built_headers(root), autoconf: content}
    release = _RELEASE.search(built.get("include/generated/utsrelease.h", b""))
    if release and not release.group(1).startswith(version(tree).encode()):
        if build:
            raise InputError(
                f"{build} is a build of {release.group(1).decode('ascii', 'replace')}, the tree is {version(tree)}",
                "name another with --build, or leave it away",
            )
        return None  # built at another revision than the one that is asked for
    source, commands = _recorded(tree.worktree or root, root)
    arch = "x86_64" if b"#define CONFIG_X86_64 1" in built[autoconf] else "i386"
    return Config(
        name="build",
        arch=arch,
        source=f"{source} of a build",
        directories=_SEARCHED + _BUILT,
        forced=(autoconf, *tree.blobs(_FORCED)),
        flags=("-target", f"{arch}-linux-gnu", *_dialect(tree)),
        files=built,
        per_file=commands,
        generate=True,
    )


def _recorded(top: Path, build: Path) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The best record of the build's commands: what it is called, and path → flags."""
    for source, reader in (("compile_commands.json", _database), (".cmd files", _command_files)):
        commands = reader(top, build)
        if commands:
            return source, commands
    return ".config and generated headers", {}


def _built_headers(root: Path) -> dict[str, bytes]:
    found = {}
    for place in ("include/generated", "include/linux/autoconf.h", "include/linux/version.h", *_BUILT):
        start = root / place
        named = [start] if present(start) else []
        files = files_below(start, ".h", below=root) if is_directory(start) else named
        for file in files:
            found[file.relative_to(root).as_posix()] = read_file(file, below=root, advice=_ADVICE)
    return found


class _Command(msgspec.Struct):
    directory: str
    file: str
    command: str = ""
    arguments: list[str] = msgspec.field(default_factory=list)


def _database(top: Path, build: Path) -> dict[str, tuple[str, ...]]:
    file = build / "compile_commands.json"
    content = read_optional(file, most=HUGE, below=build, advice=_ADVICE)
    if content is None:
        return {}
    commands = from_json(content, list[_Command], file, _ADVICE)
    try:
        listed = [(each.directory, each.file, each.arguments or shlex.split(each.command)) for each in commands]
    except ValueError as error:
        raise InputError(f"{file} cannot be used ({error})", _ADVICE) from error
    return dict(_harmless((top, build), listed))


def _command_files(top: Path, build: Path) -> dict[str, tuple[str, ...]]:
    listed = []
    for place in ("arch/x86", "drivers", "mm", "fs", "kernel"):
        if not is_directory(build / place):
            continue
        for file in files_below(build / place, ".o.cmd", below=build):
            content = read_file(file, below=build, advice=_ADVICE)
            first = content.split(b"\n", 1)[0].decode("utf-8", "replace")
            try:
                words = shlex.split(first.partition(":=")[2].partition(";")[0])
            except ValueError:
                continue  # not a command line we can read: the file keeps the general flags
            if words and words[-1].endswith(".c"):
                listed.append((str(build), words[-1], words))
    return dict(_harmless((top, build), listed))


def _harmless(
    roots: tuple[Path, Path], commands: Iterable[tuple[str, str, list[str]]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Path in the tree → flags that cannot make libclang load or write anything, includes as tree paths."""
    for directory, file, words in commands:
        path = _inside(roots, directory, file)
        if path:
            places = (_inside(roots, directory, word[2:]) for word in words if _INCLUDED.match(word))
            flags = [word for word in words if _HARMLESS.match(word)]
            yield path, (*flags, *(f"-I{place}" for place in places if place))


def _inside(roots: tuple[Path, Path], directory: str, path: str) -> str:
    """The path relative to the tree or the build directory, which are laid out alike; "" outside of both."""
    for root in (os.path.abspath(root) for root in roots):  # noqa: PTH100 - no resolving of links
        named = os.path.normpath(os.path.join(root, directory, path))  # noqa: PTH118
        if path and named.startswith(f"{root.rstrip('/')}/"):
            return named.removeprefix(root.rstrip("/") + "/")
    return ""
