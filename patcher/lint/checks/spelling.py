"""Misspelt words in what people read: the message, added comments, strings that are printed, documents, help texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from patcher.lazy import expression
from patcher.lint import locations, prose
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level, Location
from patcher.lint.register import check
from patcher.lint.spelling import WORD, correction
from patcher.mail.diff import FileDiff, Line
from patcher.mail.model import Kind

_TOLD = 5
_NAME = 3  # what stands in more lines than that is meant so
_CODE = (".c", ".h", ".S", ".dts", ".dtsi", ".rs")
_OTHER_TONGUES = ("Documentation/translations/", "LICENSES/")
_TEXT = (".rst", ".txt", ".yaml")
_COMMENT = expression(r"\s*(?:/?\*|//)|.*?(?:/\*|\s//)")
_READ = expression(r"(?:\A|/)Kconfig[^/]*\Z|\ADocumentation/ABI/")
_STRING = expression(r'"[^"]* [^"]*"')
_PERSON = expression(r"@|\bCopyright\b|\bAuthors?:|://|\bFixes:|\b[0-9a-f]{10,40}\b|\w-by:")


@check
def misspelt(job: Change) -> Iterator[Hit]:
    """A word that is one slip away from another. What the patch, or the code around it, has elsewhere is a name."""
    told: dict[str, tuple[str, Location, str, Level | None]] = {}
    counted: dict[str, int] = {}
    for text, place, level in _texts(job):
        wrong = [(match, right) for match in WORD.finditer(text) if (right := correction(match.group()))]
        if not wrong or _PERSON.search(text):
            continue
        for match, right in wrong:
            word = match.group()
            if word[0].isupper() and text[: match.start()].rstrip(' \t*/"#')[-1:] not in ("", ".", ":", "!", "?"):
                continue  # a name
            counted[word.lower()] = counted.get(word.lower(), 0) + 1
            whole = place()
            location = whole._replace(column=max(1, whole.excerpt.find(word) + 1), width=len(word))
            told.setdefault(word.lower(), (word, location, right, level))
    named = _named(job, told)
    for low, (word, location, right, level) in list(told.items())[:_TOLD]:
        if counted[low] <= _NAME and low not in named:
            yield Hit(f"{word!r}", location, f"write {right!r}", level, key=low)


def _named(job: Change, words: Mapping[str, object]) -> set[str]:
    """Those of the words that are a part of a name in the diff, or stand in what was there before: who corrects a word
    cites it."""
    if not words:
        return set()
    either = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    found: set[str] = set()
    for line in job.diff.lines:
        if line[:1] in ("-", " ", "@"):
            found.update(each.lower() for each in either.findall(line))
        else:
            around = (line[max(0, match.start() - 1) : match.end() + 1] for match in either.finditer(line))
            found.update(each.strip("_").lower() for each in around if "_" in each)
    text = "\n".join(job.patch.body) + job.patch.summary
    found.update(
        each.lower() for each in either.findall(text) if re.search(rf"[\"'`]{each}\b|\b{each}\s*(?:->|=>|/|→)", text)
    )
    return found


def _texts(job: Change) -> Iterator[tuple[str, Callable[[], Location], Level | None]]:
    """What people read, line by line, and what tells where it is."""
    level = None if job.patch.kind is Kind.PATCH else Level.NOTE
    literal = prose.literal_lines(job.patch.body)
    yield job.patch.summary, job.subject, level
    for index, line in locations.prose(job.patch):
        if index not in literal:
            yield line, partial(job.body, index), level
    for file in job.diff.files:
        if file.deleted or file.path.startswith(_OTHER_TONGUES):
            continue
        for added, text in _read(file):
            yield text, partial(job.file, file.path, added), None


def _read(file: FileDiff) -> Iterator[tuple[Line, str]]:
    """What people read of the added lines of a file."""
    if file.path.endswith(_TEXT) or _READ.search(file.path):
        yield from ((line, line.text) for line in file.added)
    elif file.path.endswith(_CODE):
        for line in file.added:
            if match := _COMMENT.match(line.text):
                yield line, line.text[match.end() :]
            elif '"' in line.text:
                yield from ((line, text) for text in _STRING.findall(line.text))
