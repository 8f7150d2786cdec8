"""What make says, taken apart: which object a line is about, and which line tells best what went wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path

from patcher.check import messages

COMPILING = "CC "
_IN_KCONFIG = re.compile(r"^[^\s:]*Kconfig[^\s:]*:\d{1,9}: (?P<text>.*)$", re.MULTILINE)
_CYCLE = re.compile(r"recursive dependency detected")
_IN_CYCLE = re.compile(r"^(?:[^\s:]+:\d+:)?\tsymbol (.*)$", re.MULTILINE)
_FOLLOWS = ("syntax error", "invalid statement")  # what its parser says, too, of that line or the file's last
_MARK = re.compile(r"^\s+(CC|AS|CPP|CHECK|LDS|CXX)(?:32|64)?(?: \[M\])?\s+(\S+)\.([a-zA-Z]+)$")
_HOST = re.compile(r"^\s+HOST\w+\s+\S+$")  # a program of the build


def chunks(output: str, checking: bool, tree: Path, build: Path) -> dict[str, str]:
    """The output that belongs to each object; under "" what came before the first. With a checker, that is the
    checker's; what the compiler says stands under the object's name behind ``COMPILING``."""
    found: dict[str, list[str]] = {"": []}
    current = ""
    for line in output.split("\n"):
        if _HOST.match(line):
            current = ""
        elif mark := _MARK.match(line):
            what, stem, kind = mark.groups()
            name = messages.inside(stem, tree, build)
            if kind == "s":
                current = ""
            elif what == "CHECK":
                current = f"{name}.o" if checking else ""
            else:
                current = f"{COMPILING if checking else ''}{name}.o"
            found.setdefault(current, [])
        else:
            found.setdefault(current, []).append(line)
    return {name: "\n".join(texts) for name, texts in found.items()}


def same(stopped: str, target: str) -> bool:
    """Whether make stopped at that target."""
    stopped = os.path.normpath(stopped)
    return stopped == target or stopped.endswith(f"/{target}")


def line_of(output: str, words: str) -> str:
    """The line that has some words."""
    return next((line.strip() for line in output.splitlines() if words in line), words)[:300]


def of_kconfig(output: str) -> str:
    """What Kconfig says of the tree's files, with the place; "" where it does not say anything of them."""
    if _CYCLE.search(output):
        return f"recursive dependency: {', '.join(map(str.strip, _IN_CYCLE.findall(output)))}"
    found = list(_IN_KCONFIG.finditer(output))
    told = next((each for each in found if each["text"] not in _FOLLOWS), found[0] if found else None)
    return told[0] if told else ""


def first_error(output: str) -> str:
    """The line that tells best why a call of make failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for pattern in (r"(?:fatal )?error: ", r"[Ee]rror|rror:|Can't|cannot|No such|not found|\*\*\*"):
        for line in lines:
            if re.search(pattern, line) and not line.startswith("make"):
                return line[:300]
    return next((line for line in lines if "***" in line), lines[-1] if lines else "make said nothing")[:300]


def last(output: str) -> str:
    """The line in which make gave up, else its last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "***" in line), lines[-1] if lines else "")[:300]
