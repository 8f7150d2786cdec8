"""What ``git config patcher.*`` has for a place: the user's own, and what the repository there sets.

Git is asked only where one of the files may hold some: the start of a command is not the place to load it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patcher.errors import InputError
from patcher.files import SMALL, home, present, read_file

if TYPE_CHECKING:
    from patcher.tree.gitrepo import Repository

_ON_THE_COMMAND_LINE = "GIT_CONFIG_PARAMETERS"  # what ``git -c patcher.color=never patcher …`` leaves for us


class Entry(NamedTuple):
    """``name`` = ``value``, as one file has it ("git -c" for the command line), and whether that is the user's own. The
    name is without ``patcher.``, its last part in small letters."""

    name: str
    value: str
    file: str
    own: bool


def entries(place: Path) -> tuple[Entry, ...]:
    """All that is set for a place, in git's order: of one name, the last holds.

    Raises InputError where git cannot read a file.
    """
    from patcher.tree.around import top

    repository = top(place)
    given = _given()
    files = (*_of_user(), *_of_repository(repository))
    if "patcher." not in given.lower() and not any(_may_set(file) for file in files):
        return ()
    return tuple(_asked(place if repository else None, given))


@functools.cache  # no git that is started later is to see it
def _given() -> str:
    return os.environ.get(_ON_THE_COMMAND_LINE, "")


def _of_user() -> Iterator[Path]:
    if named := os.environ.get("GIT_CONFIG_GLOBAL"):
        yield Path(named)
        return
    try:
        yield home() / ".gitconfig"
        yield Path(os.environ.get("XDG_CONFIG_HOME") or home() / ".config") / "git" / "config"
    except InputError:
        return  # without a home there are none


def _of_repository(top: Path | None) -> Iterator[Path]:
    if top:
        directory = top / ".git" if present(top / ".git") else top
        yield directory / "config"
        yield directory / "config.worktree"
        if not directory.is_dir():
            yield directory  # of a linked worktree, whose configuration is elsewhere


def _may_set(file: Path) -> bool:
    """Whether git must be asked: the file speaks of us, or has others read."""
    if not file.is_file():
        return False
    try:
        content = read_file(file, most=SMALL).lower()
    except InputError:
        return True  # git says what is wrong
    return any(word in content for word in (b"patcher", b"include", b"gitdir:"))


def _asked(place: Path | None, given: str) -> Iterator[Entry]:
    from patcher.tree.command import run
    from patcher.tree.find import find_repository

    repository: Repository | None = None
    if place:
        try:
            repository = find_repository(place)
        except InputError:
            repository = None  # whoever needs it says what is wrong with it
    args = ("config", "--show-scope", "--show-origin", "-z", "--get-regexp", r"^patcher\.")
    more = {_ON_THE_COMMAND_LINE: given} if given else {}
    answer = repository.run(*args, empty_is=1, env=more) if repository else run(Path("/"), args, empty_is=1, env=more)
    fields = answer.decode("utf-8", "replace").split("\0")
    for scope, origin, entry in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        own = scope in ("global", "command")
        if not own and (scope not in ("local", "worktree") or repository is None):
            continue  # of the machine
        file = origin.removeprefix("file:") if scope != "command" else "git -c"
        if repository and not own:
            file = str((repository.directory / file).resolve())
        key, equals, text = entry.partition("\n")
        yield Entry(key.partition(".")[2], text if equals else "true", file, own)
