"""The syntax of C files as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.source.outline import Item, Outline, Unreadable, joined, pattern, shape, tokens

CODE = b"""\
#include <linux/a.h>
#ifdef CONFIG_X
# include "b.h"
#endif
/* about MACRO */
#define MACRO(a) \\
	do { (a); } while (0)
extern int declared;
extern int proto(int a);
static struct { int member; } anonymous;
static RESERVE_BRK_ARRAY(unsigned long, made, SIZE);
unsigned long marked __read_mostly;
int one = 1, two[2] = { 1, 2 };
struct named { int member; };

/* about f */
static int __attribute__((noinline)) f(int a)
{
	int i, n = MACRO(a);

	/* a loop */
	for (i = 0; i < a; i++)
		n += i;	/* behind */
	list_for_each(pos, head) {
		if (n == 1)
			return (struct named) { .member = n };
		else if (n)
			n--;
	}
	switch (n) {
	case 1:
		break;
	default:
		goto out;
	}
	do
		n++;
	while (n < 0);
out:
	return "a;}"[0] + '}';
}
EXPORT_SYMBOL(f);
"""


def item(outline: Outline, name: str, kind: str) -> Item:
    found = [item for item in outline.items if name in item.names and item.kind == kind]
    assert len(found) == 1, [(item.kind, item.names) for item in outline.items]
    return found[0]


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("MACRO", "macro", b"#define MACRO(a) \\\n\tdo { (a); } while (0)"),
        ("declared", "prototype", b"extern int declared;"),
        ("proto", "prototype", b"extern int proto(int a);"),
        ("anonymous", "variable", b"static struct { int member; } anonymous;"),
        ("made", "variable", b"static RESERVE_BRK_ARRAY(unsigned long, made, SIZE);"),
        ("marked", "variable", b"unsigned long marked __read_mostly;"),
        ("one", "variable", b"int one = 1, two[2] = { 1, 2 };"),
        ("two", "variable", b"int one = 1, two[2] = { 1, 2 };"),
        ("f", "other", b"EXPORT_SYMBOL(f);"),
    ],
)
def test_what_stands_at_file_level(name: str, kind: str, text: bytes) -> None:
    outline = Outline(CODE)
    found = item(outline, name, kind)
    assert CODE[found.start : found.end] == text


def test_a_function_and_its_statements() -> None:
    outline = Outline(CODE)
    rows = outline.statements(item(outline, "f", "function"))
    texts = [[CODE[each.start : each.end].split(b"\n")[0] for each in row] for row in rows]
    assert texts[0] == [
        b"int i, n = MACRO(a);",
        b"for (i = 0; i < a; i++)",
        b"list_for_each(pos, head) {",
        b"switch (n) {",
        b"do",
        b"out:",
        b"return \"a;}\"[0] + '}';",
    ]
    assert [b"n += i;"] in texts
    assert [b"return (struct named) { .member = n };"] in texts
    assert [b"case 1:", b"break;", b"default:", b"goto out;"] in texts


def test_includes_and_the_conditionals_they_stand_in() -> None:
    assert [(each.name, each.depth) for each in Outline(CODE).includes] == [("<linux/a.h>", 0), ('"b.h"', 1)]


def test_the_comment_above_belongs_to_what_follows() -> None:
    outline = Outline(CODE)
    at = outline.with_comment(item(outline, "f", "function").start)
    assert CODE[at:].startswith(b"/* about f */")
    inner = outline.statements(item(outline, "f", "function"))[0]
    assert CODE[outline.with_comment(inner[1].start) :].startswith(b"\t/* a loop */")
    # the one behind "n += i;" is that statement's
    assert CODE[outline.with_comment(inner[2].start) :].startswith(b"\tlist_for_each")


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        ("a = b;", "a=b ;", True),
        ("if (x) ...", "if (x) { y(); z(); }", True),
        ("if (x) ...", "if (xy) { y(); }", False),
        ("f(...);", "f(a, g(b));", True),
        ("a == b", "a == bc", False),
        ("mid == p", "mid /* the */ ==\n\tp", True),
    ],
)
def test_patterns(code: str, text: str, found: bool) -> None:
    assert bool(pattern(code).fullmatch(joined(Outline(text.encode()).tokens))) == found


def test_a_shape_is_of_the_code_alone() -> None:
    one, same, other = (Outline(text).tokens for text in (b"a(b);", b"a( /* x */ b )\n;", b"a(c);"))
    assert shape(one) == shape(same) != shape(other)
    assert len(shape(one)) == 12


@pytest.mark.parametrize("text", [b"int f(void) { (", b"int f(void) {", b"int a[3", b"}"])
def test_what_does_not_pair_is_told(text: bytes) -> None:
    if text == b"}":
        assert Outline(text).items == []
        return
    with pytest.raises(Unreadable):
        Outline(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        outline = Outline(text)
        for each in outline.items:
            if each.kind == "function":
                outline.statements(each)
    except Unreadable as error:
        assert 0 <= error.offset <= len(text)
        return
    assert all(text[token.start : token.end] == token.text for token in outline.tokens)


def test_every_function_of_the_miniature_tree_can_be_followed(mini: Path) -> None:
    for path in mini.rglob("*.[ch]"):
        outline = Outline(path.read_bytes())
        for each in outline.items:
            if each.kind == "function":
                rows = outline.statements(each)
                tops = sum(one.last - one.first for one in rows[0])
                assert tops == each.body[1] - each.body[0], (path, each.names)


def test_tokens_of_a_pattern() -> None:
    assert tokens("a->b != ...;") == (b"a", b"->", b"b", b"!=", b"...", b";")
