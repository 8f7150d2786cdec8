"""A match takes a bounded time, whatever the expression."""

from __future__ import annotations

import re

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
    with pytest.raises(InputError, match=r"a rule: the regular expression .* takes too long"):
        Pattern(text, "a rule").search(asked)


def test_many_that_are_slow_share_the_time() -> None:
    with pytest.raises(InputError, match="takes too long"):
        for number in range(1000):
            Pattern(rf"(?:a?){{{200 + number}}}a{{200}}b", "a rule").search("a" * 400)


def test_what_is_quick_is_worth_its_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: there is a hundredth of a second left, and a second's worth of texts."""
    monkeypatch.setattr(pattern._Budget, "left", 0.01)
    honest = Pattern(r"\b(?:teh|recieve|seperate)\b", "a rule")
    for _ in range(500):
        assert honest.search("word " * 500 + "teh") == "teh"
    assert 0 < pattern._Budget.left <= pattern.SECONDS


def test_what_is_saved_is_not_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern, "SECONDS", 0.5)
    for _ in range(20):
        assert Pattern("a", "a rule").search(" " * 1_000_000) is None
    assert pattern._Budget.left <= 0.5


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
