"""Regular expressions that come from rules, series and trees: a match takes a bounded time.

Such as ``(a+)+b`` takes ``re`` longer than a life. The ``regex`` module reads the same language and can be told when
to give up.
"""

from __future__ import annotations

import functools
import re
import time
import warnings
from collections.abc import Callable
from typing import Any

from patcher.errors import InputError

LONG = 2000  # characters of an expression
SECONDS = 5.0  # of processor time that the expressions of a run may take beyond what their texts are worth
_QUESTION = 2e-5  # seconds that each question is worth,
_CHARACTER = 2e-6  # and each character of its text: an honest expression takes a twentieth of it


class NotAPattern(InputError):
    """The text is no regular expression."""


class _Budget:
    """What is left: SECONDS at first, and never more. A question adds what it is worth and takes what it took, so that
    a large input may take its time, and a hostile expression does not get what the others have saved."""

    left = SECONDS


class Pattern:
    """One regular expression, as ``re`` reads them.

    Arguments:
        text: the expression
        where: what it is part of, for people
        compiled: what ``regex`` made of it, if that is not to be done here

    Raises NotAPattern where it is none, or longer than LONG. Its methods raise InputError once the
    expressions of this run have taken SECONDS more than is right for the texts they were asked about.
    """

    def __init__(self, text: str, where: str, compiled: Any = None) -> None:
        self.text = text
        self._where = where
        self._compiled = _compiled(text, where) if compiled is None else compiled

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._asked(self._compiled.fullmatch, text) is not None

    def match(self, text: str) -> bool:
        """Whether the text begins with a match."""
        return self._asked(self._compiled.match, text) is not None

    def search(self, text: str) -> str | None:
        """The part of the text that matches first, None where there is none."""
        found = self.find(text)
        return None if found is None else found[1]

    def find(self, text: str) -> tuple[int, str] | None:
        """Where the first match in the text begins, and the match; None where there is none."""
        found = self._asked(self._compiled.search, text)
        return None if found is None else (found.start(), str(found.group()))

    def _asked(self, method: Any, text: str) -> Any:
        begun = time.thread_time()
        _Budget.left = min(SECONDS, _Budget.left + _QUESTION + _CHARACTER * len(text))
        try:
            found = method(text, timeout=max(_Budget.left, 0.001))
        except (TimeoutError, MemoryError, RecursionError) as error:
            raise self._wrong() from error
        _Budget.left -= time.thread_time() - begun
        if _Budget.left <= 0:
            raise self._wrong()
        return found

    def _wrong(self) -> InputError:
        shown = self.text if len(self.text) <= 80 else f"{self.text[:80]}…"
        return InputError(
            f"{self._where}: the regular expression {shown!r} takes too long ({SECONDS:g} s) or all memory",
            "write it without repetitions inside of repetitions",
        )


@functools.cache
def pattern(text: str, where: str) -> Pattern:
    """The pattern of that text, made once. Raises InputError as ``Pattern`` does."""
    return Pattern(text, where)


@functools.cache
def perl_pattern(text: str, where: str, *, before: str = "", spaced: bool = False) -> Pattern:
    """The pattern that Perl makes of a text, made once. ``before`` is what Perl reads before it; ``spaced``: with
    ``/x``, where white space and what follows a ``#`` mean nothing.

    Raises NotAPattern where it is none, too long, or has what only Perl can do, such as to run code.
    """
    import regex

    flags = regex.VERSION1 | (regex.VERBOSE if spaced else 0)
    return Pattern(text, where, _tried(text, where, lambda: regex.compile(before + _as_regex(text), flags)))


_PERL_PART = re.compile(r"\\(?P<escape>.)|(?P<posix>\[:\^?\w+:\])|(?P<double>&&|\|\||--|~~)|.", re.DOTALL)
_PERL_ESCAPES = {"z": r"\Z", "Z": r"(?=\n?\Z)", "h": r"[ \t]", "H": r"[^ \t]", "e": r"\x1b"}
_CLASS_ESCAPES = {"h": r"\ \t", "e": r"\x1b"}


def _as_regex(text: str) -> str:
    """Perl's words for some things in those of ``regex``, whose classes hold others and operators."""
    found: list[str] = []
    opened = -1  # where the class began that we are in
    for match in _PERL_PART.finditer(text):
        part = match.group()
        if escape := match.group("escape"):
            part = (_PERL_ESCAPES if opened < 0 else _CLASS_ESCAPES).get(escape, part)
        elif opened < 0:
            opened = match.end() if part == "[" else -1
        elif part == "]" and text[opened : match.start()] not in ("", "^"):
            opened = -1
        elif part == "[":
            part = r"\["
        elif match.group("double"):
            part = "".join(f"\\{each}" for each in part)
        found.append(part)
    return "".join(found)


def _compiled(text: str, where: str) -> Any:
    import regex  # here, since most commands have no pattern to ask

    def compiled() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of what may mean something else one day
            re.compile(text)  # the language is that of re; regex takes more
            return regex.compile(text, regex.VERSION0)

    return _tried(text, where, compiled)


def _tried(text: str, where: str, compiled: Callable[[], Any]) -> Any:
    """What ``compiled`` gives. Raises NotAPattern where that fails, or where the text is too long to try."""
    import regex

    if len(text) > LONG:
        raise NotAPattern(f"{where}: a regular expression has more than {LONG} characters", "write a shorter one")
    try:
        return compiled()
    except (re.error, regex.error, OverflowError, RecursionError, MemoryError, ValueError) as error:
        said = str(error) or type(error).__name__
        raise NotAPattern(f"{where}: no regular expression ({said[:200]})", "correct it") from error
