"""What a tree's objects may not hold, and what the compiler may not read: with the real compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from patience import not_stuck

from patcher import confine, sandbox
from patcher.cache import Cache
from patcher.prove import elf, toolchain
from patcher.prove.link import shim_of
from patcher.prove.objects import check_objects, read_files, segments
from patcher.prove.toolchain import CompilerError, run_confined

BITS = [bits for bits in (64, 32) if not toolchain.missing(bits)]
pytestmark = pytest.mark.skipif(not BITS, reason="no compiler")


def compiled(code: str, place: Path, bits: int = 64) -> bytes:
    source = place / "a.c"
    source.write_text(code)
    subprocess.run(["gcc", f"-m{bits}", "-fno-pie", "-w", "-c", "-o", place / "a.o", source], check=True)
    return (place / "a.o").read_bytes()


def supplied(bits: int, cache: Cache) -> dict[str, str]:
    return {name: "the shim" for name, weak in shim_of(bits, cache).exported.items() if not weak}


REFUSED = {
    "void _start(void) {}": "defines _start",
    'void other(void) __asm__("prove_entry"); void other(void) {}': "defines prove_entry",
    'char x[4] __asm__("__start_shimtext");': "defines __start_shimtext",
    'char x[4] __asm__("__stop___ex_table");': "defines __stop___ex_table",
    "void *memcpy(void *a, const void *b, unsigned long n) { return a; }": "defines memcpy, which the shim defines",
    "__attribute__((weak)) void *memset(void *a, int b, unsigned long n) { return a; }": "defines memset",
    '__asm__(".comm late_page,8,8");': "defines late_page",
    '__asm__(".globl hypercall_page\\n.set hypercall_page, 0x1234");': "defines hypercall_page",
    '__asm__(".section .interp,\\"a\\"\\n.asciz \\"/tmp/evil\\"\\n.text");': "the linker or the loader (.interp)",
    "__attribute__((constructor)) void f(void) {}": "a function that runs before or after all others",
    "__attribute__((destructor)) void f(void) {}": "a function that runs before or after all others",
    '__asm__(".section .ctors,\\"aw\\"\\n.long 0\\n.text");': "a function that runs before or after all others",
    '__asm__(".section .preinit_array,\\"aw\\"\\n.long 0\\n.text");': "a function that runs before or after all others",
    '__asm__(".section .init,\\"ax\\"\\nnop\\n.text");': "a function that runs before or after all others",
    "static void g(void) {} static void *r(void) { return g; } void f(void) __attribute__((ifunc(\"r\")));":
        "chooses a function at load time (f)",
    "__thread int x = 1;": "variables of threads",
    'void old(void) {} __asm__(".symver old, f@V1");': "a symbol with a version",
    'void old(void) {} __asm__(".symver old, f@@V1");': "a symbol with a version",
    '__attribute__((section("shimtext"))) void f(void) {}': "a section of the shim's",
    '__asm__(".section .note.GNU-stack,\\"x\\",@progbits\\n.text");': "a stack that can be executed",
    '__asm__(".section .note.evil,\\"a\\",@note\\n.long 0\\n.text");': "a note to the system",
    '__asm__(".section .drectve\\n.ascii \\"-lc\\"\\n.text");': "for the linker or the loader (.drectve)",
    '__asm__(".section .dynamic,\\"aw\\"\\n.long 0\\n.text");': "for the linker or the loader (.dynamic)",
    '__asm__(".globl \\"f; .incbin /etc/passwd\\"\\n.long \\"f; .incbin /etc/passwd\\"");': "a symbol of an odd name",
    '__asm__(".globl \\"f\\\\ng\\"\\n\\"f\\\\ng\\": .long 0");': "a symbol of an odd name",
    '__asm__(".type f, @gnu_unique_object\\n.globl f\\nf: .long 0");': "a symbol of no C compiler's",
    '__asm__(".bss\\n.globl f\\nf: .skip 0x20000000\\n.text");': "a section of 536870912 bytes",
}  # fmt: skip


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("code", REFUSED)
def test_what_only_a_linker_or_a_loader_wants_is_refused(
    code: str, bits: int, tmp_path: Path, prove_cache: Cache
) -> None:
    with pytest.raises(CompilerError) as caught:
        check_objects({"arch/x86/xen/mmu.c": compiled(code, tmp_path, bits)}, supplied(bits, prove_cache), bits)
    assert str(caught.value).startswith("arch/x86/xen/mmu.c ")
    assert REFUSED[code] in str(caught.value)
    assert "\n" not in str(caught.value)


ALLOWED = (
    "int f(int a) { return a + 1; } static int table[4]; int *g(void) { return table; }",
    '__attribute__((section(".init.text"))) int f(void) { return 0; }',
    '__asm__(".section __ex_table,\\"a\\"\\n.long 0\\n.text\\n.section .altinstructions,\\"a\\"\\n.long 0\\n.text");',
    "unsigned long phys_base = 7; void clear_page(void *page) {}",
    "extern void stop(int); void f(void) { stop(1); }",
)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("code", ALLOWED)
def test_what_a_kernels_file_holds_is_let_through(code: str, bits: int, tmp_path: Path, prove_cache: Cache) -> None:
    assert "a.c" in check_objects({"a.c": compiled(code, tmp_path, bits)}, supplied(bits, prove_cache), bits)


def test_two_files_that_define_the_same_are_refused(tmp_path: Path) -> None:
    one, other = compiled("int f(void) { return 1; }", tmp_path), compiled("int f(void) { return 2; }", tmp_path)
    with pytest.raises(CompilerError, match=r"b\.c defines f, which a\.c defines, too"):
        check_objects({"a.c": one, "b.c": other}, {}, 64)
    weak = compiled("__attribute__((weak)) int f(void) { return 2; }", tmp_path)
    assert len(check_objects({"a.c": one, "b.c": weak}, {}, 64)) == 2


def linked(code: str, place: Path, *options: str) -> bytes:
    compiled(code, place)
    subprocess.run(["gcc", "-nostdlib", "-o", place / "a", place / "a.o", *options], check=True, capture_output=True)
    return (place / "a").read_bytes()


def test_only_a_static_program_in_its_place_is_mapped(tmp_path: Path) -> None:
    plain = linked("void _start(void) {} int x = 3, y[9000];", tmp_path, "-static", "-no-pie")
    parts, entry = segments(plain, 64)
    assert any(part.address <= entry < part.address + part.size and part.flags & 1 for part in parts)
    for options, said in (
        (("-static-pie",), "not a static one"),
        (("-static", "-no-pie", "-Wl,-Ttext-segment=0x70000000"), "not its place"),
        (("-no-pie", "-lc"), "a loader of its own|a table for the loader"),
    ):
        with pytest.raises(CompilerError, match=said):
            segments(linked("void _start(void) { extern int puts(); puts(0); } ", tmp_path, *options)
                     if "-lc" in options else linked("void _start(void) {}", tmp_path, *options), 64)  # fmt: skip


def test_no_byte_of_a_program_makes_a_traceback(tmp_path: Path) -> None:
    plain = linked("void _start(void) {} int x = 3;", tmp_path, "-static", "-no-pie")
    for at in [*range(64), *range(64, len(plain), 97)]:
        for value in (0, 0xFF, plain[at] ^ 0x41):
            try:
                segments(plain[:at] + bytes((value,)) + plain[at + 1 :], 64)
            except CompilerError as error:
                assert "\n" not in str(error)
    for end in range(0, len(plain), 61):
        with pytest.raises(CompilerError):
            segments(plain[:end], 64)


def test_an_object_is_taken_apart_as_nm_does(tmp_path: Path) -> None:
    for bits in BITS:
        data = compiled(
            "int f(int a) { extern int g(int); static int s; return g(a) + s++; } int v = 3;", tmp_path, bits
        )
        named = {symbol.name for symbol in elf.parse(data, bits).symbols if symbol.name and symbol.seen}
        said = subprocess.run(["nm", "-g", tmp_path / "a.o"], check=True, capture_output=True, text=True).stdout
        assert named == {line.split()[-1] for line in said.splitlines()} | (named & {"_GLOBAL_OFFSET_TABLE_"})


READS = {
    '__asm__(".incbin \\"/etc/passwd\\"");': True,
    '__asm__(".include \\"/etc/passwd\\"");': True,
    '#include "/etc/passwd"\n': True,
    "%:include </etc/shadow>\n": True,
    '#include "/proc/self/environ"\n': True,
    '#include "/dev/zero"\n': True,
    '__asm__(".include \\"/dev/zero\\"");': True,
    '__asm__(".incbin \\"/dev/zero\\"");': True,
    '__asm__(".space 0x1000000000");': True,
    '__asm__(".rept 1000000000\\n.long 1\\n.endr");': True,
    '#include "a.c"\n': True,
    '#include "/dev/stdin"\nint x;': True,
    '#include "/usr/include/linux/limits.h"\n': False,
    '__asm__(".incbin \\"/usr/bin/env\\"");': False,
    '#pragma GCC dependency "/etc/shadow"\nint x;': False,
}


@pytest.mark.parametrize("how", ["bubblewrap", "Landlock"])
@pytest.mark.parametrize("code", READS)
def test_the_compiler_reads_nothing_outside(code: str, how: str, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """It fails (True), or what it has read tells on it; it ends in its time, and quotes nothing."""
    if how == "Landlock":
        monkeypatch.setattr(toolchain, "confinement", lambda: "Landlock")
        if why := confine.available():
            pytest.skip(why)
    elif why := sandbox.available():
        pytest.skip(why)
    monkeypatch.setattr(toolchain, "_SECONDS", 8)
    monkeypatch.setattr(toolchain, "_MEMORY_BYTES", 2**29)
    monkeypatch.setattr(toolchain, "_FILE_BYTES", 2**27)
    sources, work = tmp_path / "sources", tmp_path / "work"
    sources.mkdir()
    work.mkdir()
    (sources / "a.c").write_text(code)
    command = ["gcc", "-nostdinc", "-w", "-pipe", "-MD", "-MF", "a.d", "-Wa,--MD,a.as.d", "-c", "-o", "a.o",
               str(sources / "a.c")]  # fmt: skip
    failed, outside = "", ""
    try:
        with not_stuck():
            run_confined([command], read=[sources], write=work)
    except CompilerError as error:
        failed = str(error)
    else:
        try:
            for name in ("a.d", "a.as.d"):
                read_files((work / name).read_text(), [sources, work], work)
        except CompilerError as error:
            outside = str(error)
    assert "root:" not in failed + outside
    if READS[code]:
        assert failed or "outside of the tree" in outside
    elif "pragma" not in code:
        assert "outside of the tree" in outside
