"""Expressions that are compiled when they are first asked."""

import importlib
import pkgutil
import re

import pytest

import patcher.lint
import patcher.mail
from patcher.lazy import _Expression, expression


def test_it_answers_as_a_compiled_one() -> None:
    one = expression(r"(?P<word>[a-z]+)\d", re.IGNORECASE)
    found = one.search("  Word1")
    assert found and found.group("word") == "Word"
    assert one.findall("a1 B2") == ["a", "B"]
    assert (one.pattern, one.flags & re.IGNORECASE, dict(one.groupindex)) == (
        r"(?P<word>[a-z]+)\d", re.IGNORECASE, {"word": 1},
    )  # fmt: skip
    assert expression(rb"a+").sub(b"-", b"caab") == b"c-b"


def test_it_is_compiled_once_and_not_before_it_is_asked() -> None:
    one = expression("(")
    with pytest.raises(re.error):
        one.search("")
    two = expression("a")
    assert two.search("a") and two.search is two.search


def test_all_of_ours_are_expressions() -> None:
    """What is told at once where ``re.compile`` stands, is not told by an import here."""
    seen = 0
    for package in (patcher.lint, patcher.mail):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                for each in value if isinstance(value, tuple) else (value,):
                    for one in each if isinstance(each, tuple) else (each,):
                        if isinstance(one, _Expression):
                            re.compile(*one._made_of)  # type: ignore[call-overload]
                            seen += 1
    assert seen > 200
