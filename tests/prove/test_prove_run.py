"""Playing scenarios: what the code under test does, also to itself, is a result."""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import Any

import pytest

from patcher import sandbox
from patcher.cache import Cache
from patcher.prove import steps
from patcher.prove.answers import Raced, Run, Stats, Unreachable
from patcher.prove.build import build
from patcher.prove.context import small_machine
from patcher.prove.outcome import Outcome, ending, read
from patcher.prove.program import Program
from patcher.prove.protocol import Point, Why
from patcher.prove.prove import lines
from patcher.prove.run import Runner
from patcher.prove.scenario import BOOT, ENOSYS, RAM, Machine, Scenario

MMU, SETUP = "arch/x86/xen/mmu.c", "arch/x86/xen/setup.c"
LOOKUP = "	if (unlikely(pfn >= MAX_P2M_PFN))\n		return INVALID_P2M_ENTRY;\n"


def play(runner: Runner, *played: steps.AnyStep, machine: Machine | None = None) -> Outcome:
    return runner.play(Scenario(machine or small_machine(runner, True), played))


def misbehaving(changed, arch: str, cache: Cache, code: str) -> Program:  # type: ignore[no-untyped-def]
    """The miniature tree, whose lookup does ``code`` for PFN 7."""
    program = build(changed({MMU: (LOOKUP, f"	if (pfn == 7) {code}\n{LOOKUP}")}), arch, cache)
    assert isinstance(program, Program)
    return program


def test_facts_are_the_trees(runner: Runner) -> None:
    facts = runner.facts
    assert facts["bits"] == runner.bits
    assert facts["invalid"] == 2**runner.bits - 1
    assert facts["foreign_bit"] == 1 << 31  # on 64 bits, too
    assert facts["identity_bit"] == 0
    assert facts["max_domain_pages"] == {64: 128, 32: 8}[runner.bits] << 18
    assert {"build", "list", "memory", "set", "get", "make_pte"} <= facts.calls
    assert "identity" not in facts.calls


def test_the_boot_reads_the_builders_list(runner: Runner) -> None:
    leaf = runner.per_page
    machine = Machine(leaf + 3, False, ((leaf, 0x3000, 1), (3, 0x9000, 1)), tail=0x77)
    outcome = play(runner, *BOOT, steps.Scan(0, 3 * leaf), machine=machine)
    assert outcome.done
    assert outcome.answers[-1] == (
        Run(0, leaf, 0x3000, 1),
        Run(leaf, 3, 0x9000, 1),
        Run(leaf + 3, leaf - 3, 0x77, 0),  # the fault of 2.6.37
        Run(2 * leaf, leaf, runner.facts["invalid"], 0),
    )


def test_each_scenario_starts_afresh(runner: Runner) -> None:
    first = play(runner, *BOOT, steps.Booted(), steps.Set(5, 0x99), steps.Get(5))
    again = play(runner, *BOOT, steps.Get(5))
    assert (first.answers[-1], again.answers[-1]) == (0x99, 0x400005)


def test_the_tools_read_by_mfns_alone(runner: Runner) -> None:
    far = runner.limit - 3
    outcome = play(
        runner, *BOOT, steps.Booted(), steps.M2p(0xE00001, far), steps.Set(far, 0xE00001), steps.View(far, far + 1)
    )
    assert outcome.answers[-1] == (Run(far, 1, 0xE00001, 0),)
    assert play(runner, steps.Build(), steps.View(0, 1)).answers[-1] == (Unreachable(0, 1, 0),)  # no MFN tree yet


def test_after_a_resume_all_frames_have_other_numbers(runner: Runner) -> None:
    outcome = play(
        runner, *BOOT, steps.Booted(), steps.Resume(0x100), steps.List(), steps.Get(3), steps.MfnToPfn(0x400103)
    )
    assert outcome.answers[-2:] == (0x400103, 3)


def test_the_e820_walk_gives_frames_back(runner: Runner) -> None:
    machine = Machine(
        0x800, True, ((0x800, 0x400000, 1),), e820=((0, 0x400000, RAM), (0x500000, 0x300000, RAM)),
        arena=0x100, order=24,
    )  # fmt: skip
    outcome = play(
        runner, *BOOT, steps.Memory(), steps.Get(0x3FF), steps.Get(0x400), steps.MfnToPfn(0x400400), machine=machine
    )
    assert outcome.answers[-3] == 0x4003FF
    assert outcome.answers[-2] == runner.facts["invalid"]
    assert outcome.answers[-1] == runner.facts["invalid"]


def test_a_hypervisor_without_a_map_is_known(runner: Runner) -> None:
    machine = Machine(0x800, False, ((0x800, 0x400000, 1),), e820_result=ENOSYS, arena=0x100)
    assert play(runner, *BOOT, steps.Memory(), machine=machine).done
    initial = Machine(0x800, True, ((0x800, 0x400000, 1),), e820_result=ENOSYS, arena=0x100)
    outcome = play(runner, *BOOT, steps.Memory(), machine=initial)
    assert (outcome.why, outcome.at, ending(outcome)) == (Why.SIGNAL, 2, "BUG()")


def test_a_bug_is_a_result_with_its_line(runner: Runner, program: Program, mini: Path) -> None:
    outcome = play(runner, *BOOT, steps.Booted(), steps.Set(runner.limit, 5))
    assert (outcome.why, outcome.at, ending(outcome)) == (Why.SIGNAL, 3, "BUG()")
    number = 1 + (mini / MMU).read_text().splitlines().index("		BUG_ON(mfn != INVALID_P2M_ENTRY);")
    told = lines(program, [outcome.numbers[1]])
    assert told == [f"{MMU}:{number} in __set_phys_to_machine()"]
    assert play(runner, *BOOT).done  # and the next scenario runs


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("*(volatile unsigned long *)8 = 1;", "a wild access at address 0x8"),
        ("for (;;) barrier();", "an endless loop"),
        ("{ volatile int zero = 0; zero = 100 / zero; }", "an arithmetic fault"),
        ("__asm__ volatile (\"int3\");", "a breakpoint"),
        ("free_page((unsigned long)p2m_top);", "a page is freed that was never allocated"),
        ("__get_free_page(0);", "the page allocator was called before it is there"),
        ("for (;;) extend_brk(PAGE_SIZE, PAGE_SIZE);", "but RESERVE_BRK() has"),
    ],
)  # fmt: skip
def test_misbehaviour_is_a_result(  # type: ignore[no-untyped-def]
    changed, arch: str, prove_cache: Cache, code: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patcher.prove.run._LOOP_SECONDS", 1)
    with Runner(misbehaving(changed, arch, prove_cache, code)) as runner:
        outcome = play(runner, *BOOT, steps.Get(7))
        assert said in ending(outcome)
        assert outcome.at == 2
        assert play(runner, *BOOT, steps.Get(8)).done


def test_what_nothing_supplies_names_itself(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    program = misbehaving(changed, arch, prove_cache, "kmap_flush_unused();")
    with Runner(program) as runner:
        outcome = play(runner, *BOOT, steps.Get(7))
    assert program.stubs[outcome.numbers[2] & ~0xFFFF] == "kmap_flush_unused"


def test_what_the_linker_makes_itself_is_no_stub(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    code = "{ extern char _end[], __bss_start[]; return (unsigned long)_end - (unsigned long)__bss_start; }"
    with Runner(misbehaving(changed, arch, prove_cache, code)) as runner:
        stubs = runner.program.stubs.values()
        assert not [name for name in stubs if name.startswith(("__start_", "__stop_", "_end", "__bss_start"))]
        size = play(runner, *BOOT, steps.Get(7)).answers[-1]
        assert isinstance(size, int) and 0 < size < 1 << 30


def test_turns_of_loops_are_counted_but_not_the_shims(runner: Runner) -> None:
    """The code under test fills three pages of pointers here; the shim's allocator fills each a byte at a time."""
    far = runner.limit - 3
    first, last = steps.Asked[Stats](-3, steps.Stats()), steps.Asked[Stats](-1, steps.Stats())
    before = (*BOOT, steps.Booted(), steps.Limit(1 << 40), steps.Set(5, 6))
    outcome = play(runner, *before, first.step, steps.Set(far, 0xE00001), last.step)
    plain, allocating = outcome.of(first).turns, outcome.of(last).turns
    leaf = runner.per_page
    assert outcome.of(last).late == 3
    assert plain < 10
    assert 2 * (leaf - 1) <= allocating < 6 * leaf


def test_the_code_under_test_reaches_nothing_outside(changed, arch: str, prove_cache: Cache, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """creat(2), and nothing comes of it but the end of the scenario."""
    target = tmp_path / "made"
    text = ", ".join(str(byte) for byte in os.fsencode(target) + b"\0")
    number, register = ("85", "D") if arch == "x86_64" else ("8", "b")
    instruction = "syscall" if arch == "x86_64" else "int $0x80"
    second, clobbered = ("S", '"memory", "rcx", "r11"') if arch == "x86_64" else ("c", '"memory"')
    code = (
        f'{{ static const char name[] = {{ {text} }}; long answer; __asm__ volatile ("{instruction}" '
        f': "=a" (answer) : "0" ({number}L), "{register}" (name), "{second}" (0600L) : {clobbered}); }}'
    )
    with Runner(misbehaving(changed, arch, prove_cache, code)) as runner:
        outcome = play(runner, *BOOT, steps.Get(7))
        assert (outcome.why, outcome.at, outcome.numbers[0]) == (Why.SYSTEM_CALL, 2, int(number))
        assert "get_phys_to_machine()" in lines(runner.program, [outcome.numbers[1]])[0]
        assert not target.exists()


def test_a_freed_page_is_not_to_be_touched(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    code = "{ unsigned long page = __get_free_page(0); free_page(page); *(volatile int *)page = 1; }"
    with Runner(misbehaving(changed, arch, prove_cache, code)) as runner:
        assert "a wild access" in ending(play(runner, *BOOT, steps.Booted(), steps.Get(7)))


def test_allocation_fails_when_told(runner: Runner) -> None:
    far = runner.limit - 3
    outcome = play(runner, *BOOT, steps.Booted(), steps.Fail(1, 1), steps.Set(far, 0xE00001), steps.Set(far, 0xE00001))
    assert outcome.answers[-2:] == (0, 1)


def test_a_rival_comes_in_an_allocation_and_at_an_access(runner: Runner) -> None:
    far = runner.limit - 3
    call, rival = steps.Set(far, 0xE00001), steps.Set(5, 0x77)
    for point in Point:
        race = steps.Asked[Raced](-3, steps.Race(point, 1, rival, call))
        outcome = play(runner, *BOOT, steps.Booted(), race.step, steps.Get(5), steps.Get(far))
        raced = outcome.of(race)
        (came,) = raced.rivals
        assert (raced.answer, came.came, came.answer) == (1, True, 1), point
        assert outcome.answers[-2:] == (0x77, 0xE00001), point


def test_a_launcher_that_is_gone_is_started_again(runner: Runner) -> None:
    assert runner._process is not None
    runner._process.kill()
    assert play(runner, *BOOT).done
    assert play(runner, *BOOT, steps.Get(3)).answers[-1] == 0x400003


def test_without_bubblewrap_it_runs_under_seccomp_alone(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "available", lambda: "bwrap is not installed")
    with Runner(program) as runner:
        assert runner.confined == "seccomp, no bubblewrap (bwrap is not installed)"
        assert play(runner, *BOOT, steps.Get(3)).answers[-1] == 0x400003
        process = runner._process
        assert process is not None
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
        assert {each.name for each in Path(f"/proc/{process.pid}/fd").iterdir()} == {"0", "1"}
    assert process.poll() is not None


def test_what_comes_back_is_checked(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever word of an answer is another, it is "the code broke the run", and nothing worse."""
    scenario = Scenario(
        small_machine(runner, True), (*BOOT, steps.Scan(0, 9), steps.View(0, 9), steps.Get(5), steps.Stats())
    )
    sent: list[bytes] = []
    ask = runner._ask

    def noting(request: bytes, seconds: float) -> Any:
        sent.append(request)
        return ask(request, seconds)

    monkeypatch.setattr(runner, "_ask", noting)
    assert runner.play(scenario).done
    header, said = ask(sent[0], 60)
    nonce = int.from_bytes(sent[0][:8], "little")

    def sealed(header: array[int], said: array[int]) -> Outcome:
        header = array("Q", [*header[:-1], (nonce + sum(header[:-1]) + sum(said)) % 2**64])
        return read(scenario, header, said, nonce)

    assert sealed(header, said).done
    assert read(scenario, header, said, nonce + 1).why is Why.BROKEN
    for value in (0, 1, 7, 2**63, 2**64 - 1):
        for at in range(len(said)):
            changed = array("Q", [*said[:at], value, *said[at + 1 :]])
            assert sealed(header, changed).why in (Why.DONE, Why.BROKEN)
            if changed != said:
                assert read(scenario, header, changed, nonce).why is Why.BROKEN
        for at in range(len(header) - 1):
            sealed(array("Q", [*header[:at], value, *header[at + 1 :]]), said)
    for end in range(len(said)):
        assert sealed(header, said[:end]).why is Why.BROKEN


def test_one_process_plays_many(runner: Runner) -> None:
    """Thousands a minute, which bench/ measures, come of that: a process is started once."""
    assert play(runner, *BOOT, steps.Get(0)).done
    process = runner._process
    for _ in range(33):
        assert play(runner, *BOOT, steps.Scan(0, 4 * runner.per_page)).done
    assert process is not None and runner._process is process
