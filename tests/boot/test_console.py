"""What is read from a console: our own lines, whole; messages that tell of a fault; and what differs of two boots."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from boot.stub import answer

from patcher.boot import console, initramfs


@pytest.mark.parametrize("word", ["-m64", "-m32"])
def test_reads_what_the_guest_says(word: str, tmp_path: Path) -> None:
    """The C of the guest on one side, ours on the other; all is said twice and counts once."""
    guest = Path(initramfs.__file__).with_name("guest")
    own = Path(__file__).with_name("say_test.c")
    flags = ["-O1", "-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector", "-mno-sse"]
    sources = [own, guest / "say.c", guest / "text.c"]
    subprocess.run(["gcc", word, *flags, "-I", guest, "-o", tmp_path / "say", *sources], check=True)
    text = subprocess.run([tmp_path / "say"], capture_output=True, text=True, check=True).stdout
    assert text.count(console.MARK) == 4
    first, last = console.read(text).answers
    assert first.says == {
        "n": "0", "probe": "mmap", "name": "acpi.RSDT", "at": "0x7ffe1234", "nothing": "0x0",
        "wide": "0xfedcba9876543210", "error": -14, "kb": 1048576, "data": "001fff", "line": 'a "quoted" \\ and ?[31m',
    }  # fmt: skip
    assert (last.says["probe"], last.says["name"]) == ("boot", "end")


def test_messages_before_an_answer_belong_to_it() -> None:
    read = console.read(
        answer(0, "boot", "init")
        + "[    1.0] fine\n[    1.1] BUG: Bad page map\n"
        + answer(1, "mmap", "rom")
        + "[ 2] x\n"
    )
    assert [each.before for each in read.answers] == [(), ("[    1.0] fine", "[    1.1] BUG: Bad page map")]
    assert read.messages[-1] == "[ 2] x"


def test_a_line_that_was_torn_is_taken_from_the_second_time() -> None:
    whole = answer(1, "mmap", "rom")
    torn = whole[:20] + "[    3.0] WARNING: at mm\n" + whole[20:]
    assert [each.says["name"] for each in console.read(torn).answers] == []
    assert [each.says["name"] for each in console.read(torn + "[  4.0] message" + whole).answers] == ["rom"]


@pytest.mark.parametrize(
    "line",
    [
        '@patcher {"n": "0", "probe": "x", "name": "y"} 0',  # a wrong sum
        "@patcher ",
        "@patcher {",
        f"@patcher {'[' * 5000} 1",
        answer(0, "x", "y").replace('"n"', '"m"'),
    ],
)
def test_what_is_no_answer(line: str) -> None:
    assert console.read(line).answers == ()


def test_values_that_are_not_plain_are_refused() -> None:
    body = '{"n": "0", "probe": "x", "name": ["y"]}'
    total = 0
    for byte in body.encode():
        total = (total * 31 + byte) % 2**24
    assert console.read(f"@patcher {body} {total:x}").answers == ()


@pytest.mark.parametrize(
    "line",
    [
        "[    2.1] WARNING: at arch/x86/xen/mmu.c:500 xen_make_pte()",
        "[    0.5] WARNING: CPU: 0 PID: 1 at mm/memory.c:1",
        "[    3.0] BUG: unable to handle kernel paging request at ffff880000000000",
        "kernel BUG at arch/x86/xen/mmu.c:12!",
        "[    1.2] BUG: Bad page map in process init  pte:ffc00000067 pmd:1ec5f067",
        "Oops: 0000 [#1] SMP",
        "[   10.0] general protection fault: 0000 [#1]",
        "Kernel panic - not syncing: Attempted to kill init!",
        "(XEN) Panic on CPU 0:",
        "INFO: possible recursive locking detected",
        "[   60.0] INFO: task init:1 blocked for more than 120 seconds.",
    ],
)
def test_bad_messages(line: str) -> None:
    assert console.bad(["[    0.0] Linux version 2.6.37", line]) == (line,)


@pytest.mark.parametrize(
    "line",
    [
        "[    0.000000] Linux version 2.6.37 (gcc version 12) #1 SMP",
        "[    0.2] ACPI: bus type pci registered",
        "[    0.0] BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)",
        "Calibrating delay loop... 5387.05 BogoMIPS",
        "(XEN) Xen WARNING is not what this says",
        "debug: ignoring loglevel setting.",
    ],
)
def test_messages_that_are_fine(line: str) -> None:
    assert console.bad([line]) == ()


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("(XEN) Hardware Dom0 halted: halting machine", True),
        ("(XEN) [2026-11-28 10:00:00] Hardware Dom0 crashed: rebooting machine in 5 seconds.", True),
        ("[    9.1] Kernel panic - not syncing: VFS: Unable to mount root fs", True),
        ("[    5.0] Power down.", True),
        ("[    5.0] reboot: Power down", True),
        ("[    5.0] reboot: System halted", True),
        ("[    1.0] ACPI: Power Button [PWRF]", False),
        ("init: halted by nobody", False),
    ],
)
def test_words_that_end_a_machine(line: str, ends: bool) -> None:
    assert console.over(line) is ends


def test_difference_sets_times_addresses_and_numbers_aside() -> None:
    before = [
        "[    0.000000] Memory: 508852k/524288k available (1996k kernel code)",
        "[    0.100000] last_pfn = 0x20000 max_arch_pfn = 0x400000000",
        "[    0.2] gone: a message of the base",
        "(XEN) [2026-11-28 10:00:00] Dom0 has maximum 1 VCPUs",
    ]
    after = [
        "[    0.000010] Memory: 507000k/524288k available (1999k kernel code)",
        "[    9.100000] last_pfn = 0x20001 max_arch_pfn = 0x400000000",
        "[    0.3] Released 12 pages of unused memory",
        "[    0.4] Released 13 pages of unused memory",
        "(XEN) [2026-11-28 10:01:00] Dom0 has maximum 2 VCPUs",
    ]
    found = console.difference(before, after)
    assert found.gone == ("[    0.2] gone: a message of the base",)
    assert found.new == ("[    0.3] Released 12 pages of unused memory",)


def test_a_long_line_is_cut() -> None:
    assert len(console.read("x" * 10**6).messages[0]) == console.MESSAGE


def test_what_a_kernel_says_at_length_costs_little() -> None:
    """Long lines of what patterns look for, and more lines and answers than anything needs."""
    lines = ["1" * 4096 + "g", "(XEN) Assertion '" * 400, "Hardware Dom" * 300, "0x" * 2000, "[" * 4096, "<1>[" * 900]
    read = console.read("\n".join(lines * 850) + "".join(answer(n, "x", "y") for n in range(5000)))
    assert (len(read.messages), len(read.answers)) == (console.MESSAGES, 4096)
    started = time.process_time()
    console.difference(read.messages, read.messages[:10])
    console.bad(read.messages)
    assert time.process_time() - started < 10


def test_names_are_short() -> None:
    assert console.read(answer(0, "x" * 81, "y") + answer(1, "x", "") + answer(2, "x", "y")).answers[0].says["n"] == "2"
