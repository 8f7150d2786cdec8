"""Checks on a whole series."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from patcher.lint import places
from patcher.lint.job import Brief, Series, SeriesHit
from patcher.lint.model import Hit, Level

_CHANGES = re.compile(
    r"(?:changes|changed|changelog|change log|history|differences|what's new|diff to|since|updates?)\b.{0,30}v?\d"
    r"|\bv\d+\b\s*(?:->|=>|:|-|→|\.|\))|\bchange ?log\b|^\s*[-*]?\s*\[?v\d+\b"
    r"|\bchanges (?:in|since|from)\b|since (?:rfc|last|the first|previous)|previous version",
    re.IGNORECASE,
)
_REVIEWS = ("reviewed-by", "tested-by", "acked-by")
_FIX = re.compile(r"\b(?:fix(?:es|ed|up)?|repair|correct|unbreak|build failure|compile error)\b", re.IGNORECASE)


def _at(brief: Brief, message: str, fix: str = "", level: Level | None = None) -> SeriesHit:
    return SeriesHit(brief, Hit(message, places.whole(brief.patch), fix, level, re.sub(r"\d+", "", message)))


def cover_missing(series: Series) -> Iterator[SeriesHit]:
    """A series of several patches without a cover letter."""
    first = series.first
    least = 3 if first.profile == "netdev" else 2
    total = max([len(series.patches), *(brief.patch.prefix.total for brief in series.patches)], default=0)
    if series.mailed and not series.cover and total >= least and series.complete_input:
        yield _at(first, f"{total} patches without a cover letter")


def series_length(series: Series) -> Iterator[SeriesHit]:
    """More patches than anybody reads at a time."""
    if len(series.patches) > 15:
        yield _at(series.first, f"{len(series.patches)} patches are many")


def series_complete(series: Series) -> Iterator[SeriesHit]:
    """Numbers that are missing or come twice."""
    if not series.mailed or not series.complete_input:
        return
    total = series.first.patch.prefix.total
    numbers = Counter(brief.patch.prefix.number for brief in series.patches)
    missing = [number for number in range(1, min(total, 1000) + 1) if not numbers[number]]
    if missing:
        shown = ", ".join(f"{number}/{total}" for number in missing[:8]) + (" …" if len(missing) > 8 else "")
        yield _at(series.first, f"patch {shown} is missing" if len(missing) == 1 else f"patches {shown} are missing")
    for number, count in numbers.items():
        if total and count > 1:
            second = [brief for brief in series.patches if brief.patch.prefix.number == number][1]
            yield _at(second, f"{number}/{total} comes {count} times")


def series_thread(series: Series) -> Iterator[SeriesHit]:
    """Patches of one series in several threads."""
    if series.mailed and len(series.roots) > 1 and len(list(series.all)) > 1:
        yield _at(series.first, f"the series is spread over {len(series.roots)} threads")


def reply_to_older(series: Series) -> Iterator[SeriesHit]:
    """A new version that is sent in reply to an old one."""
    first = series.first.patch
    if series.earlier is None or not first.in_reply_to:
        return
    older = {brief.patch.message_id for brief in series.earlier.all}
    if first.in_reply_to in older or set(first.references) & older:
        yield _at(series.first, f"version {series.version} is a reply to version {series.earlier.version}")


def base_missing(series: Series) -> Iterator[SeriesHit]:
    """No base-commit anywhere in the series."""
    if series.mailed and not any(brief.patch.base for brief in series.all):
        yield _at(series.first, "no base-commit: says what it applies to")


def changelog_missing(series: Series) -> Iterator[SeriesHit]:
    """A new version that does not say what is new: neither the cover letter nor any patch below ``---``."""
    if not series.mailed or series.version < 2 or (not series.complete_input and series.first.patch.prefix.total > 1):
        return
    texts = [line for brief in series.all for line in brief.patch.below]
    texts += series.cover.patch.body if series.cover else ()
    texts += [line for brief in series.patches for line in brief.patch.body]
    if not any(_CHANGES.search(line) for line in texts):
        yield _at(series.first, f"version {series.version} does not say what changed")


def resend_changed(series: Series) -> Iterator[SeriesHit]:
    """RESEND, where something changed against the version that was read, too."""
    first = series.first
    if not series.mailed or not first.patch.prefix.resend:
        return
    texts = [*first.patch.below, *(series.cover.patch.body if series.cover else ())]
    version = first.patch.prefix.version
    told = next(
        (
            line
            for line in texts
            if re.search(
                rf"changes (?:since|in|from) (?:the )?(?:v{version}\b|last (?:post|send)|previous post)",
                line,
                re.IGNORECASE,
            )
        ),
        "",
    )
    if told and version == 1:
        yield _at(first, "RESEND is for patches that have not changed", "send it as v2")


def summary_repeated(series: Series) -> Iterator[SeriesHit]:
    """Two patches of the same name."""
    seen: dict[str, Brief] = {}
    for brief in series.patches:
        key = brief.patch.summary.lower()
        if key and key in seen:
            yield SeriesHit(
                brief,
                Hit(f"{seen[key].patch.label} has the same summary", places.subject(brief.patch, brief.patch.summary)),
            )
        seen.setdefault(key, brief)


def reviews_dropped(series: Series) -> Iterator[SeriesHit]:
    """A review of the version before that is gone, and nobody says why."""
    if series.earlier is None:
        return
    before = {brief.patch.summary.lower(): brief for brief in series.earlier.patches}
    told = " ".join(
        line
        for brief in series.all
        for line in (*brief.patch.below, *(brief.patch.body if brief is series.cover else ()))
    )
    if re.search(
        r"\b(?:drop|dropped|remove|removed|not (?:carried|kept))\b.{0,60}"
        r"\b(?:reviewed|tested|acked|tags?|r-b|rb|t-b|a-b)\b",
        told,
        re.IGNORECASE,
    ):
        return
    for brief in series.patches:
        old = before.get(brief.patch.summary.lower())
        if old is None:
            continue
        now = {(tag.key, tag.value.lower()) for tag in brief.patch.tags}
        for tag in old.patch.tags:
            if tag.key in _REVIEWS and (tag.key, tag.value.lower()) not in now:
                yield _at(brief, f"{tag.name}: {tag.value} of version {series.earlier.version} is gone")


def repairs_earlier(series: Series) -> Iterator[SeriesHit]:
    """A patch that repairs another of the same series: it says so, and all it removes was added there."""
    for at, brief in enumerate(series.patches):
        fixes = [tag.value for tag in brief.patch.tags if tag.key == "fixes"]
        for other in series.patches[:at]:
            summary = other.patch.summary
            named = any(
                other.patch.commit and other.patch.commit.startswith(value.split()[0].lower())
                for value in fixes
                if value and len(value.split()[0]) >= 7
            )
            if named or any(summary and f'"{summary}"' in value for value in fixes):
                yield _at(
                    brief, f"it fixes {other.patch.label} of the same series ({summary})", "fold it into that patch"
                )
                break
            removed = set(brief.removed)
            if (
                len(removed) >= 2
                and _FIX.search(brief.patch.summary)
                and removed <= set(other.added)
                and brief.changed <= 40
            ):
                yield _at(
                    brief,
                    f"all that it removes was added by {other.patch.label} ({summary})",
                    "fold it into that patch",
                    Level.WARNING,
                )
                break


def file_churn(series: Series) -> Iterator[SeriesHit]:
    """A patch most of whose removed lines were added earlier in the series."""
    added: dict[int, Brief] = {}
    for brief in series.patches:
        again = [line for line in brief.removed if line in added]
        if len(again) >= 12 and len(again) * 2 > len(brief.removed):
            labels = dict.fromkeys(added[line].patch.label for line in again)
            yield _at(
                brief,
                f"{len(again)} of its {len(brief.removed)} removed lines were added by {', '.join(list(labels)[:3])}",
            )
        added.update(dict.fromkeys(brief.added, brief))


CHECKS = (
    cover_missing, series_length, series_complete, series_thread, reply_to_older, base_missing, changelog_missing,
    resend_changed, summary_repeated, reviews_dropped, repairs_earlier, file_churn,
)  # fmt: skip
