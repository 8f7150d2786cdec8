"""What a shell offers for a word: rules, series, configurations, properties, topics, and git's refs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from patcher.errors import InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _refs(context: click.Context) -> Iterable[str]:
    from patcher.tree.find import find_repository

    place = context.params.get("place") or context.params.get("tree") or Path()
    repository = find_repository(place)
    if repository is None:
        return ()
    listed = repository.run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
    return ("HEAD", *listed.decode("utf-8", "replace").split())


def _series(_context: click.Context) -> Iterable[str]:
    from patcher.series.load import names

    return names()


def _lint_rules(_context: click.Context) -> Iterable[str]:
    from patcher import data

    return sorted(file.stem for file in data.directory("rules").glob("lint/*.toml"))


def _rules(_context: click.Context) -> Iterable[str]:
    from patcher import data

    files = data.directory("rules").glob("*/*.toml")
    return sorted(file.stem for file in files if file.stem != "group")


def _configurations(_context: click.Context) -> Iterable[str]:
    from patcher.check.specs import sets

    plain = [f"{arch}:{base}" for arch in ("x86_64", "i386") for base in ("defconfig", "allnoconfig")]
    return ("auto", *sets(), *plain)


def _profiles(_context: click.Context) -> Iterable[str]:
    from patcher.tree.profile import names

    return names()


def _properties(_context: click.Context) -> Iterable[str]:
    from patcher.prove.properties.all import PROPERTIES

    return ("all", *(each.id for each in PROPERTIES))


def _topics(_context: click.Context) -> Iterable[str]:
    from patcher.report.topics import topics

    return topics()


class _Kind(NamedTuple):
    """What a parameter takes: one of the ``known`` words, several of them ``parted`` by this, or files, too."""

    known: Callable[[click.Context], Iterable[str]]
    parted: str = ""
    files: bool = False


_KINDS = {
    "rev": _Kind(_refs),
    "base": _Kind(_refs),
    "against": _Kind(_refs),
    "what": _Kind(_refs, "..", files=True),
    "span": _Kind(_refs, ".."),
    "since": _Kind(_refs, "..", files=True),
    "series": _Kind(_series, ","),
    "configs": _Kind(_configurations, ","),
    "require": _Kind(_properties),
    "words": _Kind(_topics),
    "rule_id": _Kind(_rules),
    "skip": _Kind(_lint_rules, ","),
    "lint only": _Kind(_lint_rules, ","),
    "prove only": _Kind(_properties),
    "plan profile": _Kind(_profiles),
    "show name": _Kind(_series),
}


class _Word(click.types.StringParamType):
    """Text, of which a shell knows what it can be."""

    def __init__(self, kind: _Kind) -> None:
        self._kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What it can be, as far as it is written; files where it is nothing else."""
        from click.shell_completion import CompletionItem

        known, parted, files = self._kind
        done, part, last = incomplete.rpartition(parted) if parted else ("", "", incomplete)
        if parted == "..":
            part += "." * (len(last) - len(last.lstrip(".")))  # A...B
            last = last.lstrip(".") if done or part else last
        try:
            words = [word for word in known(ctx) if word.startswith(last)]
        except InputError:
            words = []
        found = [CompletionItem(done + part + word) for word in words]
        return found or ([CompletionItem(incomplete, type="file")] if files else [])


def completed(command: str | None, parameter: click.Parameter) -> click.ParamType[Any]:
    """The type of a parameter, with what a shell is to know of it."""
    kind = _KINDS.get(f"{command} {parameter.name}") or _KINDS.get(parameter.name or "")
    return _Word(kind) if kind and parameter.type is click.STRING else parameter.type
