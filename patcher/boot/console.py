"""What the console of a machine says: the kernel's and Xen's messages, and the guest program's lines of JSON.

All of it comes from a kernel that is not trusted. A line of ours has the sum of its bytes, which keeps it from being
taken apart by messages in between, not from being forged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MARK = "@patcher "
LINE = 4096  # characters of a line that are looked at
MESSAGE = 1024  # of a message: the kernel's own are shorter (LOG_LINE_MAX)
MESSAGES = 5000  # lines of a console that are kept: a kernel may say what it likes, at any length
_ANSWERS, _KEYS, _NAME = 4096, 32, 80
_WORD, _HEX = re.compile("[0-9A-Za-z_]+"), frozenset("0123456789abcdef")
_TIME = re.compile(r"^(?:<\d>)?\[ *\d+\.\d+\] ?")
_XEN_TIME = re.compile(r"^\(XEN\) (?:\[[^]]*\] )?")
_BAD = re.compile(
    r"WARNING: |BUG: |BUG at |Bad page|Oops[: ]|\bKernel panic\b|general protection fault|unable to handle"
    r"|double fault|stack-protector|Out of memory|nobody cared|soft lockup|detected stall|hung_task|blocked for more"
    r"|INFO: possible |sysfs: cannot create duplicate|\bPanic on CPU\b|Hardware Dom\d+ crashed|^\(XEN\) Assertion '"
)
_OVER = re.compile(
    r"Hardware Dom\d+ (?:halted|crashed|shutdown)|Kernel panic - not syncing|Panic on CPU|System halted"
    r"|reboot: Power down|^Power down\.|Domain 0 crashed"
)

Answer = Mapping[str, str | int]


class Answers(NamedTuple):
    """A line of the guest program, and the messages since the one before."""

    says: Answer
    before: tuple[str, ...]


class Console(NamedTuple):
    """``messages`` are the lines that the guest's program did not write; ``answers`` what it did, each once."""

    messages: tuple[str, ...]
    answers: tuple[Answers, ...]


def read(text: str) -> Console:
    """Take a console apart."""
    messages: list[str] = []
    answers: dict[str, Answers] = {}
    since = 0
    for line in text.replace("\r", "\n").split("\n"):
        line = line[:LINE].rstrip()
        front, mark, back = line.partition(MARK)
        if front and len(messages) < MESSAGES:
            messages.append(front[:MESSAGE])
        if mark and len(answers) < _ANSWERS and (says := _answer(back)) is not None:
            key = str(says["n"])
            if key not in answers:
                answers[key] = Answers(says, tuple(messages[since:]))
            since = len(messages)
    ordered = sorted(answers.values(), key=lambda each: int(str(each.says["n"]), 16))
    return Console(tuple(messages), tuple(ordered))


def _answer(text: str) -> Answer | None:
    """A line of ours that is whole; None for any other."""
    body, _, given = text.rpartition(" ")
    if not re.fullmatch("[0-9a-f]{1,6}", given) or int(given, 16) != _sum(body):
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or len(found) > _KEYS or not re.fullmatch("[0-9a-f]{1,8}", str(found.get("n"))):
        return None
    plain = all(type(value) in (str, int) for value in found.values())
    named = all(0 < len(str(found.get(key, ""))) <= _NAME for key in ("probe", "name"))
    return found if plain and named else None


def _sum(body: str) -> int:
    found = 0
    for byte in body.encode("utf-8", "surrogateescape"):
        found = (found * 31 + byte) & 0xFFFFFF
    return found


def over(line: str) -> bool:
    """Whether the machine says that it will do no more."""
    return _OVER.search(without_time(line)) is not None


def bad(messages: Sequence[str]) -> tuple[str, ...]:
    """Those that tell of a fault, in their order."""
    return tuple(line for line in messages if _BAD.search(line))


def gist(line: str) -> str:
    """A message without what differs from boot to boot: times, addresses, numbers."""
    return _WORD.sub(_without_number, without_time(line)).strip()


def _without_number(word: re.Match[str]) -> str:
    plain = word[0].lower().removeprefix("0x")
    number = plain and set(plain) <= _HEX and any(each.isdigit() for each in word[0])
    return "#" if number else re.sub("[0-9]+", "#", word[0])


def without_time(line: str) -> str:
    """The line without the time that it was written at."""
    return _XEN_TIME.sub("(XEN) ", _TIME.sub("", line)) if line.startswith("(XEN)") else _TIME.sub("", line)


class Difference(NamedTuple):
    """Messages that one boot has and the other has not, as they stand there."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


def difference(before: Sequence[str], after: Sequence[str]) -> Difference:
    """What two boots say differently, times, addresses and numbers set aside. How often does not count."""
    old, new = ({gist(line): line for line in reversed(each)} for each in (before, after))
    return Difference(
        tuple(line for key, line in reversed(new.items()) if key and key not in old),
        tuple(line for key, line in reversed(old.items()) if key and key not in new),
    )
