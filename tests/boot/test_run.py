"""The whole way from QEMU in the sandbox to what was seen, with a kernel of a few instructions."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from boot.stub import answer, needs_qemu, saying

from patcher.boot import console, run
from patcher.boot.machine import BARE, DOM0, KERNEL, RAMDISK, XEN, Machine, command

LIMITS = run.Limits(memory_bytes=run.memory_bytes(128))
OFF = "[    9.0] reboot: Power down\n"


def _run(text: str, limits: run.Limits = LIMITS) -> run.Boot:
    machine = Machine(BARE, memory=128)
    return run.run(command(machine), {KERNEL: saying(text), RAMDISK: b"nothing"}, limits)


@needs_qemu
def test_a_machine_says_its_last_word() -> None:
    found = _run("[    0.0] Linux\n" + answer(0, "boot", "init") + OFF)
    assert (found.end, found.why) == (run.End.OVER, "")
    assert console.read(found.text).answers[0].says["probe"] == "boot"
    assert 0 < found.processor < 10


@needs_qemu
def test_a_machine_that_hangs_is_ended() -> None:
    found = _run("[    0.0] Linux\n", LIMITS._replace(silence=1.0))
    assert found.end is run.End.SILENT
    assert "Linux" in found.text


@needs_qemu
def test_qemu_that_cannot_start_says_why() -> None:
    argv = [*command(Machine(BARE, memory=128)), "-device", "no-such-device"]
    found = run.run(argv, {KERNEL: saying(""), RAMDISK: b"x"}, LIMITS)
    assert (found.end, found.text) == (run.End.GONE, "")
    assert "no-such-device" in found.errors


@needs_qemu
def test_xen_is_given_kernel_and_ramdisk() -> None:
    """What stands in for Xen here says what its first module holds: the kernel."""
    argv = command(Machine(DOM0, memory=128, dom0_memory=64))
    files: dict[str, Path | bytes] = {KERNEL: f"the kernel\n{OFF}".encode(), RAMDISK: b"x", XEN: saying("")}
    assert run.run(argv, files, LIMITS).text.startswith("the kernel\n")


@needs_qemu
def test_nothing_is_left_of_it_after_kill_9(tmp_path: Path) -> None:
    """A process that boots is killed while its machine hangs: QEMU is gone within seconds."""
    (tmp_path / "kernel").write_bytes(saying("here\n"))
    mark = f"patcher-test-{os.getpid()}"
    code = f"""
from pathlib import Path
from patcher.boot import run
from patcher.boot.machine import BARE, Machine, command
argv = [*command(Machine(BARE, memory=128)), "-name", {mark!r}]
run.run(argv, {{"kernel": Path({str(tmp_path / "kernel")!r}), "initramfs": b"x"}}, run.Limits(silence=60.0))
"""
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        try:
            assert _until(lambda: _machines(mark) != [], 20)
        finally:
            process.send_signal(signal.SIGKILL)
    assert _until(lambda: _machines(mark) == [], 10)


def _until(what: object, seconds: float) -> bool:
    assert callable(what)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def _machines(mark: str) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = line.read_bytes().split(b"\0")
            if words[0].endswith(b"qemu-system-x86_64") and mark.encode() in words:
                found.append(line.parent.name)
    return found


def test_command_lines() -> None:
    """No network, no device of the host's, nothing that is written; and no comma in what goes to Xen's modules."""
    for machine in (Machine(BARE), Machine(DOM0), Machine(BARE, ramdisk=False), Machine(DOM0, ramdisk=False)):
        line = command(machine)
        assert line[line.index("-net") + 1] == "none"
        assert "-nodefaults" in line
        assert not {"-drive", "-hda", "-netdev", "-virtfs", "-enable-kvm"} & set(line)
    assert "-initrd" not in command(Machine(BARE, ramdisk=False))
    modules = command(Machine(DOM0))[-1]
    assert modules.count(",") == 1
    assert modules.endswith(",initramfs")
    assert "," not in command(Machine(DOM0, ramdisk=False))[-1]
    assert "dom0_mem=300M" in " ".join(command(Machine(DOM0, dom0_memory=300)))


def test_without_qemu_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert run.missing() == "QEMU is not installed (Debian: qemu-system-x86)"
