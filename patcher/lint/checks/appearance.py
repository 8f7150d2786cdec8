"""Checks on how added C code reads: where statements stand, lines that end too early, what is said twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, hunks_of_c
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check

_OPEN = expression(r"(?!\s*(?:/?\*|//|#|TP_\w+|[A-Z]+\($)).*[\w>\]]\(\Z")
_STATEMENT = expression(r"(?P<indent>\t+)(?!case\b|default\b|\}|#|/?\*|//|\w+:\s*\Z)[A-Za-z_].*;\Z")
_BEGINS = expression(
    r"(?P<indent>\t+)(?:(?:return|goto|break|continue|if|for|while|switch)\b|[a-z_]\w*\(|[a-z_][\w>.\[\]-]* [-+|&]?= )"
)
_HEADS = expression(r"(?:\} )?(?:else\b|if\b|for\b|while\b|do\b|switch\b|\w*for_each\w*\b|scoped_\w+)")
_COMMENT = expression(r"(?P<indent>\t+)/\*\s*(?P<text>\S.*?)\s*\*/\Z")
_NEAR = 12
_MESSAGE = expression(
    r"\t+(?:return |ret = )?(?:(?:dev|pr|netdev)_(?:err|warn|info|notice|crit)(?:_once|_ratelimited)?|dev_err_probe)\("
)
_LINES = 6
_HEAD = expression(r"(?!static\b|EXPORT)[A-Za-z_][\w *]*?\b(?P<name>\w+)\([^;]*\Z")
_TYPE = expression(r"[A-Za-z_][\w *]*")
_EXPORT = expression(r"EXPORT_SYMBOL\w*\((?P<name>\w+)")
_ARGUMENTS = 12
_NO_CODE = expression(r'/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"?|//[^\n]*', re.DOTALL)
_SIZES = expression(r"\b(?:sizeof|typeof|__typeof__)\([^()]*\)")
_STATEMENTS = expression(r"\bdo\b|\bif\b|\?|\(\{")
_TABLES = expression(r"typeof|\bstatic\b|^\s*\.\w", re.MULTILINE)
_MACRO = expression(r"#\s*define\s+(?!\w*for_each)(?P<name>\w+)\((?P<arguments>\w[\w, ]*)\)(?P<body>.*)")


@check(files=C_FILES, added=("(\n",))
def open_line(job: Change) -> Iterator[Hit]:
    """A line of a call or a definition that ends with an open parenthesis; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for above, below in pairwise(hunk):
            if above.added and below.added and file.path not in told and _OPEN.match(above.text):
                told.add(file.path)
                yield Hit("a line that ends with an open parenthesis", job.file(file.path, above.line))


@check(files=C_FILES, added=("\t\t",))
def indentation(job: Change) -> Iterator[Hit]:
    """A statement that is indented deeper than the one above it in the same block; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for before, above, each in zip((*hunk[:1], *hunk), hunk, hunk[1:], strict=False):
            if not each.added or file.path in told or not each.text.startswith("\t"):
                continue
            first, second = _STATEMENT.match(above.text), _BEGINS.match(each.text)
            if not first or not second or len(second.group("indent")) <= len(first.group("indent")):
                continue
            if _is_whole(above.text) and _is_start(before.text, first.group("indent")):
                told.add(file.path)
                yield Hit("it is indented deeper than the statement above it", job.file(file.path, each.line))


def _is_whole(text: str) -> bool:
    """Whether a line is a statement, and no part of one."""
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return plain.count("(") == plain.count(")") and not _HEADS.match(text.strip()) and not plain.endswith("\\")


def _is_start(above: str, indent: str) -> bool:
    """Whether a statement can begin below a line: the line ends one, or opens or closes a block."""
    text = above.rstrip()
    return not text or text.endswith(("{", "}", ";", "*/", ":")) or above.startswith(f"{indent}/*")


@check(files=C_FILES, added=("/*",))
def comment_repeated(job: Change) -> Iterator[Hit]:
    """A comment of one line among the entries of a table, or below another, that stands there twice; told once a
    file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        last: dict[str, int] = {}
        for at, each in enumerate(hunk):
            if not each.text.strip("{}; \t") or each.text[:1] not in "\t":
                last = {}
            match = _COMMENT.match(each.text) if "*/" in each.text else None
            if not match:
                continue
            text = match.group("indent") + match.group("text").lower()
            if each.added and text in last and file.path not in told and _entries(hunk[last[text] : at]):
                told.add(file.path)
                yield Hit(f"the same comment again: {match.group('text')}", job.file(file.path, each.line))
            last[text] = at


def _entries(lines: Sequence[Shown]) -> bool:
    """Whether lines are entries of a table, with commas at their ends, and few."""
    entries = [each.text.rstrip() for each in lines[1:]]
    return len(entries) <= _NEAR and all(each.endswith((",", "*/")) or each.endswith("(") for each in entries)


@check(files=C_FILES, added=("__func__",))
def message_function(job: Change) -> Iterator[Hit]:
    """The name of the function in a message; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for at, each in enumerate(hunk):
            if not each.added or file.path in told or not _MESSAGE.match(each.text):
                continue
            end = next(
                (place for place in range(at, min(at + _LINES, len(hunk))) if hunk[place].text.endswith(";")), at
            )
            named = next((line for line in hunk[at : end + 1] if line.added and "__func__" in line.text), None)
            if named:
                told.add(file.path)
                yield Hit("the name of the function in a message", job.file(file.path, named.line, "__func__"))


@check(files=C_FILES, added=("define ",))
def macro_arguments(job: Change) -> Iterator[Hit]:
    """An argument of a macro without parentheses beside an operator, or one that is evaluated twice; each told once a
    file."""
    told: set[tuple[str, str]] = set()
    for file, hunk in hunks_of_c(job.diff):
        for at, each in enumerate(hunk):
            match = _MACRO.match(each.text) if each.added and "define" in each.text else None
            if not match:
                continue
            body = match.group("body")
            for line in hunk[at + 1 :]:
                if not body.rstrip().endswith("\\"):
                    break
                body = f"{body.rstrip()[:-1]}\n{line.text}"
            for what, name in _arguments(match.group("arguments"), body):
                if (file.path, what) not in told:
                    told.add((file.path, what))
                    yield Hit(f"{what}: {name} of {match.group('name')}()", job.file(file.path, each.line))


def _arguments(names: str, body: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the arguments of a macro, and the argument."""
    text = _NO_CODE.sub(" ", body)
    evaluated = _SIZES.sub("", text)
    once = not _STATEMENTS.search(text) or _TABLES.search(text)
    for name in (each.strip() for each in names.split(",")[:_ARGUMENTS]):
        before = rf"(?<![\w#.>]){name} ?(?:[-+/%&|^](?![-+>&|=])|\*(?!\s*[)*,=])|<<|>>)"
        behind = rf"[\w)] ?(?:[-+/%|^]|<<|>>) ?{name}\b(?!\s*(?:\(|##))"
        if re.search(f"{before}|{behind}", text) and not re.search(rf"#\s*{name}\b|\b{name}\s*##", text):
            yield "an argument without parentheses", name
        kept = once or re.search(rf"= \(?{name}\)?;|(?:->|\.){name}\b", text)
        if not kept and len(re.findall(rf"(?<![\w#.>]){name}\b(?!\s*##)", evaluated)) > 1:
            yield "an argument that is evaluated twice", name


@check(files=(".c",), added=("EXPORT_SYMBOL",))
def export_documented(job: Change) -> Iterator[Hit]:
    """A new function that is exported, and has no comment; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        heads: dict[str, str] = {}
        for above, each in pairwise((*hunk[:1], *hunk)):
            if head := _HEAD.match(each.text) if each.added else None:
                heads[head.group("name")] = above.text.rstrip()
            match = _EXPORT.match(each.text) if each.added and file.path not in told else None
            before = heads.get(match.group("name")) if match else None
            if match and before is not None and not before.endswith("*/") and not _TYPE.fullmatch(before):
                told.add(file.path)
                what = f"{match.group('name')}() is exported, and nothing describes it"
                yield Hit(what, job.file(file.path, each.line))
