"""``patcher p2m``: what a tree's own code makes of the P2M."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.command import Group
from patcher.cli.common import CLEAN, FOUND, PATH, begin, deliver, on_tree, open_kernel, working
from patcher.cli.screen import style, width

if TYPE_CHECKING:
    from patcher.tree.kernel import KernelTree


@click.group(cls=Group)
def p2m() -> None:
    """Xen's table from PFN to MFN, as a tree's own code builds it."""


@p2m.command("draw")
@on_tree
@click.option("--arch", type=click.Choice(["x86_64", "i386"]), default="x86_64", show_default=True)
@click.option("--e820", "map_file", metavar="FILE", type=PATH,
              help="The machine's memory map (dmesg). Default: an example, a laptop with 4 GiB.")  # fmt: skip
@click.option("--nr-pages", metavar="N", type=click.IntRange(1, 2**40),
              help="Pages the domain is given. Default: as many as the map has RAM.")  # fmt: skip
@click.option("--unprivileged", is_flag=True, help="Boot an unprivileged domain, not the initial one.")
@click.option("-o", "--output", metavar="FILE.svg", type=PATH,
              help="Write an SVG picture there. Default: text, on standard output.")  # fmt: skip
def p2m_draw(
    place: Path, rev: str | None, worktree: bool, subdir: str | None, arch: str, map_file: Path | None,
    nr_pages: int | None, unprivileged: bool, output: Path | None,
) -> int:  # fmt: skip
    """Draw the tree that the code builds at boot: top, mid and leaf pages; RAM, identity and missing.

    The tree's P2M is compiled for user space, as for `patcher prove`, and booted on the memory map. Pages that are
    shared are drawn once. Exit code 1: the code did not come to the end of the boot.
    """
    begin(what="compiling and booting the P2M code")
    from patcher.escape import safe
    from patcher.prove import session
    from patcher.prove.e820 import read
    from patcher.prove.laptop import example
    from patcher.prove.picture import Ended
    from patcher.report.p2m_rows import About

    regions, origin = (read(map_file), map_file.name) if map_file else example(nr_pages)
    tree = open_kernel(place, rev, worktree, subdir)
    with working() as (cache, _):
        picture = session.picture(tree, arch, regions, nr_pages, cache, initial=not unprivileged)
    if isinstance(picture, Ended):
        where = f" at {picture.place}" if picture.place else ""
        click.echo(safe(f"no picture: the boot ended with {picture.what}{where}"), err=True)
        return FOUND
    about = About(_name(tree, rev, worktree), origin)
    if output is None:
        from patcher.report.p2m_text import p2m_text

        deliver(p2m_text(picture, about, style(), width()), None)
    else:
        from patcher.report.p2m_svg import p2m_svg

        deliver(p2m_svg(picture, about), output)
    return CLEAN


def _name(tree: KernelTree, rev: str | None, worktree: bool) -> str:
    """The tree in few words: the revision asked for and its commit, or the directory."""
    directory = Path(tree.where).name or tree.where
    if worktree:
        return f"the worktree of {directory}"
    return f"{rev or 'HEAD'} ({tree.commit[:12]})" if tree.commit else directory
