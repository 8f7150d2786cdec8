"""The command line of one virtual machine. Its files are named as they stand in a directory of its own, so that a line
that was kept repeats the boot by hand."""

from __future__ import annotations

from typing import NamedTuple

BARE, DOM0, DOMU = "bare", "xen-dom0", "xen-domu"
WHERE = (BARE, DOM0, DOMU)
KERNEL, RAMDISK, XEN = "kernel", "initramfs", "xen"  # names of files
_LOUD = "ignore_loglevel"  # the console is all that is seen
_BARE = f"console=ttyS0,115200 earlyprintk=serial,ttyS0,115200 {_LOUD} panic=1"
_DOM0 = f"console=hvc0 earlyprintk=xen {_LOUD} panic=1"  # without a comma: -initrd splits there
_XEN = "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all noreboot"


class Machine(NamedTuple):
    """What is booted. ``memory`` is that of the machine and ``dom0_memory`` that of dom0, in MiB."""

    where: str
    ramdisk: bool = True
    memory: int = 2048
    dom0_memory: int = 512
    more: str = ""


def command(machine: Machine, accel: str = "tcg") -> list[str]:
    """How QEMU is started, in the directory with its files.

    An Intel CPU: with AMD's, QEMU leaves a hole at 1 TiB, for which Linux 2.6.37 finds no page tables. The device
    "edu" has a BAR whose first word is known (docs/specs/edu.txt of QEMU).
    """
    accelerator = f"{accel},tb-size=256" if accel == "tcg" else accel
    cpu = "Nehalem" if accel == "tcg" else "host"
    found = [
        "qemu-system-x86_64", "-no-user-config", "-nodefaults", "-accel", accelerator, "-machine", "pc", "-cpu", cpu,
        "-smp", "1", "-m", str(machine.memory), "-display", "none", "-net", "none", "-no-reboot", "-device", "edu",
        "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
    ]  # fmt: skip
    more = f" {machine.more}" if machine.more else ""
    if machine.where == BARE:
        found += ["-kernel", KERNEL, "-append", _BARE + more]
        return [*found, "-initrd", RAMDISK] if machine.ramdisk else found
    modules = f"{KERNEL} {_DOM0}{more}" + (f",{RAMDISK}" if machine.ramdisk else "")
    return [*found, "-kernel", XEN, "-append", f"{_XEN} dom0_mem={machine.dom0_memory}M", "-initrd", modules]
