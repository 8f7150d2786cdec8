"""Which lines of a message are sentences, that may be filled anew, and which are output, citations, tables or commands,
that stay as they are."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint import locations
from patcher.lint.citations import UPSTREAM
from patcher.lint.gate import has
from patcher.mail.model import Patch

WIDTH = 75
URL = expression(r"\b\w+://\S+|<[^\s<>@]+@[^\s<>]+>")
_WORD = expression(r"[A-Za-z][a-z']+")
CITATION = expression(r"""\b[0-9a-f]{7,64}(?:\s+|,\s*)?[(\[]?["'“]|\b[Cc]ommit\s+[0-9a-f]{7,64}\b""")
_LIST = expression(r"(?:[-*+•o]|\(?(?:\d{1,2}|[a-z])[.)]|\[\d+\]:?)\s")
_ITEM = expression(r" {0,6}(?:(?:[-*+•o]|\(?(?:\d{1,2}|[a-z])[.)]) +)?(?=[A-Za-z])")
_OF_CODE = (";", "{", "}", "=", "<", ">", "|", "->", "_", "\t", "0x", '"')
_QUOTED = expression(r"\s|[>|+$#*\\=\[<{@~%-]|\d+[:.) ]|\w+(?:\.\w+)+:|[./~\w-]+/[./\w-]+:?|[0-9a-f]{8}")
_COLUMNS = expression(r"\S(?: {3,}|\t+| *\| *)\S.*\S(?: {3,}|\t+| *\| *)\S|\S {4,}\S|\+-+\+")
_PARTS_COLUMNS = ("   ", "\t", "|", "+-")
_FIELD = expression(r"[A-Za-z][\w /()-]{0,30}: ")
_GAPS = expression(r"  +\S+  +")
_OF_CITATIONS = ('"', "'", "“", "ommit")


# What a command begins with.
_COMMAND = expression(
    r"(?:sudo |make (?:-|\w+=|[\w./]+\Z)|echo |cat /|git [a-z-]+ |perf [a-z]+ -|(?:ins|rm)mod |modprobe |mount -"
    r"|gcc |clang "
    r"|qemu-|ip (?:link|addr|route|netns|-)|tc (?:qdisc|filter|class)|ethtool -|bpftool |nft |iptables |\./"
    r"|dd if=|ssh )"
)
# What the kernel, a compiler or another tool prints: on a line of its own, and with what follows it.
_BEGINS = expression(
    r"(?:Call [Tt]race|BUG:|WARNING:|INFO:|Oops|Kernel panic|Unable to handle|general protection fault"
    r"|invalid opcode|kernel BUG"
    r"|Hardware name:|Modules linked in|(?:CPU|PID|UID): ?\d|(?:EIP|RIP|RSP|PC|LR|pc|lr|sp|x\d\d|R\d\d|Code) ?: "
    r"|Workqueue:"
    r"|Tainted|unreferenced object|backtrace|stack backtrace|Allocated by|Freed by|The buggy address|Read of size"
    r"|Write of size"
    r"|Internal error|Synchronous|SError|watchdog: BUG|rcu: |INFO: task|Unpreserved|Traceback|ERROR:|Error:|E: "
    r"|W: |make(?:\[\d+\])?:"
    r"|ld(?:\.lld)?: |In file included from|(?:error|warning|note|fatal): |Fatal |Excess |Function parameter"
    r"|Section mismatch"
    r"|(?:CC|LD|AR|CHECK|HOSTCC|MODPOST|DTC|OBJTOOL)  |KUnit|TAP version|not ok \d|ok \d|Reported by Coverity"
    r"|CID \d)"
)
# What is in a line of an output.
_INSIDE = expression(
    r"\[\s*\d+\.\d{3,}\]|0x[0-9a-f]{6,}|\+0x[0-9a-f]+/0x|={4,}|-{6,}|~{4,}|\^~|:\d+:(?:\d+:)? |(?:\.[chS]|\.rst"
    r"|\.yaml|\.dtsi?):\d+"
    r"|\b(?:error|warning|note): |\(\.[a-z.]+\+0x[0-9a-f]+\)|undefined reference|: Warning: |\bComm: |\b(?:Excess"
    r"|undescribed) "
)
_MARKS = ("[", "0x", "====", "------", "~", ":", "undefined reference", "Excess ", "undescribed ")


def long_lines(patch: Patch) -> list[int]:
    """The lines of prose that are too long, by their index in the message."""
    found = [index for index, line in locations.prose(patch) if len(line) > WIDTH and len(URL.sub("", line)) > WIDTH]
    literal = literal_lines(patch.body) if found else frozenset()
    return [index for index in found if index not in literal and _is_sentence(patch.body[index])]


@functools.lru_cache(maxsize=4)
def literal_lines(body: tuple[str, ...]) -> frozenset[int]:
    """The lines that stay as they are, by their index."""
    literal: set[int] = set()
    for start, end in paragraphs(body):
        lines = body[start:end]
        literal |= {start + index for index, line in enumerate(lines) if _is_literal(line)}
        output = next((index for index, line in enumerate(lines) if _BEGINS.match(line)), None)
        if output is not None:
            literal |= set(range(start + output, end))
        if sum(map(_is_table, lines)) > 1 or (len(lines) > 1 and all(map(_FIELD.match, lines))):
            literal |= set(range(start, end))
    return frozenset(literal)


def is_told(line: str) -> bool:
    """Whether a line that stays as it is has words to read all the same: an item of a list, or what follows it."""
    item = _ITEM.match(line)
    words = line[item.end() :].split() if item else []
    plain = sum(1 for word in words if _WORD.fullmatch(word.strip(".,;:()'\"!?")))
    return len(words) > 3 and plain * 5 >= len(words) * 3 and not has(line, _OF_CODE)


def paragraphs(body: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where each paragraph begins and ends."""
    start = 0
    for index, line in enumerate([*body, ""]):
        if not line.strip():
            yield start, index
            start = index + 1


def to_fill(lines: Sequence[str]) -> bool:
    """Whether a paragraph is running text: no line of it was ended on purpose, or is an item of a list."""
    if any(not line or line[0] in " \t>|#" or _LIST.match(line) or "://" in line or "\t" in line for line in lines):
        return False
    if any(re.search(r"(?<![.?!:;,])  +\S", line) or line.rstrip().endswith(":") for line in lines[:-1]):
        return False
    # A line that has room for the word that follows was ended by somebody who meant it.
    return all(
        len(line) + 1 + len(following.partition(" ")[0]) > min(WIDTH - 10, max(map(len, lines)) - 12)
        for line, following in pairwise(lines)
    )


def _is_literal(line: str) -> bool:
    """Whether a line is indented or quoted, output, a citation, a table or a command. What a search needs is looked for
    first: most lines have nothing of it."""
    return bool(
        _QUOTED.match(line) or _BEGINS.match(line) or (has(line, _MARKS) and _INSIDE.search(line))
        or _COMMAND.match(line) or "\t" in line or "`" in line[:1] or ("  " in line and _GAPS.search(line))
        or UPSTREAM.match(line) or (has(line, _OF_CITATIONS) and CITATION.search(line))
    )  # fmt: skip


def _is_table(line: str) -> bool:
    return has(line, _PARTS_COLUMNS) and _COLUMNS.search(line) is not None


def _is_sentence(line: str) -> bool:
    words = line.split()
    plain = sum(1 for word in words if _WORD.fullmatch(word.strip(".,;:()'\"!?")))
    return len(words) >= 8 and plain * 3 >= len(words) * 2
