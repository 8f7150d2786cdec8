"""The shim, which is ours alone, and linking a tree's objects with it."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher import __version__, temporary
from patcher.cache import Cache
from patcher.prove import elf, protocol, toolchain
from patcher.prove.elf import Elf
from patcher.prove.objects import ENTRY, SHIM_TEXT, segments

SHIM = Path(__file__).parent / "shim"
PAGE_OFFSET = {64: "0x0000100000000000", 32: "0xc0000000"}
_STUBS, APART = 0x60000000, 0x10000  # where nothing is: a touch faults, and the address names the symbol
_JUMP = re.compile(r"^\s*([0-9a-f]+):\s(?:7|eb|e9|0f 8)[0-9a-f ]+\sj\w+ +([0-9a-f]+)\b", re.MULTILINE)
_MOST_JUMPS = 4096  # of loops.c
_LAUNCHER_AT = 0x70000000  # of layout.h
_PROGRAM = ("program.S", "answers.c", "boot.c", "locks.c", "machine.c", "high.c", "play.c", "step.c", "loops.c",
            "repeat.c", "access.c", "tables.c", "end.S")  # fmt: skip
_LAUNCHER = ("launcher.S", "launcher.c")
COMMON = ("-fgnu89-inline", "-ffreestanding", "-fno-builtin", "-fno-pie", "-fno-pic", "-fno-stack-protector",
           "-fno-strict-aliasing", "-fno-common", "-fno-delete-null-pointer-checks", "-fno-strict-overflow",
           "-fno-asynchronous-unwind-tables", "-fno-omit-frame-pointer", "-fcf-protection=none",
           "-fno-optimize-sibling-calls", "-fno-ipa-sra", "-fno-ipa-cp", "-O1", "-g", "-w")  # fmt: skip
WIDTH = {
    64: ("-m64", "-mno-red-zone", "-mno-sse", "-mno-mmx", "-mcmodel=small"),
    32: ("-m32", "-mregparm=3", "-freg-struct-return", "-march=i686", "-mno-sse", "-mno-mmx"),
}


class Shim(NamedTuple):
    """What is ours alone: the shim's part of every program, as one object, and the launcher. ``exported``: the symbols
    that a tree's code can link to, and whether it may have its own instead."""

    program: bytes
    launcher: bytes
    exported: dict[str, bool]


_shim_decoder = msgspec.msgpack.Decoder(Shim)


def shim_of(bits: int, cache: Cache) -> Shim:
    """The shim for a word size, from the cache where it was built before: it has nothing of any tree's.

    Raises CompilerError where the compiler refuses it.
    """
    key = f"prove-shim:{shim_key()}:{bits}:{toolchain.identity()}"
    stored = cache.load(key, _shim_decoder.decode)
    if stored is None:
        stored = _compiled_shim(bits)
        cache.put(key, msgspec.msgpack.encode(stored))
    return stored


def _compiled_shim(bits: int) -> Shim:
    flags = [*COMMON, *WIDTH[bits], "-fvisibility=hidden", f"-DPROVE_PAGE_OFFSET={PAGE_OFFSET[bits]}UL"]
    with temporary.directory("prove") as directory:
        (directory / "protocol.h").write_text(protocol.header())
        # The same bytes wherever it is made: no directory's name, nor one that gcc gives an object by chance.
        maps = [f"-ffile-prefix-map={SHIM}=/shim", f"-ffile-prefix-map={directory}=/work"]
        flags += [f"-I{SHIM}", f"-I{directory}", *maps]
        objects = {name: str(directory / f"{name}.o") for name in (*_PROGRAM, *_LAUNCHER)}
        for name, file in objects.items():
            toolchain.run(["gcc", *flags, "-c", "-o", file, str(SHIM / name)])
        merged, launcher = directory / "shim.o", directory / "launcher"
        ending = ["gcc", *WIDTH[bits], "-nostdlib"]
        toolchain.run([*ending, "-r", "-o", str(merged), *(objects[name] for name in _PROGRAM)])
        toolchain.run(["objcopy", "--localize-hidden", f"--rename-section=.text={SHIM_TEXT}", str(merged)])
        toolchain.run(
            [*ending, "-static", "-no-pie", "-Wl,--build-id=none,-z,noexecstack",
             f"-Wl,-Ttext-segment={_LAUNCHER_AT:#x}", "-o", str(launcher), *(objects[name] for name in _LAUNCHER)]
        )  # fmt: skip
        data = merged.read_bytes()
        exported = {
            symbol.name: symbol.binding == elf.WEAK
            for symbol in elf.parse(data, bits).symbols if symbol.seen and symbol.defined
        }  # fmt: skip
        return Shim(data, launcher.read_bytes(), exported)


_MAKERS = (
    "build.py",
    "compiled.py",
    "link.py",
    "program.py",
    "find.py",
    "objects.py",
    "protocol.py",
    "elf.py",
    "toolchain.py",
)


@functools.cache
def shim_key() -> str:
    """Of the shim, and of all that builds a program."""
    state = hashlib.sha256(__version__.encode())
    for file in sorted(
        file
        for file in [
            *SHIM.iterdir(),
            *(Path(__file__).parent / "selfcheck").iterdir(),
            *(Path(__file__).with_name(name) for name in _MAKERS),
        ]
        if file.is_file()
    ):
        state.update(file.read_bytes())
    return state.hexdigest()


def link(
    work: Path, objects: list[str], parsed: Iterable[Elf], shim: Shim, bits: int, *before: list[str]
) -> tuple[bytes, dict[int, str], tuple[int, ...]]:
    """Link objects and the shim, after these commands.

    Arguments:
        work: a directory with the objects
        parsed: the same, parsed
        bits: the word size
        before: commands to be run first

    Returns the program, its stubs (address → symbol) and the addresses of its jumps back. Raises CompilerError where
    the linker refuses it.
    """
    (work / "shim.o").write_bytes(shim.program)
    files = [*objects, "shim.o"]
    tried = [*_linker(bits, "unresolved"), "-Wl,--unresolved-symbols=ignore-all", *files]
    toolchain.run_confined([*before, tried], write=work)
    stubs = _stubs((work / "unresolved").read_bytes(), [*parsed, elf.parse(shim.program, bits)], bits)
    assembly = "".join(f".globl {name}\n.set {name}, {address:#x}\n" for address, name in stubs.items())
    (work / "stubs.S").write_text(f'{assembly}.section .note.GNU-stack, "", @progbits\n')
    listing = toolchain.run_confined(
        [[*_linker(bits, "prove"), *files, "stubs.S"], ["objdump", "-d", "prove"]], write=work
    )
    binary = (work / "prove").read_bytes()
    parts, _ = segments(binary, bits)
    code = [range(part.address, part.address + part.size) for part in parts if part.flags & 1]
    jumps = ((int(at, 16), int(to, 16)) for at, to in _JUMP.findall(listing))
    back = sorted(at for at, to in jumps if to <= at and any(at in part for part in code))
    return binary, stubs, tuple(back)[:_MOST_JUMPS]


def _linker(bits: int, target: str) -> list[str]:
    """Our entry point, no matter what the tree's code calls its own."""
    options = f"-Wl,--build-id=none,-z,noexecstack,-z,norelro,-e,{ENTRY}"
    return ["gcc", f"-m{bits}", "-nostdlib", "-static", "-no-pie", options, "-o", target]


def _stubs(unresolved: bytes, objects: Iterable[Elf], bits: int) -> dict[int, str]:
    """Address → symbol that nothing supplies. The linker was asked, since it makes some itself: ``__start_SECTION``,
    ``__stop_SECTION``, ``_end`` and their like. What is only wanted weakly is told by its absence."""
    made = {symbol.name for symbol in elf.parse(unresolved, bits).symbols if symbol.defined and symbol.seen}
    wanted = {
        symbol.name for each in objects for symbol in each.symbols
        if not symbol.defined and symbol.binding == elf.GLOBAL
    }  # fmt: skip
    return {_STUBS + number * APART: name for number, name in enumerate(sorted(wanted - made))}
