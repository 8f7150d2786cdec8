"""The branches that a commit touches and CONFIG symbols decide on: of ``#if``, of Makefiles, and of ``depends on``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from patcher.check.guards import Branch, branches
from patcher.check.kconfigs import is_kconfig
from patcher.check.snapshot import Snapshot
from patcher.tree.kconfig import without_help

_CODE = (".c", ".h", ".S")
_IF_EQUAL = re.compile(r"\(?\s*\$[({]CONFIG_(\w+)[)}]\s*,\s*(y|m|n|)\s*\)?$")
_GOAL = re.compile(r"^[ \t]*[\w.-]+-\$[({]CONFIG_(\w+)[)}]\s*[:+?]?=")
_CONDITIONAL = re.compile(r"^[ \t]*(else[ \t]+)?(ifdef|ifndef|ifeq|ifneq)\b[ \t]*(.*)$")
_OTHER = re.compile(r"^[ \t]*(else|endif)\b.*$")
_BLOCK = re.compile(r"^[ \t]*(?:menu)?config[ \t]+(\w+)")
_DEPENDS = re.compile(r"^[ \t]+depends[ \t]+(?:on[ \t]+)?(.*)$")
_RELATION = re.compile(r"\b([A-Z0-9_]\w*)[ \t]*(!?=)[ \t]*\"?([ymn])\b\"?")
_MACRO = re.compile(r"\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\"[^\"]*\"|'[^']*'")
_NAME = re.compile(r"\b(?!IS_(?:ENABLED|BUILTIN|MODULE)\b|CONFIG_)([A-Z0-9_]\w*)\b")
_IS = {"y": "IS_BUILTIN", "m": "IS_MODULE", "n": "!IS_ENABLED"}


def of_commit(parent: Snapshot, snapshot: Snapshot) -> Iterator[Branch]:
    """The branches around the lines that a commit adds, and around those that it removes, as its parent has them."""
    for file in snapshot.diff.files:
        if not file.deleted:
            yield from of_file(file.path, snapshot.text(file.path), [line.number for line in file.added])
            if not file.created:
                yield from of_file(file.old_path, parent.text(file.old_path), [line.number for line in file.removed])


def of_file(path: str, text: str, changed: Iterable[int]) -> Iterable[Branch]:
    """The branches in one file around changed lines, which count from 1."""
    if path.endswith(_CODE):
        return branches(path, text, changed)
    if posixpath.basename(path) in ("Makefile", "Kbuild"):
        return _of_makefile(path, text, frozenset(changed))
    return _of_kconfig(path, text, frozenset(changed)) if is_kconfig(path) else ()


def code_only(path: str) -> bool:
    """Whether it takes that a file is built to have a branch in it compiled."""
    return path.endswith((".c", ".S"))


def _of_makefile(path: str, text: str, changed: frozenset[int]) -> Iterator[Branch]:
    lines = text.split("\n")
    as_code = "\n".join(map(_directive, lines))
    yield from branches(path, as_code, changed)
    for number in sorted(changed):
        if number <= len(lines) and (goal := _GOAL.match(lines[number - 1])):
            line = " ".join(lines[number - 1].split())
            yield Branch(path, number, number, line, ((f"IS_ENABLED(CONFIG_{goal[1]})", True),))


def _directive(line: str) -> str:
    """A conditional of make as one of C; other lines as they are, but for what C would take for one."""
    if match := _CONDITIONAL.match(line):
        otherwise, kind, rest = match.groups()
        rest = rest.partition("#")[0].strip()
        if kind in ("ifdef", "ifndef"):
            expression = f"IS_ENABLED({rest})"
        else:
            equal = _IF_EQUAL.match(rest)
            expression = f"{_IS.get(equal[2], '!IS_ENABLED')}(CONFIG_{equal[1]})" if equal else "unknown"
        negated = "!" if kind in ("ifndef", "ifneq") else ""
        return f"#{'elif' if otherwise else 'if'} {negated}({expression})"
    if match := _OTHER.match(line):
        return f"#{match[1]}"
    return line.replace("#", " ")


def _of_kconfig(path: str, text: str, changed: frozenset[int]) -> Iterator[Branch]:
    """Of what a symbol depends on: that it is on, and that what it depends on is not so."""
    name, joined, first = "", "", 1
    for number, part in enumerate(without_help(text.split("\n")), 1):
        joined += part.removesuffix("\\")
        if part.endswith("\\"):
            continue
        line, start, joined, first = joined, first, "", number + 1
        block = _BLOCK.match(line)
        name = block[1] if block else name
        depends = _DEPENDS.match(line)
        if changed.isdisjoint(range(start, number + 1)) or not (block or (depends and name)):
            continue
        shown = " ".join(line.split())
        yield Branch(path, start, number, shown, ((f"IS_ENABLED(CONFIG_{name})", True),))
        if depends:
            yield Branch(path, start, number, shown, ((_expression(depends[1]), False),))


def _expression(text: str) -> str:
    """An expression of Kconfig as the preprocessor would have it."""
    text = _MACRO.sub("unknown", text.partition("#")[0])
    text = _RELATION.sub(lambda match: f"{'!' * (match[2] == '!=')}({_IS[match[3]]}(CONFIG_{match[1]}))", text)
    return _NAME.sub(lambda match: match[1] if match[1].isdigit() else f"IS_ENABLED(CONFIG_{match[1]})", text)
