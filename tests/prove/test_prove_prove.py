"""Proofs of several trees by one prover."""

from __future__ import annotations

from pathlib import Path

from patcher.cache import Cache
from patcher.prove.prove import Prover, Request
from patcher.prove.verdict import Status
from patcher.tree.directory import DirectoryTree
from patcher.tree.overlay import PatchedTree

MMU = "arch/x86/xen/mmu.c"


def test_a_program_is_played_once(mini: Path, prove_cache: Cache, arch: str) -> None:
    """What a comment changes is no program; what code changes is one, and is judged on its own."""
    prover = Prover(Request((arch,), 3, 0, ("9-ram",)), prove_cache)
    base = DirectoryTree(mini)
    text = base.read([MMU])[MMU]
    commented = PatchedTree(base, {MMU: text + b"/* touched */\n"})
    broken = PatchedTree(base, {MMU: text.replace(b"[mididx][idx];", b"[mididx][idx] + 1;", 1)})
    first = prover.proof(base, arch)
    assert prover.proof(commented, arch) is first
    assert [each.status for each in first.verdicts] == [Status.PASS]
    assert [each.status for each in prover.proof(broken, arch).verdicts] == [Status.FAIL]
