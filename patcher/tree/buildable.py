"""Which files of a tree x86 can never build: by the Makefiles' CONFIG symbols, and by what these depend on.

A symbol is *never* on (but for a compile test) if every place that defines it stands in another architecture's Kconfig,
or depends on one that is never on. What cannot be read counts as possible.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from patcher.tree import kconfig
from patcher.tree.kernel import KernelTree

Ways = tuple[frozenset[str], ...]  # each of them: the CONFIG symbols that must be on

_ARCHITECTURES = (
    "alpha", "arc", "arm", "arm26", "arm64", "aarch64", "avr32", "blackfin", "bfin", "c6x", "cris", "csky", "frv",
    "h8300", "hexagon", "ia64", "loongarch", "lm32", "m32r", "m68k", "mc68000", "m68knommu", "metag", "microblaze",
    "mips", "mn10300", "nds32", "nios2", "openrisc", "parisc", "hppa", "powerpc", "powerpc64", "ppc", "ppc32",
    "ppc64", "riscv", "s390", "s390x", "score", "sh", "superh", "sh64", "sparc", "sparc32", "sparc64", "tile",
    "unicore32", "v850", "xtensa",
)  # fmt: skip
_MACRO = re.compile(rf"__({'|'.join(_ARCHITECTURES)})(?:__)?$", re.IGNORECASE)
_BOTH_OF_X86 = re.compile(
    r"defined\s*\(?\s*__(?:i386__\s*\)?\s*\|\|\s*defined\s*\(?\s*__x86_64|x86_64__\s*\)?\s*\|\|\s*defined\s*\(?\s*__i386)__\b"
)
_OURS = re.compile(r"arch/(?!x86/|i386/|x86_64/|Kconfig)")
_ASSIGNED = re.compile(
    r"^[ \t]*((?:\$\((?:[^()$\n]|\$\([^()\n]*\))*\)|[^\s#:+?=$])+)[ \t]*[:+?]?=[ \t]*((?:[^\n\\#]|\\\n|\\.)*)",
    re.MULTILINE,
)
_GOAL = re.compile(r"(?:obj|lib)-(?:([ym])|((?:\$\(CONFIG_\w+\))+))\Z")
_PART = re.compile(r"([\w-]+?)-(?:objs|[ym]|\$\(CONFIG_(\w+)\))\Z")
_NO_GOAL = frozenset({"targets", "clean-files", "hostprogs", "hostprogs-y"})
_NAME = re.compile(r"[A-Z0-9]\w+")
_TOKEN = re.compile(r"\$\([^)]*\)|&&|\|\||!=|<=|>=|=|<|>|!|\(|\)|\"[^\"]*\"|\w+")
_ALWAYS = frozenset({"X86", "MMU", "HAS_IOMEM", "HAS_IOPORT", "HAS_DMA", "PCI", "ISA_DMA_API", "NET", "y"})
_EITHER = frozenset({"X86_32", "X86_64", "64BIT", "EXPERT", "BROKEN", "m", "MODULES"})
_TRIED = "COMPILE_TEST"  # builds what no machine that x86 runs on has
_ROUNDS = 8


class Buildable:
    """Asked of a tree about some files."""

    def __init__(self, tree: KernelTree) -> None:
        self._tree = tree
        self._symbols: defaultdict[str, list[tuple[str, kconfig.Symbol]]] = defaultdict(list)
        self._looked: set[str] = set()
        self._read: set[str] = set()
        self._never: dict[str, str] = {}
        self._makefiles: dict[str, str] = {}

    def never(self, paths: Iterable[str]) -> dict[str, str]:
        """The files that x86 never builds, each with the reason."""
        chains = {path: tuple(self._chain(path)) for path in paths if path.endswith(".c")}
        self._fetch({symbol for chain in chains.values() for ways in chain for way in ways for symbol in way})
        found = {}
        for path, chain in chains.items():
            if reason := next((reason for ways in chain if (reason := self._closed(ways))), ""):
                found[path] = reason
        return found

    def _closed(self, ways: Ways) -> str:
        """Why none of the ways to build something can be gone, or ""."""
        reasons = [next((reason for symbol in way if (reason := self.symbol(symbol))), "") for way in ways]
        if not reasons or not all(reasons):
            return ""
        others = len(ways) - 1
        rest = (
            "the other way to build it is closed" if others == 1 else f"the {others} other ways to build it are closed"
        )
        return f"{reasons[0]}; {rest}, too" if others else reasons[0]

    def symbol(self, name: str) -> str:
        """Why a CONFIG symbol (named without its prefix) is never on for x86, or ""."""
        self._fetch({name})
        return self._why(name, frozenset())

    def condition(self, text: str) -> str:
        """Why what stands under some directives, joined by " and ", is never compiled for x86, or ""."""
        for part in text.split(" and #"):
            self._fetch(set(re.findall(r"\bCONFIG_(\w+)", part)))
        return elsewhere(text, lambda name: self._why(name, frozenset()) != "")

    # makefiles

    def _chain(self, path: str) -> Iterator[Ways]:
        """How a file and the directories above it are built, as far as each can be told."""
        directory, name = posixpath.split(path)
        target = f"{posixpath.splitext(name)[0]}.o"
        while directory:
            makefile = self._makefile(directory)
            ways = _ways(makefile, target) if target in makefile else None
            directory, _, last = directory.rpartition("/")
            target = f"{last}/{target}" if ways is None and target.endswith(".o") else f"{last}/"
            yield ways or ()

    def _makefile(self, directory: str) -> str:
        if directory not in self._makefiles:
            texts = self._tree.read([f"{directory}/Kbuild", f"{directory}/Makefile"])
            self._makefiles[directory] = "\n".join(text.decode("utf-8", "replace") for text in texts.values())
        return self._makefiles[directory]

    # Kconfig

    def _fetch(self, names: set[str]) -> None:
        """Parse the Kconfig files that define the symbols, and those that these depend on."""
        for _ in range(_ROUNDS):
            todo = sorted(name for name in names - self._looked if name not in _ALWAYS | _EITHER | {_TRIED})
            if not todo:
                return
            self._looked.update(todo)
            paths = {path for name in todo for path in self._defining.get(name, ())} - self._read
            self._read.update(paths)
            for path in sorted(paths):
                for symbol in kconfig.parse(self._kconfig[path]):
                    self._symbols[symbol.name].append((path, symbol))
            names = {
                each
                for name in todo
                for _, symbol in self._symbols.get(name, ())
                for condition in (*symbol.depends, *(f"{a} {b}" for a, b in symbol.defaults if not symbol.asked))
                for each in _NAME.findall(condition)
            }

    @cached_property
    def _kconfig(self) -> dict[str, str]:
        """The text of every Kconfig file: one reading of them all is faster than two searches."""
        texts = self._tree.read(path for path in self._tree.paths() if "Kconfig" in path)
        return {path: text.decode("utf-8", "replace") for path, text in texts.items()}

    @cached_property
    def _defining(self) -> dict[str, set[str]]:
        """Each symbol with the Kconfig files that may define it."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for path, text in self._kconfig.items():
            for name in kconfig.DEFINED.findall(text):
                found[name].add(path)
        return found

    def _why(self, name: str, above: frozenset[str]) -> str:
        if name in _ALWAYS or name in _EITHER or name in above:
            return ""
        if name not in self._never:
            found = self._symbols.get(name, [])
            ours = [(path, symbol) for path, symbol in found if not _OURS.match(path)]
            if name not in self._looked:
                return ""
            if not found:
                self._never[name] = f"no Kconfig defines CONFIG_{name}"
            elif not ours:
                self._never[name] = f"CONFIG_{name} is defined in {found[0][0]} only"
            else:
                reasons = [self._depends(symbol, above | {name}) for _, symbol in ours]
                if above and not all(reasons):
                    return ""  # perhaps for want of what is asked already: not to be remembered
                self._never[name] = reasons[0] if all(reasons) else ""
        return self._never[name]

    def _depends(self, symbol: kconfig.Symbol, above: frozenset[str]) -> str:
        """Why a definition can never be on, or ""."""
        for condition in symbol.depends:
            value = _evaluate(_TOKEN.findall(condition), lambda name: self._known(name, above))
            if value is False:
                tried = "; a compile test is not run" if _TRIED in condition else ""
                return f"CONFIG_{symbol.name} depends on {condition}{tried}"
        return ""

    def _known(self, name: str, above: frozenset[str]) -> bool | None:
        if name in _ALWAYS:
            return True
        if name in ("n", _TRIED) or self._why(name, above):
            return False
        return None


def _ways(makefile: str, target: str) -> Ways | None:
    """The ways to build a target; nothing where one of them cannot be read, or needs no symbol; None: there is none."""
    lines = [(match[1], match[2].replace("\\\n", " ").split()) for match in _ASSIGNED.finditer(makefile)]
    ways: dict[frozenset[str], None] = {}
    todo, done = [(target, frozenset[str]())], set()
    while todo:
        wanted, needs = todo.pop()
        if (wanted, needs) in done:
            continue
        done.add((wanted, needs))
        for name in (name for name, words in lines if wanted in words and name not in _NO_GOAL):
            goal, part = _GOAL.match(name), _PART.match(name)
            if goal:
                symbols = re.findall(r"CONFIG_(\w+)", name)
                ways.update(dict.fromkeys([needs | {symbol} for symbol in symbols] or [needs]))
            elif part:
                todo.append((f"{part[1]}.o", needs | ({part[2]} if part[2] else set())))
            elif re.fullmatch(r"\w+", name):
                todo.append((f"$({name})", needs))
            else:
                return ()
    if not ways:
        return None
    return tuple(ways) if all(ways) else ()


def of_others(conditions: str) -> bool:
    """Whether what stands under some directives is another architecture's by their names alone, or is ``#if 0``."""
    return elsewhere(conditions, lambda name: name.lower() in _ARCHITECTURES) != ""


def elsewhere(conditions: str, never: Callable[[str], bool] = lambda name: False) -> str:
    """Why what stands under some directives, joined by " and ", is never compiled for x86, or "".

    ``never``: whether a CONFIG symbol (named without its prefix) is never on.
    """

    def known(name: str) -> bool | None:
        if name in ("CONFIG_X86", "CONFIG_MMU", "__KERNEL__"):
            return True
        if _MACRO.match(name) or (name.startswith("CONFIG_") and never(name.removeprefix("CONFIG_"))):
            return False
        return None

    for part in conditions.split(" and #"):
        match = re.match(r"#?\s*(else of #\s*)?(ifdef|ifndef|if|elif)\s+(.*)$", part)
        if match is None:
            continue
        told = _BOTH_OF_X86.sub("(CONFIG_X86", match.group(3))
        told += ")" * (told.count("(") - told.count(")"))
        value = _evaluate(_TOKEN.findall(re.sub(r"\bdefined\b|\bIS_\w+\b", " ", told)), known)
        negated = (match.group(2) == "ifndef") is not bool(match.group(1))
        if value is not None and value is negated:
            return f"it stands under #{part.removeprefix('#').strip()}"
    return ""


def _evaluate(tokens: list[str], known: Callable[[str], bool | None]) -> bool | None:
    """An expression of which some names are known; None where it depends on others, or cannot be read."""
    try:
        value, rest = _either(tokens, known)
    except IndexError:
        return None
    return value if not rest else None


def _either(tokens: list[str], known: Callable[[str], bool | None]) -> tuple[bool | None, list[str]]:
    value, rest = _both(tokens, known)
    while rest and rest[0] == "||":
        right, rest = _both(rest[1:], known)
        value = True if value is True or right is True else (False if value is False and right is False else None)
    return value, rest


def _both(tokens: list[str], known: Callable[[str], bool | None]) -> tuple[bool | None, list[str]]:
    value, rest = _one(tokens, known)
    while rest and rest[0] == "&&":
        right, rest = _one(rest[1:], known)
        value = False if value is False or right is False else (True if value is True and right is True else None)
    return value, rest


def _one(tokens: list[str], known: Callable[[str], bool | None]) -> tuple[bool | None, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        value, rest = _one(rest, known)
        return (None if value is None else not value), rest
    if first == "(":
        value, rest = _either(rest, known)
        return value, rest[1:]
    if rest and rest[0] in ("=", "!=", "<", ">", "<=", ">="):
        enabled = rest[:2] in (["=", "y"], ["=", "m"], ["!=", "n"])
        return (False if enabled and known(first) is False else None), rest[2:]
    if first.isdigit():
        return first != "0", rest
    return known(first), rest
