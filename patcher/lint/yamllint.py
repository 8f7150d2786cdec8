"""What yamllint says of texts, as the kernel configures it (Documentation/devicetree/bindings/.yamllint).

It is a program beside this one, as its licence (GPL-3.0-or-later) is not that of the kernel. Most of the time that it
takes is its start, so it is asked about many texts at once, and about none twice.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patcher import temporary
from patcher.lint.model import CannotTell

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
_SECONDS = 20
_ENDED = (0, 1, 2)  # nothing to say, errors, warnings
_SAID = re.compile(r"^(\d+)\.yaml:(\d+):\d+: \[\w+\] (.*?)(?: \(([a-z-]+)\))?$", re.MULTILINE)
_MOST = 1000  # texts whose answers are kept


class Problem(NamedTuple):
    """What yamllint says of a line, counted from 0; ``rule`` is its name for that, "syntax" where it has none."""

    rule: str
    line: int
    what: str


_known: dict[str, tuple[Problem, ...]] = {}


def ask(texts: Iterable[str]) -> None:
    """Have yamllint look at all of these at once, for ``problems``; where it fails, they are looked at one by one."""
    new = [text for text in dict.fromkeys(texts) if text not in _known]
    if len(new) > 1:
        with contextlib.suppress(CannotTell):
            _remember(new)


def problems(text: str) -> tuple[Problem, ...]:
    """What it says of a text. Raises CannotTell where yamllint cannot be run."""
    if text not in _known:
        _remember([text])
    return _known[text]


def _remember(texts: Sequence[str]) -> None:
    found = _asked(texts)
    if len(_known) + len(texts) > _MOST:
        _known.clear()
    _known.update(zip(texts, found, strict=True))


def _asked(texts: Sequence[str]) -> list[tuple[Problem, ...]]:
    names = [f"{number}.yaml" for number in range(len(texts))]
    command = [sys.executable, "-I", "-m", "yamllint", "-d", _CONFIGURATION, "-f", "parsable", *names]
    try:
        with temporary.directory("yamllint") as place:
            for name, text in zip(names, texts, strict=True):
                (place / name).write_text(text, encoding="utf-8", errors="replace")
            done = subprocess.run(command, cwd=place, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotTell(f"yamllint cannot be run ({error})") from error
    if done.returncode not in _ENDED or b"Traceback" in done.stderr:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise CannotTell(f"yamllint failed ({last[:100]})")
    found: list[list[Problem]] = [[] for _ in texts]
    for number, line, what, rule in _SAID.findall(done.stdout.decode("utf-8", "replace")):
        found[int(number)].append(Problem(rule or "syntax", int(line) - 1, re.sub(r"\s+", " ", what)))
    return [tuple(each) for each in found]
