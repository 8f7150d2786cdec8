"""Which objects a configuration builds: kbuild's Makefiles, read as text. Nothing is executed.

Understood are assignments to ``obj-y``, ``obj-m``, ``lib-y``, to the parts of composite objects and to plain variables,
conditionals on variables, a few functions, and ``include`` in the Makefile of a directory. What needs more
(``$(shell …)``) counts as nothing.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from patcher.check.specs import symbols

ReadText = Callable[[str], str]

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([^\s:+?=#][^:+?=#]*?)\s*(\+=|:=|\?=|::=|=)\s*(.*)$")
_IF = re.compile(r"^\s*(ifeq|ifneq|ifdef|ifndef)\b\s*(.*)$")
_ELSE = re.compile(r"^\s*else\b\s*(.*)$")
_ENDIF = re.compile(r"^\s*endif\b")
_PAIR = re.compile(r"^(?:\(([^,]*),(.*)\)|[\"']([^\"']*)[\"']\s+[\"']([^\"']*)[\"'])\s*$")
_INCLUDE = re.compile(r"^\s*[-s]?include\s+(.*)$")
_OF_KERNEL, _OF_MODULES = ("obj-y", "lib-y", "extra-y", "always", "always-y"), ("obj-m", "lib-m")
_LISTS = (*_OF_KERNEL, *_OF_MODULES)
_SUFFIXES = ("-y", "-objs", "-m", "-objs-y")
_TOP_LISTS = ("core-y", "drivers-y", "libs-y", "init-y", "net-y", "head-y", "virt-y", "core-m", "drivers-m")
_DEPTH = 12


class Makefiles:
    """The Makefiles of one commit under one configuration.

    Arguments:
        read: the text of a file of the tree, "" where there is none
        config: symbols without ``CONFIG_`` → value, as ``.config`` has them
        arch: the directory below ``arch/``
    """

    def __init__(self, read: ReadText, config: Mapping[str, str], arch: str) -> None:
        self.config = config
        self._read = read
        self._arch = arch
        bits = "64" if config.get("64BIT") == "y" else "32"
        self._given = {f"CONFIG_{name}": value.strip('"') for name, value in config.items()}
        self._given.update({"SRCARCH": arch, "BITS": bits, "hdr-arch": arch, "UTS_MACHINE": arch, "ARCH": arch})
        self._evaluated: dict[
            str, tuple[str, dict[str, str]]
        ] = {}  # by place: the text that was read last, and what it is
        self._directories: dict[str, dict[str, str]] = {}
        self._reached: dict[str, bool] = {"": True}

    def at(self, read: ReadText) -> Makefiles:
        """Those of another commit under the same configuration. What has the same text is not evaluated again."""
        found = copy.copy(self)
        found._read, found._directories, found._reached = read, {}, {"": True}  # noqa: SLF001 - its own
        return found

    def builds(self, path: str) -> bool:
        """Whether the object of a C or assembler file is part of the build."""
        return bool(self.name(path))

    def name(self, path: str) -> str:
        """What kbuild calls the object of a C or assembler file, "" where it builds none: with ``..`` in it where a
        directory beside that of the file lists it, as amdgpu does with ``../amdkfd``."""
        return self._listed(path)[0]

    def module(self, path: str) -> str:
        """The module that a C or assembler file is for, such as ``lib/test_uuid``; "" where it is in the kernel itself,
        or not built."""
        _, directory, entry = self._listed(path)
        variables = self._variables(directory)
        of_kernel = self._words(variables, _OF_KERNEL)
        own = entry and entry in self._words(variables, _OF_MODULES) and entry not in of_kernel
        return posixpath.join(directory, entry.removesuffix(".o")) if own else ""

    def parts(self, module: str) -> tuple[str, ...]:
        """The objects that a module is linked of: its own, if of no others."""
        directory, name = posixpath.split(module)
        found = sorted(self._parts(self._variables(directory), name))
        return tuple(posixpath.normpath(posixpath.join(directory, part)) for part in found) or (f"{module}.o",)

    def _listed(self, path: str) -> tuple[str, str, str]:
        """What kbuild calls the object of a file, the directory whose Makefile lists it, and the entry there."""
        target = f"{posixpath.splitext(path)[0]}.o"
        directory = posixpath.dirname(path)
        while True:
            entry = self._entry(directory, posixpath.relpath(target, directory or "."))
            if entry and self.reaches(directory):
                return target, directory, entry
            if not directory:
                break
            directory = posixpath.dirname(directory)
        for beside in self._beside(posixpath.dirname(path)):
            relative = posixpath.relpath(target, beside)
            if (entry := self._entry(beside, relative)) and self.reaches(beside):
                return f"{beside}/{relative}", beside, entry
        return "", "", ""

    def lists(self, target: str) -> str | None:
        """The directory whose Makefile lists an object, or a directory (with ``/`` at its end), that the build comes
        to. None where none does, and for an object that is linked of others."""
        slash = "/" if target.endswith("/") else ""
        directory = posixpath.dirname(target.rstrip("/"))
        while True:
            name = posixpath.relpath(target, directory or ".") + slash
            if self._entry(directory, name) and self.reaches(directory):
                linked = not slash and self._parts(self._variables(directory), name.removesuffix(".o"))
                return None if linked else directory
            if not directory:
                return None
            directory = posixpath.dirname(directory)

    def _beside(self, directory: str) -> Iterator[str]:
        """The directories in the same one that a Makefile above them lists."""
        above = place = posixpath.dirname(directory)
        while place:
            for each in sorted(self._lists(place)):
                beside = posixpath.join(place, each.rstrip("/"))
                if each.endswith("/") and beside != directory and posixpath.dirname(beside) == above:
                    yield beside
            place = posixpath.dirname(place)

    def reaches(self, directory: str) -> bool:
        """Whether the build descends into a directory."""
        if directory not in self._reached:
            self._reached[directory] = False  # of what includes itself
            self._reached[directory] = self._descends(directory)
        return self._reached[directory]

    def _descends(self, directory: str) -> bool:
        parts = directory.split("/")
        if len(parts) == 1:
            return directory != "arch"
        if parts[0] == "arch" and parts[1] != self._arch:
            return False
        if directory in ("arch/x86", f"arch/{self._arch}"):
            return True
        listed = [f"{directory}/", f"{directory}/built-in.o"]
        for top in ("Makefile", f"arch/{self._arch}/Makefile"):
            words = self._words_of(top, _TOP_LISTS)
            if any(word in words or word.lstrip("./") in words for word in listed):
                return True
        for depth in range(len(parts) - 1, -1, -1):
            above, below = "/".join(parts[:depth]), "/".join(parts[depth:])
            if self._lists(above).intersection((f"{below}/", below + "//")) and self.reaches(above):
                return True
        return False

    def _entry(self, directory: str, target: str) -> str:
        """What a Makefile lists that the target is, or is a part of."""
        listed = self._lists(directory)
        if target in listed:
            return target
        variables = self._variables(directory)
        for each in sorted(listed):
            if each.endswith(".o") and self._part(variables, each.removesuffix(".o"), target, 0):
                return each
        return ""

    def _parts(self, variables: Mapping[str, str], name: str) -> set[str]:
        words = " ".join(self._expand(variables.get(f"{name}{suffix}", ""), variables, 0) for suffix in _SUFFIXES)
        return set(words.split())

    def _part(self, variables: Mapping[str, str], name: str, target: str, depth: int) -> bool:
        """Whether a composite object has the part, itself perhaps composite."""
        parts = self._parts(variables, name)
        if target in parts:
            return True
        return depth < 3 and any(
            self._part(variables, part.removesuffix(".o"), target, depth + 1)
            for part in parts
            if part.endswith(".o") and part != f"{name}.o"
        )

    def _lists(self, directory: str) -> frozenset[str]:
        return self._words(self._variables(directory), _LISTS)

    def _words(self, variables: Mapping[str, str], names: tuple[str, ...]) -> frozenset[str]:
        words = (word for name in names for word in self._expand(variables.get(name, ""), variables, 0).split())
        return frozenset(posixpath.normpath(word) + ("/" if word.endswith("/") else "") for word in words)

    def _words_of(self, file: str, names: tuple[str, ...]) -> frozenset[str]:
        if file not in self._directories:
            self._directories[file] = self._known(file, self._read(file), {})
        variables = self._directories[file]
        return frozenset(word for name in names for word in self._expand(variables.get(name, ""), variables, 0).split())

    def _variables(self, directory: str) -> dict[str, str]:
        if directory not in self._directories:
            prefix = f"{directory}/" if directory else ""
            text = self._read(f"{prefix}Kbuild") or (self._read(f"{prefix}Makefile") if directory else "")
            here = {"src": directory, "obj": directory, "srctree": ".", "objtree": "."}
            self._directories[directory] = self._known(f"{directory}/", text, here if directory else {})
        return self._directories[directory]

    def _known(self, place: str, text: str, found: dict[str, str]) -> dict[str, str]:
        """The variables of a Makefile; ``place`` names it."""
        before, known = self._evaluated.get(place, (None, {}))
        if before == text:
            return known
        included = set[str]()
        self._evaluate(text, found, included if len(found) else None)
        if not included:
            self._evaluated[place] = text, found
        return found

    def _evaluate(self, text: str, found: dict[str, str], included: set[str] | None = None) -> dict[str, str]:
        """Read a Makefile into variables. With ``included``, the files it includes are read, too, each of them once."""
        taken: list[tuple[bool, bool]] = []  # for each open conditional: is this branch taken, was one before
        for line in _logical(text):
            if match := _IF.match(line):
                holds = self._holds(match.group(1), match.group(2), found)
                taken.append((holds, holds))
            elif match := _ELSE.match(line):
                if taken:
                    _, before = taken.pop()
                    nested = _IF.match(match.group(1))
                    holds = not before and (nested is None or self._holds(nested.group(1), nested.group(2), found))
                    taken.append((holds, before or holds))
            elif _ENDIF.match(line):
                if taken:
                    taken.pop()
            elif not all(branch for branch, _ in taken):
                continue
            elif match := _ASSIGNMENT.match(line):
                self._assign(found, *match.groups())
            elif included is not None and (match := _INCLUDE.match(line)):
                for word in self._expand(match.group(1), found, 0).split():
                    file = posixpath.normpath(word)
                    if file not in included and not file.startswith(("/", "..")):
                        included.add(file)
                        self._evaluate(self._read(file), found, included)
        return found

    def _assign(self, found: dict[str, str], name: str, how: str, value: str) -> None:
        name = self._expand(name, found, 0).strip()
        if how == "+=":
            found[name] = f"{found.get(name, '')} {value}"
        elif how in (":=", "::="):
            found[name] = self._expand(value, found, 0)
        elif how == "=" or name not in found:
            found[name] = value

    def _holds(self, kind: str, rest: str, found: Mapping[str, str]) -> bool:
        if kind in ("ifdef", "ifndef"):
            value = self._value(rest.strip(), found, 0)
            return bool(value) == (kind == "ifdef")
        pair = _PAIR.match(rest.strip())
        if not pair:
            return False
        left, right = (pair.group(1), pair.group(2)) if pair.group(1) is not None else pair.group(3, 4)
        equal = self._expand(left, found, 0).strip() == self._expand(right, found, 0).strip()
        return equal == (kind == "ifeq")

    def _value(self, name: str, found: Mapping[str, str], depth: int) -> str:
        if name in found:
            return self._expand(found[name], found, depth + 1)
        return self._given.get(name, "")

    def _expand(self, text: str, found: Mapping[str, str], depth: int) -> str:
        if "$" not in text or depth > _DEPTH:
            return text if "$" not in text else ""
        out, at = [], 0
        while at < len(text):
            if text[at] != "$":
                out.append(text[at])
                at += 1
                continue
            if text[at + 1 : at + 2] not in ("(", "{"):
                at += 2
                continue
            end = _closing(text, at + 1)
            out.append(self._reference(text[at + 2 : end], found, depth))
            at = end + 1
        return "".join(out)

    def _reference(self, inner: str, found: Mapping[str, str], depth: int) -> str:
        name, space, rest = inner.partition(" ")
        if space and name in ("if", "filter", "filter-out", "addprefix", "subst", "patsubst", "strip", "sort", "or"):
            return self._function(name, rest, found, depth)
        if space:
            return ""  # $(call …), $(shell …): nothing is run
        variable, colon, change = inner.partition(":")
        value = self._value(self._expand(variable, found, depth + 1), found, depth + 1)
        if colon and "=" in change:
            old, new = change.split("=", 1)
            return " ".join(f"{word.removesuffix(old)}{new}" if word.endswith(old) else word for word in value.split())
        return value

    def _function(self, name: str, rest: str, found: Mapping[str, str], depth: int) -> str:
        args = [self._expand(part, found, depth + 1) for part in _arguments(rest)]
        if name in ("strip", "sort"):
            return " ".join(args[0].split())
        if name == "or":
            return next((each for each in args if each.strip()), "")
        if name == "if":
            return args[1] if args[0].strip() and len(args) > 1 else "".join(args[2:3])
        if len(args) < 2:
            return ""
        if name == "addprefix":
            return " ".join(f"{args[0].strip()}{word}" for word in args[1].split())
        if name in ("filter", "filter-out"):
            patterns = args[0].split()
            return " ".join(word for word in args[1].split() if _matches(word, patterns) == (name == "filter"))
        if len(args) < 3:
            return ""
        if name == "subst":
            return args[2].replace(args[0], args[1])
        return " ".join(_patsubst(args[0].strip(), args[1].strip(), word) for word in args[2].split())


class Reading:
    """The Makefiles of one commit after another, under the configuration that each of them has."""

    def __init__(self, arch: str) -> None:
        self._arch = arch
        self._config: str | None = None
        self._last: Makefiles

    def at(self, read: ReadText, config: str) -> Makefiles:
        """Those of a commit; ``config`` is the text of its ``.config``."""
        if config == self._config:
            self._last = self._last.at(read)
        else:
            self._config, self._last = config, Makefiles(read, symbols(config), self._arch)
        return self._last


def _logical(text: str) -> Iterator[str]:
    """Lines with continuations joined and comments gone; recipes left out."""
    for line in re.sub(r"\\\n[ \t]*", " ", text).split("\n"):
        if not line.startswith("\t") or _IF.match(line) or _ENDIF.match(line) or "-$(CONFIG_" in line:
            yield line.split("#", 1)[0].rstrip()


def _closing(text: str, start: int) -> int:
    opening = text[start]
    closing = ")" if opening == "(" else "}"
    depth = 0
    for at in range(start, len(text)):
        if text[at] == opening:
            depth += 1
        elif text[at] == closing:
            depth -= 1
            if not depth:
                return at
    return len(text)


def _arguments(text: str) -> list[str]:
    found, depth, last = [], 0, 0
    for at, character in enumerate(text):
        if character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
        elif character == "," and not depth:
            found.append(text[last:at])
            last = at + 1
    return [*found, text[last:]]


def _matches(word: str, patterns: list[str]) -> bool:
    for pattern in patterns:
        before, wild, after = pattern.partition("%")
        if (wild and word.startswith(before) and word.endswith(after)) or word == pattern:
            return True
    return False


def _patsubst(pattern: str, replacement: str, word: str) -> str:
    before, wild, after = pattern.partition("%")
    if not wild:
        return replacement if word == pattern else word
    if word.startswith(before) and word.endswith(after) and len(word) >= len(before) + len(after):
        return replacement.replace("%", word[len(before) : len(word) - len(after)], 1)
    return word
