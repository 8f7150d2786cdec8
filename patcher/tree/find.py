"""From what the user named to a kernel tree."""

from __future__ import annotations

from pathlib import Path

import git

from patcher.errors import InputError
from patcher.tree.directory import DirectoryTree
from patcher.tree.gitrepo import GitTree
from patcher.tree.kernel import KernelTree, looks_like_kernel


def open_tree(place: Path, revision: str | None, *, worktree: bool = False) -> KernelTree:
    """The tree at ``place``: a repository, a bare one, a worktree, or unpacked sources.

    A directory inside a repository counts as unpacked sources when it has a kernel's Makefile at its own
    top, and otherwise stands for the repository around it. ``revision`` None means HEAD; with ``worktree`` the
    uncommitted files are read instead of a commit.

    Raises InputError where there is no such tree or revision.
    """
    if not place.exists():
        raise InputError(f"{place} does not exist", "name a kernel tree with --tree")
    if not place.is_dir():
        raise InputError(f"{place} is not a directory", "name a kernel tree with --tree")
    if worktree and revision is not None:
        raise InputError("--worktree and --rev contradict each other", "give one of the two")
    repository = _repository(place)
    if repository is None:
        if revision is not None:
            raise InputError(f"{place} is not a git repository, so it has no {revision!r}", "leave --rev away")
        return DirectoryTree(place.resolve())
    if not worktree:
        return GitTree(repository, revision or "HEAD")
    if repository.working_dir is None:
        raise InputError(f"{place} is a bare repository", "--worktree needs one with files")
    try:
        head = repository.head.commit.hexsha
    except ValueError:
        head = ""  # no commit yet: the files are there all the same
    return DirectoryTree(Path(repository.working_dir), head)


def _repository(place: Path) -> git.Repo | None:
    try:
        repository = git.Repo(place, search_parent_directories=True)
    except git.InvalidGitRepositoryError:
        return None
    except (git.GitError, OSError, ValueError) as error:
        raise InputError(f"git cannot open {place} ({error})") from error
    top = Path(repository.working_dir or repository.git_dir).resolve()
    makefile = place / "Makefile"
    if top != place.resolve() and makefile.is_file() and looks_like_kernel(makefile.read_bytes()):
        return None
    return repository
