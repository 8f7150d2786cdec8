"""Lint's findings for editors and scripts: one line each."""

from __future__ import annotations

from patcher.escape import safe
from patcher.lint.model import Default, Outcome, in_file, places


def lint_terse(outcome: Outcome) -> str:
    """``file:line:column: level: text [id]``, and nothing else but the defaults that the repository sets. What is said
    of the message of a commit stands where an editor can go to: at the first line that the commit changes."""
    place, lines = places(outcome), []
    for each in outcome.findings:
        text = " ".join(f"{each.message}{'; ' + each.fix if each.fix else ''}".split())
        path, line, column = each.path, max(each.line, 1), max(each.column, 1)
        if not path:
            path, line, column = (*place(each), 1)
            text = f"{each.patch}: {text}"
        lines.append(_one_line(f"{path}:{line}:{column}: {each.level.value}: {text} [{each.rule}]"))
    lines += [_one_line(f"{each.file}:1:1: note: {each.line} [default]") for each in _of_repository(outcome)]
    return "".join(f"{line}\n" for line in lines)


def lint_b4(outcome: Outcome) -> str:
    """As ``b4 prep --check`` reads it: a line with ``ERROR:`` fails, any other warns, none passes."""
    lines = []
    for each in outcome.findings:
        location = f"{each.path}:{each.line}: " if in_file(each) else ""
        fix = f"; {each.fix}" if each.fix else ""
        line = f"{each.level.value.upper()}: {location}{each.message}{fix} [{each.rule}]"
        lines.append(_one_line(line))
    lines += [_one_line(f"NOTE: default: {each.line}") for each in _of_repository(outcome)]
    return "".join(f"{line}\n" for line in lines)


def _of_repository(outcome: Outcome) -> list[Default]:
    """The defaults that the repository sets: it must not make lint silent unnoticed."""
    return [each for each in outcome.defaults if not each.own]


def _one_line(text: str) -> str:
    return safe(text).replace("\n", " ")
