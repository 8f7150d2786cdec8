"""kernel-doc: what the tree's own script says of the comments of touched files, asked with ``-none``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from patcher.check.filecheck import CannotLook, NotThere, message
from patcher.check.results import Message, Severity
from patcher.check.runner import Runner
from patcher.check.snapshot import Snapshot
from patcher.check.tools import tool

# Where the script is, and, since 6.16, what it imports.
_SCRIPT = "scripts/kernel-doc"
_PARTS = ("scripts/kernel-doc", "scripts/lib/kdoc/", "tools/docs/kernel-doc", "tools/lib/python/")
_SECONDS = 120.0
_SAID = re.compile(
    r"^(?:(?:Warning|Error): )?(?P<path>[^\s:]+):(?P<line>\d{1,9}):? (?:(?:warning|error): )?(?P<text>.*)$"
)


class KernelDoc:
    """``kernel-doc -none FILE``: a program of the tree, so it runs in the sandbox."""

    name = "kernel-doc"

    def __init__(self) -> None:
        found = tool("perl"), tool("python3")  # it was Perl, and is Python since 6.16
        self.version = " ".join(each.version for each in found)
        self.missing = ""

    def wants(self, path: str) -> bool:
        """C and headers."""
        return path.endswith((".c", ".h"))

    def listing(self, gone: Sequence[str]) -> Sequence[str]:
        """No file lists comments."""
        return ()

    def needs(self, snapshot: Snapshot, path: str) -> tuple[str, ...]:
        """The script with its parts."""
        return tuple(each for each in snapshot.entries if each.startswith(_PARTS))

    def look(self, place: Path, path: str, snapshot: Snapshot, runner: Runner) -> tuple[Message, ...]:
        """The warnings of one file."""
        if _SCRIPT not in snapshot.entries:
            raise NotThere(f"the tree has no {_SCRIPT}")
        done = runner.run(
            [str(place / _SCRIPT), "-none", path], read=[place], write=[], cwd=place,
            env={"LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"}, seconds=_SECONDS,
        )  # fmt: skip
        output = done.stdout.decode("utf-8", "replace")
        found = [each for line in output.splitlines() if (each := _SAID.match(line)) and each["path"] == path]
        if done.reason or (done.code and not found):
            last = output.strip().rpartition("\n")[2]
            raise CannotLook(done.reason or f"{_SCRIPT} ended with {done.code} ({last[:200]})")
        return tuple(message(snapshot, Severity.WARNING, path, int(each["line"]), each["text"]) for each in found)
