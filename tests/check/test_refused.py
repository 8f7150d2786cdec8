"""What today's compiler refuses in an old tree is found by looking, and is taken once it is made otherwise."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from check.checking import require_gcc

from patcher.check import refused
from patcher.check.adjust import OURS, Adjustments, adjustments
from patcher.check.refused import accepts, lenient_sizes, objects, vectorizes

INIT = (
    '#define __init __attribute__((section(".init.text")))\n#define __initdata __attribute__((section(".init.data")))\n'
)
LINKAGE = "#ifdef __i386__\n#define asmregparm __attribute__((regparm(3)))\n#else\n#define asmregparm\n#endif\n"
DRIVER = "#include <linux/init.h>\n#include <acpi/osl.h>\nint __init os_start(int how)\n{\n\treturn how;\n}\n"
TRACE = (
    "#include <linux/linkage.h>\n#include <asm/trace.h>\n\nasmregparm long trace(struct regs *r)\n{\n\treturn 1;\n}\n"
)
TREE = {
    "include/linux/init.h": f"#ifndef INIT\n#define INIT\n{INIT}#endif\n",
    "include/linux/linkage.h": f"#ifndef LINKAGE\n#define LINKAGE\n{LINKAGE}#endif\n",
    "include/acpi/osl.h": "extern int count __initdata;\nint __initdata os_start(int how);\nint __initdata LIST(x);\n",
    "drivers/acpi/osl.c": f"{DRIVER}int __initdata count = 1;\n",
    "drivers/acpi/user.c": "#include <acpi/osl.h>\nint begin(void)\n{\n\treturn os_start(1);\n}\n",
    "arch/x86/include/asm/trace.h": "struct regs;\nextern long trace(struct regs *);\n",
    "arch/x86/kernel/trace.c": TRACE,
    "arch/ia64/kernel/trace.c": "asmregparm long other(void)\n{\n}\n",
}


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()


def search(files: dict[str, str], words: list[str], patterns: list[str]) -> list[str]:
    endings = tuple(pattern.removeprefix("*") for pattern in patterns)
    return [path for path, text in files.items() if path.endswith(endings) and any(word in text for word in words)]


def found(files: dict[str, str], arch: str) -> list[refused.Object]:
    return list(
        objects(
            "gcc", lambda path: files.get(path, ""), lambda words, patterns: search(files, [*words], [*patterns]), arch,
            "/ours",
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "arch", "options"),
    [
        ("drivers/acpi/osl.c", "x86_64", ["-Werror=attributes"]),
        ("arch/x86/kernel/trace.c", "i386", ["-m32", "-mregparm=3"]),
    ],
)
def test_what_is_refused_compiles_without_the_macro(tmp_path: Path, path: str, arch: str, options: list[str]) -> None:
    (made,) = (each for each in found(TREE, arch) if each.note.startswith(f"{path}: "))
    for name, text in (*TREE.items(), (f"ours/{made.file}", made.text)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    includes = ["-Iinclude", "-Iarch/x86/include"]
    command = ["gcc", "-c", "-o", "out.o", *includes, *options, path]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode
    variable = made.value.replace("/ours", str(tmp_path / "ours")).split()
    subprocess.run([*command[:4], *includes, *options, *variable, path], cwd=tmp_path, check=True)


def test_which_objects_they_are() -> None:
    assert [each.variable for each in found(TREE, "x86_64")] == ["CFLAGS_osl.o"]
    notes = [each.note for each in found(TREE, "i386")]
    assert notes == [
        "drivers/acpi/osl.c: without __initdata, which only the declaration of os_start() has: refused",
        "arch/x86/kernel/trace.c: without asmregparm, which only the definition of trace() has: refused",
    ]


def test_the_flags_that_the_tree_gives_the_object_stay() -> None:
    files = {**TREE, "drivers/acpi/Makefile": "CFLAGS_osl.o := -DOWN\nobj-y += osl.o\n"}
    assert found(files, "x86_64")[0].value == "-DOWN -include /ours/include/without-__initdata.h"


def test_a_tree_that_was_mended_needs_nothing() -> None:
    mended = {
        **TREE, "include/acpi/osl.h": "int __init os_start(int how);\n",
        "arch/x86/include/asm/trace.h": "struct regs;\nextern asmregparm long\ntrace(struct regs *);\n",
    }  # fmt: skip
    assert found(mended, "x86_64") == found(mended, "i386") == []


def test_a_compiler_that_takes_it_is_given_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "accepts", lambda *_: True)
    assert found(TREE, "i386") == []


def test_an_end_that_has_no_beginning() -> None:
    entry = "ENTRY(one)\nret\nEND(one)\nKPROBE_ENTRY(two)\nEND(two)\nthree:\nENDPROC(three)\nEND(sys_##name)\n"
    files = {"arch/x86/kernel/entry_64.S": entry, "arch/arm/kernel/entry.S": "END(nothing)\n"}
    assert lenient_sizes("gcc", files, files.__getitem__) is None
    files["arch/x86/kernel/entry_64.S"] += "ENTRY(xen_four)\n\tret\nEND(four)\n"
    made = lenient_sizes("gcc", files, files.__getitem__)
    assert made is not None
    assert (made[0], "ends four" in made[1]) == ("-Wa,--size-check=warning", True)
    assembly = "ret\n.size four, .-four\n"
    assert not accepts("gcc", assembly, language="assembler")
    assert accepts("gcc", assembly, made[0], language="assembler")


def test_a_compiler_without_sse_does_not_vectorize() -> None:
    assert not vectorizes("gcc -mno-sse")


def adjusted(boot: str, compressed: str) -> Adjustments:
    files = {"arch/x86/boot/Makefile": boot, "arch/x86/boot/compressed/Makefile": compressed}
    return adjustments("gcc", lambda path: files.get(path, ""), files, lambda *_: (), "x86_64")


def test_flags_for_directories_that_begin_anew() -> None:
    made = adjusted("KBUILD_CFLAGS\t:= $(LINUXINCLUDE) -g -Os\n", "KBUILD_CFLAGS := -m$(BITS) -O2\n")
    flags = dict(made.variables)["KCFLAGS"].split()
    assert flags == ["-Wno-error"]
    assert "-std=gnu89" in made.flags.split()
    if vectorizes("gcc"):
        assert made.flags.endswith("-mno-sse -mno-mmx")
    assert f"CC=gcc {made.flags}: arch/x86/boot begins anew with flags of its own" in made.notes


def test_flags_for_directories_that_go_on() -> None:
    made = adjusted("KBUILD_CFLAGS := $(REALMODE_CFLAGS) -D_SETUP\n", "KBUILD_CFLAGS := -O2 $(KBUILD_CFLAGS)\n")
    assert made.flags == ""
    assert "-std=gnu89" in dict(made.variables)["KCFLAGS"]


def test_a_directory_that_has_them_itself() -> None:
    made = adjusted("", "KBUILD_CFLAGS := -m64 -std=gnu89 -fno-pie -mno-mmx -mno-sse -fcf-protection=none\n")
    assert made.flags == ""
    assert OURS not in made.flags
