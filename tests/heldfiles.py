"""Files that are given, where the steps of a series find theirs in a tree."""

from __future__ import annotations

from collections.abc import Mapping

from patcher.model import Edit
from patcher.series.load import StepSpec


class HeldFiles:
    """See ``patcher.series.patches.Files``: every step looks at the same."""

    def __init__(
        self, contents: Mapping[str, bytes], places: Mapping[str, tuple[tuple[str, int], ...]] | None = None
    ) -> None:
        self.contents, self.places = dict(contents), places or {}

    def of(self, step: StepSpec, changed: Mapping[str, bytes]) -> dict[str, bytes]:
        return {**self.contents, **changed}

    def found(self, rule: str) -> tuple[tuple[str, int], ...]:
        return self.places.get(rule, ())

    def transform(self, step: StepSpec, contents: Mapping[str, bytes]) -> tuple[tuple[Edit, ...], Mapping[str, str]]:
        raise NotImplementedError("these steps are no semantic patches")
