"""Files as text, for questions that go further than what was parsed: what a function is made of, who fills a field."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from patcher.rules import functions
from patcher.rules.functions import Function, Text

_OTHER_ARCHITECTURE = re.compile(
    r"arch/(?!x86/|i386/|x86_64/)|include/(?:asm-(?!x86/|i386/|x86_64/|generic/)|xen/arm/)"
)
_NO_KERNEL = re.compile(r".*nommu\.c$|(?:tools|Documentation|scripts|samples)/")
_BASE = re.compile(rb"(?:[\w\])]|->|\.(?=\w)|\[[^]\n]*\])+\Z")
_WORD = re.compile(rb"\w+")
_LONG = 8
_COMMON = 8  # files of a directory
_INTO = re.compile(rb"\s*(?:\[[^]\n]*\]\s*)*(?:->|\.)\s*\w")  # it is the address of something in the field
# They are given an address, and do not change what is there.
READS = re.compile(
    r"(?:\w*printf|\w*print\w*|\w*put_user|copy_to_user|list_\w+|INIT_LIST_HEAD|\w*lock\w*|\w*wait\w*|\w*wake\w*|dev_\w+|"
    r"pr_\w+|kref_\w+|atomic_\w+|refcount_\w+|container_of|is_\w+|\w*trace\w*|\w*dbg|\w*debug\w*|\w*_log|\w*_warn\w*|"
    r"\w*_err|\w*_info)\s*\("
)


class Stored(NamedTuple):
    """A value that a field or variable is given: in which function (None: in an initialiser), of what, as text.

    ``base``: what stands before the field, "" in an initialiser; ``operator``: ``=``, ``+=``, or ``&`` where its
    address is an argument of the call ``value``; ``at``: where in the function's body, or -1; ``indexed``: whether it
    is an element that is given it.
    """

    path: str
    function: Function | None
    base: str
    operator: str
    value: str
    line: int
    at: int = -1
    indexed: bool = False


class Library:
    """The text of files, by what it defines. What is asked for and not there is noted, so that it can be fetched.

    Attributes:
        wanted: functions that were asked for and that no file here defines: (directory that asks, name)
        fields: fields that were asked for: (directory that asks, name)
        far: those of the fields that no file of the directory fills
        everywhere: whether code of other architectures counts
    """

    def __init__(self, codes: Mapping[str, bytes], *, everywhere: bool = False) -> None:
        self.everywhere = everywhere
        self._codes: dict[str, bytes] = {}
        self._texts: dict[str, Text] = {}
        self._functions: defaultdict[str, list[Function]] = defaultdict(list)
        self._structs: dict[str, list[str]] = {}
        self._holders: defaultdict[bytes, dict[str, None]] = defaultdict(dict)  # word → files, in the order of _codes
        self.wanted: set[tuple[str, str]] = set()
        self.fields: set[tuple[str, str]] = set()
        self.far: set[tuple[str, str]] = set()
        self._stored: dict[tuple[str, str], tuple[Stored, ...]] = {}
        self.add(codes)

    def add(self, codes: Mapping[str, bytes]) -> None:
        """Take more files (without comments)."""
        for path, code in codes.items():
            if path in self._codes or _NO_KERNEL.match(path):
                continue
            if self.everywhere or not _OTHER_ARCHITECTURE.match(path):
                self._codes[path] = code
                for word in set(_WORD.findall(code)):
                    self._holders[word][path] = None
                text = self._texts[path] = functions.read(path, code)
                for each in text.functions:
                    self._functions[each.name].append(each)
        self._stored.clear()
        self._structs.clear()

    def _holding(self, name: str) -> Mapping[str, object]:
        """The files in which a name stands as a word."""
        word = name.encode()
        return self._holders.get(word, {}) if _WORD.fullmatch(word) else self._codes

    def text(self, path: str) -> Text | None:
        """A file."""
        return self._texts.get(path)

    def defined(self, name: str, path: str) -> tuple[Function, ...]:
        """What a name that is called in a file may be: the file's own function, else those that it can see."""
        found = self._functions.get(name, [])
        own = tuple(each for each in found if each.path == path)
        others = tuple(each for each in found if not each.static and (not each.macro or each.path.endswith(".h")))
        if not own and not others and name.isidentifier():  # not what is called by a pointer
            self.wanted.add((posixpath.dirname(path), name))
        return own or others

    def callers(self, function: Function) -> Iterator[tuple[Function, tuple[str, ...], int]]:
        """The calls of a function: in what, with which arguments, where in its body."""
        pattern = re.compile(rb"(?<![\w.>])%s\s*\(" % function.name.encode())
        for path in self._holding(function.name):
            text = self._texts[path]
            if function.static and path != function.path:
                continue
            if path != function.path and function not in self.defined(function.name, path):
                continue
            for match in pattern.finditer(text.code):
                caller = text.around(match.start())
                if caller is not None and caller.at <= match.start():
                    args, _ = functions.arguments(caller.body, match.end() - 1 - caller.at)
                    yield caller, args, match.start() - caller.at

    def handed_on(self, function: Function) -> bool:
        """Whether the function is named without being called: in an initialiser, as an argument."""
        pattern = re.compile(rb"\b%s\b(?!\s*\()" % function.name.encode())
        holding = self._holding(function.name)
        paths = [path for path in holding if not function.static or path == function.path]
        exported = rb"EXPORT_\w+\s*\(\s*\Z"
        return any(
            not re.search(exported, self._texts[path].code[: match.start()][-60:])
            for path in paths
            for match in pattern.finditer(self._texts[path].code)
        )

    def constant(self, name: str, path: str) -> str | None:
        """The body of a macro without parameters, in the file or in a header."""
        pattern = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+%s[ \t]+([^\n]*)" % name.encode(), re.MULTILINE)
        holding = self._holding(name)
        for each in [path, *(other for other in holding if other.endswith(".h"))]:
            if each in holding and (match := pattern.search(self._codes[each])):
                return match.group(1).decode("latin-1").strip()
        return None

    def members(self, struct: str) -> tuple[str, ...]:
        """The bodies of a struct's definitions, one for each file that has one."""
        if not self._structs:
            self._structs = {"": []}
            for code in self._codes.values():
                for name, body in functions.structs(code):
                    self._structs.setdefault(name, []).append(body)
        return tuple(self._structs.get(struct, ()))

    def stored(self, path: str, field: str) -> tuple[Stored, ...]:
        """Every value that a field of this name is given in the directory of a file; of the tree where it has none.

        Where very many files of the directory have one, those of the file alone."""
        directory = posixpath.dirname(path)
        key = (path, field)
        if key not in self._stored:
            self.fields.add((directory, field))
            holding = self._holding(field)
            found = tuple(each for at in holding if within(at, directory) for each in self._in(at, field))
            if len({each.path for each in found}) > _COMMON:  # of a struct that all drivers of a subsystem fill
                found = tuple(each for each in found if each.path == path)
            if not found and len(field) >= _LONG:
                self.far.add((directory, field))
                found = tuple(each for at in holding for each in self._in(at, field))
            self._stored[key] = found
        return self._stored[key]

    def _in(self, path: str, field: str) -> Iterator[Stored]:
        code, name = self._codes[path], field.encode()
        text = self._texts[path]
        for match in re.finditer(rb"(?:->|\.)\s*%s\b" % name, code):
            after = re.compile(rb"\s*(?:\[[^]\n]*\]\s*)?([+|-]?=)(?!=)\s*").match(code, match.end())
            before = _BASE.search(code, max(0, match.start() - 200), match.start())
            start = before.start() if before else match.start()
            base = code[start : match.start()].decode("latin-1")
            function, line = text.around(match.start()), text.line(match.start())
            at = match.start() - function.at if function else -1
            indexed = code[match.end() : match.end() + 20].lstrip().startswith(b"[")
            if after:
                value = _value(code, after.end())
                yield Stored(path, function, base, after.group(1).decode(), value, line, at, indexed)
            elif (
                function is not None
                and re.search(rb"(?<!&)&\s*\(*\s*\Z", code[max(0, start - 20) : start])
                and not _INTO.match(code, match.end())
            ):
                call = _call_around(function, match.start() - function.at)
                if call and not READS.match(call):
                    yield Stored(path, function, base, "&", call, line, at, indexed)


def within(path: str, directory: str) -> bool:
    """Whether a file belongs to the driver in a directory: it is in it, or below where that is no large subsystem's."""
    return posixpath.dirname(path) == directory or (directory.count("/") > 1 and path.startswith(f"{directory}/"))


def _value(code: bytes, start: int) -> str:
    depth = 0
    for at in range(start, min(len(code), start + 2000)):
        char = code[at : at + 1]
        if char in b"([{":
            depth += 1
        elif char in b")]}":
            if depth == 0:
                return code[start:at].decode("latin-1")
            depth -= 1
        elif depth == 0 and (char == b";" or char == b","):
            return code[start:at].decode("latin-1")
    return ""


def _call_around(function: Function, at: int) -> str:
    """The call that a place in a body is an argument of, as text."""
    depth = 0
    for index in range(at - 1, max(-1, at - 1500), -1):
        char = function.body[index]
        if char == ")":
            depth += 1
        elif char == "(":
            if depth:
                depth -= 1
                continue
            name = re.search(r"(?:->|\.)?\w+\s*$", function.body[:index])
            if name and name.group().strip() not in ("if", "while", "for", "switch", "return", "sizeof"):
                _, end = functions.arguments(function.body, index)
                return function.body[name.start() : end]
        elif char in ";{}":
            return ""
    return ""
