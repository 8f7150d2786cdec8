"""Code of an old tree that today's compiler or assembler refuses, though what it makes of it would be right.

Which macro, function and file that is, is looked up in the tree; that it is refused is tried out. Found are objects,
and what their compiler is to read first: a macro is taken away before the code uses it.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from patcher import temporary

ReadText = Callable[[str], str]
Search = Callable[[Sequence[str], Sequence[str]], Iterable[str]]

_HEADERS, _CODE = ("*.h",), ("*.c",)
_OTHER_ARCH = re.compile(r"arch/(?!x86/)|tools/|Documentation/")
_LABEL = re.compile(r"^[ \t]*(?:\w*ENTRY|GLOBAL)\([ \t]*(\w+)|^[ \t]*([\w.$]+):", re.MULTILINE)
_END = re.compile(r"^[ \t]*(?:END|ENDPROC)\([ \t]*(\w+)[ \t]*\)", re.MULTILINE)
_LENIENT_SIZE = "-Wa,--size-check=warning"


class Macro(NamedTuple):
    """An attribute in which the declaration of a function and its definition differ: the ``name`` of the macro, the
    ``header`` that defines it; ``on_declaration`` says which of the two has it. ``sample`` is code that a compiler with
    the ``options`` refuses for the same reason. Where ``unless`` is built, there is no such difference."""

    name: str
    header: str
    on_declaration: bool
    sample: str
    options: tuple[str, ...]
    unless: str


_MACROS = (
    Macro(
        "__initdata", "linux/init.h", True,
        '__attribute__((section("a"))) int f(void);\n__attribute__((section("b"))) int f(void) { return 0; }\n',
        ("-Werror=attributes",), "",  # a function among data; or, beside data, an error
    ),
    Macro(
        "asmregparm", "linux/linkage.h", False,
        "int f(int *);\n__attribute__((regparm(3))) int f(int *p) { return *p; }\n", ("-m32", "-mregparm=3"), "x86_64",
    ),
)  # fmt: skip


class Object(NamedTuple):
    """An object that is to be made without a macro: its ``variable`` for kbuild, the ``value``, the ``file`` of ours
    (its name and ``text``) that the compiler reads first, and a ``note``."""

    variable: str
    value: str
    file: str
    text: str
    note: str


def objects(compiler: str, read: ReadText, search: Search, arch: str, ours: str) -> Iterator[Object]:
    """The objects that the compiler does not make as the tree has them. ``search`` has the files that hold one of some
    words, among those that fit patterns; ``ours`` is where files of ours are."""
    for macro in _MACROS:
        if macro.unless != arch and not accepts(compiler, macro.sample, *macro.options):
            found: dict[str, list[str]] = {}
            for function, path in _misfits(macro, read, search):
                found.setdefault(path, []).append(f"{function}()")
            for path, functions in found.items():
                yield _object(macro, path, functions, read, ours)


def _object(macro: Macro, path: str, functions: Sequence[str], read: ReadText, ours: str) -> Object:
    directory, name = posixpath.split(path)
    variable = f"CFLAGS_{name.removesuffix('.c')}.o"
    own = re.search(rf"^{re.escape(variable)}[ \t]*[:+]?=[ \t]*(.*)$", read(f"{directory}/Makefile"), re.MULTILINE)
    file = f"include/without-{macro.name}.h"
    where = "declaration" if macro.on_declaration else "definition"
    return Object(
        variable, f"{own.group(1) if own else ''} -include {ours}/{file}".strip(), file,
        f"#include <{macro.header}>\n#undef {macro.name}\n#define {macro.name}\n",
        f"{path}: without {macro.name}, which only the {where} of {', '.join(functions)} has: refused",
    )  # fmt: skip


def _misfits(macro: Macro, read: ReadText, search: Search) -> Iterator[tuple[str, str]]:
    """Functions that have the macro in one place and not in the other, and the file that defines each."""
    having, lacking = (_HEADERS, _CODE) if macro.on_declaration else (_CODE, _HEADERS)
    marked = re.compile(rf"\b{macro.name}\s+(?:\w+[\s*]+)*?\**(\w+)\s*\(\s*(?:void|[a-z])[^;{{}}]*\)\s*"
                        rf"{';' if macro.on_declaration else '{'}")  # fmt: skip
    for path in _here(search([macro.name], having)):
        for function in dict.fromkeys(marked.findall(read(path))):
            for other in _here(search([function], lacking)):
                if _stands_without(macro, function, read(other)):
                    yield function, other if macro.on_declaration else path
                    break


def _here(paths: Iterable[str]) -> list[str]:
    return sorted(path for path in paths if not _OTHER_ARCH.match(path))


def _stands_without(macro: Macro, function: str, text: str) -> bool:
    """Whether a file defines (or, where that has the macro, declares) the function without it."""
    end = "{" if macro.on_declaration else ";"
    place = re.search(rf"^([^\s#/*][^;{{}}()]*)\b{function}\s*\([^;{{}}]*\)\s*{end}", text, re.MULTILINE)
    return place is not None and not re.search(rf"\b{macro.name}\b", place.group(1))


def lenient_sizes(compiler: str, paths: Iterable[str], read: ReadText) -> tuple[str, str] | None:
    """The assembler's option for a tree in which something ends under another name than it begins with, and a note;
    None where nothing does, or the assembler has no such option."""
    for path in sorted(paths):
        if path.startswith("arch/x86/kernel/") and path.endswith(".S"):
            text = read(path)
            labels = {name for pair in _LABEL.findall(text) for name in pair}
            for name in _END.findall(text):
                if name not in labels and accepts(compiler, "", _LENIENT_SIZE, language="assembler"):
                    return _LENIENT_SIZE, f"{_LENIENT_SIZE}: {path} ends {name}, which does not begin there"
    return None


def accepts(compiler: str, text: str, *options: str, language: str = "c") -> bool:
    """Whether a compiler takes some code with these options."""
    with temporary.directory("sample") as place:
        done = subprocess.run(
            [*compiler.split(), *options, "-c", "-o", str(place / "out"), "-x", language, "-"],
            input=text, capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    return not done.returncode


def vectorizes(compiler: str) -> bool:
    """Whether the compiler uses SSE where nobody asked for it."""
    text = "struct s { long a[8]; };\nvoid f(struct s *a, struct s *b) { *a = *b; }\n"
    done = subprocess.run(
        [*compiler.split(), "-m64", "-O2", "-S", "-x", "c", "-", "-o", "-"], input=text, capture_output=True, text=True,
        timeout=20, check=False,
    )  # fmt: skip
    return "xmm" in done.stdout
