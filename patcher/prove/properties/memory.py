"""Property 8, as far as it is about memory: what boot takes of it, and running out of it."""

from __future__ import annotations

import msgspec

from patcher.prove import generate, steps
from patcher.prove.actions import Fill, Resume, SetRange
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, Script, booted
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.properties.life import life
from patcher.prove.properties.maps import any_map
from patcher.prove.scenario import BOOT, Machine


class Short(msgspec.Struct, frozen=True):
    """An update whose ``at``-th allocation fails."""

    machine: Machine
    early: tuple[SetRange, ...]
    fill: Fill
    at: int


def in_mid_page(source: Source, context: Context, machine: Machine) -> int:
    """A PFN where there is neither a leaf nor a mid page: its update takes three pages."""
    mid = context.per_page**2
    first = -(-machine.nr_pages // mid)
    return source.integer(first, context.limit // mid - 1) * mid + source.integer(0, mid - 1)


def _short(source: Source, context: Context) -> Short:
    case = life(source, context)
    fill = generate.fill(source, context, case.machine)
    if source.boolean():
        fill = Fill(in_mid_page(source, context, case.machine), fill.mfn)
    return Short(case.machine, case.early, fill, source.integer(1, 4))


def nothing_lost(script: Script) -> None:
    """Each page that was allocated is in the tree, or was given back; where the tree's tables have our names."""
    facts = script.context.facts
    if facts["p2m_top"] and facts["p2m_top_mfn_p"]:
        script.want(steps.Lost(), 0, "no page is lost: all are in use, or given back")


def _short_of_memory(context: Context, case: Short) -> tuple[Script, bool, Mismatch | None]:
    """The update while an allocation fails, after which there is memory again: whether it says that it worked, and how
    it ended if it did not come back."""
    script = booted(context, case.machine, case.early)
    script.do(*case.fill.before(), steps.Fail(case.at, 1))
    update = script.ask(case.fill.call(context.facts))
    scenario, outcome = script.play()
    if not outcome.done:
        return script, False, script.compare(scenario, outcome)
    script.do(steps.Fail(1000, 0))
    return script, bool(outcome.of(update)), None


def _out_of_memory(context: Context, case: Short) -> Mismatch | None:
    """An update without memory says so and changes nothing; with memory again, it works."""
    script, worked, wrong = _short_of_memory(context, case)
    if wrong:
        return wrong
    if worked:
        case.fill.tell(script.model)
    script.look([case.fill.pfn], tools=True)
    script.act(case.fill)
    script.look([case.fill.pfn], tools=True)
    nothing_lost(script)
    return script.judge()


def _half(context: Context, case: Short) -> Mismatch | None:
    """Half of an update is there, as memory ran out, and then the domain is resumed with other frames."""
    script, worked, wrong = _short_of_memory(context, case)
    if wrong:
        return wrong
    if worked:
        return None  # it did without, or with less
    script.act(Resume(0x777))
    if case.at > 1:  # else nothing is half made, and what the resume left out is 7-beyond's
        script.look([case.fill.pfn], tools=True)
    script.act(case.fill)
    script.look([case.fill.pfn], tools=True)
    return script.judge()


def _boot(source: Source, context: Context) -> Machine:
    """With a map, or without; and the worst cases."""
    return source.one_of(
        lambda: generate.costliest(source, context), lambda: generate.crowded(source, context),
        lambda: any_map(source, context), lambda: generate.machine(source, context, 512),
    )  # fmt: skip


def _brk(context: Context, machine: Machine) -> Mismatch | None:
    """Boot with what RESERVE_BRK() has, and not with the page allocator."""
    script = Script(context, machine)
    script.do(*BOOT)
    if machine.e820 and "memory" in context.facts.calls:
        script.do(steps.Memory())
    return script.judge()


PROPERTIES = (
    Property("8-brk", 8, "Boot needs no more early pages than RESERVE_BRK() has, and no others", claims.any_tree,
             Machine, _boot, _brk),
    Property("8-memory", 8, "Running out of memory is reported, and changes nothing", claims.any_tree, Short, _short,
             _out_of_memory),
    Property("8-half", 8, "A resume after memory ran out in the middle of an update goes well", claims.any_tree,
             Short, _short, _half),
)  # fmt: skip
