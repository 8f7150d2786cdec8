"""What git would open in a repository is looked at first: it waits for ever at a FIFO, and reads a device to no end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from patcher.errors import InputError
from patcher.files import SMALL, files_below, is_directory, present, read_file
from patcher.tree.gitrepo import ADVICE, common_directory, included

_READ = (
    "HEAD", "config", "config.worktree", "commondir", "gitdir", "index", "packed-refs", "shallow", "info/grafts",
    "info/attributes", "info/exclude", "info/sparse-checkout", "objects/info/alternates",
)  # fmt: skip
_INCLUDED = 10  # configurations inside each other, as in git
_INCLUDE_ADVICE = "include it from your own ~/.gitconfig instead"


def check_way(place: Path) -> None:
    """Look at what git finds on the way from ``place`` to the repository around it.

    Raises InputError where a ``.git`` is neither a directory nor a small file.
    """
    for directory in (place, *place.parents):
        if present(directory / ".git"):
            if is_directory(directory / ".git"):
                check(directory / ".git")
            else:
                _check_named(directory / ".git")
            return
        if present(directory / "HEAD") and is_directory(directory / "objects"):
            check(directory)
            return


def _check_named(file: Path) -> None:
    """Look at a ``.git`` that is a file, and at the git directory that it names, with the one that it is a part of."""
    kind, _, name = os.fsdecode(read_file(file, most=SMALL, advice=ADVICE)).rstrip("\n").partition(": ")
    named = file.parent / name
    if kind != "gitdir" or not is_directory(named):
        return  # git says what it thinks of that
    check(named)
    if (shared := common_directory(named)) != named and is_directory(shared):
        check(shared)


def check(repository: Path) -> None:
    """Look at a git directory.

    Raises InputError where it holds something else than files and directories, where a file whose lines git quotes
    in its errors is a link to something that belongs to no repository, or where its configuration includes what is not
    a file of the repository.
    """
    for name in _READ:
        if present(repository / name):
            _check(str(repository / name))
            _check_link(repository, name)
    top = repository.parent if repository.name == ".git" else repository
    for name in ("config", "config.worktree"):
        if present(repository / name):
            _check_included(repository / name, Path(os.path.realpath(top)))
    for name in ("objects", "refs"):
        if is_directory(repository / name):
            for _ in files_below(repository / name, other=_check):
                pass


def _check_included(configuration: Path, top: Path, depth: int = 0) -> None:
    """Look at the files that a file of git's configuration includes."""
    if depth > _INCLUDED:
        raise InputError(f"{configuration} is included by itself or by too many others", _INCLUDE_ADVICE)
    if b"include" not in read_file(configuration, most=SMALL, advice=ADVICE).lower():
        return
    for name in included(configuration):
        named = configuration.parent / name
        if name.startswith(("~", "%")) or not Path(os.path.realpath(named)).is_relative_to(top):
            raise InputError(f"{configuration} includes {name!r}, which leads out of the repository", _INCLUDE_ADVICE)
        if present(named):
            _check_included(named, top, depth + 1)


def _check(path: str) -> None:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a link to a file will do
    except OSError:
        return  # git says what it thinks of a link to nothing
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{path} is no file", ADVICE)


def _check_link(repository: Path, name: str) -> None:
    """Links to the same file of another repository are how repo(1) and git-new-workdir share them."""
    there = os.path.realpath(repository / name)
    shared = there.removesuffix(f"/{name}")
    if there.startswith(f"{os.path.realpath(repository)}/") or (
        shared != there and is_directory(Path(shared, "objects"))
    ):
        return
    raise InputError(f"{repository / name} leads out of the repository", ADVICE)
