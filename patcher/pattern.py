"""Regular expressions that come from rules, series and trees: a match takes a bounded time.

Such as ``(a+)+b`` takes ``re`` longer than a life. The ``regex`` module reads the same language and can be told when
to give up.
"""

from __future__ import annotations

import functools
import re
import time
import warnings
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

    Raises NotAPattern where it is none, or longer than LONG. Its methods raise InputError once the
    expressions of this run have taken SECONDS more than is right for the texts they were asked about.
    """

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self._where = where
        self._compiled = _compiled(text, where)

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


def _compiled(text: str, where: str) -> Any:
    import regex  # here, since most commands have no pattern to ask

    if len(text) > LONG:
        raise NotAPattern(f"{where}: a regular expression has more than {LONG} characters", "write a shorter one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of what may mean something else one day
            re.compile(text)  # the language is that of re; regex takes more
            return regex.compile(text, regex.VERSION0)
    except (re.error, regex.error, OverflowError, RecursionError, MemoryError, ValueError) as error:
        said = str(error) or type(error).__name__
        raise NotAPattern(f"{where}: no regular expression ({said[:200]})", "correct it") from error
