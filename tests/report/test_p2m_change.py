"""What differs between two pictures of a P2M: found, told, marked."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import assume, given, settings
from p2mpictures import laptop, picture, pictures

from patcher.prove.picture import Kind, LeafRun, MidRun, Picture, Piece, stretches
from patcher.prove.pictures import differences
from patcher.report.p2m_canvas import CHANGED
from patcher.report.p2m_change import changes_told, meanings_text
from patcher.report.p2m_svg import p2m_part

WHOLE = (Piece(0, 512, Kind.RAM),)


def later() -> Picture:
    """The laptop's, whose last mid page is no longer shared, and whose missing one is identity."""
    own = MidRun(511, 1, "", (LeafRun(0, 512, "p2m_identity", False, (Piece(0, 512, Kind.IDENTITY),)),))
    top = [msgspec.structs.replace(run, shared=run.shared.replace("missing", "identity")) for run in laptop().top]
    top[-1] = msgspec.structs.replace(top[-1], count=507)
    changed = msgspec.structs.replace(laptop(), top=(*top, own), balloon=(1 << 25, 3 << 25))
    return msgspec.structs.replace(changed, pages=msgspec.structs.replace(changed.pages, mids=5))


def meanings(shown: Picture, pfns: list[int]) -> list[Kind]:
    told = stretches(shown)
    ends = [end for _, end, _ in told]
    return [told[bisect_right(ends, pfn)][2] for pfn in pfns]


@settings(max_examples=30)
@given(pictures(most=2), pictures(most=2))
def test_what_differs_is_where_lookups_differ(one: Picture, other: Picture) -> None:
    assume(one.fan_out == other.fan_out)
    found = differences(one, other)
    assert all(a.end <= b.start for a, b in pairwise(found))
    edges = {edge for each in (one, other) for start, end, _ in stretches(each) for edge in (start, end - 1)}
    pfns = sorted(edges | {edge for change in found for edge in (change.start, change.end - 1)})
    starts = [change.start for change in found]
    for pfn, *expected in zip(pfns, meanings(one, pfns), meanings(other, pfns), strict=True):
        at = bisect_right(starts, pfn) - 1
        if at < 0 or pfn >= found[at].end:
            assert expected[0] is expected[1]
        else:
            assert [found[at].before.kind, found[at].after.kind] == expected
            assert found[at].before != found[at].after


@settings(max_examples=20)
@given(pictures(most=2))
def test_equal_pictures_do_not_differ(one: Picture) -> None:
    assert differences(one, one) == ()
    assert changes_told(one, one) == ()


def test_the_sentences() -> None:
    assert changes_told(laptop(), later()) == (
        "1 GiB, so far missing, is identity now: PFN 0xc0000–0xfffff.",
        "1 GiB means what it did, by other pages.",
        "Mid pages 4 → 5.",
        "The balloon may fill 256 GiB, it was 128 GiB.",
    )
    assert meanings_text(laptop()) == "3 GiB RAM, 252 GiB identity, 1 GiB missing up to 256 GiB"


def test_many_ranges_are_counted_and_new_pages_named() -> None:
    pieces = tuple(Piece(at, 64, Kind.RAM if at % 128 else Kind.MISSING) for at in range(0, 512, 64))
    runs = [MidRun(0, 1, "", (LeafRun(0, 1, "", True, pieces), LeafRun(1, 511, "", True, WHOLE))),
            MidRun(1, 511, "p2m_mid_missing", ())]  # fmt: skip
    whole = msgspec.structs.replace(runs[0], leaves=(LeafRun(0, 512, "", True, WHOLE),))
    before = picture([whole, runs[1]])
    assert changes_told(before, picture(runs)) == (
        "1 MiB, so far RAM, is missing now: PFN 0x0–0x3f, 0x80–0xbf, 0x100–0x13f and 1 more range.",
    )
    bare = msgspec.structs.replace(before, shared=before.shared[::2])
    assert "New shared pages p2m_identity, p2m_mid_identity." in changes_told(bare, before)
    assert "No longer there: shared pages p2m_identity, p2m_mid_identity." in changes_told(before, bare)


def marks(document: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(document)
    return [each for each in root.iter() if each.tag.endswith("rect") and each.get("fill") == CHANGED]


def test_what_changed_is_marked_and_nothing_else() -> None:
    assert CHANGED not in p2m_part(laptop(), "first", "a-", None)
    assert len(marks(p2m_part(later(), "same", "a-", later()))) == 1  # the legend's
    heights = [each.get("height") for each in marks(p2m_part(later(), "later", "a-", laptop()))]
    assert heights == ["12", "3", "3", "17", "17", "17"]  # legend, bars, slots 3 and 511, the slots of its mid page


@pytest.mark.parametrize("title", ["plain", '<script>alert(1)</script>&"\x1b[2J'])
def test_a_part_of_a_document_has_its_own_ids_and_no_style(title: str) -> None:
    one, two = (p2m_part(laptop(), title, name, None) for name in ("p2m-1-", "p2m-2-"))
    ids = [re.findall(r' id="([^"]+)"', each) for each in (one, two)]
    assert ids[0] and not set(ids[0]) & set(ids[1])
    for document, own in zip((one, two), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", document)) <= set(own)
        assert not re.search(r"style=|<style|<script|\?xml|\son\w+=", document)
        ElementTree.fromstring(document)
