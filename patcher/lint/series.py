"""Which mails make one version of one series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from patcher.lint.context import Context
from patcher.lint.job import Brief, Series
from patcher.mail.model import Kind

Key = tuple[str, int, int, str]
_MADE = re.compile(r"^<?(?:cover|[0-9a-f]{40,64})\.\d+\.git\.([^>]+)>?$")  # of a mail by format-patch --thread


def gather(briefs: Sequence[Brief], context: Context, *, mailed: bool) -> tuple[Series, ...]:
    """Divide mails into series by thread, version and length. Commits of a range are one series."""
    looked_at = [brief for brief in briefs if brief.patch.kind in (Kind.PATCH, Kind.COVER)]
    if not looked_at:
        return ()
    if not mailed:
        return (Series(None, tuple(looked_at), False, frozenset(), None, context, False),)
    groups: dict[Key, list[Brief]] = {}
    known = {brief.patch.message_id: brief for brief in briefs if brief.patch.message_id}
    answered = {id_ for brief in briefs for id_ in (*brief.patch.references, brief.patch.in_reply_to)}
    turn: dict[Key, int] = {}
    for brief in looked_at:
        key = _key(brief, known, answered)
        if not brief.patch.message_id:  # the next run of the same numbers begins another series
            count = turn.get(key, 0)
            numbered = (*key[:3], f"{key[3]}#{count}")
            if any(each.patch.prefix.number == brief.patch.prefix.number for each in groups.get(numbered, ())):
                turn[key] = count + 1
                numbered = (*key[:3], f"{key[3]}#{count + 1}")
            key = numbered
        groups.setdefault(key, []).append(brief)
    found: list[Series] = []
    by_summary: dict[tuple[str, str], list[Series]] = {}
    for group in groups.values():
        cover = next((brief for brief in group if brief.patch.kind is Kind.COVER), None)
        patches = tuple(
            sorted((each for each in group if each is not cover), key=lambda each: each.patch.prefix.number)
        )
        roots = frozenset(_root(brief, known) for brief in group if brief.patch.message_id)
        earlier = _earlier(by_summary, group)
        series = Series(cover, patches, True, roots, earlier, context, len(group) > 1)
        found.append(series)
        for named in {_named(series.first, brief) for brief in group}:
            by_summary.setdefault(named, []).append(series)
    return tuple(found)


def _key(brief: Brief, known: dict[str, Brief], answered: set[str]) -> Key:
    prefix = brief.patch.prefix
    sender = _sender(brief)
    if prefix.total > 1:
        return sender, prefix.version, prefix.total, _topic(brief, known, answered)
    return sender, prefix.version, prefix.total, brief.patch.message_id or f"{brief.patch.path}:{brief.patch.subject}"


def _sender(brief: Brief) -> str:
    """Who sends it. ``git format-patch`` names each patch's author in From:, but with --thread itself in the id."""
    patch = brief.patch
    made = _MADE.search(patch.message_id)
    return made.group(1).lower() if made else patch.sender.address.lower() if patch.message_id else ""


def _topic(brief: Brief, known: dict[str, Brief], answered: set[str]) -> str:
    """The thread, where all mails of it say the same; mails without ids or references are told apart by sender, version
    and length alone."""
    root = _root(brief, known)
    first = known.get(root)
    return (
        root
        if brief.patch.references or brief.patch.in_reply_to or (first and first is brief and root in answered)
        else ""
    )


def _root(brief: Brief, known: dict[str, Brief]) -> str:
    """The mail a thread begins with, as far as it was read."""
    patch, seen = brief.patch, set()
    while (above := (patch.references[:1] or (patch.in_reply_to,))[0]) and above in known and above not in seen:
        seen.add(above)
        patch = known[above].patch
    return (patch.references[:1] or (patch.in_reply_to,))[0] or patch.message_id


def _named(first: Brief, brief: Brief) -> tuple[str, str]:
    """What two versions of a series have in common: the sender, and a summary."""
    return first.patch.sender.address.lower(), brief.patch.summary.lower()


def _earlier(by_summary: Mapping[tuple[str, str], Sequence[Series]], group: Sequence[Brief]) -> Series | None:
    """The newest older version of a series."""
    version = group[0].patch.prefix.version
    candidates = {
        id(series): series
        for brief in group
        for series in by_summary.get(_named(group[0], brief), ())
        if series.version < version
    }
    return max(candidates.values(), key=lambda series: series.version, default=None)
