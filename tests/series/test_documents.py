"""Edits of files that are not C, and new files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patcher.errors import InputError
from patcher.series.compose import apply
from patcher.series.documents import edits
from patcher.series.edits import EditSpec, load_edits

KCONFIG = """\
menu "Xen"

config XEN_BALLOON
	bool "Balloon"
	help
\t  Gives memory back.

# remark
config XEN_P2M
	bool

endmenu
"""
MAKEFILE = """\
obj-y	:= events.o \\
\t   grant.o
obj-$(CONFIG_XEN) += a.o
obj-$(CONFIG_XEN) += b.o

ccflags-y := -O

made.h: made.c
	$(CC) $<
	true
"""
MAINTAINERS = """\
Maintainers List
----------------

XEN HYPERVISOR X86
M:	A <a@example.org>
S:	Supported
F:	arch/x86/xen/

XEN NETWORK
M:	B <b@example.org>
F:	drivers/net/xen/
"""
DTS = """\
/ {
	soc {
		i2c1: i2c@100 {
			status = "disabled"; /* } */
		};
	};
};

&uart0 {
	status = "okay";
};
"""
RST = """\
=====
Title
=====

First
=====

text

Below
-----

more

Second
======

end
"""
FILES = {
    "drivers/xen/Kconfig": KCONFIG, "drivers/xen/Makefile": MAKEFILE, "MAINTAINERS": MAINTAINERS,
    "arch/arm/boot/dts/a.dts": DTS, "Documentation/a.rst": RST,
}  # fmt: skip
KC, MK, MT, DT, RS = FILES


def edited(path: str, entry: str, action: str, text: str = "", line: str = "") -> str:
    spec = EditSpec(why="w", path=path, entry=entry, action=action, text=text, line=line)
    contents = {path: FILES[path].encode()}
    return apply(contents, edits(spec, contents)).get(path, contents[path]).decode()


@pytest.mark.parametrize(
    ("given", "old", "new"),
    [
        ((KC, "config XEN_BALLOON", "after", "config NEW\n\tbool\n"),
         "memory back.\n\n", "memory back.\n\nconfig NEW\n\tbool\n\n"),
        ((KC, "XEN_P2M", "replace", "config XEN_P2M\n\tdef_bool y"),
         "config XEN_P2M\n\tbool\n", "config XEN_P2M\n\tdef_bool y\n"),
        ((KC, "config XEN_BALLOON", "append", "\t  And takes it."),
         "memory back.\n", "memory back.\n\t  And takes it.\n"),
        ((KC, "config  XEN_BALLOON", "after", "\tdepends on XEN", 'bool "Balloon"'),
         '"Balloon"\n', '"Balloon"\n\tdepends on XEN\n'),
        ((KC, "config XEN_BALLOON", "delete"), KCONFIG[KCONFIG.index("config XEN_B") : KCONFIG.index("# rem")], ""),
        ((MK, "obj-y", "append", "p2m.o"), "grant.o\n", "grant.o p2m.o\n"),
        ((MK, "obj-$(CONFIG_XEN)", "after", "obj-$(CONFIG_XEN) += c.o", "obj-$(CONFIG_XEN) += b.o"),
         "+= b.o\n", "+= b.o\nobj-$(CONFIG_XEN) += c.o\n"),
        ((MK, "made.h", "delete"), MAKEFILE[MAKEFILE.index("made.h") :], ""),
        ((MT, "XEN HYPERVISOR X86", "after", "F:\tdrivers/xen/p2m.c", "F: arch/x86/xen/"),
         "arch/x86/xen/\n", "arch/x86/xen/\nF:\tdrivers/xen/p2m.c\n"),
        ((MT, "XEN NETWORK", "before", "XEN NEW\nM:\tC <c@example.org>"),
         "XEN NETWORK", "XEN NEW\nM:\tC <c@example.org>\n\nXEN NETWORK"),
        ((DT, "&i2c1", "append", "clock;"), "/* } */\n", "/* } */\n\t\t\tclock;\n"),
        ((DT, "&uart0", "replace", "\tstatus = \"disabled\";", 'status = "okay";'), '"okay"', '"disabled"'),
        ((RS, "First", "append", "\nlast"), "more\n", "more\n\nlast\n"),
        ((RS, "Below", "after", "Next\n----\n\nx"), "more\n", "more\n\nNext\n----\n\nx\n"),
    ],
)  # fmt: skip
def test_a_place_is_found_by_its_name(given: tuple[Any, ...], old: str, new: str) -> None:
    assert FILES[given[0]].count(old) == 1
    if given == (RS, "First", "append", "\nlast"):
        new = "more\nlast\n"  # empty lines around a text are not its own
    assert edited(*given) == FILES[given[0]].replace(old, new)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((KC, "config XEN_BALON", "delete"), None),
        ((KC, "config XEN_BALON", "append", "x"), "found 0: drivers/xen/Kconfig:3: config XEN_BALLOON"),
        ((MK, "obj-$(CONFIG_XEN)", "append", "c.o"), "found 2: drivers/xen/Makefile:3: .*; drivers/xen/Makefile:4:"),
        ((MT, "XEN NETWORK", "after", "F:\tx", "F: drivers/net/xem/"), "found 0: MAINTAINERS:11: F: drivers/net/xen/"),
        ((RS, "Third", "append", "x"), "nothing in it has a name like that|Documentation/a.rst:"),
    ],
)
def test_a_place_that_is_not_there_is_told_with_its_neighbours(given: tuple[Any, ...], told: str | None) -> None:
    if told is None:
        assert edited(*given) == FILES[given[0]]
    else:
        with pytest.raises(InputError, match=told):
            edited(*given)


def test_what_is_there_already_comes_to_no_edit() -> None:
    assert edited(MT, "XEN HYPERVISOR X86", "after", "S: Supported", "M: A <a@example.org>") == MAINTAINERS
    new = EditSpec(why="w", new="a.c", text="int a;\n")
    assert edits(new, {"a.c": b"int a;\n"}) == []
    assert [edit.replacement for edit in edits(new, {})] == [b"int a;\n"]
    with pytest.raises(InputError, match=r"edit 'w': a\.c is there already, and is another"):
        edits(new, {"a.c": b"int b;\n"})
    with pytest.raises(InputError, match="the tree has no file gone"):
        edits(EditSpec(why="w", path="gone", entry="x", action="delete"), {})
    with pytest.raises(InputError, match=r"a\.c is no Kconfig"):
        edits(EditSpec(why="w", path="a.c", entry="x", action="delete"), {"a.c": b""})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('new = "../x"\ntext = "a"', "is no path in a tree"),
        ('new = ".git/hooks/x"\ntext = "a"', "is no path in a tree"),
        ('new = "/etc/x"\ntext = "a"', "is no path in a tree"),
        ('new = "x"\ntext = "a"\naction = "after"', "no entry, line or action"),
        ('path = "x"\naction = "delete"', "needs the entry"),
        ('path = "x"\nentry = "e"\naction = "move"\ntext = "a"', "action is 'move'"),
        ('path = "x"\nentry = "e"\naction = "after"', "needs a text"),
        ('path = "x"\nfunction = "f"\nentry = "e"\naction = "delete"', "goes with no name"),
        ('entry = "e"\nfunction = "f"\naction = "delete"', "go with a path"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "edits.toml").write_text(f'[[edit]]\nwhy = "w"\n{text}\n')
    with pytest.raises(InputError, match=rf"edits\.toml: edit 1 \(w\): .*{told}"):
        load_edits(tmp_path)
