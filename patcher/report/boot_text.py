"""Boots as text for people: the probes, the base's and the commit's side by side, then what shows the faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from patcher.boot.results import FAULTS, Booted, Changed, Report, Row, Seen, counts
from patcher.check.results import Status
from patcher.escape import safe
from patcher.report.check_text import COLOUR
from patcher.report.fold import WIDTH, fitted

Style = Callable[..., str]
_FEW = 6
_RAMDISK = {"large": "", "small": ", small ramdisk", "none": ", no ramdisk"}


def boot_text(report: Report, style: Style, *, verbose: bool = False, quiet: bool = False, width: int = WIDTH) -> str:
    """The boots as text. ``style(text, fg=…, bold=…)`` colours, or returns the text as it is.

    ``verbose`` adds what each probe saw and lists in full; ``quiet`` leaves all but the table and the faults out.
    """
    lines = [] if quiet else [*_head(report, style)]
    lines += _table(report, style, verbose)
    told: dict[tuple[str, ...], list[str]] = {}  # the same on several machines once
    for row in report.rows:
        if row.now.status in FAULTS or row.mark == "mended":
            told.setdefault(tuple(_evidence(row, report, style, verbose)), []).append(_place(row))
    for (first, *rest), places in told.items():
        lines += ["", f"{'; '.join(places)}: {first}", *rest]
    if not quiet:
        lines += [*_changed(report, style, verbose), *_boots(report, style)]
    lines += ["", summary(report)]
    return fitted(lines, width)


def _head(report: Report, style: Style) -> Iterator[str]:
    against = f", compared with {report.base[:12]}" if report.base else ""
    yield style(safe(f"{report.commit[:12]} {report.subject}{against}"), bold=True)
    if report.adjustments:
        yield "applied so that today's tools take this tree:"
        yield from (safe(f"  {line}") for line in report.adjustments)
    yield from (safe(line) for line in report.notes)
    yield ""


def _table(report: Report, style: Style, verbose: bool) -> Iterator[str]:
    place = ""
    width = max((len(row.probe) for row in report.rows), default=0)
    for row in report.rows:
        if place != (place := _place(row)):
            yield style(place, bold=True)
            base = f" {'base':5} " if report.base else " "
            yield f"  {'':{width}}{base}{report.commit[:12]}"
        before = f" {_cell(row.base, style)}" if report.base else ""
        detail = row.now.detail if verbose or row.now.status is not Status.PASS else ""
        marked = f" ({row.mark})" if row.mark else ""
        after = f" {_cell(row.now, style)}{marked}  {safe(detail)}"
        yield f"  {safe(row.probe):{width}}{before}{after}".rstrip()


def _cell(seen: Seen | None, style: Style) -> str:
    return style(f"{seen.status.value:5}", fg=COLOUR[seen.status]) if seen else "-    "


def _place(at: Row | Booted | Changed) -> str:
    return f"{at.arch} {at.where}{_RAMDISK.get(at.ramdisk, '')}"


def _evidence(row: Row, report: Report, style: Style, verbose: bool) -> Iterator[str]:
    """What shows a fault: the commit's, or the base's where it is mended."""
    shown = row.base if row.mark == "mended" and row.base else row.now
    who = "on the base" if shown is row.base else row.mark or "fails"
    colour = "red" if counts(row) else "bright_black"
    yield safe(f"{row.probe} ") + style(who, fg=colour) + safe(f": {shown.detail}")
    most = len(shown.lines) if verbose else _FEW
    yield from (style(safe(f"    {line}"), fg="bright_black") for line in shown.lines[:most])
    if len(shown.lines) > most:
        yield f"    … and {len(shown.lines) - most} more (--verbose, or --format json)"
    for each in report.began:
        if (each.arch, each.where, each.ramdisk, each.probe) == (row.arch, row.where, row.ramdisk, row.probe):
            yield safe(f"    began with {each.commit[:12]} {each.subject}")


def _changed(report: Report, style: Style, verbose: bool) -> Iterator[str]:
    for each in report.changed:
        yield ""
        yield style(f"{_place(each)}: messages other than the base's", bold=True)
        lines = [*(f"- {line}" for line in each.gone), *(f"+ {line}" for line in each.new)]
        most = len(lines) if verbose else _FEW
        yield from (safe(f"  {line}") for line in lines[:most])
        if len(lines) > most:
            yield f"  … and {len(lines) - most} more (--verbose, or --format json)"


def _boots(report: Report, style: Style) -> Iterator[str]:
    ran = [each for each in report.boots if each.seconds]
    if not ran:
        return
    yield ""
    yield style("boots", bold=True)
    for each in ran:
        yield f"  {each.commit[:12]} {_place(each)}: {each.seconds:.0f} s, {each.processor:.0f} s of the processor"
        if each.again:
            yield safe(f"    {each.again}")


def summary(report: Report) -> str:
    """One line: how many probes stand how."""
    seen = [row.now.status for row in report.rows]
    told = ", ".join(f"{seen.count(status)} {status}" for status in Status if status in seen)
    against = sum(map(counts, report.rows))
    verdict = f"{against} of them count" if against else "nothing counts against it"
    boots = f"{len(report.boots)} boot{'s' if len(report.boots) != 1 else ''}"
    return f"{boots}, {len(seen)} probes: {told}; {verdict}; {report.seconds:.0f} s"
