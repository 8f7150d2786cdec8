"""A kernel tree at a commit of a git repository, read from the object store. The importer of git.

Nothing is checked out, no hook, filter or helper of the repository runs, nothing is fetched.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

import git

from patcher.errors import InputError
from patcher.files import LARGE, SMALL, STREAM, read_file
from patcher.tree.kernel import is_blob
from patcher.tree.listen import listen

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
_PATIENCE = 60  # seconds that git may take to find a repository
_SECONDS = 600  # that any other command of git's may take: a search through all of the history is the longest
_ANSWER = 2**30  # bytes of an answer: a tree can list itself a thousand times
_BLOBS = 2**30  # bytes of files that are read at once
_FEW = 100  # paths that are looked up one by one rather than by a list of the whole tree
_LONG = 1000  # characters of a path or word that git is asked for by its command line
_WORDS = 500  # at a time
_FSCK = "an object may be missing or damaged; run 'git fsck' in it"
_ERROR = re.compile(r"^(?:fatal|error):", re.MULTILINE)
_ENTRY = re.compile(r"100\d{3} blob ([0-9a-f]+)\t([^\0]+)\0")  # regular files: no links, no submodules


def git_version() -> str:
    """The version of the git that is used, or raises InputError where there is none."""
    return run(git.Git(), "its own version", ["version"]).decode().removeprefix("git version ").strip()


def run(
    command: git.Git, where: str, args: Sequence[str], *, empty_is: int = 0, status_only: bool = False,
    doing: str = "read", output_stream: IO[bytes] | None = None, seconds: float = _SECONDS, **options: Any,
) -> bytes:  # fmt: skip
    """The output of one git command.

    Arguments:
        empty_is: an exit status that means "found nothing"
        status_only: what git calls an error is part of the answer as long as its exit status is good
        doing: what an error says that git cannot do
        output_stream: a file for the output; then the answer is b""
        seconds: that it may take
        options: ``istream`` and ``env``, as GitPython has them

    Raises InputError with git's own first line, also where git goes on after an error, and where it takes too long or
    has too much to say.
    """
    prepare(command)
    kept = io.BytesIO()
    try:
        started = command.execute(["git", *args], as_process=True, **options)  # ends the process when it is dropped
        most = STREAM if output_stream else _ANSWER
        status, errors = listen(started.proc, output_stream or kept, most=most, seconds=seconds)
    except InputError as error:
        raise InputError(f"git cannot {doing} {where}: {error}", "the repository is too large, or hostile") from error
    except git.GitCommandNotFound as error:
        raise InputError("git was not found", "install git, or put it on the PATH") from error
    except ValueError as error:  # a NUL, which no argument of a program can have
        raise InputError(f"git cannot {doing} {where}: a name in it cannot be given to a program ({error})") from error
    except OSError as error:
        if error.errno not in (errno.E2BIG, errno.ENAMETOOLONG):
            raise
        raise InputError(f"git cannot {doing} {where}: a revision or path is too long") from error
    text = errors.decode("utf-8", "replace")
    if status not in (0, empty_is) or (not status_only and _ERROR.search(text)):
        raise InputError(f"git cannot {doing} {where}: {_first_line(text)}", _advice(text))
    return kept.getvalue()


def prepare(command: git.Git, **more: str) -> None:
    """Give a git command the environment that all have, and ``more``; GitPython would pass on all of the user's."""
    command.update_environment(**_ENVIRONMENT, **more)
    for name in [name for name in os.environ if name.startswith("GIT_") and not _ALLOWED.fullmatch(name)]:
        del os.environ[name]


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    said = next((line for line in lines if _ERROR.match(line)), lines[0] if lines else "it gave no reason")
    return _ERROR.sub("", said).strip()


def _advice(text: str) -> str:
    if "dubious ownership" in text:
        return "it belongs to another user; see safe.directory in git-config(1)"
    if "attempting to allocate" in text:
        return "an object of it is too large to be a file of a kernel"
    if "promisor" in text or "not allowed" in text or "lazy fetch" in text:
        return "this clone is partial and lacks the object; run 'git fetch --refetch --no-filter' in it"
    if any(word in text for word in ("ermission", "ead-only", "No space", "nable to create")):
        return "see to it that you may write there, and that there is space; nothing was changed"
    return _FSCK


class Repository(NamedTuple):
    """Where a repository is: its git directory, the directory that worktrees share, and the worktree, if any."""

    directory: Path
    common: Path
    worktree: Path | None

    def run(self, *args: str, **options: Any) -> bytes:
        """The output of a git command in the repository; see ``run``."""
        # Not by GIT_DIR: git checks the owner of what it finds, and trusts what it is told.
        return run(git.Git(str(self.directory)), str(self.worktree or self.directory), args, **options)

    def check_sizes(self, names: IO[bytes]) -> None:
        """Look at the sizes of objects before they are read. ``names``: a file with an id a line; it is at its
        beginning afterwards.

        Raises InputError where one is larger than a file may be, or all of them together are too large.
        """
        names.seek(0)
        said = self.run("cat-file", "--batch-check", istream=names, status_only=True)
        names.seek(0)
        sizes = [(int(line[2]), line[0].decode()) for line in map(bytes.split, said.splitlines()) if len(line) == 3]
        largest, name = max(sizes, default=(0, ""))
        if largest > LARGE:
            raise InputError(f"{self.directory} has an object {name} of {largest} bytes", f"{LARGE} is the most")
        if (total := sum(size for size, _ in sizes)) > _BLOBS:
            raise InputError(f"{self.directory} has {total} bytes to be read at once", f"{_BLOBS} is the most")

    def resolve(self, revision: str) -> str:
        """The id of a commit. Raises InputError where there is none, or where it is damaged."""
        where = self.worktree or self.directory
        if ".." in revision:
            raise InputError(f"{where}: {revision!r} is a range", "name one commit with --rev")
        found = self._id(f"{revision}^{{commit}}") if revision else ""
        if found:
            return found
        named = self._id(revision) if revision else ""
        if named:
            kind = self.run("cat-file", "-t", named).decode().strip()
            if kind in ("commit", "tag"):
                raise InputError(f"git cannot read the {kind} {named} of {where}", _FSCK)
            raise InputError(f"{where} has no commit {revision!r}, it is a {kind}", "'git log --oneline' shows commits")
        if self.shallow:
            advice = "the clone is shallow; 'git fetch --unshallow' brings the rest"
        elif self.run("rev-list", "--all", "--max-count=1").strip():
            advice = "'git log --oneline' shows what there is"
        else:
            advice = "the repository has no commit yet"
        raise InputError(f"{where} has no commit {revision!r}", advice)

    def has(self, revision: str) -> bool:
        """Whether there is such a commit."""
        return bool(self._id(f"{revision}^{{commit}}"))

    @property
    def identity(self) -> str:
        """Tells this repository, with the history it has now, from others. For what is remembered of a name of git's:
        git does not check that objects are what their ids say, and a shallow or damaged repository has other answers.
        """
        status = self.common.stat()
        state = hashlib.sha256(f"{self.common}\0{status.st_dev}\0{status.st_ino}\0".encode("utf-8", "surrogateescape"))
        if self.shallow:
            state.update(read_file(self.common / "shallow"))
        return state.hexdigest()[:32]

    @property
    def shallow(self) -> bool:
        """Whether a part of the history is missing."""
        return (self.common / "shallow").exists()

    def _id(self, name: str) -> str:
        """What a revision stands for, or "" if for nothing. Raises InputError where git fails for another reason."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", name, empty_is=1).decode().strip()
        except InputError as error:
            if _FSCK in str(error):
                return ""  # not a commit, or no such thing: git's words for it differ
            raise


def included(configuration: Path) -> list[str]:
    """The files that a file of git's configuration wants to be read, too, whatever their conditions. Those are not
    opened."""
    args = ["config", "--file", str(configuration), "--no-includes", "-z", "--get-regexp", r"^include(if\..*)?\.path$"]
    said = run(git.Git("/"), str(configuration), args, empty_is=1, seconds=_PATIENCE)
    return [os.fsdecode(entry.partition(b"\n")[2]) for entry in said.split(b"\0") if entry]


def discover(place: Path) -> Repository | None:
    """The repository that a directory is in, as git finds it; None where there is none.

    Raises InputError where git cannot read it, or its owner is another user.
    """
    command = git.Git(str(place))
    try:
        said = run(
            command, str(place), ["rev-parse", "--is-bare-repository", "--absolute-git-dir"],
            seconds=_PATIENCE,  # the first to read the repository's configuration, which may be a FIFO
        )  # fmt: skip
    except InputError as error:
        if "not a git repository" in str(error):
            return None
        raise
    bare, name = os.fsdecode(said).split("\n", 1)
    directory = Path(name.removesuffix("\n")).resolve()
    shared = run(command, str(place), ["rev-parse", "--git-common-dir"])
    common = (place / os.fsdecode(shared.removesuffix(b"\n"))).resolve()
    around = (each for each in (place, *place.parents) if _leads_to(each / ".git", directory))
    return Repository(directory, common, next(around, None) if bare == "false" else None)


def _leads_to(named: Path, directory: Path) -> bool:
    """Whether this is how a worktree names its repository. (By core.worktree a repository could name any directory.)"""
    if named.is_dir():
        return named.resolve() == directory
    try:
        kind, _, name = os.fsdecode(read_file(named, most=SMALL)).removesuffix("\n").partition(": ")
    except InputError:
        return False
    return kind == "gitdir" and (named.parent / name).resolve() == directory


class GitTree:
    """The tree of one commit. See ``KernelTree``."""

    def __init__(self, repository: Repository, revision: str) -> None:
        self._run = repository.run
        self.repository = repository
        self.worktree = repository.worktree
        self.where = str(repository.worktree or repository.directory)
        self.commit = repository.resolve(revision)
        tree = self._run("rev-parse", f"{self.commit}^{{tree}}").decode().strip()
        self.key: str | None = f"{tree}-{repository.identity}"

    @cached_property
    def _paths(self) -> dict[str, str]:
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = _ENTRY.findall(listing.decode("utf-8", "surrogateescape"))
        return {path: blob for blob, path in entries}

    def paths(self) -> Mapping[str, str]:
        return self._paths

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        asked = list(paths)
        if "_paths" in self.__dict__ or len(asked) > _FEW or any(_odd(path) for path in asked):
            return {path: self._paths[path] for path in asked if path in self._paths}
        if not asked:
            return {}
        listing = self._run("ls-tree", "-z", "--full-tree", self.commit, "--", *asked)
        found = {path: blob for blob, path in _ENTRY.findall(listing.decode("utf-8", "surrogateescape"))}
        return {path: found[path] for path in asked if path in found}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        wanted = self.blobs(dict.fromkeys(paths))
        if not wanted:
            return {}
        with tempfile.TemporaryFile() as requests:
            requests.write("".join(f"{blob}\n" for blob in wanted.values()).encode())
            self.repository.check_sizes(requests)
            data = self._run("cat-file", "--batch", "--buffer", istream=requests)
        contents, at = {}, 0
        for path, blob in wanted.items():
            end = data.index(b"\n", at)
            header = data[at:end].split()
            if header[1:2] != [b"blob"]:
                raise InputError(f"{self.where} lacks the object {blob} ({path})", "run 'git fsck' in it")
            size = int(header[2])
            contents[path] = data[end + 1 : end + 1 + size]
            if not is_blob(contents[path], blob):  # git does not look
                raise InputError(f"{self.where} has a damaged object {blob} ({path})", "run 'git fsck' in it")
            at = end + 2 + size
        return contents

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        found: set[str] = set()
        for some in _some(words):
            names = self._run(*_grep(some), self.commit, "--", *pathspecs, empty_is=1)
            found |= _listed(names, f"{self.commit}:")
        return tuple(sorted(found))


def search_directory(
    root: Path, words: Sequence[str], pathspecs: Sequence[str], without: Sequence[str] = ()
) -> tuple[str, ...]:
    """The files below a directory, in a repository or not, that hold one of the words whole; all but some."""
    left_out = [f":(exclude,literal){path}" for path in without]
    found: set[str] = set()
    for some in _some(words):
        args = [*_grep(some), "--no-index", "--no-exclude-standard", "--", *pathspecs, *left_out]
        found |= _listed(run(git.Git(str(root)), str(root), args, empty_is=1), "")
    return tuple(sorted(found))


def _some(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Words that a file can hold and a command line, too, some at a time."""
    asked = [word for word in words if word and "\0" not in word and len(word) <= _LONG]
    yield from (asked[at : at + _WORDS] for at in range(0, len(asked), _WORDS))


def _odd(path: str) -> bool:
    """Whether git would not take it for a path of the tree as it stands."""
    return (
        not path
        or "\0" in path
        or len(path) > _LONG
        or path.startswith(("/", ":"))
        or path.endswith("/")
        or "//" in path
        or {".", ".."} & set(path.split("/")) != set()
    )


def _grep(words: Sequence[str]) -> list[str]:
    """As text whatever .gitattributes say: a tree must not be able to hide a file."""
    patterns = [part for word in words for part in ("-e", word)]
    return ["grep", "-l", "-z", "-w", "-F", "--text", *patterns]


def _listed(output: bytes, prefix: str) -> set[str]:
    names = (name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name)
    return {name.removeprefix(prefix) for name in names}
