"""A diff as rows: numbers, words, and bounds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from patcher.report.html import diff
from patcher.report.html.diff import Differ, Line, Shown

HEAD = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n"


def changed(lines: list[str], old: int, new: int) -> str:
    return f"{HEAD}@@ -1,{old} +1,{new} @@ f()\n" + "".join(f"{line}\n" for line in lines)


def rows(shown: Shown) -> tuple[Line, ...]:
    return shown.files[0].lines


def marked(line: Line) -> list[str]:
    return [piece.text for piece in line.pieces if piece.changed]


def text(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces)


def test_lines_have_their_numbers() -> None:
    found = Differ().show(changed([" a", "-b", "+c", "+d", " e"], 3, 4))
    assert [(line.sign, line.old, line.new) for line in rows(found)] == [
        ("@", 0, 0), (" ", 1, 1), ("-", 2, 0), ("+", 0, 2), ("+", 0, 3), (" ", 3, 4),
    ]  # fmt: skip
    assert (found.added, found.removed, found.left_out) == (2, 1, 0)


def test_the_words_that_changed_are_marked() -> None:
    found = rows(Differ().show(changed(["-\tif (old_name(x, 1))", "+\tif (new_name(x, 22))"], 1, 1)))
    assert marked(found[1]) == ["old_name", "1"]
    assert marked(found[2]) == ["new_name", "22"]
    assert text(found[1]) == "\tif (old_name(x, 1))"


def test_lines_that_have_nothing_in_common_are_not() -> None:
    found = rows(Differ().show(changed(["-int alpha;", "+return beta(gamma);"], 1, 1)))
    assert not marked(found[1]) + marked(found[2])


def test_what_stands_behind_a_hunk_is_no_part_of_it() -> None:
    found = Differ().show(changed([" a", "-b", "+c"], 2, 2) + "-- \n2.39.2\n\n")
    assert [text(line) for line in rows(found)][1:] == ["a", "b", "c"]


def test_a_file_may_end_without_a_newline() -> None:
    found = rows(Differ().show(changed(["-a", "\\ No newline at end of file", "+b"], 1, 1)))
    assert [line.sign for line in found] == ["@", "-", "\\", "+"]


def test_a_huge_diff_is_cut_and_says_so() -> None:
    many = diff.LINES + 500
    found = Differ().show(changed(["+x"] * many, 0, many).replace("@@ -1,0", "@@ -0,0"))
    assert len(rows(found)) == diff.LINES
    assert found.left_out == 501  # with the hunk's head
    assert found.added == many


def test_a_page_has_an_end_too() -> None:
    differ = Differ(lines=10)
    first, second = (differ.show(changed(["+x"] * 8, 0, 8).replace("@@ -1,0", "@@ -0,0")) for _ in range(2))
    assert (len(rows(first)), len(rows(second))) == (9, 1)
    assert second.left_out == 8


def test_many_files_are_cut_too() -> None:
    one = "diff --git a/f{0} b/f{0}\n--- a/f{0}\n+++ b/f{0}\n@@ -1 +1 @@\n-a\n+b\n"
    found = Differ(lines=30).show("".join(one.format(number) for number in range(200)))
    assert (len(found.files), found.of, found.left_out) == (10, 200, 570)
    assert (found.added, found.removed) == (200, 200)


def test_a_long_line_is_cut_and_says_so() -> None:
    found = rows(Differ().show(changed([f"+{'x' * 5000}"], 0, 1).replace("@@ -1,0", "@@ -0,0")))
    assert text(found[1]).endswith("… (4,000 more characters)")


def test_words_are_compared_as_long_as_the_budget_lasts() -> None:
    pairs = changed(["-a b c d x", "+a b c e f x"] * 40, 40, 40)
    assert sum(bool(marked(line)) for line in rows(Differ(budget=40).show(pairs))) < 80
    assert all(marked(line) for line in rows(Differ().show(pairs))[1:])


def test_lines_of_too_many_words_are_not_compared() -> None:
    """Repeated words take difflib a time that grows as their number to the power of three."""
    words = " ".join(["ab"] * 300)
    found = rows(Differ().show(changed([f"-x {words} y", f"+z {words.replace('ab ab', 'ab, ab')} w"], 1, 1)))
    assert not marked(found[1])


def test_what_cannot_be_read_is_shown_as_it_is() -> None:
    found = Differ().show("@@ -1 +1 @@\n-a\n+b\n")
    assert found.error
    assert "+b" in found.raw


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("+- "), st.text(st.characters(exclude_characters="\n\r"), max_size=20))))
def test_no_text_is_lost(lines: list[tuple[str, str]]) -> None:
    old, new = (sum(sign in which for sign, _ in lines) for which in ("- ", "+ "))
    shown = Differ().show(changed([sign + line for sign, line in lines], old, new))
    if not shown.error and lines:
        assert [(line.sign, text(line)) for line in rows(shown)][1:] == lines
