"""Misspelt words and slips of grammar in what people read: the message, added comments, strings that are printed,
documents, help texts."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice

from patcher.lazy import expression
from patcher.lint import grammar as slips
from patcher.lint import locations, prose
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level, Location
from patcher.lint.register import check
from patcher.lint.spelling import WORD, alike, correction, guess, is_common
from patcher.mail.diff import FileDiff, Line
from patcher.mail.model import Kind

_TOLD = 5
_MUCH = 200_000  # characters: more than anybody writes for one patch
_NAME = 3  # what stands in more lines than that is meant so
_CODE = (".c", ".h", ".S", ".dts", ".dtsi", ".rs")
_OTHER_TONGUES = ("Documentation/translations/", "LICENSES/")
_TEXT = (".rst", ".txt", ".yaml", "/TODO", "/README")
_COMMENT = expression(r"\s*(?:/?\*|//)|.*?(?:/\*|\s//)")
_COMMENT_LINE = expression(r"\s*(?:\*|//)")
_PAIR = expression(r"\b([a-z]{4,})(?= ([a-z]{4,})\b)")
_READ = expression(r"(?:\A|/)Kconfig[^/]*\Z|\ADocumentation/ABI/")
_PROPERTY = expression(r"\s*([a-z]+(?:-[a-z]+)*)(?:;| =)")
_STRING = expression(r'"[^"]* [^"]*"')
_PERSON = expression(r"@|\bCopyright\b|\bAuthors?:|://|\bFixes:|\b[0-9a-f]{10,40}\b|\w-by:")


@check
def misspelt(job: Change) -> Iterator[Hit]:
    """A word that is one slip away from another. What the patch, or the code around it, has elsewhere is a name."""
    told: dict[str, tuple[str, Location, str, Level | None]] = {}
    counted: dict[str, int] = {}
    guesses: set[str] = set()
    for text, place, level in _texts(job):
        wrong = [(match, right, False) for match in WORD.finditer(text) if (right := correction(match.group()))]
        wrong += [(match, right, True) for match in WORD.finditer(text) if (right := guess(match.group()))]
        if not wrong or _PERSON.search(text):
            continue
        for match, right, guessed in wrong:
            word = match.group()
            if guessed and correction(word):
                continue
            if word[0].isupper() and text[: match.start()].rstrip(' \t*/"#')[-1:] not in ("", ".", ":", "!", "?"):
                continue  # a name
            counted[word.lower()] = counted.get(word.lower(), 0) + 1
            whole = place()
            location = whole._replace(column=max(1, whole.excerpt.find(word) + 1), width=len(word))
            told.setdefault(word.lower(), (word, location, right, Level.NOTE if guessed else level))
            guesses |= {word} if guessed else set()
    for word, right, place in _unlike(job):
        whole = place()
        location = whole._replace(column=max(1, whole.excerpt.find(word) + 1), width=len(word))
        told.setdefault(word, (word, location, right, Level.NOTE))
        counted.setdefault(word, 1)
    named = _named(job, told) | _in_code(job, guesses)
    for low, (word, location, right, level) in list(told.items())[:_TOLD]:
        if counted[low] <= _NAME and low not in named:
            yield Hit(f"{word!r}", location, f"write {right!r}", level, key=low)


@check
def grammar(job: Change) -> Iterator[Hit]:
    """Words of the message, comments or documents that do not go together."""
    whole_text, starts, places = "", [], []
    # A sentence of the message goes on in the next line; two blanks end a paragraph.
    for text, place, end in (*((*each[:2], " ") for each in _message(job)), *((*each, "\n") for each in _files(job))):
        starts.append(len(whole_text))
        places.append(place)
        whole_text += " ".join(text.split()) + end
        if len(whole_text) > _MUCH:
            break
    for match, what in islice(slips.slips(whole_text), _TOLD):
        whole = places[bisect.bisect_right(starts, match.start()) - 1]()
        part = match.group().strip()
        if not part.strip(".,"):  # a sign says little without the words around it
            begin, until = whole_text.rfind(" ", 0, match.start()) + 1, whole_text.find(" ", match.end() + 1)
            part = whole_text[begin:until].partition("\n")[0].strip()
        location = whole._replace(column=max(1, whole.excerpt.find(part) + 1), width=len(part))
        yield Hit(f"{part!r}", location, what, key=part)


def _unlike(job: Change) -> Iterator[tuple[str, str, Callable[[], Location]]]:
    """Words that stand once in a message, and are no common ones, where before the same word another stands that is
    alike: "blog group" among "block group". With each the other, and where it is."""
    lines = [(_PAIR.findall(text), place) for text, place, _ in _message(job)]
    pairs = Counter(pair for found, _ in lines for pair in found)
    words = Counter(pair[0] for pair in pairs)
    for found, place in lines:
        for word, following in found:
            if words[word] > 1 or pairs[word, following] > 1 or is_common(word) or word in job.patch.diff:
                continue
            for (other, after), count in pairs.items():
                if after == following and count > 1 and is_common(other) and alike(word, other):
                    yield word, other, place


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


def _in_code(job: Change, words: set[str]) -> set[str]:
    """Those of the words that added code has, outside of comments and strings."""
    if not words:
        return set()
    either = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b")
    lines = (line.text for file in job.diff.files if file.path.endswith(_CODE) for line in file.added)
    code = (_STRING.sub("", line.partition("/*")[0]) for line in lines if not _COMMENT_LINE.match(line))
    return {each for line in code for each in either.findall(line)}


def _texts(job: Change) -> Iterator[tuple[str, Callable[[], Location], Level | None]]:
    """What people read, line by line, and what tells where it is."""
    yield from _message(job)
    yield from ((*each, None) for each in _files(job))


def _message(job: Change) -> Iterator[tuple[str, Callable[[], Location], Level | None]]:
    level = None if job.patch.kind is Kind.PATCH else Level.NOTE
    literal = prose.literal_lines(job.patch.body)
    yield job.patch.summary, job.subject, level
    yield "", job.subject, level
    for index, line in locations.prose(job.patch):
        if index not in literal or prose.is_told(line):
            yield line, partial(job.body, index), level


def _files(job: Change) -> Iterator[tuple[str, Callable[[], Location]]]:
    for file in job.diff.files:
        if file.deleted or file.path.startswith(_OTHER_TONGUES):
            continue
        for added, text in _read(file):
            yield text, partial(job.file, file.path, added)


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
            elif file.path.endswith((".dts", ".dtsi")) and (match := _PROPERTY.match(line.text)):
                yield line, match.group(1).replace("-", " ")
