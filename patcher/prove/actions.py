"""What happens to a domain: plain data that a case is made of, and that is stored in the corpus."""

from __future__ import annotations

from typing import Literal

import msgspec

from patcher.prove import steps
from patcher.prove.answers import Facts
from patcher.prove.model import P2M, Foreign, Identity, Meaning, Missing, Ram


class Action(msgspec.Struct, frozen=True, tag_field="action"):
    """Something that happens, as steps to play, and as a word for the model."""

    def before(self) -> tuple[steps.AnyStep, ...]:
        """What happens of it outside of the tree, first."""
        return ()

    def call(self, facts: Facts) -> steps.Call:
        """The call of the tree that makes it happen."""
        raise NotImplementedError

    def tell(self, model: P2M) -> None:
        """Tell the model of it, when it has succeeded."""
        raise NotImplementedError

    def fits(self, facts: Facts) -> bool:
        """Whether it can happen in this tree at all."""
        return True


class Fill(Action, frozen=True, tag="fill"):
    """The balloon gives a frame back, or a driver puts one in."""

    pfn: int
    mfn: int

    def before(self) -> tuple[steps.AnyStep, ...]:
        return (steps.M2p(self.mfn, self.pfn),)

    def call(self, facts: Facts) -> steps.Call:
        return steps.Set(self.pfn, self.mfn)

    def tell(self, model: P2M) -> None:
        model.say(self.pfn, self.pfn + 1, Ram(self.mfn))


class Release(Action, frozen=True, tag="release"):
    """The balloon takes a frame."""

    pfn: int

    def call(self, facts: Facts) -> steps.Call:
        return steps.Set(self.pfn, facts["invalid"])

    def tell(self, model: P2M) -> None:
        model.say(self.pfn, self.pfn + 1, Missing())


class PutForeign(Action, frozen=True, tag="foreign"):
    """A frame of another domain is mapped in."""

    pfn: int
    mfn: int

    def call(self, facts: Facts) -> steps.Call:
        return steps.Set(self.pfn, self.mfn | facts["foreign_mark"])

    def tell(self, model: P2M) -> None:
        model.say(self.pfn, self.pfn + 1, Foreign(self.mfn))


class MarkIdentity(Action, frozen=True, tag="mark"):
    """A single PFN is stored as identity."""

    pfn: int

    def call(self, facts: Facts) -> steps.Call:
        return steps.Set(self.pfn, self.pfn | facts["identity_mark"])

    def tell(self, model: P2M) -> None:
        model.say(self.pfn, self.pfn + 1, Identity())

    def fits(self, facts: Facts) -> bool:
        return bool(facts["identity_mark"])


class SetRange(Action, frozen=True, tag="range"):
    """The PFNs [start, end) become identity, or missing."""

    kind: Literal["identity", "missing"]
    start: int
    end: int

    def call(self, facts: Facts) -> steps.Call:
        return (steps.Identity if self.kind == "identity" else steps.Missing)(self.start, self.end)

    def tell(self, model: P2M) -> None:
        meaning: Meaning = Identity() if self.kind == "identity" else Missing()
        model.say(self.start, min(self.end, model.limit), meaning)

    def fits(self, facts: Facts) -> bool:
        return self.kind in facts.calls


class Resume(Action, frozen=True, tag="resume"):
    """The domain was suspended, and goes on with other frames: each has the number ``key`` more than before."""

    key: int

    def before(self) -> tuple[steps.AnyStep, ...]:
        return (steps.Resume(self.key),)

    def call(self, facts: Facts) -> steps.Call:
        return steps.List()

    def tell(self, model: P2M) -> None:
        model.renumber(self.key)


Update = Fill | Release | PutForeign | MarkIdentity  # of one PFN
Late = Update | Resume  # what happens to a running domain


def fits(facts: Facts, case: object) -> bool:
    """Whether all that happens in a case can happen in this tree: one that was found on another may not."""
    if isinstance(case, Action):
        return case.fits(facts)
    if isinstance(case, msgspec.Struct):
        case = msgspec.structs.astuple(case)
    return not isinstance(case, tuple) or all(fits(facts, part) for part in case)
