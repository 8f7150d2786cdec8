"""Machines, as a scenario has them."""

from __future__ import annotations

import pytest

from patcher.prove.scenario import Machine


@pytest.mark.parametrize(
    ("mfn", "given"),
    [(0x3FF, False), (0x400, True), (0x401, False), (0x406, True), (0x408, False), (0x7, True), (0x8, False)],
)
def test_the_frames_that_a_domain_was_given(mfn: int, given: bool) -> None:
    machine = Machine(5, initial=False, frames=((4, 0x400, 2), (1, 0x7, 0)))
    assert machine.given(mfn) is given
    assert given == any(machine.frame(pfn) == mfn for pfn in range(5))
