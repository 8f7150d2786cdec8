"""Messages put right where the correction is certain. A diff is never changed."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec

from patcher.lint.checks.messages import is_prose
from patcher.lint.checks.tags import ORDER, alike
from patcher.lint.citations import FIXES, QUOTED
from patcher.mail.model import Kind, Patch, Tag
from patcher.mail.parse import parse_tags
from patcher.tree.history import History, Names, Resolved

_WIDTH = 75
Lines = list[str]


def fixed(patch: Patch, profile: str, history: History | None) -> Patch:
    """The patch with a corrected message, or itself where nothing is certainly wrong.

    Corrected are: tags misspelt, tags that stand there twice, Gerrit's ``Change-Id``, the order of tags (tip), empty
    lines between tags, the form of ``Fixes:`` and abbreviated ids where the history (None: there is none) knows the
    commit, prose of more than 75 columns, and a full stop at the end of the summary.
    """
    if patch.kind is not Kind.PATCH:
        return patch
    body = list(patch.body)
    body = _wrapped(patch, body)
    steps: tuple[Callable[[Lines], Lines], ...] = (
        _spelt,
        lambda lines: _cited(lines, history),
        _without_doubles,
        _together,
        lambda lines: _ordered(lines) if profile == "tip" else lines,
    )
    for step in steps:
        body = step(body)
    summary = patch.summary
    if (
        summary.endswith(".")
        and not summary.endswith("..")
        and not re.search(r"\b(?:etc|e\.g|i\.e|al|Inc)\.\Z", summary)
    ):
        summary = summary[:-1]
    if body == list(patch.body) and summary == patch.summary:
        return patch
    subject = patch.subject[: len(patch.subject) - len(patch.summary)] + summary if patch.summary else patch.subject
    return msgspec.structs.replace(patch, subject=subject, summary=summary, body=tuple(body), tags=parse_tags(body))


def _wrapped(patch: Patch, body: Lines) -> Lines:
    """Paragraphs of prose with a line that is too long, filled anew. What looks like a list or output stays."""
    tags = {tag.line for tag in patch.tags}
    found: Lines = []
    for start, end in _paragraphs(body):
        lines = body[start:end]
        long = any(len(line) > _WIDTH and is_prose(patch, start + index) for index, line in enumerate(lines))
        plain = all(line and line[0] not in " \t>|#*-[+" for line in lines) and not tags & set(range(start, end))
        if long and plain and not re.search(r"(?<![.?!:;,])  +\S|\t|://|^\d+[.)]", "\n".join(lines), re.MULTILINE):
            filled = textwrap.fill(" ".join(lines), _WIDTH, break_long_words=False, break_on_hyphens=False)
            found += filled.split("\n")
        else:
            found += lines
        found += [""] if end < len(body) else []
    return found


def _paragraphs(body: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for index, line in enumerate([*body, ""]):
        if not line:
            yield start, index
            start = index + 1


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
        quoted = QUOTED.match(match.group("rest"))
        given = quoted.group("subject") if quoted else match.group("rest").strip(" ()\"'")
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
