"""Kbuild's Makefiles, read as text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from patcher.check.kbuild import Makefiles

TREE = {
    "Makefile": "core-y := usr/\ncore-y += kernel/ mm/\n",
    "arch/x86/Makefile": "drivers-$(CONFIG_PCI) += arch/x86/pci/\n",
    "arch/x86/Kbuild": "obj-$(CONFIG_XEN) += xen/\nobj-y += kernel/\n",
    "arch/x86/pci/Makefile": "obj-y := i386.o\nobj-$(CONFIG_X86_32) += \\\n\tlegacy.o\n",
    "arch/x86/xen/Makefile": (
        "obj-y := mmu.o xen-asm_$(BITS).o # all\nobj-$(CONFIG_SMP)\t+= smp.o\nifdef CONFIG_DEBUG\n"
        "obj-y += debug.o\nelse\n"
        "obj-y += nodebug.o\nendif\n"
    ),
    "drivers/Makefile": "obj-y += net/ accel/\nobj-$(CONFIG_GPU) += gpu/drm/\n",
    "drivers/net/Makefile": (
        "obj-$(CONFIG_E1000) += e1000.o\ne1000-y := main.o hw.o\ne1000-$(CONFIG_DEBUG) += trace.o\n"
        "ifeq ($(CONFIG_ODD),y)\nobj-y += odd.o\nelse ifneq ($(CONFIG_EVEN),)\nobj-y += even.o\nendif\n"
        "more := a.o b.o\nobj-y += $(more:.o=_x.o) $(patsubst %,sub/%,$(more)) $(filter-out a.o,$(more))\n"
        "obj-y += $(shell echo shell.o)\n"
    ),
    "drivers/gpu/drm/Makefile": "obj-m := drm.o\nobj-$(CONFIG_AMD) += amd/amdgpu/\n",
    "drivers/gpu/drm/amd/amdgpu/Makefile": (
        "FULL=$(src)/..\nobj-$(CONFIG_AMD) += amdgpu.o\nKFD_PATH := ../amdkfd\ninclude $(FULL)/amdkfd/Makefile\n"
        "amdgpu-y := drv.o\nifneq ($(CONFIG_HSA),)\namdgpu-y += $(KFD_FILES)\nendif\n"
    ),
    "drivers/gpu/drm/amd/amdkfd/Makefile": "KFD_FILES := $(KFD_PATH)/kfd.o\ninclude $(FULL)/amdkfd/Makefile\n",
    "drivers/accel/Makefile": (
        "obj-m := hl.o\n-include $(srctree)/$(src)/common/Makefile ../../../../etc/hosts\nhl-y += $(HL)\n"
    ),
    "drivers/accel/common/Makefile": "HL := common/memory.o\n",
    "mm/Makefile": "obj-y := memory.o\n",
}  # fmt: skip
CASES = [
    ("arch/x86/xen/mmu.c", {"XEN": "y"}, True),
    ("arch/x86/xen/mmu.c", {}, False),
    ("arch/x86/xen/xen-asm_64.S", {"XEN": "y", "64BIT": "y"}, True),
    ("arch/x86/xen/xen-asm_32.S", {"XEN": "y", "64BIT": "y"}, False),
    ("arch/x86/xen/smp.c", {"XEN": "y", "SMP": "y"}, True),
    ("arch/x86/xen/smp.c", {"XEN": "y"}, False),
    ("arch/x86/xen/debug.c", {"XEN": "y", "DEBUG": "y"}, True),
    ("arch/x86/xen/debug.c", {"XEN": "y"}, False),
    ("arch/x86/xen/nodebug.c", {"XEN": "y"}, True),
    ("arch/x86/pci/i386.c", {"PCI": "y"}, True),
    ("arch/x86/pci/i386.c", {}, False),
    ("arch/x86/pci/legacy.c", {"PCI": "y", "X86_32": "y"}, True),
    ("arch/arm/mm/fault.c", {}, False),
    ("drivers/net/main.c", {"E1000": "m"}, True),
    ("drivers/net/main.c", {}, False),
    ("drivers/net/trace.c", {"E1000": "y", "DEBUG": "y"}, True),
    ("drivers/net/trace.c", {"E1000": "y"}, False),
    ("drivers/net/odd.c", {"ODD": "y"}, True),
    ("drivers/net/even.c", {"EVEN": "m"}, True),
    ("drivers/net/even.c", {"ODD": "y", "EVEN": "y"}, False),
    ("drivers/net/b_x.c", {}, True),
    ("drivers/net/sub/a.c", {}, True),
    ("drivers/net/b.c", {}, True),
    ("drivers/net/a.c", {}, False),
    ("drivers/net/shell.c", {}, False),  # nothing is run
    ("drivers/gpu/drm/drm.c", {"GPU": "y"}, True),
    ("drivers/gpu/drm/drm.c", {}, False),
    ("drivers/gpu/drm/amd/amdkfd/kfd.c", {"GPU": "y", "AMD": "m", "HSA": "y"}, True),
    ("drivers/gpu/drm/amd/amdkfd/kfd.c", {"GPU": "y", "AMD": "m"}, False),
    ("drivers/accel/common/memory.c", {}, True),
    ("drivers/accel/common/other.c", {}, False),
    ("mm/memory.c", {}, True),
    ("mm/absent.c", {}, False),
]


@pytest.mark.parametrize(("path", "config", "built"), CASES)
def test_what_is_built(path: str, config: dict[str, str], built: bool) -> None:
    assert Makefiles(lambda name: TREE.get(name, ""), config, "x86").builds(path) is built


def test_what_kbuild_calls_it() -> None:
    makefiles = Makefiles(lambda name: TREE.get(name, ""), {"GPU": "y", "AMD": "m", "HSA": "y"}, "x86")
    assert makefiles.name("drivers/gpu/drm/amd/amdkfd/kfd.c") == "drivers/gpu/drm/amd/amdgpu/../amdkfd/kfd.o"
    assert makefiles.name("drivers/accel/common/memory.c") == "drivers/accel/common/memory.o"
    assert makefiles.name("drivers/accel/common/other.c") == ""


@pytest.mark.parametrize("config", ["mini_defconfig", "xen32_defconfig", "noxen_defconfig"])
def test_it_is_what_make_builds(mini: Path, tmp_path: Path, config: str) -> None:
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed")
    tree, out = tmp_path / "tree", tmp_path / "out"
    shutil.copytree(mini, tree)
    for target in (config, "all"):
        subprocess.run(["make", "-s", "-C", tree, f"O={out}", target], check=True)
    made = {str(file.relative_to(out)) for file in out.rglob("*.o")}
    lines = (out / ".config").read_text().splitlines()
    symbols = dict(line.removeprefix("CONFIG_").split("=", 1) for line in lines if line.startswith("CONFIG_"))

    def read(path: str) -> str:
        return (tree / path).read_text() if (tree / path).is_file() else ""

    makefiles = Makefiles(read, symbols, "x86")
    sources = [str(file.relative_to(tree)) for file in tree.rglob("*.c")]
    assert {f"{path[:-2]}.o" for path in sources if makefiles.builds(path)} == made
