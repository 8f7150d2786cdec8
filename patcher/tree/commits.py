"""Commits of a repository as patches, read by two git processes however many they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from msgspec import structs

from patcher.errors import InputError
from patcher.mail.model import Kind, Patch, Person
from patcher.mail.parse import parse_tags
from patcher.tree.gitrepo import Repository

_FIELDS = ("%H", "%an", "%ae", "%cn", "%ce", "%aI", "%B")
_FORMAT = "--format=%x00%x00" + "%x00".join(_FIELDS) + "%x00"
_DIFF = ("--always", "--root", "-r", "-M", "-p", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
         "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--encoding=UTF-8")  # fmt: skip
_BLOCK = 2**20
Progress = Callable[[str, int, int], None]


class _Told:
    """A file that tells how many bytes have been written to it."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file, self._progress, self._size = file, progress, 0

    def write(self, content: bytearray) -> None:
        self._size += self._file.write(content)
        self._progress("reading commits, bytes", self._size, 0)


def patches(repository: Repository, commits: Sequence[str], progress: Progress | None = None) -> Iterator[Patch]:
    """The commits as patches, in the order given. Memory is bounded by one commit. ``progress`` is told how many bytes
    git has said: the first commit of a history may be a whole kernel."""
    if not commits:
        return
    with tempfile.TemporaryFile() as answer:
        asked = "".join(f"{commit}\n" for commit in commits).encode()
        into = _Told(answer, progress) if progress else answer
        repository.run("diff-tree", "--stdin", *_DIFF, _FORMAT, stdin=asked, into=into)
        answer.seek(0)
        for commit, content in zip(commits, _parted(answer, commits), strict=True):
            yield _patch(commit, content)


def _parted(stream: IO[bytes], commits: Sequence[str]) -> Iterator[bytes]:
    """The answer for each commit. It is divided at the ids that must come next: no content can hold those."""
    held = bytearray()  # not bytes: a commit may be a whole kernel, a gigabyte of them
    marks = [b"\0\0" + commit.encode() + b"\0" for commit in commits]
    for number, _ in enumerate(marks):
        following = marks[number + 1] if number + 1 < len(marks) else None
        searched = 0
        while following is None or (at := held.find(following, searched)) < 0:
            searched = max(0, len(held) - 64)
            block = stream.read(_BLOCK)
            if not block:
                if following is not None:
                    raise InputError("git gave no answer for a commit", "run 'git fsck' in the repository")
                at = len(held)
                break
            held += block
        yield bytes(held[:at])
        del held[:at]


def _patch(commit: str, content: bytes) -> Patch:
    fields = content[2:].split(b"\0", len(_FIELDS))
    texts = [field.decode("utf-8", "surrogateescape") for field in fields]
    _, author, address, committer, committer_address, date, message = texts[: len(_FIELDS)]
    diff = texts[len(_FIELDS)] if len(texts) > len(_FIELDS) else ""
    read = of_message(message, commit[:12], (author, address), commit)
    return structs.replace(read, committer=Person(committer, committer_address), date=date, diff=diff.lstrip("\n"))


def of_message(message: str, label: str, author: tuple[str, str], commit: str = "") -> Patch:
    """A commit of which only the message and the author (name, address) are known. ``label`` names it for people."""
    lines = message.rstrip("\n").split("\n")
    body = lines[1:]
    start = next((at for at, line in enumerate(body) if line.strip()), len(body))
    person = Person(*author)
    return Patch(
        kind=Kind.PATCH, label=label, commit=commit, subject=lines[0], summary=lines[0].strip(), author=person,
        sender=person, date="", body=tuple(body[start:]), body_line=2 + start, tags=parse_tags(body[start:]), diff="",
    )  # fmt: skip
