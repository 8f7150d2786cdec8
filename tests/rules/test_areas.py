"""Which settings of a flag repeat what a called function does. Small C of the shapes that drivers have."""

from __future__ import annotations

import pytest

from patcher.model import Remark
from patcher.rules import branches
from patcher.rules.areas import Areas, Setting
from patcher.rules.library import Library
from patcher.source import lex

CORE = """
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size)
{
	int err = 0;

	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vma->vm_flags |= VM_IO | VM_PFNMAP;
	do {
		err = fill(addr, pfn);
		if (err)
			break;
	} while (addr++ != size);
	return err;
}
int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	return fill(addr, pfn);
}
int sometimes(struct vm_area_struct *vma, int really)
{
	if (really)
		vm_flags_set(vma, VM_IO);
	return 0;
}
"""
HEADER = """
#define io_remap_pfn_range(vma, addr, pfn, size) \\
	remap_pfn_range(vma, addr, pfn, size)
static inline int map_inline(struct file *file, struct vm_area_struct *area)
{
	return io_remap_pfn_range(area, 0, 1, 2);
}
"""


def setting(body: str, more: str = "", symbol: str = "VM_IO", variable: str = "", everywhere: bool = False) -> Setting:
    code = (
        f"int f(struct file *file, struct vm_area_struct *vma)\n{{\n{body}\n}}\n{more}"
        if "{" not in body.splitlines()[0]
        else body + more
    )
    texts = {"mm/memory.c": CORE, "include/linux/mm.h": HEADER, "drivers/x.c": code}
    library = Library({path: lex.code_only(text.encode()) for path, text in texts.items()}, everywhere=everywhere)
    text = library.text("drivers/x.c")
    assert text is not None
    at = code.index(symbol)
    function = text.around(at)
    assert function is not None
    return Areas(library, frozenset({"VM_IO"})).setting(function, at - function.at, "vma", variable)


@pytest.mark.parametrize(
    "body",
    [
        "\tvma->vm_flags |= VM_IO;\n\treturn remap_pfn_range(vma, 0, 1, 2);",
        "\tvm_flags_set(vma, VM_IO);\n\tif (io_remap_pfn_range(vma, 0, 1, 2))\n\t\treturn -EAGAIN;\n\treturn 0;",
        "\tint ret;\n\n\tvma->vm_flags |= VM_IO;\n\tret = map_inline(file, vma);\n\treturn ret;",
        "\tint ret = -EINVAL;\n\n\tvma->vm_flags |= VM_IO;\n\tif (!file)\n\t\tgoto out;\n"
        "\tret = remap_pfn_range(vma, 0, 1, 2);\nout:\n\treturn ret;",
        "\tint ret = check(file);\n\n\tvma->vm_flags |= VM_IO;\n\tif (ret < 0)\n\t\treturn ret;\n"
        "\treturn remap_pfn_range(vma, 0, 1, 2);",
        "\tvma->vm_flags |= VM_IO;\n\tswitch (vma->vm_pgoff) {\n\tcase 0:\n\t\treturn remap_pfn_range(vma, 0, 1, 2);\n"
        "\tcase 1:\n\t\treturn io_remap_pfn_range(vma, 0, 3, 4);\n\tdefault:\n\t\treturn -ENXIO;\n\t}",
        "\tunsigned long size = vma->vm_end - vma->vm_start;\n\n\tvma->vm_flags |= VM_IO;\n\twhile (size > 0) {\n"
        "\t\tif (remap_pfn_range(vma, 0, 1, 2))\n\t\t\treturn -EAGAIN;\n\t\tsize -= PAGE_SIZE;\n\t}\n\treturn 0;",
        "\tvma->vm_flags |= VM_IO;\n#ifdef CONFIG_A\n\treturn remap_pfn_range(vma, 0, 1, 2);\n#else\n"
        "\treturn io_remap_pfn_range(vma, 0, 1, 2);\n#endif",
        "\tvma->vm_flags |= VM_IO;\n#if 0\n\treturn 0;\n#endif\n\treturn remap_pfn_range(vma, 0, 1, 2);",
        "\tif (file)\n\t\treturn 0;\n\tvma->vm_flags |= VM_IO;\n\treturn remap_pfn_range(vma, 0, 1, 2);",
    ],
)
def test_a_call_on_every_path_that_succeeds(body: str) -> None:
    found = setting(body)
    assert found.repeats is True, found
    assert found.calls
    assert ("mm/memory.c", 8) in found.sets


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("\tvma->vm_flags |= VM_IO;\n\treturn vm_insert_pfn(vma, 0, 1);", "nothing that f() calls"),
        ("\tvma->vm_flags |= VM_IO;\n\tif (file)\n\t\treturn 0;\n\treturn remap_pfn_range(vma, 0, 1, 2);", "at line 5"),
        ("\tvma->vm_flags |= VM_IO;\n\treturn sometimes(vma, 1);", "nothing that f() calls"),
        ("\tvma->vm_flags |= VM_IO;\n#ifdef CONFIG_A\n\treturn remap_pfn_range(vma, 0, 1, 2);\n#endif\n\treturn 0;",
         "without #ifdef CONFIG_A"),
        ("\tint i;\n\n\tvma->vm_flags |= VM_IO;\n\tfor (i = 0; i < n; i++)\n\t\tif (remap_pfn_range(vma, i, 1, 2))\n"
         "\t\t\treturn -EAGAIN;\n\treturn 0;", "on the path"),
        ("\tvma->vm_flags |= VM_IO;\n\tvma->vm_flags |= VM_IO;\n\treturn 0;", "nothing that f() calls"),
    ],
)  # fmt: skip
def test_a_path_without(body: str, reason: str) -> None:
    found = setting(body)
    assert found.repeats is False, found
    assert reason in found.reason


def test_a_fault_handler_is_named() -> None:
    more = (
        "int x_fault(struct vm_area_struct *vma)\n{\n\treturn vm_insert_pfn(vma, 0, 1);\n}\n"
        "struct vm_operations_struct x_ops = {\n\t.fault = x_fault,\n};\n"
    )
    found = setting("\tvma->vm_flags |= VM_IO;\n\tvma->vm_ops = &x_ops;\n\treturn 0;", more)
    assert found.repeats is False
    assert "x_fault()" in found.reason


@pytest.mark.parametrize(
    "call", ["file->driver->mmap(file, vma)", "elsewhere(vma)"], ids=["by a pointer", "defined nowhere"]
)
def test_what_cannot_be_followed_is_not_told(call: str) -> None:
    found = setting(f"\tvma->vm_flags |= VM_IO;\n\treturn {call};")
    assert found.repeats is None
    assert "mmap()" in found.reason or "elsewhere()" in found.reason


def test_the_callers_make_the_call() -> None:
    more = "int g(struct vm_area_struct *vma)\n{\n\tf(0, vma);\n\treturn remap_pfn_range(vma, 0, 1, 2);\n}\n"
    assert setting("\tvma->vm_flags |= VM_IO;\n\treturn 0;", more).repeats is True
    more += "int h(struct vm_area_struct *vma)\n{\n\treturn f(0, vma);\n}\n"
    assert setting("\tvma->vm_flags |= VM_IO;\n\treturn 0;", more).repeats is False


def test_an_operation_has_callers_that_nobody_sees() -> None:
    more = (
        "int g(struct vm_area_struct *vma)\n{\n\tf(0, vma);\n\treturn remap_pfn_range(vma, 0, 1, 2);\n}\n"
        "struct file_operations x_fops = { .mmap = f };\n"
    )
    assert setting("\tvma->vm_flags |= VM_IO;\n\treturn 0;", more).repeats is False


def test_two_settings_do_not_excuse_each_other() -> None:
    """Else each of them would be redundant, and with both gone nobody set the flag."""
    more = "static int g(struct vm_area_struct *vma)\n{\n\tvma->vm_flags |= VM_IO;\n\treturn f(0, vma);\n}\n"
    assert setting("\tvma->vm_flags |= VM_IO;\n\treturn 0;", more).repeats is False


@pytest.mark.parametrize(
    "body",
    ["\tvma->vm_flags |= VM_IO;\n" + "\twhile (a) {\n" * 40 + "\tb();\n" + "\t}\n" * 40,
     "\tvma->vm_flags |= VM_IO;\n" + "\t{\n" * 3000 + "\t}\n" * 3000],
    ids=["loops in loops", "blocks in blocks"],
)  # fmt: skip
def test_hostile_functions_come_to_an_end(body: str) -> None:
    assert not setting(f"{body}\treturn 0;").repeats


def test_what_another_architecture_compiles_is_no_path() -> None:
    inside = "\tvma->vm_flags |= VM_IO;\n%s\n\treturn remap_pfn_range(vma, 0, 1, 2);\n"
    for ours in (
        "#ifdef __sparc__\n\treturn 0;\n#endif",
        "#if defined(__i386__) || defined(__x86_64__)\n#else\n\treturn 0;\n#endif",
        "#if 0\n\treturn 0;\n#endif",
        "#if defined(__x86_64__)||defined(__i386__)\n#else\n\treturn 0;\n#endif",
    ):
        assert setting(inside % ours).repeats, ours
    for perhaps in ("#ifdef __i386__\n\treturn 0;\n#endif", "#ifdef CONFIG_PM\n\treturn 0;\n#endif"):
        assert not setting(inside % perhaps).repeats, perhaps


def test_branches_that_are_never_compiled_are_blanked_where_they_are() -> None:
    text = "a;\n#ifdef __sparc__\nb;\n#else\nc;\n#endif\n#if 0\nd;\n# if X\ne;\n# endif\n#elif Y\nf;\n#endif\ng;\n"
    left = branches.without(
        text, lambda directive: ("__sparc__" in directive and "else" not in directive) or "if 0" in directive
    )
    assert len(left) == len(text)
    assert [word for word in left.split() if word.endswith(";")] == ["a;", "c;", "f;", "g;"]
    assert branches.without(text, lambda directive: False) == text


def test_a_call_in_another_case_of_the_switch_is_no_evidence() -> None:
    body = """\tint type = file->type;

	switch (type) {
	case 1:
		vma->vm_flags |= VM_IO;
		if (io_remap_pfn_range(vma, 0, 1, 2))
			return -EAGAIN;
		break;
	case 2:
		if (remap_pfn_range(vma, 0, 1, 2))
			return -EAGAIN;
	}
	return 0;"""
    found = setting(body)
    assert found.repeats and found.reason == "io_remap_pfn_range() sets it on every path that succeeds"
    assert len(found.calls) == 1


SET = "\tvma->vm_flags |= VM_IO;\n"
CALL = "\treturn remap_pfn_range(vma, 0, 1, 2);"


@pytest.mark.parametrize(
    "body",
    [
        SET + "\tif (remap_pfn_range(vma, 0, 1, 2) || remap_pfn_range(vma, 3, 4, 5))\n\t\treturn -EAGAIN;\n\treturn 0;",
        SET + "\tif ((file && vma->vm_pgoff) || remap_pfn_range(vma, 0, 1, 2) < 0)\n\t\treturn -EAGAIN;\n\treturn 0;",
        SET + "\tif (!remap_pfn_range(vma, 0, 1, 2))\n\t\treturn 0;\n\treturn -EAGAIN;",
        SET + "\tif (unlikely(remap_pfn_range(vma, 0, 1, 2)))\n\t\treturn -EAGAIN;\n\treturn 0;",
        "\tif (remap_pfn_range(vma, 0, 1, 2))\n\t\treturn -EAGAIN;\n" + SET + "\treturn 0;",
        SET + "\tif (vma->vm_flags & VM_WRITE)\n\t\treturn -EPERM;\n" + CALL,
        SET + "\tif ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)\n\t\treturn -EPERM;\n" + CALL,
        SET + "\tvma->vm_page_prot = vm_get_page_prot(vma->vm_flags);\n" + CALL,
        SET + "\tvma->vm_flags |= VM_DONTCOPY;\n\tvma->vm_flags &= ~VM_MAYWRITE;\n" + CALL,
        "\tunsigned long flags = vma->vm_flags;\n\n\tflags |= VM_IO;\n\tvm_flags_reset(vma, flags);\n" + CALL,
        SET + "\tvm_flags_clear(vma, VM_IO);\n" + CALL,
        SET + "\treturn file ? -EINVAL : remap_pfn_range(vma, 0, 1, 2);",
    ],
)
def test_a_call_whatever_happens_around_it(body: str) -> None:
    variable = "flags" if "flags |=" in body and "vm_flags |= VM_IO" not in body else ""
    found = setting(body, variable=variable)
    assert found.repeats is True, found
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (SET + "\tif (file && remap_pfn_range(vma, 0, 1, 2))\n\t\treturn -EAGAIN;\n\treturn 0;", "on the path"),
        (
            SET + "\tif (remap_pfn_range(vma, 0, 1, 2)) {\n\t\tvma->vm_ops = &x;\n\t\treturn 0;\n\t}\n\treturn 0;",
            "path",
        ),
        (SET + "\tint ret = remap_pfn_range(vma, 0, 1, 2);\n\n\tif (ret)\n\t\tvma->vm_ops = &x;\n\treturn 0;", "path"),
        (SET + "\tif (vma->vm_flags & VM_IO)\n" + CALL + "\n\treturn -1;", "asks for the flags at line 4"),
        (SET + "\tfile->flags = vma->vm_flags;\n" + CALL, "asks for the flags"),
        (SET + "\tif (check(vma))\n\t\treturn -1;\n" + CALL, "check() asks for the flags"),
        (SET + "\treturn picky(vma);", "picky() asks for the flags"),
        (SET + "\tvma->next = vma;\n\treturn vm_insert_pfn(vma, 0, 1);", "nothing that f() calls"),
        (SET + "\treturn check(vma);", "nothing that f() calls"),
        ("\tremap_pfn_range(vma, 0, 1, 2);\n\tvma->vm_flags = VM_READ | VM_IO;\n\treturn 0;", "on the path"),
        ("\tremap_pfn_range(vma, 0, 1, 2);\n\tvm_flags_init(vma, VM_IO);\n\treturn 0;", "on the path"),
    ],
)
def test_a_call_that_does_not_do(body: str, reason: str) -> None:
    more = (
        "static int check(struct vm_area_struct *area)\n{\n\treturn !(area->vm_flags & VM_IO);\n}\n"
        "static int picky(struct vm_area_struct *area)\n{\n\tif (!(area->vm_flags & VM_IO))\n\t\treturn -EINVAL;\n"
        "\treturn remap_pfn_range(area, 0, 1, 2);\n}\n"
    )
    found = setting(body, more)
    assert found.repeats is False, found
    assert reason in found.reason


@pytest.mark.parametrize(
    "body",
    [
        SET + "\treturn file ? remap_pfn_range(vma, 0, 1, 2) : 0;",
        "again:\n\tif (file)\n\t\treturn 0;\n" + SET + "\tif (try(file))\n\t\tgoto again;\n" + CALL,
        SET + "\tvma = vma->vm_next;\n\treturn other(vma);",
        SET + CALL.replace("return", "int ret =") + "\n\tvm_flags_clear(vma, VM_IO);\n\treturn ret;",
        SET + CALL.replace("return", "int ret =") + "\n\tvm_flags_clear(vma, file->mask);\n\treturn ret;",
    ],
)
def test_what_may_happen_is_not_told(body: str) -> None:
    assert setting(body).repeats is None


def test_what_a_person_should_know_is_remarked() -> None:
    found = setting(SET + '\tpr_debug("%lx", vma->vm_flags);\n\tremap_pfn_range(vma, 0, 1, 2);\n\treturn 0;')
    assert found.repeats
    assert found.remarks == (Remark.UNCHECKED, Remark.PRINTED)
    body = SET + "\tint ret = remap_pfn_range(vma, 0, 1, 2);\n\n\tret = 0;\n\treturn ret;"
    assert setting(body).remarks == (Remark.UNCHECKED,)


def test_code_of_all_architectures() -> None:
    body = SET + "#ifdef __sparc__\n\treturn 0;\n#endif\n" + CALL
    assert setting(body).repeats is True
    assert setting(body, everywhere=True).repeats is False


def test_a_macro_that_prints_the_flags() -> None:
    more = '#define say(vma) x_dbg("%lx", (vma)->vm_flags)\n'
    found = setting(SET + "\tsay(vma);\n" + CALL, more)
    assert found.repeats and found.remarks == (Remark.PRINTED,)


@pytest.mark.parametrize(
    ("user", "told"),
    [("drivers/x.c", "mm/memory.c"), ("arch/sparc/x.c", "arch/sparc/mm.c"), ("arch/x86/x.c", "mm/memory.c")],
)
def test_of_several_definitions_the_one_that_most_have_is_told(user: str, told: str) -> None:
    sparc = CORE.partition("int vm_insert_pfn")[0].replace("remap_pfn_range", "io_remap_pfn_range")
    texts = {"arch/sparc/mm.c": sparc, "include/linux/mm.h": HEADER, "mm/memory.c": CORE, user: "int x;\n"}
    library = Library({path: lex.code_only(text.encode()) for path, text in texts.items()}, everywhere=True)
    sets = Areas(library, frozenset({"VM_IO"})).sets("io_remap_pfn_range", user, 0)
    assert (sets.always, sets.path) == (True, told)
