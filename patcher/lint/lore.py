"""Threads of lore.kernel.org, which b4 fetches where the user names one. Nothing else of lint goes to the network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from patcher.errors import InputError
from patcher.escape import safe
from patcher.files import HUGE, present
from patcher.lint.model import LORE

SECONDS = 300.0  # that b4 may take, by the clock
_ARCHIVES = re.compile(r"https?://(?:lore\.kernel\.org/[\w.-]+|lkml\.kernel\.org/r|patch\.msgid\.link(?:/[\w.-]+)?)/")
# What RFC 5322 has in a Message-ID but comments and quoted strings; the first character must not make it an option, and
# b4 takes what has :// for the address of another archive.
_ID = re.compile(r"(?!-)(?!.*://)[!#-;=?-~]{1,200}@[!#-;=?-~]{1,100}")


def named(word: str) -> bool:
    """Whether a word names a thread: ``lore:MESSAGE-ID``, or the address of a mail in the archive; but no file."""
    return word.startswith((LORE, "http://", "https://")) and not present(Path(word))


def fetched(words: Sequence[str]) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """The words, in which each that names a thread is ``lore:MESSAGE-ID``; and these threads. Raises InputError."""
    what = tuple(f"{LORE}{message_id(word)}" if named(word) else word for word in words)
    return what, {new: thread(new.removeprefix(LORE)) for word, new in zip(words, what, strict=True) if named(word)}


def message_id(word: str) -> str:
    """The Message-ID that a word names, without ``<>``. Raises InputError where it names none."""
    if word.startswith(LORE):
        found = word.removeprefix(LORE).removeprefix("<").removesuffix(">")
    else:
        archive = _ARCHIVES.match(word)
        if not archive:
            raise InputError(f"{safe(word)!r} is no mail of lore.kernel.org", f"give {LORE}MESSAGE-ID, or a file")
        found = unquote(word[archive.end() :].partition("/")[0])
    if not _ID.fullmatch(found):
        raise InputError(f"{safe(found)!r} is no Message-ID", f"it has the form {LORE}NAME@HOST")
    return found


def thread(wanted: str) -> bytes:
    """The thread of a Message-ID as a mailbox, as b4 gets it from its cache or from where it is told to: all versions
    and replies that it has. Only the user's own configuration of b4 holds, not that of a repository.

    Raises InputError where there is no b4, where it fails (with its own words), or takes longer than SECONDS.
    """
    from patcher.tree.process import Channels, TooMuch

    b4 = shutil.which("b4")
    if b4 is None:
        raise InputError(f"{LORE}{wanted} needs b4, which is not installed", "install it, or name a mailbox")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_DIR", "GIT_WORK"))}
    command = [os.path.abspath(b4), "--no-interactive", "--no-stdin", "mbox", "-o", "-", "--", wanted]  # noqa: PTH100
    try:
        process = subprocess.Popen(
            command, cwd="/", env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise InputError(f"cannot run {b4} ({error.strerror})", "install b4 anew, or name a mailbox") from error
    channels = Channels(process, seconds=SECONDS)
    try:
        channels.request(b"", last=True, most=HUGE)
        while not channels.ended:
            channels.exchange()
        status = channels.status()
    except TooMuch as error:
        raise InputError(f"b4 was ended for {wanted}: {error}", "name a mailbox") from error
    finally:
        channels.close()
    if status or not channels.output.strip():
        said = channels.errors.decode("utf-8", "replace").strip().splitlines()
        last = safe(said[-1].strip())[:300] if said else f"exit status {status}"
        raise InputError(f"b4 does not get {wanted} ({last})", "look whether 'b4 mbox' does, or name a mailbox")
    return bytes(channels.output)
