"""Code that wants more than to compute: each is an outcome with a reason, and the next scenario runs as if nothing was.

All of it is in one program for each word size: the lookup of a PFN does what that number stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.prove import steps, toolchain
from patcher.prove.build import build
from patcher.prove.context import small_machine
from patcher.prove.outcome import Outcome, ending
from patcher.prove.protocol import Why
from patcher.prove.prove import Prover, Request
from patcher.prove.run import Runner
from patcher.prove.scenario import BOOT, Scenario
from patcher.prove.verdict import Status
from patcher.tree.directory import DirectoryTree

MMU = "arch/x86/xen/mmu.c"
BEFORE = "unsigned long get_phys_to_machine(unsigned long pfn)\n{\n"
LOOKUP = "	if (unlikely(pfn >= MAX_P2M_PFN))\n		return INVALID_P2M_ENTRY;\n"

HELP = Path(__file__).with_name("hostile.c").read_text()

# What the code does, what it may be told as, and words of how that reads.
KERNEL, ANY = {Why.SYSTEM_CALL}, {Why.SIGNAL, Why.BROKEN, Why.KILLED}
CASES: dict[str, tuple[str, set[Why], str]] = {
    "forks": ("if (kernel(N_FORK, 0, 0, 0, 0, 0, 0) == 0) for (;;) ;", KERNEL, "it calls the kernel"),
    "forks by another name": ("kernel(sizeof(long) == 8 ? 56 : 120, 0x11, 0, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "writes on descriptor 1": ("h[0] = 99; kernel(N_WRITE, 1, (long)h, 200, 0, 0, 0);", KERNEL, "calls the kernel"),
    "reads from descriptor 0": ("kernel(N_READ, 0, (long)h, 200, 0, 0, 0);", KERNEL, "calls the kernel"),
    "ends early": ("kernel(N_EXIT, 0, 0, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "runs a program": ('kernel(N_EXECVE, (long)"/bin/sh", 0, 0, 0, 0, 0);', KERNEL, "calls the kernel"),
    "kills its group": ("kernel(N_KILL, 0, 9, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "kills all": ("kernel(N_KILL, -1, 9, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "traces itself": ("kernel(N_PTRACE, 0, 0, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "sleeps": ("kernel(N_PAUSE, 0, 0, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "takes the answers away": ("kernel(N_MUNMAP, ANSWERS, 4096, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "opens the answers": ("kernel(N_MPROTECT, ANSWERS, 4096, 3, 0, 0, 0);", KERNEL, "calls the kernel"),
    "sets a handler": ("kernel(N_SIGACTION, 11, (long)h, 0, 8, 0, 0);", KERNEL, "calls the kernel"),
    "outlives its parent": ("kernel(N_PRCTL, 1, 0, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "calls as x32": ("kernel(0x40000000 | 57, 0, 0, 0, 0, 0, 0);", KERNEL, "calls the kernel"),
    "calls as the other word size": (
        '__asm__ volatile ("int $0x80" : "=a"(i) : "0"(sizeof(long) == 8 ? 2L : 0x7fffffL));',
        {Why.KILLED, Why.SYSTEM_CALL}, "",
    ),
    "ends early through the shim": ("through_the_gate(N_EXIT, 0, 0, 0, 0, 0, 0);", {Why.BROKEN}, "broke the run"),
    "has another page for the answers": (
        "through_the_gate(N_MMAP, ANSWERS, 4096, 3, 0x32, -1, 0); return 7;", ANY, ""
    ),
    "forges the answers": (
        "through_the_gate(N_MPROTECT, ANSWERS, 4096, 3, 0, 0, 0);"
        "for (i = 3; i < 3 + 17; i++) ((unsigned long long *)ANSWERS)[i] = 1;"
        "through_the_gate(N_EXIT, 0, 0, 0, 0, 0, 0);",
        ANY, "",
    ),
    "says that it is done": ("shim_stop(1, 0, 0, 0);", {Why.BROKEN}, "broke the run"),
    "reads the nonce": ("return *(unsigned long *)ANSWERS;", {Why.SIGNAL}, "a wild access"),
    "writes an answer": ("*(unsigned long *)ANSWERS = 1;", {Why.SIGNAL}, "a wild access"),
    "writes into the scenario": ("*(unsigned long *)0x74000000 = 1;", {Why.SIGNAL}, "a wild access"),
    "writes into the shim": ("*(char *)hypercall_page_of_shim = 1;", {Why.SIGNAL}, "a wild access"),
    "writes into its own code": ("*(char *)hostile = 1;", {Why.SIGNAL}, "a wild access"),
    "runs its data": ("h[0] = 0xc3; ((void (*)(void))h)();", {Why.SIGNAL}, "a wild access"),
    "recurses for ever": ("return deep(1);", {Why.SIGNAL}, "a wild access"),
    "loses its stack": (
        '__asm__ volatile ("xor %%eax, %%eax; mov %0, %%" STACK "; push %%" A : : "r"(8L) : "memory");',
        {Why.SIGNAL}, "a wild access",
    ),
    "sets the trap flag": ('__asm__ volatile ("pushf; orl $0x100, (%%" STACK "); popf; nop" : : : "memory");',
                           {Why.SIGNAL}, "a breakpoint"),
    "returns past who called": (
        '__asm__ volatile (CALLER CALLER CALLER CALLER "leave; ret" : : : "memory");',
        {Why.SIGNAL, Why.BROKEN, Why.KILLED, Why.BAD_SCENARIO}, "",
    ),
    "takes a lock twice": ("_raw_spin_lock_there(lock); _raw_spin_lock_there(lock);", {Why.DEADLOCK}, "taken already"),
    "gives back what is free": ("_raw_spin_unlock_there(lock);", {Why.UNLOCK}, "not taken"),
    "keeps a lock": ("_raw_spin_lock_there(lock);", {Why.LOCKED}, "comes back with a lock"),
}  # fmt: skip
HARMLESS = "_raw_spin_lock_there(lock); _raw_spin_lock_there(lock + 1); _raw_spin_unlock_there(lock); " \
           "_raw_spin_unlock_there(lock + 1); return 0x77;"  # fmt: skip
FIRST, HARMLESS_PFN = 100, 99


def code() -> str:
    """The cases as C."""
    lines = [f"	case {HARMLESS_PFN}: {HARMLESS}"]
    lines += [f"	case {FIRST + number}: {code} break;" for number, (code, _, _) in enumerate(CASES.values())]
    return HELP.replace("CASES", "\n".join(lines))


@pytest.fixture(scope="module")
def runners(mini: Path, prove_cache: Cache, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Runner]]:
    import shutil

    place = tmp_path_factory.mktemp("hostile") / "tree"
    shutil.copytree(mini, place)
    text = (place / MMU).read_text()
    assert text.count(BEFORE) == 1 and text.count(LOOKUP) == 1
    call = f"	if (pfn >= {HARMLESS_PFN} && pfn < {FIRST + len(CASES)})\n		return hostile(pfn);\n"
    text = text.replace(BEFORE, f"{code()}\n{BEFORE}").replace(LOOKUP, call + LOOKUP)
    (place / MMU).write_text(text)
    found: dict[str, Runner] = {}
    try:
        for arch, bits in (("x86_64", 64), ("i386", 32)):
            if not toolchain.missing(bits):
                found[arch] = Runner(build(DirectoryTree(place), arch, prove_cache))
                found[arch].__enter__()
        yield found
    finally:
        for runner in found.values():
            runner.__exit__(None, None, None)


@pytest.fixture
def hostile(runners: dict[str, Runner], arch: str) -> Runner:
    return runners[arch]


def play(runner: Runner, *played: steps.AnyStep) -> Outcome:
    return runner.play(Scenario(small_machine(runner, True), played))


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_and_gains_nothing(hostile: Runner, name: str) -> None:
    _, whys, said = CASES[name]
    pfn = FIRST + list(CASES).index(name)
    for lookup in (steps.Get(pfn), steps.Scan(pfn, 512)):
        outcome = play(hostile, *BOOT, lookup)
        assert outcome.why in whys, (outcome, ending(outcome))
        assert said in ending(outcome)
        assert len(outcome.answers) <= 2
    good = play(hostile, *BOOT, steps.Get(3), steps.Get(HARMLESS_PFN))
    assert good.done and good.answers[-2:] == (0x400003, 0x77)


def test_nothing_of_it_is_left(hostile: Runner) -> None:
    launcher = hostile._process
    assert launcher is not None
    before = below(launcher.pid)  # bubblewrap's own processes, and the launcher
    for number in range(len(CASES)):
        play(hostile, *BOOT, steps.Get(FIRST + number))
    assert hostile._process is launcher and launcher.poll() is None
    assert below(launcher.pid) == before


def below(pid: int) -> list[int]:
    """The processes that this one has started, and those, and so on."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *below(int(child))]
    return found


def test_the_shims_functions_have_no_names_for_the_tree(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    before = "extern void stop(int why);\n" + BEFORE
    program = build(
        changed({MMU: [(BEFORE, before), (LOOKUP, f"	if (pfn == 7) stop(1);\n{LOOKUP}")]}), arch, prove_cache
    )
    assert "stop" in program.stubs.values()
    with Runner(program) as runner:
        assert play(runner, *BOOT, steps.Get(7)).why is Why.SIGNAL


def test_a_start_of_its_own_is_not_run(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    proof = Prover(Request((arch,), 3, 0), prove_cache).proof(
        changed({MMU: (BEFORE, f"void _start(void)\n{{\n}}\n{BEFORE}")}), arch
    )
    assert {verdict.status for verdict in proof.verdicts} == {Status.SKIP}
    assert f"{MMU} defines _start, which is the linker's or the shim's to define" in proof.error


def test_a_boot_that_calls_the_kernel_fails_whatever_is_asked(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    call = '__asm__ volatile ("syscall")' if arch == "x86_64" else '__asm__ volatile ("int $0x80")'
    proof = Prover(Request((arch,), 3, 0, ("6", "2-ram")), prove_cache).proof(
        changed({MMU: (LOOKUP, f"	{call};\n{LOOKUP}")}), arch
    )
    assert {verdict.status for verdict in proof.verdicts} == {Status.FAIL}
    example = proof.verdicts[0].counterexample
    assert example is not None
    assert "it calls the kernel that it runs on" in example.found
    assert MMU in example.place


def test_a_header_that_breaks_the_constants_is_no_verdict(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    header = "arch/x86/include/asm/xen/page.h"
    tree = changed(
        {
            header: (
                "#define MAX_DOMAIN_PAGES",
                "#define ISA_START_ADDRESS (*(unsigned long *)8)\n#define MAX_DOMAIN_PAGES",
            )
        }
    )
    proof = Prover(Request((arch,), 3, 0, ("2-ram",)), prove_cache).proof(tree, arch)
    assert [verdict.status for verdict in proof.verdicts] == [Status.SKIP]
    assert "the tree's code cannot be run" in proof.error


def test_descriptors_of_ours_do_not_reach_the_launcher(hostile: Runner) -> None:
    launcher = hostile._process
    assert launcher is not None
    for pid in below(launcher.pid)[-1:] or [launcher.pid]:
        assert {each.name for each in Path(f"/proc/{pid}/fd").iterdir()} <= {"0", "1"}
