"""Where frames come from. Small C of the shapes that drivers have."""

from __future__ import annotations

import pytest

from patcher.rules.library import Library
from patcher.rules.origins import Origins
from patcher.source import lex

STRUCTS = """
struct resource { unsigned long start, end; };
struct inner { unsigned long base; };
struct card { struct resource *res; unsigned long phys; unsigned long handle; struct inner *inner; void *cpu; };
struct other { unsigned long phys; };
"""


def natures(
    body: str, frame: str, more: str = "", params: str = "struct vm_area_struct *vma, struct card *card"
) -> str:
    code = f"{STRUCTS}{more}\nint f({params})\n{{\n{body}\n\treturn 0;\n}}\n"
    library = Library({"drivers/x/x.c": lex.code_only(code.encode())})
    (function,) = library.defined("f", "drivers/x/x.c")
    return " ".join(sorted({each.nature.name for each in Origins(library).of(function, frame)}))


@pytest.mark.parametrize(
    ("body", "frame", "told"),
    [
        ("", "virt_to_phys(card->cpu) >> PAGE_SHIFT", "MEMORY"),
        ("", "page_to_pfn(vmalloc_to_page(card->cpu))", "MEMORY"),
        ("", "folio_pfn(folio)", "MEMORY"),
        ("", "my_zero_pfn(addr)", "MEMORY"),
        ("", "pci_resource_start(dev, 0) >> PAGE_SHIFT", "DEVICE"),
        ("", "(pci_resource_start(dev, 0) >> PAGE_SHIFT) + vma->vm_pgoff", "DEVICE"),
        ("", "card->res->start >> PAGE_SHIFT", "DEVICE"),
        ("", "0xfed00000UL >> PAGE_SHIFT", "DEVICE"),
        ("", "vma->vm_pgoff", "USER"),
        ("", "card->phys >> PAGE_SHIFT", "UNKNOWN"),
        ("", "unseen(card)", "UNKNOWN"),
        ("\tunsigned long pfn = vma->vm_pgoff;\n\n\tpfn += __pa(card->cpu) >> PAGE_SHIFT;", "pfn", "MEMORY"),
        ("\tunsigned long pfn;\n\n\tif (card)\n\t\tpfn = __pa(card->cpu);\n\telse\n\t\tpfn = pci_resource_start(d, 0);",
         "pfn", "DEVICE MEMORY"),
        ("", "card ? __pa(card->cpu) : card->phys", "MEMORY UNKNOWN"),
        ("\tdma_addr_t bus;\n\n\tcard->cpu = dma_alloc_coherent(dev, 4096, &bus, 0);", "bus >> PAGE_SHIFT", "BUS"),
        ("", "(card->phys & 0xfffff000) >> PAGE_SHIFT", "UNKNOWN"),
        ("", "vma->vm_pgoff + card->phys", "UNKNOWN"),
        ("", "(virt_to_phys(card->cpu) + 0x208000) >> PAGE_SHIFT", "MEMORY"),
        ("\tunsigned long pos = (unsigned long)card->cpu;", "vmalloc_to_pfn((void *)pos)", "MEMORY"),
        ("\tunsigned long address = pci_resource_start(d, 0);", "address >> PAGE_SHIFT", "DEVICE"),
        ("\tunsigned long pfn = pci_resource_start(d, 0) + (vmf->address - vma->vm_start);", "pfn", "DEVICE"),
        ("\tunsigned long pfn = __pa(card->cpu);", "__pfn_to_pfn_t(pfn, PFN_DEV)", "MEMORY"),
    ],
)  # fmt: skip
def test_expressions(body: str, frame: str, told: str) -> None:
    assert natures(body, frame) == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("pfn = unseen();\n\tpfn = __pa(a);\n\tmap(pfn);", "MEMORY"),
        ("pfn = unseen();\n\tif (a)\n\t\tpfn = __pa(a);\n\tmap(pfn);", "MEMORY UNKNOWN"),
        ("pfn = unseen();\n\tif (a) {\n\t\tpfn = __pa(a);\n\t\tmap(pfn);\n\t}", "MEMORY"),
        ("if (a) {\n\t\tpfn = __pa(a);\n\t} else {\n\t\tpfn = unseen();\n\t}\n\tmap(pfn);", "MEMORY UNKNOWN"),
        ("pfn = __pa(a);\n\tif (a)\n\t\tpfn = unseen();\n\tmap(pfn);", "MEMORY UNKNOWN"),
        ("switch (a) {\n\tcase 1:\n\t\tpfn = unseen();\n\t\tbreak;\n\tcase 2:\n\t\tpfn = __pa(a);\n\t}\n\tmap(pfn);",
         "MEMORY UNKNOWN"),
        ("pfn = unseen();\nagain:\n\tmap(pfn);\n\tpfn = __pa(a);\n\tgoto again;", "MEMORY UNKNOWN"),
        ("map(pfn);\n\tpfn = __pa(a);", "MEMORY UNKNOWN"),
    ],
)  # fmt: skip
def test_only_what_reaches_a_place_counts(body: str, told: str) -> None:
    code = f"int f(void *a, unsigned long pfn)\n{{\n\t{body}\n\treturn 0;\n}}\n"
    library = Library({"drivers/x/x.c": lex.code_only(code.encode())})
    (function,) = library.defined("f", "drivers/x/x.c")
    found = Origins(library).of(function, "pfn", at=function.body.index("map("))
    assert " ".join(sorted({each.nature.name for each in found})) == told


FILLS = "void g(struct card *c, void *dev)\n{{\n\t{}\n}}\n"


GIVES = """static void *get(void *dev, unsigned long *at)
{
	*at = 0;
	*at = virt_to_phys(dev);
	return dev;
}
"""


@pytest.mark.parametrize("body", ["unsigned long a;\n\tget(card, &a);", "unsigned long a; get(card, (void *)&a);"])
def test_what_a_function_stores_through_a_pointer_is_followed(body: str) -> None:
    assert natures(f"\t{body}", "a >> PAGE_SHIFT", GIVES) == "MEMORY"
    assert natures("", "card->phys", GIVES + FILLS.format("get(dev, &c->phys);")) == "MEMORY"
    assert natures("", "card->phys", FILLS.format("unseen(dev, &c->phys);")) == "UNKNOWN"


def test_a_field_that_all_files_of_a_directory_fill_is_the_files_own() -> None:
    files = {f"drivers/fb/{n}.c": f"void g{n}(struct info *i)\n{{\n\ti->start = __pa(i);\n}}\n" for n in range(9)}
    files["drivers/fb/x.c"] = (
        "int f(struct info *i)\n{\n\treturn i->start;\n}\n"
        "void g(struct info *i)\n{\n\ti->start = pci_resource_start(i, 0);\n}\n"
    )
    library = Library({path: lex.code_only(text.encode()) for path, text in files.items()})
    (function,) = library.defined("f", "drivers/fb/x.c")
    assert {each.nature.name for each in Origins(library).of(function, "i->start")} == {"DEVICE"}


@pytest.mark.parametrize(
    ("statement", "frame", "told"),
    [
        ("c->phys = virt_to_phys(c->cpu);", "card->phys >> PAGE_SHIFT", "MEMORY"),
        ("c->phys = pci_resource_start(dev, 1);", "card->phys >> PAGE_SHIFT", "DEVICE"),
        ("c->cpu = pci_alloc_consistent(dev, 8, &c->handle);", "card->handle >> PAGE_SHIFT", "BUS"),
        ("c->handle = dma_map_single(dev, c->cpu, 8, 0);", "card->handle >> PAGE_SHIFT", "BUS"),
        ("c->inner->base = virt_to_phys(c->cpu);", "card->inner->base", "MEMORY"),
        ("struct other *o = dev; o->phys = virt_to_phys(o);", "card->phys", "UNKNOWN"),
        ("c->phys = dev ? pci_resource_start(dev, 1) : 0;", "card->phys", "DEVICE"),
        ("c->phys = 0;", "card->phys", "UNKNOWN"),
        ("c->phys = __pa(dev); sprintf(dev, dev, &c->phys); put_user(dev, &c->phys);", "card->phys", "MEMORY"),
        ("c->phys = __pa(dev); read_config(dev, &c->phys);", "card->phys", "MEMORY UNKNOWN"),
        ("c->inner = __pa(dev); list_add(&c->inner->base, dev);", "card->inner", "MEMORY"),
    ],
)
def test_fields_are_followed_to_who_fills_them(statement: str, frame: str, told: str) -> None:
    assert natures("", frame, FILLS.format(statement)) == told


def test_functions_and_parameters_are_followed() -> None:
    more = "static unsigned long base(void *dev)\n{\n\treturn pci_resource_start(dev, 0);\n}\n"
    assert natures("", "base(card) >> PAGE_SHIFT", more) == "DEVICE"
    more = "#define FRAME(x) (virt_to_phys(x) >> PAGE_SHIFT)\n"
    assert natures("", "FRAME(card->cpu)", more) == "MEMORY"
    more = "int g(struct vm_area_struct *vma)\n{\n\treturn f(vma, __pa(buffer) >> PAGE_SHIFT);\n}\n"
    assert natures("", "pfn", more, "struct vm_area_struct *vma, unsigned long pfn") == "MEMORY"
    assert natures("", "pfn", "", "struct vm_area_struct *vma, unsigned long pfn") == "UNKNOWN"


def test_what_goes_round_in_circles_ends() -> None:
    assert natures("\tunsigned long a = b, b = a;", "a") in ("", "UNKNOWN")


@pytest.mark.parametrize(
    "frame", ["(" * 5000 + "a ? b : c" + ")" * 5000, "9" * 10000 + " + card->phys", "f(" * 3000 + "1" + ")" * 3000]
)
def test_hostile_expressions_are_unknown(frame: str) -> None:
    assert "UNKNOWN" in natures("", frame)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("\tvma->vm_pgoff = pci_resource_start(dev, 0) >> PAGE_SHIFT;\n", "DEVICE"),
        ("\tint at = vma->vm_pgoff & 7;\n\n\tvma->vm_pgoff = __phys_to_pfn(__pa(card->cpu)) + at;\n", "MEMORY"),
        ("\tvma->vm_pgoff = unseen(card);\n\tvma->vm_pgoff = vma->vm_pgoff + PFN_DOWN(__pa(card->cpu));\n", "MEMORY"),
        ("\tif (card)\n\t\tvma->vm_pgoff = pci_resource_start(dev, 0) >> PAGE_SHIFT;\n", "DEVICE USER"),
        ("\tvma->vm_pgoff = 0;\n", "USER"),
        ("\tvma->vm_pgoff += 1;\n", "USER"),
        ("\tvma->vm_pgoff += pci_resource_start(dev, 0) >> PAGE_SHIFT;\n", "DEVICE"),
        ("\tvma->vm_pgoff += unseen(card);\n", "UNKNOWN"),
        ("\tvma->vm_pgoff -= 7;\n\tvma->vm_pgoff |= PFN_DOWN(__pa(card->cpu));\n", "MEMORY"),
        ("\tunsigned long at = vma->vm_pgoff;\n\n\tat += __pa(card->cpu);\n\tvma->vm_pgoff = at;\n", "MEMORY"),
        ("\tif (card)\n\t\tvma->vm_pgoff += pci_resource_start(dev, 0) >> PAGE_SHIFT;\n", "DEVICE"),
    ],
)  # fmt: skip
def test_what_a_function_stores_in_vm_pgoff_before_the_call_is_what_it_maps(body: str, told: str) -> None:
    code = f"{STRUCTS}int f(struct vm_area_struct *vma, struct card *card)\n{{\n{body}\treturn map(vma, 0);\n}}\n"
    library = Library({"drivers/x/x.c": lex.code_only(code.encode())})
    (function,) = library.defined("f", "drivers/x/x.c")
    found = Origins(library).of(function, "vma->vm_pgoff", at=function.body.index("return"))
    assert " ".join(sorted({each.nature.name for each in found})) == told


def test_a_struct_of_the_name_of_a_field_fills_no_field() -> None:
    more = """
struct whole { struct inner phys; };
static void drop(struct inner *inner) { inner->base = 0; }
static void clean(void *unseen) { struct whole *it = unseen; drop(&it->phys); }
static void make(void *unseen) { struct card *card = unseen; card->phys = virt_to_phys(card->cpu); }
"""
    assert natures("", "card->phys", more, "struct vm_area_struct *vma, void *card") == "MEMORY"


def told(body: str, frame: str, more: str = "") -> list[str]:
    code = f"{STRUCTS}{more}\nint f(struct vm_area_struct *vma, struct card *card)\n{{\n{body}\n\treturn 0;\n}}\n"
    library = Library({"drivers/x/x.c": lex.code_only(code.encode())})
    (function,) = library.defined("f", "drivers/x/x.c")
    return sorted(each.text for each in Origins(library).of(function, frame))


@pytest.mark.parametrize(
    ("body", "frame", "wanted"),
    [
        ("", "card->phys + (card->res->end - card->res->start)", "card->phys"),
        ("", "unseen(vma) + other(vma) * 0x2000", "unseen(vma)"),
        ("", "(vma->vm_pgoff & ((1UL << 28) - 1)) + (card->phys >> PAGE_SHIFT)", "card->phys"),
        ("", "(unsigned long)card->cpu / sizeof(*card)", "card->cpu / sizeof(*card)"),
        ("\tsize_t at = unseen(vma) - vma->vm_start;", "card->phys + at", "card->phys unseen(vma)"),
        ("\tu64 at = unseen(vma) - other(vma);", "(card->phys + at) >> PAGE_SHIFT", "card->phys"),
        ("\tu64 pfn = unseen(vma);\n\n\tpfn -= other(vma);\n\tpfn += card->phys;", "pfn", "card->phys"),
        ("\tu64 pfn = card->phys;\n\n\tpfn |= unseen(vma) & 0xff;", "pfn", "card->phys"),
        ("", "card->phys | unseen(vma)", "card->phys unseen(vma)"),
        ("", "(unseen(vma) + other(vma)) >> PAGE_SHIFT", "other(vma) unseen(vma)"),
        ("", "(card == vma) + card->phys", "card->phys"),
        ("", "card->phys + resource_size(card->res)", "card->phys"),
        ("", "card->phys * PAGE_SIZE", "card->phys"),
        ("", "card->phys / PAGE_SIZE", "card->phys"),
        ("", "PHYS_PFN(dma_to_phys(dev, unseen(vma)))", "dma_to_phys(dev, unseen(vma))"),
        ("", "PFN_DOWN(phys_to_dma(dev, unseen(vma)))", "unseen(vma)"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_told_as_the_base_and_no_offset_as_one(body: str, frame: str, wanted: str) -> None:
    assert " ".join(told(body, frame)) == wanted


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ("card->res->end - card->res->start + 1", "UNKNOWN"),
        ("pci_resource_start(d, 0) - card->phys", "DEVICE"),
        ("pci_resource_start(d, 0) + card->phys - unseen()", "DEVICE"),
        ("__pa(card->cpu) - __pa(vma) + card->phys", "UNKNOWN"),
        ("card->cpu - card->inner + pci_resource_start(d, 0)", "DEVICE"),
        ("kmalloc(8) - card->inner + card->phys", "UNKNOWN"),
        ("card->phys + (unsigned long)(vma ? __pa(vma) : pci_resource_start(d, 0))", "DEVICE MEMORY"),
        ("vma->vm_pgoff - unseen()", "UNKNOWN"),
    ],
)
def test_a_base_less_a_base_is_a_distance(frame: str, told: str) -> None:
    assert natures("", frame) == told


def test_a_function_is_followed_for_the_call_that_is_asked_about() -> None:
    more = """
static unsigned long frame(unsigned long at) { unsigned long pfn = at >> PAGE_SHIFT; return pfn; }
static void fill(unsigned long *at, unsigned long value) { if (value) *at = value; }
static void deeper(unsigned long *at, unsigned long value) { fill(at, value); }
static unsigned long other(void) { return frame(unseen()); }
static void another(unsigned long *at) { fill(at, dma_map_single(at)); }
"""
    assert natures("", "frame(__pa(card->cpu))", more) == "MEMORY"
    assert natures("", "frame(frame(pci_resource_start(card, 0)))", more) == "DEVICE"
    assert natures("\tunsigned long a;\n\tfill(&a, __pa(card->cpu));", "a", more) == "MEMORY"
    assert natures("\tunsigned long a;\n\tdeeper(&a, __pa(card->cpu));", "a", more) == "MEMORY"


def test_what_only_looks_at_a_variable_fills_it_with_nothing() -> None:
    more = (
        "static int look(unsigned long *at) { return *at == 5; }\nstatic int pass(unsigned long *at) { unseen(at); }\n"
    )
    body = "\tunsigned long a = __pa(card->cpu);\n\t%s;"
    for call in ("look(&a)", "card_debug(card, &a)"):
        assert natures(body % call, "a", more) == "MEMORY"
    for call in ("pass(&a)", "unseen(&a)"):
        assert natures(body % call, "a", more) == "MEMORY UNKNOWN"


def test_an_element_is_not_the_table() -> None:
    more = "static void g(struct card *c) { c->cpu = vmalloc(8); c->cpu[3] = dma_map_single(c) >> 16; }\n"
    assert natures("", "card->cpu[7]", more) == "BUS"
    assert natures("", "virt_to_phys(card->cpu)", more) == "MEMORY"
    assert natures("", "card->cpu", more) == "UNKNOWN"


def test_the_address_of_memory_is_no_frame() -> None:
    more = "static void g(struct card *c) { c->phys = vmalloc_user(8); c->handle = vmalloc(4); c->handle = __pa(c); }\n"
    assert natures("", "card->phys >> PAGE_SHIFT", more) == "UNKNOWN"
    assert natures("", "card->handle >> PAGE_SHIFT", more) == "MEMORY"


def test_a_parameter_of_the_module_is_named_by_who_loads_it() -> None:
    more = "static unsigned long where;\nmodule_param(where, ulong, 0);\n"
    assert natures("", "where >> PAGE_SHIFT", more) == "SETTING"
    more += "static void g(void) { where = dma_map_single(0); }\n"
    assert natures("", "where >> PAGE_SHIFT", more) == "BUS SETTING"


AREAS = """
static int map_it(struct vm_area_struct *area) { return map(area, area->vm_pgoff); }
static int on_fault(struct vm_fault *vmf) { return map(vmf, vmf->vma->vm_pgoff); }
static int mmap(struct vm_area_struct *vma, void *dev)
{
	%s
	return map_it(vma);
}
"""


@pytest.mark.parametrize("name", ["map_it", "on_fault"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("vma->vm_pgoff += pci_resource_start(dev, 0) >> PAGE_SHIFT;", "DEVICE"),
        ("vma->vm_pgoff = unseen(dev);", "UNKNOWN"),
        ("unsigned long at;\n\tat = __pa(dev);\n\tvma->vm_pgoff |= at;", "MEMORY"),
        ("if (vma->vm_pgoff != 0)\n\t\treturn -EINVAL;", "USER"),
    ],
)
def test_what_the_maker_of_a_vma_stores_in_vm_pgoff_is_mapped_by_others(name: str, body: str, told: str) -> None:
    library = Library({"drivers/x/x.c": lex.code_only((AREAS % body).encode())})
    (function,) = library.defined(name, "drivers/x/x.c")
    area = "area" if name == "map_it" else "vmf->vma"
    found = Origins(library).of(function, f"{area}->vm_pgoff", at=function.body.index("map("))
    assert " ".join(sorted({each.nature.name for each in found})) == told


def test_what_is_called_through_a_pointer_too_is_not_all_told_by_its_callers() -> None:
    more = """
static int other(struct vm_area_struct *vma, void *dev) { vma->vm_pgoff = __pa(dev); return f(vma, dev); }
"""
    operations = "static struct file_operations ops = { .mmap = f };\n"
    assert natures("", "vma->vm_pgoff", more) == "MEMORY"
    assert natures("", "vma->vm_pgoff", more + operations) == "MEMORY USER"
    given = "struct vm_area_struct *vma, unsigned long pfn"
    more = "static int other(struct vm_area_struct *vma) { return f(vma, __pa(vma)); }\n"
    assert natures("", "pfn", more, given) == "MEMORY"
    assert natures("", "pfn", more + operations, given) == "MEMORY UNKNOWN"


def test_what_is_always_nought_is_an_offset() -> None:
    more = (
        "static unsigned long nought(void *dev) { return 0; }\nstatic unsigned long fails(void *dev) { return NULL; }\n"
    )
    assert natures("", "__pa(card->cpu) + nought(card)", more) == "MEMORY"
    assert natures("", "vma->vm_pgoff + nought(card)", more) == "USER"
    assert natures("", "vma->vm_pgoff + fails(card)", more) == "UNKNOWN"


def test_a_field_is_not_one_of_the_struct_that_its_own_is_in() -> None:
    more = "static void g(struct card *c) { c->base = __pa(c); }\n"
    assert natures("", "card->unseen.base", more) == "UNKNOWN"
    assert natures("", "card->base", more) == "MEMORY"


def test_a_macro_with_parentheses_around_what_it_takes_a_field_of() -> None:
    more = "#define AT(c, n) ((c)->phys + (n) * 0x4000)\nstatic void g(struct card *c) { c->phys = __pa(c); }\n"
    assert natures("", "AT((card), 7)", more) == "MEMORY"
    assert natures("", "AT(card, unseen(card)) >> PAGE_SHIFT", more) == "MEMORY"


def test_what_other_drivers_have_a_shared_function_do_is_not_this_ones() -> None:
    code = {
        "drivers/x/x.c": "int f(struct pool *pool) { return pool_frame(pool); }\n"
        "void g(struct pool *pool) { pool_add(pool, pci_resource_start(pool, 0)); }\n",
        "lib/pool.c": "void pool_add(struct pool *pool, unsigned long phys) { pool->pool_phys = phys; }\n"
        "unsigned long pool_frame(struct pool *pool) { return pool->pool_phys; }\n",
    }
    other = {"drivers/y/y.c": "void h(struct pool *pool) { pool_add(pool, __pa(pool)); }\n"}
    for more, told in (({}, {"DEVICE"}), (other, {"UNKNOWN"})):
        library = Library({path: lex.code_only(text.encode()) for path, text in (code | more).items()})
        (function,) = library.defined("f", "drivers/x/x.c")
        assert {each.nature.name for each in Origins(library).of(function, "pool_frame(pool)")} == told


def test_a_term_that_takes_long_leaves_time_for_the_others() -> None:
    many = "".join(
        f"static u64 g{n}(u64 a) {{ return " + " + ".join(f"unseen{n}_{i}(a)" for i in range(40)) + "; }\n"
        for n in range(20)
    )
    body = "\tu64 off = vma->vm_end - vma->vm_start;"
    frame = " | ".join(f"g{n}(vma)" for n in range(20))
    more = f"{many}static u64 all(void *vma) {{ return {frame}; }}\n"
    assert "off" not in told(body, "all(vma) + off", more)


def test_a_field_of_what_has_another_name_is_another_files_own() -> None:
    code = {
        "drivers/x/x.c": "u64 f(struct gvt *gvt) { return gvt->gt->gmadr.begin; }\n",
        "drivers/x/y.c": "void g(struct info *info, void *p) { info->begin = __pa(p); }\n",
    }
    same = {"drivers/x/z.c": "void h(struct gt *gt) { gt->gmadr.begin = pci_resource_start(gt, 2); }\n"}
    for more, wanted in (({}, {"UNKNOWN"}), (same, {"DEVICE"})):
        library = Library({path: lex.code_only(text.encode()) for path, text in (code | more).items()})
        (function,) = library.defined("f", "drivers/x/x.c")
        assert {each.nature.name for each in Origins(library).of(function, "gvt->gt->gmadr.begin")} == wanted
