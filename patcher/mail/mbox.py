"""Split what was named (a mailbox, one mail, a bare diff) into mails while reading. Memory is bounded by one mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from patcher.lazy import expression
from patcher.mail.model import RawMail

MAIL_BYTES = 32 * 2**20
_BLOCK = 2**20
# As asctime(3) writes it, with or without seconds and time zone; git format-patch has a commit in place of the sender.
FROM_LINE = expression(
    rb"From (?P<who>\S+(?: at \S+)?)[ \t]+(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d(?::\d\d)?"
    rb"(?: [-+\w]{1,6})? \d{4}(?: [-+]\d{4})?\s*\Z"
)
_COMMIT = expression(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_ESCAPED = expression(rb"^>(>*From )", re.MULTILINE)


def split(stream: BinaryIO, path: str, most: int | None = None) -> Iterator[RawMail]:
    """The mails of a stream, in order. What does not begin with a mailbox's ``From `` line is one mail.

    A mail of more than ``most`` bytes, or else MAIL_BYTES, is cut there and says so.
    """
    most = most or MAIL_BYTES
    collected = bytearray()
    start, number, commit, cut = 1, 0, "", False
    seen_any, at_line_start = False, True
    mailbox = False
    while line := stream.readline(_BLOCK):
        whole_line = at_line_start
        at_line_start = line.endswith(b"\n")
        if whole_line:
            number += 1
            if line.startswith(b"From ") and (mailbox or not collected.strip()) and (match := FROM_LINE.match(line)):
                if mailbox or collected.strip():
                    yield _mail(path, start, collected, commit, cut, mailbox)
                who = match.group("who")
                collected, start, cut, mailbox, seen_any = bytearray(), number + 1, False, True, True
                commit = who.decode() if _COMMIT.match(who) else ""
                continue
        if len(collected) + len(line) > most:
            cut = True
            continue
        collected += line
    if seen_any or collected.strip():
        yield _mail(path, start, collected, commit, cut, mailbox)


def _mail(path: str, line: int, content: bytearray, commit: str, cut: bool, mailbox: bool) -> RawMail:
    """``>From `` stands for ``From `` in a mailbox."""
    whole = bytes(content)
    return RawMail(path, line, _ESCAPED.sub(rb"\1", whole) if mailbox and b">From " in whole else whole, commit, cut)
