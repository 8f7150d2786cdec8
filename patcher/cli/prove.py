"""``patcher prove``."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, WRONG, begin, deliver, on_tree, open_kernel, working
from patcher.cli.elsewhere import elsewhere, on_machines
from patcher.cli.screen import style, width
from patcher.errors import InputError

ARCHS = {"both": ("x86_64", "i386"), "x86_64": ("x86_64",), "i386": ("i386",)}


@click.command(cls=Command)
@on_tree
@click.option("--range", "span", metavar="A..B", help="Prove every commit of a range, and what it starts from.")
@click.option("--series", metavar="NAME", help="Prove the tree with this series, generated for it; several: A,B.")
@click.option("--arch", type=click.Choice(list(ARCHS)), default="both", show_default=True)
@click.option("--examples", type=click.IntRange(1, 100_000), default=100, show_default=True,
              help="Cases to try for each property.")  # fmt: skip
@click.option("--seed", type=click.IntRange(-(2**63), 2**63 - 1), default=0, show_default=True,
              help="The same seed tries the same cases.")  # fmt: skip
@click.option("--property", "only", metavar="ID", multiple=True, help="Only this property (an id, or its number).")
@click.option(
    "--require", metavar="ID", multiple=True, help="Count it as a failure if this one (or 'all') is not PASS."
)
@click.option("--e820", "maps", metavar="FILE", multiple=True, type=PATH,
              help="A real memory map (dmesg) to try beside the random ones.")  # fmt: skip
@click.option("--replay", metavar="FILE", type=PATH, help="Play a stored scenario again.")
@click.option("--keep", metavar="DIR", type=PATH, help="Store the program and failing scenarios.")
@on_machines
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@click.option("-q", "--quiet", is_flag=True, help="Say less.")
@click.option("-v", "--verbose", is_flag=True, help="Show the evidence, and lists in full.")
def prove(
    place: Path, rev: str | None, worktree: bool, subdir: str | None, span: str | None, series: str | None, arch: str,
    examples: int, seed: int, only: tuple[str, ...], require: tuple[str, ...], maps: tuple[Path, ...],
    replay: Path | None, keep: Path | None, on: str | None, form: str, output: Path | None, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """Run the tree's own P2M code against the identity scheme.

    Compiles the files that hold the P2M for user space, unchanged, and plays machines and updates on them, for 64 and
    32 bits. Exit code 1 means that a property does not hold or got lost, or that one of --require is not shown to hold.
    """
    begin(quiet, "compiling the P2M code")
    from patcher.prove import session
    from patcher.prove.e820 import read
    from patcher.prove.prove import Request, choose

    if span and (rev is not None or worktree):
        raise InputError("--range and --rev or --worktree contradict each other", "give one of them")
    if on and replay:
        raise InputError("--on and --replay contradict each other", "a stored scenario is played here, in no time")
    if series and (span or replay):
        raise InputError("--series is one tree, no range and no stored scenario", "give one of them")
    choose(only, require)
    if replay:
        from patcher.prove.replay import replay_file
        from patcher.report.prove_text import replay_text

        with working(quiet) as (cache, bar):
            result = replay_file(open_kernel(place, rev, worktree, subdir), replay, cache)
        deliver(replay_text(result, style(output), width(output)), output)
        return FOUND if result.still_wrong else CLEAN
    with working(quiet) as (cache, bar), elsewhere(on) as machines:
        request = Request(ARCHS[arch], examples, seed, only, tuple(map(read, maps)))
        trees = session.trees(place, rev, span, worktree=worktree, subdir=subdir)
        if series:
            from patcher.cli.asked import Named, requests
            from patcher.generate.pipeline import with_series

            trees = [(series, with_series(tree, requests(Named(series, None)), cache, bar)) for _, tree in trees]
        proofs = session.prove(trees, request, keep, cache, bar, machines)
    if form == "json":
        from patcher.about import tool
        from patcher.report.prove_json import prove_json

        deliver(prove_json(proofs, tool()), output)
    elif form == "html":
        from patcher.about import tool
        from patcher.report.html.prove import prove_html

        deliver(prove_html(proofs, tool()), output)
    else:
        from patcher.report.prove_text import prove_text

        deliver(prove_text(proofs, style(output), verbose=verbose, quiet=quiet, width=width(output)), output)
    if session.nothing_ran(proofs):  # that is no clean result
        return WRONG
    return FOUND if session.found(proofs, require) else CLEAN
