"""What x86 never builds, by Makefiles and Kconfig of a small tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.tree.buildable import Buildable, elsewhere, of_others
from patcher.tree.directory import DirectoryTree

FILES = {
    "arch/arm/Kconfig": "config ARM\n\tbool\n\nconfig ARCH_OMAP\n\tbool\n",
    "arch/x86/Kconfig": "config X86\n\tdef_bool y\n\nconfig SHARED\n\tbool\n",
    "drivers/video/Kconfig": "if VIDEO\nconfig OMAPFB\n\ttristate \"x\"\n\tdepends on ARCH_OMAP\n\n"
    "config BOTH\n\ttristate \"x\"\n\tdepends on ARCH_OMAP || X86_32\n\n"
    "config TRIED\n\ttristate \"x\"\n\tdepends on ARCH_OMAP || COMPILE_TEST\n\n"
    "config NOTX86\n\tbool \"x\"\n\tdepends on !X86\n\nconfig FAR\n\tbool \"x\"\n\tdepends on OMAPFB && PCI\n"
    "\nconfig VIDEO\n\tbool \"x\"\n\tdepends on !S390\nendif\n",
    "drivers/video/Makefile": "obj-$(CONFIG_OMAPFB) += omapfb.o omap/\nobj-$(CONFIG_BOTH) += both.o\nobj-y += plain.o\n"
    "obj-$(CONFIG_TRIED) += tried.o\nobj-$(CONFIG_NOTX86) += notx86.o\nobj-$(CONFIG_FAR) += far.o\n"
    "far-objs := part.o other.o\nobj-$(CONFIG_OMAPFB) += two.o\nobj-$(CONFIG_BOTH) += two.o\n"
    "obj-$(CONFIG_NOWHERE) += nowhere.o\n"
    "obj-$(CONFIG_OMAPFB) += shared.o\nobj-$(CONFIG_NOTX86) += shared.o three.o\nobj-$(CONFIG_FAR) += three.o\n"
    "obj-$(CONFIG_OMAPFB) += three.o\nobj-$(CONFIG_OMAPFB)$(CONFIG_FAR) += either.o\n"
    "obj-$(CONFIG_OMAPFB)$(CONFIG_BOTH) += perhaps.o\nobj-$(CONFIG_BOTH) += whole.o\nwhole-y := always.o\n"
    "whole-$(CONFIG_OMAPFB) += piece.o\nobj-$(CONFIG_OMAPFB) += below/deep.o\nPIECES := named.o \\\n\tlisted.o\n"
    "far-y += $(PIECES)\nobj-$(subst m,y,$(CONFIG_BOTH)) += odd.o\nobj-$(CONFIG_OMAPFB) += odd.o\n"
    "clean-files := cleaned.o\nobj-$(CONFIG_OMAPFB) += cleaned.o # plain.o\n",
    "drivers/video/below/Makefile": "# nothing is built from here\n",
    "drivers/video/omap/Makefile": "obj-y += inner.o\n",
}  # fmt: skip


@pytest.fixture
def buildable(tmp_path: Path) -> Buildable:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    tree = DirectoryTree(tmp_path)
    return Buildable(tree)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("omapfb.c", "CONFIG_OMAPFB depends on ARCH_OMAP"),
        ("omap/inner.c", "CONFIG_OMAPFB depends on ARCH_OMAP"),
        ("notx86.c", "CONFIG_NOTX86 depends on !X86"),
        ("part.c", "CONFIG_FAR depends on OMAPFB && PCI"),
        ("nowhere.c", "no Kconfig defines CONFIG_NOWHERE"),
        ("both.c", ""),
        ("tried.c", "CONFIG_TRIED depends on ARCH_OMAP || COMPILE_TEST; a compile test is not run"),
        ("plain.c", ""),
        ("two.c", ""),
        ("unknown.c", ""),
        ("shared.c", "CONFIG_OMAPFB depends on ARCH_OMAP; the other way to build it is closed, too"),
        ("three.c", "CONFIG_NOTX86 depends on !X86; the 2 other ways to build it are closed, too"),
        ("either.c", "CONFIG_OMAPFB depends on ARCH_OMAP; the other way to build it is closed, too"),
        ("perhaps.c", ""),
        ("always.c", ""),
        ("piece.c", "CONFIG_OMAPFB depends on ARCH_OMAP"),
        ("below/deep.c", "CONFIG_OMAPFB depends on ARCH_OMAP"),
        ("listed.c", "CONFIG_FAR depends on OMAPFB && PCI"),
        ("odd.c", ""),
        ("cleaned.c", "CONFIG_OMAPFB depends on ARCH_OMAP"),
    ],
)
def test_files(buildable: Buildable, file: str, reason: str) -> None:
    path = f"drivers/video/{file}"
    assert buildable.never([path]).get(path, "") == reason


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        ("#ifdef __sparc__", True),
        ("#else of #if !defined(__arm__)", True),
        ("#if defined(__powerpc__) || defined(CONFIG_ARM)", True),
        ("#ifdef CONFIG_OMAPFB", True),
        ("#ifdef CONFIG_BOTH", False),
        ("#else of #ifdef CONFIG_X86", True),
        ("#ifndef __i386__", False),
        ("#if defined(__sparc__) || defined(CONFIG_BOTH)", False),
        ("#ifdef CONFIG_BOTH and #ifdef __mips__", True),
        ("#if LINUX > 3", False),
        ("#if (((", False),
        ("", False),
    ],
)
def test_conditions(buildable: Buildable, condition: str, never: bool) -> None:
    assert (buildable.condition(condition) != "") is never


def test_directives_of_other_architectures_are_known_by_name() -> None:
    for never in ("#ifdef CONFIG_SPARC", "#else of #if !defined(__arm__)", "#if 0", "#if defined(__alpha__)"):
        assert of_others(never), never
    for perhaps in ("#ifdef CONFIG_PM", "#else of #ifdef __alpha__", "#if 1", "#ifndef CONFIG_ARM"):
        assert not of_others(perhaps), perhaps


def test_without_kconfig_only_architectures_are_known() -> None:
    assert elsewhere("#ifdef __mips__")
    assert not elsewhere("#ifdef CONFIG_MIPS_MADE_UP")
