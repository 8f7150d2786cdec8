"""A semantic patch that the user named, as a series of one step: its message comes from its head."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from patcher.cocci.script import SemanticPatch, load
from patcher.errors import InputError
from patcher.series.load import SeriesSpec, StepSpec

_WIDTH = 72
_LONG = 60  # lines of a semantic patch that a message can show
_NOT_A_SLUG = re.compile(r"[^a-z0-9]+")
_HEADER = re.compile(r'<[\w./+-]+>|"[\w./+-]+"')


def series(file: Path, over: Sequence[str] = (), message: Sequence[str] = (), include: str = "") -> SeriesSpec:
    """The series.

    Arguments:
        over: git pathspecs of the files it may change; all C files that have the words it needs where there are none
        message: paragraphs, the first of them the subject; else the head of the file has them
        include: a header that each changed file is to include, as ``<linux/string_choices.h>``

    Raises InputError where the file is no semantic patch, or nothing says what the change is.
    """
    patch = load(file)
    if include and not _HEADER.fullmatch(include):
        raise InputError(f"{include!r} is no header", "write it as <linux/io.h>")
    slug = _NOT_A_SLUG.sub("-", file.stem.lower()).strip("-") or "change"
    title = message[0].strip() if message else _subject(patch.title)
    if not title:
        raise InputError(f"{patch.name} does not say what it changes", "begin it with a line ///, or add -m SUBJECT")
    text = "\n\n".join(message[1:]) if message[1:] else _body(patch)
    step = StepSpec(slug, title=title, message=text, cocci=patch, over=tuple(over), include=include)
    return SeriesSpec(step=(step,), name=slug)


def message(patch: SemanticPatch) -> tuple[str, str]:
    """Subject ("" where the head has none) and text of a commit message, from the head of a semantic patch. The
    semantic patch itself is not in it: a series has that beside."""
    parts = [textwrap.fill(part, _WIDTH) for part in patch.explain.split("\n\n") if part]
    return _subject(patch.title), "\n\n".join(parts or ["Say what is wrong, and why this is right."]) + "\n"


def _subject(title: str) -> str:
    first = title.partition(" ")[0]
    return title[:1].lower() + title[1:] if first[1:].islower() or len(first) == 1 else title


def _body(patch: SemanticPatch) -> str:
    """What the head explains, and the semantic patch: by its name in the kernel, or as it stands."""
    parts = [textwrap.fill(part, _WIDTH) for part in patch.explain.split("\n\n") if part]
    kernel = re.search(r"(?:^|/)(scripts/coccinelle/.+)", patch.name)
    if kernel:
        parts.append(f"The semantic patch that makes this change is available\nin {kernel.group(1)}.")
    else:
        if patch.rules.count("\n") < _LONG:
            parts.append(f"The semantic patch that makes this change:\n\n// <smpl>\n{patch.rules}\n// </smpl>")
    return "\n\n".join(parts) + "\n"
