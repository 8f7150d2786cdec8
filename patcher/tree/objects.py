"""Objects of a repository, read by one git process that stays as long as the repository is of interest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from patcher.errors import InputError
from patcher.files import LARGE, STREAM
from patcher.tree.command import fault, is_fault, refusing, start
from patcher.tree.kernel import is_blob
from patcher.tree.process import Channels

_TOGETHER = 2**30  # bytes of objects that are read at once
_LONGEST = 1000  # characters of a name
_HEADER = re.compile(rb"([0-9a-f]+) (blob|commit|tag|tree) ([0-9]+)\n")  # else: git says why there is none
_TIME = re.compile(rb"> ([0-9]{1,12}) [-+][0-9]+\Z")
_ADVICE = "run 'git fsck' in it"


class Object(NamedTuple):
    """What a name stands for. ``kind`` is git's word (commit, tree, blob, tag), or "missing" or "ambiguous" where it
    stands for no object or for several; then there is neither ``id`` nor ``content``.
    """

    id: str
    kind: str
    content: bytes


class Commit(NamedTuple):
    """A commit: its full id, that of its first parent ("" where it has none), that of its tree, its subject, and the
    committer's time, in seconds since 1970.
    """

    id: str
    parent: str
    tree: str
    subject: str
    time: int = 0


def commit_of(found: Object) -> Commit:
    """A commit that was found, taken to pieces."""
    head, _, message = found.content.partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))  # of parents the first
    tree, parent = (fields.get(name, b"").decode("ascii", "replace") for name in (b"tree", b"parent"))
    title = message.lstrip(b"\n").partition(b"\n\n")[0]
    time = _TIME.search(fields.get(b"committer", b""))
    subject = " ".join(_text(title, fields.get(b"encoding", b"")).split())
    return Commit(found.id, parent, tree, subject, int(time.group(1)) if time else 0)


def _text(content: bytes, charset: bytes) -> str:
    if charset:
        from patcher.mail.decode import decoded_as

        with suppress(LookupError, ValueError):
            return decoded_as(content, charset.decode("ascii", "replace"))
    return content.decode("utf-8", "replace")


class Objects:
    """The objects of the repository at ``directory``, a git directory; ``where`` is what an error calls it. Threads may
    share it.
    """

    def __init__(self, directory: Path, where: str) -> None:
        self._directory, self._where = directory, where
        self._program: Channels | None = None
        self._lock = Lock()

    def find(self, names: Sequence[str]) -> list[Object]:
        """What each of the names stands for: ids, short ones, too, and revisions.

        Raises InputError where git fails, and where an object or all of them are too large.
        """
        return self._find(names, strict=False)

    def blobs(self, wanted: Mapping[str, str]) -> dict[str, bytes]:
        """The content of blobs: id → content. ``wanted`` names for each id a path that has it, for errors.

        Raises InputError where one is missing or is not what its id says, and as ``find``.
        """
        found = {}
        for (blob, path), each in zip(wanted.items(), self._find(list(wanted), strict=True), strict=True):
            if each.kind != "blob":
                raise InputError(f"{self._where} lacks the object {blob} ({path})", _ADVICE)
            if not is_blob(each.content, blob):  # git does not look
                raise InputError(f"{self._where} has a damaged object {blob} ({path})", _ADVICE)
            found[blob] = each.content
        return found

    def _find(self, names: Sequence[str], *, strict: bool) -> list[Object]:
        """``strict``: what git calls an error is one, and not the reason for an answer."""
        if not names:
            return []
        with self._lock, refusing("read", self._where):
            try:
                self._program = self._program or start(self._directory, ["cat-file", "--batch"])
                return self._asked(self._program, names, strict=strict)
            except BaseException:
                if self._program:
                    self._program.close()  # the rest of its answer is nobody's
                self._program = None
                raise

    def _asked(self, program: Channels, names: Sequence[str], *, strict: bool) -> list[Object]:
        lines = "".join(f"{name if _fits(name) else ''}\n" for name in names)
        program.request(lines.encode("utf-8", "surrogateescape"), last=False, most=STREAM)
        found, total = [], 0
        for _ in names:
            line = self._line(program)
            header = _HEADER.fullmatch(line)
            if not header:
                found.append(Object("", "ambiguous" if line.endswith(b" ambiguous\n") else "missing", b""))
                continue
            name, kind, size = header.group(1).decode(), header.group(2).decode(), int(header.group(3))
            total += size
            if size > LARGE:
                raise InputError(f"{self._where} has an object {name} of {size} bytes", f"{LARGE} is the most")
            if total > _TOGETHER:
                raise InputError(f"{self._where} has too many bytes to be read at once", f"{_TOGETHER} is the most")
            found.append(Object(name, kind, self._take(program, size + 1)[:-1]))
        program.exchange(wait=False)
        errors = program.errors.decode("utf-8", "replace")
        program.errors.clear()
        if strict and is_fault(errors):
            raise fault("read", self._where, errors)
        return found

    def _line(self, program: Channels) -> bytes:
        while (end := program.output.find(b"\n")) < 0:
            self._hear(program)
        return self._take(program, end + 1)

    def _take(self, program: Channels, size: int) -> bytes:
        while len(program.output) < size:
            self._hear(program)
        taken = bytes(program.output[:size])
        del program.output[:size]
        return taken

    def _hear(self, program: Channels) -> None:
        """Wait for more. Raises InputError where git is at its end."""
        if program.ended:
            raise fault("read", self._where, program.errors.decode("utf-8", "replace"))
        program.exchange()


def _fits(name: str) -> bool:
    return len(name) <= _LONGEST and "\0" not in name and "\n" not in name
