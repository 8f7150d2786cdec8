"""A check as JUnit's XML, for CI systems: a suite for each commit, a case for each check."""

from __future__ import annotations

from xml.etree import ElementTree

from patcher.check.results import Cell, Column, Finding, Report, Row, Status
from patcher.report.check_text import place_of
from patcher.report.junit_tail import document, xml_text


def check_junit(report: Report) -> str:
    """The table as XML. A warning is a failure, too: the commit brings something new."""
    suites = ElementTree.Element("testsuites", name="patcher check")
    for row in report.rows:
        cells = row.cells
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=xml_text(f"{row.number}/{len(report.rows)} {row.subject}"),
            tests=str(len(cells)),
            failures=str(sum(cell.status in (Status.FAIL, Status.WARN) for cell in cells)),
            errors=str(sum(cell.status is Status.ERROR for cell in cells)),
            skipped=str(sum(cell.status is Status.SKIP for cell in cells)),
        )
        for cell in cells:
            _case(suite, row, cell, report)
    return document(suites)


def _case(suite: ElementTree.Element, row: Row, cell: Cell, report: Report) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=row.id or "not-applied", name=xml_text(cell.check))
    if cell.status is Status.PASS:
        return
    kind = {Status.ERROR: "error", Status.SKIP: "skipped"}.get(cell.status, "failure")
    result = ElementTree.SubElement(case, kind, message=xml_text(cell.detail))
    result.text = result.get("message")  # GitLab shows the text only
    if kind == "failure":
        column = next(column for column in report.columns if column.check == cell.check)
        result.set("type", cell.status.value)
        result.text = xml_text(
            "\n".join(
                f"{place_of(finding)}: {finding.message}".removeprefix(": ")
                for finding in report.findings
                if finding.commit == row.number and _is_of(finding, column)
            )
        )


def _is_of(finding: Finding, column: Column) -> bool:
    everywhere = not column.config or not finding.configs
    return finding.check in (column.check, column.tool) and (everywhere or column.config in finding.configs)
