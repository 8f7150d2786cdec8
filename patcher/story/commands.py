"""The commands that give again what a story tells. Of the tree they have the name alone: its place is the reader's."""

from __future__ import annotations

import shlex

from patcher.check.run import Options
from patcher.lint.session import Request as LintRequest
from patcher.story.model import Story


def commands(
    story: Story, options: Options | None, examples: int, map_file: str, named: LintRequest | None, mailed: bool
) -> tuple[str, ...]:
    """What gives the same again, all of it and stage by stage.

    Arguments:
        options: how it was compiled, None where it was not
        examples: cases for each property
        map_file: of the machine whose P2M is drawn, "" where none was named
        named: what the user named, None where the series was generated
        mailed: those were patches, no range
    """
    tree = ("--tree", story.place)
    base, tip = story.base[:12], story.tip[:12]
    what: tuple[str, ...] = ("--series", story.name)
    on: tuple[str, ...] = ("--base", base)
    span = f"{base}..patcher/{story.name.rpartition(',')[2]}"
    found = []
    if named is None:
        found.append(line("patcher", "apply", *tree, "--rev", base, "--series", story.name))
    elif mailed:
        what = named.what
    else:
        span = f"{base}..{tip}"
        what, on = (span,), ()
    how = ["--examples", str(examples)] if story.proofs else []
    if options:
        trusting = [*(word for each in options.configs for word in ("--configs", each)), "--trust-tree"]
        found.append(line("patcher", "check", *tree, *what, *on, *trusting))
        how += trusting
    if story.lint is not None:
        found.append(line("patcher", "lint", *tree, *(what if mailed else (span,)), *(on if mailed else ())))
    if story.proofs and not mailed:
        found.append(line("patcher", "prove", *tree, "--range", span, "--examples", str(examples)))
    how += ["--e820", map_file] if map_file else []
    how += [f"--no-{each.stage}" for each in story.not_run if each.why == f"--no-{each.stage}"]
    return line("patcher", "report", *tree, *what, *on, *how), *found


def line(*words: str) -> str:
    """A command as a shell reads it."""
    return shlex.join(words)
