"""What happens to a domain, as a list of actions: turned into steps to play, and told to the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from patcher.prove.actions import Action, Resume, SetRange
from patcher.prove.build import APART
from patcher.prove.model import P2M, Foreign, Identity, Meaning, Missing, Ram
from patcher.prove.protocol import Why
from patcher.prove.run import Facts, Outcome, Run, Runner, Unreachable
from patcher.prove.scenario import BOOT, Machine, Region, Scenario, Step

MOST_WINDOWS = 48
SIGNALS = {4: "BUG()", 5: "a breakpoint", 7: "a bus error", 8: "an arithmetic fault", 11: "a wild access",
           27: "an endless loop"}  # fmt: skip


class Mismatch(NamedTuple):
    """What had to be, and what was, at a step of a scenario. ``pfn``: whose lookup was wrong, or -1."""

    scenario: Scenario
    step: int
    expected: str
    found: str
    outcome: Outcome
    pfn: int = -1
    accepts: tuple[int, ...] = ()


class Undecided(Exception):
    """Whether a tree claims a property cannot be told: why."""


class OneOf(NamedTuple):
    """Answers that would all be right."""

    answers: tuple[int, ...]


class Context(NamedTuple):
    """A running program, how void PFNs read in it for an initial and for another domain, and E820s of real machines."""

    runner: Runner
    void_initial: Meaning
    void_other: Meaning
    maps: tuple[tuple[Region, ...], ...] = ()

    @property
    def facts(self) -> Facts:
        return self.runner.facts

    @property
    def per_page(self) -> int:
        return self.runner.per_page

    @property
    def limit(self) -> int:
        return self.runner.limit

    def lacking(self, outcome: Outcome) -> str:
        """The symbol whose lack ended a scenario: a gap of ours, no fault of the tree's; "" where it was another."""
        if outcome.why is not Why.SIGNAL:
            return ""
        fault, stubs = outcome.numbers[2], self.runner.program.stubs
        return next((name for start, name in stubs.items() if start <= fault < start + APART), "")

    def ask(self, machine: Machine, steps: Sequence[Step]) -> Outcome:
        """Play what tells whether a tree claims a property. Raises Undecided where the code came to a symbol that
        nothing supplies, or broke the run: then nobody knows."""
        outcome = self.runner.play(Scenario(machine, tuple(steps)))
        if symbol := self.lacking(outcome):
            raise Undecided(f"the code reached {symbol}, which nothing here supplies")
        if outcome.why in (Why.SYSTEM_CALL, Why.BROKEN, Why.KILLED, Why.TIME):
            raise Undecided(ending(outcome))
        return outcome

    def model(self, machine: Machine) -> P2M:
        """The meaning of every PFN at boot."""
        void = self.void_initial if machine.initial else self.void_other
        return P2M(machine, self.limit, void, self.facts["max_domain_pages"], self.per_page)

    def raw(self, meaning: Meaning, pfn: int) -> int:
        """What a lookup must answer for a PFN of that meaning."""
        match meaning:
            case Ram(mfn):
                return mfn
            case Foreign(mfn):
                return mfn | self.facts["foreign_mark"]
            case Identity():
                return pfn | self.facts["identity_mark"]
            case _:
                return self.facts["invalid"]

    def says(self, value: int) -> str:
        """A raw entry in words."""
        if value == self.facts["invalid"]:
            return "missing"
        mark = self.facts["identity_mark"]
        if mark and value & mark:
            return f"identity of {value & ~mark:#x}"
        if value & self.facts["foreign_mark"]:
            return f"foreign MFN {value & ~self.facts['foreign_mark']:#x}"
        return f"MFN {value:#x}"


def void_of(runner: Runner, initial: bool) -> Meaning:
    """How a PFN reads that nothing was ever said of: asked of the code itself, once, in the plainest case."""
    pfn = runner.limit // 2 + 7
    outcome = runner.play(Scenario(small_machine(runner, initial), (*BOOT, ("get", pfn))))
    mark = runner.facts["identity_mark"]
    return Identity() if outcome.done and mark and outcome.answers[-1] == pfn | mark else Missing()


def small_machine(runner: Runner, initial: bool) -> Machine:
    """Some leaves of RAM, all whole."""
    pages = 4 * runner.per_page
    return Machine(pages, initial, ((pages, 0x400000, 1),), order=24)


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


def check_scan(
    context: Context, model: P2M, runs: Sequence[Run | Unreachable], tools: bool
) -> tuple[int, str, str, tuple[int, ...]] | None:
    """Compare a scan, or the toolstack's view, with the model: (PFN, expected, found, what would be right) of the first
    difference."""
    mark, invalid = context.facts["identity_mark"], context.facts["invalid"]
    for run in runs:
        if isinstance(run, Unreachable):
            level = ("top", "mid", "leaf", "leaf")[run.level - 1]
            what = "not the one of the P2M" if run.level == 4 else "no page of the domain"
            found = f"its {level} page is MFN {run.mfn:#x}, {what}"
            return run.pfn, f"a way to PFN {run.pfn:#x}", found, (context.raw(model.meaning(run.pfn), run.pfn),)
        for first, last, meaning in expected_runs(context, model, run.start, run.start + run.length):
            for pfn in (first, last - 1):
                wanted, value = context.raw(model.meaning(pfn), pfn), run.value(pfn)
                right = (invalid, pfn | mark) if tools and isinstance(meaning, Identity) else (wanted,)
                if value not in right:
                    return pfn, context.says(wanted), context.says(value), right
    return None


def ending(outcome: Outcome) -> str:
    """How a scenario ended that was not to end."""
    first, second, third = outcome.numbers
    match outcome.why:
        case Why.SIGNAL:
            name = SIGNALS.get(first, f"signal {first}")
            return f"{name} at address {third:#x}" if first == 11 else name
        case Why.BRK_FULL:
            return f"extend_brk() for page {first}, but RESERVE_BRK() has {second}"
        case Why.BRK_LATE:
            return "extend_brk() after boot, which is a BUG()"
        case Why.ALLOC_EARLY:
            return "the page allocator was called before it is there"
        case Why.BAD_FREE:
            return f"a page is freed that was never allocated: {first:#x}"
        case Why.HYPERCALL:
            return f"hypercall {first} ({second:#x}), which is no part of this"
        case Why.PANIC:
            return "panic()"
        case Why.KILLED:
            return f"it was killed by signal {first}"
        case Why.SYSTEM_CALL:
            return f"it calls the kernel that it runs on (system call {first})"
        case Why.TIME:
            return f"it was not back after {first} seconds"
        case Why.BROKEN:
            return "the code broke the run: what came back is not what the shim says"
        case Why.DEADLOCK:
            return f"a lock is taken that is taken already ({second:#x})"
        case Why.UNLOCK:
            return f"a lock is given back that is not taken ({second:#x})"
        case Why.LOCKED:
            return "it comes back with a lock that it took"
        case _:
            return outcome.why.name.lower()


class Script:
    """Steps to play, with what each must answer. Filled by a property, then judged."""

    def __init__(self, context: Context, machine: Machine) -> None:
        self.context, self.machine, self.model = context, machine, context.model(machine)
        self._steps: list[Step] = []
        self._wanted: list[tuple[int, Any, P2M | None]] = []

    @property
    def demands(self) -> bool:
        """Whether any answer matters."""
        return bool(self._wanted)

    def do(self, *steps: Step) -> None:
        """Steps whose answers do not matter."""
        self._steps += steps

    def ask(self, step: Step) -> int:
        """A step whose answer is looked at later: its index in the scenario."""
        self._steps.append(step)
        return len(self._steps) - 1

    def want(self, step: Step, answer: object, what: str = "") -> None:
        """A step that must give this answer. ``what``: how to call it."""
        self._wanted.append((len(self._steps), (answer, what), None))
        self._steps.append(step)

    def act(self, action: Action) -> None:
        """An action that must succeed."""
        for step in action.steps(self.context.facts):
            if step[0] == "set":
                self.want(step, 1, f"set_phys_to_machine({step[1]:#x}) says true")
            elif isinstance(action, SetRange) and action.end <= self.context.limit:
                start, end = action.start, action.end
                what = f"set_phys_range_{action.kind}({start:#x}, {end:#x}) counts its PFNs"
                self.want(step, max(0, end - start), what)
            elif isinstance(action, Resume) and step[0] == "resume":
                self.want(step, None, "the tools find every leaf by the MFN tree")
            else:
                self.do(step)
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
            self._wanted.append((len(self._steps), "scan", now))
            self._steps.append(("scan", start, end))
            if tools:
                self._wanted.append((len(self._steps), "view", now))
                self._steps.append(("view", start, end))

    def play(self) -> tuple[Scenario, Outcome]:
        """Play the steps and answer without a judgement."""
        scenario = Scenario(self.machine, tuple(self._steps))
        return scenario, self.context.runner.play(scenario)

    def judge(self) -> Mismatch | None:
        """Play the steps; what was not as it had to be, or None."""
        return self.compare(*self.play())

    def compare(self, scenario: Scenario, outcome: Outcome) -> Mismatch | None:
        """The first answer that differs from what was wanted."""
        for at, wanted, model in self._wanted:
            if at >= len(outcome.answers):
                break
            answer = outcome.answers[at]
            if model is None:
                value, what = wanted
                right = value.answers if isinstance(value, OneOf) else (value,)
                if answer not in right:
                    accepts = tuple(each for each in right if isinstance(each, int))
                    return Mismatch(scenario, at, what or shown(value), shown(answer), outcome, accepts=accepts)
            else:
                tools = wanted == "view"
                wrong = check_scan(self.context, model, answer, tools)
                if wrong:
                    pfn, expected, found, accepts = wrong
                    who = "the toolstack's view of" if tools else "the lookup of"
                    return Mismatch(scenario, at, f"{who} PFN {pfn:#x}: {expected}", found, outcome, pfn, accepts)
        if not outcome.done:
            return Mismatch(scenario, outcome.at, "the code returns", ending(outcome), outcome)
        return None


def shown(value: object) -> str:
    """An answer for people."""
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:#x}" if value > 9 else str(value)
