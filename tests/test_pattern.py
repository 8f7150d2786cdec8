"""A match takes a bounded time, whatever the expression."""

from __future__ import annotations

import re
import time

import pytest

from patcher import pattern
from patcher.errors import InputError
from patcher.pattern import Pattern


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern._Budget, "left", 0.5)


def test_as_re_reads_them() -> None:
    outside = Pattern("arch/(?!x86/|i386/)", "a rule")
    assert outside.match("arch/arm/mm/init.c")
    assert not outside.match("arch/x86/mm/init.c")
    assert Pattern("a|b", "a rule").fullmatch("b")
    assert not Pattern("a|b", "a rule").fullmatch("bc")
    assert Pattern("b+", "a rule").search("abbc") == "bb"
    assert Pattern("d", "a rule").search("abbc") is None


@pytest.mark.parametrize(
    ("text", "asked"),
    [(r"(\w+\s?)*$", "word " * 2000 + "!"), ("(?:(?:a{1,100}){1,100}){1,100}b", "a" * 4000),
     ("(?:a?){2000}a{2000}b", "a" * 4000)],
)  # fmt: skip
def test_those_that_explode_end(text: str, asked: str) -> None:
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"a rule: the regular expression .* takes more than"):
        Pattern(text, "a rule").search(asked)
    assert time.monotonic() - begun < 3


def test_many_that_are_slow_share_the_time() -> None:
    with pytest.raises(InputError, match="takes more than"):
        for number in range(1000):
            Pattern(rf"(?:a?){{{200 + number}}}a{{200}}b", "a rule").search("a" * 400)


@pytest.mark.parametrize(
    "text", ["(", "\\", "a{99999999999999999999}", "(" * 900 + ")" * 900, r"\p{L}", "(?<=a+)b", "x" * 3000]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InputError, match=r"^a rule: .*regular expression"):
        Pattern(text, "a rule")


def test_what_may_change_its_meaning_is_no_warning() -> None:
    with pytest.warns(FutureWarning):
        re.compile("[[a]")
        re.purge()
    assert Pattern("[[a]", "a rule").match("[")
