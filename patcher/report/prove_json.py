"""Proofs as JSON, in the published form ``prove.schema.json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from patcher.prove.verdict import CommitProof
from patcher.report.escape import UNSAFE

SCHEMA = Path(__file__).with_name("prove.schema.json")


def prove_json(commits: Sequence[CommitProof], tool: dict[str, str]) -> str:
    """The proofs as indented JSON. ``tool``: names and versions of what made them."""
    body = {"schema": 1, "tool": tool, "commits": msgspec.to_builtins(tuple(commits))}
    text = msgspec.json.format(msgspec.json.encode(body), indent=1)
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text.decode()) + "\n"
