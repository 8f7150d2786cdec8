"""Programs of the miniature tree, and of copies with a change, built once for all tests of a worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.prove import toolchain
from patcher.prove.build import build
from patcher.prove.context import Context, void_of
from patcher.prove.program import Program
from patcher.prove.prove import Prover, Request
from patcher.prove.run import Runner
from patcher.prove.verdict import Verdict
from patcher.tree.directory import DirectoryTree
from patcher.tree.kernel import KernelTree

BITS = {"x86_64": 64, "i386": 32}
Changed = Callable[..., KernelTree]
Verdicts = Callable[..., dict[str, Verdict]]


@pytest.fixture(scope="session")
def prove_cache(shared_cache: Path) -> Iterator[Cache]:
    opened = Cache(shared_cache)
    yield opened
    opened.close()


@pytest.fixture(params=list(BITS))
def arch(request: pytest.FixtureRequest) -> str:
    """Both word sizes, where this machine can build and run them."""
    name = str(request.param)
    if why := toolchain.missing(BITS[name]):
        pytest.skip(why)
    return name


@pytest.fixture
def program(arch: str, mini: Path, prove_cache: Cache) -> Program:
    """The miniature tree's."""
    return build(DirectoryTree(mini), arch, prove_cache)


@pytest.fixture
def runner(program: Program) -> Iterator[Runner]:
    with Runner(program) as running:
        yield running


@pytest.fixture
def context(runner: Runner) -> Context:
    return Context(runner, void_of(runner, True), void_of(runner, False))


@pytest.fixture
def changed(mini: Path, tmp_path: Path) -> Changed:
    """``changed({path: (old, new)})``: the miniature tree with each ``old`` replaced, which must be there once."""

    def change(edits: dict[str, tuple[str, str] | list[tuple[str, str]]]) -> KernelTree:
        place = tmp_path / "changed"
        shutil.copytree(mini, place)
        for path, pairs in edits.items():
            text = (place / path).read_text()
            for old, new in pairs if isinstance(pairs, list) else [pairs]:
                assert text.count(old) == 1, (path, old)
                text = text.replace(old, new)
            (place / path).write_text(text)
        return DirectoryTree(place)

    return change


@pytest.fixture
def verdicts(arch: str, prove_cache: Cache) -> Verdicts:
    """``verdicts(tree, *properties)``: what is proven of them, by id."""

    def judge(tree: KernelTree, *only: str, examples: int = 40, shrink: bool = False) -> dict[str, Verdict]:
        proof = Prover(Request((arch,), examples, 0, only, shrink=shrink), prove_cache).proof(tree, arch)
        assert not proof.error, proof.error
        return {verdict.id: verdict for verdict in proof.verdicts}

    return judge
