"""Checks on added C code: braces, semicolons, alignment, comments, and what nobody uses or declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint import code
from patcher.lint.checks.style import declarations, declared
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.diff import FileDiff, Line

_CONTROL = expression(r"(?:\} else )?(?:if|for|while|switch|else|do|list_for_each\w*|for_each_\w+)\b")
_BLOCK = expression(r"(?P<indent>\t+)(?P<word>if|for|while|list_for_each\w*|for_each_\w+) ?\(.*\) \{\Z")
_WRAPPED = expression(
    r"(?:static )?(?:\w+ )+\**\w+\("
    r"|(?P<indent>\t+)(?:(?:if|for|while|switch|return)\b|[\w.>\[\]-]+(?: [-+|&]?= [\w.>-]*)?\()"
)
_STRING = expression(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|\'(?:[^\'\\]|\\.){1,8}\'')
_COMMENT = expression(r"(?:^|[\s;{},)])//(?![\w./]*://)")
_INITIALIZER = expression(r"\t+(?:\.[\w.\[\]]+\s*=\s*[^;{}\\]*[^;{},\s\\]|\{\s*[\w\"&.<(][^{}]*\})\Z")
_COMMENT_END = expression(r"\*/\s*\Z|//")
_LOCK = expression(r"\t+(?:struct mutex|spinlock_t|raw_spinlock_t)\s+(?P<name>\w+);\s*\Z")
_IN_STRUCT = expression(r"(?:static )?struct [\w ]*\{?\s*\Z")
_SHOW = expression(r"\w+_show\(|\bshow_\w+\(")
_PRINTS = expression(r"\b(?P<name>sprintf|snprintf|scnprintf)\(\s*buf\b")


def _hunks(job: Change) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    """Each hunk of each C file."""
    for file in job.diff.files:
        if file.path.endswith(C_FILES) and not file.deleted:
            for hunk in shown(job.diff, file):
                yield file, hunk


@check(files=C_FILES)
def needless_braces(job: Change) -> Iterator[Hit]:
    """Braces around one statement of one line, or around what a patch leaves of a block, where no other branch needs
    them; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        gone = {line.at for line in file.removed}
        for above, line, end in zip(hunk, hunk[1:], hunk[2:], strict=False):
            match = _BLOCK.match(above.text)
            changed = (above.added and line.added and end.added) or gone.intersection(range(above.line.at, end.line.at))
            if not match or file.path in told or not changed:
                continue
            closed = end.text == f"{match.group('indent')}}}"
            if closed and re.match(r"\t+[^/#{}]*;\Z", line.text) and not _CONTROL.match(line.text.strip()):
                told.add(file.path)
                yield Hit("braces around a single statement", job.file(file.path, above.line))


@check(files=C_FILES, added=(";;", "};"))
def needless_semicolon(job: Change) -> Iterator[Hit]:
    """A semicolon after the end of a block, or two of them."""
    for file, hunk in _hunks(job):
        for index, each in enumerate(hunk):
            text = each.text.rstrip()
            if each.added and re.search(r"\S;;\Z", text) and not re.search(r"\bfor\s*\(", text):
                yield Hit("two semicolons", job.file(file.path, each.line))
            if not each.added or not re.fullmatch(r"\t+\};", text):
                continue
            code_above = re.compile(text[: text.index("}")] + r"(?!case\b|default\b|\}|#)\S")
            above = next(
                (line.text for line in reversed(hunk[:index]) if code_above.match(line.text)), ""
            )  # fmt: skip
            if above.endswith("{") and _CONTROL.match(above.strip()) and "=" not in above.partition("(")[0]:
                yield Hit("a semicolon after a block", job.file(file.path, each.line), "remove it")


@check(files=C_FILES, added=("(",))
def continuation(job: Change) -> Iterator[Hit]:
    """A line that continues what is in parentheses and does not stand below it; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        for above, below in pairwise(hunk):
            if not (above.added and below.added) or file.path in told or not _WRAPPED.match(above.text):
                continue
            column = _open(above.text)
            text = below.text.lstrip()
            if column and text and not text.startswith(("/*", "*", "//", "#")) and column != _width(below.text):
                told.add(file.path)
                yield Hit("it does not stand below the open parenthesis", job.file(file.path, below.line))


def _open(text: str) -> int:
    """The column after the last parenthesis that a line leaves open, 0 where there is none or nothing follows it."""
    plain = _STRING.sub(lambda match: "x" * len(match.group()), re.sub(r"/\*(?:(?!/\*).)*?\*/", "", text)).rstrip()
    opened: list[int] = []
    for at, letter in enumerate(plain):
        if letter == "(":
            opened.append(at)
        elif letter == ")" and opened:
            opened.pop()
    if not opened or opened[-1] == len(plain) - 1:
        return 0
    return len(plain[: opened[-1] + 1].expandtabs(8))


def _width(text: str) -> int:
    return len(text[: len(text) - len(text.lstrip())].expandtabs(8))


@check(files=C_FILES, added=("//",))
def line_comment(job: Change) -> Iterator[Hit]:
    """A comment that begins with //, below the head of a file; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        head = hunk[0].line.number if hunk else 0
        for each in hunk:
            top = head == 1 and each.text.startswith("//")
            head = head if top else 0
            if each.added and not top and file.path not in told and _COMMENT.search(_STRING.sub('""', each.text)):
                told.add(file.path)
                yield Hit("a comment with //", job.file(file.path, each.line), "write /* … */")


@check(files=C_FILES, added=("},", "};"))
def trailing_comma(job: Change) -> Iterator[Hit]:
    """An initializer without a comma after the last member, so that the next addition changes two lines; told once a
    file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        for above, below in pairwise(hunk):
            if not (above.added and below.added) or file.path in told or not re.match(r"\t*\}[;,]", below.text):
                continue
            text = re.sub(r"\s*(?:/\*.*\*/|//.*)\s*\Z", "", above.text)
            if _INITIALIZER.match(text) and not re.match(r"\s*\{\s*(?:0|NULL|-1|0x0|/\*.*\*/|\w+_END\b.*)?\s*\}", text):
                told.add(file.path)
                yield Hit("no comma after the last member", job.file(file.path, above.line), "add it")


@check(files=C_FILES, added=("printf(",))
def sysfs_emit(job: Change) -> Iterator[Hit]:
    """sprintf() and its like into the buffer of a show function."""
    for file, hunk in _hunks(job):
        function = ""
        for each in hunk:
            function = each.text if re.match(r"[A-Za-z_].*\(", each.text) else function
            match = _PRINTS.search(each.text) if each.added else None
            if match and _SHOW.search(function):
                yield Hit(f"{match.group('name')}() in a show function", job.file(file.path, each.line, match.group()))


@check(files=C_FILES)
def unused_variable(job: Change) -> Iterator[Hit]:
    """A variable of a new function that is not used, or set only."""
    for file in job.diff.files:
        for name, line in _tables(file) if file.path.endswith(".c") else ():
            level = None if file.created else Level.NOTE  # a later patch may use it
            yield Hit(f"{name} is not used", job.file(file.path, line, name), level=level, key=name)
    for file, hunk in _hunks(job):
        for block in declarations(hunk):
            start = hunk.index(block[0]) if block else 0
            end = next((at for at in range(start, len(hunk)) if hunk[at].text == "}"), None)
            if not block or end is None or not _changed(file, hunk[start - 1 : end + 1]):
                continue
            body = "\n".join(_STRING.sub('""', each.text) for each in hunk[start:end])
            body = re.sub(r"/\*(?:(?!/\*).)*?\*/|//[^\n]*", "", body, flags=re.DOTALL)
            for each in block:
                for name in declared(each.text) if "__maybe_unused" not in each.text else ():
                    if what := _unused(name, body):
                        yield Hit(f"{name} is {what}", job.file(file.path, each.line, name), key=f"{name} {what}")


def _changed(file: FileDiff, function: Sequence[Shown]) -> bool:
    """Whether a patch adds to a function, or takes from it."""
    first, last = function[0].line.at, function[-1].line.at
    return any(each.added for each in function) or any(first < line.at < last for line in file.removed)


_TABLE = expression(r"static (?:const )?[\w \t*]*?\**(?:const )?(?P<name>\w+)(?:\[[^\]]*\]| (?==)) *=")


def _tables(file: FileDiff) -> Iterator[tuple[str, Line]]:
    """The static tables of a new file that it does not use, and those that nothing else of a change names."""
    static = [line for line in file.added if line.text.startswith("static ")]
    text = ("\n".join(line.text for line in file.added) if file.created else _all(file)) if static else ""
    for line in static if "##" not in text else ():
        match = _TABLE.match(line.text)
        if not match or "__" in line.text or len(re.findall(rf"\b{match.group('name')}\b", text)) > 1:
            continue
        if not _pasted(match.group("name"), text):
            yield match.group("name"), line


def _all(file: FileDiff) -> str:
    """What a patch shows of a file, before and after."""
    parts = [line for hunk in file.hunks for line in (*hunk.old, *hunk.new, hunk.function)]
    return "\n".join(parts)


def _pasted(name: str, text: str) -> bool:
    """Whether a macro of a header may make a name of its argument: ATTRIBUTE_GROUPS(foo) uses foo_attrs."""
    parts = name.split("_")
    ends = ["_".join(parts[:at]) for at in range(1, len(parts))] + ["_".join(parts[at:]) for at in range(1, len(parts))]
    return re.search(rf"\(\s*(?:[^()]*,\s*)?(?:{'|'.join(map(re.escape, ends))})\s*[,)]", text) is not None


def _unused(name: str, body: str) -> str:
    """What is wrong with a variable in the text of its function, declarations included."""
    if re.search(r"#\s*(?:if|define)|##", body):
        return ""
    uses = list(re.finditer(rf"(?<![\w.>]){name}\b", body))
    if len(uses) == 1:
        return "not used"
    set_ = [match for match in uses[1:] if re.match(r"\s*(?:[-+|&^*/]|<<|>>)?=(?!=)", body[match.end() :])]
    alone = [match for match in set_ if re.search(r"(?:^|[;{})])\s*\Z", body[: match.start()])]
    return "set, and not used" if len(alone) == len(uses) - 1 else ""


_GLOBAL = expression(
    r"DEFINE_(?:RAW_SPINLOCK|SPINLOCK|MUTEX|IDR|IDA)\((?P<lock>\w+)\);"
    r"|(?:(?:const|unsigned|signed) )*(?:int|bool|char|long|[us](?:8|16|32|64)) \**(?:const )?"
    r"(?P<name>\w+)(?:\[\w*\])* ?[=;]"
)


@check(files=(".c",))
def not_static(job: Change) -> Iterator[Hit]:
    """A function, a lock or a plain variable of a new driver that is neither static, nor in a header, nor exported."""
    headers = "\n".join(
        line.text for file in job.diff.files if not file.path.endswith(".c") for line in file.added
    ) + "\n".join(
        line for file in job.diff.files if file.path.endswith(".h") for hunk in file.hunks for line in hunk.new
    )
    for file in job.diff.files:
        if (
            not (file.created and file.path.endswith(".c") and file.path.startswith(("drivers/", "sound/", "net/")))
            or "/bpf/" in file.path
        ):
            continue
        text = "\n".join(line.text for line in file.added)
        others = headers + "\n".join(line.text for other in job.diff.files if other is not file for line in other.added)
        found = code.read(text.encode("utf-8", "surrogateescape"))
        known = {each.name for each in found.functions if not each.defined or each.static}
        for each in found.functions:
            if each.defined and not each.static and not each.reached and each.name not in known:
                if re.search(rf"\b{each.name}\b", others) or re.search(rf"EXPORT_SYMBOL\w*\(\s*{each.name}\b", text):
                    continue
                line = file.added[found.line(each.start) - 1]
                yield Hit(f"{each.name}() is neither static nor declared", job.file(file.path, line, each.name),
                          "make it static", key=each.name)  # fmt: skip
        for line in file.added:
            match = _GLOBAL.match(line.text)
            name = match.group("lock") or match.group("name") if match else ""
            if name and not re.search(rf"\b{name}\b", others) and not re.search(rf"EXPORT\w*\(\s*{name}\b", text):
                yield Hit(f"{name} is neither static nor declared", job.file(file.path, line, name), key=name)


@check(files=C_FILES, added=("THIS_MODULE",))
def driver_owner(job: Change) -> Iterator[Hit]:
    """The owner of a driver, which its registration sets."""
    for file, hunk in _hunks(job):
        for index, each in enumerate(hunk):
            if each.added and re.match(r"\s*\.owner\s*=\s*THIS_MODULE", each.text):
                above = [line.text for line in hunk[max(0, index - 8) : index]]
                start = next((at for at in range(len(above) - 1, -1, -1) if above[at].rstrip().endswith("{")), None)
                if start is not None and re.match(r"\s*\.driver\s*=\s*\{", above[start]):
                    yield Hit("the owner is set by whoever registers the driver", job.file(file.path, each.line))


@check(files=(".c",), added=("of_match_ptr(", "ACPI_PTR(", "_device_id "))
def match_table(job: Change) -> Iterator[Hit]:
    """A table of ids behind of_match_ptr() or ACPI_PTR() that is always there, or without MODULE_DEVICE_TABLE()."""
    for file in job.diff.files:
        if not (file.created and file.path.endswith(".c")):
            continue
        text = "\n".join(line.text for line in file.added)
        for line in file.added:
            match = re.search(r"\b(?:of_match_ptr|ACPI_PTR)\((\w+)\)", line.text)
            table = match and re.search(rf"[^\n]*\b{match.group(1)}\[\][^\n]*", text)
            before = text[: table.start()] if table else ""
            guarded = before.count("\n#if") > before.count("\n#endif")
            if match and table and not guarded and "__maybe_unused" not in table.group():
                yield Hit("the table is there without what would use it", job.file(file.path, line, match.group()))
        for line in file.added:
            match = re.search(r"\bstruct (of|acpi|i2c|spi|platform|pci)_device_id (\w+)\[\]", line.text)
            named = match and re.search(rf"MODULE_DEVICE_TABLE\(\s*\w+,\s*{match.group(2)}\b", text)
            if match and not named and re.search(r"^(?:module_\w*driver|MODULE_LICENSE)\(", text, re.MULTILINE):
                yield Hit(f"no MODULE_DEVICE_TABLE() for {match.group(2)}", job.file(file.path, line, match.group(2)))


@check(files=C_FILES, added=("struct mutex", "spinlock_t"))
def lock_comment(job: Change) -> Iterator[Hit]:
    """A lock in a structure that nothing describes; told once a file."""
    told: set[str] = set()
    for file in job.diff.files:
        if not file.path.endswith(C_FILES) or file.deleted:
            continue
        text = "\n".join(each.text for hunk in shown(job.diff, file) for each in hunk)
        moved = {line.text for line in file.removed}
        for header, hunk in zip(file.hunks, shown(job.diff, file), strict=False):
            inside = header.function
            for above, each in pairwise((*hunk[:1], *hunk)):
                inside = each.text if re.match(r"[^\s#]", each.text) else inside
                match = _LOCK.match(each.text) if each.added and file.path not in told else None
                if not match or _COMMENT_END.search(above.text) or not _IN_STRUCT.match(inside):
                    continue
                if each.text not in moved and not re.search(rf"@{match.group('name')}\b", text):
                    told.add(file.path)
                    yield Hit(f"nothing says what {match.group('name')} is for", job.file(file.path, each.line))
