"""From outcomes to verdicts: what is new is told once, at the commit that brings it; each cell says how it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from patcher.check.messages import key, new
from patcher.check.results import Finding, Message, Outcome, Status


class _Draft:
    """A finding while more configurations may still show it."""

    def __init__(self, commit: int, tool: str, kind: str, message: Message) -> None:
        self.commit, self.tool, self.kind, self.message = commit, tool, kind, message
        self.seen: dict[tuple[str, str], int] = {}  # (configuration, object) → the commit that mends it, or 0

    def finding(self) -> Finding:
        mended = list(self.seen.values())
        said = "\0".join([self.tool, self.kind, *key(self.message, {})])
        return Finding(
            commit=self.commit,
            check=self.tool,
            kind=self.kind,
            path=self.message.path,
            line=self.message.line,
            function=self.message.function,
            message=_text(self.message),
            source=self.message.source,
            configs=tuple(dict.fromkeys(config for config, _ in self.seen)),
            targets=tuple(dict.fromkeys(target for _, target in self.seen)),
            until=max(mended) if all(mended) else 0,
            fingerprint=hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:16],
        )


def _text(message: Message) -> str:
    return f"{message.message} [{message.option}]" if message.option else message.message


class Findings:
    """All findings of a run."""

    def __init__(self) -> None:
        self._drafts: dict[tuple[object, ...], _Draft] = {}

    def add(self, commit: int, tool: str, kind: str, message: Message, config: str, target: str) -> _Draft:
        """One message in one configuration; the same one elsewhere joins it."""
        draft = self._drafts.setdefault(
            (commit, tool, kind, message.line, *key(message, {})), _Draft(commit, tool, kind, message)
        )
        draft.seen.setdefault((config, target), 0)
        return draft

    def all(self) -> tuple[Finding, ...]:
        """In the order of the commits."""
        found = [draft.finding() for draft in self._drafts.values()]
        return tuple(sorted(found, key=lambda each: (each.commit, each.path, each.line, each.message)))


class Standing:
    """How the series stands in one configuration of one tool, commit after commit."""

    def __init__(self, config: str, tool: str, findings: Findings) -> None:
        self._config, self._tool, self._findings = config, tool, findings
        self._now: dict[str, Outcome] = {}
        self._reference: dict[str, tuple[Message, ...]] = {}
        self._broken: dict[str, list[_Draft]] = {}
        self._pending: dict[str, list[tuple[int, tuple[Message, ...]]]] = {}

    def begin(self, outcomes: Mapping[str, Outcome]) -> None:
        """What the base has."""
        for target, outcome in outcomes.items():
            self._now[target] = outcome
            self._reference[target] = outcome.messages

    def step(
        self, number: int, outcomes: Mapping[str, Outcome], gone: Sequence[str], renamed: Mapping[str, str]
    ) -> tuple[Status, str]:
        """What a commit makes of the objects it affects: the status of its cell, and the detail.

        Arguments:
            outcomes: the affected objects
            gone: objects whose source the commit removes
            renamed: sources by their path in the parent → path now
        """
        moved = {_object(old): _object(new) for old, new in renamed.items()}
        for old, target in moved.items():
            _rename(self._now, old, target)
            _rename(self._reference, old, target)
            _rename(self._broken, old, target)
            _rename(self._pending, old, target)
        for target in gone:
            self._now.pop(target, None)
            for draft in self._broken.pop(target, ()):
                draft.seen[self._config, target] = number
        fails: list[str] = []
        warns: list[str] = []
        errors: list[str] = []
        for target, after in outcomes.items():
            before = self._now.get(target)
            if after.state == "error":
                errors.append(f"{target}: {after.reason}")
            elif before is not None and before.state == "error":
                errors.append(f"{target}: its parent could not be compiled ({before.reason})")
            elif before is not None and before.state == "failed" and not self._broken.get(target):
                if after.state == "failed":
                    errors.append(f"{target} does not compile before the series either: {before.reason}")
                self._reference[target] = after.messages
            else:
                self._compare(number, target, before, after, renamed, fails, warns)
            self._now[target] = after
        still = [target for target in self._broken if target not in outcomes]
        fails += [f"{target} still does not compile" for target in still]
        if fails:
            return Status.FAIL, "; ".join(fails)
        if errors:
            return Status.ERROR, "; ".join(errors)
        if warns:
            return Status.WARN, "; ".join(warns)
        return Status.PASS, ""

    def _compare(
        self, number: int, target: str, before: Outcome | None, after: Outcome, renamed: Mapping[str, str],
        fails: list[str], warns: list[str],
    ) -> None:  # fmt: skip
        reference = self._reference.get(target, ())
        fresh = new(reference, after.messages, renamed)
        if after.state == "failed":
            known = before.messages if before is not None and before.state == "failed" else ()
            errors = [message for message in new(known, after.messages, renamed) if message.severity == "error"]
            if errors:
                draft = self._findings.add(number, self._tool, "error", errors[0], self._config, target)
                self._broken.setdefault(target, []).append(draft)
                fails.append(f"{target} does not compile: {errors[0].message}")
            else:
                fails.append(f"{target} still does not compile")
            # A compiler that gave up warns of what follows from the error, too. What is still said when the object
            # compiles again is news, and of the commit that was the first to say it.
            self._pending.setdefault(target, []).append((number, fresh))
            return
        for draft in self._broken.pop(target, ()):
            draft.seen[self._config, target] = number
        pending = self._pending.pop(target, [])
        for message in fresh:
            since = next((each for each, said in pending if not new(said, (message,), {})), number)
            self._findings.add(since, self._tool, "warning", message, self._config, target)
            if since == number:
                warns.append(f"{message.path}:{message.line}: {_text(message)}")
        self._reference[target] = after.messages


def _rename(table: dict[str, Any], old: str, name: str) -> None:
    if old in table:
        table[name] = table.pop(old)


def _object(path: str) -> str:
    return f"{path.rpartition('.')[0]}.o"
