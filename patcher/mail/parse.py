"""From a mail to a patch: subject, author, message, tags, notes and diff, divided where git divides them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from patcher.lazy import expression
from patcher.mail import layout
from patcher.mail.decode import person
from patcher.mail.model import Kind, Mail, Patch, Person, Prefix, Problem, Tag

_BRACKETS = expression(r"\s*\[([^\]]*)\]")
_REPLY = expression(r"\s*(?:re|aw|fwd?|sv|antw)\s*(?:\[\d+\])?:", re.IGNORECASE)
_WORD = expression(r"[^\s,;:]+")
_NUMBERS = expression(r"(\d{1,6})/(\d{1,6})\Z")
_VERSION = expression(r"(?:patch|rfc)?[-_.]?v(?:er(?:sion)?)?[-_.]?(\d{1,4})\Z", re.IGNORECASE)
_NAMED = ("patch", "patches")
_TREE = expression(  # brackets of their own that name what a patch is meant for, not the list it is sent to
    r"-?(?:net|bpf|nf|ipsec|wireless|mptcp|can|wpan|batadv|bluetooth|rdma|drm|dtc|crypto)?-?next\Z"
    r"|(?:net|bpf|nf|ipsec|wireless)\Z|-?stable\Z|v?\d+\.\d+(?:[.-][\w.]+)?\Z",
    re.IGNORECASE,
)  # fmt: skip
_BRANCH = expression(
    r"\S:\s?\S"
)  # a tree and its branch, as robots write them: [tip: x86/urgent], [pm:bleeding-edge 1/5]
_OF_ROBOT = expression(r"\s*\[[^\]]*\S:\s?\S[^\]]*\]")
_IN_BODY = expression(r"(From|Subject|Date):\s*(.*)", re.IGNORECASE)
_FORMATTED = expression(r">?From [0-9a-f]{40}(?:[0-9a-f]{24})? Mon Sep 17 00:00:00 2001\s*\Z")
_HEADER = expression(
    r"(?:To|Cc|Bcc|Message-I[Dd]|In-Reply-To|References|MIME-Version|Content-[\w-]+|X-[\w-]+|Reply-To|Sender"
    r"|List-[\w-]+|User-Agent): |[ \t]+\S"
)
_REVIEW = expression(r".*\breview patch\b.*\bobjections?\b")  # the first line of the mails of a stable review
_DASHES = expression(r"-{6,}\s*\Z")
_BREAK = expression(r"(?:diff -|Index: |---[ \t]*\Z|--- \S)")
_DIFF = expression(r"(?:diff --git |diff -\S|Index: \S|--- \S)")
_SIGNED = expression(r"signed-off-by:\s*\S", re.IGNORECASE)
_BASE = expression(r"^base-commit: ([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*$", re.MULTILINE)
ALMOST_FIXES = expression(  # a Fixes: that is none, by a letter or a sign
    r"(?P<name>\W{0,2}fix(?:es|ed)?\b[^\w\s]{0,2})\s*(?:commit\s+)?[0-9a-f]{7,40}\s*[(\"']", re.IGNORECASE
)
TAG = expression(r"([A-Za-z][A-Za-z-]*?)\s*:(?!//)[ \t]*(.*)")
_KNOWN = {
    "cc", "fixes", "link", "closes", "references", "bugzilla", "bug", "buglink", "addresses", "change-id", "revert",
    "message-id", "debian-bug", "cve", "depends-on", "base-commit", "cherry-picked-from", "git-dch", "upstream-status",
    "co-authored-by", "message-link", "lkml-reference", "reference", "url", "kernel-bug", "tested-on",
}  # fmt: skip
_SIGNATURE = expression(r"-- ?\Z")
# What the subjects of mails begin with that hold patches and are none: of robots, maintainers and reporters.
_NOTICE = expression(
    r"FAILED: patch|(?:\[[^\]]*\] ?)?(?:\[?GIT PULL|\[PULL)\b|patch \".*\" (?:has been |was )?(?:added|queued"
    r"|applied)|applied \""
    r"|\+ \S+\.patch added|\[(?:merged|folded|obsolete|nacked|withdrawn|to-be-updated|wrecked|alternative"
    r"|tip:)[^\]]*\] "
    r"|linux-next: |\[?syz(?:bot|kaller)\b|\[?bug(?: report| ?\d+)?\b[\]:]|\[regression\]|(?:fw|fwd): |.* conflict"
    r" entering ",
    re.IGNORECASE,
)  # fmt: skip
_PULL = expression(r"^(?:The following changes since commit [0-9a-f]{40}|are available in the Git repository at)",
                   re.MULTILINE | re.IGNORECASE)  # fmt: skip


def parse_subject(subject: str) -> tuple[Prefix, str, bool]:
    """A subject as (brackets before it, summary, whether it is a reply).

    What a mailing list puts before ``[PATCH …]`` is passed over, as git and b4 do, but for the name of a tree. Brackets
    after it that hold no word of a mail, such as ``[media]``, belong to the summary.
    """
    reply, start, at = False, 0, 0
    brackets: list[re.Match[str]] = []
    while match := (bracket := _BRACKETS.match(subject, at)) or _REPLY.match(subject, at):
        at = match.end()
        if bracket:
            brackets.append(bracket)
        elif any(map(_of_mail, brackets)):
            break
        else:
            reply, start = True, at
    first = next((index for index, each in enumerate(brackets) if _of_mail(each)), None)
    if first is None:
        return _prefix("", []), subject[start:].strip(), reply
    last = max(index for index, each in enumerate(brackets) if _of_mail(each))
    known = [each for each in brackets[:last] if _of_mail(each) or _of_tree(each)]
    used = [*known, brackets[last], *takewhile(_of_tree, brackets[last + 1 :])]
    text = subject[used[0].start() : used[-1].end()].strip()
    return _prefix(text, [each.group(1) for each in used]), subject[used[-1].end() :].strip(), reply


def _of_tree(brackets: re.Match[str]) -> bool:
    """Whether brackets hold the name of a tree, and nothing else."""
    return _TREE.match(brackets.group(1).strip()) is not None


def _of_mail(brackets: re.Match[str]) -> bool:
    """Whether brackets hold what the subject of a patch has: PATCH, RFC, numbers, a version."""
    words = [word.lower() for word in _WORD.findall(brackets.group(1))]
    if any(word in _NAMED or word in ("rfc", "resend") or word.startswith("patch") for word in words):
        return True
    numbered = any(_NUMBERS.match(word) or _VERSION.match(word) for word in words)
    return numbered and not _BRANCH.search(brackets.group(1))


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
    lines: Sequence[str] = mail.text.split("\n")
    if lines[-1] == "":
        lines = lines[:-1]
    reply = reply or layout.answers(lines, threaded=bool(mail.in_reply_to))
    problems = list(mail.problems)
    if prefix.patch and not reply:
        lines, moved = layout.straightened(lines)
        problems += [moved] if moved else []
    author, subject, first, pasted = _in_body_headers(lines)
    problems += [Problem("pasted", "the head of a mail stands in its text")] if pasted else []
    if subject and not prefix.patch:
        prefix, summary, reply = parse_subject(subject)
    message_end = next((at for at in range(first, len(lines)) if _BREAK.match(lines[at])), len(lines))
    if (later := layout.end_of_cut(lines, first, message_end)) is not None and not reply:
        problems.append(Problem("cut", lines[message_end].rstrip()))
        message_end = later
    separator = message_end < len(lines) and lines[message_end].startswith("---") and not lines[message_end][3:].strip()
    diff_start = next((at for at in range(message_end, len(lines)) if _diff_begins(lines, at)), len(lines))
    has_diff = diff_start < len(lines)
    if not has_diff and not separator:
        message_end = next((at for at in range(first, len(lines)) if _SIGNATURE.match(lines[at])), len(lines))
    below_start = message_end + 1 if separator else message_end
    body = _trimmed(lines, first, message_end)
    below = lines[below_start:diff_start] if below_start < diff_start else []
    line = (lambda at: mail.text_line + at) if mail.exact else (lambda at: mail.text_line)
    found_base = _BASE.search(mail.text) if "base-commit: " in mail.text else None
    signed = any(map(_SIGNED.match, lines[first:diff_start]))
    return Patch(
        kind=_kind(mail, prefix, reply=reply, has_diff=has_diff, signed=signed, separator=separator),
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
        problems=tuple(problems),
        charset=mail.charset,
    )


def _kind(mail: Mail, prefix: Prefix, *, reply: bool, has_diff: bool, signed: bool, separator: bool) -> Kind:
    """What a mail is, by its subject, and by whether it has a sign-off and a ``---`` as patches have."""
    sent = bool(mail.sender.address and mail.subject and not mail.commit)
    cover = Kind.COVER if prefix.total and not prefix.number else Kind.PATCH
    if reply:
        return Kind.REPLY
    if sent and not prefix.text and _OF_ROBOT.match(mail.subject):
        return Kind.OTHER
    if sent and not prefix.number and (_NOTICE.match(mail.subject) or _PULL.search(mail.text)):
        return Kind.OTHER
    if sent and not prefix.patch and not prefix.total and not signed and (not separator or prefix.rfc):
        return Kind.OTHER  # a report, or an idea, with a diff or without
    if has_diff:
        return Kind.PATCH if signed else cover
    if not prefix.text or not (prefix.patch or prefix.total):
        return Kind.COVER if "*** SUBJECT HERE ***" in mail.subject else Kind.OTHER
    if signed or separator or mail.problems:
        return cover
    if mail.in_reply_to and cover is Kind.PATCH:
        return Kind.REPLY
    return cover if prefix.total else Kind.COVER


def _in_body_headers(lines: Sequence[str]) -> tuple[Person | None, str, int, bool]:
    """The author and subject that the text begins with, if it does, the line at which the message begins, and whether
    it is the whole head of a mail that stands there."""
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    at = _after_review(lines, start)
    reviewed = at > start
    pasted = at < len(lines) and _FORMATTED.match(lines[at]) is not None
    at += pasted
    author: Person | None = None
    subject, begin = "", at
    while at < len(lines) and ((match := _IN_BODY.match(lines[at])) or (at > begin and _HEADER.match(lines[at]))):
        if match is None:
            pasted = pasted or not lines[at][0].isspace()
            at += 1
            continue
        name, value = match.group(1).lower(), match.group(2)
        if name == "from":
            author = person(value)
            if author is None or "@" not in author.address:
                break
        elif name == "subject":
            subject = value
        at += 1
    if at == begin or (at < len(lines) and lines[at].strip()):
        return None, "", start, False  # no headers: a text that begins with such a word
    at = next((each for each in range(at, len(lines)) if lines[each].strip()), len(lines))
    if reviewed and (own := _in_body_headers(lines[at:]))[0]:  # the file that is sent round had an author of its own
        return own[0], own[1] or subject, at + own[2], False
    return author, subject, at, pasted


def _after_review(lines: Sequence[str], start: int) -> int:
    """The line at which a patch begins that is sent round for a stable tree: below a notice and a row of dashes."""
    if start < len(lines) and _REVIEW.match(lines[start]):
        dashes = next((at for at in range(start + 1, min(start + 6, len(lines))) if _DASHES.match(lines[at])), None)
        if dashes is not None:
            return next((at for at in range(dashes + 1, len(lines)) if lines[at].strip()), start)
    return start


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
        elif note or not line or line.startswith("#") or ALMOST_FIXES.match(line) or _continues(body, at, rows):
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
