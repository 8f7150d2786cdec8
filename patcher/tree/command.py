"""Commands of git's, run by GitPython. No other module starts git.

Nothing is checked out unless that is what is asked for, no hook, filter or helper of a repository runs, nothing is
fetched.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import git

from patcher.errors import InputError
from patcher.files import STREAM
from patcher.tree.process import Channels, TooMuch

# A repository's own configuration is as little to be trusted as its files. What it can name is run by commands that we
# do not use (hooks, filters, editors, signing, fetching, merging with a driver), or is set here for those that we do.
_QUIET = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.alternateRefsCommand": "false",
    "core.bigFileThreshold": "2047m",  # what is larger git would read piece by piece, and past GIT_ALLOC_LIMIT
    "core.askPass": "false",
    "core.sshCommand": "false",
    "core.gitProxy": "false",
    "core.pager": "cat",
    "core.quotePath": "false",
    "core.useReplaceRefs": "false",
    "color.ui": "false",
    "credential.helper": "",
    "diff.external": "",
    "diff.noprefix": "false",
    "diff.orderFile": "/dev/null",
    "gpg.program": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "grep.fullName": "false",
    "log.follow": "false",
    "log.showSignature": "false",
    "protocol.allow": "never",
}
_ENVIRONMENT = {
    "GIT_ALLOC_LIMIT": f"{2**28}",  # bytes at a time: a few kilobytes can hold an object of gigabytes
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone must not start to fetch; GIT_NO_LAZY_FETCH came with git 2.44
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # an id stands for its content, not for what the repository says it stands for
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "GIT_CONFIG_COUNT": str(len(_QUIET)),
    **{f"GIT_CONFIG_KEY_{index}": key for index, key in enumerate(_QUIET)},
    **{f"GIT_CONFIG_VALUE_{index}": value for index, value in enumerate(_QUIET.values())},
}
# What the user's environment may tell git. The rest names another repository (in a hook), other configuration or
# programs, or lets git write where it likes (GIT_TRACE).
_ALLOWED = re.compile(
    r"GIT_(?:(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)|CEILING_DIRECTORIES"
    r"|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH|DEFAULT_HASH|TEST_ASSUME_DIFFERENT_OWNER)"
)
SECONDS = 600  # that a command may take: a search through all of the history is the longest
_ANSWER = 2**30  # bytes of an answer: a tree can list itself a thousand times
FSCK = "an object may be missing or damaged; run 'git fsck' in it"
_ERROR = re.compile(r"^(?:fatal|error):", re.MULTILINE)


class Sink(Protocol):
    """A file, or what is written to as one."""

    def write(self, content: bytearray, /) -> object: ...


class Ended(NamedTuple):
    """How a command ended: its exit status, its output, and what it said on standard error."""

    status: int
    output: bytes
    errors: str


def identity(name: str, address: str, date: str) -> dict[str, str]:
    """The environment of a command that commits: author and committer alike, so that the same makes the same."""
    who = {"NAME": name, "EMAIL": address, "DATE": date}
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}


def git_version() -> str:
    """The version of the git that is used, or raises InputError where there is none."""
    return run(Path("/"), ["version"], where="its own version").decode().removeprefix("git version ").strip()


def run(
    cwd: Path, args: Sequence[str], *, where: str = "", empty_is: int = 0, doing: str = "read",
    status_only: bool = False, **options: Any,
) -> bytes:  # fmt: skip
    """The output of one git command.

    Arguments:
        cwd: the directory it runs in
        where: what an error calls that, if not by its path
        empty_is: an exit status that means "found nothing"
        doing: what an error says that git cannot do
        status_only: what git calls an error is part of the answer as long as its exit status is good
        options: as of ``ask``

    Raises InputError with git's own first line, also where git goes on after an error, and as ``ask``.
    """
    ended = ask(cwd, args, where=where, doing=doing, **options)
    if ended.status not in (0, empty_is) or (not status_only and is_fault(ended.errors)):
        raise fault(doing, where or str(cwd), ended.errors)
    return ended.output


def ask(
    cwd: Path, args: Sequence[str], *, where: str = "", stdin: bytes = b"", env: Mapping[str, str] | None = None,
    into: Sink | None = None, seconds: float | None = None, doing: str = "read",
) -> Ended:  # fmt: skip
    """How one git command ended, well or not.

    Arguments:
        env: variables beside those that every command has
        into: where the output goes, which is b"" then
        seconds: that it may take, SECONDS if None

    Raises InputError where it takes too long, has too much to say, or cannot be started.
    """
    with refusing(doing, where or str(cwd)), closing(start(cwd, args, env=env, seconds=seconds)) as program:
        program.request(stdin, last=True, most=STREAM if into else _ANSWER)
        while not program.ended:
            program.exchange()
            if into:
                into.write(program.output)
                program.output.clear()
        return Ended(program.status(), bytes(program.output), program.errors.decode("utf-8", "replace"))


def start(
    cwd: Path, args: Sequence[str], *, env: Mapping[str, str] | None = None, seconds: float | None = None
) -> Channels:
    """Start a command, which is ended when the answer is dropped. Other than ``ask``; within ``refusing``."""
    for name in [name for name in os.environ if name.startswith("GIT_") and not _ALLOWED.fullmatch(name)]:
        del os.environ[name]  # GitPython would pass it on
    started = git.Git(str(cwd)).execute(
        ["git", *args], as_process=True, istream=subprocess.PIPE, env={**_ENVIRONMENT, **(env or {})}
    )
    assert started.proc is not None
    return Channels(started.proc, seconds=SECONDS if seconds is None else seconds, owner=started)


@contextmanager
def refusing(doing: str, where: str) -> Iterator[None]:
    """What can go wrong with a command, as an InputError that says what git cannot do and where."""
    try:
        yield
    except TooMuch as error:
        raise InputError(f"git cannot {doing} {where}: {error}", "the repository is too large, or hostile") from error
    except git.GitCommandNotFound as error:
        raise InputError("git was not found", "install git, or put it on the PATH") from error
    except ValueError as error:  # a NUL, which no argument of a program can have
        raise InputError(f"git cannot {doing} {where}: a name in it cannot be given to a program ({error})") from error
    except OSError as error:
        if error.errno not in (errno.E2BIG, errno.ENAMETOOLONG):
            raise
        raise InputError(f"git cannot {doing} {where}: a revision or path is too long") from error


def is_fault(errors: str) -> bool:
    """Whether git calls something an error, in what it said on standard error."""
    return bool(_ERROR.search(errors))


def fault(doing: str, where: str, errors: str) -> InputError:
    """That git cannot do something, with its own first line and what to do about it."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    first = next((line for line in lines if _ERROR.match(line)), lines[0] if lines else "it gave no reason")
    return InputError(f"git cannot {doing} {where}: {_ERROR.sub('', first).strip()}", _advice(errors))


def _advice(text: str) -> str:
    if "dubious ownership" in text:
        return "it belongs to another user; see safe.directory in git-config(1)"
    if "attempting to allocate" in text:
        return "an object of it is too large to be a file of a kernel"
    if "promisor" in text or "not allowed" in text or "lazy fetch" in text:
        return "this clone is partial and lacks the object; run 'git fetch --refetch --no-filter' in it"
    if any(word in text for word in ("ermission", "ead-only", "No space", "nable to create")):
        return "see to it that you may write there, and that there is space; nothing was changed"
    return FSCK
