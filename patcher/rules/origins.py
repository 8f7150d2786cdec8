"""Where the number of a frame comes from: followed through variables, parameters, fields of structs and functions.

An expression is read as a sum: one part of it may be a base, the others are offsets. What stays unknown is UNKNOWN.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from patcher.rules.flow import calls
from patcher.rules.functions import Function, arguments
from patcher.rules.library import Library, Stored, within

_DEPTH = 7
_SHOWN = 60  # characters of what cannot be read
_STEPS = 250  # expressions in one search
_MANY = 40
_FILES = 2


class Nature(StrEnum):
    """What a frame number is of.

    MEMORY: the kernel's RAM, from an address or a page; DEVICE: a device's, from a resource or a fixed address; BUS:
    what the DMA API gave, on Xen a machine address already; USER: the number that the caller of mmap() names.
    """

    MEMORY = "RAM"
    DEVICE = "device"
    BUS = "bus address"
    USER = "offset"
    UNKNOWN = "unknown"


class Origin(NamedTuple):
    """One origin of a frame number: what it is of, the expression that shows it, and where that stands."""

    nature: Nature
    text: str
    path: str
    line: int


_MEMORY = frozenset(
    ("virt_to_phys", "virt_to_pfn", "__pa", "__pa_symbol", "slow_virt_to_phys", "page_to_pfn", "page_to_phys",
     "vmalloc_to_pfn", "vmalloc_to_page", "folio_pfn", "my_zero_pfn", "virt_to_bus", "page_to_pfn_t", "virt_to_page",
     "page_to_bus", "isa_virt_to_bus", "__sme_pa", "sym_to_pfn", "dma_buf_phys", "__get_free_pages", "__get_free_page",
     "get_zeroed_page", "kmalloc", "kzalloc", "vmalloc", "vzalloc", "alloc_pages_exact")
)  # fmt: skip
_DEVICE = frozenset(
    ("pci_resource_start", "pci_resource_end", "pci_bus_address", "pci_resource_n", "platform_get_resource",
     "pnp_mem_start", "zorro_resource_start")
)  # fmt: skip
_BUS = frozenset(
    ("dma_map_single", "dma_map_page", "dma_map_single_attrs", "pci_map_single", "pci_map_page", "sg_dma_address",
     "dma_to_phys", "dma_map_resource", "virt_to_mfn", "pfn_to_mfn", "arbitrary_virt_to_mfn", "virt_to_machine",
     "phys_to_machine", "arbitrary_virt_to_machine", "pfn_to_gfn", "virt_to_gfn", "page_to_mfn")
)  # fmt: skip
_ALLOCATES_BUS = re.compile(
    r"(?:dma|pci|dmam|dma_pool|pci_pool)_(?:z?alloc\w*|alloc_coherent|alloc_consistent|pool_z?alloc)$|"
    r"dma_pool_z?alloc$|pci_pool_alloc$|dma_alloc_\w+$|dmam_alloc_\w+$|pci_z?alloc_consistent$"
)
_SAME = frozenset(
    ("PHYS_PFN", "__phys_to_pfn", "PFN_DOWN", "PFN_UP", "PFN_PHYS", "__pfn_to_phys", "phys_to_pfn_t", "pfn_to_pfn_t",
     "__pfn_to_pfn_t", "pfn_t_to_pfn", "PAGE_ALIGN", "ALIGN", "ALIGN_DOWN", "round_down", "round_up", "min", "max",
     "lower_32_bits", "cpu_to_le32", "le32_to_cpu", "le64_to_cpu", "pgprot_val", "READ_ONCE", "__pfn", "ntohl",
     "virt_to_head_page", "compound_head", "page_address", "untagged_addr", "phys_to_dma", "PTR_ALIGN")
)  # fmt: skip
_NOTHING = frozenset(
    ("vm_start", "vm_end", "vm_page_prot", "vm_flags", "virtual_address", "PAGE_SHIFT", "PAGE_SIZE",
     "PAGE_MASK", "unsigned", "long", "int", "u64", "u32", "u8", "u16", "char", "void", "struct", "union", "const",
     "size_t", "ssize_t", "loff_t", "off_t", "resource_size_t", "phys_addr_t", "dma_addr_t", "uintptr_t", "__iomem",
     "__force", "__u64", "__u32", "__u16", "__u8", "uint64_t", "uint32_t", "ulong", "short", "sizeof", "pteval_t",
     "NULL", "__user", "vma_pages", "get_order", "hweight", "offset_in_page", "pgd_t", "pfn_t", "PFN_DEV", "PFN_MAP",
     "if", "else")
)  # fmt: skip
_OF_FAULT = frozenset(("address", "pgoff"))
_ATOM = re.compile(r"0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*")
_CAST = re.compile(r"\(\s*(?:const\s+)?(?:(?:struct|union)\s+\w+|(?:unsigned\s+)?\w+)(?:\s*\*+|_t)\s*\)(?=\s*[\w(&])")
_STEP = re.compile(r"\s*(->|\.|\[|\()\s*")
_FIXED = 0xA0000
_ZERO = re.compile(r"\s*\(?\s*(?:-?\s*\d+[UuLl]*|NULL)\s*\)?\s*")  # not yet, or not any more
_LAST = re.compile(r"\w+\s*\Z")
_THROUGH = r"(?:^|[;{}])\s*\*\s*%s\s*=(?!=)\s*"
_CONDITIONAL = re.compile(r"\b(?:if|else|for|while|do|case|default|switch)\b|[?:]")
_LABEL = re.compile(r"^\s*(?:case\b[^:;]*|\w+)\s*:(?!:)", re.MULTILINE)
_ASSIGNED = r"(?<![\w.>])%s\s*(?:\[[^]\n]*\]\s*)?([-+|&^]?=)(?!=)\s*([^;{}]*?)(?=[;,{}]|$)"


Here = Callable[[Nature], "set[Origin]"]


class Origins:
    """Origins of expressions in the files of a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._busy: set[tuple[str, int, str, int]] = set()
        self._known: dict[tuple[str, int, str, int], set[Origin]] = {}
        self._structs: dict[tuple[str, int, str], str] = {}
        self._cut = 0  # how often a circle, or the limit, has ended the search
        self._left = _STEPS

    def of(self, function: Function, expression: str, depth: int = 0, at: int = -1) -> frozenset[Origin]:
        """Where the value of an expression at an offset of a function's body (-1: anywhere in it) comes from. Never
        empty: UNKNOWN where nothing is found."""
        if depth == 0:
            self._left = _STEPS
            self._busy.clear()
        try:
            return self._of(function, expression, depth, at)
        except RecursionError:  # no honest expression is nested so deeply
            return frozenset({_unknown(function, expression[:_SHOWN])})

    def _of(self, function: Function, expression: str, depth: int, at: int) -> frozenset[Origin]:
        return frozenset(self._parts(function, expression, depth, at)) or frozenset({_unknown(function, expression)})

    def _parts(self, function: Function, expression: str, depth: int, at: int) -> set[Origin]:
        """As ``of``, but nothing where the expression is all offsets and flags."""
        found: set[Origin] = set()
        for each in _alternatives(_CAST.sub(" ", expression)):
            found |= self._sum(function, each, depth, at)
        return found

    def _sum(self, function: Function, expression: str, depth: int, at: int) -> set[Origin]:
        """One sum: a base that is known makes offsets of the rest."""
        parts = [self._atom(function, atom, depth, at) for atom in atoms(expression)]
        return _combined(parts)

    def _atom(self, function: Function, atom: Atom, depth: int, at: int) -> set[Origin]:
        def here(kind: Nature) -> set[Origin]:
            return {Origin(kind, " ".join(atom.text.split()), function.path, self._line(function, atom))}

        last = atom.fields[-1] if atom.fields else atom.name
        if last in _NOTHING or (atom.fields and last in _OF_FAULT) or atom.text[0].isdigit():
            return here(Nature.DEVICE) if _number(atom.name) >= _FIXED else set()
        if last == "vm_pgoff":
            return self._page_offset(function, atom, depth, here, at)
        key = (function.path, function.at, atom.text, at)
        if key in self._known:
            return self._known[key]
        if key in self._busy:
            self._cut += 1
            return set()
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            self._cut += 1
            return here(Nature.UNKNOWN)
        self._busy.add(key)
        cut = self._cut
        if atom.fields:
            found = self._field(function, atom, depth) or here(Nature.UNKNOWN)
        elif atom.call is not None:
            found = self._call(function, atom, depth, here, at)
        else:
            found = self._variable(function, atom.name, depth, here, at)
        self._busy.discard(key)
        if cut == self._cut:
            self._known[key] = found
        return found

    def _page_offset(self, function: Function, atom: Atom, depth: int, here: Here, at: int) -> set[Origin]:
        """Of ``vm_pgoff``: the user's, unless the function has stored something else before."""
        found = re.finditer(_ASSIGNED % re.escape(atom.text), function.body[: max(at, 0)], re.MULTILINE)
        stored = [match for match in found if match[1] == "="]
        start, _ = _since(function.body, stored, at)
        values = [(_whole(function.body, match.start(2)), match.start()) for match in stored if match.start() >= start]
        parts = [self._parts(function, value, depth + 1, place) for value, place in values]
        return {each for part in parts for each in part}.union(() if start and any(parts) else here(Nature.USER))

    def _line(self, function: Function, atom: Atom) -> int:
        file = self._library.text(function.path)
        at = max(function.body.find(atom.text), 0) or max(function.body.find(atom.name.removeprefix("->")), 0)
        return file.line(function.at + at) if file else 0

    # calls

    def _call(self, function: Function, atom: Atom, depth: int, here: Here, at: int) -> set[Origin]:
        name, args = atom.name, atom.call or ()
        for names, kind in ((_MEMORY, Nature.MEMORY), (_DEVICE, Nature.DEVICE), (_BUS, Nature.BUS)):
            if name in names:
                return here(kind)
        if _ALLOCATES_BUS.search(name):
            return here(Nature.MEMORY)  # its value is the kernel's address; the bus address is an argument
        if name in _SAME:
            return _combined([self._parts(function, each, depth + 1, at) for each in args if _ATOM.search(each)])
        made = self._library.defined(name, function.path)[:3]
        return {each for one in made for each in self._returned(one, function, args, depth, at)} or here(Nature.UNKNOWN)

    def _returned(
        self, made: Function, caller: Function, args: Sequence[str], depth: int, at: int
    ) -> set[Origin]:  # fmt: skip
        """Of what a function returns, or a macro stands for."""
        if made.macro:
            given = dict(zip(made.params, args, strict=False))
            body = re.sub(
                r"[A-Za-z_]\w*", lambda word: f"({given[word[0]]})" if word[0] in given else word[0], made.body
            )
            return set(self.of(caller, body, depth + 1, at))
        values = re.findall(r"\breturn\b([^;]*);", made.body)
        told = [value for value in values if not re.match(r"\s*\(?\s*(?:-|0\s*$|NULL)", value)]
        return {each for value in told for each in self.of(made, value, depth + 1)}

    # variables and parameters

    def _variable(self, function: Function, name: str, depth: int, here: Here, at: int) -> set[Origin]:
        if name.isupper() or re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            body = self._library.constant(name, function.path)
            return self._sum(function, body, depth + 1, -1) if body else set()
        bases: list[set[Origin]] = []
        offsets: list[set[Origin]] = []
        assigned = list(re.finditer(_ASSIGNED % re.escape(name), function.body, re.MULTILINE))
        start, end = _since(function.body, assigned, at)
        assigned = [match for match in assigned if start <= match.start() < end]
        for match in assigned:
            operator, value = match.groups()
            own = re.search(rf"(?<![\w.>]){name}\b(?!\s*(?:->|\.))", value) is not None
            if operator in ("&=", "^=", "-="):
                continue
            value = _whole(function.body, match.start(2))
            found = self._parts(function, value, depth + 1, match.start()) if _ATOM.search(value) else set()
            if operator != "=" or own:
                offsets.append(found)
            elif not _ZERO.fullmatch(value):
                bases.append({*found})
        handed = re.search(rf"&\s*{name}\b", function.body[start:end]) is not None
        for callee, args, _ in calls(function.body[start:end]) if handed else ():
            for index, each in enumerate(args):
                if re.fullmatch(rf"\s*(?:\([^()]*\)\s*)?&\s*{name}\s*", each):
                    bases.append(self._given(function.path, callee, index, depth) or here(Nature.UNKNOWN))
        parameter = next(
            (index for index, each in enumerate(function.params) if re.search(rf"\b{name}\s*(?:\[\])?$", each)), -1
        )
        if parameter >= 0 and start == 0:
            bases.append(self._argument(function, parameter, depth) or here(Nature.UNKNOWN))
        whole = {each for one in bases for each in one}
        if not bases and not offsets:
            counts = bool(assigned) or re.search(rf"\b{name}\s*(?:\+\+|--)|(?:\+\+|--)\s*{name}\b", function.body)
            return set() if counts else self._global(function, name, depth) or here(Nature.UNKNOWN)
        return _combined([whole, *offsets]) if whole or any(offsets) else set()

    def _given(self, path: str, callee: str, at: int, depth: int) -> set[Origin]:
        """What a function that is called in a file stores where its argument number ``at`` points to."""
        if _ALLOCATES_BUS.search(callee):
            return {Origin(Nature.BUS, f"{callee}()", path, 0)}
        found: set[Origin] = set()
        for made in self._library.defined(callee, path)[:3] if at >= 0 and depth <= _DEPTH else ():
            name = _LAST.search(made.params[at]) if at < len(made.params) and not made.macro else None
            for match in re.finditer(_THROUGH % name[0], made.body, re.MULTILINE) if name else ():
                value = _whole(made.body, match.end())
                if not _ZERO.fullmatch(value):
                    found |= self.of(made, value, depth + 1, match.start())
        return found

    def _argument(self, function: Function, at: int, depth: int) -> set[Origin]:
        found: set[Origin] = set()
        for count, (caller, args, place) in enumerate(self._library.callers(function)):
            if count >= _MANY:
                break
            if at < len(args):
                found |= self.of(caller, args[at], depth + 1, place)
        return found

    def _global(self, function: Function, name: str, depth: int) -> set[Origin]:
        text = self._library.text(function.path)
        if (
            text is None
            or len(re.findall(rb"\b%s\b" % name.encode(), text.code)) < 2
            or not _at_file_level(text.code, name)
        ):
            return set()
        code = text.code.decode("latin-1")
        found: set[Origin] = set()
        for match in re.finditer(_ASSIGNED % re.escape(name), code, re.MULTILINE):
            value = _whole(code, match.start(2))
            inside = text.around(match.start())
            if _ATOM.search(value) and not re.fullmatch(r"\s*(?:0|NULL)\s*", value):
                found |= self.of(inside or function, value, depth + 1)
        for match in re.finditer(rf"&\s*{re.escape(name)}\b", code):
            inside = text.around(match.start())
            for callee, args, _ in calls(inside.body) if inside else ():
                if any(re.fullmatch(rf"\s*&\s*{name}\s*", each) for each in args):
                    kind = Nature.BUS if _ALLOCATES_BUS.search(callee) else Nature.UNKNOWN
                    found.add(
                        Origin(kind, f"{callee}(… &{name} …)", function.path, text.line(match.start()) if text else 0)
                    )
        return found

    # fields

    def _field(self, function: Function, atom: Atom, depth: int) -> set[Origin]:
        field = atom.fields[-1]
        struct = self.struct_of(function, atom)
        if (struct == "resource" or re.search(r"\bres(?:ource)?\b\s*(?:\[|->|\.)", atom.text)) and field in (
            "start",
            "end",
        ):
            return {Origin(Nature.DEVICE, " ".join(atom.text.split()), function.path, self._line(function, atom))}
        found: list[set[Origin]] = []
        offsets: list[set[Origin]] = []
        for stored in self._fitting(function.path, field, struct):
            value, inside = stored.value, stored.function
            if stored.operator == "&":
                if not re.match(r"\s*\w+\s*\(", value):
                    continue
                callee, args, _ = next(calls(value))
                at = next((n for n, each in enumerate(args) if re.search(rf"&.*\b{field}\s*$", each)), -1)
                if self._takes_struct(stored.path, callee, at):
                    continue  # the field is a struct itself, and no frame
                unknown = {Origin(Nature.UNKNOWN, " ".join(value.split()), stored.path, stored.line)}
                found.append(self._given(stored.path, callee, at, depth) or unknown)
                continue
            if _ZERO.fullmatch(value):
                continue
            holder = inside or Function(stored.path, "", 0, "", "", value, 0)
            traced = {
                each._replace(
                    path=stored.path, line=stored.line, text=f"{field} {stored.operator} {' '.join(value.split())}"
                )
                if each.nature is Nature.UNKNOWN
                else each
                for each in self.of(holder, value, depth + 1)
            }
            (found if stored.operator == "=" else offsets).append(traced)
        whole = {each for one in found for each in one}
        return _combined([whole, *offsets])

    def _takes_struct(self, path: str, callee: str, at: int) -> bool:
        made = self._library.defined(callee, path) if at >= 0 else ()
        return any(at < len(each.params) and re.search(r"\b(?:struct|union)\b", each.params[at]) for each in made)

    def _fitting(self, path: str, field: str, struct: str) -> list[Stored]:
        """The values that are stored in the field of that struct. Of what struct's field a place is cannot always be
        told: then it counts in the file itself; elsewhere in the directory only if no struct is known, and few files
        fill a field of that name."""
        sure, perhaps = [], []
        for stored in self._library.stored(path, field)[:_MANY]:
            base = next(iter(atoms(f"{stored.base}->{field}")), None)
            other = self.struct_of(stored.function, base) if stored.function and base else ""
            if struct and other:
                sure += [stored] if other == struct else []
            elif within(stored.path, posixpath.dirname(path)):
                perhaps.append(stored)
        own = [stored for stored in perhaps if stored.path == path]
        few = not struct and len({stored.path for stored in perhaps}) <= _FILES
        return sure + (perhaps if few else own)

    def struct_of(self, function: Function, atom: Atom) -> str:
        """The struct whose field an atom names last, "" where it cannot be told."""
        struct = self._declared(function, atom.name) if atom.call is None else ""
        for field in atom.fields[:-1]:
            if not struct:
                return ""
            found = {
                match.group(1)
                for body in self._library.members(struct)
                for match in re.finditer(rf"\b(?:struct|union)\s+(\w+)\s+(?:\*|const|\s)*{re.escape(field)}\b", body)
            }
            struct = found.pop() if len(found) == 1 else ""
        return struct

    def _declared(self, function: Function, name: str) -> str:
        key = (function.path, function.at, name)
        if key not in self._structs:
            self._structs[key] = self._declaration(function, name)
        return self._structs[key]

    def _declaration(self, function: Function, name: str) -> str:
        tag, word = r"\b(?:struct|union)\s+(\w+)\s", re.escape(name)
        for pattern in (rf"{tag}[*\s]*(?:const\s+)?{word}\b", rf"{tag}[^;(){{}}=]*,\s*\**\s*{word}\b"):
            for where in (function.body, *function.params):
                if name in where and (match := re.search(pattern, where)):
                    return match.group(1)
        text = self._library.text(function.path)
        above: re.Pattern[bytes] = re.compile(
            rb"^(?:static\s+)?(?:const\s+)?(?:struct|union)\s+(\w+)\s+\**\s*%s\b" % name.encode(), re.MULTILINE
        )
        found = above.search(text.code) if text else None
        return found.group(1).decode() if found else ""


class Atom(NamedTuple):
    """A part of an expression: a number, a name, a call, each perhaps with a way through fields behind it."""

    text: str
    name: str
    fields: tuple[str, ...]
    call: tuple[str, ...] | None


def atoms(expression: str) -> Iterator[Atom]:
    """The parts of an expression, what stands in an index or behind a shift left out."""
    at = 0
    while match := _ATOM.search(expression, at):
        start, at = match.start(), match.end()
        suffix = re.compile(r"[uUlL]*\b").match(expression, at) if match.group()[0].isdigit() else None
        if suffix:
            at = suffix.end()
        name, call = match.group(), None
        fields: list[str] = []
        while step := _STEP.match(expression, at):
            if step.group(1) in "[(":
                args, end = arguments(expression, step.end(1) - 1)
                if step.group(1) == "(":
                    call = args if not fields else ()
                    if fields:
                        fields, name = [], f"->{fields[-1]}"
                at = end
            elif word := re.compile(r"[A-Za-z_]\w*").match(expression, step.end()):
                fields.append(word.group())
                at = word.end()
            else:
                break
        before = expression[:start].rstrip()
        if before.endswith((">>", "<<")):
            continue
        yield Atom(expression[start:at], name, tuple(fields), call)


def _since(body: str, assigned: Sequence[re.Match[str]], at: int) -> tuple[int, int]:
    """The part of a body whose assignments can reach an offset in it: all of it, unless one stands before it, in the
    same block or around, so that every way to there passes it."""
    for match in reversed([each for each in assigned if each.start() < at]):
        operator = match.group(1)
        head = body[: match.start()]
        head = head[max(head.rfind(char) for char in ";{}") + 1 :]
        between = body[match.start() : at]
        depth = lowest = 0
        for char in between:
            depth += (char == "{") - (char == "}")
            lowest = min(lowest, depth)
        if operator == "=" and lowest == 0 and not _CONDITIONAL.search(head) and not _LABEL.search(between):
            return match.start(), at
    return 0, len(body)


def _at_file_level(code: bytes, name: str) -> bool:
    """Whether a file declares a variable outside of its functions."""
    return re.search(rb"^[A-Za-z_][^\n(){}]*\b%s\b[^\n(]*[;={,]" % name.encode(), code, re.MULTILINE) is not None


def _number(text: str) -> int:
    """The value of a number, -1 for what is none."""
    if not text[0].isdigit():
        return -1
    return int(text[:_SHOWN], 16) if text[:2] in ("0x", "0X") else int(text[:_SHOWN])


def _alternatives(expression: str) -> Iterator[str]:
    """The values of ``a ? b : c``, each."""
    depth = 0
    for at, char in enumerate(expression):
        depth += (char in "([{") - (char in ")]}")
        if char == "?" and depth == 0:
            yes, no = _colon(expression[at + 1 :])
            yield from _alternatives(yes)
            yield from _alternatives(no)
            return
    inner = expression.strip()
    if inner.startswith("(") and "?" in inner and arguments(inner, 0)[1] == len(inner):
        yield from _alternatives(inner[1:-1])
        return
    yield expression


def _colon(text: str) -> tuple[str, str]:
    depth = 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == ":" and depth == 0:
            return text[:at], text[at + 1 :]
    return text, ""


def _whole(text: str, start: int) -> str:
    """A value from where it begins to the end of its statement, or to the comma behind it."""
    depth = 0
    for at in range(start, min(len(text), start + 2000)):
        char = text[at]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return text[start:at]
            depth -= 1
        elif depth == 0 and char in ";,":
            return text[start:at]
    return text[start : start + 2000]


def _combined(parts: Sequence[set[Origin]]) -> set[Origin]:
    """A sum: where one part has a base that is known, what is unknown in the others, and offsets, are no origins."""
    every = {each for part in parts for each in part}
    known = {each for each in every if each.nature not in (Nature.UNKNOWN, Nature.USER) and not _plain(each)}
    if known:
        based = [part for part in parts if part & known]
        return known | {each for part in based for each in part if not _plain(each)}
    unknown = {each for each in every if each.nature is Nature.UNKNOWN}
    return unknown or {each for each in every if _plain(each)} or every


def _plain(origin: Origin) -> bool:
    """Whether it is a number: an address if nothing else is, else an offset or a mask."""
    return origin.text[:1].isdigit()


def _unknown(function: Function, expression: str) -> Origin:
    return Origin(Nature.UNKNOWN, " ".join(expression.split()), function.path, 0)
