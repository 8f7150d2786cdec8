"""All properties of one commit: build, run, shrink, judge."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import answers, selfcheck, toolchain
from patcher.prove.build import ARCHS, TREE, build
from patcher.prove.context import Context, Undecided, small_machine, void_of
from patcher.prove.history import Mismatch
from patcher.prove.outcome import ending
from patcher.prove.program import Program
from patcher.prove.protocol import Why
from patcher.prove.run import RunError, Runner
from patcher.prove.scenario import BOOT, Region, Scenario
from patcher.prove.search import search
from patcher.prove.steps import Asked, Get, PfnToMfn, Scan, Stats, Valid, Watch
from patcher.prove.verdict import CommitProof, Counterexample, Proof, Status, Verdict
from patcher.source.workers import cores
from patcher.tree.kernel import KernelTree
from patcher.units import Elsewhere

if TYPE_CHECKING:
    from patcher.prove.properties.kind import AnyProperty

Progress = Callable[[str, int, int], None]
_LOOKUPS = (Get, PfnToMfn, Valid)


class Request(NamedTuple):
    """What to prove: ``examples`` cases a property, ``only`` these properties (all if empty), ``maps``: real E820s to
    try beside the random ones. ``shrink``: look for the smallest scenario that fails; ``stop``: end with the first
    property that does not pass, where none of those before did not."""

    archs: tuple[str, ...]
    examples: int
    seed: int
    only: tuple[str, ...] = ()
    maps: tuple[tuple[Region, ...], ...] = ()
    shrink: bool = True
    stop: bool = False


def choose(only: Sequence[str], require: Sequence[str] = ()) -> tuple[AnyProperty, ...]:
    """The properties of these ids or numbers (all if empty).

    Raises InputError for a name that none has, and where one of ``require`` (or "all") would not be tried.
    """
    from patcher.prove.properties.all import PROPERTIES

    chosen = tuple(each for each in PROPERTIES if not only or each.id in only or str(each.number) in only)
    names = {name for each in PROPERTIES for name in (each.id, str(each.number))}
    if unknown := [name for name in (*only, *require) if name not in names and (name != "all" or name in only)]:
        raise InputError(f"there is no property {unknown[0]}", f"choose of {', '.join(p.id for p in PROPERTIES)}")
    tried = {name for each in chosen for name in (each.id, str(each.number), "all")}
    if left := [name for name in require if name not in tried]:
        raise InputError(f"property {left[0]} is required, but not chosen", "name it with --property, too")
    return chosen


class Prover:
    """Proves trees. A program that another tree's code gave already is not played again: most commits of a series leave
    the P2M's code as it was.

    Arguments:
        request: what to prove
        cache: for what is compiled
        progress: told of each property
    """

    def __init__(self, request: Request, cache: Cache, progress: Progress | None = None) -> None:
        self._request = request
        self._chosen = choose(request.only)
        self._cache = cache
        self._progress = progress
        self._built: dict[tuple[KernelTree, str], Program] = {}
        self._played: dict[tuple[str, bytes], Proof] = {}

    def commit(self, tree: KernelTree, subject: str) -> CommitProof:
        """The proofs of a commit, for each word size. ``subject``: the first line of its message, or what the user
        named. Raises as ``proof()`` does."""
        return CommitProof(tree.commit, subject, tuple(self.proof(tree, arch) for arch in self._request.archs))

    def proof(self, tree: KernelTree, arch: str) -> Proof:
        """The proof of the tree for ``x86_64`` or ``i386``.

        Raises InputError where the tree has no P2M, or where there is no compiler, and MachineError where the prover
        itself fails on this machine.
        """
        why = toolchain.missing(ARCHS[arch])
        program = None
        if not why:
            selfcheck.check(arch, self._cache)
            try:
                program = self._built.pop((tree, arch), None) or build(tree, arch, self._cache)
            except toolchain.CompilerError as error:
                why = f"the tree's code does not compile: {error}"
        if program is None:
            return _skipped(arch, self._request, self._chosen, why)
        key = arch, program.digest
        if key not in self._played:

            def tell(number: int) -> None:
                if self._progress:
                    self._progress(f"proving {arch}", number, len(self._chosen))

            part = play(program, self._request, self._chosen, tell)
            self._played[key] = proof_of(program, arch, self._request, self._chosen, [part])
        return self._played[key]

    def ahead(self, trees: Iterable[KernelTree], elsewhere: Elsewhere | None) -> None:
        """Have the programs of trees played all at once, so that ``commit`` has no more to do: elsewhere, or, where
        there is no elsewhere, on all cores of this machine. Raises InputError where no one is left there, MachineError
        as ``proof`` does."""
        asked = list(itertools.product(trees, self._request.archs))
        programs: dict[tuple[str, bytes], Program] = {}
        if elsewhere is None:
            parts = together(self._building(asked, programs), len(asked), self._request, self._chosen, self._progress)
        else:
            from patcher.prove.away import play_all

            for _ in self._building(asked, programs):
                pass
            parts = play_all(programs, self._request, self._chosen, self._cache, elsewhere, self._progress)
        for (arch, key), found in parts.items():
            program = programs[arch, key]
            self._played[arch, key] = proof_of(program, arch, self._request, self._chosen, found)

    def _building(
        self, asked: Iterable[tuple[KernelTree, str]], programs: dict[tuple[str, bytes], Program]
    ) -> Iterator[tuple[tuple[str, bytes], Program]]:
        """The programs of trees, each when it is built, and once; ``programs`` gets them."""
        for tree, arch in asked:
            with contextlib.suppress(InputError, toolchain.CompilerError):  # ``proof`` tells it
                if toolchain.missing(ARCHS[arch]):
                    continue
                selfcheck.check(arch, self._cache)
                program = self._built[tree, arch] = build(tree, arch, self._cache)
                if (key := (arch, program.digest)) not in programs:
                    programs[key] = program
                    yield key, program


def _skipped(arch: str, request: Request, chosen: Sequence[AnyProperty], why: str) -> Proof:
    """Nothing could be run, for this reason."""
    verdicts = tuple(Verdict(p.id, p.number, p.statement, Status.SKIP, 0, why) for p in chosen)
    return Proof(arch, ARCHS[arch], why, toolchain.identity(), "", (), (), "", 0, 0.0, request.seed, verdicts)


class Part(msgspec.Struct, frozen=True):
    """What came of some properties. ``before``: scenarios that were played before the first, of all of ``scenarios``.
    ``error``: why nothing can be run, or ""."""

    error: str
    sandbox: str
    before: int
    scenarios: int
    seconds: float
    verdicts: tuple[Verdict, ...]


def play(
    program: Program, request: Request, chosen: Sequence[AnyProperty], tell: Callable[[int], None] | None = None
) -> Part:
    """Try properties one after the other. ``tell`` is called with how many are done. Raises InputError where this
    machine cannot run programs."""
    started = time.monotonic()
    verdicts: list[Verdict] = []
    try:
        with Runner(program) as runner:
            context = Context(runner, void_of(runner, True), void_of(runner, False), request.maps)
            broken = _broken(runner)
            before = runner.played
            for number, each in enumerate(chosen):
                if tell:
                    tell(number)
                verdicts.append(_verdict(context, each, request, broken))
                if request.stop and verdicts[-1].status is not Status.PASS:
                    break
            seconds = time.monotonic() - started
            return Part("", runner.confined, before, runner.played, seconds, tuple(verdicts))
    except RunError as error:
        return Part(f"the tree's code cannot be run: {error}", "", 0, 0, 0.0, ())


def together(
    programs: Iterable[tuple[tuple[str, bytes], Program]], most: int, request: Request,
    chosen: Sequence[AnyProperty], progress: Progress | None,
) -> dict[tuple[str, bytes], list[Part]]:  # fmt: skip
    """What came of programs, of which there are at the ``most`` so many, and which are played as they come, one on each
    core; nothing of those that this machine cannot run. Half of the time we wait for the program, so that threads will
    do."""
    over = threading.Event()
    counted = itertools.count()
    total = most * len(chosen)

    def played(program: Program) -> Part:
        def tell(_: int) -> None:
            if over.is_set():
                raise CancelledError
            if progress:
                progress("proving", next(counted), total)

        return play(program, request, chosen, tell)

    found: dict[tuple[str, bytes], list[Part]] = {}
    with ThreadPoolExecutor(cores()) as pool:
        try:
            for key, part in [(key, pool.submit(played, program)) for key, program in programs]:
                with contextlib.suppress(InputError):  # whoever plays it again tells it
                    found[key] = [part.result()]
        except BaseException:
            over.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def proof_of(
    program: Program, arch: str, request: Request, chosen: Sequence[AnyProperty], parts: Sequence[Part]
) -> Proof:
    """The proof that parts make, each of other properties of ``chosen``, in that order."""
    if broken := next((part.error for part in parts if part.error), ""):
        return _skipped(arch, request, chosen, broken)
    before = max(part.before for part in parts)
    return Proof(
        arch, program.bits, "", program.compiler, program.profile, program.sources, program.shims,
        next((part.sandbox for part in parts if part.sandbox), ""),
        before + sum(part.scenarios - part.before for part in parts),
        sum(part.seconds for part in parts), request.seed, tuple(each for part in parts for each in part.verdicts),
    )  # fmt: skip


def _broken(runner: Runner) -> Mismatch | None:
    """The plainest boot, where the code does what no kernel does in it: then nothing that it says is worth a thing."""
    for initial in (True, False):
        scenario = Scenario(small_machine(runner, initial), (*BOOT, Get(0)))
        outcome = runner.play(scenario)
        if outcome.why in (Why.SYSTEM_CALL, Why.BROKEN, Why.KILLED, Why.TIME):
            return Mismatch(scenario, outcome.at, "the code returns", ending(outcome), outcome)
    return None


def _verdict(context: Context, each: AnyProperty, request: Request, broken: Mismatch | None) -> Verdict:
    if broken is not None:
        return _failed(context, each, request, broken, 1, "the plainest boot")
    try:
        claimed, reason = each.claim(context)
    except Undecided as error:
        return Verdict(each.id, each.number, each.statement, Status.SKIP, 0, str(error))
    if not claimed:
        return Verdict(each.id, each.number, each.statement, Status.ABSENT, 0, reason)
    before, points = context.runner.played, context.runner.points
    found = search(context, each, request.seed, request.examples, shrink=request.shrink)
    cases, points = context.runner.played - before, context.runner.points - points
    if found is None:
        return Verdict(each.id, each.number, each.statement, Status.PASS, cases, reason, points=points)
    wrong = found.mismatch
    lacking = context.lacking(wrong.outcome)
    if lacking:
        reason = f"the code reached {lacking}, which nothing here supplies"
        return Verdict(each.id, each.number, each.statement, Status.SKIP, cases, reason)
    return _failed(context, each, request, wrong, cases, reason)


def _failed(context: Context, each: AnyProperty, request: Request, wrong: Mismatch, cases: int, reason: str) -> Verdict:
    # Where the smallest case is not looked for, who stored a wrong value isn't either: that is to play it again.
    where = place(context.runner, wrong) if request.shrink or not wrong.outcome.done else ""
    example = Counterexample(wrong.scenario, wrong.step, wrong.expected, wrong.found, where, wrong.pfn, wrong.accepts)
    return Verdict(each.id, each.number, each.statement, Status.FAIL, cases, reason, example)


def place(runner: Runner, wrong: Mismatch) -> str:
    """The source line a fault happened in, and who called; or the one that stored what was found. "" where neither
    can be told: nothing was ever stored, or the answer is not that of one PFN."""
    outcome = wrong.outcome
    if outcome.done or wrong.step != outcome.at:
        stored = lines(runner.program, _stored_by(runner, wrong))
        return f"last stored by {stored[0]}" if stored else ""
    addresses = [outcome.numbers[1]] if outcome.why in (Why.SIGNAL, Why.SYSTEM_CALL) else []
    addresses += [outcome.numbers[0] - 1] if outcome.why in (Why.DEADLOCK, Why.UNLOCK) else []
    addresses += [line - 1 for line in outcome.lines]
    return "; ".join(lines(runner.program, addresses)[:3])


def _stored_by(runner: Runner, wrong: Mismatch) -> list[int]:
    """The instruction that last changed the entry of the PFN whose lookup was wrong, or the leaf it is in. The scenario
    is played again to see which step did, and once more, with that step an instruction at a time."""
    steps = wrong.scenario.steps
    if wrong.step >= len(steps):
        return []
    step = steps[wrong.step]
    pfn = wrong.pfn if isinstance(step, Scan) else step.pfn if isinstance(step, _LOOKUPS) else -1
    if not 0 <= pfn < runner.limit:
        return []
    during = 0
    for _ in range(2):
        watched = (Watch(pfn, during), *steps[: wrong.step], Stats())
        outcome = runner.play(Scenario(wrong.scenario.machine, watched))
        if not outcome.done:
            break
        stats = outcome.of(Asked[answers.Stats](-1, watched[-1]))
        if not stats.changed:
            break
        if stats.changed == during:
            return [stats.place]
        during = stats.changed
    return []


def lines(program: Program, addresses: Sequence[int]) -> list[str]:
    """``file:line in function()`` for instruction addresses of the tree's own code."""
    if not addresses:
        return []
    with temporary.directory("prove") as directory:
        (directory / "prove").write_bytes(program.binary)
        command = ["addr2line", "-f", "-e", "prove", *(f"{address:#x}" for address in addresses)]
        try:
            output = toolchain.run_confined([command], write=directory)
        except toolchain.CompilerError:
            return []
    parts = output.splitlines()
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return [
        f"{where.partition(' ')[0].removeprefix(f'{TREE}/')} in {function}()"
        for function, where in pairs
        if where.startswith(f"{TREE}/")
    ]
