"""Verdicts of probes, from consoles as they come."""

from __future__ import annotations

import re

import pytest
from boot.stub import answer, page

from patcher.boot import console, judge
from patcher.boot.boots import places_of
from patcher.boot.machine import BARE, DOM0
from patcher.boot.results import Seen
from patcher.boot.run import Boot, End
from patcher.check.results import Status

OFF = "[    9.0] Power down.\n"


def _boot(text: str, end: End = End.OVER, why: str = "") -> Boot:
    return Boot(text, end, why, 1.0, 1.0, "")


def _seen(
    text: str, where: str = DOM0, bare: str | None = None, ramdisk: str = judge.LARGE, end: End = End.OVER
) -> dict[str, Seen]:
    read = console.read(text)
    pages = judge.pages(console.read(bare)) if bare is not None else None
    return {each.probe: each for each in judge.judge(_boot(text, end), read, where, ramdisk, pages)}


def test_a_boot_that_ends_as_it_should() -> None:
    seen = _seen("[ 0.0] Linux\n" + answer(0, "boot", "init") + answer(1, "boot", "end") + OFF)
    assert seen["boot"].status is Status.PASS
    assert seen["messages"].status is Status.PASS


def test_a_boot_that_never_comes_to_its_first_program() -> None:
    seen = _seen("[ 0.0] Linux\n[ 0.1] BUG: unable to handle kernel paging request at 0\n", end=End.SILENT)
    assert seen["boot"].status is Status.FAIL
    assert any("unable to handle" in line for line in seen["boot"].lines)


def test_a_boot_that_stops_says_what_came_back_last() -> None:
    seen = _seen(answer(0, "boot", "init") + answer(1, "balloon", "down", wanted=4, current=4), end=End.SILENT)
    assert seen["boot"].status is Status.FAIL
    assert "balloon down" in seen["boot"].detail


def test_qemu_that_does_not_start_is_an_error() -> None:
    found = judge.judge(
        Boot("", End.GONE, "", 0.1, 0.1, "qemu: no such CPU\n"), console.read(""), BARE, judge.LARGE, None
    )  # fmt: skip
    assert found[0].status is Status.ERROR
    assert found[0].lines == ("qemu: no such CPU",)


@pytest.mark.parametrize(
    ("dom0", "status"),
    [
        (page(1, "mmap", "acpi.RSDT"), Status.PASS),
        (page(1, "mmap", "acpi.RSDT", data="ff" * 64), Status.FAIL),
        (page(1, "mmap", "acpi.RSDT", ended="killed", stage="read"), Status.FAIL),
        (page(1, "mmap", "acpi.RSDT", ended="hung", stage="read"), Status.FAIL),
        (page(1, "mmap", "acpi.RSDT", stage="mmap", error=22), Status.FAIL),
        (page(1, "mmap", "acpi.RSDT", at="0x1000"), Status.SKIP),
        ("[ 1.0] BUG: Bad page map in process init\n" + page(1, "mmap", "acpi.RSDT"), Status.FAIL),
    ],
)
def test_a_page_beside_that_of_bare_metal(dom0: str, status: Status) -> None:
    found = _seen(answer(0, "boot", "init") + dom0, bare=page(1, "mmap", "acpi.RSDT"))
    assert found["mmap acpi.RSDT"].status is status


def test_what_bare_metal_refuses_may_be_refused() -> None:
    refused = page(1, "read", "bar.0000:00:02.0", stage="read", error=14, data="")
    found = _seen(refused, bare=refused)["read bar.0000:00:02.0"]
    assert (found.status, "EFAULT" in found.detail) == (Status.PASS, True)


def test_dom0_may_read_past_what_bare_metal_takes_for_memory() -> None:
    refused = page(1, "read", "acpi.RSDT", stage="read", error=14, data="")
    assert _seen(page(1, "read", "acpi.RSDT"), bare=refused)["read acpi.RSDT"].status is Status.SKIP


def test_a_page_that_nothing_is_compared_with() -> None:
    assert _seen(page(1, "mmap", "rom"))["mmap rom"].status is Status.PASS
    assert _seen(page(1, "mmap", "rom", data="ff" * 64))["mmap rom"].status is Status.SKIP
    assert _seen(page(1, "mmap", "rom"), bare="")["mmap rom"].status is Status.PASS


@pytest.mark.parametrize(("extra", "status"), [(256, Status.PASS), (512, Status.FAIL), (65792, Status.FAIL)])
def test_fork_keeps_a_device(extra: int, status: Status) -> None:
    bar = page(1, "fork", "bar", extra=256)
    assert _seen(page(1, "fork", "bar", extra=extra), bare=bar)["fork bar"].status is status


def _layout(name: str, number: int, *lines: str) -> str:
    return "".join(answer(number + at, "layout", name, line=line) for at, line in enumerate(lines))


def test_the_layout_is_the_same_after_the_balloon() -> None:
    ranges = ("# first PFN, PFN past the last, kind", "0 9f RAM", "9f 100 identity", "# leaves: 3")
    before, up = _layout("before", 1, *ranges), _layout("up", 9, *ranges[:3], "# leaves: 4")
    assert _seen(before + up)["p2m after up"].status is Status.PASS  # pages that were split stay so
    other = _seen(before + _layout("up", 9, ranges[0], "0 9e RAM", "9e 100 identity"))["p2m after up"]
    assert other.status is Status.FAIL
    assert other.lines == ("- 0 9f RAM", "- 9f 100 identity", "+ 0 9e RAM", "+ 9e 100 identity")


def test_beyond_and_back_the_sums_are_the_same() -> None:
    before = _layout("before", 1, "# head", "0 9f RAM", "9f 100 identity", "100 200 RAM", "200 300 missing")
    back = _layout("back", 9, "0 9f RAM", "9f 100 identity", "100 180 RAM", "180 280 missing", "280 300 RAM")
    assert _seen(before + back)["p2m after back"].status is Status.PASS
    for wrong in (back.replace("280 300", "281 300"), back.replace("9f 100", "9f ff")):
        assert _seen(before + _layout("back", 9, *_lines(wrong)))["p2m after back"].status is Status.FAIL


def _lines(text: str) -> list[str]:
    return re.findall(r'"line": "([^"]*)"', text)


def test_a_domain_is_asked_for_what_bare_metal_has_found() -> None:
    text = page(1, "mmap", "acpi.RSDT") + page(2, "mmap", "two words") + page(3, "read", "x", at="0x1;2")
    assert places_of(judge.pages(console.read(text))) == ("place acpi.RSDT fea00000",)


def test_a_panic_without_a_root_file_system_is_no_fault() -> None:
    text = "[    1.0] VFS: Unable to mount root fs on unknown-block(0,0)\n[    1.1] Kernel panic - not syncing: VFS\n"
    crashed = "(XEN) Hardware Dom0 crashed: 'noreboot' set - not rebooting.\n"
    for told, status in ((text + crashed, Status.PASS), ("WARNING: at x.c\n" + text + crashed, Status.FAIL)):
        (seen,) = judge.judge(_boot(told), console.read(told), DOM0, judge.NONE, None)
        assert seen.status is status


def test_no_layout_file() -> None:
    assert _seen(answer(1, "layout", "start", ended="absent"))["p2m"].status is Status.SKIP


@pytest.mark.parametrize(
    ("name", "wanted", "current", "status"),
    [
        ("down", 4096, 4096, Status.PASS),
        ("down", 4096, 8192, Status.FAIL),
        ("beyond", 8192, 4096, Status.PASS),
        ("up", 8192, 4096, Status.FAIL),
    ],
)
def test_the_balloon(name: str, wanted: int, current: int, status: Status) -> None:
    seen = _seen(answer(1, "balloon", name, wanted=wanted, error=0, current=current))
    assert seen[f"balloon {name}"].status is status


def test_without_a_ramdisk_the_kernel_looks_for_a_root() -> None:
    text = "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"
    assert _seen(text, ramdisk=judge.NONE)["boot"].status is Status.PASS
    assert _seen("[ 0.9] WARNING: at x\n" + text, ramdisk=judge.NONE)["boot"].status is Status.FAIL
    assert _seen("[ 0.5] BUG: unable to handle\n", ramdisk=judge.NONE)["boot"].status is Status.FAIL


@pytest.mark.parametrize(
    ("ended", "status", "verdict"),
    [("done", 0, Status.PASS), ("exit", 77, Status.SKIP), ("exit", 1, Status.FAIL), ("hung", 0, Status.FAIL)],
)
def test_the_users_own_probe(ended: str, status: int, verdict: Status) -> None:
    text = answer(1, "script", "line", line="hello") + answer(2, "script", "end", ended=ended, status=status)
    found = _seen(text)["script"]
    assert (found.status, found.lines) == (verdict, ("hello",))


def test_busybox_on_an_old_kernel() -> None:
    text = answer(1, "script", "line", line="FATAL: kernel too old")
    found = _seen(text + answer(2, "script", "end", ended="exit", status=127))["script"]
    assert (found.status, "static program" in found.detail) == (Status.SKIP, True)


def test_kunit() -> None:
    fine = "[ 1.0] KTAP version 1\n[ 1.0]     ok 1 inner\n[ 1.0]     not ok 2 shown by its suite\n[ 1.1] ok 1 suite\n"
    assert _seen(fine)["kunit"].status is Status.PASS
    assert _seen(fine + "[ 1.2] not ok 2 other\n")["kunit"].status is Status.FAIL
