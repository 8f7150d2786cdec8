"""Messages put right where the correction is certain. A diff is never changed."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Callable, Collection
from itertools import pairwise

import msgspec

from patcher.lint import prose
from patcher.lint.checks.tags import ORDER, alike
from patcher.lint.citations import FIXES, quoted
from patcher.mail.model import Kind, Patch, Tag
from patcher.mail.parse import parse_tags
from patcher.tree.history import History, Names, Resolved

Lines = list[str]


def fixed(patch: Patch, reported: Collection[str], history: History | None) -> Patch:
    """The patch with a corrected message, or itself where nothing is certainly wrong. Nothing is touched but what one
    of the rules in ``reported`` has found in it.

    Corrected are: tags misspelt, tags that stand there twice, Gerrit's ``Change-Id``, the order of tags (tip), empty
    lines between tags, the form of ``Fixes:`` and abbreviated ids where the history (None: there is none) knows the
    commit, prose of more than 75 columns, and a full stop at the end of the summary.
    """
    if patch.kind is not Kind.PATCH:
        return patch
    steps: tuple[tuple[tuple[str, ...], Callable[[Lines], Lines]], ...] = (
        (("body-wrap",), lambda _: _wrapped(patch)),
        (("tag-name",), _spelt),
        (("fixes-form", "fixes-commit"), lambda lines: _cited(lines, history)),
        (("sign-off-duplicate", "change-id"), _without_doubles),
        (("tags-apart",), _together),
        (("tag-order",), _ordered),
    )
    body = list(patch.body)
    for rules, step in steps:
        if not frozenset(rules).isdisjoint(reported):
            body = step(body)
    summary = patch.summary.removesuffix(".") if "summary-full-stop" in reported else patch.summary
    if body == list(patch.body) and summary == patch.summary:
        return patch
    subject = patch.subject[: len(patch.subject) - len(patch.summary)] + summary if patch.summary else patch.subject
    return msgspec.structs.replace(patch, subject=subject, summary=summary, body=tuple(body), tags=parse_tags(body))


def _wrapped(patch: Patch) -> Lines:
    """Paragraphs of running text with a line that is too long, filled anew. What looks like anything else stays, and
    a citation is not split."""
    kept = {tag.line for tag in patch.tags} | prose.literal_lines(patch.body)
    long = set(prose.long_lines(patch))
    found: Lines = []
    for start, end in prose.paragraphs(patch.body):
        lines = patch.body[start:end]
        rows = set(range(start, end))
        if long & rows and not kept & rows and prose.to_fill(lines):
            filled = textwrap.fill(" ".join(lines), prose.WIDTH, break_long_words=False, break_on_hyphens=False)
            found += filled.split("\n")
        else:
            found += lines
        found += patch.body[end : end + 1]
    return found


def _area(body: Lines) -> list[Tag]:
    return [tag for tag in parse_tags(body) if tag.area]


def _spelt(body: Lines) -> Lines:
    for tag in _area(body):
        right = alike(tag.name)
        if right and right != tag.name:
            body[tag.line] = f"{right}:{body[tag.line].partition(':')[2]}"
    return body


def _without_doubles(body: Lines) -> Lines:
    """Without tags that stand there twice in the same words, and without ``Change-Id``."""
    seen: set[tuple[str, str]] = set()
    gone: set[int] = set()
    last: Tag | None = None
    for tag in _area(body):
        key = (tag.key, " ".join(tag.value.lower().split()))
        co_author = last is not None and last.key == "co-developed-by"
        if (key in seen and tag.key.endswith("-by") and not co_author) or (
            tag.key == "change-id" and tag.value.startswith("I")
        ):
            gone.add(tag.line)
        seen.add(key)
        last = tag
    return [line for index, line in enumerate(body) if index not in gone]


def _together(body: Lines) -> Lines:
    """No empty lines after a ``Fixes:`` that other tags follow."""
    tags = _area(body)
    gone: set[int] = set()
    for tag, following in pairwise(tags):
        if tag.key == "fixes" and not any(line.strip() for line in body[tag.line + 1 : following.line]):
            gone |= set(range(tag.line + 1, following.line))
    return [line for index, line in enumerate(body) if index not in gone]


def _ordered(body: Lines) -> Lines:
    """The tags in tip's order, where they are one block of known tags and nothing else."""
    tags = _area(body)
    lines = [tag.line for tag in tags]
    if not lines or lines != list(range(lines[0], lines[0] + len(lines))) or lines[-1] != len(body) - 1:
        return body
    if any(tag.key not in ORDER for tag in tags):
        return body
    signs = [tag for tag in tags if tag.key == "signed-off-by"]
    if any(tag.line > signs[0].line and tag.key == "co-developed-by" for tag in tags) if signs else True:
        return body  # who signed after whom is not for us to change
    rank = {tag.line: ORDER[tag.key] for tag in tags}
    return body[: lines[0]] + [body[index] for index in sorted(lines, key=lambda index: (rank[index], index))]


def _cited(body: Lines, history: History | None) -> Lines:
    """``Fixes:`` as it is documented, where the commit is certain: its id is known, and its subject is not another."""
    if history is None:
        return body
    for tag in _area(body):
        match = FIXES.match(tag.value) if tag.key == "fixes" else None
        if not match:
            continue
        id_ = match.group("hash").lower()
        what = history.look_up([id_]).get(id_, Resolved(Names.MISSING))
        found = quoted(match.group("rest"))
        given = found.group("subject") if found else match.group("rest").strip(" ()\"'")
        letters = [re.sub(r"[\W_]+", "", text).lower() for text in (given, what.subject)]
        if what.names is Names.COMMIT and (letters[0] == letters[1] or not letters[0]):
            continued = tag.line + 1 < len(body) and match.group("rest").count("(") > match.group("rest").count(")")
            if not continued:
                length = max(12, min(len(id_), 40))
                body[tag.line] = f'Fixes: {what.commit[:length]} ("{what.subject}")'
    return body


def difference(before: Patch, after: Patch) -> str:
    """What changed in the message, as a unified diff."""
    old, new = ([patch.subject, "", *patch.body] for patch in (before, after))
    lines = difflib.unified_diff(old, new, f"{before.label}: before", f"{before.label}: after", lineterm="", n=1)
    return "".join(f"{line}\n" for line in lines)
