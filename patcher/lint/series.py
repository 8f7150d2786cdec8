"""Which mails make one version of one series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patcher.lazy import expression
from patcher.lint.job import Digest, Series
from patcher.mail.model import Kind

Key = tuple[str, int, int, str]
_MADE = expression(r"^<?(?:cover|[0-9a-f]{40,64})\.\d+\.git\.([^>]+)>?$")  # of a mail by format-patch --thread


def gather(mails: Sequence[Digest], *, mailed: bool) -> tuple[Series, ...]:
    """Divide mails into series by thread, version and length. Commits of a range are one series."""
    looked_at = [mail for mail in mails if mail.patch.kind in (Kind.PATCH, Kind.COVER)]
    if not looked_at:
        return ()
    if not mailed:
        return (Series(None, tuple(looked_at), False, frozenset(), None, False),)
    groups: dict[Key, list[Digest]] = {}
    by_id = {mail.patch.message_id: mail for mail in mails if mail.patch.message_id}
    answered = {id_ for mail in mails for id_ in (*mail.patch.references, mail.patch.in_reply_to)}
    turn: dict[Key, int] = {}
    for mail in looked_at:
        key = _key(mail, by_id, answered)
        if not key[3] or not mail.patch.message_id:  # the next run of the same numbers begins another series
            count = turn.get(key, 0)
            numbered = (*key[:3], f"{key[3]}#{count}")
            if any(each.patch.prefix.number == mail.patch.prefix.number for each in groups.get(numbered, ())):
                turn[key] = count + 1
                numbered = (*key[:3], f"{key[3]}#{count + 1}")
            key = numbered
        groups.setdefault(key, []).append(mail)
    _join(groups)
    found: list[Series] = []
    by_summary: dict[tuple[str, str], list[Series]] = {}
    for group in groups.values():
        cover = next((mail for mail in group if mail.patch.kind is Kind.COVER), None)
        patches = tuple(
            sorted((each for each in group if each is not cover), key=lambda each: each.patch.prefix.number)
        )
        roots = frozenset(_root(mail, by_id) for mail in group if mail.patch.message_id)
        former = _former(by_summary, group)
        version = group[0].patch.prefix.version
        older = (each for each in former if each.version < version)
        earlier = max(older, key=lambda series: series.version, default=None)
        series = Series(cover, patches, True, roots, earlier, len(group) > 1, former[-1] if former else None)
        found.append(series)
        for named in {_named(series.first, mail) for mail in group}:
            by_summary.setdefault(named, []).append(series)
    return tuple(found)


def _key(mail: Digest, by_id: dict[str, Digest], answered: set[str]) -> Key:
    prefix = mail.patch.prefix
    sender = _sender(mail)
    if prefix.total:
        return sender, prefix.version, prefix.total, _topic(mail, by_id, answered)
    return sender, prefix.version, prefix.total, mail.patch.message_id or f"{mail.patch.path}:{mail.patch.subject}"


def _sender(mail: Digest) -> str:
    """Who sends it. ``git format-patch`` names each patch's author in From:, but with --thread itself in the id."""
    patch = mail.patch
    made = _MADE.search(patch.message_id)
    return made.group(1).lower() if made else patch.sender.address.lower() if patch.message_id else ""


def _topic(mail: Digest, by_id: dict[str, Digest], answered: set[str]) -> str:
    """The thread, where all mails of it say the same; mails without ids or references are told apart by sender, version
    and length alone."""
    root = _root(mail, by_id)
    first = by_id.get(root)
    versions = " ".join(word for word in mail.patch.prefix.words if any(map(str.isdigit, word)))  # of stable trees
    return (
        f"{root} {versions}"
        if mail.patch.references or mail.patch.in_reply_to or (first and first is mail and root in answered)
        else versions
    )


def _root(mail: Digest, by_id: dict[str, Digest]) -> str:
    """The mail a thread begins with, as far as it was read."""
    patch, seen = mail.patch, set()
    while (above := (patch.references[:1] or (patch.in_reply_to,))[0]) and above in by_id and above not in seen:
        seen.add(above)
        patch = by_id[above].patch
    return (patch.references[:1] or (patch.in_reply_to,))[0] or patch.message_id


def _named(first: Digest, mail: Digest) -> tuple[str, str]:
    """What two versions of a series have in common: the sender, and a summary."""
    return first.patch.sender.address.lower(), mail.patch.summary.lower()


def _former(by_summary: Mapping[tuple[str, str], Sequence[Series]], group: Sequence[Digest]) -> list[Series]:
    """The other versions of a series that were read before it, in that order."""
    found = {id(series): series for mail in group for series in by_summary.get(_named(group[0], mail), ())}
    return list(found.values())


def _join(groups: dict[Key, list[Digest]]) -> None:
    """Put a cover letter that says another version than its patches with them: they answer it, or stand beside it."""
    covers = [key for key, group in groups.items() if len(group) == 1 and group[0].patch.kind is Kind.COVER]
    without = [key for key, group in groups.items() if all(mail.patch.kind is Kind.PATCH for mail in group)]
    for key in covers:
        cover = groups[key][0].patch
        for other in without:
            mails = groups.get(other, ())
            if other[0] == key[0] and other[2] == key[2] and other[1] != key[1] and mails:
                answer = {id_ for mail in mails for id_ in (mail.patch.in_reply_to, *mail.patch.references)}
                if cover.message_id in answer if cover.message_id else not answer - {""}:
                    groups[other] = [groups.pop(key)[0], *mails]
                    without.remove(other)
                    break
