"""Properties that are tried elsewhere: the proof is the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from cluster.beside import Beside

from patcher.cache import Cache
from patcher.prove.prove import Request
from patcher.prove.session import found, nothing_ran, prove
from patcher.prove.verdict import CommitProof, Status
from patcher.tree.directory import DirectoryTree


def timeless(proofs: tuple[CommitProof, ...]) -> list[CommitProof]:
    return [
        msgspec.structs.replace(
            each, proofs=tuple(msgspec.structs.replace(proof, seconds=0.0) for proof in each.proofs)
        )
        for each in proofs
    ]  # fmt: skip


@pytest.fixture
def request_of(arch: str) -> Request:
    return Request((arch,), 1, 0, ("3-missing", "9-device", "9-isa"))


def test_a_proof_is_the_same(mini: Path, request_of: Request, prove_cache: Cache, cache: Cache, tmp_path: Path) -> None:
    tree = DirectoryTree(mini)
    trees = [("one", tree), ("two", tree)]
    here = prove(trees, request_of, None, prove_cache)
    beside = Beside(tmp_path)
    assert timeless(prove(trees, request_of, None, cache, elsewhere=beside)) == timeless(here)
    assert sorted(unit.about.split()[0] for unit in beside.done) == ["3-missing", "9-device", "9-isa"]
    assert timeless(prove(trees, request_of, None, cache, elsewhere=beside)) == timeless(here)
    assert len(beside.done) == 3, "a second run costs nothing"


def test_what_is_lost_is_no_success(mini: Path, request_of: Request, cache: Cache, tmp_path: Path) -> None:
    beside = Beside(tmp_path, lose=[1])
    proofs = prove([("", DirectoryTree(mini))], request_of, None, cache, None, beside)
    ((proof,),) = (each.proofs for each in proofs)
    lost = [verdict for verdict in proof.verdicts if verdict.status is Status.ERROR]
    assert [(verdict.id, verdict.reason) for verdict in lost] == [("9-device", "the machine burns")]
    assert found(proofs, ()) and not nothing_ran(proofs)
    again = prove([("", DirectoryTree(mini))], request_of, None, cache, None, beside)
    assert [unit.about.split()[0] for unit in beside.done[3:]] == ["9-device"], "only what was lost is done again"
    assert not found(again, ())
    assert found((*proofs, *again), ()) and found((*again, *proofs, *again), ()), "wherever in a range it was lost"
