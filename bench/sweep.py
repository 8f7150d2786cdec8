"""Plans and applies a series on each commit of a range, and tells where the two disagree.

    python bench/sweep.py --tree DIR --range A..B -o out.jsonl [--path PATH]… [--only COMMIT]… [--series identity]
                          [--prove N] [--jobs 2]

A, and the commits of the range that touch one of the paths, in the order of git, merges included. Those whose files the
series looks at are the same, to the byte, are tried once. Each line of the output is one of them; it is read again at
the start, so that a run that was ended goes on where it was, with the same code. Nothing is written to the tree.

"agree" means: where the plan has no blocked step, apply makes a patch for each needed one; where it has, apply refuses
with that reason. With --prove N the tree and the result are proven, with N examples a property, and what fails in the
result alone is told. Exit code 1: they disagree somewhere, or something new fails.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec
from sweep_prove import commits

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.generate.deliver import Wanted
from patcher.generate.pipeline import Prepared, prepare
from patcher.model import Plan, StepStatus
from patcher.plan.make import make_plan
from patcher.plan.request import Request
from patcher.plan.session import request
from patcher.prove import prove
from patcher.prove.build import build
from patcher.prove.toolchain import CompilerError
from patcher.prove.verdict import Status
from patcher.tree.find import open_tree
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree

_CODE = Path(__file__).parent.parent
_PATHS = ("arch/x86/xen", "arch/x86/include/asm/xen")


class Job(msgspec.Struct, frozen=True):
    """A commit to be tried, with how many examples to prove it (0: not)."""

    tree: Path
    commit: str
    subject: str
    series: str
    examples: int
    code: str


class Line(msgspec.Struct, frozen=True):
    """What came out. ``key`` is of the files, and of all that tried them; ``disagree``: how plan and apply differ, or
    ""; ``new``: properties that fail in the result and not before, None where nothing was proven."""

    key: str
    commit: str
    subject: str
    plan: str
    blocked: str
    apply: str
    disagree: str
    new: tuple[str, ...] | None


@functools.cache
def _request(series: str) -> Request:
    return request(series)


def key_of(job: Job) -> str:
    """The same for commits in which the series sees the same."""
    tree = open_tree(job.tree, job.commit)
    folders = tuple(each.rstrip("*") for each in _request(job.series).rules.group.anchored)
    seen = sorted((path, blob) for path, blob in tree.paths().items() if path.startswith(folders))
    return hashlib.sha256(repr((job.code, job.series, job.examples, seen)).encode()).hexdigest()[:16]


def attempt(job: Job, key: str) -> Line:
    """Plan, apply, and prove if asked."""
    tree, cache = open_tree(job.tree, job.commit), Cache()
    try:
        plan = make_plan(tree, _request(job.series), cache)
    except InputError as error:
        applied, _ = _apply(job, tree, cache)
        disagree = "" if applied == f"refused: {error}" else "plan and apply refuse with different reasons"
        return Line(key, job.commit, job.subject, "refused", str(error), applied, disagree, None)
    blocked = next((f"{step.slug}: {step.reason}" for step in plan.steps if step.status is StepStatus.BLOCKED), "")
    applied, changes = _apply(job, tree, cache)
    new = None
    if job.examples and changes:
        before, after = (_failing(job, each, cache) for each in (tree, PatchedTree(tree, changes)))
        new = tuple(sorted(after - before))
    disagree = _disagree(plan, blocked, applied)
    return Line(key, job.commit, job.subject, plan.status.value, blocked, applied, disagree, new)


def _apply(job: Job, tree: KernelTree, cache: Cache) -> tuple[str, dict[str, bytes]]:
    wanted = Wanted("", None, False, False, False, True)
    try:
        made = prepare(tree, [_request(job.series)], wanted, None, job.tree, cache)
    except InputError as error:
        return f"refused: {error}", {}
    if not isinstance(made, Prepared):
        return "nothing to do", {}
    patches = [patch for part in made.parts for patch in part.patches.patches]
    return f"{len(patches)} patches", {path: text for patch in patches for path, text in patch.changes.items()}


def _disagree(plan: Plan, blocked: str, applied: str) -> str:
    needed = sum(step.status is StepStatus.NEEDED for step in plan.steps)
    if blocked:
        return (
            "" if applied.startswith("refused: ") and blocked in applied else "a step is blocked, apply says otherwise"
        )
    wanted = f"{needed} patches" if needed else "nothing to do"
    return "" if applied == wanted else f"no step is blocked, so apply was to say: {wanted}"


def _failing(job: Job, tree: KernelTree, cache: Cache) -> set[str]:
    """What fails; the same program is played once, whichever commits it is made of."""
    found: set[str] = set()
    for arch in ("x86_64", "i386"):
        try:
            program = msgspec.msgpack.encode((job.code, job.examples, build(tree, arch, cache)))
        except CompilerError as error:
            found.add(f"it does not compile: {error} [{arch}]")
            continue
        key = f"sweep:{hashlib.sha256(program).hexdigest()}"
        failing = cache.load(key, msgspec.msgpack.Decoder(tuple[str, ...]).decode)
        if failing is None:
            proof = prove.Prover(prove.Request((arch,), job.examples, 0, shrink=False), cache).proof(tree, arch)
            failing = tuple(each.id for each in proof.verdicts if each.status is Status.FAIL)
            failing += (proof.error,) if proof.error else ()
            cache.put(key, msgspec.msgpack.encode(failing))
        found |= {f"{each} [{arch}]" for each in failing}
    return found


def _code() -> str:
    state = hashlib.sha256()
    for file in sorted(file for folder in ("patcher", "patches", "rules") for file in (_CODE / folder).rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            state.update(file.read_bytes())
    return state.hexdigest()


def _table(lines: list[Line]) -> Iterator[str]:
    yield f"{'commit':12} {'plan':15} {'apply':12} {'agree':5}  subject"
    for line in lines:
        applied = line.apply.partition(":")[0]
        yield f"{line.commit:12} {line.plan:15} {applied:12} {'NO' if line.disagree else 'yes':5}  {line.subject[:60]}"
        for text in (
            line.disagree,
            line.disagree and line.apply,
            f"fails now: {', '.join(line.new)}" if line.new else "",
        ):
            if text:
                yield f"{'':12}   {text}"
    yield ""
    for (plan, applied), count in Counter((line.plan, line.apply.partition(":")[0]) for line in lines).most_common():
        yield f"{count:4}  plan {plan}, apply {applied}"
    for reason, count in Counter(line.blocked for line in lines if line.blocked).most_common():
        yield f"{count:4}  blocked: {reason}"
    proven = [line for line in lines if line.new is not None]
    yield f"{len(lines)} commits, {len({line.key for line in lines})} variants: " + (
        f"{sum(bool(line.disagree) for line in lines)} disagree; {len({line.key for line in proven})} proven, "
        f"{sum(bool(line.new) for line in proven)} with a new FAIL"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--range", required=True)
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--series", default="identity")
    parser.add_argument("--prove", type=int, default=0, metavar="N")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()

    for who in ("AUTHOR", "COMMITTER"):  # whoever runs this need not have an identity: nothing is committed
        os.environ[f"GIT_{who}_NAME"], os.environ[f"GIT_{who}_EMAIL"] = "sweep", "sweep@example.org"
    code = _code()
    jobs = [Job(chosen.tree, commit, subject, chosen.series, chosen.prove, code)
            for commit, subject in commits(chosen.tree, chosen.range, *(chosen.path or _PATHS))]  # fmt: skip
    if chosen.only:
        jobs = [job for job in jobs if job.commit.startswith(tuple(chosen.only))]
    stored = chosen.output.read_bytes().splitlines() if chosen.output.exists() else []
    known = {line.key: line for line in (msgspec.json.decode(each, type=Line) for each in stored)}
    with ProcessPoolExecutor(chosen.jobs) as pool:
        keys = list(pool.map(key_of, jobs))
        new = {key: job for key, job in reversed(list(zip(keys, jobs, strict=True))) if key not in known}
        print(f"{len(jobs)} commits, {len(set(keys))} that differ, {len(new)} to try", flush=True)
        tried = [pool.submit(attempt, job, key) for key, job in new.items()]
        with chosen.output.open("ab") as out:
            for done in as_completed(tried):
                known[done.result().key] = done.result()
                out.write(msgspec.json.encode(done.result()) + b"\n")
                out.flush()
    lines = [msgspec.structs.replace(known[key], commit=job.commit, subject=job.subject)
             for key, job in zip(keys, jobs, strict=True)]  # fmt: skip
    print("\n".join(_table(lines)))
    return int(any(line.disagree or line.new for line in lines))


if __name__ == "__main__":
    sys.exit(main())
