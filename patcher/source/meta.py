"""Patterns of C tokens with metavariables: ``$name`` is an expression, and the same one wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.source.outline import tokens

MOST = 300_000  # steps that a match may take in one file
_RUN = 500  # tokens of what a metavariable stands for
_ENDS = frozenset({b",", b";", b"{", b"}", b"?", b":"})
_ASSIGNS = frozenset({b"=", b"|=", b"&=", b"+=", b"-=", b"*=", b"/=", b"%=", b"^=", b"<<=", b">>="})
_KEYWORDS = frozenset(
    {b"if", b"else", b"for", b"while", b"do", b"switch", b"case", b"default", b"return", b"goto", b"break", b"continue"}
)
_NAMED = re.compile(r"\$([A-Za-z_]\w*)")
_WORD = re.compile(rb"[A-Za-z_]\w*\Z")
Bound = Mapping[str, tuple[int, int]]


class TooMuch(Exception):
    """The pattern can be matched in too many ways."""


class Part(NamedTuple):
    """A token (``text``), or a metavariable (``name``), or anything (neither)."""

    text: bytes
    name: str


class Pattern(NamedTuple):
    """A pattern. ``words``: identifiers that stand in it as they are."""

    parts: tuple[Part, ...]
    words: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """Its metavariables."""
        return frozenset(part.name for part in self.parts if part.name)

    @property
    def first(self) -> bytes:
        """The token it begins with, b"" where that is not said."""
        return self.parts[0].text if self.parts else b""

    @property
    def closed(self) -> bool:
        """Whether it begins and ends with a token, so that it is plain how much of a row it takes."""
        return bool(self.parts and self.parts[0].text and self.parts[-1].text)


def pattern(code: str) -> Pattern:
    """The pattern that some C with ``$name`` and ``...`` is."""
    parts: list[Part] = []
    found = list(tokens(code))
    at = 0
    while at < len(found):
        if found[at] == b"$" and at + 1 < len(found) and _WORD.match(found[at + 1]):
            parts.append(Part(b"", found[at + 1].decode()))
            at += 1
        else:
            parts.append(Part(b"" if found[at] == b"..." else found[at], ""))
        at += 1
    return Pattern(tuple(parts), frozenset(part.text.decode() for part in parts if _WORD.match(part.text)))


def unknown(text: str, known: Pattern) -> str:
    """The first metavariable of a new text that its pattern does not have, or ""."""
    return next((name for name in _NAMED.findall(text) if name not in known.names), "")


def filled(text: str, values: Mapping[str, bytes]) -> bytes:
    """The text with what each metavariable stands for."""
    parts = _NAMED.split(text)
    return b"".join(values[part] if number % 2 else part.encode() for number, part in enumerate(parts))


class Matcher:
    """Matches one pattern in one file's tokens (their texts); all that it is asked takes MOST steps together."""

    def __init__(self, asked: Pattern, texts: Sequence[bytes]) -> None:
        self._parts, self._texts = asked.parts, texts
        self._left = MOST

    def match(self, at: int, limit: int, *, whole: bool) -> tuple[int, Bound] | None:
        """Where a match that begins at a token ends, and the tokens of each metavariable (half-open); None where there
        is none before ``limit``, or (``whole``) none that ends there. Raises TooMuch."""
        return self._match(0, at, limit, {}, whole)

    def _match(self, part: int, at: int, limit: int, bound: Bound, whole: bool) -> tuple[int, Bound] | None:
        texts = self._texts
        for number in range(part, len(self._parts)):
            self._left -= 1
            if self._left < 0:
                raise TooMuch
            text, name = self._parts[number]
            if text:
                if at >= limit or texts[at] != text:
                    return None
                at += 1
            elif name in bound:
                first, last = bound[name]
                if texts[first:last] != texts[at : at + last - first] or at + last - first > limit:
                    return None
                at += last - first
            else:
                ends = self._expressions(at, limit) if name else iter(range(at, limit + 1))
                for end in ends:
                    now = {**bound, name: (at, end)} if name else bound
                    if found := self._match(number + 1, end, limit, now, whole):
                        return found
                return None
        return (at, bound) if not whole or at == limit else None

    def _expressions(self, at: int, limit: int) -> Iterator[int]:
        """Where what a metavariable stands for may end: brackets pair, and nothing separates or assigns outside."""
        depth, called = 0, False
        for end in range(at, min(limit, at + _RUN)):
            text, before = self._texts[end], self._texts[end - 1] if end > at else b""
            behind = (_WORD.match(before) and before != b"sizeof") or (before == b")" and called)
            if depth == 0 and _WORD.match(text) and (text in _KEYWORDS or behind):
                return  # a statement in front, or a loop that is a macro
            if text in (b"(", b"["):
                if depth == 0:
                    called = bool(_WORD.match(before))
                depth += 1
            elif text in (b")", b"]"):
                depth -= 1
                if depth < 0:
                    return
            elif depth == 0 and (text in _ENDS or text in _ASSIGNS):
                return
            if depth == 0:
                yield end + 1
