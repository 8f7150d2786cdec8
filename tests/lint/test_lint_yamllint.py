"""What yamllint says of many texts at once is what it says of each."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from patcher.lint import yamllint
from patcher.lint.model import CannotTell

RIGHT, BLANK, KEY, TWICE = "---\na: b\n", "---\na:  b\n", "---\na: 'b'\n", "---\na: b\na: c\n"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamllint, "_known", {})


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of texts of each call, which is made all the same."""
    made: list[int] = []
    asked = yamllint._asked

    def counted(texts: Sequence[str]) -> list[tuple[yamllint.Problem, ...]]:
        made.append(len(texts))
        return asked(texts)

    monkeypatch.setattr(yamllint, "_asked", counted)
    return made


def test_each_gets_its_own_answer(calls: list[int]) -> None:
    texts = [RIGHT, BLANK, KEY, TWICE, BLANK, "---\na: \udcff\u00e4\r\nb:  c\n"]
    yamllint.ask(texts)
    together = [yamllint.problems(text) for text in texts]
    assert calls == [5]
    yamllint._known.clear()
    assert [yamllint.problems(text) for text in texts] == together
    assert [[each.rule for each in found] for found in together[:4]] == [
        [], ["colons"], ["quoted-strings"], ["key-duplicates"],
    ]  # fmt: skip
    assert [each.line for found in together for each in found] == [1, 1, 2, 1, 2]


def test_one_that_it_fails_at_hides_no_other(monkeypatch: pytest.MonkeyPatch, calls: list[int]) -> None:
    run = subprocess.run

    def failing(command, cwd, **rest):  # type: ignore[no-untyped-def]
        if any("bad" in (cwd / name).read_text() for name in command if name.endswith(".yaml")):
            return subprocess.CompletedProcess(command, 1, b"", b"Traceback\nRecursionError: too deep\n")
        return run(command, cwd=cwd, **rest)

    monkeypatch.setattr(subprocess, "run", failing)
    yamllint.ask([BLANK, "bad"])
    assert [each.rule for each in yamllint.problems(BLANK)] == ["colons"]
    with pytest.raises(CannotTell, match="RecursionError: too deep"):
        yamllint.problems("bad")
    assert calls == [2, 1, 1]


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamllint, "_MOST", 2)
    monkeypatch.setattr(yamllint, "_asked", lambda texts: [()] * len(texts))
    for number in range(5):
        yamllint.problems(str(number))
        assert len(yamllint._known) <= 2
