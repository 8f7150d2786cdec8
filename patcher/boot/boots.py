"""Boots of commits: each kernel built once, each machine run once, and what is kept of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.boot import console, initramfs, judge, run, xen
from patcher.boot.judge import LARGE, NONE, SMALL, Pages
from patcher.boot.machine import BARE, DOM0, DOMU, KERNEL, RAMDISK, XEN, Machine, command
from patcher.boot.model import BZIMAGE, VMLINUX, BuildError, Kernel
from patcher.boot.results import Booted, Seen
from patcher.check.results import Status
from patcher.errors import InputError
from patcher.files import HUGE, read_file

_PADDED = 4 * 2**20  # bytes: a ramdisk below 3 MiB meets the fault that the variants are there to show
_PLAN = {
    BARE: ("e820", "memory", "places"),
    DOM0: ("e820", "memory", "layout", "places", "foreign", "balloon"),
}
_SCRIPT_SECONDS = 300
Build = Callable[[str, str, tuple[str, ...]], tuple[Kernel, ...]]


class Options(NamedTuple):
    """How to boot.

    ``on``: ``bare``, ``xen-dom0``, ``xen-domu``. ``memory`` is the machine's and ``dom0_memory`` dom0's, in MiB.
    ``xen`` is an image of Xen, None for the distribution's. ``keep``: a directory for all that was booted. ``probe``: a
    script or program of the user's, run after ours. ``ramdisks``: whether dom0 is also booted with a small one, and
    with none.
    """

    on: tuple[str, ...] = (BARE, DOM0)
    arches: tuple[str, ...] = ("x86_64",)
    memory: int = 2048
    dom0_memory: int = 512
    xen: Path | None = None
    keep: Path | None = None
    probe: bytes | None = None
    ramdisks: bool = True


class Place(NamedTuple):
    """Where a commit is booted."""

    arch: str
    where: str
    ramdisk: str


class Boots:
    """Boots commits. Raises InputError where the machine has not what it takes."""

    def __init__(self, options: Options, build: Build) -> None:
        run.must_run()
        self._options, self._build = options, build
        self._shell = initramfs.busybox() if options.probe is not None else None
        if options.probe is not None and options.probe.startswith(b"#!") and self._shell is None:
            raise InputError("a script takes a shell in the guest", "install busybox-static, or give a static program")
        found = xen.find(options.xen)
        self._xen_path = found if isinstance(found, Path) else None
        self._no_xen = found if isinstance(found, str) else ""
        self._xen = xen.image(found) if isinstance(found, Path) and DOM0 in options.on else b""
        self._programs: dict[str, bytes] = {}
        self._kernels: dict[tuple[str, str], tuple[Kernel, ...] | BuildError] = {}
        self._done: dict[tuple[str, Place], Booted] = {}
        self._bare: dict[str, Pages] = {}

    def places(self) -> tuple[Place, ...]:
        """Where each commit is booted, bare metal first: others are compared with it."""
        ordered = [where for where in (BARE, DOM0, DOMU) if where in self._options.on]
        found = [Place(arch, where, LARGE) for arch in self._options.arches for where in ordered]
        if not self._options.ramdisks:
            return tuple(found)
        return tuple(
            Place(each.arch, each.where, size) for each in found
            for size in ((LARGE, SMALL, NONE) if each.where == DOM0 and not self._skip(each) else (LARGE,))
        )  # fmt: skip

    def boot(self, commit: str, place: Place) -> Booted:
        """What the commit shows there; remembered."""
        key = (commit, place)
        if key not in self._done:
            self._done[key] = self._boot(commit, place)
        return self._done[key]

    @property
    def done(self) -> tuple[Booted, ...]:
        return tuple(self._done.values())

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        return tuple(each for found in self._kernels.values() if not isinstance(found, BuildError) for each in found)

    def _skip(self, place: Place) -> str:
        if place.where == DOMU:
            return "an unprivileged domain takes Xen's toolstack in the ramdisk, which is not made yet"
        if place.where == DOM0 and self._no_xen:
            return self._no_xen
        path = self._xen_path
        if place.where == DOM0 and place.arch == "i386" and path and not xen.runs_32_bit(path):
            return f"{path} was built without CONFIG_PV32; name another image of Xen with --xen"
        return ""

    def _boot(self, commit: str, place: Place) -> Booted:
        if why := self._skip(place):
            return Booted(commit, *place, (Seen("boot", Status.SKIP, why),))
        kernels = self._kernels_of(commit, place.arch)
        if isinstance(kernels, BuildError):
            return Booted(commit, *place, (Seen("boot", Status.ERROR, f"not built: {kernels.what}", kernels.lines),))
        form = BZIMAGE if place.where == BARE else VMLINUX
        kernel = next(each for each in kernels if each.format == form)
        machine = Machine(place.where, place.ramdisk != NONE, self._options.memory, self._options.dom0_memory)
        files: dict[str, Path | bytes] = {KERNEL: kernel.image}
        if place.ramdisk != NONE:
            files[RAMDISK] = self._ramdisk(place)
        if place.where == DOM0:
            files[XEN] = self._xen
        argv = command(machine)
        done = run.run(argv, files, run.Limits(memory_bytes=run.memory_bytes(self._options.memory)))
        read = console.read(done.text)
        if place.where == BARE and place.arch not in self._bare:
            self._bare[place.arch] = judge.pages(read)
        seen = judge.judge(done, read, place.where, place.ramdisk, self._bare.get(place.arch))
        again = self._kept(commit, place, argv, {**files, "config": kernel.config}, done.text)
        return Booted(commit, *place, seen, done.seconds, done.processor, again, read.messages)

    def _kernels_of(self, commit: str, arch: str) -> tuple[Kernel, ...] | BuildError:
        if (commit, arch) not in self._kernels:
            wanted = {BZIMAGE: BARE, VMLINUX: DOM0}
            formats = tuple(form for form, where in wanted.items() if where in self._options.on)
            try:
                self._kernels[commit, arch] = self._build(commit, arch, formats)
            except BuildError as error:
                self._kernels[commit, arch] = error
        return self._kernels[commit, arch]

    def _ramdisk(self, place: Place) -> bytes:
        if place.arch not in self._programs:
            self._programs[place.arch] = initramfs.guest(place.arch)
        program = self._programs[place.arch]
        if place.ramdisk == SMALL:
            return initramfs.initramfs(program, ())
        probe = self._options.probe
        known = places_of(self._bare.get(place.arch, {})) if place.where == DOM0 else ()
        plan: Sequence[str] = (*known, *_PLAN[place.where])
        if probe is not None:
            plan = (*plan, f"script {_SCRIPT_SECONDS}")
        return initramfs.initramfs(program, plan, shell=self._shell, probe=probe, least=_PADDED)

    def _kept(
        self, commit: str, place: Place, argv: Sequence[str], files: dict[str, Path | bytes], text: str
    ) -> str:  # fmt: skip
        """Store what was booted, if that was asked for; the command that boots it again, or ""."""
        if self._options.keep is None:
            return ""
        own = self._options.keep / f"{commit[:12]}-{place.arch}-{place.where}-{place.ramdisk}"
        try:
            own.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (own / name).write_bytes(content if isinstance(content, bytes) else read_file(content, most=HUGE))
            (own / "console").write_text(text, encoding="utf-8", errors="backslashreplace")
            (own / "command").write_text(f"{shlex.join(argv)}\n", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"cannot write below {own} ({error.strerror})", "name another directory with --keep"
            ) from error
        return f"cd {shlex.quote(str(own))} && {shlex.join(argv)}"


def places_of(pages: Pages) -> tuple[str, ...]:
    """Words of a plan for what bare metal has found, so that a domain which does not find it is asked for it, too."""
    found = {name: str(each.says.get("at")) for (_, name), each in pages.items()}
    return tuple(
        f"place {name} {at[2:]}" for name, at in found.items()
        if re.fullmatch(r"[\w.:-]{1,24}", name, re.ASCII) and re.fullmatch(r"0x[0-9a-f]{1,16}", at)
    )  # fmt: skip
