"""From outcomes to verdicts: what is new is told once, at the commit that brings it; each cell says how it stands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from patcher.check.affected import is_source, target
from patcher.check.building import LACKING, MAKING
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured
from patcher.check.linking import LINKING
from patcher.check.messages import key, new
from patcher.check.results import Cell, Finding, Kind, Message, Outcome, Severity, State, Status, counted
from patcher.check.snapshot import Snapshot

_CONFIG = ".config"
_PLACE = re.compile(r"(?P<what>[^:]+: )(?P<path>[^\s:]+):(?P<line>\d{1,9}): (?P<text>.*)")


class _Draft:
    """A finding while more configurations may still show it."""

    def __init__(self, commit: int, tool: str, kind: Kind, message: Message) -> None:
        self.commit, self.tool, self.kind, self.message = commit, tool, kind, message
        self.seen: dict[tuple[str, str], int] = {}  # (configuration, object) → the commit that mends it, or 0

    def finding(self) -> Finding:
        mended = list(self.seen.values())
        identity = "\0".join([self.tool, self.kind, *key(self.message, {})])
        message = self.message
        return Finding(
            commit=self.commit, check=self.tool, kind=self.kind, path=message.path, line=message.line,
            function=message.function, message=_text(message), source=message.source,
            configs=tuple(dict.fromkeys(config for config, _ in self.seen)),
            targets=tuple(dict.fromkeys(target for _, target in self.seen)),
            until=max(mended) if all(mended) else 0,
            fingerprint=hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16],
        )  # fmt: skip


def _text(message: Message) -> str:
    return (
        f"{message.message} [{message.option}]"
        if message.option not in ("", LINKING, LACKING, MAKING)
        else message.message
    )


class Findings:
    """All findings of a run."""

    def __init__(self) -> None:
        self._drafts: dict[tuple[object, ...], _Draft] = {}

    def add(self, commit: int, tool: str, kind: Kind, message: Message, config: str, target: str) -> _Draft:
        """One message in one configuration; the same one elsewhere joins it."""
        draft = self._drafts.setdefault(
            (commit, tool, kind, message.line, *key(message, {})), _Draft(commit, tool, kind, message)
        )
        draft.seen.setdefault((config, target), 0)
        return draft

    def has(self, commit: int, tool: str, kind: Kind, message: Message) -> bool:
        """Whether a tool was heard to say that of a commit."""
        return (commit, tool, kind, message.line, *key(message, {})) in self._drafts

    def all(self) -> tuple[Finding, ...]:
        """In the order of the commits."""
        found = [draft.finding() for draft in self._drafts.values()]
        return tuple(sorted(found, key=lambda each: (each.commit, each.path, each.line, each.message)))


class Judge:
    """Compares each commit with its parent, in one configuration of one tool, the oldest first."""

    def __init__(self, configuration: Configuration, findings: Findings) -> None:
        self._name = configuration.name
        self._config, self._tool, self._findings = configuration.spec.name, configuration.tool.name, findings
        self._plain = configuration.tool.plain.name if configuration.tool.plain else ""
        self._missing = configuration.tool.missing
        self._parent: dict[str, Outcome] = {}
        self._reference: dict[str, tuple[Message, ...]] = {}
        self._broken: dict[str, list[_Draft]] = {}
        self._pending: dict[str, list[tuple[int, tuple[Message, ...]]]] = {}
        self._failure = ""
        self._unconfigured: _Draft | None = None

    def base(self, outcomes: Mapping[str, Outcome]) -> None:
        """Take what the base has to compare with."""
        self._parent |= outcomes
        self._reference |= {target: outcome.messages for target, outcome in outcomes.items()}

    def cell(self, snapshot: Snapshot, configured: Configured, outcomes: Mapping[str, Outcome]) -> Cell:
        """What a commit makes of the objects it affects."""
        if self._missing:
            return Cell(self._name, Status.SKIP, self._missing, 0)
        if configured.prepared is None:
            return Cell(self._name, Status.ERROR, configured.failure, 0)
        failure_before, self._failure = self._failure, configured.failure
        if configured.failure:
            if not failure_before:
                message = _unconfigured(snapshot, configured.failure)
                self._unconfigured = self._findings.add(
                    snapshot.number, self._tool, Kind.ERROR, message, self._config, _CONFIG
                )
            return Cell(self._name, Status.FAIL, configured.failure, 0)
        if self._unconfigured:
            self._unconfigured.seen[self._config, _CONFIG] = snapshot.number
            self._unconfigured = None
        gone = [target(each.old) for each in snapshot.changes if not each.path and is_source(each.old)]
        status, detail = self.compare(snapshot.number, outcomes, gone, snapshot.renamed)
        count = len(outcomes)
        passed = f"{counted(count, 'object')}, as its parent"
        if not count:
            passed = "nothing that it changes is built here: as its parent"
        return Cell(self._name, status, detail or passed, count)

    def compare(
        self, number: int, outcomes: Mapping[str, Outcome], gone: Sequence[str], renamed: Mapping[str, str]
    ) -> tuple[Status, str]:
        """The status of a commit, and the detail.

        Arguments:
            outcomes: the affected objects
            gone: objects whose source the commit removes
            renamed: sources by their path in the parent → path now
        """
        for old, path in renamed.items():
            if not (is_source(old) and is_source(path)):
                continue
            for table in (self._parent, self._reference, self._broken, self._pending):
                _rename(table, target(old), target(path))
        for name in gone:
            self._parent.pop(name, None)
            self._mended(name, number)
        for name in [each for each in self._broken if each not in outcomes and self._lacked(each)]:
            self._mended(name, number)
        fails: list[str] = []
        warns: list[str] = []
        errors: dict[str, list[str]] = {}  # why something could not be checked → of which objects
        for name, after in outcomes.items():
            before = self._parent.get(name)
            if after.state is State.ERROR:
                errors.setdefault(after.reason, []).append(name)
            elif before is not None and before.state is State.ERROR:
                errors.setdefault(f"its parent could not be compiled ({before.reason})", []).append(name)
            elif before is not None and before.state is State.FAILED and not self._broken.get(name):
                if after.state is State.FAILED:
                    errors.setdefault(f"it does not compile before the series either ({before.reason})", []).append(
                        name
                    )
                self._reference[name] = after.messages
            elif after.state is State.FAILED:
                fails.append(self._failed(number, name, before, after, renamed))
            else:
                warns += self._built(number, name, after, renamed)
            self._parent[name] = after
        fails += [f"{name} still does not compile" for name in self._broken if name not in outcomes]
        unknown = [f"{_some(names)}: {reason}" for reason, names in errors.items()]
        for status, details in ((Status.FAIL, fails), (Status.ERROR, unknown), (Status.WARN, warns)):
            if details:
                return status, "; ".join(details)
        return Status.PASS, ""

    def _failed(
        self, number: int, name: str, before: Outcome | None, after: Outcome, renamed: Mapping[str, str]
    ) -> str:
        # A compiler that gave up warns of what follows from the error, too. What is still said when the object
        # compiles again is news, and of the commit that was the first to say it.
        fresh = new(self._reference.get(name, ()), after.messages, renamed)
        self._pending.setdefault(name, []).append((number, fresh))
        earlier = before.messages if before is not None and before.state is State.FAILED else ()
        self._linked(number, name, after)
        told: list[str] = []
        for message in new(earlier, after.messages, renamed):
            if message.severity is Severity.ERROR and (not told or message.option == LINKING):
                # The plain compiler's column comes first: what that says, too, is told once.
                tool = self._plain if self._findings.has(number, self._plain, Kind.ERROR, message) else self._tool
                draft = self._findings.add(number, tool, Kind.ERROR, message, self._config, name)
                self._broken.setdefault(name, []).append(draft)
                where = {LINKING: name, LACKING: message.path}.get(message.option, f"{name} does not compile")
                told.append(f"{where}: {message.message}")
        return "; ".join(told) or f"{name} still does not compile"

    def _built(self, number: int, name: str, after: Outcome, renamed: Mapping[str, str]) -> list[str]:
        self._mended(name, number)
        pending = self._pending.pop(name, [])
        warns = []
        for message in new(self._reference.get(name, ()), after.messages, renamed):
            since = next((each for each, messages in pending if not new(messages, (message,), {})), number)
            if self._findings.has(since, self._plain, Kind.WARNING, message):
                continue
            self._findings.add(since, self._tool, Kind.WARNING, message, self._config, name)
            if since == number:
                warns.append(f"{message.path}:{message.line}: {_text(message)}")
        self._reference[name] = after.messages
        return warns

    def _linked(self, number: int, name: str, after: Outcome) -> None:
        """Note what is mended of an object in which something else is still undefined."""
        still = {key(message, {}) for message in after.messages}
        for draft in list(self._broken.get(name, ())):
            if draft.message.option == LINKING and key(draft.message, {}) not in still:
                draft.seen[self._config, name] = number
                self._broken[name].remove(draft)

    def _lacked(self, name: str) -> bool:
        """Whether all that is wrong with an object is that it was listed and had no source."""
        return all(draft.message.option == LACKING for draft in self._broken[name])

    def _mended(self, name: str, number: int) -> None:
        for draft in self._broken.pop(name, ()):
            draft.seen[self._config, name] = number
            if draft.message.option == MAKING:
                self._readable(draft, number)

    def _readable(self, draft: _Draft, number: int) -> None:
        """A Makefile can be read again, as one object shows: so it is for all others."""
        for name, drafts in list(self._broken.items()):
            if draft in drafts:
                draft.seen[self._config, name] = number
                drafts.remove(draft)
                if not drafts:
                    del self._broken[name]
                    self._parent.pop(name, None)


def _unconfigured(snapshot: Snapshot, failure: str) -> Message:
    """Why there is no ``.config``, at the line that it is about, if it tells that."""
    if (match := _PLACE.match(failure)) and match["path"] in snapshot.entries:
        line = int(match["line"])
        source = " ".join("".join(snapshot.text(match["path"]).split("\n")[line - 1 : line]).split())
        text = f"{match['what']}{match['text']}"
        return Message(Severity.ERROR, match["path"], line, text, "", source, "", "")
    path = next((each.path for each in snapshot.changes if "Kconfig" in each.path), "Kconfig")
    return Message(Severity.ERROR, path, 0, failure, "", "", "", "")


def _some(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _rename(table: dict[str, Any], old: str, name: str) -> None:
    if old in table:
        table[name] = table.pop(old)
