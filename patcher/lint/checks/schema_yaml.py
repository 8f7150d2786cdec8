"""What yamllint says of a new schema, as the kernel configures it (Documentation/devicetree/bindings/.yamllint)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

from patcher.lint.bindings import BINDINGS
from patcher.lint.job import Change
from patcher.lint.model import CannotTell, Hit, Level
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
_SECONDS = 20
_ENDED = (0, 1, 2)  # nothing to say, errors, warnings
_SAID = re.compile(r"^stdin:(\d+):\d+: \[\w+\] (.*?)(?: \(([a-z-]+)\))?$", re.MULTILINE)


@check(files=(BINDINGS,))
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
    """The rule, the line from 0, and what is said. Raises CannotTell where yamllint cannot be run.

    It is a program beside this one, as its licence (GPL-3.0-or-later) is not that of the kernel.
    """
    command = [sys.executable, "-I", "-m", "yamllint", "-d", _CONFIGURATION, "-f", "parsable", "-"]
    try:
        done = subprocess.run(
            command, input=text.encode("utf-8", "replace"), capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotTell(f"yamllint cannot be run ({error})") from error
    if done.returncode not in _ENDED:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise CannotTell(f"yamllint failed ({last[:100]})")
    for line, what, rule in _SAID.findall(done.stdout.decode("utf-8", "replace")):
        yield rule or "syntax", int(line) - 1, re.sub(r"\s+", " ", what)
