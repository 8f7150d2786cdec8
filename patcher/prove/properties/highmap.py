"""Property 8, in the map that the kernel's image runs in: what is unmapped there when the brk is concluded."""

from __future__ import annotations

import msgspec

from patcher.prove import generate, steps
from patcher.prove.answers import High
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, Script
from patcher.prove.outcome import ending
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.scenario import BOOT, Machine

_PAGES = 512  # in a PMD
_IMAGE = 8  # PMDs before the image, of shim/high.c
_OTHERS = 64  # pages of brk that files other than the P2M's may reserve and not take
_RAMDISK = 3 * _PAGES


class Layout(msgspec.Struct, frozen=True):
    """A domain, and what its kernel looks like when the brk is concluded.

    Attributes:
        machine: the domain; its list is behind the ramdisk
        end: the page that _end is at, from the first PMD on that it can be in with so much brk before it
        others: pages of brk that are not taken, besides those of the P2M's files
        ramdisk: its size in pages
        bare: not a domain of Xen's but the bare machine, which maps the image with large pages
    """

    machine: Machine
    end: int
    others: int
    ramdisk: int
    bare: bool


def _layout(source: Source, context: Context) -> Layout:
    """Any place of _end in its PMD, any amount of the others' brk, and a ramdisk that may end in any PMD. A tree that
    does not look at the end of the brk promises nothing of the bare machine."""
    pages = source.choice((0x1000, 0x1200, 0x8000, 0x40000))
    machine = Machine(pages, source.boolean(), ((pages, generate.LIST, 1),), order=generate.ORDER)
    end = source.integer(0, 3) * _PAGES + source.integer(0, _PAGES - 1)
    others = source.integer(0, _OTHERS)
    ramdisk = source.integer(0, _RAMDISK) if source.boolean() else 0
    bare = context.runner.program.high.ends and source.integer(0, 3) == 3
    return Layout(machine, end, others, 0 if bare else ramdisk, bare)


def _in_words(case: Layout) -> str:
    behind = "this is no domain of Xen's" if case.bare else f"the ramdisk behind it has {case.ramdisk} pages"
    return f"_end is page {case.end % _PAGES} of its PMD; {behind}"


def _play(context: Context, case: Layout) -> Mismatch | None:
    """Every lookup of a PFN that is in the list works afterwards, wherever its leaf is."""
    if case.bare and not context.runner.program.high.ends:
        return None
    script = Script(context, case.machine)
    script.do(*BOOT)
    least = _IMAGE + 2 + -(-(context.runner.brk_pages + _OTHERS) // _PAGES)
    end = least * _PAGES + case.end
    high = script.ask(steps.High(end * 4096, case.others * 4096, case.ramdisk * 4096, case.bare))
    if not case.bare:
        script.do(steps.Scan(0, case.machine.nr_pages))
    scenario, outcome = script.play()
    if not outcome.has(high):
        return script.compare(scenario, outcome)
    gone = outcome.of(high)
    if gone.list and not outcome.done:
        found = f"{gone.list} pages of it are not: {ending(outcome)}"
        return Mismatch(scenario, outcome.at, f"the list stays mapped, or copied ({_in_words(case)})", found, outcome)
    if wrong := _wrong(gone, case.bare):
        return Mismatch(scenario, high.index, f"{wrong[0]} ({_in_words(case)})", wrong[1], outcome)
    return script.compare(scenario, outcome)


def _wrong(gone: High, bare: bool) -> tuple[str, str] | None:
    """What had to be, and what was."""
    if gone.image:
        return "the image stays mapped up to the end of what was taken of the brk", f"{gone.image} PMDs of it are gone"
    if gone.info:
        return "the start info, behind the builder's list, stays mapped", "it is gone"
    if bare and gone.left:
        return "between the brk and _end nothing stays mapped", f"{gone.left} PMDs are left"
    return None


PROPERTIES = (
    Property("8-high", 8, "When the brk ends, what Xen put behind _end stays mapped; on bare metal no unused brk does",
             claims.high_map, Layout, _layout, _play),
)  # fmt: skip
