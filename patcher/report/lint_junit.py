"""Lint's findings as JUnit XML, for CI systems that show test results."""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement

from patcher.lint.model import Finding, Outcome, places
from patcher.report.junit_tail import document, xml_text
from patcher.report.places import from_here


def lint_junit(outcome: Outcome) -> str:
    """One test suite; a test case for each patch with findings, and one for all others. What GitLab shows of a case is
    its file, and the text of an element, not its attribute ``message`` ("Unit test reports")."""
    place = places(outcome)
    by_patch = [(patch, list(found)) for patch, found in groupby(outcome.findings, key=lambda each: each.patch)]
    failed = sum(any(map(outcome.fails, found)) for _, found in by_patch)
    clean = outcome.patches + outcome.others - len({patch for patch, _ in by_patch})
    suite = Element("testsuite", name="patcher lint", tests=str(len(by_patch) + (clean > 0)), failures=str(failed),
                    errors="0", skipped=str(len(outcome.skipped)))  # fmt: skip
    pairs = [("default", each.line) for each in outcome.defaults]
    pairs += [("looked at", outcome.looked_at)] if outcome.looked_at else []
    if pairs:
        properties = SubElement(suite, "properties")
        for name, text in pairs:
            SubElement(properties, "property", name=name, value=xml_text(text))
    for patch, found in by_patch:
        name, file = xml_text(f"{patch}: {found[0].summary}"), xml_text(from_here(place(found[0])[0]))
        case = SubElement(suite, "testcase", classname="lint", name=name, file=file)
        matter = [each for each in found if outcome.fails(each)]
        if matter:
            failure = SubElement(case, "failure", message=xml_text(matter[0].message), type=xml_text(matter[0].rule))
            failure.text = "\n".join(_line(each) for each in matter)
        if others := [each for each in found if not outcome.fails(each)]:
            SubElement(case, "system-out").text = "\n".join(_line(each) for each in others)
    if clean > 0:
        SubElement(suite, "testcase", classname="lint", name=f"{clean} mails without a finding")
    for each in outcome.skipped:
        case = SubElement(
            suite, "testcase", classname="lint.skipped", name=xml_text(f"{each.rule} {each.patch}".strip())
        )
        SubElement(case, "skipped", message=xml_text(each.reason)).text = xml_text(each.reason)
    suite.set("tests", str(len(suite.findall("testcase"))))
    return document(suite)


def _line(finding: Finding) -> str:
    location = f"{finding.path}:{finding.line}: " if finding.path else ""
    return xml_text(f"{location}{finding.level.value}: {finding.message} [{finding.rule}]")
