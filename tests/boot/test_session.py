"""A base and commits, booted in QEMU with kernels that only say what a real one would: the verdict, the bisection, and
what is kept."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from boot.stub import answer, needs_qemu, page, saying

from patcher.boot import session
from patcher.boot.boots import Options
from patcher.boot.model import BZIMAGE, BuildError, Kernel
from patcher.boot.results import Promise, passed
from patcher.check.results import Status
from patcher.cli.screen import plain
from patcher.errors import InputError
from patcher.report.boot_json import SCHEMA, boot_json
from patcher.report.boot_text import boot_text
from patcher.tree.objects import Commit

pytestmark = needs_qemu
Build = Callable[[str, str, tuple[str, ...]], tuple[Kernel, ...]]
END = answer(9, "boot", "end") + "[    9.0] reboot: Power down\n"
FINE = "[    0.0] Linux\n" + answer(0, "boot", "init") + page(1, "mmap", "acpi.RSDT") + END
BROKEN = (
    "[    0.0] Linux\n" + answer(0, "boot", "init") + page(1, "mmap", "acpi.RSDT", ended="killed", stage="read") + END
)


BAR = Promise("mmap acpi.RSDT", "bare", Status.FAIL, "mend-it")


def _commit(name: str) -> Commit:
    return Commit(name * 40, "", "t", f"xen: {name} \x1b[31m")


@pytest.fixture
def build(tmp_path: Path) -> Callable[[dict[str, str]], Build]:
    """Kernels that say what each commit's is to say; "" does not build."""

    def making(texts: dict[str, str]) -> Build:
        def make(commit: str, arch: str, formats: tuple[str, ...]) -> tuple[Kernel, ...]:
            text = texts[commit[:1]]
            if not text:
                raise BuildError("mmu.c does not compile", ("mmu.c:1: error: \x1b[31m",))
            config = tmp_path / "config"
            config.write_text("CONFIG_XEN=y\n")
            found = []
            for form in formats:
                image = tmp_path / f"{commit[:1]}-{form}"
                image.write_bytes(saying(text) if form == BZIMAGE else text.encode())
                found.append(Kernel(commit, arch, image, form, config, ("gcc is told -std=gnu89",), ("PCI is n",)))
            return tuple(found)

        return make

    return making


BARE = Options(on=("bare",), memory=128, ramdisks=False)


def test_what_only_the_last_commit_shows_is_bisected(build: Callable[[dict[str, str]], Build]) -> None:
    texts = {"a": FINE, "b": FINE, "c": FINE, "d": BROKEN, "e": BROKEN}
    report = session.boot("tree", "a" * 40, [*map(_commit, "bcde")], (), BARE, build(texts))
    (row,) = (row for row in report.rows if row.mark == "new" and row.probe == "mmap acpi.RSDT")
    assert row.now.status is Status.FAIL
    assert [(each.probe, each.commit[:1]) for each in report.began] == [("mmap acpi.RSDT", "d")]
    assert not passed(report)
    text = boot_text(report, plain)
    assert "began with dddddddddddd xen: d \\x1b[31m" in text
    assert "\x1b" not in text
    found = json.loads(boot_json(report, {}))
    assert found["began"][0]["commit"] == "d" * 40
    jsonschema.validate(found, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)


def test_a_message_of_the_base_is_not_where_another_began(build: Callable[[dict[str, str]], Build]) -> None:
    old = "BUG: Bad page map in process init\n" + FINE
    texts = {"a": old, "b": old, "c": old, "d": "WARNING: at mm/x.c\n" + old}
    report = session.boot("tree", "a" * 40, [*map(_commit, "bcd")], (), BARE, build(texts))
    assert [(each.probe, each.commit[:1]) for each in report.began] == [("messages", "d")]


def test_what_a_series_mends(build: Callable[[dict[str, str]], Build]) -> None:
    report = session.boot("tree", "a" * 40, [_commit("b")], [BAR], BARE, build({"a": BROKEN, "b": FINE}))
    (row,) = (row for row in report.rows if row.probe == "mmap acpi.RSDT")
    assert (row.mark, passed(report), report.began) == ("mended", True, ())
    assert report.adjustments == ("gcc is told -std=gnu89",)
    assert report.notes == ("x86_64: PCI is n",)


def test_what_a_series_does_not_mend(build: Callable[[dict[str, str]], Build]) -> None:
    report = session.boot("tree", "a" * 40, [_commit("b")], [BAR], BARE, build({"a": BROKEN, "b": BROKEN}))
    assert not passed(report)
    assert "promised" in boot_text(report, plain)


def test_what_does_not_build_is_an_error(build: Callable[[dict[str, str]], Build]) -> None:
    report = session.boot("tree", "", [_commit("b")], (), BARE, build({"b": ""}))
    assert [row.now.status for row in report.rows] == [Status.ERROR]
    text = boot_text(report, plain)
    assert "not built: mmu.c does not compile" in text
    assert "\x1b" not in text
    assert not passed(report)
    both = session.boot("tree", "", [_commit("b")], (), BARE._replace(arches=("x86_64", "i386")), build({"b": ""}))
    text = boot_text(both, plain)
    assert "\nx86_64 bare; i386 bare: boot fails: not built: " in text
    assert text.count("mmu.c:1: error") == 1  # what is the same is told once


def test_dom0_with_three_ramdisks_and_what_is_kept(
    build: Callable[[dict[str, str]], Build], tmp_path: Path
) -> None:  # fmt: skip
    """The stub stands in for Xen. The command that is kept boots the same again."""
    xen = tmp_path / "xen"
    xen.write_bytes(saying(""))
    keep = tmp_path / "kept things"
    options = Options(on=("xen-dom0", "xen-domu"), memory=256, dom0_memory=128, xen=xen, keep=keep)
    text = FINE + "[    9.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n"
    report = session.boot("tree", "", [_commit("b")], (), options, build({"b": text}))
    places = {(row.where, row.ramdisk, row.probe): row.now.status for row in report.rows}
    assert places["xen-dom0", "none", "boot"] is Status.PASS
    assert places["xen-dom0", "small", "boot"] is Status.PASS
    assert places["xen-domu", "large", "boot"] is Status.SKIP
    kept = sorted(path.name for path in keep.iterdir())
    assert kept == [f"bbbbbbbbbbbb-x86_64-xen-dom0-{size}" for size in ("large", "none", "small")]
    own = keep / kept[0]
    assert sorted(path.name for path in own.iterdir()) == ["command", "config", "console", "initramfs", "kernel", "xen"]
    assert (own / "initramfs").stat().st_size > 3 * 2**20
    assert "Linux" in (own / "console").read_text()
    timeout = shutil.which("timeout")
    assert timeout
    command = ["sh", "-c", f"timeout 2 sh {str(own / 'command')!r}"]
    again = subprocess.run(command, cwd=own, capture_output=True, text=True, check=False)
    assert again.stdout.startswith("[    0.0] Linux")


def test_a_32_bit_dom0_needs_another_xen(build: Callable[[dict[str, str]], Build], tmp_path: Path) -> None:
    xen = tmp_path / "xen-4.17.gz"
    xen.write_bytes(saying(""))
    (tmp_path / "xen-4.17.config").write_text("# CONFIG_PV32 is not set\n")
    options = Options(on=("xen-dom0",), arches=("i386",), memory=128, dom0_memory=64, xen=xen)
    report = session.boot("tree", "", [_commit("b")], (), options, build({}))
    assert [row.now.status for row in report.rows] == [Status.SKIP]
    assert "CONFIG_PV32" in report.rows[0].now.detail
    assert passed(report)


def test_xen_that_is_none(build: Callable[[dict[str, str]], Build], tmp_path: Path) -> None:
    (tmp_path / "xen").write_bytes(b"not ELF")
    options = Options(on=("xen-dom0",), xen=tmp_path / "xen")
    with pytest.raises(InputError, match="no image of Xen"):
        session.boot("tree", "", [_commit("b")], (), options, build({"b": FINE}))
