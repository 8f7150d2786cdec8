"""A tree of two architectures in the shape of kbuild: what cross compilers, checkers and modpost take of it, no more.

The miniature tree is x86's alone.
"""

from __future__ import annotations

from pathlib import Path

from check.checking import append, commit_edits
from realgit import run_git

_MAKEFILE = r"""
VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 0
EXTRAVERSION = -two
MAKEFLAGS += -rR
srctree := $(CURDIR)
Makefile: ;
SRCARCH := $(if $(filter x86_64 i386,$(ARCH)),x86,$(or $(ARCH),x86))
CC := $(CROSS_COMPILE)gcc
LD := $(CROSS_COMPILE)ld
ifneq ($(LLVM),)
CC := clang
LD := ld.lld
KBUILD_CFLAGS += --target=$(if $(filter arm64,$(SRCARCH)),aarch64,x86_64)-linux-gnu
endif
KBUILD_CFLAGS += -std=gnu11 -O2 -Wall -ffreestanding -fno-pie -fcf-protection=none
KBUILD_CFLAGS += $(if $(filter i386,$(ARCH)),-m32)
KBUILD_CFLAGS := $(if $(filter x86,$(SRCARCH)),$(KBUILD_CFLAGS),$(filter-out -fcf%,$(KBUILD_CFLAGS)))
ifneq ($(W),)
KBUILD_CFLAGS += -Wunused-but-set-variable
else
KBUILD_CFLAGS += -Wno-unused-but-set-variable
endif
.PHONY: FORCE
oldconfig: ;
%config:
	@mkdir -p $(O) && cp arch/$(SRCARCH)/configs/$@ $(O)/.config
prepare: ;
%.o: FORCE
	@mkdir -p $(O)/$(@D)
	@echo '  CC      $@'
	@cd $(O) && $(CC) -MMD -MF $(@D)/.$(@F).d -Iinclude -I$(srctree)/include $(KBUILD_CFLAGS) -DARCH_$(SRCARCH) \
		$(KCFLAGS) -c -o $@ $(srctree)/$*.c
%.ko: %.o
	@cd $(O) && $(LD) -r -o $@ $<
"""
_FILES = {
    "Makefile": _MAKEFILE,
    "README": "Linux kernel\n",
    "Kbuild": "obj-y += lib/\n",
    "lib/Makefile": "obj-y := text.o other.o\nobj-m := mod.o\nobj-$(CONFIG_ALONE) += alone.o\n",
    "lib/text.c": "#include <two.h>\nint text(int x)\n{\n\treturn x;\n}\nEXPORT_SYMBOL(text);\n",
    "lib/other.c": "#include <two.h>\nint other(void)\n{\n\treturn text(3);\n}\n",
    "lib/mod.c": "#include <two.h>\nint mod(void)\n{\n\treturn text(4);\n}\n",
    "lib/alone.c": "int alone(void)\n{\n\treturn 5;\n}\n",
    "include/two.h": "#define EXPORT_SYMBOL(name) const char __ksymtab_##name\nint text(int x);\nint other(void);\n",
    "arch/x86/configs/defconfig": "CONFIG_64BIT=y\n",
    "arch/arm64/configs/defconfig": "CONFIG_64BIT=y\nCONFIG_ARM64=y\n",
    "scripts/kconfig/Makefile": "# oldconfig\n",
    "Kconfig": 'mainmenu "Linux/$(ARCH) Kernel Configuration"\n',
    "arch/x86/Makefile": "\n",
    "arch/arm64/Kbuild": "obj-y += two.o\n",
    "arch/arm64/two.c": "int arm64_two(void)\n{\n\treturn 6;\n}\n",
    "arch/arm64/Makefile": "\n",
}


def small_kbuild(place: Path) -> Path:
    """The tree, committed once, below a directory."""
    tree = place / "two"
    tree.mkdir()
    run_git(tree, "init", "-q")
    commit_edits(tree, "base", {path: append(text) for path, text in _FILES.items()})
    return tree
