"""Checks on how added C code is laid out: declarations, blank lines, comments for kernel-doc."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check

_DECLARATION = expression(
    r"(?P<indent>\t+)(?!(?:return|goto|else|case|break|continue|typedef|delete|if|while|for|do|switch|default)\b)"
    r"(?:(?:static|const|struct|enum|union|unsigned|signed|volatile|register|__\w+)[ \t]+)*"
    r"[A-Za-z_]\w*(?:[ \t]+(?:long|int|char|short|const|__\w+))*(?:[ \t]+|[ \t]*\*+[ \t]*)\**(?:const[ \t]+)?"
    r"(?P<names>[A-Za-z_]\w*(?:\[[^\]]*\])*(?:[ \t]*,[ \t]*\**[A-Za-z_]\w*(?:\[[^\]]*\])*)*)"
    r"[ \t]*(?:=[ \t]*(?P<value>[^;]*))?;[ \t]*(?P<comment>/\*.*\*/|//.*)?\Z"
)
_DECLARES = expression(
    r"\t+(?:[A-Z_]{4,}\w*\(|(?:static|const|struct|enum|union|unsigned|volatile|register|\w+_t)\b|/\*|\*|//|#)"
)
_STATEMENT = expression(
    r"\t+(?:(?:if|for|while|switch|return|goto|do)\b|[A-Za-z_][\w.>\[\]-]*(?: [-+|&]?= |\(|\+\+|--))"
)


@check(files=C_FILES)
def reverse_xmas_tree(job: Change) -> Iterator[Hit]:
    """Declarations at the top of a function that are not ordered from the longest line to the shortest, although none
    of the two needs the other; told once for a patch. Where a line was changed only, its place is as it was."""
    wrong: list[tuple[str, Shown]] = []
    for file in job.diff.files:
        if not file.path.endswith(C_FILES):
            continue
        before = {name for line in file.removed for name in declared(line.text)}
        for hunk in shown(job.diff, file):
            for block in declarations(hunk):
                wrong += [(file.path, below) for below in _inverted(block, before)][:1]
    if wrong:
        path, first = wrong[0]
        more = f" (and in {len(wrong) - 1} more functions)" if len(wrong) > 1 else ""
        yield Hit(
            f"a declaration that is longer than the one above{more}", job.file(path, first.line, first.text.strip())
        )


def _inverted(block: Sequence[Shown], before: Collection[str]) -> Iterator[Shown]:
    """The declarations that are longer than the one above, and could stand there."""
    for above, below in pairwise(block):
        names = {*(declared(above.text) if above.added else ()), *(declared(below.text) if below.added else ())}
        if (
            names.difference(before)
            and _length(below.text) > _length(above.text)
            and not _needs(below.text, above.text)
        ):
            yield below


def declared(text: str) -> list[str]:
    """The names that a line declares."""
    match = _DECLARATION.match(text)
    return re.findall(r"[A-Za-z_]\w*", re.sub(r"\[[^\]]*\]", "", match.group("names"))) if match else []


def declarations(hunk: Sequence[Shown]) -> Iterator[Sequence[Shown]]:
    """The declarations that begin a function, as far as they are of one line each."""
    for index, each in enumerate(hunk):
        if each.text == "{":
            end = index + 1
            while end < len(hunk) and _DECLARATION.match(hunk[end].text):
                end += 1
            yield hunk[index + 1 : end]


def _length(text: str) -> int:
    match = _DECLARATION.match(text)
    code = text[: match.start("comment")].rstrip() if match and match.group("comment") else text
    return len(code.expandtabs(8))


def _needs(one: str, other: str) -> bool:
    """Whether a declaration names what another declares."""
    match = _DECLARATION.match(one)
    value = f"{match.group('names')} {match.group('value') or ''}" if match else one
    return any(re.search(rf"\b{name}\b", value) for name in declared(other))


@check(files=(*C_FILES, ".S", ".dts"))
def blank_lines(job: Change) -> Iterator[Hit]:
    """Added blank lines that are too many, or missing after declarations; each told once a file."""
    for file in job.diff.files:
        if not file.path.endswith((".c", ".h", ".S", ".dts", ".dtsi")):
            continue
        told: set[str] = set()
        for hunk in shown(job.diff, file):
            empty = [not each.text.strip() for each in hunk]
            for at in range(1, len(hunk)):
                above, each = hunk[at - 1], hunk[at]
                what = _blank(above, each) if empty[at] or empty[at - 1] else ""
                if what and what not in told:
                    told.add(what)
                    yield Hit(what, job.file(file.path, each.line), key=f"{what} {above.text.strip()}")
            for block in declarations(hunk):
                if not block or not file.path.endswith(C_FILES):
                    continue
                after = next((each for each in hunk if each.line.number == block[-1].line.number + 1), None)
                spaced = after is None or _DECLARES.match(after.text) or not _STATEMENT.match(after.text)
                if after and not spaced and (after.added or block[-1].added) and "missing" not in told:
                    told.add("missing")
                    yield Hit("no blank line after declarations", job.file(file.path, after.line))


def _blank(above: Shown, each: Shown) -> str:
    """What is wrong with a blank line."""
    if each.added and not each.text.strip():
        if not above.text.strip():
            return "two blank lines"
        if above.text.rstrip().endswith("{") and not above.text.startswith("{"):
            return "a blank line after an opening brace"
    if above.added and not above.text.strip() and _CLOSES.match(each.text):
        return "a blank line before a closing brace"
    return ""


_CLOSES = expression(r"\s*}[;,]?\s*\Z")
_DOC = expression(r"\s*\*\s*(?P<name>\w+)\s*(?P<call>\(\s*\))?\s*(?:(?P<dash>-|:)\s*\S?|\Z)")
_PARAMETER = expression(r"\s*\*\s*@(?P<name>\w+|\.\.\.)(?P<member>[.\-]\S*)?\s*:")
_HEAD = expression(r"(?:[A-Za-z_][\w*]*[ \t\n*]+)+\**(?P<name>[A-Za-z_]\w*)[ \t]*\((?P<args>[^{};]*)\)[^{};()]*[{;]")


@check(files=C_FILES)
def kernel_doc(job: Change) -> Iterator[Hit]:
    """A comment for kernel-doc above a function whose parameters are not those of the function."""
    for file in job.diff.files:
        for hunk in shown(job.diff, file) if file.path.endswith(C_FILES) else ():
            for start, each in enumerate(hunk):
                if each.text.strip() == "/**":
                    if each.added and start + 1 < len(hunk) and (what := _no_doc(hunk[start + 1].text)):
                        yield Hit(what, job.file(file.path, each.line), "begin it with /*", key=hunk[start + 1].text)
                    yield from _documented(job, file.path, hunk, start)
                    yield from _members(job, file.path, hunk, start)


def _no_doc(below: str) -> str:
    """What is wrong with a comment for kernel-doc whose first line names nothing that can be documented."""
    named = re.match(
        r"\s*\*\s*(?:DOC:|@[\w.]+\s*:|(?:(?:struct|union|enum|typedef)\s+)?[A-Za-z_][\w.]*\s*(?:\([^)]*\))?\s*(?:[-:–]|\Z)"
        r"|(?:struct|union|enum|typedef|define)\s+\w+|[A-Za-z_]\w*\(\)|[a-z]+_\w+|\Z|\*)",
        below,
    )
    return "" if named or "*/" in below else "a comment that begins with /** and is not for kernel-doc"


_STRUCT = expression(r"\s*\*\s*struct\s+(?P<name>\w+)\s*(?:-|:|\Z)")
_MEMBER = expression(
    r"\t(?:[A-Za-z_]\w*[ \t*]+)+(?P<name>[A-Za-z_]\w*)(?:\[[^\]]*\])*\s*(?:__\w+(?:\([^()]*\))?\s*)*(?::\s*\d+\s*)?;"
    r"|\t[A-Za-z_][\w \t*]*\(\s*\*\s*(?P<pointer>\w+)\s*\)\s*\("
)


def _members(job: Change, path: str, hunk: Sequence[Shown], start: int) -> Iterator[Hit]:
    """Added members of a struct that its comment does not describe, where the diff shows both."""
    end = next((at for at in range(start, len(hunk)) if hunk[at].text.rstrip().endswith("*/")), None)
    named = _STRUCT.match(hunk[start + 1].text) if start + 1 < len(hunk) else None
    if end is None or named is None or end + 1 >= len(hunk):
        return
    if not re.match(rf"(?:typedef\s+)?struct\s+{named.group('name')}\s*{{", hunk[end + 1].text):
        return
    told = {match.group("name") for each in hunk[start : end + 1] if (match := _PARAMETER.match(each.text))}
    for each in hunk[end + 2 :]:
        if each.text.startswith("}"):
            return
        if re.search(r"\bprivate:|^\t?#", each.text) or each.text.rstrip().endswith("{"):
            return  # what follows need not be described, or nests
        inline = re.match(r"\s*/\*\*\s*@(\w+)", each.text) or re.match(r"\s*\*\s*@(\w+)\s*:", each.text)
        if inline:
            told.add(inline.group(1))
        match = _MEMBER.match(each.text)
        name = match.group("name") or match.group("pointer") if match else None
        if name and each.added and name not in told:
            what = f"@{name} of struct {named.group('name')} is not described"
            yield Hit(what, job.file(path, each.line, name), key=name)


def _documented(job: Change, path: str, hunk: Sequence[Shown], start: int) -> Iterator[Hit]:
    end = next((at for at in range(start, len(hunk)) if hunk[at].text.rstrip().endswith("*/")), None)
    named = _DOC.match(hunk[start + 1].text) if start + 1 < len(hunk) else None
    if end is None or named is None:
        return
    code = "\n".join(each.text for each in hunk[end + 1 : end + 30])
    head = _HEAD.match(code)
    if head is None or "#" in head.group() or "\n\n" in head.group():
        return
    length = head.group().count("\n") + 1
    if not any(each.added for each in hunk[start : end + 1 + length]):
        return
    name = head.group("name")
    if named.group("name") != name:
        if named.group("call"):
            what = f"the comment is of {named.group('name')}(), the function is {name}()"
            yield Hit(what, job.file(path, hunk[start + 1].line, named.group("name")), "name the function")
        return
    if not named.group("dash") and hunk[start + 1].added:
        what = f"the comment of {name}() has no short description"
        yield Hit(what, job.file(path, hunk[start + 1].line), f"write {name}() - what it does", Level.NOTE)
    parameters = _parameters(head.group("args"))
    told = {match.group("name"): each.line for each in hunk[start : end + 1] if (match := _PARAMETER.match(each.text))}
    if parameters is None:
        return
    for missing in [each for each in parameters if each not in told]:
        yield Hit(f"@{missing} of {name}() is not described", job.file(path, hunk[start + 1].line), key=missing)
    for line, extra in [(line, each) for each, line in told.items() if each not in (*parameters, "...")]:
        yield Hit(f"{name}() has no parameter {extra}", job.file(path, line, f"@{extra}"))


def _parameters(text: str) -> list[str] | None:
    """The names of a function's parameters, None where one cannot be told."""
    stripped = " ".join(re.sub(r"/\*(?:(?!/\*).)*?\*/", " ", text, flags=re.DOTALL).split())
    if stripped in ("", "void"):
        return []
    found, depth, part = [], 0, ""
    for letter in [*stripped, ","]:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            pointer = re.search(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*(?:\[[^\]]*\])?\s*\)", part)
            plain = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?:__\w+(?:\([^)]*\))?\s*)*\Z", part)
            name = pointer or plain
            if part.strip() == "...":
                found.append("...")
            elif name is None or len(re.findall(r"\w+", part)) < 2:
                return None
            else:
                found.append(name.group(1))
            part = ""
        else:
            part += letter
    return [each for each in found if each != "..."]


@check(files=C_FILES, added=("/*",))
def comment_block(job: Change) -> Iterator[Hit]:
    """An added comment of more than one line with text on its first; told once a file."""
    for file in job.diff.files:
        if not file.path.endswith(C_FILES) or file.path.startswith(("net/", "drivers/net/", "include/net/")):
            continue
        pairs = (pair for hunk in shown(job.diff, file) for pair in pairwise(hunk))
        for first, second in pairs:
            begins = re.match(r"\s*/\*\s+[^\s*=-]", first.text) and "*/" not in first.text
            if begins and first.added and second.added and re.match(r"\s*\*\s", second.text):
                yield Hit("a comment of many lines with text on the first", job.file(file.path, first.line))
                break
