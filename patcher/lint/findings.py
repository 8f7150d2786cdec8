"""From what rules say to what is shown: fingerprints, suppressions, the baseline, and what is said twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from patcher.errors import InputError
from patcher.files import HUGE, read_file
from patcher.formats import from_json
from patcher.lint import locations
from patcher.lint.ignore import Ignores
from patcher.lint.model import Finding, Level, Outcome, Read, Skipped
from patcher.lint.register import About
from patcher.lint.rules import LintRule, by_checkpatch
from patcher.lint.run import Counted, Event, LookedAt, Raised
from patcher.mail.model import Kind


def outcome(
    events: Iterable[Event], rules: Iterable[LintRule], ignores: Ignores, baseline: Sequence[str], *, strict: bool
) -> Outcome:
    """All that came out, in the order of the mails and of the lines in them; what concerns a whole series stands with
    its first mail. ``baseline`` are fingerprints to hide, each as often as it is there; ``strict``: notes are shown,
    too.

    What another program says is left out where a rule of ours said the same of the patch, in a finding that is shown or
    in the baseline, or where a suppression answers ours for that very line. A note that is not shown hides nothing."""
    findings: list[tuple[Raised, Finding]] = []
    skipped: dict[Skipped, None] = {}
    order = _Order()
    mails: list[Read] = []
    kinds: Counter[Kind] = Counter()
    profiles: set[str] = set()
    said = _Said(rules)
    seen: Counter[str] = Counter()
    to_hide = Counter(baseline)
    hidden = hidden_notes = series = 0
    for event in events:
        if isinstance(event, Skipped):
            skipped[event] = None
        elif isinstance(event, Counted):
            series = event.series
        elif isinstance(event, LookedAt):
            order.add(event)
            mails.append(_read(event))
            kinds[event.patch.kind] += 1
            if event.patch.kind is Kind.PATCH:
                profiles.add(event.profile)
            if event.patch.kind in (Kind.PATCH, Kind.COVER):
                ignores.add(event.patch)
        elif not said.repeats(event):
            finding = _finding(event, seen)
            if ignores.hides(finding.rule, event.patch, finding.path if finding.path != event.patch.path else ""):
                said.answered.add((*_place(event), event.rule))
                hidden += 1
            elif to_hide[finding.fingerprint] > 0:
                to_hide[finding.fingerprint] -= 1
                said.add(event)
                hidden += 1
            elif strict or finding.level is not Level.NOTE:
                said.add(event)
                findings.append((event, finding))
            else:
                hidden_notes += 1
    skipped |= dict.fromkeys(ignores.unused())
    # A rule that looks at all of a series has its say after the scripts.
    shown = [finding for event, finding in findings if not said.repeats(event)]
    return Outcome(
        findings=tuple(sorted(shown, key=order.key)),
        skipped=tuple(skipped),
        patches=kinds[Kind.PATCH],
        others=kinds.total() - kinds[Kind.PATCH],
        series=series,
        hidden=hidden,
        hidden_notes=hidden_notes,
        profiles=tuple(sorted(profiles)),
        read=tuple(mails),
    )


class _Said:
    """What our own rules have said, which other programs say, too: of a patch, and at which lines it is answered."""

    def __init__(self, rules: Iterable[LintRule]) -> None:
        self._same = {f"checkpatch:{name}": ours for name, ours in by_checkpatch(rules).items()}
        self._of_patch: set[tuple[str, str]] = set()
        self.answered: set[tuple[str, str, int, str]] = set()

    def add(self, raised: Raised) -> None:
        """It counts for all of the patch."""
        self._of_patch |= {(raised.patch.label, raised.rule), (raised.patch.label, f"{raised.rule} {raised.hit.key}")}

    def repeats(self, raised: Raised) -> bool:
        """Whether one of our own rules has said what another program says now."""
        label = raised.patch.label
        if raised.rule == "get_maintainer":
            return (label, f"recipients {raised.hit.key}") in self._of_patch
        ours = self._same.get(raised.rule, ())
        return any((label, each) in self._of_patch or (*_place(raised), each) in self.answered for each in ours)


def _place(raised: Raised) -> tuple[str, str, int]:
    return raised.patch.label, raised.hit.location.path, raised.hit.location.line


class _Order:
    """Where findings stand: by mail; of one, what is said of the message, then of its files as the diff has them."""

    def __init__(self) -> None:
        self._mails: dict[str, tuple[int, str, dict[str, int]]] = {}

    def add(self, mail: LookedAt) -> None:
        """The next mail."""
        files = {path: number for number, path in enumerate(mail.paths)}
        self._mails.setdefault(mail.patch.label, (len(self._mails), mail.patch.path, files))

    def key(self, finding: Finding) -> tuple[int, int, str, int, int]:
        """What findings are sorted by. Files that the diff does not touch are the last."""
        number, mail, files = self._mails.get(finding.patch, (len(self._mails), "", {}))
        path = finding.path
        of_message = path in ("", mail) and path not in files
        file = -1 if of_message else files.get(path, len(files))
        return number, file, "" if of_message else path, finding.line, finding.column


def read_baseline(file: Path) -> tuple[str, ...]:
    """The fingerprints of a report in JSON. Raises InputError where the file is none."""
    content = read_file(file, most=HUGE, pipe=True)
    report = from_json(content, _Report, f"{file} is no report of patcher lint", "make one with --format json")
    if report.schema != 1:
        raise InputError(f"{file} has the schema {report.schema}, not 1", "make it anew with --format json")
    return tuple(finding.fingerprint for finding in report.findings)


def _read(event: LookedAt) -> Read:
    patch = event.patch
    return Read(patch.label, patch.summary, patch.kind, patch.message_id.strip("<>"), event.change)


class _Fingerprint(msgspec.Struct, frozen=True):
    fingerprint: str


class _Report(msgspec.Struct, frozen=True):
    schema: int
    findings: tuple[_Fingerprint, ...]


def _finding(raised: Raised, seen: Counter[str]) -> Finding:
    rule, patch, hit = raised.rule, raised.patch, raised.hit
    location = hit.location
    # What survives moved lines and a new version: not the brackets of a subject, nor which patch is the first.
    on_subject = location.excerpt and location.excerpt == locations.subject(patch).excerpt
    key = hit.key or (patch.summary if on_subject else location.excerpt.strip())
    of_series = raised.about is About.SERIES and not location.excerpt
    file = location.path if location.path != patch.path else "" if of_series else patch.summary
    digest = hashlib.sha256("\0".join((rule, file, key)).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    seen[digest] += 1
    fingerprint = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    return Finding(
        rule, raised.level, patch.label, patch.summary, location.path, location.line, location.column, location.width,
        hit.message, hit.fix or raised.fix, raised.source, location.excerpt, fingerprint,
    )  # fmt: skip
