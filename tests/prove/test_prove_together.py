"""Programs that are played at once, in threads."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from patcher.errors import InputError
from patcher.prove import prove
from patcher.prove.program import Program
from patcher.prove.prove import Part, Request, choose, together

REQUEST = Request(("x86_64",), 1, 0)
CHOSEN = choose(("1", "2"))
PART = Part("", "", 0, 0, 0.0, ())


def programs(count: int) -> list[tuple[tuple[str, bytes], Program]]:
    return [(("x86_64", bytes([number])), cast(Program, number)) for number in range(count)]


def test_all_are_played_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine cannot run is left for whoever tells so."""

    def play(program: Any, _: Request, chosen: Any, tell: Any) -> Part:
        for number in range(len(chosen)):
            tell(number)
        if program == 3:
            raise InputError("no", "do")
        return PART

    monkeypatch.setattr(prove, "play", play)
    told: list[tuple[str, int, int]] = []
    found = together(programs(5), 5, REQUEST, CHOSEN, lambda *each: told.append(each))
    assert {key[1][0]: parts for key, parts in found.items()} == {number: [PART] for number in (0, 1, 2, 4)}
    assert sorted(told) == [("proving", number, 5 * len(CHOSEN)) for number in range(5 * len(CHOSEN))]


def test_an_interrupt_ends_those_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """At their next property; what has not begun does not begin."""
    begun: list[int] = []
    ended = threading.Event()

    def play(program: Any, _: Request, __: Any, tell: Any) -> Part:
        begun.append(program)
        if program == 0:
            raise KeyboardInterrupt
        try:
            while True:
                tell(0)
        finally:
            ended.set()

    monkeypatch.setattr(prove, "play", play)
    monkeypatch.setattr(prove, "cores", lambda: 2)
    with pytest.raises(KeyboardInterrupt):
        together(programs(9), 9, REQUEST, CHOSEN, None)
    assert ended.wait(60) or len(begun) == 1
    assert len(begun) < 9
