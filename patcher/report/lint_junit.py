"""Lint's findings as JUnit XML, for CI systems that show test results."""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from patcher.lint.model import Finding, Level, Outcome
from patcher.report.escape import safe

# XML 1.0 has no place for these, not even as references.
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def lint_junit(outcome: Outcome) -> str:
    """One test suite; a test case for each patch with findings, and one for all others."""
    by_patch = [(patch, list(found)) for patch, found in groupby(outcome.findings, key=lambda each: each.patch)]
    failed = sum(any(each.level is not Level.NOTE for each in found) for _, found in by_patch)
    clean = outcome.patches + outcome.others - len({patch for patch, _ in by_patch})
    suite = Element("testsuite", name="patcher lint", tests=str(len(by_patch) + (clean > 0)), failures=str(failed),
                    errors="0", skipped=str(len(outcome.skipped)))  # fmt: skip
    for patch, found in by_patch:
        case = SubElement(suite, "testcase", classname="lint", name=_text(f"{patch}: {found[0].summary}"))
        matter = [each for each in found if each.level is not Level.NOTE]
        if matter:
            failure = SubElement(case, "failure", message=_text(matter[0].message), type=_text(matter[0].rule))
            failure.text = "\n".join(_line(each) for each in matter)
        if notes := [each for each in found if each.level is Level.NOTE]:
            SubElement(case, "system-out").text = "\n".join(_line(each) for each in notes)
    if clean > 0:
        SubElement(suite, "testcase", classname="lint", name=f"{clean} mails without a finding")
    for each in outcome.skipped:
        case = SubElement(suite, "testcase", classname="lint.skipped", name=_text(f"{each.rule} {each.patch}".strip()))
        SubElement(case, "skipped", message=_text(each.reason))
    suite.set("tests", str(len(suite)))
    indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"


def _line(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}: " if finding.path else ""
    return _text(f"{place}{finding.level.value}: {finding.message} [{finding.rule}]")


def _text(text: str) -> str:
    return _NO_XML.sub("?", safe(text))
