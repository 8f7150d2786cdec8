"""A short run of the campaign against hostile input; ``bench/hostile.py`` runs long ones by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).parents[1] / "bench" / "hostile.py"


@pytest.mark.parametrize("families", [("arguments", "configuration", "mails"), ("descriptors", "surroundings")])
def test_twenty_cases(families: tuple[str, ...]) -> None:
    only = [word for name in families for word in ("--only", name)]
    done = subprocess.run(
        [sys.executable, CAMPAIGN, "--seed", "2026", "--cases", "12", "--patience", "4", "--jobs", "2", *only],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 cases, seed 2026" in done.stdout
    assert "0 tracebacks, 0 wrong exit codes, 0 hangs, 0 leaks, 0 writes outside" in done.stdout
