"""Proves each commit of a range that touches a path, and tells where the verdicts change.

    python bench/sweep_prove.py --tree DIR --range A..B -o out.jsonl [--path arch/x86/xen] [--only COMMIT]…
                                [--arch both] [--examples 10] [--jobs 2]

A, and the commits of the range in the order of git, merges included. Those whose P2M is made of the same files as
another's, to the byte, are played once. Each line of the output is one of them, at one word size; the output is read
again at the start, so that a run that was ended goes on where it was, with the same prover and the same number of
examples. No counterexample is made smaller: `patcher prove` does that, for the one commit that is to be looked at. At
the end, all stretches of commits with the same verdicts are printed, with what is not PASS. With --only, of
the commits that differ these alone are played; the others are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby
from pathlib import Path

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove.build import ARCHS
from patcher.prove.find import places
from patcher.prove.link import shim_key
from patcher.prove.prove import Prover, Request
from patcher.prove.verdict import Status
from patcher.tree.find import open_tree

_PROVE = Path(__file__).parent.parent / "patcher" / "prove"
_HEADERS = ("arch/x86/include/asm/xen/", "include/xen/interface/")


class Job(msgspec.Struct, frozen=True):
    """One commit and word size to be proven, and by what prover."""

    tree: Path
    commit: str
    subject: str
    arch: str
    examples: int
    prover: str


class Line(msgspec.Struct, frozen=True):
    """What was found: ``key`` is of the P2M's files, of the prover and of the number of examples; ``verdicts`` are
    those that are not PASS, as id → (status, why)."""

    commit: str
    subject: str
    arch: str
    key: str
    verdicts: dict[str, tuple[str, str]]


def _prover() -> str:
    """Of all that judges, at the start of the run."""
    files = sorted(each for each in _PROVE.rglob("*") if each.suffix in (".py", ".json"))
    return hashlib.sha256(shim_key().encode() + b"".join(each.read_bytes() for each in files)).hexdigest()


def key_of(job: Job) -> str:
    """The same for commits whose P2M, and what it is bridged by, are the same."""
    state = hashlib.sha256(f"{job.prover} {job.examples} {job.arch} ".encode())
    tree = open_tree(job.tree, job.commit)
    try:
        found = places(tree, ARCHS[job.arch])
    except InputError as error:
        state.update(str(error).replace(tree.where, "").encode())
        return state.hexdigest()[:16]
    headers = [path for path in tree.paths() if path.startswith(_HEADERS) and path.endswith(".h")]
    files = sorted({*found.sources, found.high, found.elsewhere, *headers} - {""})
    for path, text in sorted(tree.read(files).items()):
        state.update(repr((path, text)).encode())
    return state.hexdigest()[:16]


def judge(job: Job) -> dict[str, tuple[str, str]]:
    """The verdicts that are not PASS."""
    request = Request((job.arch,), job.examples, 0, shrink=False)
    try:
        proof = Prover(request, Cache()).proof(open_tree(job.tree, job.commit), job.arch)
    except InputError as error:
        return {"all": (Status.SKIP.value, str(error))}
    if proof.error:
        return {"all": (Status.SKIP.value, proof.error)}
    found = {}
    for each in proof.verdicts:
        if each.status is not Status.PASS:
            example = each.counterexample
            why = f"{example.expected}; {example.found}; {example.place}" if example else each.reason
            found[each.id] = (each.status.value, why)
    return found


def commits(tree: Path, span: str, *paths: str) -> list[tuple[str, str]]:
    """A, then those of A..B that touch one of the paths, the oldest first."""
    base = span.partition("..")[0]
    shown = ["git", "-C", str(tree), "log", "--format=%h %s"]
    texts = [subprocess.run([*shown, *more], check=True, capture_output=True, text=True).stdout
             for more in (["-1", base], ["--topo-order", "--reverse", span, "--", *paths])]  # fmt: skip
    return [(name, subject) for name, _, subject in (line.partition(" ") for line in "".join(texts).splitlines())]


def _stretches(lines: Sequence[Line]) -> None:
    for arch, of_arch in groupby(sorted(lines, key=lambda line: line.arch), key=lambda line: line.arch):
        print(f"\n{arch}")
        same = groupby(of_arch, key=lambda line: {name: status for name, (status, _) in line.verdicts.items()})
        for verdicts, stretch in same:
            members = list(stretch)
            first, last = members[0], members[-1]
            print(f"  {first.commit}..{last.commit}  {len(members)} commits, from: {first.subject[:60]}")
            for status in (Status.FAIL, Status.SKIP, Status.ABSENT):
                if names := [name for name, found in verdicts.items() if found == status.value]:
                    print(f"    {status.value:6} {' '.join(names)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--range", required=True)
    parser.add_argument("--path", default="arch/x86/xen")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--arch", choices=("both", *ARCHS), default="both")
    parser.add_argument("--examples", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()

    archs = tuple(ARCHS) if chosen.arch == "both" else (chosen.arch,)
    prover = _prover()
    jobs = [Job(chosen.tree, commit, subject, arch, chosen.examples, prover)
            for commit, subject in commits(chosen.tree, chosen.range, chosen.path) for arch in archs]  # fmt: skip
    stored = chosen.output.read_text().splitlines() if chosen.output.exists() else []
    known = {line.key: line.verdicts for line in (msgspec.json.decode(each, type=Line) for each in stored)}
    with ProcessPoolExecutor(chosen.jobs) as pool:
        keys = list(pool.map(key_of, jobs))
        new = {key: job for key, job in reversed(list(zip(keys, jobs, strict=True))) if key not in known}
        if chosen.only:
            new = {key: job for key, job in new.items() if job.commit.startswith(tuple(chosen.only))}
        print(f"{len(jobs)} commits and word sizes, {len(set(keys))} that differ, {len(new)} to play", flush=True)
        played = {pool.submit(judge, job): (key, job) for key, job in new.items()}
        with chosen.output.open("a") as out:
            for done in as_completed(played):
                key, job = played[done]
                known[key] = done.result()
                out.write(msgspec.json.encode(Line(job.commit, job.subject, job.arch, key, known[key])).decode() + "\n")
                out.flush()
    lines = [Line(job.commit, job.subject, job.arch, key, known[key])
             for key, job in zip(keys, jobs, strict=True) if key in known]  # fmt: skip
    _stretches(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
