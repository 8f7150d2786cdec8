"""All facts of a tree, indexed for the questions rules ask."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from patcher.model import Call, Definition, FileFacts, How, Kind, Use
from patcher.rules.areas import SETS, Areas, Setting
from patcher.rules.functions import Function
from patcher.rules.library import Library
from patcher.rules.model import Subject
from patcher.rules.origins import Nature, Origin, Origins

_WORD = re.compile(r"[A-Za-z_]\w*")
_DOMAIN = re.compile(r"dom(?:id|ain)?$")
_FRAME = re.compile(r"[gpm]?fn$|g?mfn|pfn")
_PAGETABLE_CALLS = ("HYPERVISOR_mmu_update", "MULTI_mmu_update", "HYPERVISOR_update_va_mapping_otherdomain")
_LVALUE = re.compile(r"[A-Za-z_]\w*(?:(?:->|\.)\w+)*")


class Knowledge:
    """Facts of many files. A place that several configurations compile counts once.

    ``names``: the symbols whose uses will be asked for. The functions of the files that use one of them count with
    them; uses of anything else are not kept, for a tree has a million of them. ``library``: the files as text, to
    follow what goes beyond one of them; ``unbuilt``: files, and places
    (``path:offset``), that x86 never builds, and why.
    """

    def __init__(
        self,
        files: Iterable[FileFacts],
        names: frozenset[str],
        library: Library | None = None,
        unbuilt: Mapping[str, str] | None = None,
    ) -> None:
        self.files = tuple(files)
        self.library = library or Library({})
        self.unbuilt = unbuilt or {}
        self._origins = Origins(self.library)
        self._areas: dict[frozenset[str], Areas] = {}
        self.definitions: defaultdict[str, list[Definition]] = defaultdict(list)
        self.uses: defaultdict[str, list[Use]] = defaultdict(list)
        self._calls: dict[tuple[str, int], Call] = {}
        self._calls_in: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
        self._values: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._in_file: defaultdict[str, dict[str, Definition]] = defaultdict(dict)
        self._called: dict[str, frozenset[str]] = {}
        self._reached: dict[tuple[str, str], frozenset[str]] = {}
        users = [facts for facts in self.files if any(use.symbol in names for use in facts.uses)]
        self.user_functions = frozenset(
            definition.name
            for facts in users
            for definition in facts.definitions
            if definition.kind is Kind.FUNCTION and not definition.declares
        )
        self._index_definitions()
        self._index_uses(names | self.user_functions)
        self._index_calls()

    def _index_definitions(self) -> None:
        seen: set[tuple[str, int, str]] = set()
        for facts in self.files:
            in_file = self._in_file[facts.path]
            for definition in facts.definitions:
                key = (facts.path, definition.name_start, definition.name)
                if key not in seen:
                    seen.add(key)
                    self.definitions[definition.name].append(definition)
                    if not definition.declares:
                        in_file.setdefault(definition.name, definition)

    def _index_uses(self, names: frozenset[str]) -> None:
        seen: set[tuple[str, int]] = set()
        for facts in self.files:
            for use in facts.uses:
                if use.symbol in names and (key := (facts.path, use.span.start)) not in seen:
                    seen.add(key)
                    self.uses[use.symbol].append(use)

    def _index_calls(self) -> None:
        for facts in self.files:
            for call in facts.calls:
                key = (facts.path, call.span.start)
                if key not in self._calls:
                    self._calls[key] = call
                    self._calls_in[facts.path, call.function].append(call)
            for each in facts.assignments:
                values = self._values[facts.path, each.function, each.target]
                if each.value not in values:
                    values.append(each.value)

    def defined(self, name: str) -> Definition | None:
        """The definition (not a mere declaration) of a name, or None."""
        return next((found for found in self.definitions.get(name, ()) if not found.declares), None)

    def within(self, path: str, name: str) -> Definition | None:
        """What ``name`` is in the file at ``path``, where that file defines it."""
        return self._in_file[path].get(name)

    def reach(self, path: str, name: str) -> frozenset[str]:
        """Every identifier that a function or variable mentions, directly or through others of the same file."""
        key = (path, name)
        if key not in self._reached:
            seen: set[str] = set()
            todo, in_file = [name], self._in_file[path]
            while todo:
                definition = in_file.get(todo.pop())
                for word in definition.mentions if definition else ():
                    if word not in seen:
                        seen.add(word)
                        todo.append(word)
            self._reached[key] = frozenset(seen)
        return self._reached[key]

    def call(self, use: Use) -> Call | None:
        """The call that a use of its callee begins."""
        return self._calls.get((use.span.path, use.span.start))

    def calls_of(self, path: str) -> frozenset[str]:
        """Whatever the functions of a file call."""
        if path not in self._called:
            called = (call.callee for (where, _), calls in self._calls_in.items() if where == path for call in calls)
            self._called[path] = frozenset(called)
        return self._called[path]

    @cached_property
    def foreign_mappers(self) -> frozenset[tuple[str, str]]:
        """Functions (path, name) that are told a domain and a frame and update page tables: the frames are that
        domain's, not ours."""
        return frozenset(
            (path, name)
            for path, in_file in self._in_file.items()
            for name, function in in_file.items()
            if any(_DOMAIN.match(param) for param in function.params)
            and any(_FRAME.match(param) for param in function.params)
            and not self.reach(path, name).isdisjoint(_PAGETABLE_CALLS)
        )

    def calls_in(self, path: str, function: str) -> Sequence[Call]:
        """The calls a function makes."""
        return self._calls_in.get((path, function), ())

    def origins(self, path: str, function: str, expression: str) -> tuple[str, ...]:
        """What an expression is made of inside one function: itself, and all values its variables are given there."""
        found, todo = [], [expression]
        while todo:
            text = todo.pop()
            if text not in found:
                found.append(text)
                for name in _LVALUE.findall(text):
                    todo.extend(self._values.get((path, function, name), ()))
        return tuple(found)

    def around(self, path: str, offset: int) -> Function | None:
        """The function that holds an offset of a file, as text."""
        text = self.library.text(path)
        return text.around(offset) if text else None

    def frame(self, path: str, offset: int, expression: str) -> frozenset[Origin]:
        """Where the value of an expression at an offset of a file comes from."""
        function = self.around(path, offset)
        if function is None:
            return frozenset({Origin(Nature.UNKNOWN, expression, path, 0)})
        return self._origins.of(function, expression, at=offset - function.at)

    def area(self, path: str, offset: int, args: Sequence[str]) -> str:
        """Which of the arguments of a call at an offset of a file is a vma, or ""."""
        function = self.around(path, offset)
        told = f"{function.between};{function.body}" if function else ""
        declared = set(re.findall(r"\bstruct\s+vm_area_struct\s*\*+\s*(\w+)", told))
        return next((each.strip() for each in args if each.strip() in declared), "")

    def setting(self, flags: frozenset[str], use: Use) -> Setting:
        """What is known of a use that sets one of the flags on a vma."""
        function, variable = self.around(use.span.path, use.span.start), ""
        area = use.target.removesuffix("->vm_flags").removesuffix(".vm_flags")
        if function is None:
            return Setting(None, f"{use.symbol} stands in no function that could be read")
        if area == use.target:
            stored = re.search(
                rf"([\w>.-]+?)\s*->\s*vm_flags\s*\|?=(?!=)[^;]*\b{re.escape(area)}\b", function.body
            ) or re.search(rf"\b{SETS}\s*\(\s*([\w>.-]+?)\s*,[^;]*\b{re.escape(area)}\b", function.body)
            if not area or stored is None:
                return Setting(None, f"it goes into {use.target or 'a value'}, and no vma is in sight")
            area, variable = stored.group(1), area
        return self._flag(flags).setting(function, use.span.start - function.at, area, variable)

    def sets_flag(self, flags: frozenset[str], name: str, path: str) -> bool:
        """Whether a function that is called in a file sets one of the flags on the vma it is given, if it succeeds."""
        return self._flag(flags).sets_any(name, path)

    def _flag(self, flags: frozenset[str]) -> Areas:
        if flags not in self._areas:
            self._areas[flags] = Areas(self.library, flags)
        return self._areas[flags]

    def uses_of(self, names: Iterable[str]) -> Iterator[Use]:
        """Every use of the names."""
        for name in names:
            yield from self.uses.get(name, ())


class Topic:
    """A subject in a tree: the symbols that carry its flag, and the functions that exist only for it."""

    def __init__(self, subject: Subject, carriers: Sequence[str], knowledge: Knowledge) -> None:
        self.subject = subject
        self.carriers = frozenset(carriers)
        self.helpers, self.orphans = self._find_helpers(knowledge) if subject.helpers else ({}, {})

    @property
    def symbols(self) -> frozenset[str]:
        """All that counts as a use of the subject."""
        return self.carriers | self.helpers.keys() | self.orphans.keys() | frozenset(self.subject.calls)

    def _find_helpers(self, knowledge: Knowledge) -> tuple[dict[str, str], dict[str, str]]:
        """Functions whose purpose is the flag → why; and those left without a caller once these go → why."""
        helpers: dict[str, str] = {}
        for use in knowledge.uses_of(self.carriers):
            function = knowledge.within(use.span.path, use.function) if use.function else None
            if function and function.static and use.how is How.TESTED and use.in_return and self._only(function, use):
                helpers[function.name] = "it only tells whether the flag is set"
        tests = set(self.carriers) | helpers.keys()
        candidates = {
            name: [use for use in knowledge.uses.get(name, ()) if use.how not in (How.DEFINED, How.DECLARED)]
            for name in sorted(knowledge.user_functions)
        }
        for name, calls in candidates.items():
            definition = knowledge.defined(name)
            static = definition is not None and definition.static
            if name not in helpers and static and calls and all(self._guarded(use, tests) for use in calls):
                helpers[name] = "every call of it is under a test of the flag"
        orphans: dict[str, str] = {}
        while True:
            gone = helpers.keys() | orphans.keys()
            more = {
                name: f"its only caller in this scope is {', '.join(sorted(callers))}"
                for name, calls in candidates.items()
                if name not in gone and (callers := self._callers(calls)) and callers <= gone
            }
            if not more:
                return helpers, orphans
            orphans |= more

    @staticmethod
    def _only(function: Definition, use: Use) -> bool:
        """Whether the function is just the statement of the use (allowing for its declarator)."""
        return use.statement.end - use.statement.start > (function.span.end - function.span.start) // 3

    @staticmethod
    def _guarded(use: Use, tests: set[str]) -> bool:
        return any(
            not condition.startswith("!(") and tests.intersection(_WORD.findall(condition))
            for condition in use.conditions
        )

    @staticmethod
    def _callers(uses: Sequence[Use]) -> set[str]:
        """Who calls it; a use outside of any function (an initialiser, an export's macro) counts as somebody."""
        return {use.function or "(file level)" for use in uses if not use.callee.startswith("EXPORT_")}
