"""Properties 3, 4 and 7: what happens to a running domain, and what the toolstack sees of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from patcher.prove import generate
from patcher.prove.history import Action, Context, Mismatch, Script
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Case, Property
from patcher.prove.scenario import BOOT, Machine


class Life(NamedTuple):
    machine: Machine
    early: tuple[Action, ...]
    late: tuple[Action, ...]


@st.composite
def lives(draw: Any, context: Context, *, resumes: bool = False) -> Life:
    machine = draw(generate.wholes(context, 512))
    early: list[Action] = []
    if "identity" in context.facts.calls:
        early = draw(st.lists(generate.ranges(context, machine), max_size=2))
    late = generate.once(draw(st.lists(generate.updates(context, machine), min_size=1, max_size=5)))
    if resumes:
        late.insert(draw(st.integers(0, len(late))), ("resume", draw(generate.KEYS)))
    return Life(machine, tuple(early), tuple(late))


def live(context: Context, life: Life) -> tuple[Script, list[int]]:
    script = Script(context, life.machine)
    script.do(*BOOT)
    for action in life.early:
        script.act(action)
    script.do(("booted",))
    points = [int(action[1]) for action in life.late if action[0] != "resume"]
    return script, points


def _frame_rule(context: Context, life: Life) -> Mismatch | None:
    script, points = live(context, life)
    for action in life.late:
        script.act(action)
        if len(life.late) <= 2:
            script.look(points)
    script.look(points)
    return script.judge()


def _view(context: Context, life: Life) -> Mismatch | None:
    script, points = live(context, life)
    for action in life.late:
        script.act(action)
    script.look(points, tools=True)
    return script.judge()


def _resumed(context: Context, life: Life) -> Mismatch | None:
    """The tools renumber, and read, what they were told of: PFNs below nr_pages."""
    script, points = live(context, life)
    limit = script.model.given
    for action in life.late:
        if action[0] == "resume" or int(action[1]) < limit:
            script.act(action)
    script.look(points, tools=True, below=limit)
    return script.judge()


def _resumed_beyond(context: Context, life: Life) -> Mismatch | None:
    """After a resume, the part of the tree past the last PFN the tools know of must be in step as well."""
    script, points = live(context, life)
    resume = next(action for action in life.late if action[0] == "resume")
    beyond = max(points)
    script.act(("release", beyond))
    script.act(resume)
    script.act(("fill", max(beyond, life.machine.nr_pages + 7), 0xEFFFFF))
    script.look([beyond], tools=True)
    return script.judge()


def _missing(context: Context, case: tuple[Machine, list[tuple[int, int]]]) -> Mismatch | None:
    """The balloon: frames go, come back as others, and go again."""
    machine, frames = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    facts = context.facts
    for pfn, mfn in frames:
        for action in (("release", pfn), ("fill", pfn, mfn), ("release", pfn)):
            script.act(action)
            script.want(("get", pfn), context.raw(script.model.meaning(pfn), pfn))
        script.want(("pfn_to_mfn", pfn), facts["invalid"], f"pfn_to_mfn({pfn:#x}) of a missing PFN is invalid")
        script.want(("valid", pfn), 0, f"a missing PFN {pfn:#x} is not valid")
    script.want(("get", context.limit), facts["invalid"], "past the end of the tree everything is missing")
    script.want(("get", 2**context.runner.bits - 1), facts["invalid"], "and at the end of all numbers")
    return script.judge()


def _balloons(context: Context) -> st.SearchStrategy[Case]:
    def cases(machine: Machine) -> st.SearchStrategy[Case]:
        mfn = st.integers(generate.BALLOON, generate.BALLOON + 0xFFFFF)
        pairs = st.tuples(generate.pfns(context, machine), mfn)
        return st.tuples(st.just(machine), st.lists(pairs, min_size=1, max_size=5, unique_by=lambda pair: pair[1]))

    return generate.machines(context).flatmap(cases)


def _last_leaf(context: Context, machine: Machine) -> Mismatch | None:
    """Past nr_pages, up to the end of the last leaf."""
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    leaf = context.per_page
    given = min(machine.nr_pages, context.facts["max_domain_pages"])
    end = given + -given % leaf
    invalid = context.facts["invalid"]
    for pfn in sorted({given, (given + end) // 2, end - 1} if given < end else ()):
        script.want(("get", pfn), invalid, f"PFN {pfn:#x}, past nr_pages in the last leaf, is missing")
    script.want(("get", given - 1), machine.frame(given - 1), "the last PFN of the list has its MFN")
    return script.judge()


def _shared_leaf(context: Context, life: Life) -> Mismatch | None:
    """The shared pages hold what the tools understand, whatever happened."""
    script, _ = live(context, life)
    for action in life.late:
        script.act(action)
    leaf, facts = context.per_page, context.facts
    address = facts["p2m_identity"]
    at = len(script._steps)
    script.do(("peek", address, 1))
    scenario, outcome = script.play()
    wrong = script.compare(scenario, outcome)
    if wrong:
        return wrong
    page = outcome.answers[at][0]
    if not page:
        return None
    script.want(("peek", int(page), leaf), (facts["invalid"],) * leaf, "p2m_identity holds only INVALID_P2M_ENTRY")
    return script.judge()


PROPERTIES = (
    Property("3-missing", 3, "What the balloon took is missing, before and after it gives back", claims.any_tree,
             _balloons, _missing),
    Property("3-last-leaf", 3, "Past nr_pages in the last leaf everything is missing", claims.any_tree,
             generate.machines, _last_leaf),
    Property("4-frame", 4, "Setting a PFN changes the lookup of that PFN only", claims.any_tree, lives, _frame_rule),
    Property("7-view", 7, "The toolstack reads what a lookup says", claims.any_tree, lives, _view),
    Property("7-resume", 7, "After resume, all MFNs changed, the toolstack reads what a lookup says", claims.any_tree,
             lambda context: lives(context, resumes=True), _resumed),
    Property("7-beyond", 7, "The same past the last PFN that the tools were told of", claims.any_tree,
             lambda context: lives(context, resumes=True), _resumed_beyond),
    Property("7-shared", 7, "The shared identity leaf holds nothing but INVALID_P2M_ENTRY", claims.shared, lives,
             _shared_leaf, 0.5),
)  # fmt: skip
