"""Symbols that objects of a commit use and nothing defines for them: what the link of the kernel or modpost would say.

Neither is done here. A symbol is looked for where the tree names it: these files are compiled, and their symbol tables
read. So what is undefined is so in this configuration; what a macro pastes together is not told.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from patcher.check import affected
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.kbuild import Makefiles
from patcher.check.linking import LINKING, is_module
from patcher.check.results import Message, Outcome, Severity, State, Symbols
from patcher.check.snapshot import Snapshot
from patcher.check.specs import symbols

Outcomes = Mapping[str, Outcome]
Compile = Callable[[Snapshot, Configured, Sequence[str]], Outcomes]
_NAMES, _USERS, _MOST_DROPPED = 64, 16, 8
_MOST_NAMING, _MOST_FILES = 200, 4000  # a symbol that so many files name is defined
_EXPORT = re.compile(r"^EXPORT_SYMBOL\w*\(\s*(\w+)", re.MULTILINE)
_ROUNDS = ((0, 1), (1, 4), (4, 8))  # which of the files that name a symbol are compiled, as long as none defines it
_IF, _ENDIF = re.compile(r"^[ \t]*#[ \t]*if", re.MULTILINE), re.compile(r"^[ \t]*#[ \t]*endif", re.MULTILINE)
_OF_LINKER = ("__start_", "__stop_", "__this_module")
_OF_MACROS = ("sys_", "compat_sys_", "__se_sys_", "__do_sys_")  # of SYSCALL_DEFINE, by what an architecture says
_OF_COMPILER = re.compile(r"__u?(?:div|mod)di3$|__aeabi_u?ldivmod$")  # libgcc's, which the kernel goes without
_CODE = ("*.c", "*.S", "*.lds.h", "*.rs")
_FINE = "fine"


class Undefined:
    """In one configuration, the oldest commit first. ``compile`` makes more objects of a commit."""

    def __init__(self, configuration: Configuration, compile: Compile) -> None:
        self._configuration, self._compile = configuration, compile
        self._last: dict[str, Outcome] = {}
        self._missing: dict[str, dict[str, str]] = {}  # object → symbol → why
        self._judged: set[str] = set()

    def base(self, outcomes: Outcomes) -> None:
        """Take what the base has."""
        self._last |= outcomes
        self._judged |= outcomes.keys()

    def told(self, snapshot: Snapshot, configured: Configured, outcomes: Outcomes) -> dict[str, Outcome]:
        """The outcomes of a commit: FAILED for an object that uses what nothing defines for it, be that used or gone by
        this commit or an earlier one of the series."""
        self._rename(snapshot.renamed)
        self._judged |= outcomes.keys()
        gone = {affected.target(each.old) for each in snapshot.changes if not each.path}
        before = {target: each.symbols for target, each in self._last.items() if each.symbols}
        self._last = {target: each for target, each in (self._last | dict(outcomes)).items() if target not in gone}
        look = _Look(snapshot, configured, self._configuration, self._last, self._compile)
        suspects = {target: set(names) for target, names in self._missing.items() if target in self._last}
        for target, name in (*_used(before, outcomes), *look.users(_lost(before, outcomes, gone))):
            suspects.setdefault(target, set()).add(name)
        suspects = {target: look.written(names, target) for target, names in suspects.items()}
        dropped = _dropped(before, outcomes, gone)
        look.search({name for names in suspects.values() for name in names}, dropped)
        found, before_missing, self._missing = dict(outcomes), self._missing, {}
        for target, names in suspects.items():
            outcome = self._last[target]
            if outcome.state is not State.BUILT:
                continue
            told = before_missing.get(target, {})
            wrong = {name: told.get(name, why) for name in sorted(names) if (why := look.problem(name, target))}
            if target not in self._judged:  # looked at for its symbols alone
                outcome = structs.replace(outcome, messages=())
            if wrong:
                found[target] = _failed(outcome, snapshot, wrong)
                self._missing[target] = wrong
            elif target in before_missing:
                found[target] = outcome
        for path, name in look.unused(dropped):
            target = affected.target(path)
            outcome = found.get(target) or (self._last[target] if target in self._judged else _nothing(target))
            found[target] = structs.replace(outcome, messages=(*outcome.messages, _unused(snapshot, path, name)))
        return found

    def _rename(self, renamed: Mapping[str, str]) -> None:
        for old, new in ((affected.target(old), affected.target(path)) for old, path in renamed.items()):
            if old in self._last:
                self._last[new] = self._last.pop(old)
            if old in self._missing:
                self._missing[new] = self._missing.pop(old)


def _nothing(target: str) -> Outcome:
    """An object of which nothing is said."""
    return Outcome(target, State.BUILT, "", (), ())


def _dropped(before: Mapping[str, Symbols], outcomes: Outcomes, gone: Iterable[str]) -> frozenset[str]:
    """The symbols that objects used, and do no longer."""
    now = {target: each.symbols.uses for target, each in outcomes.items() if each.symbols}
    now |= dict.fromkeys(gone, frozenset())
    return frozenset(name for target, old in before.items() if target in now for name in old.uses - now[target])


def _unused(snapshot: Snapshot, path: str, name: str) -> Message:
    lines = snapshot.text(path).split("\n")
    at = next((number for number, line in enumerate(lines, 1) if _export_of(name).match(line)), 0)
    text = f"exported: {name}, which no other file uses any more"
    return Message(Severity.WARNING, path, at, text, LINKING, " ".join(lines[at - 1].split()), "", "")


def _export_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"^EXPORT_SYMBOL\w*\(\s*{re.escape(name)}\b", re.MULTILINE)


def _used(before: Mapping[str, Symbols], outcomes: Outcomes) -> Iterator[tuple[str, str]]:
    """The symbols that objects use and did not before."""
    for target, outcome in outcomes.items():
        if outcome.symbols:
            for name in outcome.symbols.uses - (before[target].uses if target in before else frozenset()):
                yield target, name


def _lost(before: Mapping[str, Symbols], outcomes: Outcomes, gone: Iterable[str]) -> frozenset[str]:
    """The symbols that objects defined or exported, and do no longer."""
    none = Symbols(frozenset(), frozenset(), frozenset(), "")
    now = {target: each.symbols for target, each in outcomes.items() if each.symbols} | dict.fromkeys(gone, none)
    lost: set[str] = set()
    for target, old in before.items():
        if target in now:
            lost |= (old.defines - now[target].defines) | (old.exports - now[target].exports)
    return frozenset(lost)


def _failed(outcome: Outcome, snapshot: Snapshot, wrong: Mapping[str, str]) -> Outcome:
    path = affected.source(outcome.target, snapshot.entries)
    lines = snapshot.text(path).split("\n")
    messages = []
    for name, why in wrong.items():
        word = re.compile(rf"\b{re.escape(name)}\b")
        at = max((number for number, line in enumerate(lines, 1) if word.search(line)), default=0)
        source = " ".join(lines[at - 1].split()) if at else ""
        messages.append(Message(Severity.ERROR, path, at, f"undefined: {why}", LINKING, source, "", ""))
    reason = messages[0].message
    return structs.replace(outcome, state=State.FAILED, reason=reason, messages=(*outcome.messages, *messages))


class _Look:
    """Looks for symbols in one commit."""

    def __init__(
        self, snapshot: Snapshot, configured: Configured, configuration: Configuration, known: dict[str, Outcome],
        compile: Compile,
    ) -> None:  # fmt: skip
        self._snapshot, self._configured, self._compile = snapshot, configured, compile
        self._arch = configuration.arch
        self._makefiles = Makefiles(snapshot.text, symbols(configured.config), configuration.arch)
        self._known = known
        self._files: dict[str, tuple[str, ...]] = {}
        self._exporters: dict[str, list[str]] = {}
        self._tables = {target: each.symbols for target, each in known.items() if each.symbols}
        self._changed = "\n".join(line.text for file in snapshot.diff.files for line in file.added)

    def users(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The objects that use one of some symbols, of those that are built and name it."""
        some = sorted(names)[:_NAMES]
        self._find(some)
        for name in some:
            self._more(self._naming(name)[:_USERS])
            for target, table in self._tables.items():
                if name in table.uses and target in self._known:
                    yield target, name

    def written(self, names: Iterable[str], target: str) -> set[str]:
        """Those of the symbols that an object uses which can be looked for: at most so many."""
        if target not in self._tables:
            return set()
        known = (name for name in sorted(names) if not name.startswith(_OF_LINKER) and self._is_written(name, target))
        return set(itertools.islice(known, _NAMES))

    def search(self, names: Iterable[str], dropped: Iterable[str]) -> None:
        """Find who exports some symbols, and who names those that nobody does: git reads the tree once for each."""
        wanted = {*names, *dropped}
        macros = ("EXPORT_SYMBOL", "EXPORT_SYMBOL_GPL", "EXPORT_SYMBOL_NS", "EXPORT_SYMBOL_NS_GPL")
        exports = [f"{macro}({name}" for macro in macros for name in sorted(wanted)]
        for path in self._snapshot.naming(exports, ["*.c", "*.S"]) if exports else ():
            for name in wanted.intersection(_EXPORT.findall(self._snapshot.text(path))):
                self._exporters.setdefault(name, []).append(path)
        self._find([name for name in sorted(names) if name not in self._exporters])

    def _find(self, names: Sequence[str]) -> None:
        """Find the files that name some symbols, in one pass."""
        paths = self._snapshot.naming(names, _CODE) if names else ()
        found: dict[str, list[str]] = {name: [] for name in names}
        if len(paths) <= _MOST_FILES:
            word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
            for path in sorted(paths):
                for name in set(word.findall(self._snapshot.text(path))):
                    found[name].append(path)
            self._files |= {name: tuple(files) for name, files in found.items()}

    def problem(self, name: str, target: str) -> str:
        """Why an object cannot use a symbol, "" where it can, or that is not known."""
        user = self._tables[target].module
        quoted = f"{name}, used by {'the module ' + user if user else 'the kernel itself'}"
        place = self._definer(name, user)
        if place == _FINE or any(self._exports(name, path, user) for path in self._exporters.get(name, ())):
            return ""
        if len(self._all(name)) > _MOST_NAMING:
            return ""
        files = self._naming(name)
        for start, end in _ROUNDS:
            self._more(files[start:end])
            if (place := self._definer(name, user)) == _FINE:
                break
        if place == _FINE or len(files) > _ROUNDS[-1][1]:
            return ""
        if place:
            return f"{quoted}, is defined in {place}"
        if any(path.endswith((".lds.S", ".lds.h")) for path in self._all(name)):
            return ""
        if _OF_COMPILER.match(name):
            return f"{quoted}, divides 64 bit numbers, and nothing defines it"
        here = (path for path in self._all(name) if not affected.elsewhere(path, self._arch))
        unbuilt = [path for path in here if _defines(name, self._snapshot.text(path))]
        unbuilt = [path for path in unbuilt if not self._makefiles.builds(path)]
        if unbuilt:
            return f"{quoted}, is defined in {unbuilt[0]}, which this configuration does not build"
        return f"{quoted}: nothing defines it" if self._is_declared(name, target) else ""

    def unused(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The files that export one of some symbols, while no other names it but in declarations: (path, symbol)."""
        used = {name for target, table in self._tables.items() if target in self._known for name in table.uses}
        for name in [each for each in sorted(names) if each in self._exporters and each not in used][:_MOST_DROPPED]:
            files = self._all(name)
            if len(files) == 1:
                headers = self._snapshot.naming([name], ["*.h"])
                if all(self._declares(name, path) for path in headers):
                    yield files[0], name

    def _declares(self, name: str, path: str) -> bool:
        """Whether a header has no more of a symbol than declarations: lines that are not indented."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        lines = self._snapshot.text(path).split("\n")
        return not any(line[:1] in ("", " ", "\t", "#", "}") for line in lines if word.search(line))

    def _is_written(self, name: str, target: str) -> bool:
        """Whether a name stands in the source as it is, or in what the commit adds: no macro made it. What the compiler
        calls by itself counts, too."""
        if _OF_COMPILER.match(name):
            return True
        word = re.compile(rf"\b{re.escape(name)}\b")
        text = self._snapshot.text(affected.source(target, self._snapshot.entries))
        return bool(word.search(text) or word.search(self._changed))

    def _is_declared(self, name: str, target: str) -> bool:
        """Whether a declaration has the name as it is. Where a macro makes that, one may make the definition, too."""
        source = affected.source(target, self._snapshot.entries)
        word = re.escape(name)
        declaration = re.compile(rf"^(?:[ \t]*extern\b|\w)[^\n;{{}}=#]*\b{word}\b[^\n;{{}}=]*[;,(]", re.MULTILINE)
        headers = self._snapshot.naming([name], ["*.h"])
        declared = any(declaration.search(self._snapshot.text(path)) for path in (source, *headers))
        return declared and not name.startswith(_OF_MACROS)

    def _definer(self, name: str, user: str) -> str:
        """_FINE where a symbol is defined for a user, or in what it is not for it; "" where it is not."""
        found = ""
        for target, table in self._tables.items():
            if name in table.defines or name in table.exports:
                if table.module == user or (user and name in table.exports):
                    return _FINE
                path = affected.source(target, self._snapshot.entries)
                found = f"{path}, which does not export it" if user else f"the module {table.module}"
        return found

    def _exports(self, name: str, path: str, user: str) -> bool:
        """Whether a file that is built exports a symbol in any configuration."""
        if not self._makefiles.builds(path):
            return False
        text = self._snapshot.text(path)
        match = _export_of(name).search(text)
        if match is None or len(_IF.findall(text, 0, match.start())) != len(_ENDIF.findall(text, 0, match.start())):
            return False
        return bool(user) or not self._makefiles.module(path)

    def _all(self, name: str) -> tuple[str, ...]:
        if name not in self._files:
            self._files[name] = tuple(sorted(self._snapshot.naming([name], _CODE)))
        return self._files[name]

    def _naming(self, name: str) -> list[str]:
        """The files that name a symbol and are built, those that define it by the look of it first."""
        built = [path for path in self._all(name) if path.endswith((".c", ".S")) and self._makefiles.builds(path)]
        return sorted(built, key=lambda path: (not _defines(name, self._snapshot.text(path)), path))

    def _more(self, paths: Iterable[str]) -> None:
        targets = [target for target in map(affected.target, paths) if target not in self._tables]
        for target, outcome in self._compile(self._snapshot, self._configured, targets).items() if targets else ():
            if outcome.symbols and not is_module(target):
                self._tables[target] = outcome.symbols
                if target not in self._known:
                    self._known[target] = outcome


def _defines(name: str, text: str) -> bool:
    """Whether a text looks as if it defined or exported a symbol."""
    word = re.escape(name)
    function = rf"^(?!extern\b|[#\s/*])[^;\n]*\b{word}\b\s*[(=;,\[)]"
    marked = rf"\bEXPORT_\w+\(\s*{word}\b|^\s*\w*(?:ENTRY|START)\w*\({word}\b"
    return re.search(f"{function}|{marked}", text, re.MULTILINE) is not None
