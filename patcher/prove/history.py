"""What happens to a domain, as a list of actions: turned into steps to play, and told to the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from patcher.prove import steps
from patcher.prove.actions import Action, SetRange
from patcher.prove.answers import Run, Unreachable
from patcher.prove.context import Context
from patcher.prove.model import P2M, Identity, Meaning
from patcher.prove.outcome import Outcome, ending
from patcher.prove.scenario import BOOT, Machine, Scenario
from patcher.prove.steps import AnyStep, Asked, Step

A = TypeVar("A")

MOST_WINDOWS = 48


class Mismatch(NamedTuple):
    """What had to be, and what was, at a step of a scenario. ``pfn``: whose lookup was wrong, or -1."""

    scenario: Scenario
    step: int
    expected: str
    found: str
    outcome: Outcome
    pfn: int = -1
    accepts: tuple[int, ...] = ()


class OneOf(NamedTuple, Generic[A]):
    """Answers that would all be right."""

    answers: tuple[A, ...]


def windows(context: Context, points: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """PFN ranges to look at: the leaves around each point, the ends of its mid page, and the ends of the tree."""
    leaf, mid, limit = context.per_page, context.per_page**2, context.limit
    wanted: set[int] = set()
    for point in points:
        at = min(point, limit - 1) // leaf
        wanted.update((at - 1, at, at + 1))
        page = min(point, limit - 1) // mid * leaf
        wanted.update((page - 1, page, page + leaf - 1, page + leaf))
    wanted.update((0, limit // leaf - 1))
    pages = sorted(each for each in wanted if 0 <= each < limit // leaf)
    merged: list[list[int]] = []
    for page in pages:
        if merged and merged[-1][1] == page * leaf:
            merged[-1][1] += leaf
        else:
            merged.append([page * leaf, (page + 1) * leaf])
    return tuple((start, end) for start, end in merged[:MOST_WINDOWS])


def expected_runs(context: Context, model: P2M, start: int, end: int) -> Iterator[tuple[int, int, Meaning]]:
    """[start, end) cut where the meaning may change: (first PFN, end, meaning of the first)."""
    cuts = sorted({start, end, *(edge for edge in model.edges() if start < edge < end)})
    for first, last in pairwise(cuts):
        yield first, last, model.meaning(first)


class _Wrong(NamedTuple):
    """What had to be, and what was; see ``Mismatch``."""

    expected: str
    found: str
    accepts: tuple[int, ...]
    pfn: int = -1


class _Answer(NamedTuple):
    """A step that must answer with one of these. ``what``: how to call that."""

    asked: Asked[object]
    right: tuple[object, ...]
    what: str

    def wrong(self, context: Context, outcome: Outcome) -> _Wrong | None:
        answer = outcome.of(self.asked)
        if answer in self.right:
            return None
        return _Wrong(self.what, shown(answer), tuple(each for each in self.right if isinstance(each, int)))


class _Lookups(NamedTuple):
    """Lookups, or what the toolstack reads, that must be what the model says."""

    asked: Asked[tuple[Run | Unreachable, ...]]
    model: P2M

    def wrong(self, context: Context, outcome: Outcome) -> _Wrong | None:
        tools = isinstance(self.asked.step, steps.View)
        found = _first_wrong(context, self.model, outcome.of(self.asked), tools)
        who = "the toolstack's view of" if tools else "the lookup of"
        return found and found._replace(expected=f"{who} PFN {found.pfn:#x}: {found.expected}")


def _first_wrong(context: Context, model: P2M, runs: Sequence[Run | Unreachable], tools: bool) -> _Wrong | None:
    """Compare lookups, or the toolstack's view, with the model, as far as the first difference."""
    mark, invalid = context.facts["identity_mark"], context.facts["invalid"]
    for run in runs:
        if isinstance(run, Unreachable):
            level = ("top", "mid", "leaf", "leaf")[run.level - 1]
            what = "not the one of the P2M" if run.level == 4 else "no page of the domain"
            found = f"its {level} page is MFN {run.mfn:#x}, {what}"
            wanted = context.raw(model.meaning(run.pfn), run.pfn)
            return _Wrong(f"a way to PFN {run.pfn:#x}", found, (wanted,), run.pfn)
        for first, last, meaning in expected_runs(context, model, run.start, run.start + run.length):
            for pfn in (first, last - 1):
                wanted, value = context.raw(model.meaning(pfn), pfn), run.value(pfn)
                right = (invalid, pfn | mark) if tools and isinstance(meaning, Identity) else (wanted,)
                if value not in right:
                    return _Wrong(context.says(wanted), context.says(value), right, pfn)
    return None


class Script:
    """Steps to play, with what each must answer. Filled by a property, then judged."""

    def __init__(self, context: Context, machine: Machine) -> None:
        self.context, self.machine, self.model = context, machine, context.model(machine)
        self._steps: list[AnyStep] = []
        self._demands: list[_Answer | _Lookups] = []

    @property
    def demands(self) -> bool:
        """Whether any answer matters."""
        return bool(self._demands)

    def do(self, *more: AnyStep) -> None:
        """Steps whose answers do not matter."""
        self._steps += more

    def ask(self, step: Step[A]) -> Asked[A]:
        """A step whose answer is looked at later."""
        self._steps.append(step)
        return Asked(len(self._steps) - 1, step)

    def want(self, step: Step[A], answer: A | OneOf[A], what: str = "") -> None:
        """A step that must give this answer. ``what``: how to call it."""
        right = answer.answers if isinstance(answer, OneOf) else (answer,)
        asked = self.ask(step)
        self._demands.append(_Answer(asked, right, what or shown(answer)))

    def act(self, action: Action) -> None:
        """An action that must succeed."""
        for step in action.before():
            if isinstance(step, steps.Resume):
                self.want(step, None, "the tools find every leaf by the MFN tree")
            else:
                self.do(step)
        call = action.call(self.context.facts)
        if isinstance(call, steps.Set):
            self.want(call, 1, f"set_phys_to_machine({call.pfn:#x}) says true")
        elif isinstance(action, SetRange) and action.end <= self.context.limit:
            what = f"set_phys_range_{action.kind}({action.start:#x}, {action.end:#x}) counts its PFNs"
            self.want(call, max(0, action.end - action.start), what)
        else:
            self.do(call)
        action.tell(self.model)

    def look(self, points: Iterable[int], *, tools: bool = False, below: int | None = None) -> None:
        """Compare the surroundings of these PFNs, and of every edge the model knows, with the model as it is now.

        ``tools``: what the toolstack reads, too; ``below``: only PFNs below that.
        """
        now = self.model.copy()
        for start, end in windows(self.context, {*points, *(each for each in now.edges())}):
            end = end if below is None else min(end, below)
            if start >= end:
                continue
            scan = self.ask(steps.Scan(start, end))
            self._demands.append(_Lookups(scan, now))
            if tools:
                self._demands.append(_Lookups(self.ask(steps.View(start, end)), now))

    @property
    def scenario(self) -> Scenario:
        """The steps so far."""
        return Scenario(self.machine, tuple(self._steps))

    def play(self) -> tuple[Scenario, Outcome]:
        """Play the steps and answer without a judgement."""
        scenario = self.scenario
        return scenario, self.context.runner.play(scenario)

    def judge(self) -> Mismatch | None:
        """Play the steps; what was not as it had to be, or None."""
        return self.compare(*self.play())

    def compare(self, scenario: Scenario, outcome: Outcome) -> Mismatch | None:
        """The first answer that differs from what was wanted."""
        for demand in self._demands:
            if not outcome.has(demand.asked):
                break
            if wrong := demand.wrong(self.context, outcome):
                index = demand.asked.index
                return Mismatch(scenario, index, wrong.expected, wrong.found, outcome, wrong.pfn, wrong.accepts)
        if not outcome.done:
            return Mismatch(scenario, outcome.at, "the code returns", ending(outcome), outcome)
        return None


def booted(context: Context, machine: Machine, ranges: Sequence[SetRange] = ()) -> Script:
    """A domain in which ranges are set, up to the end of boot."""
    script = Script(context, machine)
    script.do(*BOOT)
    for each in ranges:
        script.act(each)
    script.do(steps.Booted())
    return script


def shown(value: object) -> str:
    """An answer for people."""
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:#x}" if value > 9 else str(value)
