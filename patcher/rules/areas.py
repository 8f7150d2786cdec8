"""What becomes of the flags of a vma: which functions set one for their callers, and which settings repeat that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from patcher.rules import flow
from patcher.rules.flow import Effect, End, calls
from patcher.rules.functions import Function
from patcher.rules.library import Library

_AREA = r"struct\s+vm_area_struct\s*\*"
SETS = r"(?:__)?vm_flags_(?:set|mod|init|reset|reset_once)"
_ANYWHERE = (-1, -1)
# These look at a vma, or make a page table entry in it, and leave its flags alone whatever a configuration is.
_HARMLESS = re.compile(r"(?:pr|dev)_\w+|printk|trace_\w+|\w*pgprot\w*|zap_vma_\w+|is_\w+|get_file|fput")


class Sets(NamedTuple):
    """Whether a function sets the flag on the vma that it is given, whenever it succeeds. ``always``: it does;
    ``unknown``: what keeps that from being told; ``path`` and ``line``: where."""

    always: bool
    unknown: str = ""
    path: str = ""
    line: int = 0


class Setting(NamedTuple):
    """What is known of a place where a flag is set.

    ``repeats``: on every path that succeeds, a function that is called sets it, too; None where that cannot be told.
    ``reason`` is the end of a sentence; ``calls``: the places of the calls (path, line), ``sets``: where these set the
    flag.
    """

    repeats: bool | None
    reason: str
    calls: tuple[tuple[str, int], ...] = ()
    sets: tuple[tuple[str, int], ...] = ()


class Areas:
    """One flag (``carriers``: the macros that hold it) on the vmas of a library's functions."""

    def __init__(self, library: Library, carriers: frozenset[str]) -> None:
        self.library = library
        self._carriers = "|".join(sorted(map(re.escape, carriers)))
        self._sets: dict[tuple[str, int, int], Sets] = {}

    # what a function does for its callers

    def sets(self, name: str, path: str, at: int) -> Sets:
        """What a function that is called in a file does to the vma that is its argument number ``at``."""
        found = [self._one(function, at) for function in self.library.defined(name, path)]
        if not found:
            return Sets(False, f"{name}() is defined in no file that was read")
        if all(each.always for each in found):
            return found[0]
        return next((each for each in found if each.unknown), next(each for each in found if not each.always))

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
        found = flow.paths(function, _ANYWHERE, watch)
        if not found.readable:
            return Sets(False, f"{function.name}() could not be followed")
        if found.ends and all(end.happened for end in found.ends):
            path, line = next(iter(watch.places), (function.path, 0))
            return Sets(True, "", path, line)
        unknown = next((end.unknown for end in found.ends if not end.happened and end.unknown), "")
        return Sets(False, unknown)

    # one setting

    def setting(self, function: Function, offset: int, name: str) -> Setting:
        """What is known of the setting at an offset in a function's body, of a flag of the vma ``name``."""
        return self._at(function, (offset, offset + 1), name, depth=0)

    def _at(self, function: Function, place: tuple[int, int], name: str, depth: int) -> Setting:
        watch = _Watch(self, function, name, place)
        found = flow.paths(function, place, watch)
        if not found.readable or not found.ends:
            return Setting(None, f"the paths through {function.name}() could not be followed")
        made = tuple(dict.fromkeys(watch.calls))
        if all(end.happened for end in found.ends):
            names = [f"{each}()" for each in dict.fromkeys(watch.names)]
            reason = f"{' or '.join(names)} sets it on every path that succeeds"
            return Setting(True, reason, made, tuple(dict.fromkeys(watch.places)))
        missing = [end for end in found.ends if not end.happened]
        sure = [end for end in missing if not end.unknown]
        above = self._above(function, name, depth)
        if above is not None and above.repeats:
            return above
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
        area = re.escape(watch.name)
        flagged = rf"[^;]*\b(?:{self._carriers})\b"
        if watch.place == _ANYWHERE and (  # beside a setting, another one is no call that repeats it
            re.search(rf"{SETS}\s*\(\s*{area}\s*,{flagged}", text)
            or re.search(rf"(?<![\w>.]){area}\s*->\s*vm_flags\s*\|?=(?!=){flagged}", text)
        ):
            if reached:
                watch.found(text, at)
            return Effect(happens=True)
        if re.search(rf"vm_flags_clear\s*\(\s*{area}\s*,{flagged}", text) or re.search(
            rf"(?<![\w>.]){area}\s*->\s*vm_flags\s*&=\s*~{flagged}", text
        ):
            return Effect(unknown=f"{watch.function.name}() clears it again")
        if not at <= watch.place[0] < at + len(text) and re.search(
            rf"(?<![\w>.]){area}\s*->\s*vm_flags\s*=(?!=)(?![^;]*vm_flags)", text
        ):
            return Effect(unknown=f"{watch.function.name}() assigns all flags of {watch.name}")
        unknown = ""
        for callee, args, offset in calls(text):
            place = next((index for index, each in enumerate(args) if each.strip() == watch.name), -1)
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
            if sets.always:
                if reached:
                    watch.called(callee, at + offset, sets)
                return Effect(happens=True)
            unknown = unknown or sets.unknown
        return Effect(unknown=unknown)


class _Watch:
    """The flag of one vma of a function, on the paths through it."""

    def __init__(self, areas: Areas, function: Function, name: str, place: tuple[int, int] = _ANYWHERE) -> None:
        self.function, self.name, self.place = function, name, place
        self._areas = areas
        self.names: list[str] = []
        self.calls: list[tuple[str, int]] = []
        self.places: list[tuple[str, int]] = []

    def effect(self, text: str, at: int, *, reached: bool = True) -> Effect:
        return self._areas.effect(self, text, at, reached=reached)

    def _line(self, at: int) -> int:
        text = self._areas.library.text(self.function.path)
        return text.line(self.function.at + at) if text else 0

    def found(self, text: str, at: int) -> None:
        self.places.append((self.function.path, self._line(at + len(text) - len(text.lstrip()))))

    def called(self, name: str, at: int, sets: Sets) -> None:
        self.names.append(name)
        self.calls.append((self.function.path, self._line(at)))
        self.places.append((sets.path, sets.line))


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
