"""Checks on what a diff does to files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint import attributes
from patcher.lint.bindings import BINDINGS
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import ends_file, shown
from patcher.lint.job import Change
from patcher.lint.model import CannotTell, Hit, Level
from patcher.lint.register import check
from patcher.mail.diff import FileDiff, Line
from patcher.mail.model import Kind

_SPDX = expression(r"SPDX-License-Identifier:\s*\S")
_SOURCE = expression(
    r"\.(?:c|h|S|s|rs|dts|dtsi|dtso|yaml|rst|py|pl|sh|lds|awk|tc|y|l)\Z|(?:\A|/)(?:Makefile|Kbuild"
    r"|Kconfig)(?:\.\w+)?\Z"
)
_NO_SPDX = expression(r"(?:\A|/)(?:COPYING|LICENSES/|\.\w+|.*\.(?:json|csv|txt|out|expected|golden))")
_SCRIPT = expression(
    r"\.(?:sh|py|pl|awk|tc|exp|rb|bash|bconf|cocci)\Z|(?:\A|/)(?:scripts|tools|config|rules|debian)(?:/|\Z)"
)
_NEVER_RUN = expression(r"\.(?:c|h|S|rst|txt|dts|dtsi|rs)\Z|(?:\A|/)(?:Makefile|Kconfig)\Z")
_MARKER = expression(r"(?:<{7}|>{7}) \S|\|{7} \S|={7}\Z")
_CONFIG = expression(r"\s*(?:menu)?config\s+([A-Z0-9_a-z]+)\s*(?:#.*)?\Z")
_BLOCK_END = expression(r"(?:menu)?config\s|(?:end)?menu\b|(?:end)?choice\b|source\b|comment\b|if\b|endif\b|mainmenu\b")
_PROMPT = expression(r"\s+(?:(?:bool|tristate|string|int|hex)\s+[\"']|prompt\s+[\"'])")
_HELP = expression(r"\s*(?:---)?help(?:---)?\s*\Z")
_PARAM = expression(
    r"\bmodule_param(?:_named|_array|_string|_unsafe|_call|_cb|_array_named|_hw|_hw_array)*\s*\(\s*(\w+)"
)
_FOR_USERS = expression(r"\b(?:__setup|early_param|core_param|proc_create\w*)\s*\(\s*\"([\w/]+)")
_READ = expression(
    r"\b(?:device|fwnode|of)_property_(?:read|present|count)\w*\([^\"]+\"([a-z0-9]+,[\w,-]+|[a-z0-9]+(?:_[a-z0-9]+)+)\""
)
_BARRIER = expression(
    r"(?<![\w.>\"])(?:smp_)?(?:mb|rmb|wmb|read_barrier_depends|mb__(?:before|after)_\w+|store_release|load_acquire"
    r"|store_mb)\s*\(|(?<![\w.>\"])barrier\s*\(\s*\)"
)
_RELEASE = expression(r"smp_(?:store_release|load_acquire|store_mb)")
_COMMENT = expression(r"/\*|\*/|//|^\s*\*")


@check(added=("<<<<<<<", ">>>>>>>"))
def conflict_marker(job: Change) -> Iterator[Hit]:
    """What a merge left. A lone row of seven equals signs underlines a heading in documents."""
    for file in job.diff.files:
        marks = [line for line in file.added if _MARKER.match(line.text)]
        if any(line.text.startswith(("<<<<<<<", ">>>>>>>")) for line in marks):
            yield Hit("a conflict marker is left", job.file(file.path, marks[0]))


@check
def does_not_apply(job: Change) -> Iterator[Hit]:
    """A file that the diff does not fit."""
    for path, reason in job.misfits:
        level = None if job.stated_base or job.patch.base else Level.WARNING
        against = "" if level is None else " (its base is not told; tried the tree's own revision)"
        yield Hit(f"{reason}{against}", job.file(path), level=level, key=reason)


@check
def diff_empty(job: Change) -> Iterator[Hit]:
    """A patch that changes nothing. What may be a cover letter without a number is not certain to be meant as one."""
    patch = job.patch
    if patch.kind is Kind.COVER and not patch.prefix.total and patch.prefix.patch:
        yield Hit("[PATCH], but there is no diff", job.mail(), "number a cover letter: [PATCH 0/N]", Level.NOTE)
        return
    attached = any(problem.kind == "attachment" for problem in job.patch.problems)
    if job.patch.kind is Kind.PATCH and not job.diff.files and not job.diff.error and not attached and not _form(job):
        what = "[PATCH], but there is no diff" if job.patch.prefix.patch else "it changes nothing"
        yield Hit(what, job.mail(), key="none")


@check
def diff_form(job: Change) -> Iterator[Hit]:
    """A diff that ``git am`` does not find or cannot apply, though a person sees what is meant."""
    if job.patch.kind is Kind.PATCH and (what := _form(job)):
        yield Hit(what[0], job.mail(), what[1], key=what[0])


def _form(job: Change) -> tuple[str, str] | None:
    """What is wrong with the form of the whole diff, and what to do."""
    patch, lines = job.patch, job.diff.lines
    moved = next((problem for problem in patch.problems if problem.kind in ("indented", "quoted")), None)
    if moved:
        return f"{moved.detail}, so that git am finds none", "send it with git send-email"
    if "diff --c" in patch.diff and any(line.startswith(("diff --cc ", "diff --combined ")) for line in lines):
        return "a combined diff of a merge (diff --cc) cannot be applied", "send the diff against one parent"
    if not job.diff.files and any(re.match(r"\*{15}\Z", line) for line in (*patch.body, *patch.below, *lines)):
        return "a context diff cannot be applied by git", "make it with git diff, or diff -u"
    if any(_unprefixed(lines, file) for file in job.diff.files):
        return "its names have no a/ and b/ before them (-p0)", "git config --unset diff.noprefix"
    return None


def _unprefixed(lines: Sequence[str], file: FileDiff) -> bool:
    """Whether a file is named without a directory that stands for the tree."""
    head = lines[file.at].rstrip()
    if head.startswith("diff --git "):
        names = head.removeprefix("diff --git ")
        half = len(names) // 2
        return names[:half] == names[half + 1 :] and names[half : half + 1] == " "
    old, new = ((line.split("\t")[0].split() or ("", ""))[1:2] for line in lines[file.at : file.at + 2])
    return bool(old and new and old[0].removesuffix(".orig").removesuffix(".old") == new[0] and new[0] != "/dev/null")


@check
def path_escape(job: Change) -> Iterator[Hit]:
    """A path that leaves the tree, or reaches into ``.git``; a link that leads out of it."""
    for file in job.diff.files:
        for path in dict.fromkeys((file.path, file.old_path)):
            parts = path.replace("\\", "/").split("/")
            if path == "/dev/null" and (file.created or file.deleted):
                continue
            if path.startswith(("/", "~")) or ".." in parts:
                yield Hit(f"{path} is outside of the tree", job.file(path), key=path)
            elif any(part.lower() in (".git", "git~1") for part in parts):
                yield Hit(f"{path} reaches into git's own directory", job.file(path), key=path)
        if file.new_mode == "120000":
            target = file.added[-1].text if file.added else ""
            depth = file.path.count("/")
            if target.startswith("/") or target.split("/").count("..") > depth:
                yield Hit(f"a link to {target}, outside of the tree", job.file(file.path), key=target)


@check
def file_mode(job: Change) -> Iterator[Hit]:
    """An executable source, or a mode that changes with its content."""
    for file in job.diff.files:
        if file.deleted or _SCRIPT.search(file.path):
            continue
        old, new = file.old_mode, file.new_mode
        changes = old and new and old != new and not file.created and (file.added or file.removed)
        if new == "100755" and _NEVER_RUN.search(file.path):
            yield Hit("a source that is executable", job.file(file.path), "chmod 644", key="executable")
        elif changes and "100755" not in (old, new):
            yield Hit(f"its mode changes from {old} to {new}", job.file(file.path), key="mode")


_BOILERPLATE = expression(
    r"redistribute it and/or|under the terms of (?:the GNU|copyleft)|[Pp]ermission is hereby granted, free of charge"
    r"|WITHOUT ANY WARRANTY"
)


@check
def spdx(job: Change) -> Iterator[Hit]:
    """A new source without a licence in its first two lines."""
    if not job.context.has_licenses:
        raise CannotTell("the tree is older than the rule (it has no LICENSES directory)")
    for file in job.diff.files:
        source = _SOURCE.search(file.path) and not _NO_SPDX.search(file.path) and file.new_mode != "120000"
        if not source or not file.created or file.binary or not file.added:
            continue
        licence = next((line for line in file.added[:3] if _SPDX.search(line.text)), None)
        if licence is None and not job.after.usable and not _of_kernel(file.path):
            continue  # of another project
        if licence is None:
            yield Hit("a new file without SPDX-License-Identifier", job.file(file.path, file.added[0]), key="none")
        elif said := next((line for line in file.added[:40] if _BOILERPLATE.search(line.text)), None):
            yield Hit("the text of a licence beside SPDX-License-Identifier", job.file(file.path, said),
                      "remove it", Level.NOTE)  # fmt: skip
        elif file.path.startswith((BINDINGS, "include/dt-bindings/")) and not re.search(r"BSD|MIT|X11", licence.text):
            what = "a new binding that is not under (GPL-2.0-only OR BSD-2-Clause)"
            yield Hit(what, job.file(file.path, licence), "others use bindings, too", Level.NOTE)
        elif file.path.startswith("include/dt-bindings/") and not re.search(r" OR |MIT|BSD", licence.text):
            what = "constants of a binding that are for Linux alone"
            yield Hit(what, job.file(file.path, licence), "others use bindings, too: GPL-2.0-only OR BSD-2-Clause",
                      Level.NOTE)  # fmt: skip


_TOP = frozenset((
    "arch", "block", "certs", "crypto", "Documentation", "drivers", "fs", "include", "init", "io_uring", "ipc",
    "kernel", "lib", "mm", "net", "rust", "samples", "scripts", "security", "sound", "tools", "usr", "virt",
))  # fmt: skip


def _of_kernel(path: str) -> bool:
    """Whether a path may be of a kernel."""
    top, _, rest = path.partition("/")
    return top in _TOP or not rest


@check
def trailing_space(job: Change) -> Iterator[Hit]:
    """Blanks at the end of added lines; told once a file."""
    for file in job.diff.files:
        if file.binary or file.path.endswith((".patch", ".diff", ".md", ".svg")):
            continue
        found = [line for line in file.added if line.text != line.text.rstrip(" \t")]
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            blank = found[0].text[len(found[0].text.rstrip(" \t")) :]
            location = job.file(file.path, found[0])
            column = len(found[0].text) - len(blank) + 1
            yield Hit(f"blanks at the end of a line{more}", location._replace(column=column, width=len(blank)))
        for hunk in list(shown(job.diff, file))[-1:]:
            if ends_file(file, hunk) and not hunk[-1].text.strip(" \t\r") and not (file.created and len(hunk) == 1):
                yield Hit("a blank line at the end of the file", job.file(file.path, hunk[-1].line), key="end of file")


@check(added=("\r",))
def dos_line_ends(job: Change) -> Iterator[Hit]:
    """Added lines that end in CR, in a file whose other lines do not."""
    for file in job.diff.files:
        carried = [line for line in file.added if line.text.endswith("\r")]
        if not carried or file.binary:
            continue
        around = [line for hunk in file.hunks for line in hunk.old]
        if any(line.endswith("\r") for line in around):
            continue
        location = job.file(file.path, carried[0])
        yield Hit(f"{len(carried)} added lines end in CR LF", location, key="crlf")


@check(files=("Kconfig",))
def kconfig_help(job: Change) -> Iterator[Hit]:
    """A new option that people are asked about, without a help text. One that was moved is not new."""
    removed = {
        match.group(1) for file in job.diff.files for line in file.removed if (match := _CONFIG.match(line.text))
    }
    for file in job.diff.files:
        if not re.search(r"(?:\A|/)Kconfig[^/]*\Z", file.path):
            continue
        after = [line for hunk in file.hunks for line in (*hunk.new, None)]
        added = {line.text for line in file.added}
        for index, text in enumerate(after):
            match = _CONFIG.match(text) if text is not None else None
            if not match or text not in added or match.group(1) in removed:
                continue
            block = _block(after, index) or []
            if any(_PROMPT.match(line) for line in block) and not any(_HELP.match(line) for line in block):
                line = next(line for line in file.added if line.text == text)
                yield Hit(f"{match.group(1)} has no help text", job.file(file.path, line, match.group(1)))
            elif any(_PROMPT.match(line) for line in block):
                said = [
                    line
                    for line in block[next(at for at, line in enumerate(block) if _HELP.match(line)) + 1 :]
                    if line.strip()
                ]
                if len(said) < 2 and len(block) > 2:
                    line = next(line for line in file.added if line.text == text)
                    what, fix = "one line of help", "say who wants it, and how the module is called"
                    yield Hit(what, job.file(file.path, line, match.group(1)), fix, Level.NOTE)


def _block(lines: list[str | None], index: int) -> list[str] | None:
    """The lines of a config block, or None where the diff does not show its end."""
    found: list[str] = []
    for line in lines[index + 1 :]:
        if line is None:
            return None
        if _BLOCK_END.match(line):
            return found
        found.append(line)
    return found


@check(files=(".c",), added=("module_param",))
def module_param_desc(job: Change) -> Iterator[Hit]:
    """A new parameter without MODULE_PARM_DESC."""
    removed = [line for file in job.diff.files for line in file.removed]
    before = {match.group(1) for line in removed if (match := _PARAM.search(line.text))}
    for file in job.diff.files:
        if not file.path.endswith(".c"):
            continue
        added = [(line, match.group(1)) for line in file.added if (match := _PARAM.search(line.text))]
        if not (added := [(line, name) for line, name in added if name not in before]):
            continue
        seen = "\n".join(line for hunk in file.hunks for line in hunk.new)
        if job.after.usable:
            seen += job.after.tree.read([file.path]).get(file.path, b"").decode("utf-8", "replace")
        if not re.search(r"\bMODULE_(?:PARM_DESC|LICENSE)\b|\bmodule_init\b|module_\w+_driver", seen):
            continue  # built in, as far as one sees
        described = set(re.findall(r"\bMODULE_PARM_DESC\s*\(\s*(\w+)", seen))
        for line, name in added:
            if name not in described and f"{name}" not in " ".join(described):
                yield Hit(f"parameter {name} has no MODULE_PARM_DESC", job.file(file.path, line, name))


@check(files=C_FILES, added=("mb", "barrier", "store_release", "load_acquire"))
def barrier_comment(job: Change) -> Iterator[Hit]:
    """A memory barrier without a comment on its line or above it."""
    for file in job.diff.files:
        if (
            not file.path.endswith(C_FILES)
            or "barrier" in file.path
            or (file.path.startswith(("arch/", "tools/")) and "/include/" in file.path)
        ):
            continue
        removed = {line.text.strip() for line in file.removed}
        for line in file.added:
            match = _BARRIER.search(line.text)
            if not match or _RELEASE.match(match.group()) or line.text.strip() in removed:
                continue
            explained = _COMMENT.search(line.text) or _commented(file, line)
            if not explained and not re.match(r"\s*(?:#|static |extern |void )", line.text):
                yield Hit(f"{match.group().strip('( )')}() without a comment", job.file(file.path, line, match.group()))


def _commented(file: FileDiff, line: Line) -> bool:
    """Whether one of the three lines above in the new file is a comment."""
    for hunk in file.hunks:
        if line.text not in hunk.new:
            continue
        for index, text in enumerate(hunk.new):
            if text == line.text and any(_COMMENT.search(above) for above in hunk.new[max(0, index - 3) : index]):
                return True
    return False


@check(files=(".c",), added=("__setup", "_param", "proc_create", "_ATTR", "_property_"))
def documentation(job: Change) -> Iterator[Hit]:
    """A new interface for users, without a word in Documentation."""
    if any(file.path.startswith("Documentation/") for file in job.diff.files):
        return
    for file in job.diff.files:
        if not file.path.endswith(".c"):
            continue
        gone = " ".join(line.text for line in file.removed)
        for line in file.added:
            match = _FOR_USERS.search(line.text)
            if match and f'"{match.group(1)}' not in gone:
                what = f"{match.group(1)!r} is new to users, and Documentation/ says nothing"
                yield Hit(what, job.file(file.path, line, match.group(1)))
        if job.patch.prefix.total <= 1:  # the other patches of a series may document it
            for name, line in attributes.added(file):
                what = f"the attribute {name} is new to users, and Documentation/ABI says nothing"
                yield Hit(what, job.file(file.path, line, name))
                break
            for line in file.added:
                if (match := _READ.search(line.text)) and f'"{match.group(1)}"' not in gone:
                    what = f"the property {match.group(1)} is new, and no binding describes it"
                    yield Hit(what, job.file(file.path, line, match.group(1)))
                    break


@check
def renamed_and_changed(job: Change) -> Iterator[Hit]:
    """A file that moves and changes a good deal at once."""
    for file in job.diff.files:
        if file.renamed and len(file.added) + len(file.removed) > 60 and not file.binary:
            count = len(file.added) + len(file.removed)
            yield Hit(f"moved from {file.old_path}, and {count} lines changed", job.file(file.path), key="moved")
