"""A series on one tree: planned, applied in memory, and proven before and after."""

from __future__ import annotations

import hashlib

import msgspec

from patcher.cache import Cache, CacheError
from patcher.data import code
from patcher.errors import InputError
from patcher.generate.pipeline import Part, generated, patched
from patcher.model import Plan, StepStatus
from patcher.plan.make import make_plan
from patcher.plan.request import Request
from patcher.prove import prove
from patcher.prove.build import ARCHS, build
from patcher.prove.toolchain import CompilerError
from patcher.prove.verdict import Status
from patcher.sweep.model import REFUSED, Outcome
from patcher.tree.kernel import KernelTree
from patcher.tree.subtree import at_top

_failing_decoder = msgspec.msgpack.Decoder(tuple[str, ...])


def attempt(tree: KernelTree, request: Request, examples: int, cache: Cache) -> Outcome:
    """Plan and apply, and prove what comes of it with ``examples`` of each property, 0 for not. They agree where the
    plan has no blocked step and apply makes a patch of each needed one, or where apply refuses with the plan's reason.

    Raises CacheError and MachineError, as those say nothing of the tree.
    """
    plan, blocked = _planned(tree, request, cache)
    parts, refusal = _applied(tree, request, cache)
    made = sum(len(part.patches.patches) for part in parts)
    applied = REFUSED if refusal else _patches(made)
    lost = None
    if examples and made:
        before, after = (_failing(each, examples, cache) for each in (tree, patched(tree, parts)))
        lost = tuple(sorted(after - before))
    status = plan.status.value if plan else REFUSED
    return Outcome(status, blocked, applied, refusal, _disagree(plan, blocked, applied, refusal), lost)


def _planned(tree: KernelTree, request: Request, cache: Cache) -> tuple[Plan | None, str]:
    """The plan, and its first blocked step; or why there is none."""
    try:
        at_top(tree)
        plan = make_plan(tree, request, cache)
    except CacheError:
        raise
    except InputError as error:
        return None, str(error)
    blocked = (f"{step.slug}: {step.reason}" for step in plan.steps if step.status is StepStatus.BLOCKED)
    return plan, next(blocked, "")


def _applied(tree: KernelTree, request: Request, cache: Cache) -> tuple[tuple[Part, ...], str]:
    """What apply makes, or why it makes nothing."""
    try:
        at_top(tree)
        return generated(tree, [request], cache), ""
    except CacheError:
        raise
    except InputError as error:
        return (), str(error)


def _disagree(plan: Plan | None, blocked: str, applied: str, refusal: str) -> str:
    if plan is None:
        return "" if refusal == blocked else "plan and apply refuse with different reasons"
    if blocked:
        return "" if blocked in refusal else "a step is blocked, apply says otherwise"
    needed = sum(step.status is StepStatus.NEEDED for step in plan.steps)
    wanted = _patches(needed)
    return "" if applied == wanted else f"no step is blocked, so apply was to say: {wanted}"


def _patches(count: int) -> str:
    return f"{count} patch{'' if count == 1 else 'es'}" if count else "nothing to do"


def _failing(tree: KernelTree, examples: int, cache: Cache) -> set[str]:
    """What fails; the same program is played once, whichever commits it is made of."""
    found: set[str] = set()
    for arch in ARCHS:
        try:
            program = build(tree, arch, cache)
        except (InputError, CompilerError) as error:
            if isinstance(error, CacheError):
                raise
            found.add(f"it cannot be built: {error} [{arch}]")
            continue
        key = f"sweep-prove:{hashlib.sha256(code().encode() + b'%d ' % examples + program.digest).hexdigest()}"
        failing = cache.load(key, _failing_decoder.decode)
        if failing is None:
            proof = prove.Prover(prove.Request((arch,), examples, 0, shrink=False), cache).proof(tree, arch)
            failing = tuple(each.id for each in proof.verdicts if each.status is Status.FAIL)
            failing += (proof.error,) if proof.error else ()
            cache.put(key, msgspec.msgpack.encode(failing))
        found |= {f"{each} [{arch}]" for each in failing}
    return found
