"""What a tree's objects may hold, and the program linked of them: all else is refused before it is linked or run.

The launcher runs neither a loader nor a constructor nor the program's entry point, so that most of what is refused
here would do nothing. It is refused because it is not C that computes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from patcher.prove import elf
from patcher.prove.elf import Elf, ElfError, Section, Segment
from patcher.prove.toolchain import CompilerError

ENTRY = "prove_entry"
SHIM_TEXT = "shimtext"
LOWEST, HIGHEST = 0x10000, 0x38000000  # where a program may lie; of layout.h, as the next two
MOST_SEGMENTS, MOST_BYTES = 16, 256 * 2**20
_LINKERS = frozenset(("_start", "_init", "_fini", "_end", "_edata", "_etext", "__bss_start", "_GLOBAL_OFFSET_TABLE_",
                      "_DYNAMIC", "__executable_start", "__ehdr_start", "__dso_handle", ENTRY))  # fmt: skip
_MADE = ("__start_", "__stop_", "__init_array_", "__fini_array_", "__preinit_array_", "__rel_iplt_", "__rela_iplt_")
_CONSTRUCTORS = re.compile(r"\.(?:(?:pre)?init_array|fini_array|ctors|dtors|init|fini)(?:\.\d+)?$")
_FOR_TOOLS = re.compile(r"\.(?:interp|dynamic|dynsym|dynstr|drectve|gnu\.version.*|gnu\.warning.*|gnu\.lto_.*|hash|plt"
                        r"|got|rel[a]?\.(?:iplt|plt|dyn))$")  # fmt: skip
_NAME = re.compile(r"[A-Za-z_.$][\w.$]*", re.ASCII)


def check_objects(objects: Mapping[str, bytes], supplied: Mapping[str, str], bits: int) -> dict[str, Elf]:
    """The objects of a tree, taken apart, by the name of their source.

    Arguments:
        objects: source → what the compiler made of it
        supplied: symbol → who else defines it
        bits: the word size

    Raises CompilerError where one holds what C that computes does not need, or defines what another does.
    """
    found = {}
    owners: dict[str, str] = {}
    for source, data in objects.items():
        parsed = _parsed(source, data, bits)
        if parsed.type != elf.RELOCATABLE:
            raise CompilerError(f"{source} does not become an object")
        for problem in (*_of_sections(parsed.sections), *_of_symbols(parsed)):
            raise CompilerError(f"{source} {problem}")
        for symbol in parsed.symbols:
            if not (symbol.defined and symbol.seen):
                continue
            if symbol.name in supplied:
                raise CompilerError(f"{source} defines {symbol.name}, which {supplied[symbol.name]} defines")
            if symbol.binding == elf.GLOBAL and symbol.section != elf.COMMON:
                other = owners.setdefault(symbol.name, source)
                if other != source:
                    raise CompilerError(f"{source} defines {symbol.name}, which {other} defines, too")
        found[source] = parsed
    return found


def _of_sections(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        if section.type in elf.CONSTRUCTORS or _CONSTRUCTORS.match(section.name):
            yield f"has a function that runs before or after all others (section {section.name})"
        elif section.type == elf.DYNAMIC_SECTION or _FOR_TOOLS.match(section.name):
            yield f"has a section for the linker or the loader ({section.name})"
        elif section.type == elf.NOTE and section.name != ".note.gnu.property":
            yield f"has a note to the system ({section.name})"
        elif section.name == ".note.GNU-stack" and section.flags & elf.CODE:
            yield "wants a stack that can be executed"
        elif section.flags & elf.THREAD_LOCAL:
            yield f"has variables of threads (section {section.name})"
        elif section.name == SHIM_TEXT:
            yield f"has a section of the shim's ({section.name})"
        elif section.flags & elf.ALLOCATED and section.size > MOST_BYTES:
            yield f"has a section of {section.size} bytes ({section.name})"


def _of_symbols(parsed: Elf) -> Iterator[str]:
    for symbol in parsed.symbols:
        if symbol.type == elf.INDIRECT:
            yield f"chooses a function at load time ({symbol.name})"
        elif symbol.type == elf.THREAD_SYMBOL:
            yield f"has a variable of threads ({symbol.name})"
        elif "@" in symbol.name:
            yield f"has a symbol with a version ({symbol.name})"
        elif symbol.binding not in (elf.LOCAL, elf.GLOBAL, elf.WEAK):
            yield f"has a symbol of no C compiler's ({symbol.name})"
        elif symbol.seen and not _NAME.fullmatch(symbol.name):
            yield f"has a symbol of an odd name ({symbol.name[:80]!r})"
        elif symbol.seen and symbol.defined and (symbol.name in _LINKERS or symbol.name.startswith(_MADE)):
            yield f"defines {symbol.name}, which is the linker's or the shim's to define"


def segments(data: bytes, bits: int) -> tuple[tuple[Segment, ...], int]:
    """What is to be mapped of a program that was linked, and the address it starts at.

    Raises CompilerError where it is none that can be mapped: not static, out of its place, overlapping, too large.
    """
    parsed = _parsed("the program", data, bits)
    if parsed.type != elf.EXECUTABLE:
        raise CompilerError("the program is not a static one")
    wrong = {elf.DYNAMIC: "a table for the loader", elf.INTERPRETER: "a loader of its own", elf.TLS: "threads"}
    for segment in parsed.segments:
        if segment.type in wrong:
            raise CompilerError(f"the program has {wrong[segment.type]}")
    loaded = sorted((each for each in parsed.segments if each.type == elf.LOAD), key=lambda each: each.address)
    loaded = [each for each in loaded if each.size]
    end = LOWEST
    for segment in loaded:
        if segment.address // 4096 * 4096 < end or segment.address + segment.size > HIGHEST:
            raise CompilerError(f"the program has a part at {segment.address:#x}, which is not its place")
        if len(segment.content) > segment.size:
            raise CompilerError("the program has a part of more content than it has room")
        end = -(-(segment.address + segment.size) // 4096) * 4096
    if len(loaded) > MOST_SEGMENTS or sum(each.size for each in loaded) > MOST_BYTES:
        raise CompilerError(f"the program is too large: {len(loaded)} parts, {sum(each.size for each in loaded)} bytes")
    return tuple(loaded), parsed.entry


def read_files(listing: str, allowed: Iterable[Path], at: Path) -> set[str]:
    """The files in a list of what the compiler or the assembler has read (-MD, --MD).

    Raises CompilerError for a file that is in none of the ``allowed`` directories. ``at``: where relative names start.
    """
    places = [os.path.normpath(each) + "/" for each in allowed]
    found = set()
    for token in re.findall(r"(?:\\.|[^\s\\])+", listing.replace("\\\n", " ")):
        if token.endswith(":"):
            continue
        name = re.sub(r"\\(.)", r"\1", token).replace("$$", "$")
        found.add(os.path.normpath(at / name))
        if not os.path.normpath(at / name).startswith(tuple(places)):
            raise CompilerError(f"{name} is read, which is outside of the tree")
    return found


def _parsed(what: str, data: bytes, bits: int) -> Elf:
    try:
        return elf.parse(data, bits)
    except ElfError as error:
        raise CompilerError(f"{what} does not become a program of {bits} bits: {error}") from error
