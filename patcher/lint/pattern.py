"""Rules that are a regular expression: what ``[match]`` of a rule file says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from itertools import chain

import msgspec

from patcher.lazy import expression
from patcher.lint import locations
from patcher.lint.gate import Gate, either
from patcher.lint.job import Job
from patcher.lint.model import Hit, Level, Location
from patcher.lint.register import About, Check, Registered
from patcher.pattern import Pattern

Find = Callable[[str], tuple[int, str] | None]


class Where(StrEnum):
    """What is searched, line by line: the subject, all of it; without what stands in brackets; the message; of that,
    what is neither tag nor below the first of them; the tags; what follows ``---``; added lines; the paths of the files
    after the patch; of new files, of binary ones."""

    SUBJECT = "subject"
    SUMMARY = "summary"
    BODY = "body"
    PROSE = "prose"
    TAGS = "tags"
    BELOW = "below"
    ADDED = "added"
    PATH = "path"
    CREATED = "created"
    BINARY = "binary"


_OF_FILES = frozenset((Where.PATH, Where.CREATED, Where.BINARY))
_OF_DIFF = _OF_FILES | {Where.ADDED}


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that is a regular expression. ``unless``: a line that matches this, too, is left alone; ``path``: added
    lines of files whose path matches; ``message``: what a finding says, with the matched text for ``{match}``;
    ``once``: only the first one in a patch is told; ``words``: nothing is searched unless the added lines have one of
    these (where the message is searched: summary, message and what follows ``---``, in small letters); ``level`` and
    ``fix``: where they differ from the rule's own."""

    where: Where | tuple[Where, ...]
    pattern: str
    message: str
    unless: str = ""
    path: str = ""
    once: bool = False
    words: tuple[str, ...] = ()
    level: Level | None = None
    fix: str = ""

    @property
    def searched(self) -> tuple[Where, ...]:
        """All that is searched."""
        return (self.where,) if isinstance(self.where, Where) else self.where

    @property
    def about(self) -> About:
        """What such a rule is about. Raises ValueError where message and diff are mixed, or nothing is named."""
        named = frozenset(self.searched)
        if not named or (named & _OF_DIFF and named - _OF_DIFF):
            raise ValueError("match.where names places of the message or of the diff, not both")
        return About.DIFF if named & _OF_DIFF else About.TAGS if named == {Where.TAGS} else About.MESSAGE

    @property
    def gate(self) -> Gate:
        """What a patch must have to be searched."""
        return Gate(added=self.words) if self.about is About.DIFF else Gate(message=self.words)


def _finder(text: str, where: str, trusted: bool) -> Find:
    """What tells where a match in a line begins, and the match. An expression that is not ours may take a bounded
    time. Ours are compiled where they are needed: most patches need few."""
    if not trusted:
        return Pattern(text, where).find
    asked = expression(text)
    return lambda line: (found.start(), found.group()) if (found := asked.search(line)) else None


def checks(matches: Sequence[Match], file: str, *, trusted: bool) -> Registered:
    """The check that patterns are together. Raises InputError where a part of one is no regular expression, ValueError
    where they search in what does not go together."""
    abouts = {match.about for match in matches}
    if len(abouts) != 1:
        raise ValueError("match.where names places of the message or of the diff, not both")
    parts = [check(match, file, trusted=trusted) for match in matches]
    gate = either([match.gate for match in matches])
    return Registered(abouts.pop(), lambda job: chain.from_iterable(part(job) for part in parts), gate)


def check(match: Match, file: str, *, trusted: bool) -> Check:
    """The check that a pattern is. Raises InputError where a part of it is no regular expression."""
    pattern = _finder(match.pattern, f"{file}: match.pattern", trusted)
    unless = _finder(match.unless, f"{file}: match.unless", trusted) if match.unless else None
    path = _finder(match.path, f"{file}: match.path", trusted) if match.path else None

    gate = match.gate

    def hits(job: Job) -> Iterator[Hit]:
        if not gate.passes(job.texts):
            return
        for where in match.searched:
            for text, place in _lines(job, where, path):
                found = pattern(text)
                if found is None or (unless and unless(text)):
                    continue
                location = place()
                part = found[1].strip()
                if part and location.excerpt:
                    before = max(0, location.excerpt.rfind(text))  # the header's name, and what is in brackets
                    location = location._replace(column=before + text.index(part, found[0]) + 1, width=len(part))
                key = location.path if where in _OF_FILES else ""
                message = match.message.replace("{match}", repr(part))
                yield Hit(message, location, match.fix, match.level, key)
                if match.once:
                    return

    return hits


def _lines(job: Job, where: Where, path: Find | None) -> Iterator[tuple[str, Callable[[], Location]]]:
    """The lines to search, and what tells where each is."""
    patch = job.patch
    if where in _OF_DIFF:
        for file in job.diff.files:
            if where is Where.ADDED:
                for line in file.added if path is None or path(file.path) else ():
                    yield line.text, partial(job.file, file.path, line)
            elif not file.deleted and {Where.CREATED: file.created, Where.BINARY: file.binary}.get(where, True):
                yield file.path, partial(job.file, file.path)
    elif where in (Where.SUBJECT, Where.SUMMARY):
        text = patch.subject if where is Where.SUBJECT else patch.summary
        yield text, job.subject
    elif where is Where.BELOW:
        yield from ((line, partial(locations.below, patch, index)) for index, line in enumerate(patch.below))
    elif where is Where.TAGS:
        yield from ((patch.body[tag.line], partial(job.tag, tag)) for tag in patch.tags)
    else:
        lines = locations.prose(patch) if where is Where.PROSE else enumerate(patch.body)
        yield from ((line, partial(job.body, index)) for index, line in lines)
