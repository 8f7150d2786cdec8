"""Commits that a message cites, and the questions to the history that a number of patches has, asked at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patcher.lazy import expression
from patcher.lint.context import Context
from patcher.mail.diff import Diff
from patcher.mail.model import Kind, Patch, Tag
from patcher.mail.parse import ALMOST_FIXES
from patcher.tree.history import Names, Resolved

MISSING = Resolved(Names.MISSING)

UPSTREAM = expression(
    r"^\s*(?:commit ([0-9a-f]{7,64}) upstream\.?|\[ ?Upstream commit ([0-9a-f]{7,64}) ?\]|"
    r"\(cherry picked from commit ([0-9a-f]{7,64})\))\s*$",
    re.MULTILINE | re.IGNORECASE,
)
FIXES = expression(r"(?P<commit>[Cc]ommit\s+)?(?P<hash>[0-9a-fA-F]{5,64})\b(?P<rest>.*)\Z")
QUOTED = expression(r"""\s*\((?P<quote>")(?P<subject>.*)(?P<closing>")(?P<parenthesis>\))\s*(?:[#\[].*)?\Z""")
_LOOSELY_QUOTED = expression(
    r"""\s*\((?P<quote>["'“”]?)(?P<subject>.*?)(?P<closing>["'“”]?)(?P<parenthesis>\)?)\s*(?:#.*)?\Z"""
)
_CITED = expression(r"\bcommits?\s+(?P<hash>[0-9a-f]{7,64})\b", re.IGNORECASE)
_PROJECT = expression(r"(?<![\w-])(\w[\w-]{0,40})(?:'s)?[ \t]+\Z")  # before the word commit
# Other projects' commits, which have no place in the kernel's history, as ACPICA's patches name their origin.
_PROJECTS = frozenset((
    "acpica", "android", "aosp", "atf", "binutils", "bpftool", "bsp", "busybox", "chromium", "clang", "coccinelle",
    "coreboot", "downstream", "dtc", "edk2", "ethtool", "firmware", "freebsd", "gcc", "gdb", "glibc", "gnulib", "grub",
    "hostap", "iproute2", "iputils", "kmod", "libbpf", "linux-firmware", "lldb", "llvm", "mesa", "musl", "netbsd",
    "openbsd", "opensbi", "openwrt", "op-tee", "optee", "pahole", "qemu", "raspberrypi", "smatch", "sparse", "systemd",
    "tf-a", "u-boot", "uboot", "util-linux", "vendor", "xen", "zephyr", "zlib", "zstd",
))  # fmt: skip
_ONE_OF_LIST = expression(r"\W{0,4}[0-9a-f]{8,40}[\s:]")
_NOT_CITED = expression(rf"{UPSTREAM.pattern}|{ALMOST_FIXES.pattern}", re.IGNORECASE)
_BARE = expression(r"(?<![\w/.:#@=\"'`<{+-])(?P<hash>[0-9a-f]{12,40})(?![\w.@:=/-])")
_SUBJECT = expression(r"""[\s,:]*\(\s*(?P<quote>["'“])(?P<subject>[^\0]{1,200}?)["'”]\s*\)""")
_QUOTATION = expression(r"""[\s,:]*[("'“\[]""")


class Citation(NamedTuple):
    """``commit <hash> ("subject")`` in a message: ``line`` of its body, from 0; subject "" where there is none in that
    form; ``quoted`` tells that something in quotes or parentheses follows all the same."""

    line: int
    hash: str
    subject: str
    text: str
    quoted: bool


_HEXADECIMAL = expression(r"[0-9a-fA-F]{7}")  # as each id has


def cited(patch: Patch) -> Iterator[Citation]:
    """The commits cited in the text of a message, tags not counted. A word of hexadecimal letters is no id."""
    text = "\n".join(patch.body)
    if "commit" not in text.lower() or not _HEXADECIMAL.search(text):
        return
    tags = {tag.line for tag in patch.tags}
    text = "\n".join("" if index in tags or UPSTREAM.match(line) else line for index, line in enumerate(patch.body))
    for match in _CITED.finditer(text):
        id_ = match.group("hash").lower()
        if not any(letter.isdigit() for letter in id_) or (id_.isdigit() and len(id_) < 12):
            continue
        before = max(match.start() - 100, text.rfind("\n", 0, match.start()) + 1)
        project = _PROJECT.search(text, before, match.start())
        if project and project[1].lower() in _PROJECTS:
            continue
        following = _SUBJECT.match(text, match.end())
        line = text.count("\n", 0, match.start("hash"))
        subject = " ".join(following.group("subject").split()) if following else ""
        yield Citation(line, id_, subject, match.group("hash"), bool(_QUOTATION.match(text, match.end())))


def bare(patch: Patch) -> Iterator[tuple[int, str, bool]]:
    """Ids in the text without the word commit: line of the body, id, and whether a subject in quotes follows."""
    tags = {tag.line for tag in patch.tags}
    for index, line in enumerate(patch.body):
        if index in tags or not _HEXADECIMAL.search(line) or _NOT_CITED.match(line):
            continue
        for match in _BARE.finditer(line):
            id_ = match.group("hash")
            if any(f"syzbot+{id_}" in tag.value for tag in patch.tags):
                continue  # a report
            subject = _SUBJECT.match("\n".join((line, *patch.body[index + 1 : index + 2])), match.end())
            before = " ".join((*patch.body[max(0, index - 1) : index], line[: match.start()]))[-80:].lower()
            above = " ".join(patch.body[max(0, index - 2) : index])
            if "commits" in f"{above} {line[: match.start()]}".lower() or _listed(patch.body, index):
                continue
            named = re.search(r"commit|tree|blob|sha|hash|tag|id\b|uuid|key|digest|revision|\b(?:msg|message)", before)
            address = len(id_) == 16 and id_.startswith(("ffff", "0000"))
            if not named and not address and not id_.isdigit() and not id_.isalpha():
                yield index, id_, bool(subject)


def _listed(body: Sequence[str], index: int) -> bool:
    """Whether a line is one of a list of commits, as git log --oneline prints them."""
    beside = (*body[max(0, index - 1) : index], *body[index + 1 : index + 2])
    return any(_ONE_OF_LIST.match(body[index]) and _ONE_OF_LIST.match(line) for line in beside)


def fixes(patch: Patch) -> Iterator[tuple[Tag, re.Match[str]]]:
    """The ``Fixes:`` tags that name something like a commit."""
    for tag in patch.tags:
        if tag.key == "fixes" and (match := FIXES.match(tag.value)):
            yield tag, match


def quoted(rest: str) -> re.Match[str] | None:
    """What follows the id of a ``Fixes:``, as documented, or in the ways that people write it. A ``#`` within the
    quotes is of the subject."""
    return QUOTED.match(rest) or _LOOSELY_QUOTED.match(rest)


def alike(one: str, other: str) -> bool:
    """Whether two subjects are the same but for white space."""
    return " ".join(one.split()) == " ".join(other.split())


def close(one: str, other: str) -> bool:
    """Whether a subject was shortened with dots, or differs by what a mail client does to it."""
    if one.endswith("..."):
        return other.startswith(one[:-3].rstrip())
    letters = [re.sub(r"[\W_]+", "", text).lower() for text in (one, other)]
    return letters[0] == letters[1]


def quoted_subject(match: re.Match[str]) -> str:
    """The subject that a ``Fixes:`` gives, or ""."""
    found = quoted(match.group("rest"))
    return found.group("subject") if found else ""


def _meant(commits: Resolved, subject: str) -> bool:
    return commits.names is Names.COMMIT and (alike(subject, commits.subject) or close(subject, commits.subject))


def prepare(patches: Sequence[Patch], diffs: Sequence[Diff], context: Context) -> None:
    """Ask the history all that the checks will ask: one look-up, one walk each for ancestors, for the subjects of
    commits that are not what is said of them, and for prefixes."""
    history = context.history
    looked_at = [(patch, diff) for patch, diff in zip(patches, diffs, strict=True) if patch.kind is Kind.PATCH]
    tags = [(match.group("hash").lower(), quoted_subject(match)) for patch, _ in looked_at for _, match in fixes(patch)]
    named = {id_ for id_, _ in tags}
    texts = [(each.hash, each.subject) for patch, _ in looked_at for each in cited(patch)]
    bases = {patch.base for patch in patches if patch.base}
    commits = history.look_up([*named, *(id_ for id_, _ in texts), *bases])
    found = (commits.get(name, MISSING) for name in sorted(named))
    history.ancestors(each.commit for each in found if each.names is Names.COMMIT)
    wrong = [subject for id_, subject in tags if subject and not _meant(commits.get(id_, MISSING), subject)]
    wrong += [subject for id_, subject in texts if subject and commits.get(id_, MISSING).names is not Names.COMMIT]
    history.titled(wrong)
    paths = dict.fromkeys(path for _, diff in looked_at for path in prefix_paths(diff))
    if paths:
        history.subjects(list(paths))


def prefix_paths(diff: Diff) -> tuple[str, ...]:
    """The paths whose history shows how a patch is titled: its files, where there are few of them."""
    files = [file.old_path for file in diff.files if not file.created]
    return tuple(files) if len(files) <= 4 else ()
