"""Checks on added C code that is longer than it need be: else, parentheses, messages that somebody else prints, sizes
of types, and on what it uses without including it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.diff import FileDiff

_LEAVES = expression(r"(?P<indent>\t+)(?:return\b[^;]*|goto \w+|break|continue);\Z")
_ELSE = expression(r"(?P<indent>\t+)(?:\} )?else\b")
_MEMBER = expression(r"(?<![\w)\]])&\((?P<what>[A-Za-z_]\w*(?:->\w+|\.\w+)+)\)")
_PRINTS = expression(
    r"(?P<name>platform_get_irq(?:_byname)?|devm_platform_ioremap_resource\w*|devm_platform_get_and_ioremap_resource"
    r"|devm_ioremap_resource|(?:devm_)?k[mzc]alloc(?:_array)?|(?:devm_)?kcalloc|devm_kmemdup|devm_rtc_register_device)\("
)
_TOLD = expression(r"\t+(?:return )?(?:dev_err\w*|pr_err)\(")
_SIZE = expression(
    r"(?<![\w>.-])\b(?P<name>[\w>.-]+) = (?:devm_)?k[mz]alloc\(.*\bsizeof\(struct \w+\)(?=[,)])"
    r"|\bmemset\((?P<cleared>&?[\w>.-]+), 0, sizeof\(struct \w+\)\);"
    r"|\b(?:memcpy|memmove|copy_from_user)\((?P<copied>&?[\w>.-]+), [^,;]+, sizeof\(struct \w+\)\)"
)
_SPLIT = expression(r"\b(?:memset|memcpy|memmove|copy_from_user|k[mz]alloc)\([^;]*,\Z")
_OPERANDS = r"[\w>.\[\]-]+(?:\([\w>., &-]*\))? (?:==|!=|<=|>=|<|>) -?[\w>.\[\]-]+"
_COMPARED = expression(
    rf"(?:\b(?:if|while) \(|\breturn |\A\s+)(?P<what>\({_OPERANDS}\))(?= (?:&&|\|\|))"
    rf"|(?:&&|\|\|) (?P<other>\({_OPERANDS}\))(?=\)+(?: \{{)?\Z| &&| \|\||;)"
)
_RETURNED = expression(
    r"\t+return (?P<what>\((?!(?:const |unsigned |struct )*(?:void|char|int|long|bool|size_t|[us](?:8|16|32|64)"
    r"|\w+ \*)\)?)[^()]*\));\Z"
)
_STRING = expression(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)')
_USES = {
    "linux/bitfield.h": expression(r"\b(?:FIELD_(?:PREP|GET|FIT|PREP_CONST)|u32_(?:get|encode|replace)_bits)\("),
    "linux/rculist.h": expression(r"\blist_(?:\w+_rcu)\("),
    "linux/iopoll.h": expression(r"\bread[bwlqx]\w*_poll_timeout(?:_atomic)?\("),
    "linux/slab.h": expression(r"\bk(?:[mzc]alloc|free|strdup|malloc_array)\("),
    "linux/delay.h": expression(r"\b(?:msleep|usleep_range|udelay|mdelay|fsleep)\("),
    "linux/io.h": expression(r"\b(?:readl|writel|ioremap)\("),
    "linux/cleanup.h": expression(r"\b__free\(|\bDEFINE_FREE\("),
    "linux/property.h": expression(r"\b(?:device|fwnode)_property_\w+\(|\bdevice_get_match_data\("),
    "linux/of_platform.h": expression(r"\bof_platform_(?:de)?populate\("),
}
_BRINGS = {  # what brings another header with it, so that nobody asks for that
    "linux/property.h": (
        "linux/acpi.h",
        "linux/of.h",
        "linux/of_device.h",
        "linux/i2c.h",
        "linux/of_graph.h",
        "linux/gpio/driver.h",
        "linux/iio/iio.h",
        "linux/spi/spi.h",
        "linux/fwnode.h",
    ),
    "linux/slab.h": ("linux/skbuff.h", "linux/netdevice.h", "linux/of_device.h"),
    "linux/io.h": ("linux/pci.h", "asm/io.h", "linux/dma-mapping.h", "linux/of_address.h", "linux/irq.h"),
    "linux/rculist.h": ("linux/rcupdate.h", "linux/skbuff.h", "linux/sched.h", "linux/netdevice.h", "linux/fs.h"),
}


def _hunks(job: Change) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    """Each hunk of each C file of the kernel itself."""
    for file in job.diff.files:
        if file.path.endswith(C_FILES) and not file.deleted and not file.path.startswith(("tools/", "Documentation/")):
            for hunk in shown(job.diff, file):
                yield file, hunk


@check(files=C_FILES, added=("else",))
def needless_else(job: Change) -> Iterator[Hit]:
    """An else after a branch that leaves; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        for at, each in enumerate(hunk):
            match = _ELSE.match(each.text)
            if not match or not each.added or file.path in told or at < 2:
                continue
            above = _LEAVES.match(hunk[at - 1].text)
            depth = match.group("indent")
            if not above or above.group("indent") != depth + "\t" or not hunk[at - 1].added:
                continue
            opens = next((line for line in reversed(hunk[:at]) if re.match(depth + r"[^\s#]", line.text)), None)
            if opens and opens.added and re.match(r"\t+if \(", opens.text):
                told.add(file.path)
                yield Hit("an else after a branch that leaves", job.file(file.path, each.line), "drop the else")


@check(files=C_FILES, added=("&(", "((", "(!", "& (", "| (", "return ("))
def needless_parentheses(job: Change) -> Iterator[Hit]:
    """Parentheses around a member, or a second pair around a condition; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        for each in hunk:
            if not each.added or file.path in told or re.match(r"\s*(?:\*|/\*|#)|.*\\\Z", each.text):
                continue
            text = _STRING.sub('""', each.text)
            match = _MEMBER.search(text)
            what = match.group() if match else _doubled(text)
            if what:
                told.add(file.path)
                yield Hit(f"parentheses that change nothing: {what}", job.file(file.path, each.line), "remove them")


def _doubled(text: str) -> str:
    """A condition in two pairs of parentheses, one that is only negated, a comparison beside && or ||, or what is
    returned; "" where there is none."""
    start = re.search(r"\b(?:if|while) (?=\(\()", text)
    if start:
        at = start.end()
        inner, outer = _close(text, at + 1), _close(text, at)
        condition = text[at + 1 : inner + 1]
        if 0 < inner == outer - 1 and not re.search(r"(?<![=!<>])=(?!=)", condition):
            return text[at : outer + 1]
    if match := _COMPARED.search(text):
        return match.group("what") or match.group("other")
    if match := _RETURNED.match(text):
        return match.group("what")
    match = re.search(r"(?:\bif \(|&& |\|\| )(?P<what>\(![\w>.()-]*?\w\))(?= (?:&&|\|\|)|\))", text)
    return match.group("what") if match and match.group("what").count("(") == match.group("what").count(")") else ""


def _close(text: str, at: int) -> int:
    """Where the parenthesis that opens at a place is closed, -1 where it is not."""
    depth = 0
    for place in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return -1


@check(files=C_FILES, added=("dev_err", "pr_err"))
def message_repeated(job: Change) -> Iterator[Hit]:
    """An error message after a function that prints its own; told once a function and file."""
    told: set[tuple[str, str]] = set()
    for file, hunk in _hunks(job):
        for at, each in enumerate(hunk):
            match = _PRINTS.search(each.text) if each.added else None
            if not match or (file.path, match.group("name")) in told:
                continue
            following = [line for line in hunk[at + 1 : at + 5] if line.added]
            tests = next((place for place, line in enumerate(following) if re.match(r"\t+if \(", line.text)), None)
            if tests is not None and tests + 1 < len(following) and _TOLD.match(following[tests + 1].text):
                told.add((file.path, match.group("name")))
                yield Hit(f"{match.group('name')}() prints a message itself",
                          job.file(file.path, following[tests + 1].line), "drop this one")  # fmt: skip


@check(files=C_FILES, added=("sizeof(struct ",))
def sizeof_variable(job: Change) -> Iterator[Hit]:
    """Memory of the size of a type where the variable would do; told once a file."""
    told: set[str] = set()
    for file, hunk in _hunks(job):
        for each, below in zip(hunk, (*hunk[1:], hunk[-1]), strict=True):
            if not each.added or file.path in told or not ("sizeof(struct " in each.text or _SPLIT.search(each.text)):
                continue
            text = f"{each.text} {below.text.strip()}" if _SPLIT.search(each.text) and below.added else each.text
            if match := _SIZE.search(text):
                told.add(file.path)
                name = match.group("name") or match.group("cleared") or match.group("copied")
                of = name[1:] if name.startswith("&") else f"*{name}"
                yield Hit("the size of a type that the variable has", job.file(file.path, each.line),
                          f"write sizeof({of})")  # fmt: skip


@check(files=(".c",), added=("include ",))
def include_missing(job: Change) -> Iterator[Hit]:
    """A new file that uses what it does not include."""
    for file in job.diff.files:
        if not (file.created and file.path.endswith(".c") and file.path.startswith(("drivers/", "sound/", "net/"))):
            continue
        text = re.sub(
            r"/\*(?:(?!/\*).)*?\*/|//[^\n]*", "", "\n".join(line.text for line in file.added), flags=re.DOTALL
        )
        included = set(re.findall(r"^#\s*include [<\"]([^>\"]+)[>\"]", text, re.MULTILINE))
        if not included or any(not name.startswith(("linux/", "dt-bindings/", "asm/")) for name in included):
            continue  # a header of its own may bring them
        for header, used in _USES.items():
            match = used.search(_STRING.sub('""', text))
            if match and header not in included and not included.intersection(_BRINGS.get(header, ())):
                line = next((each for each in file.added if match.group() in each.text), file.added[0])
                yield Hit(f"{match.group().rstrip('(')}() without <{header}>", job.file(file.path, line),
                          f"include <{header}>", key=header)  # fmt: skip


@check(files=("Makefile", "Kbuild"))
def build_object(job: Change) -> Iterator[Hit]:
    """An object that a Makefile builds for a new source of another name."""
    for file in job.diff.files:
        folder, _, name = file.path.rpartition("/")
        if name not in ("Makefile", "Kbuild") or file.deleted or not folder:
            continue
        text = "\n".join(line.text for line in file.added)
        sources = {
            other.path[len(folder) + 1 :].rpartition(".")[0]
            for other in job.diff.files
            if other.created and re.fullmatch(rf"{re.escape(folder)}/[\w-]+\.[cSs]", other.path)
        }
        built = set(re.findall(r"(?<![\w/-])([\w-]+)\.o\b", text))
        parts = set(re.findall(r"^([\w-]+)-(?:y|objs|\$\([\w_]+\))\s*[+:]?=", text, re.MULTILINE))
        lost, lone = built - sources - parts, sources - built
        if len(lost) == 1 and len(lone) == 1 and not file.created:
            wrong, right = lost.pop(), lone.pop()
            line = next(each for each in file.added if f"{wrong}.o" in each.text)
            yield Hit(f"{wrong}.o is built, {right} is added", job.file(file.path, line, f"{wrong}.o"),
                      f"write {right}.o")  # fmt: skip
