"""The configuration of a kernel that is booted: which symbols are asked for, and whether they came out so.

It is put on ``allnoconfig`` by Kconfig itself (``KCONFIG_ALLCONFIG``), so that all that nobody asks for stays off. The
shipped configurations are in ``configs/``; they hold for old and new trees alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.check.snapshot import Snapshot
from patcher.check.specs import lines, symbols
from patcher.errors import InputError
from patcher.model import Frozen

HOME = Path(__file__).parent / "configs"
_ASKED = re.compile(r"(?P<names>\w+(?:\|\w+)*)(?:=(?P<value>\"[^\"\n]*\"|[\w.-]+))?")
_OFF = "n"  # what a symbol is that .config does not set


class Asked(NamedTuple):
    """One symbol, by the names that it has in one tree or another, and the value it is to have."""

    names: tuple[str, ...]
    value: str


class Group(Frozen, frozen=True, forbid_unknown_fields=True):
    """Symbols that serve one purpose. ``symbols`` have to come out as asked, or that is told; ``helps`` are what they
    need in some trees. ``arch``: the only one that they are for, "" for all."""

    what: str
    symbols: tuple[str, ...]
    helps: tuple[str, ...] = ()
    arch: str = ""


class BootConfig(Frozen, frozen=True, forbid_unknown_fields=True):
    """What is asked for, in groups. ``title`` is for people."""

    title: str
    group: tuple[Group, ...]

    def asking(self, words: Iterable[str]) -> BootConfig:
        """The same, with symbols of the user's: ``SYMBOL``, ``SYMBOL=VALUE``; they go before what is shipped.

        Raises InputError for what is no symbol.
        """
        own = tuple(words)
        for word in own:
            _asked(word)
        return BootConfig(self.title, (*self.group, Group("what you asked for", own)))

    def fragment(self, arch: str) -> str:
        """The text that Kconfig is given for an architecture."""
        asked = (each for group in self._of(arch) for word in (*group.helps, *group.symbols) for each in [_asked(word)])
        return lines({name: each.value for each in asked for name in each.names}.items())

    def unset(self, arch: str, config: str, knows: Callable[[str], bool]) -> tuple[str, ...]:
        """What did not come out as asked, a line each.

        Arguments:
            config: the text of ``.config``
            knows: whether the tree's Kconfig has a symbol of that name
        """
        came = symbols(config)
        return tuple(
            _told(each, what, came, knows)
            for what, each in self._wanted(arch)
            if not any(came.get(name, _OFF) == each.value for name in each.names)
        )

    def _of(self, arch: str) -> Iterator[Group]:
        return (group for group in self.group if group.arch in ("", arch))

    def _wanted(self, arch: str) -> Iterable[tuple[str, Asked]]:
        """Purpose and symbol, the last word on each."""
        found: dict[str, tuple[str, Asked]] = {}
        for group in self._of(arch):
            for asked in map(_asked, group.symbols):
                found.update(dict.fromkeys(asked.names, (group.what, asked)))
        return dict.fromkeys(found.values())


def shipped(name: str = "small") -> BootConfig:
    """A configuration of ours. Raises InputError where there is none of that name."""
    names = sorted(file.stem for file in HOME.glob("*.toml"))
    if name not in names:
        raise InputError(f"there is no configuration {name!r} to boot", f"choose from {', '.join(names)}")
    return msgspec.toml.decode((HOME / f"{name}.toml").read_bytes(), type=BootConfig)


def knows(snapshot: Snapshot, name: str) -> bool:
    """Whether the Kconfig files of a commit have a symbol of that name."""
    defines = re.compile(rf"^[ \t]*(?:menu)?config[ \t]+{name}[ \t]*$", re.MULTILINE)
    return any(defines.search(snapshot.text(path)) for path in snapshot.naming([name], ["*Kconfig*"]))


def _asked(word: str) -> Asked:
    match = _ASKED.fullmatch(word.strip())
    if not match:
        raise InputError(f"{word!r} is no symbol", "write SYMBOL, SYMBOL=n or SYMBOL=VALUE, without CONFIG_")
    return Asked(tuple(match["names"].split("|")), match["value"] or "y")


def _told(asked: Asked, what: str, came: Mapping[str, str], knows: Callable[[str], bool]) -> str:
    known = [name for name in asked.names if knows(name)]
    if not known:
        return f"{' or '.join(asked.names)}: this tree has no such symbol ({what})"
    came_out = ", ".join(f"{name} is {came.get(name, _OFF)}" for name in known)
    return f"{came_out}, not {asked.value} ({what}): what it depends on is off, or another symbol decides it"
