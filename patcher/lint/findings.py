"""From what rules say to what is shown: fingerprints, suppressions, the baseline, and what is said twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    """All that came out, in the order of the mails; what concerns a whole series stands with its first mail.
    ``baseline`` are fingerprints to hide, each as often as it is there; ``strict``: notes are shown, too."""
    same = {f"checkpatch:{name}": ours for name, ours in by_checkpatch(rules).items()}
    findings: list[Finding] = []
    skipped: dict[Skipped, None] = {}
    labels: dict[str, int] = {}
    mails: list[Read] = []
    kinds: Counter[Kind] = Counter()
    profiles: set[str] = set()
    fired: set[tuple[str, str]] = set()
    seen: Counter[str] = Counter()
    to_hide = Counter(baseline)
    hidden = series = 0
    for event in events:
        if isinstance(event, Skipped):
            skipped[event] = None
        elif isinstance(event, Counted):
            series = event.series
        elif isinstance(event, LookedAt):
            labels.setdefault(event.patch.label, len(labels))
            mails.append(_read(event))
            kinds[event.patch.kind] += 1
            if event.patch.kind is Kind.PATCH:
                profiles.add(event.profile)
            if event.patch.kind in (Kind.PATCH, Kind.COVER):
                ignores.add(event.patch)
        elif not _repeats(event, same, fired):
            fired |= {(event.patch.label, event.rule), (event.patch.label, f"{event.rule} {event.hit.key}")}
            finding = _finding(event, seen)
            if ignores.hides(finding.rule, event.patch, finding.path if finding.path != event.patch.path else ""):
                hidden += 1
            elif to_hide[finding.fingerprint] > 0:
                to_hide[finding.fingerprint] -= 1
                hidden += 1
            elif strict or finding.level is not Level.NOTE:
                findings.append(finding)
    skipped |= dict.fromkeys(ignores.unused())
    # A rule that looks at all of a series has its say after the scripts.
    shown = [each for each in findings if not {(each.patch, ours) for ours in same.get(each.rule, ())} & fired]
    return Outcome(
        findings=tuple(sorted(shown, key=lambda each: labels.get(each.patch, len(labels)))),
        skipped=tuple(skipped),
        patches=kinds[Kind.PATCH],
        others=kinds.total() - kinds[Kind.PATCH],
        series=series,
        hidden=hidden,
        profiles=tuple(sorted(profiles)),
        read=tuple(mails),
    )


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


def _repeats(raised: Raised, same: Mapping[str, Sequence[str]], fired: set[tuple[str, str]]) -> bool:
    """Whether one of our own rules has said for this patch what another program says now."""
    label = raised.patch.label
    if raised.rule == "get_maintainer":
        return (label, f"recipients {raised.hit.key}") in fired
    return any((label, ours) in fired for ours in same.get(raised.rule, ()))


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
