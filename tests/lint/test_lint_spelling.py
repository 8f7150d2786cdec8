"""Which word a misspelt one stands for."""

from __future__ import annotations

import pytest

from patcher.lint.spelling import _JARGON, _dictionary, _words, correction


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("seprate", "separate"),  # by the dictionary
        ("Wich", "which"),
        ("zeors", "zeros"),  # the last letter's part of the dictionary
        ("abandonned", "abandoned"),  # the first's
        ("registration", ""),
        ("reenable", ""),  # the kernel writes it so
        ("inout", ""),
        ("stati", ""),  # may be too many things
    ],
)
def test_a_word(word: str, right: str) -> None:
    assert correction(word) == right


def test_a_slip_that_is_in_no_dictionary() -> None:
    assert correction("configuartions") == "configurations"


def test_the_dictionary_is_as_it_is_searched() -> None:
    """It is searched by halves, and not at all for words that are known to be right."""
    lines = _dictionary().removesuffix(b"\n").split(b"\n")
    assert len(lines) > 50_000 and lines == sorted(lines)
    misspelt = {line.partition(b"->")[0].decode() for line in lines}
    assert not _words()[0] & misspelt - _JARGON
