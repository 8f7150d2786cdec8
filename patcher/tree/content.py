"""What a commit holds, and what it changes. Read from git's objects; nothing is checked out."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from patcher.errors import InputError
from patcher.tree.gitrepo import Repository
from patcher.tree.kernel import is_blob

_INCLUDE = "^[ \t]*#[ \t]*include"
_HUNK = re.compile(r"^@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@")


class Entry(NamedTuple):
    """A file in a commit: git's mode (``100644``, ``120000`` for a link) and the blob's id."""

    mode: str
    blob: str


class Change(NamedTuple):
    """One file that a commit changes. ``status`` is git's letter (A, M, D, R, T); ``old`` is the path in the parent, ""
    for a new file; ``path`` the path in the commit, "" for a deleted one."""

    status: str
    old: str
    path: str


class Lines(NamedTuple):
    """Changed lines of a file, numbered from 1: those that went, in the parent, those that came, in the commit."""

    old: tuple[int, ...]
    new: tuple[int, ...]


def entries(repository: Repository, commit: str) -> dict[str, Entry]:
    """Every file and link of a commit: path → entry. Submodules are left out."""
    listing = repository.run("ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "surrogateescape")
    found = {}
    for line in listing.split("\0"):
        head, _, path = line.partition("\t")
        if path:
            mode, kind, blob = head.split(" ")
            if kind == "blob":
                found[path] = Entry(mode, blob)
    return found


def changes(repository: Repository, parent: str, commit: str) -> tuple[Change, ...]:
    """What differs between two commits, renames followed."""
    words = repository.run("diff-tree", "-r", "-z", "-M", "--no-ext-diff", parent, commit)
    fields = words.decode("utf-8", "surrogateescape").split("\0")
    found = []
    at = 0
    while at < len(fields) and fields[at]:
        status = fields[at].rsplit(" ", 1)[1][0]
        if status in "RC":
            old, new = fields[at + 1], fields[at + 2]
            at += 3
        else:
            old = "" if status == "A" else fields[at + 1]
            new = "" if status == "D" else fields[at + 1]
            at += 2
        found.append(Change(status, old, new))
    return tuple(found)


def lines(repository: Repository, parent: str, commit: str) -> dict[str, Lines]:
    """The changed lines of each text file that exists after the commit: path → lines."""
    said = repository.run(
        "diff-tree", "-p", "-U0", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/",
        "--dst-prefix=b/", parent, commit,
    ).decode("utf-8", "surrogateescape")  # fmt: skip
    found: dict[str, tuple[list[int], list[int]]] = {}
    path, left_old, left_new = "", 0, 0
    for line in said.split("\n"):
        if left_old or left_new:
            if line.startswith("-"):
                left_old -= 1
            elif line.startswith("+"):
                left_new -= 1
            continue
        if line.startswith("+++ "):
            path = line[4:].rstrip("\t")
            path = path[2:] if path.startswith("b/") else ""
        elif path and (hunk := _HUNK.match(line)):
            start_old, count_old, start_new, count_new = (
                int(each) if each is not None else 1 for each in hunk.groups()
            )
            old, new = found.setdefault(path, ([], []))
            old.extend(range(start_old, start_old + count_old))
            new.extend(range(start_new, start_new + count_new))
            left_old, left_new = count_old, count_new
    return {path: Lines(tuple(old), tuple(new)) for path, (old, new) in found.items()}


def read(repository: Repository, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The contents of blobs, one by one. Raises InputError where one is missing or is not what its id says."""
    with tempfile.TemporaryFile() as requests, tempfile.TemporaryFile() as answers:
        wanted = list(blobs)
        requests.write("".join(f"{blob}\n" for blob in wanted).encode())
        repository.check_sizes(requests)
        repository.run("cat-file", "--batch", "--buffer", istream=requests, output_stream=answers)
        answers.seek(0)
        for blob in wanted:
            header = answers.readline().split()
            if header[1:2] != [b"blob"]:
                raise InputError(f"{repository.directory} lacks the object {blob}", "run 'git fsck' in it")
            content = answers.read(int(header[2]))
            answers.read(1)
            if not is_blob(content, blob):  # git does not look
                raise InputError(f"{repository.directory} has a damaged object {blob}", "run 'git fsck' in it")
            yield blob, content


def contents(repository: Repository, found: Mapping[str, Entry], paths: Sequence[str]) -> dict[str, bytes]:
    """The content of those of the paths that exist: path → bytes."""
    wanted = [path for path in paths if path in found]
    blobs = dict(read(repository, dict.fromkeys(found[path].blob for path in wanted)))
    return {path: blobs[found[path].blob] for path in wanted}


def include_lines(repository: Repository, commit: str, places: Sequence[str]) -> list[tuple[str, str]]:
    """Every ``#include`` in C and assembler files below some directories of a commit: (path, the line)."""
    patterns = [f"{place}/*{suffix}" for place in places for suffix in (".c", ".h", ".S")]
    said = repository.run("grep", "-z", "--text", "-E", _INCLUDE, commit, "--", *patterns, empty_is=1)
    found = []
    for line in said.decode("utf-8", "surrogateescape").split("\n"):
        name, _, text = line.partition("\0")
        if text:
            found.append((name.partition(":")[2], text))
    return found


def naming(repository: Repository, commit: str, words: Sequence[str], paths: Sequence[str]) -> frozenset[str]:
    """Those files of a commit, under the pathspecs, that hold one of the words whole."""
    if not words:
        return frozenset()
    patterns = [part for word in words for part in ("-e", word)]
    said = repository.run("grep", "-l", "-z", "-w", "-F", "--text", *patterns, commit, "--", *paths, empty_is=1)
    names = said.decode("utf-8", "surrogateescape").split("\0")
    return frozenset(name.partition(":")[2] for name in names if name)


def changed_text(repository: Repository, parent: str, commit: str, paths: Sequence[str]) -> list[str]:
    """The text of the lines that went or came in some files, and of the function each hunk is in."""
    if not paths:
        return []
    said = repository.run(
        "--literal-pathspecs", "diff-tree", "-p", "-U0", "--no-ext-diff", "--no-textconv", "--no-color", parent,
        commit, "--", *paths,
    ).decode("utf-8", "surrogateescape")  # fmt: skip
    found = []
    for line in said.split("\n"):
        if line.startswith("@@"):
            found.append(line.split("@@", 2)[-1])
        elif line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
            found.append(line[1:])
    return found
