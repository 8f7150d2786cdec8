"""Checks on added C code: where braces stand, what a block begins with, and statements that need not be there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint import first_value
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, hunks_of_c
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check

_FUNCTION = expression(r"(?!struct\b|union\b|enum\b|typedef\b|else\b|do\b|#|extern \")[A-Za-z_][^={}]*\)\s*\{\s*\Z")
_CONTROL = expression(
    r"(?P<indent>\t+)(?:\} )?(?:else if|if|for|while|switch) \(.*\)\s*\Z|(?P<bare>\t+)(?:else|do)\s*\Z"
)
_SWITCH = expression(r"(?P<indent>\t+)switch \(.*\) \{\s*\Z")
_CASE = expression(r"\t+case (?P<number>[1-9]\d*|0|0x[0-9a-fA-F]+)(?: ?\.\.\. ?\w+)?:")
_CASES = 4  # numbers that show an order
_LABEL = expression(r"\s*(?:case\b.*|default\s*):")
_LATE = expression(
    r"\t(?:(?:static|const|unsigned|struct|enum)\s+)*(?:struct \w+|enum \w+|int|bool|char|long|s?size_t"
    r"|[us](?:8|16|32|64)|unsigned(?: int| long)?) \**(?P<name>[a-z_]\w*)(?:\[\w*\])?(?: = [^;]*)?;\Z"
)
_CODE = expression(r"\t(?:(?:if|for|while|switch|return|goto)\b|[a-z_][\w>.-]*(?: [-+|&]?= |\())")
_CONSTANT = expression(r"\t+[A-Za-z_][\w \t*,]*\w = (?:[-\d]|[A-Z]|'|true|false)")
_STRING_END = expression(r'(?<![\\"])"\s*\Z')


@check(files=C_FILES, added=("{", "else"))
def brace_place(job: Change) -> Iterator[Hit]:
    """A brace that stands where the kernel has none; each told once a file."""
    told: set[tuple[str, str]] = set()
    for file, hunk in hunks_of_c(job.diff):
        for above, each in pairwise((*hunk[:1], *hunk)):
            if each.added and (what := _brace(above, each)) and (file.path, what) not in told:
                told.add((file.path, what))
                yield Hit(what, job.file(file.path, each.line), key=f"{what} {each.text.strip()}")


def _brace(above: Shown, each: Shown) -> str:
    """What is wrong with the brace of a line."""
    text = each.text.rstrip()
    if text.endswith("{") and text[:1] != "\t" and _FUNCTION.match(text) and "DEFINE" not in text:
        return "the opening brace of a function stands on a line of its own"
    control = _CONTROL.match(above.text) if above.added else None
    if control and text == f"{control.group('indent') or control.group('bare')}{{":
        return "the opening brace stands at the end of the line above"
    if re.match(r"\t+else\b", text) and re.fullmatch(r"\t+\}", above.text.rstrip()):
        return "else stands on the line of the closing brace"
    return ""


@check(files=C_FILES, added=("case", "default"))
def case_indent(job: Change) -> Iterator[Hit]:
    """A case that is indented deeper than its switch; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for above, each in pairwise(hunk):
            match = _SWITCH.match(above.text)
            label = _LABEL.match(each.text) if match and each.added and file.path not in told else None
            if match and label and each.text.startswith(match.group("indent") + "\t"):
                told.add(file.path)
                yield Hit("a case that is indented deeper than its switch", job.file(file.path, each.line))


@check(files=C_FILES, added=("case ",))
def case_order(job: Change) -> Iterator[Hit]:
    """A case with a number that is less than those above it, where all others count up; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        cases: list[tuple[int, Shown]] = []
        for each in (*hunk, None):
            if each is None or _SWITCH.match(each.text):
                falls = [below for (one, _), (other, below) in pairwise(cases) if other < one]
                if len(cases) >= _CASES and len(falls) == 1 and falls[0].added and file.path not in told:
                    told.add(file.path)
                    yield Hit("a case that is not in the order of the others", job.file(file.path, falls[0].line))
                cases = []
            elif match := _CASE.match(each.text):
                cases.append((int(match.group("number"), 0), each))


@check(files=C_FILES)
def late_declaration(job: Change) -> Iterator[Hit]:
    """A declaration after statements of a function; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        inside = coded = False
        for above, each in pairwise((*hunk[:1], *hunk)):
            if each.text[:1] in ("{", "}"):
                inside, coded = each.text[0] == "{", False
            elif inside and not coded and _CODE.match(each.text) and not _LATE.match(each.text):
                coded = not re.match(r"\t(?:[A-Z_]+|\w*(?:guard|lockdep)\w*|DEFINE\w*|DECLARE\w*)\(", each.text)
            elif coded and each.added and file.path not in told and _LATE.match(each.text):
                if above.text.rstrip().endswith((",", "(", "\\", "=")) or "__free" in each.text:
                    continue
                told.add(file.path)
                yield Hit("a declaration after statements", job.file(file.path, each.line))


@check(files=C_FILES)
def needless_statement(job: Change) -> Iterator[Hit]:
    """Statements that change nothing; each told once a file."""
    told: set[tuple[str, str]] = set()
    for file, hunk in hunks_of_c(job.diff):
        for at in range(len(hunk) - 1):
            if not hunk[at].added or not (what := _needless(hunk, at)) or (file.path, what[0]) in told:
                continue
            told.add((file.path, what[0]))
            yield Hit(what[0], job.file(file.path, hunk[at].line), what[1], key=f"{what[0]} {hunk[at].text.strip()}")


_TEST = expression(r"\t+if \((?P<what>[\w>.-]+)(?: != NULL)?\)\Z")
_FREE = expression(
    r"\t+(?:kfree|vfree|kvfree|debugfs_remove(?:_recursive)?|usb_free_urb|of_node_put|dma_pool_destroy"
    r"|clk_disable_unprepare|clk_put|put_device)\((?P<what>[\w>.-]+)\);\Z"
)
_RESULT = expression(r"(?P<indent>\t+)(?P<name>ret|err|rc|error|retval|r|status) = (?!.*\?).*;\Z")
_DATA_NULL = expression(
    r"\t+(?:platform_set_drvdata|i2c_set_clientdata|spi_set_drvdata|dev_set_drvdata)\(.*, NULL\);\Z"
)
_DEBUGFS = expression(r"\t+(?:(?P<name>[\w>.-]+) = )?debugfs_create_(?:file|dir)\(.*\);\Z")


def _needless(hunk: Sequence[Shown], at: int) -> tuple[str, str] | None:
    """What is needless at a line, and what to do."""
    text, below = hunk[at].text, hunk[at + 1]
    if text == "\treturn;" and below.text == "}" and at and not re.match(r"\w+:", hunk[at - 1].text):
        return "return at the end of a function", "remove it"
    if "if (" in text and (match := _TEST.match(text)):
        freed = _FREE.match(below.text) if below.added else None
        if freed and freed.group("what") == match.group("what"):
            return "a test before a function that takes NULL", "call it in any case"
    match = _RESULT.match(text) if " = " in text else None
    if match and below.added and below.text == f"{match.group('indent')}return {match.group('name')};":
        return "a value that is set and returned at once", "return it directly"
    if "data(" in text and _DATA_NULL.match(text):
        return "driver data that is set to NULL", "remove it, the core does so"
    if "debugfs" in text and (match := _DEBUGFS.match(text)):
        name = re.escape(match.group("name") or "")
        if name and re.match(rf"\t+if \((?:!{name}|IS_ERR(?:_OR_NULL)?\({name}\))\)", below.text) and below.added:
            return "a test whether debugfs made a file", "go on, whatever it says"
    return None


@check(files=C_FILES, added=(" = ",))
def needless_initialisation(job: Change) -> Iterator[Hit]:
    """A variable whose first value nobody reads; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for start, end in _bodies(hunk) if file.path not in told else ():
            function = hunk[start:end]
            if not any(each.added and _CONSTANT.match(each.text) for each in function):
                continue
            for name, line in first_value.unread("\n".join(each.text for each in function)):
                if function[line].added and file.path not in told:
                    told.add(file.path)
                    yield Hit(
                        f"{name} is set before its first value is read", job.file(file.path, function[line].line, name)
                    )


def _bodies(hunk: Sequence[Shown]) -> Iterator[tuple[int, int]]:
    """Where the bodies of functions begin and end that a hunk shows whole."""
    start = None
    for at, each in enumerate(hunk):
        if each.text == "{":
            start = at
        elif each.text == "}" and start is not None:
            yield start, at + 1
            start = None


@check(files=C_FILES, added=('"',))
def split_string(job: Change) -> Iterator[Hit]:
    """A string that is parted; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for above, each in pairwise(hunk):
            if not (above.added and each.added) or file.path in told or not _STRING_END.search(above.text):
                continue
            parted = re.match(r"\s*\"", each.text) and not re.search(r"\\[nt]\"\s*\Z|asm|;\"\s*\Z", above.text)
            if (
                parted
                and re.search(r"[a-z ]\"\s*\Z", above.text)
                and re.search(
                    r"\w*(?:_err|_warn|_info|_dbg|printk|_probe|_debug|_notice|seq_printf|_msg|_error|_warning)\(",
                    "".join(line.text for line in hunk[max(0, hunk.index(above) - 2) : hunk.index(above) + 1]),
                )
            ):
                told.add(file.path)
                yield Hit("a message on more than one line", job.file(file.path, each.line), "join it, however long")


@check(files=C_FILES)
def stray_blank(job: Change) -> Iterator[Hit]:
    """A blank line between what is called and the test of its result; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for above, each, below in zip(hunk, hunk[1:], hunk[2:], strict=False):
            if not each.added or each.text.strip() or file.path in told or not below.text.startswith("\t"):
                continue
            match = re.match(r"(?P<indent>\t+)(?P<name>[\w>.-]+) = .*\);\Z", above.text)
            tests = re.match(
                r"(?P<indent>\t+)if \((?:!|IS_ERR(?:_OR_NULL)?\(|PTR_ERR_OR_ZERO\()?(?P<name>[\w>.-]+?)"
                r"(?: (?:<|!=|==) \w+)?\)",
                below.text,
            )
            if match and tests and match.groups() == tests.groups():
                told.add(file.path)
                yield Hit("a blank line between a call and the test of its result", job.file(file.path, each.line))


@check(files=C_FILES)
def line_length(job: Change) -> Iterator[Hit]:
    """Lines of more than 100 columns, that hold no string; told once a file."""
    for file in job.diff.files:
        if not file.path.endswith(C_FILES) or file.path.startswith(("tools/", "drivers/gpu/", "scripts/")):
            continue
        for line in file.added:
            if (
                len(line.text) > 80
                and len(line.text.expandtabs(8)) > 100
                and not re.search(r"\"|://|^#|\\\Z|0x\w+, ?0x|\{.*\}", line.text)
            ):
                yield Hit("a line of more than 100 columns", job.file(file.path, line), "break it", Level.NOTE)
                break
