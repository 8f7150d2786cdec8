"""Facts of C, read through libclang. Each snippet is as short as shows the point."""

from __future__ import annotations

import pytest

from patcher.model import Call, Definition, FileFacts, How, Kind, Use
from patcher.source.snippet import snippet_facts

PATH = "arch/x86/xen/mmu.c"
HEAD = """\
typedef unsigned long pteval_t;
typedef struct { pteval_t pgprot; } pgprot_t;
typedef struct { pteval_t pte; } pte_t;
#define FLAG 0x400UL
#define OTHER 0x200UL
#define __pgprot(x) ((pgprot_t) { (x) })
#define pgprot_val(x) ((x).pgprot)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define BUG_ON(x) do { if (unlikely(x)) __builtin_trap(); } while (0)
#define WARN_ON_ONCE(x) ({ int __r = !!(x); __r; })
pteval_t val, flags;
pgprot_t prot;
pte_t pte;
void use(pteval_t);
int pte_flags(pte_t);
struct area { pteval_t vm_flags; } *area;
void vm_flags_set(struct area *area, pteval_t set), vm_flags_init(struct area *area, pteval_t set);
void vm_flags_clear(struct area *area, pteval_t clear);
void vm_flags_mod(struct area *area, pteval_t set, pteval_t clear);
"""
EXPORT = "#define EXPORT_SYMBOL(s) extern int s##_exported\n#define EXPORT_SYMBOL_GPL EXPORT_SYMBOL\n"


def read(code: str) -> FileFacts:
    facts = snippet_facts(PATH, code)
    assert facts.diagnostics == ()
    return facts


def defined(code: str, name: str) -> Definition:
    (found,) = [each for each in read(code).definitions if each.name == name]
    return found


def uses(code: str, symbol: str = "FLAG") -> list[Use]:
    return [use for use in read(HEAD + code).uses if use.symbol == symbol and use.how is not How.DEFINED]


def use_in(code: str, symbol: str = "FLAG") -> Use:
    (found,) = uses(code, symbol)
    return found


def calls(code: str, callee: str) -> list[Call]:
    return [call for call in read(HEAD + code).calls if call.callee == callee]


def text(code: str, use: Use) -> str:
    return (HEAD + code).encode()[use.statement.start : use.statement.end].decode()


# definitions


@pytest.mark.parametrize(
    ("code", "name", "kind", "start", "end"),
    [
        ("int x;\nstatic int f(int a)\n{\n\treturn a;\n}\nint y;", "f", Kind.FUNCTION, "static int f", "return a;\n}"),
        ("int f(void);", "f", Kind.FUNCTION, "int f", "(void)"),
        ("static int v = 3;", "v", Kind.VARIABLE, "static int v", "= 3"),
        ("int a[] = { 1, 2 };", "a", Kind.VARIABLE, "int a[]", "2 }"),
        ("#define M(x) \\\n\t((x) + 1)\nint y;", "M", Kind.MACRO, "M(x)", "+ 1)"),
        ("#define EMPTY\n", "EMPTY", Kind.MACRO, "EMPTY", "EMPTY"),
        ("enum e { ONE = 1, TWO };", "ONE", Kind.ENUMERATOR, "ONE", "= 1"),
        ("enum e { ONE = 1, TWO };", "TWO", Kind.ENUMERATOR, "TWO", "TWO"),
        ("enum e { ONE = 1, TWO };", "e", Kind.TYPE, "enum e", "}"),
        ("struct s { int a; };", "s", Kind.TYPE, "struct s", "}"),
        ("union u { int a; };", "u", Kind.TYPE, "union u", "}"),
        ("typedef unsigned long t;", "t", Kind.TYPE, "typedef", "t"),
    ],
)  # fmt: skip
def test_definitions_have_their_bytes(code: str, name: str, kind: Kind, start: str, end: str) -> None:
    found = defined(code, name)
    source = code.encode()[found.span.start : found.span.end].decode()
    assert found.kind is kind
    assert source.startswith(start)
    assert source.endswith(end)
    assert code[found.name_start :].startswith(name)
    assert found.line == code[: found.name_start].count("\n") + 1


def test_offsets_are_bytes() -> None:
    code = "/* für Jürgen 𝔛 */ int f(void)\n{\n\treturn 0;\n}\n"
    found = defined(code, "f")
    assert code.encode()[found.span.start : found.span.end] == b"int f(void)\n{\n\treturn 0;\n}"
    (use,) = [use for use in read(code).uses if use.symbol == "f"]
    assert use.column == code.encode().index(b"f(void)") + 1


@pytest.mark.parametrize(
    ("code", "static", "declares", "exported"),
    [
        ("static int x;", True, False, False),
        ("int x;", False, False, False),
        ("int x = 1;", False, False, False),
        ("extern int x;", False, True, False),
        ("int x(void);", False, True, False),
        ("static int x(void);", True, True, False),
        ("static inline int x(void) { return 1; }", True, False, False),
        (f"{EXPORT}int x(void) {{ return 1; }}\nEXPORT_SYMBOL(x);", False, False, True),
        (f"{EXPORT}int x(void) {{ return 1; }}\nEXPORT_SYMBOL_GPL(x);", False, False, True),
        (f"{EXPORT}int x;\nEXPORT_SYMBOL(x);", False, False, True),
        (f"{EXPORT}int x, xx;\nEXPORT_SYMBOL(xx);\n/* EXPORT_SYMBOL(x); */", False, False, False),
    ],
)  # fmt: skip
def test_linkage(code: str, static: bool, declares: bool, exported: bool) -> None:
    found = defined(code, "x")
    assert (found.static, found.declares, found.exported) == (static, declares, exported)


def test_a_declaration_and_its_definition() -> None:
    found = [each for each in read("int f(void);\nint f(void) { return 1; }\n").definitions if each.name == "f"]
    assert [each.declares for each in found] == [True, False]


def test_names_of_parameters_and_of_what_is_mentioned() -> None:
    found = defined(
        "int g(int);\nint z;\nint f(int first, char *second)\n{\n\treturn g(first) + z; /* not this */\n}\n", "f"
    )
    assert found.params == ("first", "second")
    assert {"g", "first", "z"} <= set(found.mentions)
    assert not {"f", "this"} & set(found.mentions)


def test_parameters_and_words_of_a_macro() -> None:
    found = defined("#define M(a, b) ((a) | FLAG)\n", "M")
    assert found.params == ("a", "b")
    assert "FLAG" in found.mentions


def test_two_variables_in_one_declaration() -> None:
    found = read("static int one = 1, two = 2;\n").definitions
    assert [(each.name, each.line) for each in found] == [("one", 1), ("two", 1)]


# uses: how


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        ("if (val & FLAG) use(1);", How.TESTED),
        ("if (!(val & FLAG)) use(1);", How.TESTED),
        ("if (unlikely(val & FLAG)) use(1);", How.TESTED),
        ("if (val && (val & FLAG)) use(1);", How.TESTED),
        ("while (val & FLAG) use(1);", How.TESTED),
        ("do use(1); while (val & FLAG);", How.TESTED),
        ("for (; val & FLAG;) use(1);", How.TESTED),
        ("use(val & FLAG ? 1 : 2);", How.TESTED),
        ("if ((val & FLAG) == FLAG2) use(1);", How.TESTED),
        ("switch (val & FLAG) { default: use(1); }", How.TESTED),
        ("val |= FLAG;", How.SET),
        ("val = flags | FLAG;", How.SET),
        ("val |= OTHER | FLAG;", How.SET),
        ("prot = __pgprot(pgprot_val(prot) | FLAG);", How.SET),
        ("val = FLAG;", How.SET),
        ("pteval_t local = flags | FLAG; use(local);", How.SET),
        ("use(val | FLAG);", How.SET),
        ("val ^= FLAG;", How.SET),
        ("val &= ~FLAG;", How.CLEARED),
        ("val &= ~(OTHER | FLAG);", How.CLEARED),
        ("val = flags & ~FLAG;", How.CLEARED),
        ("use(val & ~FLAG);", How.CLEARED),
        ("val = flags & ~(OTHER | FLAG);", How.CLEARED),
        ("use(val & ~(OTHER | FLAG));", How.CLEARED),
        ("val = (flags | FLAG) & OTHER;", How.SET),
        ("prot = __pgprot(pgprot_val(prot) & ~FLAG);", How.CLEARED),
        ("val &= FLAG;", How.MASKED),
        ("val = flags & FLAG;", How.MASKED),
        ("val = flags & (OTHER | FLAG);", How.MASKED),
        ("use(val & FLAG);", How.MASKED),
        ("use(val & (OTHER | FLAG));", How.MASKED),
        ("use(FLAG);", How.PASSED),
        ("BUG_ON(val & FLAG);", How.ASSERTED),
        ("BUG_ON(!(val & FLAG));", How.ASSERTED),
        ("WARN_ON_ONCE((val & (OTHER | FLAG)) != FLAG2);", How.ASSERTED),
        ("vm_flags_set(area, FLAG);", How.SET),
        ("vm_flags_set(area, OTHER | FLAG);", How.SET),
        ("vm_flags_init(area, flags | FLAG);", How.SET),
        ("vm_flags_clear(area, FLAG);", How.CLEARED),
        ("vm_flags_mod(area, OTHER, FLAG);", How.CLEARED),
        ("vm_flags_mod(area, FLAG, OTHER);", How.SET),
        ("pteval_t mask = OTHER | FLAG; if (val & mask) use(0);", How.TESTED),
        ("pteval_t mask = OTHER | FLAG; if ((mask & val) == OTHER) use(0);", How.TESTED),
        ("pteval_t mask = OTHER | FLAG; if (val & mask) use(mask);", How.SET),
    ],
)
def test_how_a_flag_is_used(statement: str, how: How) -> None:
    found = use_in(f"#define FLAG2 0x600UL\nvoid f(void)\n{{\n\t{statement}\n}}\n")
    assert found.how is how
    assert found.function == "f"


@pytest.mark.parametrize(
    ("code", "symbol", "how"),
    [
        ("int f(void) { return pte_flags(pte); }", "pte_flags", How.CALLED),
        ("void f(void) { use(1); }", "use", How.CALLED),
        ("void f(void) { BUG_ON(val); }", "BUG_ON", How.CALLED),
        ("void (*hook)(pteval_t);\nvoid f(void) { hook = use; }", "use", How.SET),
        ("void f(void) { val++; }", "val", How.READ),
        ("int g(void);", "g", How.DECLARED),
        ("extern int g;", "g", How.DECLARED),
        ("pteval_t f(void) { return FLAG; }", "FLAG", How.PASSED),
        ("int f(void) { return val & FLAG; }", "FLAG", How.TESTED),
        ("int f(void) { return !!(val & FLAG); }", "FLAG", How.TESTED),
        ("pteval_t f(void) { return val & ~FLAG; }", "FLAG", How.CLEARED),
        ("pteval_t f(void) { return val | FLAG; }", "FLAG", How.SET),
        ("static const pgprot_t table[] = { { OTHER | FLAG } };", "FLAG", How.SET),
        ("#if FLAG\nint f;\n#endif", "FLAG", How.TESTED),
        ("#ifdef FLAG\nint f;\n#endif", "FLAG", How.TESTED),
    ],
)  # fmt: skip
def test_how_others_are_used(code: str, symbol: str, how: How) -> None:
    first = [use for use in uses(code, symbol) if use.line > HEAD.count("\n")]
    assert [use.how for use in first] == [how]


def test_definitions_are_uses_that_define() -> None:
    found = {
        use.symbol: use
        for use in read("#define FLAG 1\nint v;\nint f(void) { return v; }\n").uses
        if use.how is How.DEFINED
    }
    assert set(found) == {"FLAG", "v", "f"}


def test_what_a_macros_body_holds_is_part_of_its_definition() -> None:
    found = {
        use.symbol: use for use in read("#define FLAG 1\n#define WITH(x) ((x) | FLAG)\n").uses if use.function == "WITH"
    }
    assert set(found) == {"FLAG"}
    assert found["FLAG"].how is How.DEFINED
    assert (found["FLAG"].line, found["FLAG"].column) == (2, 24)


def test_return_is_told() -> None:
    assert use_in("int f(void) { return val & FLAG; }").in_return
    assert not use_in("void f(void) { val |= FLAG; }").in_return


@pytest.mark.parametrize(
    "statement",
    [
        "BUG_ON(val & FLAG);",
        "if (unlikely(val & FLAG)) use(1);",
        "prot = __pgprot(FLAG);",
        "use(pgprot_val(__pgprot(FLAG)));",
    ],
)
def test_arguments_of_macros_are_seen_once_and_in_place(statement: str) -> None:
    code = f"void f(void)\n{{\n\t{statement}\n}}\n"
    found = use_in(code)
    assert (HEAD + code).encode()[found.span.start : found.span.end] == b"FLAG"
    assert found.line == HEAD.count("\n") + 3


def test_locals_are_not_symbols() -> None:
    code = "int v;\nvoid f(int v) { v++; }\nvoid g(void) { int v = 1; v++; }\nvoid h(void) { v++; }\n"
    assert [use.function for use in read(code).uses if use.symbol == "v" and use.how is not How.DEFINED] == ["h"]


def test_comments_and_strings_hold_no_uses() -> None:
    assert uses('const char *s = "FLAG"; /* FLAG */ // FLAG\n') == []


# uses: where


@pytest.mark.parametrize(
    ("body", "conditions"),
    [
        ("use(FLAG);", ()),
        ("if (val) use(FLAG);", ("val",)),
        ("if (val) { if (flags == 1) use(FLAG); }", ("val", "flags == 1")),
        ("if (val) use(1); else use(FLAG);", ("!(val)",)),
        ("if (val) use(1); else if (flags) use(FLAG);", ("!(val)", "flags")),
        ("while (val) use(FLAG);", ("val",)),
        ("use(val ? FLAG : 0);", ("val",)),
        ("use(val ? 0 : FLAG);", ("!(val)",)),
        ("switch (val) { case 1: use(FLAG); break; }", ("case 1",)),
        ("switch (val) { default: use(FLAG); }", ("default",)),
        ("switch (val) { case 1: use(1); break; case 2: use(2); use(FLAG); break; }", ("case 2",)),
        ("switch (val) { case 1: case 2: use(FLAG); break; }", ("case 1", "case 2")),
        ("switch (val) { case 1: break; default: use(1); val |= FLAG; }", ("default",)),
        ("if (val & FLAG) use(1);", ()),
        ("for (; val;) use(FLAG);", ("val",)),
        ("do use(FLAG); while (val);", ()),
    ],
)
def test_conditions(body: str, conditions: tuple[str, ...]) -> None:
    assert use_in(f"void f(void)\n{{\n\t{body}\n}}\n").conditions == conditions


@pytest.mark.parametrize(
    ("body", "statement"),
    [
        ("use(FLAG);", "use(FLAG)"),
        ("val = 1; val |= FLAG; val = 2;", "val |= FLAG"),
        ("if (val & FLAG) use(1);", "if (val & FLAG) use(1)"),
        ("if (val) use(FLAG);", "use(FLAG)"),
        ("pteval_t x = FLAG; use(x);", "pteval_t x = FLAG;"),
    ],
)
def test_statements(body: str, statement: str) -> None:
    code = f"void f(void)\n{{\n\t{body}\n}}\n"
    assert text(code, use_in(code)) == statement


@pytest.mark.parametrize(
    ("body", "callee"),
    [
        ("use(FLAG);", "use"),
        ("prot = __pgprot(FLAG);", "__pgprot"),
        ("use(pgprot_val(__pgprot(OTHER | FLAG)));", "__pgprot"),
        ("if (unlikely(val & FLAG)) use(1);", ""),
        ("val = (FLAG);", ""),
        ("use(sizeof(FLAG));", "use"),
        ("BUG_ON(val & FLAG);", "BUG_ON"),
    ],
)
def test_the_call_around(body: str, callee: str) -> None:
    assert use_in(f"void f(void)\n{{\n\t{body}\n}}\n").callee == callee


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ("val |= FLAG;", "val"),
        ("prot.pgprot = flags | FLAG;", "prot.pgprot"),
        ("prot = __pgprot(FLAG);", "prot"),
        ("pteval_t local = FLAG; use(local);", "local"),
        ("use(FLAG);", ""),
        ("if (val & FLAG) flags = 1;", ""),
    ],
)
def test_targets(body: str, target: str) -> None:
    assert use_in(f"void f(void)\n{{\n\t{body}\n}}\n").target == target


# calls


def test_arguments_of_calls() -> None:
    code = 'int g(const char *, int, int);\nint f(void)\n{\n\treturn g("a, (b", g("", 1, 2),\n\t\t (3, 4));\n}\n'
    outer, inner = calls(code, "g")
    assert outer.args == ('"a, (b"', 'g("", 1, 2)', "(3, 4)")
    assert inner.args == ('""', "1", "2")
    assert (outer.function, outer.line) == ("f", HEAD.count("\n") + 4)


def test_uses_of_function_like_macros_are_calls() -> None:
    (call,) = calls("void f(void)\n{\n\tif (val)\n\t\tBUG_ON(flags & (OTHER | FLAG));\n}\n", "BUG_ON")
    assert call.args == ("flags & (OTHER | FLAG)",)
    assert call.conditions == ("val",)


def test_a_prototype_is_no_call() -> None:
    assert calls("int g(int);\nint g(int x) { return x; }\n", "g") == []


def test_a_call_without_arguments() -> None:
    (call,) = calls("int g(void);\nint f(void) { return g( ); }\n", "g")
    assert call.args == ()


# what was not compiled


@pytest.mark.parametrize(
    ("code", "start", "end", "condition"),
    [
        ("int a;\n#if 0\nint b;\n#endif\nint c;\n", 2, 4, "#if 0"),
        ("#ifdef CONFIG_NEVER /* never */\nint b;\n#endif\n", 1, 3, "#ifdef CONFIG_NEVER"),
        ("#if 1\nint a;\n#else\nint b;\n#endif\n", 3, 5, "#else of #if 1"),
        ("#if 1\n#if 1\n#endif\nint a;\n#else\nint b;\n#endif\n", 5, 7, "#else of #if 1"),
        ("#if 0\n#if 1\nint b;\n#endif\n#endif\n", 1, 5, "#if 0"),
        ("#if 1\nint a;\n#elif defined(X)\nint b;\n#endif\n", 3, 5, "#elif defined(X)"),
    ],
)
def test_regions(code: str, start: int, end: int, condition: str) -> None:
    (region,) = read(code).regions
    assert (region.path, region.start, region.end, region.condition) == (PATH, start, end, condition)


def test_all_is_compiled() -> None:
    assert read("#if 1\nint a;\n#endif\n").regions == ()


def test_errors_are_told_with_their_place() -> None:
    (said,) = snippet_facts(PATH, "int a;\nint f(void) { return nothing; }\n").diagnostics
    assert (said.severity, said.line) == ("error", 2)
    assert "nothing" in said.message


def test_what_can_be_read_is_read_in_spite_of_an_error() -> None:
    facts = snippet_facts(
        PATH, "#include <no/such.h>\n#define FLAG 1\nstrange_t x;\nint f(int v) { return v & FLAG; }\n"
    )
    assert facts.unit_errors > 0
    assert any(use.symbol == "FLAG" and use.function == "f" for use in facts.uses)
