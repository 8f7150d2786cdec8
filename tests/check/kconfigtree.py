"""A small tree that is configured as kernels are: kbuild in a few lines, and kconfiglib for its Kconfig program."""

from __future__ import annotations

from pathlib import Path

import kconfiglib
import pytest
from realgit import run_git

PYTHON = Path("/usr/bin/python3")  # what the sandbox has
MAKEFILE = """\
MAKEFLAGS += -rR
VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 0
EXTRAVERSION =
NAME = Small
srctree := $(CURDIR)
core-y := drivers/
%config: FORCE
	@srctree=$(srctree) ARCH=$(or $(ARCH),x86) SRCARCH=x86 KERNELVERSION=6.12 CC=gcc O=$(O) \\
	KCONFIG_CONFIG=$(O)/.config python3 -B $(srctree)/scripts/kconfig/conf.py $@
prepare scripts: FORCE
	@:
%.o: FORCE
	@mkdir -p $(O)/$(@D)
	@echo '  CC      $@'
	@gcc -Wall -include $(O)/autoconf.h -DIS_ENABLED=__is_enabled -Wp,-MMD,$(O)/$(@D)/.$(@F).d $(KCFLAGS) \\
	-c -o $(O)/$@ $(srctree)/$*.c
FORCE:;
"""
CONF = """\
import os, random, sys
import kconfiglib
kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
config, what = os.environ["KCONFIG_CONFIG"], sys.argv[1]
if what == "olddefconfig":
    kconf.load_config(config)
elif what == "allmodconfig":
    for symbol in kconf.unique_defined_syms:
        symbol.set_value(2 if symbol.orig_type == kconfiglib.BOOL else "m")
elif what == "randconfig":
    drawn = random.Random(os.environ["KCONFIG_SEED"])
    for symbol in kconf.unique_defined_syms:
        symbol.set_value(drawn.choice(symbol.assignable or [0]))
kconf.write_config(config)
kconf.write_autoconf(os.path.join(os.environ["O"], "autoconf.h"))
"""
KCONFIG = """\
source "arch/$(SRCARCH)/Kconfig"
config MODULES
	bool "modules"
	option modules
config BUS
	bool "a bus"
config QUICK
	bool "quick"
	default y
source "drivers/Kconfig"
"""
FILES = {
    "Makefile": MAKEFILE,
    "Kconfig": KCONFIG,
    "Kbuild": "obj-y += drivers/\n",
    "arch/x86/Kconfig": 'config 64BIT\n\tbool "64" if "$(ARCH)" = "x86"\n\tdefault "$(ARCH)" != "i386"\n',
    "arch/x86/Makefile": "",
    "scripts/kconfig/Makefile": "# olddefconfig\n",
    "scripts/kconfig/conf.py": CONF,
    "drivers/Kconfig": 'config OLD\n\ttristate "old"\n',
    "drivers/Makefile": "obj-y += core.o\nobj-$(CONFIG_OLD) += old.o\n",
    "drivers/core.c": "int core;\n",
    "drivers/old.c": "int old;\n",
}


def require_kconfig() -> None:
    if not PYTHON.exists():
        pytest.skip(f"there is no {PYTHON} to run a Kconfig program with")


def small_tree(place: Path) -> Path:
    """The tree at a commit, tagged ``base``."""
    for path, text in FILES.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    (place / "scripts/kconfig/kconfiglib.py").write_text(Path(kconfiglib.__file__).read_text())
    run_git(place, "init", "-q")
    run_git(place, "add", "-A")
    run_git(place, "commit", "-q", "-m", "base")
    run_git(place, "tag", "base")
    return place
