"""Only ``{name}`` is filled in."""

from __future__ import annotations

import pytest

from patcher.template import fault, filled, unfilled


def test_names_are_filled_in() -> None:
    assert (
        filled("{symbol} in {function}: {{x}}", {"symbol": "VM_IO", "function": "{symbol}"}) == "VM_IO in {symbol}: {x}"
    )
    assert fault("{symbol} in {function}: {{x}}", {"symbol", "function"}) == ""


def test_a_number_decides_between_one_and_several() -> None:
    text = "{places:it sets|they set} {symbol}"
    assert fault(text, {"places", "symbol"}) == ""
    assert filled(text, {"places": "1", "symbol": "VM_IO"}) == "it sets VM_IO"
    assert filled(text, {"places": "12", "symbol": "VM_IO"}) == "they set VM_IO"


@pytest.mark.parametrize(
    "template",
    ["{symbol:>2000000000}", "{symbol!r}", "{symbol.__class__}", "{symbol[0]}", "{0}", "{}", "{", "}", "{other}",
     "{symbol:{symbol}}", "{symbol" * 1000, "x" * 20_000, "{{symbol}"],
)  # fmt: skip
def test_nothing_else_is(template: str) -> None:
    assert fault(template, {"symbol"})
    assert len(filled(template, {"symbol": "VM_IO"})) <= len(template)


def test_a_long_identifier_is_cut() -> None:
    assert len(filled("{symbol}" * 100, {"symbol": "x" * 1_000_000})) < 40_000


def test_a_subject_that_nothing_fills_in() -> None:
    assert unfilled("{prefix} do not set it in {functions}") == "do not set it in …"
    assert unfilled("mm: {0} as it is") == "mm: {0} as it is"
