"""Where the number of a frame comes from: followed through variables, parameters, fields of structs and functions.

An expression is read as a sum: one part of it may be a base, the others are offsets; a base less another one, and what
is multiplied, is an offset, too. What stays unknown is UNKNOWN.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from patcher.rules.expression import Atom, Kind, atoms, split, whole, without_casts
from patcher.rules.flow import calls
from patcher.rules.functions import Function
from patcher.rules.library import READS, Library, Stored, within

_DEPTH = 7
_SHOWN = 60  # characters of what cannot be read
_STEPS = 400  # expressions in the search for one term
_MANY = 40
_FILES = 2


class Nature(StrEnum):
    """What a frame number is of.

    MEMORY: the kernel's RAM, from an address or a page; DEVICE: a device's, from a resource or a fixed address; BUS:
    what the DMA API gave, on Xen a machine address already; USER: the number that the caller of mmap() names; SETTING:
    one that a module's parameter names.
    """

    MEMORY = "RAM"
    DEVICE = "device"
    BUS = "bus address"
    USER = "offset"
    SETTING = "module parameter"
    UNKNOWN = "unknown"


class Origin(NamedTuple):
    """One origin of a frame number: what it is of, the expression that shows it, and where that stands.

    ``distance``: it is no more than an offset, of which nothing else is known.
    """

    nature: Nature
    text: str
    path: str
    line: int
    distance: bool = False


class _Term(NamedTuple):
    """A term of a sum: where its value may come from (nothing: it is an offset), and whether it is subtracted."""

    found: set[Origin]
    negative: bool = False


class _Bound(NamedTuple):
    """A call that is followed into a function: what its parameters are there."""

    callee: Function
    args: tuple[str, ...]
    caller: Function
    at: int
    above: _Bound | None


_MEMORY = frozenset(
    ("virt_to_phys", "virt_to_pfn", "__pa", "__pa_symbol", "slow_virt_to_phys", "page_to_pfn", "page_to_phys",
     "vmalloc_to_pfn", "vmalloc_to_page", "folio_pfn", "my_zero_pfn", "virt_to_bus", "page_to_pfn_t", "virt_to_page",
     "page_to_bus", "isa_virt_to_bus", "__sme_pa", "sym_to_pfn", "dma_buf_phys", "__get_free_pages", "__get_free_page",
     "get_zeroed_page", "kmalloc", "kzalloc", "kcalloc", "vmalloc", "vzalloc", "vmalloc_user", "vmalloc_32",
     "vmalloc_32_user", "alloc_pages_exact")
)  # fmt: skip
_DEVICE = frozenset(
    ("pci_resource_start", "pci_resource_end", "pci_bus_address", "pci_resource_n", "platform_get_resource",
     "pnp_mem_start", "zorro_resource_start")
)  # fmt: skip
_BUS = frozenset(
    ("dma_map_single", "dma_map_page", "dma_map_single_attrs", "pci_map_single", "pci_map_page", "sg_dma_address",
     "dma_map_resource", "virt_to_mfn", "pfn_to_mfn", "arbitrary_virt_to_mfn", "virt_to_machine",
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
     "virt_to_head_page", "compound_head", "page_address", "untagged_addr", "PTR_ALIGN")
)  # fmt: skip
_SAME_OF_DEVICE = frozenset(("phys_to_dma", "__phys_to_dma", "phys_to_dma_unencrypted", "phys_to_dma_direct"))
_NOTHING = frozenset(
    ("vm_start", "vm_end", "vm_page_prot", "vm_flags", "virtual_address", "PAGE_SHIFT", "PAGE_SIZE",
     "PAGE_MASK", "unsigned", "long", "int", "u64", "u32", "u8", "u16", "char", "void", "struct", "union", "const",
     "size_t", "ssize_t", "loff_t", "off_t", "resource_size_t", "phys_addr_t", "dma_addr_t", "uintptr_t", "__iomem",
     "__force", "__u64", "__u32", "__u16", "__u8", "uint64_t", "uint32_t", "ulong", "short", "sizeof", "pteval_t",
     "NULL", "__user", "vma_pages", "get_order", "hweight", "offset_in_page", "pgd_t", "pfn_t", "PFN_DEV", "PFN_MAP",
     "if", "else", "resource_size", "pci_resource_len")
)  # fmt: skip
_OF_FAULT = frozenset(("address", "pgoff"))
_VALUE = re.compile(r"\w")
_FIXED = 0xA0000
_ZERO = re.compile(r"\s*\(?\s*(?:-?\s*\d+[UuLl]*|NULL)\s*\)?\s*")  # not yet, or not any more
_LAST = re.compile(r"\w+\s*\Z")
_THROUGH = r"(?:^|[;{}):]|\belse\b)\s*(?:\*\s*%(name)s|%(name)s\s*\[[^]\n]*\])\s*=(?!=)\s*"
_POINTERS = re.compile(  # no PFN yet
    r"(?:__get_free_pages?|get_zeroed_page|k[mzc]alloc|v[mz]alloc(?:_user|_32|_32_user)?|alloc_pages_exact)\s*\("
)
_FAILS = re.compile(r"\s*\(?\s*(?:-|0\s*$|NULL|ERR_PTR|ERR_CAST|VM_FAULT_)")
_PARAMETER = r"\bmodule_param(?:_\w+)?\s*\([^;]*\b%s\b"
_PAGE_OFFSET = r"([A-Za-z_][\w.>-]*?->vm_pgoff)\s*[+|-]?=(?!=)"
_HANDLER = re.compile(r"\bstruct\s+vm_fault\b")
_CONDITIONAL = re.compile(r"\b(?:if|else|for|while|do|case|default|switch)\b|[?:]")
_LABEL = re.compile(r"^\s*(?:case\b[^:;]*|\w+)\s*:(?!:)", re.MULTILINE)
_ASSIGNED = r"(?<![\w.>])%s\s*(?:\[[^]\n]*\]\s*)?([-+|&^]?=)(?!=)\s*([^;{}]*?)(?=[;,{}]|$)"


_SURE = frozenset((Nature.MEMORY, Nature.DEVICE, Nature.BUS))

Here = Callable[[Nature], "set[Origin]"]
_Key = tuple[str, int, str, int, _Bound | None]


class Origins:
    """Origins of expressions in the files of a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._busy: set[_Key] = set()
        self._known: dict[_Key, set[Origin]] = {}
        self._structs: dict[tuple[str, int, str], str] = {}
        self._home = ""  # the directory of the driver that is asked about
        self._cut = 0  # how often a circle, or the limit, has ended the search
        self._left = _STEPS

    def of(self, function: Function, expression: str, at: int = -1) -> frozenset[Origin]:
        """Where the value of an expression at an offset of a function's body (-1: anywhere in it) comes from. Never
        empty: UNKNOWN where nothing is found."""
        self._left = _STEPS
        self._busy.clear()
        if (home := posixpath.dirname(function.path)) != self._home:
            self._home = home
            self._known.clear()
        unknown = Origin(Nature.UNKNOWN, " ".join(expression.split()), function.path, 0)
        try:
            found = self._parts(function, expression, 0, at, None)
        except RecursionError:  # no honest expression is nested so deeply
            return frozenset({unknown._replace(text=expression[:_SHOWN])})
        numbers = {each for each in found if not _pointer(each)}  # where it is an address still, no way leads here
        return frozenset(numbers or {each._replace(nature=Nature.UNKNOWN) for each in found} or {unknown})

    def _parts(self, function: Function, expression: str, depth: int, at: int, bound: _Bound | None) -> set[Origin]:
        """As ``of``, but nothing where the expression is all offsets and flags."""
        return _combined(self._terms(function, without_casts(expression), depth, at, bound))

    def _terms(self, function: Function, expression: str, depth: int, at: int, bound: _Bound | None) -> list[_Term]:
        kind, parts = split(expression)
        if kind is Kind.ONE:
            return [_Term(self._atom(function, atom, depth, at, bound)) for atom in atoms(parts[0].text)]
        if kind is Kind.EITHER:
            return [_Term({each for part in parts for each in self._parts(function, part.text, depth, at, bound)})]
        found = [
            term._replace(negative=term.negative is not part.negative)
            for part in parts
            for term in self._terms(function, part.text, depth, at, bound)
        ]
        if kind is not Kind.SCALED:
            return found
        natures = {each.nature for each in _combined(found)}
        nature = Nature.USER if natures == {Nature.USER} else Nature.UNKNOWN
        text = " ".join(expression.split())
        line = self._line(function, at, expression.strip())
        return [_Term({Origin(nature, text, function.path, line, distance=True)})] if natures else []

    def _atom(self, function: Function, atom: Atom, depth: int, at: int, bound: _Bound | None) -> set[Origin]:
        def here(kind: Nature) -> set[Origin]:
            line = self._line(function, at, atom.text, atom.name.removeprefix("->"))
            return {Origin(kind, " ".join(atom.text.split()), function.path, line)}

        last = atom.fields[-1] if atom.fields else atom.name
        if last in _NOTHING or (atom.fields and last in _OF_FAULT) or atom.text[0].isdigit():
            return here(Nature.DEVICE) if _number(atom.name) >= _FIXED else set()
        key = (function.path, function.at, atom.text, at, bound)
        if key in self._known:
            return self._known[key]
        if key in self._busy:
            self._cut += 1
            return set()
        self._left = self._left - 1 if depth else _STEPS  # each term of the frame has its own
        if depth > _DEPTH or self._left < 0:
            self._cut += 1
            return here(Nature.UNKNOWN)
        self._busy.add(key)
        cut = self._cut
        if last == "vm_pgoff":
            found = self._page_offset(function, atom, depth, here, at, bound)
        elif atom.fields:
            found = self._field(function, atom, depth, at) or here(Nature.UNKNOWN)
        elif atom.call is not None:
            found = self._call(function, atom, depth, here, at, bound)
        else:
            found = self._variable(function, atom.name, depth, here, at, bound)
        self._busy.discard(key)
        if cut == self._cut:
            self._known[key] = found
        return found

    def _line(self, function: Function, place: int, *texts: str) -> int:
        """Where one of the texts stands in a function; if a macro has it, the place that was asked about."""
        file = self._library.text(function.path)
        at = next((at for text in texts if (at := function.body.find(text)) > 0), max(place, 0))
        return file.line(function.at + at) if file else 0

    # the offset of a vma

    def _page_offset(
        self, function: Function, atom: Atom, depth: int, here: Here, at: int, bound: _Bound | None
    ) -> set[Origin]:  # fmt: skip
        """Of ``vm_pgoff``: the user's, unless something else was stored there before, or was added to it."""
        body = function.body if at < 0 else function.body[:at]
        assigned = list(re.finditer(_ASSIGNED % re.escape(atom.text), body, re.MULTILINE))
        start, _ = _since(body, assigned, len(body))
        assigned = [match for match in assigned if match.start() >= start]
        values = [(match, self._stored_here(function, match, depth, bound)) for match in assigned]
        base = {each for match, found in values if match[1] == "=" for each in found}
        added = [_Term(found, match[1] == "-=") for match, found in values if match[1] in ("+=", "|=", "-=")]
        if not start or not base:
            base |= self._page_offset_before(function, atom, depth, here, bound) or here(Nature.USER)
        return _combined([_Term(base), *added])

    def _page_offset_before(
        self, function: Function, atom: Atom, depth: int, here: Here, bound: _Bound | None
    ) -> set[Origin]:  # fmt: skip
        """What callers have stored in the vma that they hand on; for a fault handler, who made the vma."""
        at = _parameter(function, atom.name) if atom.fields == ("vm_pgoff",) else -1
        if at >= 0 and bound and bound.callee == function:
            above = [(bound.caller, bound.args, bound.at, bound.above)]
        else:
            above = [(caller, args, place, None) for caller, args, place in self._callers(function)] if at >= 0 else []
        found: set[Origin] = set()
        if not bound and above and self._library.handed_on(function):
            found |= here(Nature.USER)
        for caller, args, place, outer in above:
            if at < len(args) and re.fullmatch(r"\s*\w+\s*", args[at]):
                found |= self._parts(caller, f"{args[at].strip()}->vm_pgoff", depth + 1, place, outer)
        text = self._library.text(function.path)
        if found or text is None or not _HANDLER.search(function.between):
            return found
        code = text.code.decode("latin-1")
        for match in re.finditer(_PAGE_OFFSET, code):
            maker = text.around(match.start())
            if maker is not None and not _HANDLER.search(maker.between) and maker != function:
                found |= self._parts(maker, match[1], depth + 1, len(maker.body), None)
        return found

    # calls

    def _call(
        self, function: Function, atom: Atom, depth: int, here: Here, at: int, bound: _Bound | None
    ) -> set[Origin]:  # fmt: skip
        name, args = atom.name, atom.call or ()
        for names, kind in ((_MEMORY, Nature.MEMORY), (_DEVICE, Nature.DEVICE), (_BUS, Nature.BUS)):
            if name in names:
                return here(kind)
        if _ALLOCATES_BUS.search(name):
            return here(Nature.MEMORY)  # its value is the kernel's address; the bus address is an argument
        if name in _SAME_OF_DEVICE:
            return self._parts(function, args[-1], depth + 1, at, bound) if args else here(Nature.UNKNOWN)
        if name in _SAME:
            return _combined(
                [_Term(self._parts(function, each, depth + 1, at, bound)) for each in args if _VALUE.search(each)]
            )
        made = self._library.defined(name, function.path)[:3]
        found = [self._returned(one, _Bound(one, args, function, at, bound), depth) for one in made]
        told = [each for each in found if each is not None]
        return {each for one in told for each in one} if told else here(Nature.UNKNOWN)

    def _returned(self, made: Function, bound: _Bound, depth: int) -> set[Origin] | None:
        """Of what a function returns, or a macro stands for; None where it returns nothing that can be told."""
        if made.macro:
            given = dict(zip(made.params, bound.args, strict=False))
            body = re.sub(
                r"[A-Za-z_]\w*", lambda word: f"({given[word[0]]})" if word[0] in given else word[0], made.body
            )
            return self._parts(bound.caller, body, depth + 1, bound.at, bound.above)
        values = re.finditer(r"\breturn\b([^;]*);", made.body)
        told = [match for match in values if match[1].strip() and not _FAILS.match(match[1])]
        if not told:
            return set() if re.search(r"\breturn\s*\(?\s*0[uUlL]*\s*\)?\s*;", made.body) else None
        return {each for match in told for each in self._parts(made, match[1], depth + 1, match.start(), bound)}

    # variables and parameters

    def _variable(
        self, function: Function, name: str, depth: int, here: Here, at: int, bound: _Bound | None
    ) -> set[Origin]:  # fmt: skip
        if name.isupper() or re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            body = self._library.constant(name, function.path)
            return self._parts(function, body, depth + 1, -1, None) if body else set()
        assigned = list(re.finditer(_ASSIGNED % re.escape(name), function.body, re.MULTILINE))
        start, end = _since(function.body, assigned, at)
        assigned = [match for match in assigned if start <= match.start() < end]
        bases: list[set[Origin]] = []
        added: list[_Term] = []
        for match in assigned:
            operator, value = match.groups()
            if operator in ("&=", "^="):
                continue
            own = re.search(rf"(?<![\w.>]){name}\b(?!\s*(?:->|\.))", value) is not None
            found = self._stored_here(function, match, depth, bound)
            if operator != "=" or own:
                added.append(_Term(found, operator == "-="))
            elif not _ZERO.fullmatch(value):
                bases.append(found)
        bases += self._handed(function, name, (start, end), depth, here, bound)
        parameter = _parameter(function, name)
        if parameter >= 0 and start == 0:
            passed = self._passed(function, parameter, depth, bound)
            called = passed is not None and (bound is not None or not self._library.handed_on(function))
            bases.append((passed or set()) | (set() if called else here(Nature.UNKNOWN)))
        if not bases and not added:
            counts = bool(assigned) or re.search(rf"\b{name}\s*(?:\+\+|--)|(?:\+\+|--)\s*{name}\b", function.body)
            return set() if counts else self._global(function, name, depth) or here(Nature.UNKNOWN)
        return _combined([_Term({each for one in bases for each in one}), *added])

    def _stored_here(
        self, function: Function, match: re.Match[str], depth: int, bound: _Bound | None
    ) -> set[Origin]:  # fmt: skip
        value = whole(function.body, match.start(2))
        return self._parts(function, value, depth + 1, match.start(), bound) if _VALUE.search(value) else set()

    def _handed(
        self, function: Function, name: str, part: tuple[int, int], depth: int, here: Here, bound: _Bound | None
    ) -> list[set[Origin]]:  # fmt: skip
        """What functions that are given the address of a variable, in a part of a body, store there."""
        start, body = part[0], function.body[part[0] : part[1]]
        found = []
        for callee, args, place in calls(body) if re.search(rf"&\s*{name}\b", body) else ():
            for index, each in enumerate(args):
                if re.fullmatch(rf"\s*(?:\([^()]*\)\s*)?&\s*{name}\s*", each):
                    given = self._given(function, callee, args, index, depth, start + place, bound)
                    found.append(here(Nature.UNKNOWN) if given is None else given)
        return found

    def _given(
        self, caller: Function, callee: str, args: tuple[str, ...], index: int, depth: int, at: int,
        bound: _Bound | None,
    ) -> set[Origin] | None:  # fmt: skip
        """What a function stores where its argument number ``index`` points to; None where that cannot be told."""
        if _ALLOCATES_BUS.search(callee):
            file = self._library.text(caller.path)
            return {Origin(Nature.BUS, f"{callee}()", caller.path, file.line(caller.at + at) if file and at > 0 else 0)}
        if READS.match(f"{callee}("):
            return set()
        made = self._library.defined(callee, caller.path)[:3] if index >= 0 and depth <= _DEPTH else ()
        found: set[Origin] = set()
        known = bool(made)
        for each in made:
            last = _LAST.search(each.params[index]) if index < len(each.params) else None
            if each.macro or last is None:
                known = False
                continue
            name, inside = last[0].strip(), _Bound(each, args, caller, at, bound)
            for match in re.finditer(_THROUGH % {"name": name}, each.body, re.MULTILINE):
                value = whole(each.body, match.end())
                if not _ZERO.fullmatch(value):
                    found |= self._parts(each, value, depth + 1, match.start(), inside)
            for inner, given, place in calls(each.body) if depth < _DEPTH else ():
                where = next((n for n, one in enumerate(given) if one.strip() == name), -1)
                more = self._given(each, inner, given, where, depth + 1, place, inside) if where >= 0 else set()
                known = known and more is not None
                found |= more or set()
        return found if found or known else None

    def _passed(self, function: Function, at: int, depth: int, bound: _Bound | None) -> set[Origin] | None:
        """What a parameter is: of the call that is followed, else of all calls; None where there are none."""
        if bound and bound.callee == function:
            if at >= len(bound.args):
                return None
            return self._parts(bound.caller, bound.args[at], depth + 1, bound.at, bound.above)
        found: set[Origin] | None = None
        shared = not within(function.path, self._home)  # what other drivers have it do is not this one's
        for caller, args, place in self._callers(function):
            if shared and not within(caller.path, self._home) and caller.path != function.path:
                return None
            if at < len(args):
                found = (found or set()) | self._parts(caller, args[at], depth + 1, place, None)
        return found

    def _callers(self, function: Function) -> Iterable[tuple[Function, tuple[str, ...], int]]:
        return itertools.islice(self._library.callers(function), _MANY)

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
        if parameter := re.search(_PARAMETER % re.escape(name), code):
            found.add(Origin(Nature.SETTING, name, function.path, text.line(parameter.start())))
        for match in re.finditer(_ASSIGNED % re.escape(name), code, re.MULTILINE):
            value = whole(code, match.start(2))
            inside = text.around(match.start())
            if _VALUE.search(value) and not _ZERO.fullmatch(value):
                place = match.start() - inside.at if inside else -1
                found |= self._parts(inside or function, value, depth + 1, place, None)
        for match in re.finditer(rf"&\s*{re.escape(name)}\b", code):
            inside = text.around(match.start())
            for callee, args, _ in calls(inside.body) if inside else ():
                if any(re.fullmatch(rf"\s*&\s*{name}\s*", each) for each in args) and not READS.match(f"{callee}("):
                    kind = Nature.BUS if _ALLOCATES_BUS.search(callee) else Nature.UNKNOWN
                    found.add(Origin(kind, f"{callee}(… &{name} …)", function.path, text.line(match.start())))
        return found

    # fields

    def _field(self, function: Function, atom: Atom, depth: int, place: int) -> set[Origin]:
        field = atom.fields[-1]
        struct = self.struct_of(function, atom)
        if (struct == "resource" or re.search(r"\bres(?:ource)?\b\s*(?:\[|->|\.)", atom.text)) and field in (
            "start",
            "end",
        ):
            return {
                Origin(
                    Nature.DEVICE, " ".join(atom.text.split()), function.path, self._line(function, place, atom.text)
                )
            }
        base: set[Origin] = set()
        added: list[_Term] = []
        for stored in self._fitting(function, atom, struct):
            holder = stored.function or Function(stored.path, "", 0, "", "", stored.value, 0)
            if stored.operator == "&":
                base |= self._pointed(holder, stored, field, depth)
            elif not _ZERO.fullmatch(stored.value):
                text = f"{field} {stored.operator} {' '.join(stored.value.split())}"
                unknown = Origin(Nature.UNKNOWN, text, stored.path, stored.line)
                parts = self._parts(holder, stored.value, depth + 1, stored.at, None)
                traced = {
                    unknown._replace(distance=each.distance) if each.nature is Nature.UNKNOWN else each
                    for each in parts
                } or {unknown._replace(distance=True)}
                if stored.operator == "=":
                    base |= traced
                else:
                    added.append(_Term(traced, stored.operator == "-="))
        return _combined([_Term(base), *added])

    def _pointed(self, holder: Function, stored: Stored, field: str, depth: int) -> set[Origin]:
        """What the function that is given a field's address stores there."""
        called = next(calls(stored.value), None) if re.match(r"\s*\w+\s*\(", stored.value) else None
        if called is None:
            return set()
        callee, args, _ = called
        at = next((n for n, each in enumerate(args) if re.search(rf"&.*\b{field}\s*(?:\[[^]]*\]\s*)?$", each)), -1)
        if self._is_struct(holder, stored, field) or self._takes_struct(stored.path, callee, at):
            return set()  # it holds fields, and no frame
        unknown = {Origin(Nature.UNKNOWN, " ".join(stored.value.split()), stored.path, stored.line)}
        given = self._given(holder, callee, args, at, depth, stored.at, None)
        return unknown if given is None else given

    def _is_struct(self, holder: Function, stored: Stored, field: str) -> bool:
        base = next(iter(atoms(f"{stored.base}->{field}")), None)
        struct = self.struct_of(holder, base) if base else ""
        declared = rf"\b(?:struct|union)\s+\w+\s+{re.escape(field)}\s*;"
        return any(re.search(declared, body) for body in (self._library.members(struct) if struct else ()))

    def _takes_struct(self, path: str, callee: str, at: int) -> bool:
        made = self._library.defined(callee, path) if at >= 0 else ()
        return any(at < len(each.params) and re.search(r"\b(?:struct|union)\b", each.params[at]) for each in made)

    def _fitting(self, function: Function, atom: Atom, struct: str) -> list[Stored]:
        """The values that are stored in a field of that struct. Of what struct's field a place is cannot always be
        told: then it counts in the file itself; elsewhere in the directory only if no struct is known, and few files
        fill a field of that name. Of an element counts what is stored in one, if any is, else in the field itself."""
        path, field = function.path, atom.fields[-1]
        outer = self._declared(function, atom.name) if atom.call is None and len(atom.fields) > 1 else ""
        sure, perhaps = [], []
        for stored in self._library.stored(path, field)[:_MANY]:
            base = next(iter(atoms(f"{stored.base}->{field}")), None)
            other = self.struct_of(stored.function, base) if stored.function and base else ""
            if struct and other:
                sure += [stored] if other == struct else []
            elif other and other == outer:
                continue  # of the struct that the other one is in
            elif len(atom.fields) > 1 and stored.path != path and base and _holder(base) != _holder(atom):
                continue
            elif stored.path == path or (stored.operator != "&" and within(stored.path, posixpath.dirname(path))):
                perhaps.append(stored)
        own = [stored for stored in perhaps if stored.path == path]
        few = not struct and len({stored.path for stored in perhaps}) <= _FILES
        found = sure + (perhaps if few else own)
        return [stored for stored in found if stored.indexed is atom.indexed] or found

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


def _parameter(function: Function, name: str) -> int:
    """Which of a function's parameters a name is, or -1."""
    found = (index for index, each in enumerate(function.params) if re.search(rf"\b{name}\s*(?:\[\])?$", each))
    return next(found, -1)


def _combined(terms: Sequence[_Term]) -> set[Origin]:
    """A sum: where one term has a base that is known, what is unknown in the others, and offsets, are no origins.

    A base that is subtracted makes a distance of the one that it is subtracted from.
    """
    found = [set(term.found) for term in terms]
    for index, term in enumerate(terms):
        taken = term.found if term.negative and any(map(_base, term.found)) else set()
        order = sorted(range(len(terms)), key=lambda at: (at > index, abs(at - index))) if taken else ()
        others = [at for at in order if not terms[at].negative and any(map(_base, found[at]))]
        at = _counterpart([found[at] for at in others], taken) if others else -1
        if at >= 0:
            found[others[at]] = _less(found[others[at]], taken)
    parts = [each for each, term in zip(found, terms, strict=True) if not term.negative]
    every = {each for part in parts for each in part}
    known = {each for each in every if _base(each) and each.nature in _SURE}
    if known:
        return known | {each for part in parts if part & known for each in part if not _plain(each)}
    for some in (
        {each for each in every if each.nature is Nature.UNKNOWN and not each.distance},
        {each for each in every if _plain(each)},
        {each for each in every if not each.distance},
    ):
        if some:
            return some
    return every


def _counterpart(others: Sequence[set[Origin]], taken: set[Origin]) -> int:
    """Which of the bases, the nearest first, is of the kind of the one that is subtracted; -1: none."""
    natures = {each.nature for each in taken} & _SURE
    for at, each in enumerate(others):
        if natures & {one.nature for one in each}:
            return at
    for at, each in enumerate(others):
        if not any(one.nature in _SURE and not _pointer(one) for one in each):
            return at
    return -1


def _less(found: set[Origin], taken: set[Origin]) -> set[Origin]:
    """What is left of a base when another one was subtracted."""
    same = {each.nature for each in taken} & _SURE
    return {each._replace(nature=Nature.UNKNOWN, distance=True) for each in found if each.nature not in same}


def _holder(atom: Atom) -> str:
    """The name of what the last field is taken of."""
    return atom.fields[-2] if len(atom.fields) > 1 else atom.name


def _pointer(origin: Origin) -> bool:
    """Whether it is the kernel's address of memory, and no number of a frame yet."""
    return origin.nature is Nature.MEMORY and _POINTERS.match(origin.text) is not None


def _base(origin: Origin) -> bool:
    return not origin.distance and not _plain(origin)


def _plain(origin: Origin) -> bool:
    """Whether it is a number: an address if nothing else is, else an offset or a mask."""
    return origin.text[:1].isdigit()
