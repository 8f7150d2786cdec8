"""What all SARIF reports share: SARIF 2.1.0 (OASIS), as code scanning services read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from patcher.report.json_tail import render
from patcher.report.places import from_here

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def log(
    category: str, tool: dict[str, str], rules: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]],
    unchecked: Sequence[dict[str, Any]],
) -> str:  # fmt: skip
    """A log of one run.

    Arguments:
        category: what was done, one word: GitHub keeps one log for a commit of each tool and category
        tool: names and versions of what made it
        rules: a reportingDescriptor each
        results: a result each, as ``result`` makes it
        unchecked: what could not be looked at, as ``notification`` makes it: it must not look like a pass
    """
    invocation = {
        "executionSuccessful": not any(each["level"] == "error" for each in unchecked),
        "toolExecutionNotifications": unchecked,
    }
    run = {
        "tool": {"driver": {"name": tool["name"], "semanticVersion": tool["version"], "rules": rules}},
        "automationDetails": {"id": f"patcher-{category}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return render({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def notification(level: str, text: str) -> dict[str, Any]:
    """What could not be looked at. ``level``: error, or note."""
    return {"level": level, "message": {"text": text}}


def result(rule: str, index: int, level: str, text: str, location: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """A finding. ``index``: of its rule in the log's; ``level``: error, warning, note or none."""
    return {
        "ruleId": rule,
        "ruleIndex": index,
        "level": level,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"patcher/v1": fingerprint, "primaryLocationLineHash": f"{fingerprint}:1"},
    }


def location(commit: str, path: str, line: int, column: int = 0, width: int = 0) -> dict[str, Any]:
    """Where a finding is: in a commit, and at a path. GitHub takes no result without the latter, and without a line.

    ``path`` is relative to the top of the tree, or to where we are, and not ""; ``line`` and ``column`` count from 1, 0
    where there is none; ``width`` in characters.
    """
    region = {"startLine": max(line, 1)}
    if line and column:
        region |= {"startColumn": column, "endColumn": column + max(width, 1)}
    return {
        "logicalLocations": [{"fullyQualifiedName": commit, "kind": "object"}],
        "physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": region},
    }


def rule(name: str, title: str, explain: str, advice: str, level: str = "warning") -> dict[str, Any]:
    """A reportingDescriptor with all that GitHub asks for. ``level``: error, warning or note."""
    return {
        "id": name,
        "name": name.replace("/", "-").replace(":", "-"),
        "shortDescription": {"text": title},
        "fullDescription": {"text": explain},
        "help": {"text": advice},
        "defaultConfiguration": {"level": level},
    }


def _uri(path: str) -> str:
    """A relative reference for what is below where we are, else an absolute one: GitHub rejects /x and ../x."""
    found = from_here(path)
    return f"file://{_quoted(found)}" if found.startswith("/") else _quoted(found)


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
