"""Devicetree bindings: the compatible strings that a patch documents, and those that it uses."""

from __future__ import annotations

from patcher.lazy import expression
from patcher.mail.diff import Diff

BINDINGS = "Documentation/devicetree/bindings/"
_STRING = expression(r"(?<![\w.+-])([a-z0-9][\w.+-]*,[\w.+-]*\w)")
_USE = expression(r"\bcompatible\s*=\s*((?:\"[^\"]*\"[\s,]*)+)")
_QUOTED = expression(r"\"([^\",]+,[^\"]+)\"")


def documented(diff: Diff) -> frozenset[str]:
    """What added lines of bindings document."""
    added = (line.text for file in diff.files if file.path.startswith(BINDINGS) for line in file.added)
    return frozenset(each for text in added for each in _STRING.findall(text))


def used(path: str, text: str) -> list[str]:
    """The compatible strings of one line of a driver or a devicetree."""
    if "compatible" not in text or not path.endswith((".c", ".dts", ".dtsi", ".dtso")):
        return []
    return [each for match in _USE.finditer(text) for each in _QUOTED.findall(match.group(1))]


def uses(diff: Diff) -> frozenset[str]:
    """The compatible strings that a patch begins to use."""
    gone = {each for file in diff.files for line in file.removed for each in used(file.path, line.text)}
    return frozenset(each for file in diff.files for line in file.added for each in used(file.path, line.text)) - gone
