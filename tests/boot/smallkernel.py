"""A repository that builds something in the shape of a kernel, with Kconfig in a few lines of awk, in half a second."""

from __future__ import annotations

from pathlib import Path

from realgit import run_git

MAKEFILE = r"""
VERSION = 2
PATCHLEVEL = 6
SUBLEVEL = 37
NAME = As Small As It Gets

ifndef SRC

allnoconfig:
	@awk -f conf.awk $(KCONFIG_ALLCONFIG) Kconfig > $(O)/.config

vmlinux bzImage: both
	@:

both:
	@$(MAKE) -C $(O) -f $(CURDIR)/Makefile SRC=$(CURDIR) $(MAKECMDGOALS:bzImage=arch/x86/boot/bzImage)

else

vpath %.c $(SRC)

%.o: %.c .config
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@echo $@ >> log
	@$(CC) $(KCFLAGS) -c -o $@ $<

vmlinux: init/main.o mm/page.o
	@cat .config $^ > $@

arch/x86/boot/bzImage: vmlinux
	@mkdir -p $(@D)
	@cat $< > $@

endif
"""
CONF = r"""
FNR == 1 { file++ }
file == 1 && /^CONFIG_/ { split(substr($0, 8), part, "="); asked[part[1]] = part[2] }
file == 2 && /^config/ { name = $2; needs[name] = "" }
file == 2 && /depends on/ { needs[name] = $3 }
END { for (name in needs) if (name in asked && (needs[name] == "" || needs[name] in asked))
	print "CONFIG_" name "=" asked[name] | "sort" }
"""
KCONFIG = "config PCI\n\nconfig XEN\n\tdepends on PCI\n\nconfig ACPI\n\tdepends on MISSING\n\nconfig NR_CPUS\n"


def small_kernel(place: Path) -> Path:
    """A repository with one commit of it."""
    files = {
        "Makefile": MAKEFILE, "conf.awk": CONF, "Kconfig": KCONFIG,
        "init/main.c": "int main_of(int x)\n{\n\treturn x + 1;\n}\n", "mm/page.c": "int page;\n",
    }  # fmt: skip
    place.mkdir()
    run_git(place, "init", "-q", "--template=")
    commit(place, "a kernel", files)
    return place


def commit(place: Path, subject: str, files: dict[str, str]) -> str:
    """Write files, and commit them: the id."""
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    run_git(place, "add", "-A", "-f")
    run_git(place, "commit", "-q", "-m", subject)
    return run_git(place, "rev-parse", "HEAD")
