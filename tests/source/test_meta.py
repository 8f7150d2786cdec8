"""Patterns with metavariables."""

from __future__ import annotations

import pytest

from patcher.source.meta import Matcher, TooMuch, filled, pattern, unknown
from patcher.source.outline import tokens


def matched(code: str, text: str, *, whole: bool = False) -> dict[str, str] | None:
    found = tokens(text)
    done = Matcher(pattern(code), found).match(0, len(found), whole=whole)
    if done is None:
        return None
    return {name: " ".join(each.decode() for each in found[first:last]) for name, (first, last) in done[1].items()}


@pytest.mark.parametrize(
    ("code", "text", "wanted"),
    [
        ("f($a, $b)", "f(g(x, y), z)", {"a": "g ( x , y )", "b": "z"}),
        ("$v->flags |= $f;", "vma->flags |= A | B;", {"v": "vma", "f": "A | B"}),
        ("$v->flags |= $f;", "x[f(1, 2)].v->flags |= A;", {"v": "x [ f ( 1 , 2 ) ] . v", "f": "A"}),
        ("$v->flags |= $f;", "a = v->flags |= A;", None),
        ("f($a, $a)", "f(x + 1, x + 1)", {"a": "x + 1"}),
        ("f($a, $a)", "f(x, y)", None),
        ("f(..., $a)", "f(x, y, z)", {"a": "z"}),
        ("f($a)", "f(x, y)", None),
        ("$v = 1;", "if (a) v = 1;", None),
        ("$v = 1;", "else v = 1;", None),
        ("$v = 1;", "list_for_each(a, b) v = 1;", None),
        ("$v = 1;", "int v = 1;", None),
        ("$v = 1;", "*(int *)v = 1;", {"v": "* ( int * ) v"}),
        ("f($a)", "f()", None),
        ("if ($c) ...", "if (a && (b || c)) return 1;", {"c": "a && ( b || c )"}),
    ],
)
def test_a_metavariable_is_an_expression(code: str, text: str, wanted: dict[str, str] | None) -> None:
    assert matched(code, text, whole=True) == wanted


def test_what_it_stood_for_goes_into_the_text() -> None:
    asked = pattern("f($a, $b)")
    assert filled("g($b, $a);", {"a": b"x", "b": b"y"}) == b"g(y, x);"
    assert (unknown("g($b)", asked), unknown("g($c)", asked)) == ("", "c")
    assert asked.closed and not pattern("$a == 0").closed
    assert asked.words == {"f"}


def test_a_pattern_that_fits_in_too_many_ways_is_given_up() -> None:
    with pytest.raises(TooMuch):
        matched("f(... a ... a ... a ... a ... b)", f"f({'a ' * 400})")
