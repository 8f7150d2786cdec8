"""The variables of ``make`` that choose programs: ARCH, CROSS_COMPILE, LLVM and W.

They are the user's alone, of the command line or of the environment. Nothing that a tree holds is read for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from patcher.check.arches import ARCHES, directory, native
from patcher.errors import InputError
from patcher.model import Frozen

NAMES = ("ARCH", "CROSS_COMPILE", "LLVM", "W")
_VARIABLE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)
_CCACHE = "ccache "  # it is used where it is there
_PREFIX = re.compile(r"(?!-)[\w./+-]+")
_LLVM = re.compile(r"0?|1|-[\w.]+|(?!-)[\w./+-]*/")
_WARNINGS = re.compile(r"[123]{0,3}")


class Variables(Frozen, frozen=True):
    """What is set, "" for what is not.

    ``llvm`` is as kbuild has it: ``1``, a version such as ``-15``, or a directory that ends in ``/``. ``warnings`` is
    what W is set to: 1, 2, 3 or several of them.
    """

    arch: str = ""
    cross_compile: str = ""
    llvm: str = ""
    warnings: str = ""


def parted(words: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """What is no variable of the words of a command line, and the variables: name → value. Raises InputError for one
    that is not known here."""
    others, found = [], {}
    for word in words:
        if not (match := _VARIABLE.fullmatch(word)):
            others.append(word)
        elif match[1] in NAMES:
            found[match[1]] = match[2]
        else:
            raise InputError(f"{match[1]}= is no variable that is taken here", f"there are {', '.join(NAMES)}")
    return tuple(others), found


def variables(given: Mapping[str, str], environment: Mapping[str, str]) -> Variables:
    """The variables of the command line, and what that does not set from the environment. Raises InputError for a value
    that none of them can have."""
    found = {name: given.get(name, environment.get(name, "")).strip() for name in NAMES}
    found["CROSS_COMPILE"] = found["CROSS_COMPILE"].removeprefix(_CCACHE).strip()
    if found["ARCH"] and found["ARCH"] not in ARCHES:
        raise InputError(_wrong("ARCH", found, given), f"choose from {', '.join(ARCHES)}")
    for name, pattern, advice in (
        ("CROSS_COMPILE", _PREFIX, "it is what the compiler's name begins with, such as aarch64-linux-gnu-"),
        ("LLVM", _LLVM, "write 1, a version with a hyphen (-15), or a directory that ends in /"),
        ("W", _WARNINGS, "write 1, 2 or 3"),
    ):
        if found[name] and not pattern.fullmatch(found[name]):
            raise InputError(_wrong(name, found, given), advice)
    llvm = "" if found["LLVM"] == "0" else found["LLVM"]
    return Variables(found["ARCH"], found["CROSS_COMPILE"], llvm, found["W"])


def for_arch(found: Variables, arch: str, arches: Iterable[str]) -> Variables:
    """The variables for one of the architectures of a run: CROSS_COMPILE is a compiler for one of them, which is the
    one that ARCH names, or the only one, or the only one that needs it. Raises InputError where that is not clear."""
    if not found.cross_compile:
        return found
    one = {directory(each) for each in ([found.arch] if found.arch else arches)}
    if len(one) > 1:
        one.discard(native())
    if len(one) > 1:
        raise InputError(
            f"CROSS_COMPILE={found.cross_compile} is for one architecture, and there are {', '.join(sorted(one))}",
            "say which with ARCH=",
        )
    return found if directory(arch) in one else structs.replace(found, cross_compile="")


def _wrong(name: str, found: Mapping[str, str], given: Mapping[str, str]) -> str:
    where = "" if name in given else " in the environment"
    return f"{name}={found[name]}{where} cannot be used"
