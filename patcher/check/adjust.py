"""What a tree of a given age needs so that today's tools take it. Chosen by looking at both; shown to the user.

Nothing in the tree is changed: headers and programs that it lacks stand in a directory of ours beside it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from typing import NamedTuple

from patcher.check import refused
from patcher.check.arches import directory, native
from patcher.check.refused import ReadText, Search
from patcher.errors import InputError

_BY_VERSION = re.compile(r"^\s*#\s*include\s+gcc_header\(__GNUC__\)", re.MULTILINE)
_HEADER = re.compile(r"include/linux/compiler-gcc(\d{1,9})\.h$")
_DEFINED_ARRAY = re.compile(r"\bdefined\s*\(?\s*@")
_NO_PIE = re.compile(r"-fno-(?:pie|PIE)\b")
_MAKE_CMD = re.compile(r"^make-cmd[ \t]*=[ \t]*(.*\\#.*[^\\\n])$", re.MULTILINE)
_MARKS = re.compile(r"asm\s*volatile\s*\(\"\\n->")
_NO_WERROR = "-Wno-error"
_LAST_FLAGS = ("CFLAGS_KERNEL", "CFLAGS_MODULE", "AFLAGS_KERNEL", "AFLAGS_MODULE")  # for users; after all of the tree
_OF_ITS_OWN = re.compile(r"^KBUILD_CFLAGS[ \t]*:=(?!.*CFLAGS\))", re.MULTILINE)
_BEFORE_THE_KERNEL = ("arch/x86/boot/Makefile", "arch/x86/boot/compressed/Makefile")
_HOST_COMMON = "scripts/dtc/dtc-lexer.lex.c_shipped"


OURS = "{ours}"


class Adjustments(NamedTuple):
    """``variables`` for make, in which ``OURS`` stands for a directory of ours that holds ``files`` (name → content);
    ``notes`` are for the user, a line each. ``flags`` belong to the compiler's command."""

    variables: tuple[tuple[str, str], ...]
    files: dict[str, str]
    notes: tuple[str, ...]
    flags: str = ""


def _macros(compiler: str) -> dict[str, str]:
    done = subprocess.run(
        [*compiler.split(), "-dM", "-E", "-x", "c", "/dev/null"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if done.returncode:
        raise InputError(f"{compiler} does not preprocess ({done.stderr.strip()[:200]})", "install a working compiler")
    return dict(line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.count(" ") >= 2)


def adjustments(compiler: str, read: ReadText, paths: Iterable[str], search: Search, arch: str) -> Adjustments:
    """What this tree needs for this compiler.

    Arguments:
        compiler: the command
        read: the text of a file of the tree, "" where there is none
        paths: the files of the tree
        search: the files of the tree that hold one of some words, among those that fit some of git's patterns
        arch: what ARCH is set to, "" for this machine's
    """
    place = directory(arch)
    macros = _macros(compiler)
    makefiles = read("Makefile") + read(f"arch/{place}/Makefile")
    general, assembler, preprocessor = [], [], []
    variables: list[tuple[str, str]] = []
    files: dict[str, str] = {}
    notes = []
    if "__pie__" in macros and not _NO_PIE.search(makefiles):
        general.append("-fno-pie")
        assembler.append("-fno-pie")
        notes.append("-fno-pie: this compiler makes position-independent code unless told otherwise")
    if "__CET__" in macros and "-fcf-protection" not in makefiles:
        general.append("-fcf-protection=none")
        notes.append("-fcf-protection=none: this compiler marks branch targets unless told otherwise")
    if "-std=" not in makefiles and int(macros.get("__STDC_VERSION__", "0L").rstrip("L")) > 199409:
        general.append("-std=gnu89")
        notes.append("-std=gnu89: the tree is written in the C that compilers of its time took by default")
    clang = "__clang__" in macros
    if clang and _MARKS.search(read("include/linux/kbuild.h")):
        general.append("-no-integrated-as")
        notes.append("-no-integrated-as: this tree makes constants through assembler that clang itself refuses")
    supported = sorted(int(found.group(1)) for path in paths if (found := _HEADER.match(path)))
    major = int(macros.get("__GNUC__", "0"))
    if not clang and supported and major not in supported and _BY_VERSION.search(read("include/linux/compiler-gcc.h")):
        files[f"include/linux/compiler-gcc{major}.h"] = _compiler_header(supported[-1])
        preprocessor.append(f"-I{OURS}/include")
        notes.append(
            f"linux/compiler-gcc{major}.h: the tree knows gcc up to {supported[-1]}; "
            f"its linux/compiler-gcc{supported[-1]}.h is taken, as for the last gcc {supported[-1]}"
        )
        if place == "x86" and (sizes := refused.lenient_sizes(compiler, paths, read)):
            assembler.append(sizes[0])
            notes.append(sizes[1])
        given: dict[str, list[str]] = {}
        for each in refused.objects(compiler, read, search, arch, OURS) if place == "x86" else ():
            given.setdefault(each.variable, []).append(each.value)
            files[each.file] = each.text
            notes.append(each.note)
        variables += [(name, " ".join(dict.fromkeys(values))) for name, values in given.items()]
    if _perl_refuses() and _DEFINED_ARRAY.search(read("kernel/timeconst.pl")):
        files["bin/perl"] = _PERL
        variables.append(("PERL", f"{OURS}/bin/perl"))
        notes.append("perl: defined(@array) in the tree's scripts is read as (@array), since Perl 5.22 refuses it")
    if major >= 10 and _HOST_COMMON in set(paths) and re.search(r"^YYLTYPE yylloc;", read(_HOST_COMMON), re.MULTILINE):
        variables.append(("HOSTCC", f"{compiler if place == native() else 'gcc'} -fcommon"))
        notes.append("HOSTCC: -fcommon, as dtc defines yylloc twice, which gcc 10 and later refuse")
    if (old := _MAKE_CMD.search(read("scripts/Kbuild.include"))) and _make_keeps_backslashes():
        variables += [
            ("pound", "#"),
            ("make-cmd", old.group(1).replace("\\\\\\#", "\\$(pound)").replace("\\#", "$(pound)")),
        ]
        notes.append(r"make-cmd: with $(pound) for \#, as make 4.3 reads that differently and takes all for changed")
    own = [text for path in _BEFORE_THE_KERNEL if place == "x86" and _OF_ITS_OWN.search(text := read(path))]
    flags = [flag for flag in general if any(flag not in text for text in own)]
    general, assembler = ([each for each in some if each not in flags] for some in (general, assembler))
    if any("-mno-sse" not in text for text in own) and refused.vectorizes(compiler):
        flags += ["-mno-sse", "-mno-mmx"]
        notes.append("-mno-sse -mno-mmx: what unpacks the kernel runs before SSE may be used, which this compiler does")
    if flags:
        notes.append(f"CC={compiler} {' '.join(flags)}: arch/x86/boot begins anew with flags of its own")
    general.append(_NO_WERROR)
    assembler.append(_NO_WERROR)
    makefile = read("Makefile")
    for name in _LAST_FLAGS:
        if last := re.search(rf"^{name}[ \t]*:?=[ \t]*(.*)$", makefile, re.MULTILINE):
            variables.append((name, f"{last.group(1)} {_NO_WERROR}".strip()))
    notes.append(f"{_NO_WERROR}: a warning is told as one, also where a Makefile makes errors of them")
    for name, words in (("KCFLAGS", general), ("KAFLAGS", assembler), ("KCPPFLAGS", preprocessor)):
        if words:
            variables.append((name, " ".join(words)))
    return Adjustments(tuple(variables), files, tuple(notes), " ".join(flags))


def _compiler_header(last: int) -> str:
    return (
        "/* Made by patcher for a compiler that is younger than the tree. */\n"
        '#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored "-Wbuiltin-macro-redefined"\n'
        '#pragma push_macro("__GNUC_MINOR__")\n#undef __GNUC_MINOR__\n#define __GNUC_MINOR__ 9\n'
        f"#include <linux/compiler-gcc{last}.h>\n"
        '#pragma pop_macro("__GNUC_MINOR__")\n#pragma GCC diagnostic pop\n'
    )


_PERL = r"""#!/bin/sh
# Made by patcher: Perl 5.22 and later refuse defined(@array). A script that has it is read without.
for script in "$@"; do
	case "$script" in -*) continue ;; esac
	break
done
if [ -f "$script" ] && [ "$script" = "$1" ] && grep -q 'defined *(\{0,1\} *@' "$script"; then
	shift
	copy=$(mktemp) || exit 1
	trap 'rm -f "$copy"' EXIT
	sed 's/defined *(\(@[A-Za-z_]*\))/(\1)/g; s/defined *\(@[A-Za-z_]*\)/(\1)/g' "$script" > "$copy"
	perl "$copy" "$@"
	exit
fi
exec perl "$@"
"""


def _perl_refuses() -> bool:
    perl = shutil.which("perl")
    if perl is None:
        return False
    done = subprocess.run([perl, "-e", "my @a; exit(defined(@a))"], capture_output=True, timeout=20, check=False)
    return b"defined(@array)" in done.stderr


def _make_keeps_backslashes() -> bool:
    """Whether a ``#`` in a function call begins no comment, so that ``\\#`` there is two characters: since make 4.3."""
    make = shutil.which("make")
    if make is None:
        return False
    done = subprocess.run(
        [make, "-f", "-"], input="$(info $(subst #,yes,#))\nall:;@:\n", capture_output=True, text=True, timeout=20,
        check=False,
    )  # fmt: skip
    return done.stdout.startswith("yes")
