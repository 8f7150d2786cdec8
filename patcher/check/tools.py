"""Compilers and checkers: which program each is for an architecture, where it lies, and what make is told of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from patcher.check.arches import ARCHES, directory, native
from patcher.check.refused import ReadText
from patcher.check.variables import Variables
from patcher.errors import InputError

GCC, CLANG, MODPOST = "gcc", "clang", "modpost"
BESIDE = ("kernel-doc", "dt", "rst")  # what looks at files, and compiles nothing
_CHECKERS = {"sparse": "sparse", "smatch": "smatch -p=kernel"}
_NO_KERNEL_DOC = ("cmd_checkdoc", "")  # a command of kbuild since 4.15, where W is set
_OWN = ("C", "CHECK", "W", _NO_KERNEL_DOC[0])  # variables of checkers, and of more warnings
_WARNINGS = re.compile(r"W=[123]{1,3}")
_BESIDE_CLANG = ("ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy")
_BESIDE_GCC = ("as", "ld", "nm", "objcopy")
_NOT_INSTALLED = "is not installed"
_SEEN = ("/usr/local/bin", "/usr/bin", "/bin")  # where a program in the sandbox looks for others
_KNOWS_LLVM = re.compile(r"^if.*\bLLVM\b", re.MULTILINE)
_OF_PREFIX = ("bin", "lib", "lib32", "lib64", "libexec", "include", "pyvenv.cfg")


class Tool(NamedTuple):
    """A compiler or checker: what it was asked for as, the command, its version line, and ("" or) why it is missing.

    ``given``: variables for make. ``places``: directories that the sandbox is to show, as they are not the system's.
    ``plain``: the compiler that a checker goes with, or that is asked for more warnings. ``beside``: what tells one
    version of the assembler, the linker and the like from another.
    """

    name: str
    command: str
    version: str
    missing: str
    given: tuple[tuple[str, str], ...] = ()
    places: tuple[str, ...] = ()
    plain: Tool | None = None
    beside: tuple[str, ...] = ()

    @property
    def compiler(self) -> str:
        """The compiler's command."""
        return self.plain.command if self.plain else self.command

    def binutil(self, name: str) -> str:
        """The program of binutils that goes with the compiler, such as ``nm``."""
        given = dict(self.given)
        if "LLVM" in given:
            where, clang, suffix = self.compiler.rpartition(CLANG)
            return f"{where}llvm-{name}{suffix}" if clang else name
        return f"{given.get('CROSS_COMPILE', '')}{name}"

    @property
    def checks(self) -> bool:
        """Whether kbuild runs it beside the compiler."""
        return self.name in _CHECKERS


class Names(NamedTuple):
    """What was asked for: ``compile``, plain compilers first, and those of BESIDE."""

    compile: tuple[str, ...]
    beside: tuple[str, ...]


def names(asked: str, variables: Variables) -> Names:
    """The tools that were asked for, parted by commas; where nothing was, what ``make`` would use. Raises InputError
    for what is no tool."""
    found = [name.strip() for name in asked.split(",") if name.strip()]
    if not asked:
        found = [f"W={variables.warnings}" if variables.warnings else CLANG if variables.llvm else GCC]
    elif variables.warnings:
        found.append(f"W={variables.warnings}")
    known = (GCC, CLANG, MODPOST, *_CHECKERS, *BESIDE)
    wrong = [name for name in found if name not in known and not _WARNINGS.fullmatch(name)]
    if wrong or not found:
        raise InputError(
            f"--with {asked}: {wrong[0] if wrong else 'nothing'} is no tool",
            f"choose from {', '.join(known)}, W=1, W=2, W=3",
        )
    ordered = sorted(dict.fromkeys(found), key=lambda name: name not in (GCC, CLANG))
    beside = tuple(name for name in ordered if name in BESIDE)
    return Names(tuple(name for name in ordered if name not in BESIDE), beside)


def tools(wanted: Names, arch: str, variables: Variables) -> tuple[Tool, ...]:
    """What compiles, for what ARCH is set to ("" for this machine). ``variables`` name other programs than those that
    are the default; CROSS_COMPILE is meant for this architecture."""
    asked = wanted.compile
    compilers = {GCC: gcc, CLANG: clang}
    usual = next((name for name in asked if name in compilers), CLANG if variables.llvm else GCC)
    found = {name: compilers[name](arch, variables) for name in {*asked, usual} if name in compilers}
    documented = "kernel-doc" in wanted.beside
    return tuple(found[name] if name in found else _beside(name, found[usual], documented) for name in asked)


def _beside(name: str, plain: Tool, documented: bool) -> Tool:
    """A checker, or the compiler with more warnings. ``documented``: comments are looked at already."""
    if name in _CHECKERS:
        checker = tool(name, _CHECKERS[name])
        checker = _from(name if name == "sparse" else "", checker, f"{checker.missing}: Debian has no package of it")
        return checker._replace(
            missing=plain.missing or checker.missing, plain=plain, places=plain.places,
            given=(*plain.given, ("C", "2"), ("CHECK", checker.command)),
        )  # fmt: skip
    own = [("W", name.partition("=")[2])] if name != MODPOST else []
    if documented and own:
        own.append(_NO_KERNEL_DOC)
    return plain._replace(name=name, given=(*plain.given, *own), plain=plain)


def gcc(arch: str, variables: Variables) -> Tool:
    """gcc for what ARCH is set to: this machine's, or a cross compiler."""
    prefix = variables.cross_compile
    if not prefix:
        if directory(arch) == native():
            return _from(GCC, tool(GCC))
        prefix = f"{ARCHES[arch].triplet}-"
    command = _located(f"{prefix}gcc")
    found = tool(GCC, command)
    if not variables.cross_compile:
        found = _from(ARCHES[arch].package, found, f"Debian has no compiler for {arch}; set CROSS_COMPILE")
    return found._replace(given=(("CROSS_COMPILE", command.removesuffix("gcc")),))


def clang(arch: str, variables: Variables) -> Tool:
    """clang, and what goes with it. It is for every architecture; make is told LLVM by ``adjustments``, where the tree
    knows that."""
    llvm = variables.llvm or "1"
    before, after = (llvm, "") if llvm.endswith("/") else ("", llvm) if llvm.startswith("-") else ("", "")
    command = _located(f"{before}{CLANG}{after}")
    if not before and "/" in command:
        before = command.removesuffix(f"{CLANG}{after}")
    found = tool(CLANG, command)
    llvm = f"{before}" if before and not after else after or "1"
    return (found if before else _from(f"{CLANG}{after}", found))._replace(given=(("LLVM", llvm),))


def _from(package: str, found: Tool, otherwise: str = "") -> Tool:
    """The tool; if it is not installed, with Debian's package that it is in, or what to say where that is ""."""
    if not found.missing.endswith(_NOT_INSTALLED):
        return found
    return found._replace(missing=f"{found.missing}: Debian has it in {package}" if package else otherwise)


def fitting(chosen: Tool, arch: str, read: ReadText) -> Tool:
    """A tool as a tree takes it: one whose Makefile knows no LLVM= is told the compiler alone, and one that does not
    tell clang the architecture, its triplet. ``read``: the text of a file of the tree, "" where there is none."""
    if chosen.plain:
        plain = fitting(chosen.plain, arch, read)
        own = (pair for pair in chosen.given if pair[0] in _OWN)
        missing = plain.missing or chosen.missing
        return chosen._replace(plain=plain, given=(*plain.given, *own), missing=missing, beside=plain.beside)
    fitted = _fitting(chosen, arch, read)
    return fitted._replace(beside=tuple(map(_stamp, programs(fitted)[1:])))


def _fitting(chosen: Tool, arch: str, read: ReadText) -> Tool:
    given = dict(chosen.given)
    if "LLVM" not in given:
        return chosen
    if not _KNOWS_LLVM.search(read("Makefile")):
        del given["LLVM"]
    elif not chosen.missing and (missing := lacking(chosen)):
        return chosen._replace(missing=missing)
    if directory(arch) != native() and not read("scripts/Makefile.clang"):
        given["CROSS_COMPILE"] = f"{ARCHES[arch].triplet}-"
    return chosen._replace(given=tuple(given.items()))


def lacking(clang: Tool) -> str:
    """Why ``LLVM=`` cannot be used with a clang, "" where it can: of what goes with it, something is not installed."""
    stem = Path(clang.command).name
    for name in _BESIDE_CLANG:
        command = f"{clang.command.removesuffix(stem)}{name}{stem.removeprefix(CLANG)}"
        if shutil.which(command) is None:
            package = f"{'lld' if 'lld' in name else 'llvm'}{stem.removeprefix(CLANG)}"
            return f"{command} {_NOT_INSTALLED}, which LLVM=1 takes: Debian has it in {package}"
    return ""


def programs(chosen: Tool) -> tuple[str, ...]:
    """The programs whose versions decide on what a tool says, as commands."""
    if plain := chosen.plain:
        return tuple(dict.fromkeys((chosen.command, *programs(plain))))
    stem, given = Path(chosen.command).name, dict(chosen.given)
    if "LLVM" not in given:
        return (chosen.command, *(f"{given.get('CROSS_COMPILE', '')}{name}" for name in _BESIDE_GCC))
    directory, suffix = chosen.command.removesuffix(stem), stem.removeprefix(CLANG)
    return (chosen.command, *(f"{directory}{name}{suffix}" for name in _BESIDE_CLANG))


def tool(name: str, command: str = "") -> Tool:
    """The compiler or checker of that name (or the command given for it), tried out."""
    command = command or name
    program = shutil.which(command.split()[0])
    if program is None:
        return Tool(name, command, "", f"{command.split()[0]} {_NOT_INSTALLED}")
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Tool(name, command, "", f"{command} does not run ({error})")
    output = (done.stdout or done.stderr).strip().partition("\n")[0]
    if done.returncode:
        return Tool(name, command, "", f"{command} does not run ({output})")
    return Tool(name, command, f"{output} ({_stamp(program)})", "", (), _places(command))


def _stamp(command: str) -> str:
    """What another version of a program has otherwise, without a call of it; "" where it is not installed."""
    if (file := shutil.which(command)) is None:
        return ""
    state = Path(file).resolve().stat()
    return f"{state.st_size}.{state.st_mtime_ns}"


def program(names: Iterable[str]) -> str:
    """The first of some programs that is installed, as a program in the sandbox is to call it: beside the Python that
    runs us, or in the user's PATH; "" where none is."""
    for name in names:
        beside = Path(sys.executable).parent / name
        if beside.is_file() and not str(beside).startswith(_SEEN):
            return str(beside)
        if shutil.which(found := _located(name)):
            return found
    return ""


def _located(command: str) -> str:
    """The command as a program in the sandbox is to be called: by its name where it finds that itself, else by where
    the user's PATH has it; as it is where it is not found. ccache's own names of compilers do not count."""
    if "/" in command:
        return os.path.abspath(command)  # noqa: PTH100 - as it is named: a link stays one
    places = [place for place in os.get_exec_path() if Path(place).name != "ccache"]
    found = shutil.which(command, path=os.pathsep.join(places))
    seen = shutil.which(command, path=os.pathsep.join(_SEEN))
    return found if found and (seen is None or not Path(found).samefile(seen)) else command


def _places(command: str) -> tuple[str, ...]:
    """What belongs to a program that lies outside of the system's directories: parts of the directory above its own,
    never all of that, which may be the user's home."""
    if "/" not in command:
        return ()
    found: dict[str, None] = {}
    files = {Path(command), Path(command).resolve()}
    pythons = {file.parent / "python3" for file in files}  # those of virtual environments
    for file in {*files, *pythons, *(python.resolve() for python in pythons)}:
        prefix = file.parent.parent
        if file.exists() and not file.is_relative_to("/usr"):
            triplet = file.name.rpartition("-")[0]
            parts: Iterable[Path] = (prefix / name for name in (*_OF_PREFIX, triplet) if name)
            found |= dict.fromkeys(str(part) for part in (file.parent, *parts) if part.exists())
    return tuple(sorted(found))
