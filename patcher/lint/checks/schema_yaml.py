"""What yamllint says of a new schema."""

from __future__ import annotations

from collections.abc import Iterator

from patcher.lint import yamllint
from patcher.lint.bindings import BINDINGS
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.lint.schema import schemas

_FEW = 3


@check(files=(BINDINGS,))
def binding_yamllint(job: Change) -> Iterator[Hit]:
    """What yamllint says of a new schema; each kind once a file."""
    yamllint.ask(schema.text for schema in schemas(job.diff) if not schema.error)
    for schema in schemas(job.diff):
        if schema.error:
            what = f"it is no YAML: {schema.error}"
            yield Hit(what, job.file(schema.file.path, schema.line(schema.at)), level=Level.WARNING, key="syntax")
            continue
        told: set[str] = set()
        for rule, line, what in yamllint.problems(schema.text):
            if rule not in told and len(told) < _FEW:
                told.add(rule)
                yield Hit(f"yamllint: {what}", job.file(schema.file.path, schema.line(line)), key=f"{rule} {what}")
