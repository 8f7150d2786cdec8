"""Looks for cases that no seed of `patcher prove` has drawn yet: Hypothesis makes the choices that our generator makes.

    python bench/explore.py --tree DIR [--rev REV] [--arch both] [--property ID]… [--examples 2000] [--seed 0] [--add]

Hypothesis mutates what it has drawn, and learns from what fails; it is no part of `patcher prove`, whose cases are to
be the same with every version of it. The smallest case that does not hold is printed. With --add it goes into the
corpus, from where it is played first, on every tree: add nothing but what is a fault of the tree.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import hypothesis
import msgspec
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st

from patcher.cache import Cache
from patcher.prove import corpus
from patcher.prove.build import build
from patcher.prove.choices import Source
from patcher.prove.context import Context, void_of
from patcher.prove.properties.kind import AnyProperty
from patcher.prove.prove import choose
from patcher.prove.run import Runner
from patcher.prove.search import Failure, tried
from patcher.tree.find import open_tree

ARCHS = {"both": ("x86_64", "i386"), "x86_64": ("x86_64",), "i386": ("i386",)}


class _Wrong(Exception):
    """A case that does not hold."""


class _Hypothesis(Source):
    """Choices that Hypothesis makes."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def integer(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))


def explore(context: Context, each: AnyProperty, examples: int, seed: int) -> Failure | None:
    """The smallest case of the property that Hypothesis finds and that does not hold."""
    last: list[Failure] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples, database=None, deadline=None, phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet, print_blob=False,
        report_multiple_bugs=False,
    )  # fmt: skip
    @hypothesis.given(st.data())
    def holds(data: st.DataObject) -> None:
        failure = tried(context, each, _Hypothesis(data))
        if failure:
            last.append(failure)
            raise _Wrong

    try:
        holds()
    except _Wrong:
        return last[-1]  # it ends with the smallest
    return None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--rev")
    parser.add_argument("--arch", choices=list(ARCHS), default="both")
    parser.add_argument("--property", action="append", default=[], metavar="ID")
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--add", action="store_true", help="add what is found to the corpus")
    asked = parser.parse_args(arguments)
    tree = open_tree(asked.tree, asked.rev)
    cache, found = Cache(), 0
    try:
        for arch in ARCHS[asked.arch]:
            with Runner(build(tree, arch, cache)) as runner:
                context = Context(runner, void_of(runner, True), void_of(runner, False))
                for each in choose(asked.property):
                    if not each.claim(context)[0]:
                        continue
                    failure = explore(context, each, asked.examples, asked.seed)
                    if failure is None:
                        continue
                    found += 1
                    wrong = failure.mismatch
                    print(f"{each.id} on {arch}: expected {wrong.expected}; found {wrong.found}")
                    print(f"  {msgspec.json.encode(failure.case).decode()}")
                    if asked.add and corpus.add(
                        each.id, failure.case, runner.bits, f"{asked.rev or 'a tree'}, explored"
                    ):
                        print("  added to the corpus")
    finally:
        cache.close()
    print(f"{found} properties do not hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
