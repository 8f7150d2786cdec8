"""Checks on a whole series."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from patcher.lazy import expression
from patcher.lint import locations
from patcher.lint.job import Digest, Series
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.model import Patch

_CHANGES = expression(
    r"(?:changes|changed|changelog|change log|history|differences|what's new|diff to|since|updates?)\b.{0,30}v?\d"
    r"|\bv\d+\b\s*(?:->|=>|:|-|→|\.|\))|\bchange ?log\b|^\s*(?:[-*]\s*)?\[?v\d+\b|range-diff|interdiff"
    r"|\bchanges (?:in|since|from)\b|since (?:rfc|last|the first|previous)|previous version|\b(?:in|from|to) v\d+\b"
    r"|^\s*feedback from\b",
    re.IGNORECASE,
)
_VERSION = expression(r"\bv(\d{1,2})\b", re.IGNORECASE)
_VAGUE = expression(
    r"\W*(?:\[?v?\d+\]?\W*(?:v?\d+)?\W*)?(?:fix(?:ed|es|up)?|address(?:ed|es)?|resolved?"
    r"|incorporated?|handled?|took|updated?"
    r"|modif(?:y|ied)|changes?|changed)"
    r"(?: (?:all|the|some|as|per|based|according|on|to|care|of|in|from|up))*"
    r"(?: (?:(?:review(?:er|ers)?(?:'s?)? )?(?:comments|feedback|suggestions|remarks) (?:from"
    r"|by|of) (?!v?\d)[\w .,'-]+"
    r"|review(?:er|ers)?(?:'s?)? (?:comments?|feedback|suggestions|remarks)(?: (?:from|by|of|on|in) [\w .,'-]+)?"
    r"|issues? (?:mentioned|raised|pointed out|found|reported) by [\w .,'-]+"
    r"|\w+'s (?:comments?|feedback|suggestions?|remarks)))"
    r"\W*\Z",
    re.IGNORECASE,
)
_LONG = 200  # characters: more than one vague sentence has
_BEHIND = 2  # versions in which a patch need not have changed
_STATISTICS = expression(
    r"\s*(?:\S.* \| +(?:\d+|Bin)\b.*|\d+ files? changed\b.*|(?:create|delete) mode .*|mode change .*|(?:rename"
    r"|copy) .*\(\d+%\)"
    r"|base-commit: .*|prerequisite-\S+ .*|change-id: .*|Cc: .*|(?:https?|Link:|Patcher-ignore:).*|-+ ?|\.\.\.|)\Z",
    re.IGNORECASE,
)
_FOLD = "fold it into that patch"
_REVIEWS = ("reviewed-by", "tested-by", "acked-by")
_DROPPED = expression(
    r"\b(?:drop|dropped|remove|removed|not (?:carried|kept))\b.{0,60}"
    r"\b(?:reviewed|tested|acked|tags?|r-b|rb|t-b|a-b)\b",
    re.IGNORECASE,
)
_FIX = expression(r"\b(?:fix(?:es|ed|up)?|repair|correct|unbreak|build failure|compile error)\b", re.IGNORECASE)


def _hit(mail: Digest, message: str, fix: str = "", level: Level | None = None) -> Hit:
    return Hit(message, locations.mail(mail.patch), fix, level, re.sub(r"\d+", "", message), mail.patch)


@check
def cover_missing(series: Series) -> Iterator[Hit]:
    """A series of several patches without a cover letter."""
    first = series.first
    total = max([len(series.patches), *(mail.patch.prefix.total for mail in series.patches)], default=0)
    if not series.mailed or series.cover or total < 2 or not series.complete_input or first.profile == "stable":
        return
    if first.patch.in_reply_to not in ("", *(mail.patch.message_id for mail in series.patches)):
        return  # a reply to what was not read: the cover letter, as a rule
    if total > 2 or first.profile != "netdev":
        level = Level.NOTE if total == 2 else None
        yield _hit(first, f"{total} patches without a cover letter", level=level)


@check
def series_length(series: Series) -> Iterator[Hit]:
    """More patches than anybody reads at a time."""
    if len(series.patches) > 15:
        yield _hit(series.first, f"{len(series.patches)} patches are many")


@check
def series_complete(series: Series) -> Iterator[Hit]:
    """Numbers that are missing or come twice. Of what was sent, the rest may have gone to other lists."""
    if not series.mailed or not series.complete_input:
        return
    total = series.first.patch.prefix.total
    numbers = Counter(mail.patch.prefix.number for mail in series.patches)
    missing = [number for number in range(1, min(total, 1000) + 1) if not numbers[number]]
    sent = series.first.patch.message_id and not series.first.patch.commit
    level = Level.NOTE if sent else None
    if missing:
        shown = ", ".join(f"{number}/{total}" for number in missing[:8]) + (" …" if len(missing) > 8 else "")
        what = f"patch {shown} is missing" if len(missing) == 1 else f"patches {shown} are missing"
        yield _hit(series.first, what, level=level)
    for number, count in numbers.items():
        if total and count > 1:
            second = [mail for mail in series.patches if mail.patch.prefix.number == number][1]
            yield _hit(second, f"{number}/{total} comes {count} times", level=level)


@check
def series_thread(series: Series) -> Iterator[Hit]:
    """Patches of one series in several threads."""
    if series.mailed and len(series.roots) > 1 and len(list(series.all)) > 1:
        yield _hit(series.first, f"the series is spread over {len(series.roots)} threads")


@check
def cover_single(series: Series) -> Iterator[Hit]:
    """A cover letter for one patch."""
    if series.mailed and series.cover and series.cover.patch.prefix.total == 1:
        yield _hit(series.cover, "one patch needs no cover letter")


@check
def cover_version(series: Series) -> Iterator[Hit]:
    """A cover letter of another version than its patches."""
    if series.cover and series.patches:
        versions = [mail.patch.prefix.version for mail in (series.cover, series.patches[0])]
        if versions[0] != versions[1]:
            yield _hit(series.cover, f"the cover letter says version {versions[0]}, its patches {versions[1]}")


@check
def reply_to_older(series: Series) -> Iterator[Hit]:
    """A new version that is sent in reply to an old one."""
    first = series.first.patch
    if not first.in_reply_to:
        return
    older = {mail.patch.message_id for mail in series.earlier.all} if series.earlier else set()
    if series.earlier and (first.in_reply_to in older or set(first.references) & older):
        yield _hit(series.first, f"version {series.version} is a reply to version {series.earlier.version}")
    elif series.mailed and series.version == 1 and first.prefix.patch and first.prefix.total <= 1 and not series.cover:
        if not first.prefix.rfc and first.prefix.number == 0 and not first.prefix.resend:
            what = "a patch in reply to another mail: a new version has a number, and begins a thread"
            yield _hit(series.first, what, level=Level.NOTE)
    elif (
        series.mailed
        and series.version > 1
        and (
            first is not series.patches[0].patch
            if series.cover and series.patches
            else first.prefix.total <= 1 or _other_host(first)
        )
    ):
        yield _hit(series.first, f"version {series.version} is a reply to another mail", level=Level.NOTE)


def _other_host(patch: Patch) -> bool:
    """Whether the first patch of a series answers a mail that another program wrote, so that it is no cover letter."""
    own, answered = patch.message_id.rpartition("@")[2], patch.in_reply_to.rpartition("@")[2]
    return patch.prefix.number == 1 and own != answered


@check
def version_number(series: Series) -> Iterator[Hit]:
    """A version that is not higher than that of what was sent before."""
    before, first = series.before, series.first.patch
    if not series.mailed or before is None or first.prefix.resend or series.first.profile == "stable":
        return
    if before.first.patch.prefix.rfc != first.prefix.rfc or not _in_common(series, before):
        return  # what was an RFC begins anew, and so does the next series of the same title
    if before.first.patch.prefix.words != first.prefix.words or not _later(first, before.first.patch):
        return
    if series.version < before.version:
        yield _hit(series.first, f"version {series.version} is sent after version {before.version}")
    elif series.version == before.version and _changed(series, before):
        yield _hit(series.first, f"version {series.version} was sent before, with other changes")


def _later(one: Patch, other: Patch) -> bool:
    """Whether a mail was sent after another, by at least an hour."""
    try:
        between = parsedate_to_datetime(one.date) - parsedate_to_datetime(other.date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return between.total_seconds() > 3600


def _in_common(one: Series, other: Series) -> bool:
    """Whether two series have a patch of the same name."""
    names = [{mail.patch.summary.lower() for mail in series.patches} for series in (one, other)]
    return bool(names[0] & names[1])


def _changed(one: Series, other: Series) -> bool:
    """Whether a patch of the same name makes another change."""
    before = {mail.patch.summary.lower(): mail for mail in other.patches}
    pairs = ((mail, before.get(mail.patch.summary.lower())) for mail in one.patches)
    return any(old is not None and (new.added, new.removed) != (old.added, old.removed) for new, old in pairs)


@check
def base_missing(series: Series) -> Iterator[Hit]:
    """No base-commit anywhere in the series."""
    if series.mailed and not any(mail.patch.base for mail in series.all):
        yield _hit(series.first, "no base-commit: says what it applies to")


@check
def changelog_missing(series: Series) -> Iterator[Hit]:
    """A new version that does not say what is new: neither the cover letter nor any patch below ``---``."""
    if not series.mailed or series.version < 2 or (not series.complete_input and series.first.patch.prefix.total > 1):
        return
    below = [line for mail in series.all for line in mail.patch.below if not _STATISTICS.match(line)]
    texts = [*below, *(series.cover.patch.body if series.cover else ())]
    texts += [line for mail in series.patches for line in mail.patch.body]
    told = any(_CHANGES.search(line) for line in texts) or any(len(line.split()) > 2 for line in below)
    if not told and not any(mail.patch.prefix.resend for mail in series.all):
        yield _hit(series.first, f"version {series.version} does not say what changed")
    for mail in series.patches:
        lines = enumerate(mail.patch.below)
        vague = next((at for at, line in lines if len(line) < _LONG and _VAGUE.match(line)), None)
        if vague is not None:
            what = f"{mail.patch.below[vague].strip()!r} does not say what changed"
            yield Hit(what, locations.below(mail.patch, vague), level=Level.NOTE, key="vague", patch=mail.patch)
        newest = max((int(number) for line in mail.patch.below for number in _VERSION.findall(line)), default=0)
        if 1 < newest < series.version - _BEHIND:
            what = f"the changelog ends at version {newest}"
            yield Hit(what, locations.mail(mail.patch), level=Level.NOTE, key="old", patch=mail.patch)


@check
def resend_changed(series: Series) -> Iterator[Hit]:
    """RESEND, where something changed against the version that was read, too."""
    first = series.first
    if not series.mailed or not first.patch.prefix.resend:
        return
    texts = [*first.patch.below, *(series.cover.patch.body if series.cover else ())]
    version = first.patch.prefix.version
    announces = re.compile(
        rf"changes (?:since|in|from) (?:the )?(?:v{version}\b|last (?:post|send)|previous post)", re.IGNORECASE
    )
    if version == 1 and any(announces.search(line) for line in texts):
        yield _hit(first, "RESEND is for patches that have not changed", "send it as v2")


@check
def summary_repeated(series: Series) -> Iterator[Hit]:
    """Two patches of the same name."""
    seen: dict[str, Digest] = {}
    for mail in series.patches:
        key = mail.patch.summary.lower()
        again = key in seen and seen[key].patch.prefix.number == mail.patch.prefix.number != 0
        if key and key in seen and not again:
            location = locations.subject(mail.patch, mail.patch.summary)
            yield Hit(f"{seen[key].patch.label} has the same summary", location, patch=mail.patch)
        seen.setdefault(key, mail)


@check
def reviews_dropped(series: Series) -> Iterator[Hit]:
    """A review of the version before that is gone, and nobody says why."""
    if series.earlier is None:
        return
    before = {mail.patch.summary.lower(): mail for mail in series.earlier.patches}
    announced = " ".join(
        line for mail in series.all for line in (*mail.patch.below, *(mail.patch.body if mail is series.cover else ()))
    )
    if _DROPPED.search(announced):
        return
    for mail in series.patches:
        old = before.get(mail.patch.summary.lower())
        if old is None:
            continue
        now = {(tag.key, tag.value.lower()) for tag in mail.patch.tags}
        for tag in old.patch.tags:
            if tag.key in _REVIEWS and (tag.key, tag.value.lower()) not in now:
                yield _hit(mail, f"{tag.name}: {tag.value} of version {series.earlier.version} is gone")


@check
def repairs_earlier(series: Series) -> Iterator[Hit]:
    """A patch that repairs another of the same series: it says so, and all it removes was added there."""
    for index, mail in enumerate(series.patches):
        if mail.profile == "stable":
            continue  # a backport takes the fix of a fix as a patch of its own
        fixes = [tag.value for tag in mail.patch.tags if tag.key == "fixes"]
        for other in series.patches[:index]:
            summary = other.patch.summary
            named = any(
                other.patch.commit and other.patch.commit.startswith(value.split()[0].lower())
                for value in fixes
                if value and len(value.split()[0]) >= 7
            )
            if named or any(summary and f'"{summary}"' in value for value in fixes):
                yield _hit(mail, f"it fixes {other.patch.label} of the same series ({summary})", _FOLD)
                break
            small = len(mail.removed) >= 2 and mail.changed <= 40
            if small and _FIX.search(mail.patch.summary) and set(mail.removed) <= set(other.added):
                what = f"all that it removes was added by {other.patch.label} ({summary})"
                yield _hit(mail, what, _FOLD, Level.WARNING)
                break


@check
def fix_late(series: Series) -> Iterator[Hit]:
    """A fix behind patches that fix nothing and touch the same file; told once."""
    for index, mail in enumerate(series.patches):
        if not _for_stable(mail):
            continue
        for other in series.patches[:index]:
            same = set(mail.paths) & set(other.paths)
            if other.changed and same and not _mends(other) and not _about_form(other):
                yield _hit(mail, f"a fix behind {other.patch.label}, which is no fix and touches {min(same)}, too")
                return


def _for_stable(mail: Digest) -> bool:
    return any(tag.key == "fixes" or (tag.key == "cc" and "stable@" in tag.value) for tag in mail.patch.tags)


def _mends(mail: Digest) -> bool:
    return _for_stable(mail) or bool(_FIX.search(mail.patch.summary))


def _about_form(mail: Digest) -> bool:
    return mail.profile == "stable" or mail.patch.summary.lower().startswith("revert")


@check
def file_churn(series: Series) -> Iterator[Hit]:
    """A patch most of whose removed lines were added earlier in the series."""
    added: dict[int, Digest] = {}
    for mail in series.patches:
        again = [line for line in mail.removed if line in added]
        if len(again) >= 12 and len(again) * 2 > len(mail.removed):
            adders = {id(added[line]) for line in again}
            shown = ", ".join([each.patch.label for each in series.patches if id(each) in adders][:3])
            yield _hit(mail, f"{len(again)} of its {len(mail.removed)} removed lines were added by {shown}")
        added.update(dict.fromkeys(mail.added, mail))


@check
def abi_missing(series: Series) -> Iterator[Hit]:
    """A series that adds attributes of sysfs, and no line to Documentation."""
    complete = 1 < series.first.patch.prefix.total == len(series.patches)
    if not complete or any(path.startswith("Documentation/") for mail in series.patches for path in mail.paths):
        return
    mail = next((mail for mail in series.patches if mail.attributes), None)
    if mail:
        name = min(mail.attributes)
        yield _hit(mail, f"the attribute {name} is new to users, and no patch of the series documents it")
