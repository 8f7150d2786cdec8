"""A running program, and what is asked of it before its properties are tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from patcher.prove.answers import Facts
from patcher.prove.link import APART
from patcher.prove.model import P2M, Foreign, Identity, Meaning, Missing, Ram
from patcher.prove.outcome import Outcome, ending
from patcher.prove.protocol import Why
from patcher.prove.run import Runner
from patcher.prove.scenario import BOOT, Machine, Region, Scenario
from patcher.prove.steps import AnyStep, Asked, Get, Step

A = TypeVar("A")


class Undecided(Exception):
    """Whether a tree claims a property cannot be told: why."""


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

    def ask(self, machine: Machine, before: Iterable[AnyStep], question: Step[A]) -> A | None:
        """The answer of the last step, which tells whether a tree claims a property; None where the code does not come
        to its end. Raises Undecided as ``decided`` does."""
        scenario = Scenario(machine, (*before, question))
        outcome = self.decided(scenario)
        return outcome.of(Asked[A](len(scenario.steps) - 1, question)) if outcome.done else None

    def decided(self, scenario: Scenario) -> Outcome:
        """Play what tells whether a tree claims a property. Raises Undecided where the code came to a symbol that
        nothing supplies, or broke the run: then nobody knows."""
        outcome = self.runner.play(scenario, counts=False)  # which property asks it first depends on what is tried
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
    outcome = runner.play(Scenario(small_machine(runner, initial), (*BOOT, Get(pfn))))
    mark = runner.facts["identity_mark"]
    return Identity() if outcome.done and mark and outcome.answers[-1] == pfn | mark else Missing()


def small_machine(runner: Runner, initial: bool) -> Machine:
    """Some leaves of RAM, all whole."""
    pages = 4 * runner.per_page
    return Machine(pages, initial, ((pages, 0x400000, 1),), order=24)
