"""The P2M from commit to commit, as a section of an HTML report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from p2mpictures import laptop

from patcher.prove.pictures import Pictures, Shot
from patcher.report import p2m_canvas as canvas
from patcher.report.html import film as module
from patcher.report.html.film import film, not_drawn
from patcher.report.html.page import Film

STYLE = Path(module.__file__).parent / "templates" / "film.css"


def shots(*pictures: int | str) -> Pictures:
    """A series with these pictures, or reasons for having none; picture n has n pages more than the laptop's."""
    made = tuple(
        Shot(str(at) * 40, f"subject {at}", *((-1, each) if isinstance(each, str) else (each, "")))
        for at, each in enumerate(pictures)
    )
    count = max([each for each in pictures if isinstance(each, int)], default=-1) + 1
    base = laptop()
    each = tuple(
        msgspec.structs.replace(base, pages=msgspec.structs.replace(base.pages, brk=22 + at)) for at in range(count)
    )
    return Pictures("x86_64", "a map", made, each)


def content(pictures: Pictures) -> Film:
    (section,) = film(pictures)
    assert isinstance(section.content, Film)
    return section.content


def test_commits_with_one_picture_are_told_together_and_the_last_is_shown() -> None:
    found = content(shots(0, 0, 0, 1, 1, 0))
    assert [(each.first, each.last, each.still) for each in found.scenes] == [(0, 2, "1–2"), (3, 4, "4"), (5, 5, "")]
    assert [each.chosen for each in found.scenes] == [False, False, True]
    assert found.scenes[0].told == ("3 GiB RAM, 252 GiB identity, 1 GiB missing up to 256 GiB.",)
    assert [each.told for each in found.scenes[1:]] == [("Pages allocated 22 → 23.",), ("Pages allocated 23 → 22.",)]
    assert found.last == 5
    views = [each.view for each in found.scenes if each.view]
    assert [view.title for view in views] == [
        "The P2M of subject 0", "The P2M after subject 3", "The P2M after subject 5",
    ]  # fmt: skip
    assert all("P2M of subject" in view.text and view.lines for view in views)


def test_what_has_no_picture_says_why_here_and_among_what_was_not_looked_at() -> None:
    pictures = shots("no P2M", 0, "it ends", "it ends", 0)
    found = content(pictures)
    assert [(each.told, each.bar is None, each.view is None) for each in found.scenes if not each.view] == [
        (("no P2M",), True, True), (("it ends",), True, True),
    ]  # fmt: skip
    assert found.scenes[-1].told == ("The same as before.",)
    assert not_drawn(pictures).gaps == (("commits base", "no P2M"), ("commits 2, 3", "it ends"))
    assert film(shots("no P2M")) == []


def test_of_many_pictures_the_first_and_the_last_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DRAWN", 3)
    found = content(shots(*range(6)))
    assert [each.view is not None for each in found.scenes] == [True, True, False, False, False, True]
    assert found.cut == 3
    assert all(each.bar and each.told for each in found.scenes)


def colours(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value.startswith("#") else set()
    return set().union(*map(colours, value.values())) if isinstance(value, dict) else set()


def test_each_colour_of_a_picture_has_one_for_the_dark() -> None:
    used = set().union(*(colours(getattr(canvas, name)) for name in vars(canvas) if name.isupper()))
    style = STYLE.read_text(encoding="utf-8")
    assert len(used) > 12
    assert {each for each in used if f'[fill="{each}"] {{ fill: ' not in style} == set()
    lines = {canvas.FRAME, *canvas.LINE.values()}
    assert {each for each in lines if f'[stroke="{each}"] {{ stroke: ' not in style} == set()
