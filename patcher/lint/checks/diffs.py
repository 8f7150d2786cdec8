"""Checks on what a diff does to files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint import places
from patcher.lint.job import Job
from patcher.lint.model import CannotTell, Hit, Level
from patcher.mail.diff import FileDiff, Line
from patcher.mail.model import Kind

_SPDX = re.compile(r"SPDX-License-Identifier:\s*\S")
_SOURCE = re.compile(
    r"\.(?:c|h|S|s|rs|dts|dtsi|dtso|py|pl|sh|lds|awk|tc|y|l)\Z|(?:\A|/)(?:Makefile|Kbuild|Kconfig)(?:\.\w+)?\Z"
)
_NO_SPDX = re.compile(r"(?:\A|/)(?:COPYING|LICENSES/|\.\w+|.*\.(?:json|csv|txt|out|expected|golden))")
_SCRIPT = re.compile(
    r"\.(?:sh|py|pl|awk|tc|exp|rb|bash|bconf|cocci)\Z|(?:\A|/)(?:scripts|tools|config|rules|debian)(?:/|\Z)"
)
_STRAY = re.compile(
    r"(?:\.(?:orig|rej|swp|swo|bak|o|ko|a|cmd|mod|mod\.c|pyc|patch|diff|su|gcno|dtb|log|tmp)|~|\.\#.*|\.DS_Store)\Z|(?:\A|/)(?:tags|TAGS|cscope\..*|core|vmlinux|Module\.symvers|modules\.order|0\d{3}-.*\.patch)\Z"
)
_STRAY_ALLOWED = re.compile(r"(?:\A|/)(?:Documentation|quilt|debian|tests?|testdata|testing|perf)/")
_BINARY_ALLOWED = re.compile(
    r"\.(?:png|jpe?g|gif|ppm|pbm|pgm|svg|pdf|ico|bin|gz|xz|ihex|der|x509|img|fw|uu|ods)\Z|(?:\A|/)(?:Documentation|testdata|tests?|testing|firmware)/"
)
_MARKER = re.compile(r"(?:<{7}|>{7}) \S|\|{7} \S|={7}\Z")
_CONFIG = re.compile(r"\s*(?:menu)?config\s+([A-Z0-9_a-z]+)\s*(?:#.*)?\Z")
_BLOCK_END = re.compile(r"(?:menu)?config\s|(?:end)?menu\b|(?:end)?choice\b|source\b|comment\b|if\b|endif\b|mainmenu\b")
_PROMPT = re.compile(r"\s+(?:(?:bool|tristate|string|int|hex)\s+[\"']|prompt\s+[\"'])")
_PARAM = re.compile(
    r"\bmodule_param(?:_named|_array|_string|_unsafe|_call|_cb|_array_named|_hw|_hw_array)*\s*\(\s*(\w+)"
)
_BARRIER = re.compile(
    r"(?<![\w.>\"])(?:smp_)?(?:mb|rmb|wmb|read_barrier_depends|mb__(?:before|after)_\w+|store_release|load_acquire|store_mb)\s*\(|(?<![\w.>\"])barrier\s*\(\s*\)"
)
_RELEASE = re.compile(r"smp_(?:store_release|load_acquire|store_mb)")
_COMMENT = re.compile(r"/\*|\*/|//|^\s*\*")


def conflict_marker(job: Job) -> Iterator[Hit]:
    """What a merge left. A lone row of seven equals signs underlines a heading in documents."""
    for file in job.diff.files:
        marks = [line for line in file.added if _MARKER.match(line.text)]
        if any(line.text.startswith(("<<<<<<<", ">>>>>>>")) for line in marks):
            yield Hit("a conflict marker is left", places.diff(job.patch, file.path, marks[0]))


def does_not_apply(job: Job) -> Iterator[Hit]:
    """A file that the diff does not fit."""
    for path, reason in job.misfits:
        level = None if job.stated_base or job.patch.base else Level.WARNING
        against = "" if level is None else " (its base is not told; tried the tree's own revision)"
        yield Hit(f"{reason}{against}", places.diff(job.patch, path), level=level, key=reason)


def diff_empty(job: Job) -> Iterator[Hit]:
    """A patch that changes nothing."""
    if job.patch.kind is Kind.PATCH and not job.diff.files and not job.diff.error:
        yield Hit("it changes nothing", places.whole(job.patch), key="none")


def path_escape(job: Job) -> Iterator[Hit]:
    """A path that leaves the tree, or reaches into ``.git``; a link that leads out of it."""
    for file in job.diff.files:
        for path in dict.fromkeys((file.path, file.old_path)):
            parts = path.replace("\\", "/").split("/")
            if path == "/dev/null" and (file.created or file.deleted):
                continue
            if path.startswith(("/", "~")) or ".." in parts:
                yield Hit(f"{path} is outside of the tree", places.diff(job.patch, path), key=path)
            elif any(part.lower() in (".git", "git~1") for part in parts):
                yield Hit(f"{path} reaches into git's own directory", places.diff(job.patch, path), key=path)
        if file.new_mode == "120000":
            target = file.added[-1].text if file.added else ""
            depth = file.path.count("/")
            if target.startswith("/") or target.split("/").count("..") > depth:
                yield Hit(f"a link to {target}, outside of the tree", places.diff(job.patch, file.path), key=target)


def stray_file(job: Job) -> Iterator[Hit]:
    """A file that is no source."""
    for file in job.diff.files:
        if file.created and _STRAY.search(file.path) and not _STRAY_ALLOWED.search(file.path):
            yield Hit("this looks like a left-over, not a source", places.diff(job.patch, file.path), key=file.path)


def binary_file(job: Job) -> Iterator[Hit]:
    """A binary that no text diff shows."""
    for file in job.diff.files:
        if file.binary and not file.deleted and not _BINARY_ALLOWED.search(file.path):
            yield Hit("a binary file", places.diff(job.patch, file.path), key=file.path)


def file_mode(job: Job) -> Iterator[Hit]:
    """An executable source, or a mode that changes with its content."""
    for file in job.diff.files:
        executable = file.new_mode == "100755" and not file.deleted
        if (
            executable
            and not _SCRIPT.search(file.path)
            and re.search(r"\.(?:c|h|S|rst|txt|dts|dtsi|rs)\Z|(?:\A|/)(?:Makefile|Kconfig)\Z", file.path)
        ):
            yield Hit("a source that is executable", places.diff(job.patch, file.path), "chmod 644", key="executable")
        elif (
            file.old_mode
            and file.new_mode
            and file.old_mode != file.new_mode
            and (file.added or file.removed)
            and not file.created
            and not file.deleted
            and not _SCRIPT.search(file.path)
            and not executable
            and file.old_mode != "100755"
        ):
            yield Hit(
                f"its mode changes from {file.old_mode} to {file.new_mode}",
                places.diff(job.patch, file.path),
                key="mode",
            )


def spdx(job: Job) -> Iterator[Hit]:
    """A new source without a licence in its first two lines."""
    if not job.context.has_licenses:
        raise CannotTell("the tree is older than the rule (it has no LICENSES directory)")
    for file in job.diff.files:
        if (
            not file.created
            or file.binary
            or not file.added
            or not _SOURCE.search(file.path)
            or _NO_SPDX.search(file.path)
        ):
            continue
        if file.new_mode == "120000":
            continue
        if not any(_SPDX.search(line.text) for line in file.added[:3]):
            yield Hit(
                "a new file without SPDX-License-Identifier",
                places.diff(job.patch, file.path, file.added[0]),
                key="none",
            )


def trailing_space(job: Job) -> Iterator[Hit]:
    """Blanks at the end of added lines; told once a file."""
    for file in job.diff.files:
        if file.binary or file.path.endswith((".patch", ".diff", ".md", ".svg")):
            continue
        found = [line for line in file.added if line.text != line.text.rstrip(" \t")]
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            blank = found[0].text[len(found[0].text.rstrip(" \t")) :]
            place = places.diff(job.patch, file.path, found[0])
            column = len(found[0].text) - len(blank) + 1
            yield Hit(f"blanks at the end of a line{more}", place._replace(column=column, width=len(blank)))


def dos_line_ends(job: Job) -> Iterator[Hit]:
    """Added lines that end in CR, in a file whose other lines do not."""
    for file in job.diff.files:
        carried = [line for line in file.added if line.text.endswith("\r")]
        if not carried or file.binary:
            continue
        around = [line for hunk in file.hunks for line in hunk.old]
        if any(line.endswith("\r") for line in around):
            continue
        place = places.diff(job.patch, file.path, carried[0])
        yield Hit(f"{len(carried)} added lines end in CR LF", place, key="crlf")


def kconfig_help(job: Job) -> Iterator[Hit]:
    """A new option that people are asked about, without a help text. One that was moved is not new."""
    removed = {
        match.group(1) for file in job.diff.files for line in file.removed if (match := _CONFIG.match(line.text))
    }
    for file in job.diff.files:
        if not re.search(r"(?:\A|/)Kconfig[^/]*\Z", file.path):
            continue
        after = [line for hunk in file.hunks for line in (*hunk.new, None)]
        added = {line.text for line in file.added}
        for at, text in enumerate(after):
            match = _CONFIG.match(text) if text is not None else None
            if not match or text not in added or match.group(1) in removed:
                continue
            block = _block(after, at)
            if (
                block is not None
                and any(_PROMPT.match(line) for line in block)
                and not any(re.match(r"\s*(?:---)?help(?:---)?\s*\Z", line) for line in block)
            ):
                line = next(line for line in file.added if line.text == text)
                yield Hit(f"{match.group(1)} has no help text", places.diff(job.patch, file.path, line, match.group(1)))


def _block(lines: list[str | None], at: int) -> list[str] | None:
    """The lines of a config block, or None where the diff does not show its end."""
    found: list[str] = []
    for line in lines[at + 1 :]:
        if line is None:
            return None
        if _BLOCK_END.match(line):
            return found
        found.append(line)
    return found


def module_param_desc(job: Job) -> Iterator[Hit]:
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
        if job.context.base is not None and not job.context.broken:
            seen += job.context.after.read([file.path]).get(file.path, b"").decode("utf-8", "replace")
        if not re.search(r"\bMODULE_(?:PARM_DESC|LICENSE)\b|\bmodule_init\b|module_\w+_driver", seen):
            continue  # built in, as far as one sees
        described = set(re.findall(r"\bMODULE_PARM_DESC\s*\(\s*(\w+)", seen))
        for line, name in added:
            if name not in described and f"{name}" not in " ".join(described):
                yield Hit(f"parameter {name} has no MODULE_PARM_DESC", places.diff(job.patch, file.path, line, name))


def barrier_comment(job: Job) -> Iterator[Hit]:
    """A memory barrier without a comment on its line or above it."""
    for file in job.diff.files:
        if (
            not file.path.endswith((".c", ".h"))
            or "barrier" in file.path
            or (file.path.startswith(("arch/", "tools/")) and "/include/" in file.path)
        ):
            continue
        removed = {line.text.strip() for line in file.removed}
        for line in file.added:
            match = _BARRIER.search(line.text)
            if not match or _RELEASE.match(match.group()) or line.text.strip() in removed:
                continue
            if (
                _COMMENT.search(line.text)
                or line.text.lstrip().startswith("#")
                or re.match(r"\s*(?:static |extern |void )", line.text)
            ):
                continue
            if not _commented(file, line):
                yield Hit(
                    f"{match.group().strip('( )')}() without a comment",
                    places.diff(job.patch, file.path, line, match.group()),
                )


def _commented(file: FileDiff, line: Line) -> bool:
    """Whether one of the three lines above in the new file is a comment."""
    for hunk in file.hunks:
        if line.text not in hunk.new:
            continue
        for at, text in enumerate(hunk.new):
            if text == line.text and any(_COMMENT.search(above) for above in hunk.new[max(0, at - 3) : at]):
                return True
    return False


def documentation(job: Job) -> Iterator[Hit]:
    """A new interface for users, without a word in Documentation."""
    if any(file.path.startswith("Documentation/") for file in job.diff.files):
        return
    for file in job.diff.files:
        if not file.path.endswith(".c"):
            continue
        gone = " ".join(line.text for line in file.removed)
        for line in file.added:
            match = re.search(r"\b(?:__setup|early_param|core_param)\s*\(\s*\"(\w+)", line.text) or re.search(
                r"\bproc_create\w*\s*\(\s*\"([\w/]+)", line.text
            )
            if match and f'"{match.group(1)}' not in gone:
                yield Hit(
                    f"{match.group(1)!r} is new to users, and Documentation/ says nothing",
                    places.diff(job.patch, file.path, line, match.group(1)),
                )


def renamed_and_changed(job: Job) -> Iterator[Hit]:
    """A file that moves and changes a good deal at once."""
    for file in job.diff.files:
        if file.renamed and len(file.added) + len(file.removed) > 60 and not file.binary:
            count = len(file.added) + len(file.removed)
            yield Hit(
                f"moved from {file.old_path}, and {count} lines changed", places.diff(job.patch, file.path), key="moved"
            )


CHECKS = (
    conflict_marker, does_not_apply, diff_empty, path_escape, stray_file, binary_file, file_mode, spdx, trailing_space,
    dos_line_ends, kconfig_help, module_param_desc, barrier_comment, documentation, renamed_and_changed,
)  # fmt: skip
