"""From a mail to a patch: subject, author, message, tags, notes and diff, divided where git divides them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from patcher.mail.decode import people
from patcher.mail.model import Kind, Mail, Patch, Person, Prefix, Tag

_BRACKETS = re.compile(r"\s*\[([^\]]*)\]")
_REPLY = re.compile(r"\s*(?:re|aw|fwd?|sv|antw)\s*(?:\[\d+\])?:", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;:]+")
_NUMBERS = re.compile(r"(\d{1,6})/(\d{1,6})\Z")
_VERSION = re.compile(r"(?:patch|rfc)?[-_.]?v(?:er(?:sion)?)?[-_.]?(\d{1,4})\Z", re.IGNORECASE)
_NAMED = ("patch", "patches")
_IN_BODY = re.compile(r"(From|Subject|Date):\s*(.*)", re.IGNORECASE)
_BREAK = re.compile(r"(?:diff -|Index: |---[ \t]*\Z|--- \S)")
_DIFF = re.compile(r"(?:diff --git |diff -\S|Index: \S|--- \S)")
_BASE = re.compile(r"^base-commit: ([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*$", re.MULTILINE)
TAG = re.compile(r"([A-Za-z][A-Za-z-]*?)\s*:(?!//)[ \t]*(.*)")
_KNOWN = {
    "cc", "fixes", "link", "closes", "references", "bugzilla", "bug", "buglink", "addresses", "change-id", "revert",
    "message-id", "debian-bug", "cve", "depends-on", "base-commit", "cherry-picked-from", "git-dch", "upstream-status",
    "co-authored-by", "message-link", "lkml-reference", "reference", "url", "kernel-bug", "tested-on",
}  # fmt: skip
_SIGNATURE = re.compile(r"-- ?\Z")


def parse_subject(subject: str) -> tuple[Prefix, str, bool]:
    """A subject as (brackets before it, summary, whether it is a reply).

    Brackets after a ``[PATCH …]`` that hold no word of a mail, such as ``[media]``, belong to the summary.
    """
    reply = False
    at = 0
    while match := _REPLY.match(subject, at):
        reply, at = True, match.end()
    begin = at
    contents: list[str] = []
    while (match := _BRACKETS.match(subject, at)) and (not contents or _of_mail(match.group(1))):
        if not _of_mail(match.group(1)):
            break
        contents.append(match.group(1))
        at = match.end()
    text = subject[begin:at].strip()
    return _prefix(text, contents), subject[at:].strip(), reply


def _of_mail(content: str) -> bool:
    """Whether brackets hold what the subject of a patch has: PATCH, RFC, numbers, a version."""
    words = [word.lower() for word in _WORD.findall(content)]
    return any(
        word in _NAMED or word in ("rfc", "resend") or word.startswith("patch") or _NUMBERS.match(word)
        or _VERSION.match(word)
        for word in words
    )  # fmt: skip


def _prefix(text: str, contents: Iterable[str]) -> Prefix:
    version, number, total, width = 1, 0, 0, (0, 0)
    patch = rfc = resend = False
    words: list[str] = []
    for word in (word for content in contents for word in _WORD.findall(content)):
        low = word.lower()
        if match := _NUMBERS.match(word):
            number, total = int(match.group(1)), int(match.group(2))
            width = (len(match.group(1)), len(match.group(2)))
        elif match := _VERSION.match(word):
            version = int(match.group(1))
            patch = patch or low.startswith("patch")
            rfc = rfc or low.startswith("rfc")
        elif low in _NAMED:
            patch = True
        elif low.startswith("patch"):
            patch = True
            words.append(word)
        elif low == "rfc":
            rfc = True
        elif low == "resend" or low == "repost":
            resend = True
        else:
            words.append(word)
    return Prefix(text, patch, version, number, total, width, rfc, resend, tuple(words))


def parse(mail: Mail, label: str) -> Patch:
    """Take a mail to pieces. ``label`` names it for people."""
    prefix, summary, reply = parse_subject(mail.subject)
    lines = mail.text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    author, subject, first = _in_body_headers(lines)
    if subject and not prefix.patch:
        prefix, summary, reply = parse_subject(subject)
    message_end = next((at for at in range(first, len(lines)) if _breaks(lines, at)), len(lines))
    separator = message_end < len(lines) and lines[message_end].startswith("---") and not lines[message_end][3:].strip()
    diff_start = next((at for at in range(message_end, len(lines)) if _diff_begins(lines, at)), len(lines))
    has_diff = diff_start < len(lines)
    if not has_diff and not separator:
        message_end = next((at for at in range(first, len(lines)) if _SIGNATURE.match(lines[at])), len(lines))
    below_start = message_end + 1 if separator else message_end
    body = _trimmed(lines, first, message_end)
    below = lines[below_start:diff_start] if below_start < diff_start else []
    line = (lambda at: mail.text_line + at) if mail.exact else (lambda at: mail.text_line)
    found_base = _BASE.search(mail.text)
    return Patch(
        kind=_kind(prefix, has_diff, reply, mail),
        label=label,
        path=mail.path,
        commit=mail.commit,
        subject=mail.subject,
        subject_line=mail.subject_line,
        prefix=prefix,
        summary=summary,
        author=author or mail.sender,
        sender=mail.sender,
        to=mail.to,
        date=mail.date,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        body=tuple(lines[body[0] : body[1]]),
        body_line=line(body[0]),
        tags=parse_tags(lines[body[0] : body[1]]),
        below=tuple(below),
        below_line=line(below_start),
        diff="".join(f"{each}\n" for each in lines[diff_start:]),
        diff_line=line(diff_start),
        base=found_base.group(1) if found_base else "",
        exact=mail.exact,
        separator=separator,
        problems=mail.problems,
        charset=mail.charset,
    )


def _kind(prefix: Prefix, has_diff: bool, reply: bool, mail: Mail) -> Kind:
    if has_diff and not reply:
        return Kind.PATCH
    if reply:
        return Kind.REPLY
    if prefix.patch or prefix.total or "*** SUBJECT HERE ***" in mail.subject:
        return Kind.COVER if prefix.number == 0 else Kind.PATCH
    return Kind.OTHER


def _in_body_headers(lines: Sequence[str]) -> tuple[Person | None, str, int]:
    """The author and subject that the text begins with, if it does, and the line at which the message begins."""
    at = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    author: Person | None = None
    subject, start = "", at
    while at < len(lines) and (match := _IN_BODY.match(lines[at])):
        name, value = match.group(1).lower(), match.group(2)
        if name == "from":
            named = people(value)
            if not named or "@" not in named[0].address:
                break
            author = named[0]
        elif name == "subject":
            subject = value
        at += 1
    if at == start or (at < len(lines) and lines[at].strip()):
        return None, "", start  # no headers: a text that begins with such a word
    while at < len(lines) and not lines[at].strip():
        at += 1
    return author, subject, at


def _breaks(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    if not _BREAK.match(line):
        return False
    if line.startswith("--- ") and line[4:].strip():
        return at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    return True


def _diff_begins(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    if not _DIFF.match(line):
        return False
    if line.startswith("--- "):
        return at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    if line.startswith("Index: "):
        return any(each.startswith("--- ") for each in lines[at + 1 : at + 4])
    return True


def _trimmed(lines: Sequence[str], start: int, end: int) -> tuple[int, int]:
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return start, end


def parse_tags(body: Sequence[str]) -> tuple[Tag, ...]:
    """The tags of a message. The area they belong in is what is left at its end once only tags, handlers' notes,
    comments and empty lines follow."""
    found = [(at, match) for at, line in enumerate(body) if (match := TAG.match(line)) and _is_tag(match.group(1))]
    rows = {at for at, _ in found}
    begin = len(body)
    note = False  # inside of a handler's note, read from its end
    for at in range(len(body) - 1, -1, -1):
        line = body[at].strip()
        note = note or (line.endswith("]") and at not in rows)
        if at in rows:
            begin, note = at, False
        elif note or not line or line.startswith("#") or _continues(body, at, rows):
            note = note and not line.startswith("[")
        else:
            break
    return tuple(Tag(match.group(1), match.group(2).strip(), at, at >= begin) for at, match in found)


def _continues(body: Sequence[str], at: int, rows: set[int]) -> bool:
    """Whether a line carries the tag above it on: indented, or the end of a link or a wrapped tag."""
    return (
        at - 1 in rows
        and bool(body[at])
        and (body[at][0] in " \t" or body[at - 1].count("(") > body[at - 1].count(")"))
    )


def _is_tag(name: str) -> bool:
    low = name.lower()
    return low in _KNOWN or low.endswith("-by") or (low.startswith(("signed-", "signoff")) and "-" in low)
