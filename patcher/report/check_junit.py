"""A check as JUnit's XML, for CI systems: a suite for each commit, a case for each check."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from patcher.check.results import Cell, Column, Finding, Report, Row, Status
from patcher.report.check_text import place_of

# What XML 1.0 has no way to write.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_junit(report: Report) -> str:
    """The table as XML. A warning is a failure, too: the commit brings something new."""
    suites = ElementTree.Element("testsuites", name="patcher check")
    for row in report.rows:
        cells = row.cells
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=_clean(f"{row.number}/{len(report.rows)} {row.subject}"),
            tests=str(len(cells)),
            failures=str(sum(cell.status in (Status.FAIL, Status.WARN) for cell in cells)),
            errors=str(sum(cell.status is Status.ERROR for cell in cells)),
            skipped=str(sum(cell.status is Status.SKIP for cell in cells)),
        )
        for cell in cells:
            _case(suite, row, cell, report)
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _case(suite: ElementTree.Element, row: Row, cell: Cell, report: Report) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=row.id or "not-applied", name=_clean(cell.check))
    if cell.status is Status.PASS:
        return
    kind = {Status.ERROR: "error", Status.SKIP: "skipped"}.get(cell.status, "failure")
    told = ElementTree.SubElement(case, kind, message=_clean(cell.detail))
    if kind == "failure":
        column = next(column for column in report.columns if column.check == cell.check)
        told.set("type", cell.status.value)
        told.text = _clean(
            "\n".join(
                f"{place_of(finding)}: {finding.message}".removeprefix(": ")
                for finding in report.findings
                if finding.commit == row.number and _is_of(finding, column)
            )
        )


def _is_of(finding: Finding, column: Column) -> bool:
    everywhere = not column.config or not finding.configs
    return finding.check in (column.check, column.tool) and (everywhere or column.config in finding.configs)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
