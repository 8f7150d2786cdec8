"""Checks that look at the files a commit touches, and compile no object: each file beside what its parent had."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.check import messages
from patcher.check.compose import Extra
from patcher.check.messages import key, new
from patcher.check.results import Finding, Kind, Message, Severity, Status, counted
from patcher.check.runner import Runner
from patcher.check.snapshot import Snapshot
from patcher.check.store import digest
from patcher.check.workers import Meter
from patcher.check.workspace import disk_errors
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import LINK

_decoder = msgspec.msgpack.Decoder(tuple[Message, ...])
Cell = tuple[Status, str, tuple[Finding, ...]]


class CannotLook(Exception):
    """The check could not be made; the message is the reason."""


class NotThere(Exception):
    """The tree has not what the check is made with; the message says what."""


class FileCheck(Protocol):
    """One such check. ``version`` is of what it runs, ``missing`` says why it cannot ("" where it can)."""

    name: str
    version: str
    missing: str

    def wants(self, path: str) -> bool:
        """Whether it is about a file."""

    def listing(self, gone: Sequence[str]) -> Sequence[str]:
        """The files that may still list those that a commit removes."""

    def needs(self, snapshot: Snapshot, path: str) -> tuple[str, ...]:
        """The other files of the tree that decide on what is said of one."""

    def look(self, place: Path, path: str, snapshot: Snapshot, runner: Runner) -> tuple[Message, ...]:
        """What is said of a file. ``place`` holds it, and what it needs. Raises CannotLook and NotThere."""


class FileChecks(NamedTuple):
    """The commits of a series, and what is needed to look at their files."""

    repository: Repository
    snapshots: Sequence[Snapshot]
    runner: Runner
    cache: Cache
    meter: Meter

    def column(self, check: FileCheck) -> Extra:
        """What a check says of each commit that its parent did not say: WARN for a warning, FAIL for an error."""
        cells: dict[str, Cell] = {}
        for parent, snapshot in zip(self.snapshots, self.snapshots[1:], strict=False):
            gone = [change.old for change in snapshot.changes if change.old and change.old not in snapshot.entries]
            paths = [change.path for change in snapshot.changes if change.path and check.wants(change.path)]
            paths += [path for path in check.listing(gone) if path in snapshot.entries and path not in paths]
            self.meter.say(snapshot.number, check.name)
            cells[snapshot.commit] = self._cell(check, parent, snapshot, paths)
        return Extra(check.name, check.name, cells)

    def _cell(self, check: FileCheck, parent: Snapshot, snapshot: Snapshot, paths: Sequence[str]) -> Cell:
        if not paths:
            return Status.SKIP, f"no file that it changes is for {check.name}", ()
        if check.missing:
            return Status.SKIP, check.missing, ()
        names = {path: old for old, path in snapshot.renamed.items()}
        fresh: list[Message] = []
        for path in paths:
            try:
                before = self._said(check, parent, names.get(path, path))
                fresh += new(before, self._said(check, snapshot, path), snapshot.renamed)
            except NotThere as error:
                return Status.SKIP, str(error), ()
            except CannotLook as error:
                return Status.ERROR, f"{path}: {error}", ()
        if not fresh:
            return Status.PASS, f"{counted(len(paths), 'file')}, as its parent", ()
        bad = any(message.severity is Severity.ERROR for message in fresh)
        details = "; ".join(f"{each.path}: {each.message}" for each in fresh)
        return Status.FAIL if bad else Status.WARN, details, tuple(_finding(check.name, each) for each in fresh)

    def _said(self, check: FileCheck, snapshot: Snapshot, path: str) -> tuple[Message, ...]:
        entry = snapshot.entries.get(path)
        if entry is None or entry.mode == LINK:
            return ()
        needed = (path, *check.needs(snapshot, path))
        went_in = [(each, snapshot.entries[each].blob) for each in dict.fromkeys(needed) if each in snapshot.entries]
        name = f"check-1/file/{digest(5, self.repository.identity, check.name, check.version, went_in)}"
        if (kept := self.cache.load(name, _decoder.decode)) is not None:
            return kept
        with temporary.directory("files") as place:
            place = place.resolve()
            with disk_errors(place):
                self._bring(snapshot, [each for each, _ in went_in], place)
            said = check.look(place, path, snapshot, self.runner)
        self.cache.put(name, msgspec.msgpack.encode(said))
        return said

    def _bring(self, snapshot: Snapshot, paths: Sequence[str], place: Path) -> None:
        """Write files of a commit below a directory; links last, so that nothing is written through one."""
        entries = snapshot.entries
        contents = self.repository.objects.blobs({entries[path].blob: path for path in paths})
        for path in sorted(paths, key=lambda path: entries[path].mode == LINK):
            file = Path(os.path.normpath(place / path))
            if not file.is_relative_to(place):
                raise CannotLook(f"{path} leaves the tree")
            file.parent.mkdir(parents=True, exist_ok=True)
            if entries[path].mode == LINK:
                file.symlink_to(os.fsdecode(contents[entries[path].blob]))
            else:
                file.write_bytes(contents[entries[path].blob])
                file.chmod(0o755 if entries[path].mode == "100755" else 0o644)


def message(snapshot: Snapshot, severity: Severity, path: str, line: int, text: str) -> Message:
    """One message about a line of a file (0 for none of them), with that line."""
    lines = snapshot.text(path).split("\n")
    source = " ".join(lines[line - 1].split()) if 0 < line <= len(lines) else ""
    function = messages.enclosing(lines, line) if path.endswith((".c", ".h")) else ""
    return Message(severity, path, line, text.strip(), "", source, function, "")


def _finding(check: str, said: Message) -> Finding:
    identity: Mapping[str, str] = {}
    name = "\0".join([check, *key(said, identity)])
    kind = Kind.ERROR if said.severity is Severity.ERROR else Kind.WARNING
    return Finding(
        commit=0, check=check, kind=kind, path=said.path, line=said.line, function=said.function, message=said.message,
        source=said.source, configs=(), targets=(), until=0,
        fingerprint=hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16],
    )  # fmt: skip
