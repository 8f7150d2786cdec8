"""Which word a misspelt one stands for."""

from __future__ import annotations

import pytest

from patcher.lint.spelling import correction


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
