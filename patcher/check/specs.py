"""Which configurations to compile in: what the user wrote, and the shipped sets of them.

A configuration is written ``[ARCH:]BASE[+SYMBOL][-SYMBOL][+SYMBOL=VALUE]…`` or ``ARCH[+SYMBOL]…``. ARCH is kbuild's;
BASE is a target such as ``defconfig`` or ``allnoconfig`` (``defconfig`` where there is none). Or it is the path of a
``.config``. ``randconfig:5`` are five that are drawn, and ``randconfig@3`` the one of seed 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.check.arches import ARCHES
from patcher.errors import InputError
from patcher.files import read_text

HOME = Path(__file__).parent / "sets"
_CHANGE = re.compile(r"([+-])(\w+)(?:=(\"[^\"]*\"|[\w.]+))?")
_SPEC = re.compile(r"(?P<head>[^+-][^+]*?)(?P<changes>(?:[+-][A-Z0-9]\w*(?:=(?:\"[^\"]*\"|[\w.]+))?)*)$")
_PREFIX = re.compile(r"([+-])CONFIG_(?=\w)")  # as symbols are called in code and in .config
_TARGET = re.compile(r"[\w.-]*config$")
_RANDOM = re.compile(r"randconfig(?::(?P<count>\d{1,3}))?(?:@(?P<seed>\d{1,9}))?$")


class Spec(NamedTuple):
    """A configuration to make. ``name`` is for people.

    ``arch`` is what ARCH is set to ("": left alone). ``base`` is a kbuild target, or "" where ``text`` is that of a
    ``.config``. ``changes`` (symbol → value, "n" for off) must come true; ``helps`` are tried, since not every tree
    knows them. ``seed`` is what ``text`` is to be drawn with, -1 where it is not.
    """

    name: str
    arch: str
    base: str
    text: str
    changes: tuple[tuple[str, str], ...]
    helps: tuple[tuple[str, str], ...]
    seed: int = -1

    def made_of(self) -> str:
        """How it is made, in one line."""
        if self.seed >= 0:
            base = f"{'ARCH=' + self.arch + ' ' if self.arch else ''}a configuration drawn with seed {self.seed}"
            return " ".join([base, *(f"{symbol}={value}" for symbol, value in (*self.helps, *self.changes))])
        base = f"make {'ARCH=' + self.arch + ' ' if self.arch else ''}{self.base}" if self.base else "a .config file"
        return " ".join([base, *(f"{symbol}={value}" for symbol, value in (*self.helps, *self.changes))])


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    spec: str
    helps: str = ""


class _Set(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    config: tuple[_Entry, ...]


def sets() -> dict[str, str]:
    """The shipped sets: name → what it is for."""
    return {file.stem: _load(file).title for file in sorted(HOME.glob("*.toml"))}


def parse(words: Iterable[str], arch: str = "", seed: int = 1) -> tuple[Spec, ...]:
    """The configurations that the user named, in order, each once. ``arch`` is the ARCH of those that have none, and
    ``seed`` the first of those that are drawn and have none.

    Raises InputError for what cannot be read as one.
    """
    found: dict[str, Spec] = {}
    for word in (part.strip() for text in words for part in text.split(",")):
        if not word:
            continue
        if word in sets():
            for entry in _load(HOME / f"{word}.toml").config:
                spec = _one(entry.spec)._replace(name=entry.name, helps=_changes(entry.helps))
                found.setdefault(spec.name, spec)
        else:
            for spec in _drawn(_one(word), seed):
                found.setdefault(spec.name, spec._replace(arch=spec.arch or arch))
    return tuple(found.values())


def _drawn(spec: Spec, first: int) -> Iterator[Spec]:
    """The configurations that ``randconfig`` with a count and a seed stands for; any other one as it is."""
    match = _RANDOM.match(spec.base)
    if match is None:
        yield spec
        return
    seed = first if match["seed"] is None else int(match["seed"])
    before, _, after = spec.name.partition(spec.base)
    for each in range(seed, seed + int(match["count"] or 1)):
        yield spec._replace(name=f"{before}randconfig@{each}{after}", base="", seed=each)


def _load(file: Path) -> _Set:
    return msgspec.toml.decode(file.read_bytes(), type=_Set)


def _one(word: str) -> Spec:
    if "/" in word or word.startswith("."):
        arch, colon, file = word.partition(":")
        if not colon or arch not in ARCHES:
            arch, file = "", word
        text = read_text(Path(file), pipe=True, advice="--configs wants the .config of a kernel")
        return Spec(word, arch, "", text, (), ())
    word = _PREFIX.sub(r"\1", word)
    match = _SPEC.match(word)
    if match:
        arch, colon, base = match["head"].partition(":")
        if not colon:
            arch, base = (arch, "defconfig") if arch in ARCHES else ("", arch)
        elif arch not in ARCHES and _RANDOM.match(match["head"]):
            arch, base = "", match["head"]
        if arch and arch not in ARCHES:
            raise InputError(f"{word!r}: {arch} is no architecture", f"choose from {', '.join(ARCHES)}")
        if _TARGET.match(base) or _RANDOM.match(base):
            return Spec(word, arch, base, "", _changes(match["changes"]), ())
    raise InputError(
        f"{word!r} is no configuration",
        f"write ARCH:TARGET+SYMBOL-SYMBOL (arm64:defconfig+XEN-SMP), a .config's path, or a set: {', '.join(sets())}",
    )


def _changes(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (symbol, "n" if sign == "-" else (value or "y"))
        for sign, symbol, value in _CHANGE.findall(text.replace(" ", ""))
    )


def lines(changes: Iterable[tuple[str, str]]) -> str:
    """Changes as ``.config`` has them."""
    return "".join(
        f"# CONFIG_{symbol} is not set\n" if value == "n" else f"CONFIG_{symbol}={value}\n" for symbol, value in changes
    )


def symbols(text: str) -> dict[str, str]:
    """The symbols that a ``.config`` sets, without ``CONFIG_``: name → value."""
    return dict(re.findall(r"^CONFIG_(\w+)=(.*)$", text, re.MULTILINE))


def unmet(goals: Iterable[tuple[str, str]], config: str) -> tuple[tuple[str, str], ...]:
    """The symbols, with the values wanted, that do not have them in the text of a ``.config``. A module is on."""
    came = symbols(config)
    return tuple(
        (name, value)
        for name, value in goals
        if came.get(name, "n") != value and not (value == "y" and came.get(name) == "m")
    )
