"""Touched .rst files, read by docutils. Of what Sphinx and the kernel add to it nothing is known here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from patcher.check.filecheck import CannotLook, message
from patcher.check.results import Message, Severity
from patcher.check.runner import Runner
from patcher.check.snapshot import Snapshot
from patcher.check.tools import program, tool

_SECONDS = 120.0
_WARNING = "2"
_SAID = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d{1,9}): \((?P<what>[A-Z]+)/[0-4]\) (?P<text>.*)$")
# What is Sphinx's, or would read another file.
_OF_SPHINX = re.compile(
    r"(?:Unknown (?:directive type|interpreted text role|target name)|No (?:directive|role) entry|"
    r"Undefined substitution referenced|\"[\w-]+\" directive disabled|Error in \"[\w-]+\" directive)"
)


class Rst:
    """docutils' own parser, with no directive that reads files, in the sandbox."""

    name = "rst"

    def __init__(self) -> None:
        found = program(("docutils", "rst2pseudoxml", "rst2pseudoxml.py"))
        self._tool = tool(self.name, found) if found else None
        self.version = self._tool.version if self._tool else ""
        advice = "docutils is not installed: pip install docutils, or Debian's python3-docutils"
        self.missing = self._tool.missing if self._tool else advice

    def wants(self, path: str) -> bool:
        """Documents."""
        return path.endswith(".rst")

    def listing(self, gone: Sequence[str]) -> Sequence[str]:
        """What lists documents is Sphinx's to say."""
        return ()

    def needs(self, snapshot: Snapshot, path: str) -> tuple[str, ...]:
        """Nothing else: what it includes is not read."""
        return ()

    def look(self, place: Path, path: str, snapshot: Snapshot, runner: Runner) -> tuple[Message, ...]:
        """What is wrong in one document."""
        assert self._tool is not None
        options = [f"--report={_WARNING}", "--halt=5", "--no-file-insertion", "--no-raw", "--input-encoding=utf-8"]
        if Path(self._tool.command).name == "docutils":
            options.insert(0, "--writer=pseudoxml")
        done = runner.run(
            [self._tool.command, *options, path, "/dev/null"], read=[place], write=[], cwd=place,
            env={"PYTHONDONTWRITEBYTECODE": "1"}, seconds=_SECONDS, programs=self._tool.places,
        )  # fmt: skip
        output = done.stdout.decode("utf-8", "replace")
        if done.reason or done.code:
            raise CannotLook(done.reason or f"docutils ended with {done.code} ({output.strip()[-200:]})")
        lines = dict.fromkeys(output.splitlines())  # some of docutils say a thing twice
        found = (each for line in lines if (each := _SAID.match(line)))
        return tuple(
            message(snapshot, Severity.WARNING, path, int(each["line"]), each["text"])
            for each in found
            if not _OF_SPHINX.match(each["text"])
        )
