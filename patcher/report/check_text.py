"""A check as text for people: what is new, commit by commit, then the table, then what was not looked at."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from patcher.check.results import Finding, Kind, Report, Row, Status, counted, counts
from patcher.escape import safe
from patcher.report.fold import WIDTH, Whole, fitted
from patcher.report.table import Cell, table
from patcher.report.table import Row as table_row

Style = Callable[..., str]
COLOUR = {
    Status.PASS: "green",
    Status.WARN: "yellow",
    Status.FAIL: "red",
    Status.SKIP: "bright_black",
    Status.ERROR: "magenta",
}
_FEW = 12
_LONG = 60  # a configuration's name
_MANY, _RUN = 40, 3  # rows of a table, above which so many that only pass are told in one


def check_text(report: Report, style: Style, *, verbose: bool = False, quiet: bool = False, width: int = WIDTH) -> str:
    """The check as text. ``style(text, fg=…, bold=…)`` colours, or returns the text as it is.

    ``verbose`` adds each cell's detail and lists in full; ``quiet`` leaves all but the findings and the table out.
    """
    lines = [] if quiet else [*_head(report, style)]
    for finding in report.findings:
        lines += ["", *_finding(finding, report, style, verbose)]
    if quiet and any(column.made_of for column in report.columns):  # else it was told above
        lines += ["", *_legend(report)]
    lines += ["", *_table(report, style, verbose, width)]
    lines += _troubles(report, style, verbose)
    if not quiet:
        lines += _left_out(report, style, verbose)
    lines += ["", summary(report)]
    return fitted(lines, width)


def _head(report: Report, style: Style) -> Iterator[str]:
    count = len(report.rows)
    yield style(
        f"{count} commit{'s' if count != 1 else ''} on Linux {safe(report.version)} ({report.base[:12]})", bold=True
    )
    yield from _legend(report)
    if report.adjustments:
        yield "applied so that today's tools take this tree:"
        yield from (safe(f"  {line}") for line in report.adjustments)
    yield from (safe(line) for line in report.notes)


def _legend(report: Report) -> Iterator[str]:
    for head, column in zip(_heads(report), report.columns, strict=True):
        if column.made_of:
            yield safe(f"  {head} {column.check}: {column.made_of}; {column.compiler or column.tool}")


def _finding(finding: Finding, report: Report, style: Style, verbose: bool) -> Iterator[str]:
    colour = "yellow" if finding.kind is Kind.WARNING else "red"
    row = next(row for row in report.rows if row.number == finding.commit)
    yield style(f"{_number(finding.commit, report)} {row.id[:12]} {safe(row.subject)}".replace("  ", " "), bold=True)
    place = f"{place_of(finding)}: ".removeprefix(": ")
    what = "property lost" if finding.kind is Kind.PROPERTY else f"new {finding.kind}"
    yield safe(f"  {place}") + style(what, fg=colour) + safe(f": {finding.message}")
    if finding.source:
        yield Whole(style(safe(f"      {finding.source}"), fg="bright_black"))
    where = f"in {finding.function}(); " if finding.function else ""
    if finding.configs:
        names = _configs(finding, report)
        configs = _some(names, 6 if not verbose else len(names))
        yield safe(f"    {where}{finding.check}, {configs}")
    if len(finding.targets) > 1 or finding.path.endswith(".h"):
        yield safe(f"    {_some(finding.targets, 4 if not verbose else len(finding.targets))}")
    if finding.until:
        yield f"    mended by commit {finding.until}; between them the tree cannot be bisected"


def _configs(finding: Finding, report: Report) -> tuple[str, ...]:
    """The configurations of a finding, by the number of their column where the name would fill lines."""
    heads = {
        column.config: head
        for head, column in zip(_heads(report), report.columns, strict=True)
        if column.tool == finding.check and column.made_of
    }
    return tuple(heads.get(name, name) if len(name) > _LONG else name for name in finding.configs)


def place_of(finding: Finding) -> str:
    """Where a finding is: a path with its line, a path, a line of the commit's message, or "" for no place."""
    if finding.path:
        return f"{finding.path}:{finding.line}" if finding.line else finding.path
    return f"message line {finding.line}" if finding.line else ""


def _some(names: tuple[str, ...], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _number(number: int, report: Report) -> str:
    return f"[{number}/{len(report.rows)}]"


def _heads(report: Report) -> list[str]:
    """A number for each configuration, its name for any other check."""
    numbers = itertools.count(1)
    return [f"[{next(numbers)}]" if column.made_of else column.check for column in report.columns]


def _table(report: Report, style: Style, verbose: bool, width: int) -> Iterator[str]:
    yield from table(_heads(report), list(_rows(report, verbose)), width, style)
    if len(report.rows) > _MANY:
        yield ""
        for at, (head, column) in enumerate(zip(_heads(report), report.columns, strict=True)):
            cells = [row.cells[at] for row in report.rows]
            if any(cell.status is not Status.PASS for cell in cells):
                yield safe(f"  {head} {column.check if column.made_of else ''}".rstrip() + f": {counts(cells)}")


def _rows(report: Report, verbose: bool) -> Iterator[table_row]:
    """A row for each commit. Of many, those that only pass are told in one, as long as they follow each other."""
    for passes, group in itertools.groupby(
        report.rows, lambda row: all(cell.status is Status.PASS for cell in row.cells)
    ):
        rows = list(group)
        if not passes or verbose or len(rows) < _RUN or len(report.rows) <= _MANY:
            for row in rows:
                yield table_row(safe(f"{_number(row.number, report)} {row.subject}"), _cells(row))
        else:
            where = f"[{rows[0].number}–{rows[-1].number}/{len(report.rows)}]"
            yield table_row(f"{where} {len(rows)} commits", _cells(rows[0]))


def _cells(row: Row) -> tuple[Cell, ...]:
    return tuple(Cell(cell.status.value, COLOUR[cell.status]) for cell in row.cells)


def _troubles(report: Report, style: Style, verbose: bool) -> list[str]:
    """The details of cells that no finding tells of: each once, with where it holds."""
    found: dict[tuple[Status, str], list[str]] = {}
    shown = {(finding.commit, finding.check) for finding in report.findings}
    told = {finding.commit for finding in report.findings}
    for row in report.rows:
        for cell, column, head in zip(row.cells, report.columns, _heads(report), strict=True):
            own = {(row.number, column.check), (row.number, column.tool)}
            bare = cell.status is Status.WARN and not shown & own
            bare |= cell.status is Status.FAIL and row.number not in told  # what an earlier commit has broken
            if bare or cell.status in (Status.ERROR, Status.SKIP) or verbose:
                found.setdefault((cell.status, cell.detail), []).append(
                    f"{row.number}/{head if len(column.config) > _LONG else cell.check}"
                )
    lines = []
    for (status, detail), places in found.items():
        names = _some(tuple(places), 4 if not verbose else len(places))
        lines.append(f"{style(status.value, fg=COLOUR[status])} {safe(f'{detail} ({names})')}")
    return ["", *lines] if lines else []


def _left_out(report: Report, style: Style, verbose: bool) -> list[str]:
    if not report.left_out:
        return []
    shown = report.left_out if verbose else report.left_out[:_FEW]
    lines = ["", style(f"not compiled ({len(report.left_out)})", bold=True)]
    lines += [safe(f"  {each.what}: {each.reason}") for each in shown]
    if len(report.left_out) > len(shown):
        lines.append(f"  … and {len(report.left_out) - len(shown)} more (--verbose, or --format json)")
    return lines


def summary(report: Report) -> str:
    """One line: how many cells stand how."""
    cells = [cell for row in report.rows for cell in row.cells]
    built = sum(cell.count for cell in cells)
    size = ", ".join((counted(len(report.rows), "commit"), counted(len(report.columns), "check")))
    return f"{size}: {counts(cells)}; {counted(built, 'object')} compared"
