"""What becomes of the flags of a vma: which functions set one for their callers, and which settings repeat that."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patcher.model import Remark
from patcher.rules import flow
from patcher.rules.flow import Effect, End, calls
from patcher.rules.functions import Function, arguments
from patcher.rules.library import Library

_AREA = r"struct\s+vm_area_struct\s*\*"
SETS = r"(?:__)?vm_flags_(?:set|mod|init|reset|reset_once)"
_ANYWHERE = (-1, -1)
# These look at a vma, or make a page table entry in it, and leave its flags alone whatever a configuration is.
_HARMLESS = re.compile(r"(?:pr|dev)_\w+|printk|trace_\w+|\w*pgprot\w*|zap_vma_\w+|is_\w+|get_file|fput")
_OF_ACCESS = re.compile(r"is_\w+_mapping|vm_get_page_prot|calc_vm_\w+")  # they ask who may read, write or share it
_PRINTS = re.compile(r"\w*(?:print|dbg|debug|_log|_info|_notice|_warn|_err|trace)\w*", re.IGNORECASE)
_MASK = re.compile(r"\s*&(?!&)\s*(?:(\w+)|\(([^()]*)\))")
_CONDITION = re.compile(r"\?|&&|\|\|")
_OR_ERROR = re.compile(r"\?\s*-\s*E[A-Z0-9]+\s*:")  # instead of a call that is made else


class Sets(NamedTuple):
    """Whether a function sets the flag on the vma that it is given, whenever it succeeds. ``always``: it does;
    ``unknown``: what keeps that from being told; ``path``, ``line`` and ``setter``: where, and in which function.
    ``reads``: where it asks for the flags before that, or without it; ``shows``: whether it prints them there;
    ``fails``: whether it tells that it failed."""

    always: bool
    unknown: str = ""
    path: str = ""
    line: int = 0
    setter: str = ""
    reads: str = ""
    shows: bool = False
    fails: bool = True


class Setting(NamedTuple):
    """What is known of a place where a flag is set.

    ``repeats``: on every path that succeeds, a function that is called sets it, too, and the flags are not asked for
    before that; None where it cannot be told.
    ``reason`` is the end of a sentence; ``calls``: the places of the calls (path, line), ``sets``: where these set the
    flag; ``names`` and ``setters``: the functions that are called, and those in which they set it; ``asks``: the
    function that asks for the flags before that.
    """

    repeats: bool | None
    reason: str
    calls: tuple[tuple[str, int], ...] = ()
    sets: tuple[tuple[str, int], ...] = ()
    names: tuple[str, ...] = ()
    setters: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    asks: str = ""


class Areas:
    """One flag (``carriers``: the macros that hold it) on the vmas of a library's functions."""

    def __init__(self, library: Library, carriers: frozenset[str]) -> None:
        self.library = library
        self._carriers = carriers
        self._sets: dict[tuple[str, int, int], Sets] = {}

    # what a function does for its callers

    def sets(self, name: str, path: str, at: int) -> Sets:
        """What a function that is called in a file does to the vma that is its argument number ``at``."""
        found = [self._one(function, at) for function in self.library.defined(name, path)]
        if not found:
            return Sets(False, f"{name}() is defined in no file that was read")
        reads = next((each.reads for each in found if each.reads), "")
        if all(each.always for each in found):
            shown = min(found, key=lambda each: _distance(each.path, path))
            return shown._replace(reads=reads, shows=any(each.shows for each in found))
        first = next((each for each in found if each.unknown), next(each for each in found if not each.always))
        return first._replace(reads=reads, shows=any(each.shows for each in found))

    def sets_any(self, name: str, path: str) -> bool:
        """Whether a function that is called in a file sets the flag on the vma that it is given."""
        found = self.library.defined(name, path)
        places = [function.names(_AREA) for function in found if not function.macro]
        at = next((index for each in places for index, one in enumerate(each) if one), 0)
        return bool(found) and self.sets(name, path, at).always

    def _one(self, function: Function, at: int) -> Sets:
        key = (function.path, function.start, at)
        if key not in self._sets:
            self._sets[key] = Sets(False)  # of what calls itself
            names = function.params if function.macro else function.names(_AREA)
            if at < len(names) and names[at]:
                self._sets[key] = self._summary(function, names[at])
        return self._sets[key]

    def _summary(self, function: Function, name: str) -> Sets:
        watch = _Watch(self, function, name)
        found = flow.paths(function, _ANYWHERE, watch, everywhere=self.library.everywhere)
        if not found.readable:
            return Sets(False, f"{function.name}() could not be followed")
        reads = next((end.reads for end in found.ends if end.reads), "")
        if found.ends and all(end.happened for end in found.ends):
            path, line = next(iter(watch.places), (function.path, 0))
            setter = next(iter(watch.setters), function.name)
            fails = re.search(r"\bvoid\s+\w+\s*\(", function.head) is None
            return Sets(True, "", path, line, setter, reads, bool(found.shown), fails)
        unknown = next((end.unknown for end in found.ends if not end.happened and end.unknown), "")
        return Sets(False, unknown, reads=reads, shows=bool(found.shown))

    # one setting

    def setting(self, function: Function, offset: int, name: str, variable: str = "") -> Setting:
        """What is known of the setting at an offset in a function's body, of a flag of the vma ``name``, or of a
        ``variable`` that its flags are set to."""
        return self._at(function, (offset, offset + 1), name, 0, variable)

    def _at(self, function: Function, place: tuple[int, int], name: str, depth: int, variable: str = "") -> Setting:
        watch = _Watch(self, function, name, place, variable)
        found = flow.paths(function, place, watch, everywhere=self.library.everywhere)
        if not found.readable or not found.ends:
            return Setting(None, f"the paths through {function.name}() could not be followed")
        made = tuple(dict.fromkeys(watch.calls))
        all_done = all(end.happened for end in found.ends)
        reads = next((end.reads for end in found.ends if end.reads), "")
        if all_done and reads:
            names = tuple(dict.fromkeys(watch.names))
            return Setting(False, reads, made, tuple(watch.places), names, asks=reads.partition("()")[0])
        if all_done:
            names = tuple(dict.fromkeys(watch.names))
            reason = f"{' or '.join(f'{each}()' for each in names)} sets it on every path that succeeds"
            return Setting(
                True, reason, made, tuple(dict.fromkeys(watch.places)), names, tuple(dict.fromkeys(watch.setters)),
                tuple(_remarks(found)),
            )  # fmt: skip
        missing = [end for end in found.ends if not end.happened]
        sure = [end for end in missing if not end.unknown]
        above = self._above(function, name, depth)
        if above is not None and above.repeats:
            return Setting(False, reads) if reads else above
        if not sure:
            return Setting(None, missing[0].unknown, made)
        if above is not None and above.repeats is None:
            return above
        return Setting(False, self._why(function, sure, found.ends, watch, name), made, tuple(watch.places))

    def _above(self, function: Function, name: str, depth: int) -> Setting | None:
        """What the callers do, where all of them are functions that were read."""
        if name not in function.names(_AREA) or depth > 2:
            return None
        at = function.names(_AREA).index(name)
        if self.library.handed_on(function):
            return None
        found = []
        for caller, args, offset in self.library.callers(function):
            if at >= len(args):
                return None
            place = (offset, offset + len(function.name))
            found.append(self._at(caller, place, args[at].strip(), depth + 1))
        if not found:
            return None
        worst = next((each for each in found if each.repeats is False), None)
        return worst or next((each for each in found if each.repeats is None), found[0])

    def _why(
        self, function: Function, missing: Sequence[End], ends: Sequence[End], watch: _Watch, name: str
    ) -> str:  # fmt: skip
        text = self.library.text(function.path)
        inside = next((end.inside for end in missing if end.inside), "")
        if watch.names:
            called = f"{watch.names[0]}(), which sets it,"
            chosen = {end.inside for end in ends if end.happened}
            if inside and not all(end.inside in chosen for end in missing):
                return f"{called} is not called where the branch {_short(inside)} is compiled"
            line = text.line(function.at + missing[0].at) if text else 0
            return f"{called} is not called on the path that leaves {function.name}() at line {line}"
        operations = re.search(rf"\b{re.escape(name)}\s*->\s*vm_ops\s*=\s*&\s*(\w+)", function.body)
        handler = self._handler(function.path, operations.group(1)) if operations else ""
        if handler:
            return f"no call sets it while the vma is made; its faults go to {handler}()"
        return f"nothing that {function.name}() calls with this vma sets it"

    def _handler(self, path: str, operations: str) -> str:
        text = self.library.text(path)
        code = text.code.decode("latin-1") if text else ""
        match = re.search(rf"\b{operations}\s*=\s*\{{[^}}]*?\.(?:fault|nopage|huge_fault)\s*=\s*&?(\w+)", code)
        return match.group(1) if match else ""

    # statements

    def effect(self, watch: _Watch, text: str, at: int, *, reached: bool) -> Effect:
        """What a piece of code does to the flag of the vma that is watched. What no path of interest has ``reached``
        is not kept as evidence."""
        here = at <= watch.place[0] < at + len(text)
        own = self._own(watch, text)
        reads, shows = ("", False) if here else self._reads(watch, text, at)
        if own.undone and here:
            own = own._replace(unknown="")
        if own.happens and watch.place == _ANYWHERE:  # beside a setting, another one is no call that repeats it
            if reached:
                watch.found(text, at)
            return own._replace(reads=reads, shows=shows)
        if watch.changes.search(text) and not here:
            own = Effect(unknown=f"{watch.name} becomes another one in {watch.function.name}()", undone=True)
        unknown = own.unknown
        for callee, args, offset in calls(text):
            place = next((index for index, each in enumerate(args) if each.strip("() ") == watch.name), -1)
            if place < 0 or _HARMLESS.fullmatch(callee) or re.fullmatch(SETS, callee) or callee == "vm_flags_clear":
                continue
            if at + offset == watch.place[0]:  # what was called to set it
                continue
            if callee in ("->open", "->close"):  # of vm_ops: they count references
                continue
            if callee.startswith("->"):
                unknown = (
                    unknown or f"{watch.function.name}() hands the vma to {callee[2:]}(), which it calls by a pointer"
                )
                continue
            sets = self.sets(callee, watch.function.path, place)
            reads, shows = reads or sets.reads, shows or sets.shows
            if sets.always and _CONDITION.search(_OR_ERROR.sub("", text[:offset])):
                unknown = unknown or f"{watch.function.name}() calls {callee}() on a condition"
            elif sets.always:
                if reached:
                    watch.called(callee, at + offset, sets)
                _, end = arguments(text, text.index("(", offset))
                return Effect(True, call=(offset, end) if sets.fails else None, reads=reads, shows=shows)
            unknown = unknown or sets.unknown
        return Effect(unknown=unknown, undone=own.undone, reads=reads, shows=shows)

    def _own(self, watch: _Watch, text: str) -> Effect:
        """What a piece of code itself does to the flags."""
        name = watch.function.name
        given: list[str] = []
        cleared: list[str] = []
        kept = True
        for callee, args, _ in calls(text):
            if len(args) < 2 or args[0].strip("() ") != watch.name:
                continue
            if re.fullmatch(SETS, callee):
                given.append(args[1])
                cleared += args[2:] if callee.endswith("mod") else ()
                kept = kept and callee.endswith(("set", "mod")) and not callee.endswith("reset")
            elif callee == "vm_flags_clear":
                cleared.append(args[1])
        for match in watch.stores.finditer(text):
            operator, value = match.groups()
            if operator == "&":
                cleared += re.findall(r"~\s*(\w+|\([^()]*\))", value)
                kept = kept and value.lstrip().startswith("~")
            else:
                given.append(value)
                kept = kept and (operator == "|" or "vm_flags" in value)
                cleared += re.findall(r"~\s*(\w+|\([^()]*\))", value) if not operator else ()
        happens = any(self._names_it(each) for each in given)
        if not kept:
            return Effect(happens, f"{name}() assigns all flags of {watch.name}", undone=True)
        if any(map(self._names_it, cleared)):
            return Effect(happens, f"{name}() clears it again", undone=True)
        if any(re.search(r"\b[a-z_]\w*", each) for each in cleared):
            return Effect(happens, f"{name}() clears flags that are not told", undone=True)
        return Effect(happens)

    def _names_it(self, text: str) -> bool:
        return not self._carriers.isdisjoint(re.findall(r"\w+", text))

    def _reads(self, watch: _Watch, text: str, at: int) -> tuple[str, bool]:
        """Where a piece of code asks for the flag, as text, and whether it prints it. What it says of other flags,
        and an assignment to the flags themselves, does not count."""
        shows = False
        for match in watch.flags.finditer(text):
            after = text[match.end() :]
            if re.match(r"\s*[|&^]?=(?!=)", after) or watch.assigns.match(text):
                continue
            mask = _MASK.match(after) or re.search(r"(?:(\b\w+)|\(([^()]*)\))\s*&\s*\Z", text[: match.start()])
            words = re.findall(r"[A-Za-z_]\w*", mask.group(1) or mask.group(2)) if mask else ()
            if words and all(word.isupper() for word in words) and self._carriers.isdisjoint(words):
                continue
            around = _call_around(text, match.start())
            if _OF_ACCESS.fullmatch(around):
                continue
            if around and _PRINTS.fullmatch(around):
                shows = True
                continue
            return (
                f"{watch.function.name}() asks for the flags at line {watch.line(at + match.start())}, before that",
                shows,
            )
        return "", shows


def _call_around(text: str, at: int) -> str:
    """The function that a place in a piece of code is an argument of, or "" for none."""
    depth = 0
    for index in range(at - 1, -1, -1):
        depth += (text[index] == ")") - (text[index] == "(")
        if depth < 0:
            depth = 0
            if (name := re.search(r"(\w+)\s*\Z", text[:index])) and name.group(1) not in ("if", "while", "return"):
                return name.group(1)
    return ""


class _Watch:
    """The flag of one vma of a function, on the paths through it."""

    def __init__(
        self, areas: Areas, function: Function, name: str, place: tuple[int, int] = _ANYWHERE, variable: str = ""
    ) -> None:
        self.function, self.name, self.place = function, name, place
        area = re.escape(name)
        own = rf"(?:\(\s*{area}\s*\)|{area})\s*->\s*vm_flags\b"
        self.flags = re.compile(rf"(?<![\w>.])(?:{own}|{re.escape(variable)}\b)" if variable else rf"(?<![\w>.]){own}")
        self.changes = re.compile(rf"(?<![\w>.]){area}\s*=(?!=)")
        self.stores = re.compile(rf"(?<![\w>.]){own}\s*([|&]?)=(?!=)([^;]*)")
        self.assigns = re.compile(rf"\s*{own}\s*[|&]?=(?!=)|\s*{SETS}\s*\(\s*{area}\s*,")
        self._areas = areas
        self.names: list[str] = []
        self.calls: list[tuple[str, int]] = []
        self.places: list[tuple[str, int]] = []
        self.setters: list[str] = []

    def effect(self, text: str, at: int, *, reached: bool = True) -> Effect:
        return self._areas.effect(self, text, at, reached=reached)

    def line(self, at: int) -> int:
        """The line of an offset in the function's body."""
        text = self._areas.library.text(self.function.path)
        return text.line(self.function.at + at) if text else 0

    def found(self, text: str, at: int) -> None:
        self.places.append((self.function.path, self.line(at + len(text) - len(text.lstrip()))))
        self.setters.append(self.function.name)

    def called(self, name: str, at: int, sets: Sets) -> None:
        self.names.append(name)
        self.calls.append((self.function.path, self.line(at)))
        self.places.append((sets.path, sets.line))
        self.setters.append(sets.setter)


def _remarks(found: flow.Paths) -> Iterator[Remark]:
    if any(end.ignored for end in found.ends):
        yield Remark.UNCHECKED
    if found.shown:
        yield Remark.PRINTED


def _distance(path: str, user: str) -> int:
    """Of functions of one name in several architectures, that of the user's own comes first, then what all share."""
    arch = posixpath.join(*path.split("/")[:2], "") if path.startswith("arch/") else ""
    return 1 if not arch else 0 if user.startswith(arch) else 2


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
