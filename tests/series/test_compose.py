"""Edits as bytes: laws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from patcher.model import Edit, Span
from patcher.series.compose import apply, at_fault


@st.composite
def edited(draw: st.DrawFn) -> tuple[dict[str, bytes], list[Edit]]:
    """Files, and edits of them that are disjoint."""
    contents, edits = {}, []
    for path in draw(st.lists(st.sampled_from(["a.c", "b.h", "c"]), unique=True, min_size=1)):
        content = draw(st.binary(max_size=60))
        contents[path] = content
        cuts = sorted(draw(st.sets(st.integers(0, len(content)), max_size=6)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            edits.append(Edit(Span(path, start, end), draw(st.binary(max_size=8)), "law"))
    return contents, edits


@given(edited(), st.randoms())
def test_the_order_does_not_matter(given_: tuple[dict[str, bytes], list[Edit]], random: object) -> None:
    contents, edits = given_
    shuffled = list(edits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert apply(contents, edits) == apply(contents, shuffled)


@given(edited())
def test_what_is_outside_of_the_spans_comes_through(given_: tuple[dict[str, bytes], list[Edit]]) -> None:
    contents, edits = given_
    changed = {**contents, **apply(contents, edits)}
    for path, content in contents.items():
        own = sorted((edit for edit in edits if edit.span.path == path), key=lambda edit: edit.span.start)
        rest, at = changed[path], 0
        for edit in own:
            kept = content[at : edit.span.start]
            assert rest.startswith(kept + edit.replacement)
            rest, at = rest[len(kept + edit.replacement) :], edit.span.end
        assert rest == content[at:]


@given(st.dictionaries(st.text(), st.binary()))
def test_an_empty_plan_changes_nothing(contents: dict[str, bytes]) -> None:
    assert apply(contents, ()) == {}


def test_the_edit_at_fault_is_the_one_whose_text_it_is() -> None:
    first, second = Edit(Span("a.c", 0, 1), b"xxxx", "first"), Edit(Span("a.c", 3, 3), b"yy", "second")
    assert apply({"a.c": b"0123456"}, [first, second]) == {"a.c": b"xxxx12yy3456"}
    assert at_fault([second, first], "a.c", 2) == first
    assert at_fault([second, first], "a.c", 6) == second
    assert at_fault([second, first], "a.c", 11) == second
    assert at_fault([second, first], "b.c", 0) is None
