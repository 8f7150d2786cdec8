"""Which files of a tree hold the P2M and what the run needs beside it: found by the symbols they define."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from patcher.errors import InputError
from patcher.tree.kernel import KernelTree

LOOKUP = "get_phys_to_machine"
P2M = (LOOKUP, "set_phys_to_machine", "__set_phys_to_machine", "xen_build_dynamic_phys_to_machine",
       "xen_build_mfn_list_list", "xen_setup_mfn_list_list", "set_phys_range_identity", "xen_make_pte", "xen_pte_val",
       )  # fmt: skip
SETUP = ("xen_memory_setup",)
HIGH = "init_memory_mapping"
BESIDE = ("e820_add_region", "sanitize_e820_map")
_MAP = "__PAGE_OFFSET"
_LITERAL = re.compile(rb"^([ \t]*#[ \t]*define[ \t]+__PAGE_OFFSET[ \t]+).*?(0x[0-9a-fA-F]+).*$", re.MULTILINE)


class Places(NamedTuple):
    """Where things are in a tree.

    Attributes:
        sources: the C files to compile, in order
        defined: symbol → the file that defines it
        high: the file that maps all RAM, and clears the end of the map of the kernel's image; "" where there is none
        elsewhere: another file that clears it; "" where none does
    """

    sources: tuple[str, ...]
    defined: dict[str, str]
    high: str = ""
    elsewhere: str = ""


def places(tree: KernelTree, bits: int = 0) -> Places:
    """Where the tree holds its P2M. Raises InputError where it has none.

    ``bits``: the word size it is compiled for, so that ``init_64.c`` is no file of a kernel of 32 bits; 0: any.
    """
    wanted = (*P2M, *SETUP, *BESIDE)
    other = {64: "_32.c", 32: "_64.c"}.get(bits, "/")  # obj-y += init_$(BITS).o, say the tree's Makefiles
    found_in = tree.search((*wanted, HIGH, _BRK_END), ["arch/x86/**.c", "arch/x86/*.c"])
    files = [path for path in found_in if not path.endswith(other)]
    texts = tree.read(files)
    defined: dict[str, str] = {}
    for symbol in (*wanted, HIGH):
        name = symbol.encode()
        pattern = re.compile(
            rb"^[A-Za-z_][\w \t\*]*[ \t\*\n]" + re.escape(name) + rb"\s*\([^;{}]*\)\s*\{", re.MULTILINE
        )
        found = [path for path in files if name in texts.get(path, b"") and pattern.search(texts[path])]
        if found:
            defined[symbol] = next((path for path in found if "/xen/" in path), found[0])
    if LOOKUP not in defined:
        raise InputError(
            f"{tree.where} has no P2M", f"no file under arch/x86 defines {LOOKUP}(); name another tree or revision"
        )
    high = defined.pop(HIGH, "")
    sources = tuple(dict.fromkeys(defined[symbol] for symbol in wanted if symbol in defined))
    return Places(sources, defined, high, _clears_elsewhere(texts, high, bits))


_BRK_END = "_brk_end"
_CLEARS = re.compile(rb"\b(?:pmd_clear|set_pmd)\s*\(")


def _clears_elsewhere(texts: Mapping[str, bytes], high: str, bits: int) -> str:
    """A file, other than ``high``, with a function that names the end of the brk and clears PMDs."""
    for path, text in texts.items():
        may_be = path != high and _BRK_END.encode() in text and _CLEARS.search(text)
        for function in _of_word_size(text, bits).split(b"\n}\n") if may_be else ():
            body = function[function.rfind(b"\n{\n") :]
            if _BRK_END.encode() in body and _CLEARS.search(body):
                return path
    return ""


_CONDITIONAL = re.compile(rb"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b[ \t]*(\w*)")
_SET_FOR = {32: b"CONFIG_X86_32", 64: b"CONFIG_X86_64"}


def _of_word_size(text: bytes, bits: int) -> bytes:
    """A file without the lines that are for the other word size only, by ``#ifdef`` or ``#ifndef`` (0: all lines)."""
    own, other = _SET_FOR.get(bits, b"?"), _SET_FOR.get(96 - bits, b"?")
    inside: list[tuple[bytes, bool]] = []  # a symbol that was asked for, and whether it is set in this part
    kept = []
    for line in text.split(b"\n"):
        directive = _CONDITIONAL.match(line)
        match directive.groups() if directive else ():
            case (b"ifdef" | b"ifndef" as kind, name):
                inside.append((name, kind == b"ifdef"))
            case (b"if", _):
                inside.append((b"", True))
            case (b"elif", _) if inside:
                inside[-1] = (b"", True)
            case (b"else", _) if inside:
                inside[-1] = (inside[-1][0], not inside[-1][1])
            case (b"endif", _) if inside:
                inside.pop()
        kept.append(b"" if any(name == (other if is_set else own) for name, is_set in inside) else line)
    return b"\n".join(kept)


def linear_map(text: bytes, address: str) -> bytes | None:
    """A header with the start of the linear map put at ``address``, or None if it does not say where that is."""
    changed, count = _LITERAL.subn(lambda match: match[1] + f"_AC({address}, UL)".encode(), text)
    return changed if count else None
