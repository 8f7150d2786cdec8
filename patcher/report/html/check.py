"""A check as a page: the table of commits and checks, then commit by commit what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from patcher.check.results import Finding, Kind, Report, Row, Status, counts
from patcher.check.session import passed
from patcher.report.html import page as shown
from patcher.report.html.diff import Shown
from patcher.report.html.marks import Anchors, by_file, mark, number, place
from patcher.report.html.page import Excerpt, Mark, Tone
from patcher.report.html.render import render

_WORST = (Status.FAIL, Status.ERROR, Status.WARN, Status.SKIP, Status.PASS)
_FEW = 4
_AT_ONCE = 5000  # lines of diffs: more are laid out as they are unfolded


class Text(NamedTuple):
    """What is known of a commit besides its cells."""

    about: str = ""
    message: str = ""
    diff: Shown | None = None


def check_html(report: Report, tool: Mapping[str, str]) -> str:
    """The check as HTML. ``tool``: names and versions of what made it."""
    sections = [matrix(report), patches(report, Anchors()), *gaps([not_compiled(report)])]
    facts = [
        ("base", f"Linux {report.version}, {report.base[:12]}"),
        *(("configuration", f"{each.check}: {each.made_of}; {each.compiler or each.tool}")
          for each in report.columns if each.made_of),
        *(("adjustments", each) for each in report.adjustments),
        *(("note", each) for each in report.notes),
    ]  # fmt: skip
    return render(
        shown.Page(
            "check", number(len(report.rows), "commit"), verdict(report), line(report), tuple(facts), tiles(report),
            tuple(sections), made_by(tool),
        )
    )  # fmt: skip


def made_by(tool: Mapping[str, str]) -> str:
    """Names and versions in a line."""
    name, version, *others = tool.items()
    return ", ".join([f"{name[1]} {version[1]}", *(f"{what} {which}" for what, which in others)])


def verdict(report: Report) -> Mark:
    """How the whole came out: the worst that a cell says."""
    cells = [cell.status for row in report.rows for cell in row.cells]
    passing = (Status.PASS, Status.SKIP)
    worst = next((each for each in (*_WORST[:3], *passing) if each in cells), Status.SKIP)
    return mark(Status.WARN if worst in passing and not passed(report) else worst)


def line(report: Report) -> str:
    """The same in a sentence."""
    if not report.rows:
        return "there was no commit to look at"
    if not report.columns:
        return f"nothing was asked of {number(len(report.rows), 'commit')}"
    found = len(report.findings)
    guilty = len({each.commit for each in report.findings})
    what = f"{number(found, 'finding')} in {guilty} of {number(len(report.rows), 'commit')}" if found else (
        f"nothing speaks against {number(len(report.rows), 'commit')}" if passed(report)
        else "not every commit could be checked"
    )  # fmt: skip
    return f"{what}; {counts([cell for row in report.rows for cell in row.cells])}"


def tiles(report: Report) -> tuple[shown.Tile, ...]:
    """The figures at the top."""
    found, skipped = len(report.findings), sum(c.status is Status.SKIP for row in report.rows for c in row.cells)
    return (
        shown.Tile(str(len(report.rows)), "commits", Tone.INFO, "commits"),
        shown.Tile(str(found), "findings", verdict(report).tone if found else Tone.GOOD, "commits"),
        shown.Tile(str(len(report.left_out) + skipped), "not looked at", Tone.IDLE, "not-looked-at"),
    )


def matrix(report: Report) -> shown.Section:
    """The table of commits and checks."""
    columns = tuple(shown.Column(each.check, each.made_of) for each in report.columns)
    rows = tuple(
        shown.Row(_anchor(row), str(row.number), row.subject, tuple(mark(cell.status) for cell in row.cells))
        for row in report.rows
    )
    caption = "Each commit in each check, against its parent"
    return shown.Section("matrix", "Commits and checks", "", "matrix",
                         shown.Matrix(caption, "commit", columns, rows))  # fmt: skip


def _anchor(row: Row) -> str:
    return f"patch-{row.number}"


def patches(
    report: Report, anchors: Anchors, texts: Mapping[int, Text] | None = None,
    findings: Mapping[int, Sequence[tuple[str, shown.Finding]]] | None = None,
) -> shown.Section:  # fmt: skip
    """The commits one by one.

    Arguments:
        texts: by the number of a commit, what is known of it besides
        findings: by the number of a commit, what takes the place of the report's own findings, each with its path
    """
    own: Mapping[int, Sequence[tuple[str, shown.Finding]]] = findings or {
        row.number: [(each.path, finding(each, anchors)) for each in report.findings if each.commit == row.number]
        for row in report.rows
    }
    told = texts or {}
    later = sum(len(file.lines) for each in told.values() if each.diff for file in each.diff.files) > _AT_ONCE
    made = tuple(
        _patch(row, report, own.get(row.number, ()), told.get(row.number, Text()), later) for row in report.rows
    )
    return shown.Section("commits", "Commit by commit", str(len(made)), "patches", made)


def _patch(
    row: Row, report: Report, own: Iterable[tuple[str, shown.Finding]], text: Text, later: bool
) -> shown.Patch:  # fmt: skip
    groups = by_file(own)
    words = [mark(cell.status).word for cell in row.cells]
    words += [each.mark.word for group in groups for each in group.findings]
    return shown.Patch(
        _anchor(row), f"{row.number}/{len(report.rows)}", row.subject, row.id[:12], text.about,
        tuple(dict.fromkeys(words)), tuple(_told(row, report)), groups, text.message, text.diff, later,
    )  # fmt: skip


def _told(row: Row, report: Report) -> Iterable[shown.Told]:
    """What the cells say, each sentence once, the worst first."""
    found: dict[tuple[Status, str], list[str]] = {}
    for cell, column in zip(row.cells, report.columns, strict=True):
        found.setdefault((cell.status, cell.detail), []).append(column.check)
    for (status, detail), names in sorted(found.items(), key=lambda each: _WORST.index(each[0][0])):
        every = len(names) == len(row.cells) > 1
        where = "every check" if every else ", ".join(names) if len(names) <= _FEW else f"{len(names)} checks"
        yield shown.Told(mark(status), detail, where)


def finding(each: Finding, anchors: Anchors) -> shown.Finding:
    """A finding of the report."""
    more = [
        ("in", f"{each.function}()") if each.function else ("", ""),
        ("configurations", ", ".join(each.configs)),
        ("objects", ", ".join(each.targets) if len(each.targets) > 1 else ""),
        ("mended by", f"commit {each.until}; between them the tree cannot be bisected" if each.until else ""),
    ]
    what = Mark("FAIL", Tone.BAD) if each.kind is Kind.PROPERTY else mark(each.kind)
    return shown.Finding(
        anchors.name("f", each.fingerprint), what, place(each.path, each.line), each.message, each.check,
        Excerpt(each.source) if each.source else None, tuple(one for one in more if one[1]),
    )  # fmt: skip


def not_compiled(report: Report) -> shown.Gaps:
    """What was not looked at: what is not compiled at all, and cells that are SKIP."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in report.rows:
        for cell in row.cells:
            if cell.status is Status.SKIP:
                found.setdefault((cell.check, cell.detail), []).append(str(row.number))
    skipped = [
        (f"{check}, {'every commit' if len(numbers) == len(report.rows) else 'commits ' + ', '.join(numbers)}", detail)
        for (check, detail), numbers in found.items()
    ]
    return shown.Gaps("check", (*((each.what, each.reason) for each in report.left_out), *skipped))


def gaps(stages: Sequence[shown.Gaps]) -> list[shown.Section]:
    """The section that says what was not looked at. It is there even if that is nothing."""
    count = sum(len(each.gaps) for each in stages)
    return [shown.Section("not-looked-at", "What was not looked at", str(count), "gaps", tuple(stages))]
