"""From what the user named to a kernel tree."""

from __future__ import annotations

from pathlib import Path

from patcher.errors import InputError
from patcher.files import exists, is_directory
from patcher.tree import gitfiles
from patcher.tree.directory import DirectoryTree
from patcher.tree.gitrepo import Repository, discover
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree, looks_like_kernel

_ADVICE = "name a kernel tree with --tree"


def open_tree(directory: Path, revision: str | None, *, worktree: bool = False) -> KernelTree:
    """The tree at ``directory``: a repository, a bare one, a worktree, or unpacked sources.

    A directory inside a repository counts as unpacked sources when it has a kernel's Makefile at its own
    top, and otherwise stands for the repository around it. ``revision`` None means HEAD; with ``worktree`` the
    uncommitted files are read instead of a commit.

    Raises InputError where there is no such tree or revision.
    """
    if not exists(directory):
        raise InputError(f"{directory} does not exist", "name a kernel tree with --tree")
    if not is_directory(directory):
        raise InputError(f"{directory} is not a directory", "name a kernel tree with --tree")
    if worktree and revision is not None:
        raise InputError("--worktree and --rev contradict each other", "give one of the two")
    directory = directory.resolve()
    repository = _repository(directory)
    if repository is None:
        if revision is not None:
            raise InputError(f"{directory} is not a git repository, so it has no {revision!r}", "leave --rev away")
        return DirectoryTree(directory)
    if not worktree:
        return GitTree(repository, "HEAD" if revision is None else revision)
    if repository.worktree is None:
        raise InputError(f"{directory} is a bare repository", "--worktree needs one with files")
    try:
        head = repository.resolve("HEAD")
    except InputError:
        head = ""  # no commit yet: the files are there all the same
    return DirectoryTree(repository.worktree, head)


def open_repository(directory: Path) -> Repository:
    """The repository at ``directory`` or around it. Raises InputError where there is none."""
    repository = find_repository(directory)
    if repository is None:
        raise InputError(f"{directory} is not a git repository", _ADVICE)
    return repository


def find_repository(directory: Path) -> Repository | None:
    """The repository that ``directory`` belongs to, or None. Raises InputError where there is no such directory."""
    if not is_directory(directory):
        raise InputError(
            f"{directory} is not a directory" if exists(directory) else f"{directory} does not exist", _ADVICE
        )
    return _repository(directory.resolve())


def _repository(directory: Path) -> Repository | None:
    """The repository that ``directory`` belongs to, if it is not a kernel tree of its own inside of one."""
    gitfiles.check_way(directory)
    found = discover(directory)
    if found is None:
        return None
    for each in {found.directory, found.common}:
        gitfiles.check(each)
    if directory not in (found.worktree, found.directory) and looks_like_kernel(_makefile(directory)):
        return None
    return found


def _makefile(directory: Path) -> bytes:
    """The Makefile at the top of a directory, where it has one."""
    return DirectoryTree(directory).read(["Makefile"]).get("Makefile", b"")
