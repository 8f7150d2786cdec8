"""The P2M of a machine from commit to commit, as a section of a page: a bar for each picture, and the pictures."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from patcher.prove.picture import Picture, stretches
from patcher.prove.pictures import Pictures, Shot, differences
from patcher.report.html import page as shown
from patcher.report.p2m_bars import strip
from patcher.report.p2m_canvas import CHANGED, Canvas
from patcher.report.p2m_change import changes_told, meanings_text
from patcher.report.p2m_rows import PAGE, About, bytes_text, machine_lines, picture_end
from patcher.report.p2m_svg import p2m_part
from patcher.report.p2m_text import p2m_text

MOST_DRAWN = 24  # pictures of one page
_WIDTH, _HEIGHT, _MARK = 1000, 22, 5  # of a bar: it is stretched to the room that there is


class _Run(NamedTuple):
    """Neighbouring commits with the same picture, or with none for the same reason; ``first``: the number of the first
    of them, 0 for the base."""

    first: int
    shots: tuple[Shot, ...]
    picture: Picture | None
    before: Picture | None


def film(pictures: Pictures) -> list[shown.Section]:
    """The section; none where no commit has a picture."""
    runs = list(_runs(pictures))
    drawn = [number for number, run in enumerate(runs) if run.picture]
    if not drawn:
        return []
    cut = drawn[MOST_DRAWN - 1 : -1]
    end = max(picture_end(picture) for picture in pictures.pictures)
    scenes = tuple(
        _scene(run, pictures, end, number not in cut, number == drawn[-1]) for number, run in enumerate(runs)
    )
    content = shown.Film(
        f"{pictures.arch}; memory map: {pictures.origin}", bytes_text(end * PAGE), len(pictures.shots) - 1, scenes,
        len(cut),
    )  # fmt: skip
    different = len(pictures.pictures)
    size = f"{different} different pictures" if different > 1 else "1 picture"
    return [shown.Section("p2m", "The P2M, before and after", size, "film", content)]


def not_drawn(pictures: Pictures) -> shown.Gaps:
    """The commits without a picture, and why."""
    found: dict[str, list[str]] = {}
    for number, shot in enumerate(pictures.shots):
        if shot.reason:
            found.setdefault(shot.reason, []).append(str(number) if number else "base")
    return shown.Gaps("P2M, drawn", tuple((f"commits {', '.join(names)}", why) for why, names in found.items()))


def _runs(pictures: Pictures) -> list[_Run]:
    steps = enumerate(pictures.steps())
    found = []
    for _, same in groupby(steps, lambda each: (each[1][0].picture, each[1][0].reason)):
        (first, (shot, picture, before)), *others = same
        found.append(_Run(first, (shot, *(other[1][0] for other in others)), picture, before))
    return found


def _scene(run: _Run, pictures: Pictures, end: int, drawn: bool, chosen: bool) -> shown.Scene:
    shot, picture, before = run.shots[0], run.picture, run.before
    last = run.first + len(run.shots) - 1
    if picture is None:
        told: tuple[str, ...] = (shot.reason,)
    elif before is None:
        told = (f"{meanings_text(picture)}.",)
    else:
        told = changes_told(before, picture) or ("The same as before.",)
    still = ""
    if last > run.first:
        still = f"{last}" if last == run.first + 1 else f"{run.first + 1}–{last}"
    name = f"p2m-{run.first}"
    view = _view(picture, before, name, shot, pictures) if picture and drawn else None
    bar = Markup(_bar(picture, before, end)) if picture else None
    return shown.Scene(name, run.first, last, shot.subject, shot.commit[:12], bar, told, still, view, chosen)


def _view(picture: Picture, before: Picture | None, name: str, shot: Shot, pictures: Pictures) -> shown.View:
    about = About(shot.subject, pictures.origin)
    title = f"The P2M after {shot.subject}" if before else f"The P2M of {shot.subject}"
    text = p2m_text(picture, about, lambda text, **_: text)
    return shown.View(
        title, Markup(p2m_part(picture, title, f"{name}-", before)), tuple(machine_lines(picture, about)), text
    )


def _bar(picture: Picture, before: Picture | None, end: int) -> str:
    """What lookups say, and above it where that changed."""
    canvas = Canvas()
    for change in differences(before, picture) if before else ():
        if change.meaning and change.start < end:
            width = max(2.0, (min(change.end, end) - change.start) * _WIDTH / end)
            canvas.box(change.start * _WIDTH / end, 0, width, _MARK - 1, CHANGED)
    strip(canvas, 0, _MARK, _WIDTH, _HEIGHT - _MARK, stretches(picture), end)
    inside = "".join(canvas.parts)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{inside}</svg>'
