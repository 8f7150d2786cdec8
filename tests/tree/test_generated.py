from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.tree.directory import DirectoryTree
from patcher.tree.generated import make, time_constants


@pytest.fixture
def tree(tmp_path: Path) -> DirectoryTree:
    return DirectoryTree(tmp_path)


def write(tree: DirectoryTree, path: str, text: str) -> None:
    (tree.root / path).parent.mkdir(parents=True, exist_ok=True)
    (tree.root / path).write_text(text)


def macros(header: bytes | None) -> dict[str, str]:
    assert header is not None
    return dict(re.findall(r"^#define (\w+) (.*)$", header.decode(), re.MULTILINE))


@pytest.mark.parametrize(
    ("sublevel", "extra", "code"),
    [
        ("37", "", 2 << 16 | 6 << 8 | 37),
        ("37", "-rc8", 2 << 16 | 6 << 8 | 37),
        ("300", "", 2 << 16 | 6 << 8 | 255),
        ("", "", 2 << 16 | 6 << 8),
    ],
)
def test_version_h(tree: DirectoryTree, sublevel: str, extra: str, code: int) -> None:
    write(tree, "Makefile", f"VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = {sublevel}\nEXTRAVERSION = {extra}\n")
    found = macros(make(tree, "linux/version.h", b""))
    assert int(found["LINUX_VERSION_CODE"]) == code
    assert (found["LINUX_VERSION_MAJOR"], found["LINUX_VERSION_PATCHLEVEL"]) == ("2", "6")


def test_utsrelease_h(tree: DirectoryTree) -> None:
    write(tree, "Makefile", "VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 37\nEXTRAVERSION = -rc8\n")
    assert macros(make(tree, "generated/utsrelease.h", b"")) == {"UTS_RELEASE": '"2.6.37-rc8"'}


def test_autoconf_h_has_two_places(tree: DirectoryTree) -> None:
    """Up to 2.6.32 it is below include/linux, and include/linux/mmdebug.h asks for it there."""
    assert make(tree, "linux/autoconf.h", b"#define CONFIG_X86 1\n") == b"#define CONFIG_X86 1\n"


def test_unknown_headers_are_not_made(tree: DirectoryTree) -> None:
    for name in ("linux/mm.h", "generated/nothing.h", "../../etc/passwd", "asm/../x.h"):
        assert make(tree, name, b"") is None


# What the kernel was configured with through the years.
HZ = (24, 32, 48, 64, 100, 122, 128, 200, 250, 256, 300, 512, 1000, 1024, 1200)


def constants(hz: int) -> dict[str, int]:
    return {
        name: int(value.removeprefix("U64_C(").rstrip(")"), 0) for name, value in macros(time_constants(hz)).items()
    }


@pytest.mark.parametrize("unit", ["MSEC", "USEC", "NSEC"])
@given(hz=st.sampled_from(HZ), value=st.integers(0, 2**31 - 1))
def test_multiply_and_shift_is_the_conversion(unit: str, hz: int, value: int) -> None:
    """As jiffies_to_msecs() and usecs_to_jiffies() compute: rounded up by the adjustment, at most one too much."""
    found = constants(hz)
    for name in (f"HZ_TO_{unit}", f"{unit}_TO_HZ"):
        top, bottom, shift = (found[f"{name}_{part}"] for part in ("NUM", "DEN", "SHR32"))
        exact = value * top / bottom
        assert abs(((value * found[f"{name}_MUL32"]) >> shift) - exact) <= 1 + exact * 2**-31
        assert found[f"{name}_MUL32"].bit_length() == 32


@pytest.mark.parametrize("hz", HZ)
def test_fractions_are_in_lowest_terms(hz: int) -> None:
    found = constants(hz)
    assert found["HZ_TO_MSEC_NUM"] * hz == 1000 * found["HZ_TO_MSEC_DEN"]
    assert (found["HZ_TO_MSEC_NUM"], found["HZ_TO_MSEC_DEN"]) == (found["MSEC_TO_HZ_DEN"], found["MSEC_TO_HZ_NUM"])


def test_time_constants_are_those_of_the_kernel() -> None:
    """HZ=250 and HZ=300 from kernel/timeconst.pl of Linux 2.6.37, which ships them ready."""
    found = constants(250)
    assert (found["HZ_TO_MSEC_MUL32"], found["HZ_TO_MSEC_ADJ32"], found["HZ_TO_MSEC_SHR32"]) == (0x80000000, 0, 29)
    assert (found["MSEC_TO_HZ_MUL32"], found["MSEC_TO_HZ_ADJ32"], found["MSEC_TO_HZ_SHR32"]) == (
        0x80000000, 0x180000000, 33,
    )  # fmt: skip
    found = constants(300)
    assert (found["HZ_TO_MSEC_MUL32"], found["HZ_TO_MSEC_ADJ32"], found["HZ_TO_MSEC_SHR32"]) == (
        0xD5555556, 0x2AAAAAAA, 30,
    )  # fmt: skip


def test_timeconst_h_takes_hz_from_the_configuration(tree: DirectoryTree) -> None:
    autoconf = b"#define CONFIG_HZ_250 1\n#define CONFIG_HZ 250\n"
    assert make(tree, "generated/timeconst.h", autoconf) == time_constants(250)
    assert make(tree, "generated/timeconst.h", b"") is None


TABLE_64 = """\
# the format is: <number> <abi> <name> <entry point>
0\tcommon\tread\t\t\tsys_read
13\t64\trt_sigaction\t\tsys_rt_sigaction
60\tcommon\texit\t\t\tsys_exit\t\t-\t\t\tnoreturn
512\tx32\trt_sigaction\t\tcompat_sys_rt_sigaction
"""
TABLE_32 = """\
0\ti386\trestart_syscall\t\tsys_restart_syscall
1\ti386\texit\t\t\tsys_exit\t\t\t-\t\t\tnoreturn
11\ti386\texecve\t\t\tsys_execve\t\t\tcompat_sys_execve
17\ti386\tbreak
"""


@pytest.fixture(params=["arch/x86/entry/syscalls", "arch/x86/syscalls"])
def calls(request: pytest.FixtureRequest, tree: DirectoryTree) -> DirectoryTree:
    write(tree, f"{request.param}/syscall_64.tbl", TABLE_64)
    write(tree, f"{request.param}/syscall_32.tbl", TABLE_32)
    return tree


def test_system_call_numbers(calls: DirectoryTree) -> None:
    assert macros(make(calls, "asm/unistd_64.h", b"")) == {
        "__NR_read": "(0)", "__NR_rt_sigaction": "(13)", "__NR_exit": "(60)", "__NR_syscalls": "61",
    }  # fmt: skip
    assert macros(make(calls, "asm/unistd_32.h", b"")) == {
        "__NR_restart_syscall": "(0)", "__NR_exit": "(1)", "__NR_execve": "(11)", "__NR_break": "(17)",
        "__NR_syscalls": "18",
    }  # fmt: skip
    assert macros(make(calls, "asm/unistd_x32.h", b""))["__NR_rt_sigaction"] == "(__X32_SYSCALL_BIT + 512)"
    assert macros(make(calls, "asm/unistd_32_ia32.h", b""))["__NR_ia32_execve"] == "(11)"


def test_system_call_entry_points(calls: DirectoryTree) -> None:
    assert make(calls, "asm/syscalls_32.h", b"") == (
        b"__SYSCALL(0, sys_restart_syscall)\n__SYSCALL(1, sys_exit)\n"
        b"__SYSCALL_WITH_COMPAT(11, sys_execve, compat_sys_execve)\n__SYSCALL(17, sys_ni_syscall)\n"
    )


def test_without_a_table_there_are_no_calls(tree: DirectoryTree) -> None:
    assert make(tree, "asm/unistd_64.h", b"") is None
    assert make(tree, "asm/syscalls_64.h", b"") is None


def test_generic_wrappers(tree: DirectoryTree) -> None:
    write(tree, "arch/x86/include/asm/Kbuild", "generic-y += early_ioremap.h\ngeneric-y += export.h local64.h\n")
    write(tree, "include/asm-generic/Kbuild", "mandatory-y += rwonce.h\n")
    for header in ("early_ioremap.h", "local64.h", "rwonce.h", "page.h"):
        write(tree, f"include/asm-generic/{header}", "")
    for header in ("early_ioremap.h", "local64.h", "rwonce.h"):
        assert make(tree, f"asm/{header}", b"") == f"#include <asm-generic/{header}>\n".encode()
    assert make(tree, "asm/export.h", b"") is None  # listed, but asm-generic has none
    assert make(tree, "asm/page.h", b"") is None  # asm-generic has one, but it is not listed


def test_hypercalls(tree: DirectoryTree) -> None:
    write(
        tree, "include/xen/interface/xen.h",
        "#define __HYPERVISOR_mmu_update  1\n# define __HYPERVISOR_sched_op 29\n#define __HYPERVISOR_VIRT_START 0\n",
    )  # fmt: skip
    assert make(tree, "asm/xen-hypercalls.h", b"") == b"HYPERCALL(mmu_update)\nHYPERCALL(sched_op)\n"
