"""What yamllint says of a new schema, as the kernel configures it (Documentation/devicetree/bindings/.yamllint)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.lint.schema import schemas

# Of Linux 6.12, without trailing-spaces, which another rule tells, and extends: relaxed in full.
_CONFIGURATION = """
rules:
  braces: {min-spaces-inside: 0, max-spaces-inside: 1, min-spaces-inside-empty: 0, max-spaces-inside-empty: 0}
  brackets: {min-spaces-inside: 0, max-spaces-inside: 1, min-spaces-inside-empty: 0, max-spaces-inside-empty: 0}
  colons: {max-spaces-before: 0, max-spaces-after: 1}
  commas: {min-spaces-after: 1, max-spaces-after: 1}
  comments: {require-starting-space: true, min-spaces-from-content: 1}
  document-start: {present: true}
  empty-lines: {max: 1, max-end: 1}
  empty-values: {forbid-in-block-mappings: true, forbid-in-flow-mappings: true}
  hyphens: {max-spaces-after: 1}
  indentation: {spaces: 2, indent-sequences: true, check-multi-line-strings: false}
  key-duplicates: enable
  quoted-strings: {required: only-when-needed, extra-allowed: ['[$^,[]', '^/$']}
"""
_FEW = 3


@check
def binding_yamllint(job: Change) -> Iterator[Hit]:
    """What yamllint says of a new schema; each kind once a file."""
    for schema in schemas(job.diff):
        if schema.error:
            what = f"it is no YAML: {schema.error}"
            yield Hit(what, job.file(schema.file.path, schema.line(schema.at)), level=Level.WARNING, key="syntax")
            continue
        told: set[str] = set()
        for rule, line, what in _problems(schema.text):
            if rule not in told and len(told) < _FEW:
                told.add(rule)
                yield Hit(f"yamllint: {what}", job.file(schema.file.path, schema.line(line)), key=f"{rule} {what}")


def _problems(text: str) -> Iterator[tuple[str, int, str]]:
    """The rule, the line from 0, and what is said."""
    from yamllint import linter  # it takes its time, and few patches need it
    from yamllint.config import YamlLintConfig

    for each in linter.run(text, YamlLintConfig(_CONFIGURATION)):
        yield each.rule or "syntax", each.line - 1, re.sub(r"\s+", " ", each.desc)
