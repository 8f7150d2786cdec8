"""What the README, the scheme and the tour quote is what the tool says of the real tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMIT = r" \(commit \w+\)"
QUOTED = r"^[ ]{0,4}(arch/\S+:\d+: re(?:dundant|quired) .*|Series identity .*|identity: .*)$"
TOP = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/scheme.md", "docs/tour.md"])
def test_quotes(run: Callable[..., Any], linux_2_6_37: Any, page: str) -> None:
    place = ["--tree", linux_2_6_37.path, "--rev", linux_2_6_37.revision or "HEAD"]
    said = re.sub(COMMIT, "", run("plan", "-v", *place).unfolded)  # any repository that has the release will do
    quoted = re.findall(QUOTED, (TOP / page).read_text(), re.M)
    assert quoted
    for line in quoted:
        for part in re.sub(COMMIT, "", line).split("…"):
            assert " ".join(part.split()) in said, line
