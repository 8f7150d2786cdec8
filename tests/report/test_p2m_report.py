"""Pictures of a P2M: their geometry, their words, their bounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from xml.etree import ElementTree

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from p2mpictures import laptop, pictures

from patcher.prove.picture import Kind, Picture, stretches
from patcher.report.p2m_canvas import ADVANCE, SIZE
from patcher.report.p2m_rows import About, bytes_text, fold
from patcher.report.p2m_svg import p2m_svg
from patcher.report.p2m_text import p2m_text

SVG = "{http://www.w3.org/2000/svg}"
ABOUT = About("v2.6.37 (0123456789ab)", "dmesg.txt")


def plain(text: str, **_: object) -> str:
    return text


Box = tuple[float, float, float, float, str]


def text_boxes(root: ElementTree.Element) -> list[Box]:
    """Left, top, right, bottom of each text, as wide as it can be."""
    found = []
    for each in root.iter(f"{SVG}text"):
        size, said = float(each.get("font-size", SIZE)), each.text or ""
        width = len(said) * size * ADVANCE
        x, y = float(each.attrib["x"]), float(each.attrib["y"])
        left = x - width if each.get("text-anchor") == "end" else x
        found.append((left, y - 0.8 * size, left + width, y + 0.2 * size, said))
    return found


def overlapping(boxes: Sequence[Box]) -> list[tuple[str, str]]:
    by_line = sorted(boxes, key=lambda box: box[1])
    found = []
    for number, one in enumerate(by_line):
        for other in by_line[number + 1 :]:
            if other[1] >= one[3]:
                break
            if one[0] < other[2] and other[0] < one[2]:
                found.append((one[4], other[4]))
    return found


def assert_legible(document: str) -> ElementTree.Element:
    root = ElementTree.fromstring(document.encode())
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = text_boxes(root)
    assert not overlapping(boxes)
    assert all(left >= 0 and right <= width and top >= 0 and bottom <= height for left, top, right, bottom, _ in boxes)
    pages = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        for each in root.iter(f"{SVG}rect") if each.get("class") == "page"
    ]  # fmt: skip
    for (x, y, w, h), (a, b, c, d) in combinations(pages, 2):
        assert x + w <= a or a + c <= x or y + h <= b or b + d <= y, "two pages overlap"
    for left, top, right, bottom, said in boxes:  # text stands in one page, or in none
        for x, y, w, h in pages:
            if left < x + w and x < right and top < y + h and y < bottom:
                assert x <= left and right <= x + w and y <= top and bottom <= y + h, said
    assert height < 12000
    return root


@settings(max_examples=40)
@given(pictures())
def test_whatever_the_machine_nothing_overlaps(any_picture: Picture) -> None:
    document = p2m_svg(any_picture, ABOUT)
    assert_legible(document)
    assert len(document) < 600_000
    lines = p2m_text(any_picture, ABOUT, plain).splitlines()
    assert len(lines) < 2000
    assert max(map(len, lines)) <= 80


def test_runs_are_told_as_ranges_and_shared_pages_once() -> None:
    root = assert_legible(p2m_svg(laptop(), ABOUT))
    said = [each.text for each in root.iter(f"{SVG}text")]
    assert "508 × p2m_mid_identity" in said
    assert "511 × list leaf, RAM" in said
    assert "99 × identity" in said
    for name in ("p2m_mid_identity", "p2m_identity", "p2m_missing"):
        assert said.count(name) == 1
    assert "508 pointers in the top page" in said
    assert any(each and each.startswith("clamped: 268,435,456 pages (1 TiB)") for each in said)


def test_nothing_comes_from_outside() -> None:
    document = p2m_svg(laptop(), ABOUT)
    assert not re.search(r"(?:href|src|@import|<script|<style|<image)", document)
    assert re.findall(r"https?://[^\"]*", document) == ["http://www.w3.org/2000/svg"]
    assert all(f'id="{name}"' in document for name in set(re.findall(r"url\(#(\w+)\)", document)))


def test_names_of_trees_are_no_markup() -> None:
    name = '<b>&"\x1b[31m\ufffe' + "x" * 400
    root = assert_legible(p2m_svg(laptop(), About(name, name)))
    assert root.find(f"{SVG}title") is not None
    assert "\x1b" not in p2m_text(laptop(), About(name, name), plain)


def test_the_text_form() -> None:
    lines = p2m_text(laptop(), ABOUT, plain, 100).splitlines()
    assert lines[0] == "P2M of v2.6.37 (0123456789ab)"
    assert "  4–511     508 × p2m_mid_identity       4 GiB – 512 GiB" in lines
    assert "            0x9d–0xff  99 × identity" in lines
    at = lines.index("  p2m_identity       512 × no frame, read as identity")
    assert lines[at + 1] == "                     no pointer in the mid pages above"


def test_the_text_form_on_a_terminal_folds_what_is_too_long_and_colours_each_part() -> None:
    lines = p2m_text(laptop(), ABOUT._replace(map="a name of " + 30 * "words "), click.style).splitlines()
    assert max(len(click.unstyle(line)) for line in lines) <= 80
    coloured = [line for line in lines if "\x1b[" in line]
    assert coloured and all(line.endswith("\x1b[0m") for line in coloured)


def test_stretches_join_what_is_alike() -> None:
    assert stretches(laptop()) == [
        (0, 0x9D, Kind.RAM), (0x9D, 0x100, Kind.IDENTITY), (0x100, 0xC0000, Kind.RAM),
        (0xC0000, 0x100000, Kind.MISSING), (0x100000, 512**3, Kind.IDENTITY),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "said"),
    [(4096, "4 KiB"), (1 << 20, "1 MiB"), (3 << 29, "1.5 GiB"), (100 << 30, "100 GiB"), (1 << 40, "1 TiB"),
     ((1 << 40) - (300 << 20), "1023.7 GiB"), (0, "0 KiB")],
)  # fmt: skip
def test_bytes_for_people(size: int, said: str) -> None:
    assert bytes_text(size) == said


@given(st.lists(st.integers()), st.integers(4, 20))
def test_a_fold_keeps_order_and_hides_two_at_least(items: list[int], most: int) -> None:
    first, hidden, last = fold(items, most)
    assert first + hidden + last == items
    assert len(first) + len(last) + bool(hidden) <= most
    assert len(hidden) != 1
