"""Proofs as JSON, in the published form ``prove.schema.json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from patcher.prove.verdict import CommitProof
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("prove.schema.json")


def prove_json(commits: Sequence[CommitProof], tool: dict[str, str]) -> str:
    """The proofs as indented JSON. ``tool``: names and versions of what made them."""
    return render({"schema": 1, "tool": tool, "commits": tuple(commits)}, indent=1)
