"""What to plan."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from patcher.rules.model import RuleSet
from patcher.series.load import SeriesSpec


class Request(NamedTuple):
    """What to plan.

    ``scope``: a scope of the rules, or "" for the steps of the series alone. ``profile``: "" for a build's own
    configuration if there is one (in the directory ``build``, or in the tree's), else the shipped profiles.
    """

    series_name: str
    series: SeriesSpec
    rules: RuleSet
    scope: str
    profile: str
    build: Path | None = None
