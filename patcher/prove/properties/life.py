"""Properties 3, 4 and 7: what happens to a running domain, and what the toolstack sees of it."""

from __future__ import annotations

import msgspec

from patcher.prove import generate, steps
from patcher.prove.actions import Fill, Late, Release, Resume, SetRange
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, Script, booted
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.scenario import Machine


class Life(msgspec.Struct, frozen=True):
    """A domain: ranges that are set before the end of boot, and what happens after it."""

    machine: Machine
    early: tuple[SetRange, ...]
    late: tuple[Late, ...] = ()


class Balloon(msgspec.Struct, frozen=True):
    """A domain, and frames that the balloon takes, gives back as these, and takes again."""

    machine: Machine
    frames: tuple[Fill, ...]


def life(source: Source, context: Context) -> Life:
    machine = generate.whole(source, context, 512)
    early: tuple[SetRange, ...] = ()
    if "identity" in context.facts.calls:
        early = source.several(lambda: generate.set_range(source, context, machine), 0, 2)
    late = generate.once(source.several(lambda: generate.update(source, context, machine), 1, 5))
    return Life(machine, early, late)


def _with_resume(source: Source, context: Context) -> Life:
    found = life(source, context)
    at = source.integer(0, len(found.late))
    resume = Resume(source.integer(1, 0x100000))
    return Life(found.machine, found.early, (*found.late[:at], resume, *found.late[at:]))


def live(context: Context, case: Life) -> tuple[Script, list[int]]:
    """Up to the end of boot; and the PFNs that something will happen to."""
    points = [action.pfn for action in case.late if not isinstance(action, Resume)]
    return booted(context, case.machine, case.early), points


def _frame_rule(context: Context, case: Life) -> Mismatch | None:
    script, points = live(context, case)
    for action in case.late:
        script.act(action)
        if len(case.late) <= 2:
            script.look(points)
    script.look(points)
    return script.judge()


def _view(context: Context, case: Life) -> Mismatch | None:
    script, points = live(context, case)
    for action in case.late:
        script.act(action)
    script.look(points, tools=True)
    return script.judge()


def _resumed(context: Context, case: Life) -> Mismatch | None:
    """The tools renumber, and read, what they were told of: PFNs below nr_pages."""
    script, points = live(context, case)
    limit = script.model.given
    for action in case.late:
        if isinstance(action, Resume) or action.pfn < limit:
            script.act(action)
    script.look(points, tools=True, below=limit)
    return script.judge()


def _resumed_beyond(context: Context, case: Life) -> Mismatch | None:
    """After a resume, the part of the tree past the last PFN the tools know of must be in step as well."""
    script, points = live(context, case)
    resume = next(action for action in case.late if isinstance(action, Resume))
    beyond = max(points)
    script.act(Release(beyond))
    script.act(resume)
    script.act(Fill(max(beyond, case.machine.nr_pages + 7), 0xEFFFFF))
    script.look([beyond], tools=True)
    return script.judge()


def _missing(context: Context, case: Balloon) -> Mismatch | None:
    """The balloon: frames go, come back as others, and go again."""
    script = booted(context, case.machine)
    facts = context.facts
    for fill in case.frames:
        pfn = fill.pfn
        for action in (Release(pfn), fill, Release(pfn)):
            script.act(action)
            script.want(steps.Get(pfn), context.raw(script.model.meaning(pfn), pfn))
        script.want(steps.PfnToMfn(pfn), facts["invalid"], f"pfn_to_mfn({pfn:#x}) of a missing PFN is invalid")
        script.want(steps.Valid(pfn), 0, f"a missing PFN {pfn:#x} is not valid")
    script.want(steps.Get(context.limit), facts["invalid"], "past the end of the tree everything is missing")
    script.want(steps.Get(2**context.runner.bits - 1), facts["invalid"], "and at the end of all numbers")
    return script.judge()


def _balloon(source: Source, context: Context) -> Balloon:
    machine = generate.machine(source, context)
    frames = source.several(lambda: generate.fill(source, context, machine), 1, 5)
    return Balloon(machine, tuple({each.mfn: each for each in frames}.values()))


def _last_leaf(context: Context, machine: Machine) -> Mismatch | None:
    """Past nr_pages, up to the end of the last leaf."""
    script = booted(context, machine)
    leaf = context.per_page
    given = min(machine.nr_pages, context.facts["max_domain_pages"])
    end = given + -given % leaf
    invalid = context.facts["invalid"]
    for pfn in sorted({given, (given + end) // 2, end - 1} if given < end else ()):
        script.want(steps.Get(pfn), invalid, f"PFN {pfn:#x}, past nr_pages in the last leaf, is missing")
    script.want(steps.Get(given - 1), machine.frame(given - 1) or 0, "the last PFN of the list has its MFN")
    return script.judge()


def _shared_leaf(context: Context, case: Life) -> Mismatch | None:
    """The shared pages hold what the tools understand, whatever happened."""
    script, _ = live(context, case)
    for action in case.late:
        script.act(action)
    leaf, facts = context.per_page, context.facts
    address = facts["p2m_identity"]
    pointer = script.ask(steps.Peek(address, 1))
    scenario, outcome = script.play()
    wrong = script.compare(scenario, outcome)
    if wrong:
        return wrong
    (page,) = outcome.of(pointer)
    if not page:
        return None
    entries = script.ask(steps.Peek(page, leaf))
    scenario, outcome = script.play()
    for number, entry in enumerate(outcome.of(entries)):
        if entry != facts["invalid"]:
            wanted = "p2m_identity holds only INVALID_P2M_ENTRY"
            return Mismatch(scenario, entries.index, wanted, f"{entry:#x} as entry {number}", outcome)
    return None


PROPERTIES = (
    Property("3-missing", 3, "What the balloon took is missing, before and after it gives back", claims.any_tree,
             Balloon, _balloon, _missing),
    Property("3-last-leaf", 3, "Past nr_pages in the last leaf everything is missing", claims.any_tree, Machine,
             generate.machine, _last_leaf),
    Property("4-frame", 4, "Setting a PFN changes the lookup of that PFN only", claims.any_tree, Life, life,
             _frame_rule),
    Property("7-view", 7, "The toolstack reads what a lookup says", claims.any_tree, Life, life, _view),
    Property("7-resume", 7, "After resume, all MFNs changed, the toolstack reads what a lookup says", claims.any_tree,
             Life, _with_resume, _resumed),
    Property("7-beyond", 7, "The same past the last PFN that the tools were told of", claims.any_tree, Life,
             _with_resume, _resumed_beyond),
    Property("7-shared", 7, "The shared identity leaf holds nothing but INVALID_P2M_ENTRY", claims.shared, Life, life,
             _shared_leaf, 0.5),
)  # fmt: skip
