"""Defaults of options from ``git config patcher.*``: the user's own, and those of the repository, which are told.

Git is asked only where one of the files may hold some: the start of a command is not the place to load it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patcher.errors import InputError
from patcher.files import SMALL, home, present, read_file
from patcher.lint.model import Default, Level, Profile

if TYPE_CHECKING:
    from patcher.tree.gitrepo import Repository

_AUTO = "auto"
_NAMES = {name.lower(): name for name in ("failOn", "only", "profile", "rules", "skip", "strict")}
_OWN_ONLY = frozenset({"rules"})  # a repository must not have us read a directory of its choice
_MEANT = "git config patcher.* has failOn, only, profile, rules, skip and strict"


def read(place: Path) -> tuple[Default, ...]:
    """What is set for a place: of each name the nearest, as git decides it.

    Raises InputError where a value is none that the option can have, or where git cannot read a file.
    """
    from patcher.tree.around import top

    repository = top(place)
    if not any(_may_set(file) for file in (*_of_user(), *_of_repository(repository))):
        return ()
    nearest = {each.name: each for each in _asked(place if repository else None)}
    return tuple(nearest[name] for name in sorted(nearest))


def value(defaults: Sequence[Default], name: str) -> str:
    """The value of a name, or ""."""
    return next((each.value for each in defaults if each.name == name and each.heeded), "")


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


def _asked(place: Path | None) -> Iterator[Default]:
    from patcher.tree.command import run
    from patcher.tree.find import find_repository

    repository: Repository | None = None
    if place:
        try:
            repository = find_repository(place)
        except InputError:
            repository = None  # whoever needs it says what is wrong with it
    args = ("config", "--show-scope", "--show-origin", "-z", "--get-regexp", r"^patcher\.")
    answer = repository.run(*args, empty_is=1) if repository else run(Path("/"), args, empty_is=1)
    fields = answer.decode("utf-8", "replace").split("\0")
    yield from _defaults(zip(fields[::3], fields[1::3], fields[2::3], strict=False), repository)


def _defaults(entries: Iterable[tuple[str, str, str]], repository: Repository | None) -> Iterator[Default]:
    for scope, origin, entry in entries:
        own = scope == "global"
        if not own and (scope not in ("local", "worktree") or repository is None):
            continue  # of the machine, or of ours for git
        key, _, text = entry.partition("\n")
        file = origin.removeprefix("file:")
        if repository and not own:
            file = str((repository.directory / file).resolve())
        name = _NAMES.get(key.partition(".")[2])
        if name is None:
            yield Default(key.partition(".")[2], text, file, own, f"there is no such default; {_MEANT}")
        elif name in _OWN_ONLY and not own:
            yield Default(name, text, file, own, "only your own configuration can set it (git config --global)")
        else:
            yield Default(name, _checked(name, text if "\n" in entry else "true", file), file, own)


def _checked(name: str, text: str, file: str) -> str:
    """A value as the option has it. Raises InputError where it is none."""
    allowed: Sequence[str] = ()
    if name == "failOn":
        allowed = [level.value for level in Level]
    elif name == "profile":
        allowed = [_AUTO, *(profile.value for profile in Profile)]
    elif name == "strict":
        text = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false", "": "false"}.get(
            text.lower(), text.lower()
        )
        allowed = ["true", "false"]
    if allowed and text not in allowed:
        raise InputError(f"{file}: patcher.{name} is {text[:100]!r}", f"it can be {', '.join(allowed)}")
    return text
