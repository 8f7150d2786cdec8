"""Defaults of options from ``git config patcher.*``: which options have one, and what holds for a command in a place.

The user's own configuration may set them all. A repository's may not name files or programs, nor say that it is to be
trusted; what it sets is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.lint.model import Default
    from patcher.tree.gitconfig import Entry

# By command, options that somebody wants always: patcher.COMMAND.OPTION. "!": only by the user's own configuration.
_OF_COMMAND = {
    "apply": "autoToCc b4 byTree cc check limit rfc series seriesDir! signoff! split subjectPrefix to trustTree!",
    "boot": "arch config dom0Mem format jobs memory on probe! trustTree! xen!",
    "check": "boot configs failOn format jobs lint maxUsers on! prove trustTree! with",
    "lint": "baseline! checkpatch! failOn format on! only profile rules! skip strict trustTree!",
    "p2m.draw": "arch e820!",
    "plan": "failOn format profile rules! scope series seriesDir!",
    "prove": "arch e820! examples format on! require seed",
    "report": "e820! examples failOn lint prove trustTree!",
    "status": "byTree failOn format limit series seriesDir! split",
    "sweep": "format jobs on! prove series",
}
# patcher.OPTION, for all commands that have it; what a command's own name sets is stronger.
_OF_ALL = "color libclang! pager quiet verbose"
_OF_SEVERAL = ("failOn", "jobs", "series")  # patcher.OPTION, for those that have it above
_OF_LINT = ("only", "profile", "rules!", "skip", "strict")  # patcher.OPTION, as they were called before others had some
# Parameters whose default does not hold where another one is given.
_YIELDS_TO = {
    "profile": {"build"}, "rules_dir": {"cocci"}, "scope": {"cocci"}, "series": {"cocci", "series_dir"},
    "series_dir": {"cocci", "series"},
}  # fmt: skip
_NOT_OWN = "only your own configuration can set it (git config --global)"
_UNKNOWN = "there is no such default; 'patcher config --list-options' shows them"
_NO = ("no", "off", "0", "")  # as git has it


class Setting(NamedTuple):
    """An option that can have a default. ``name``: without ``patcher.``; ``own``: a repository cannot set it."""

    name: str
    option: click.Option
    own: bool


def settings(command: click.Command, path: str) -> Iterator[Setting]:
    """The settings of a command, those first that are stronger. ``path`` is its name, such as ``p2m.draw``."""
    options = {_key(each): each for each in command.params if isinstance(each, click.Option)}
    kept = _OF_COMMAND.get(path, "").split()
    general = [word for word in kept if word in (_OF_LINT if path == "lint" else ()) or word in _OF_SEVERAL]
    for prefix, words in ((f"{path}.", kept), ("", (*general, *_OF_ALL.split()))):
        for word in words:
            if option := options.get(word.rstrip("!")):
                yield Setting(prefix + word.rstrip("!"), option, word.endswith("!"))


def _key(option: click.Option) -> str:
    """The name of an option as a variable of git's configuration: ``--fail-on`` is ``failOn``."""
    name = max(option.opts, key=len).lstrip("-")
    return re.sub(r"-(.)", lambda match: match.group(1).upper(), name)


def commands(root: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands with their paths, by name."""
    for name, command in sorted(root.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name}.")
        else:
            yield prefix + name, command


def looked_up(
    root: click.Group, command: click.Command, path: str, entries: Sequence[Entry]
) -> tuple[Mapping[str, Any], tuple[Default, ...]]:
    """What the configuration sets of a command: the value of each parameter, by name, and what is to be said of it.

    Raises InputError, with the file, where a value is none that the option can have.
    """
    every = {each.name.lower(): each for each in settings(command, path)}
    others = {each.name.lower() for name, one in commands(root) for each in settings(one, name)}
    values: dict[str, Any] = {}
    said: list[Default] = []
    for name, setting in every.items():
        found = [each for each in entries if each.name.lower() == name]
        heeded = [each for each in found if each.own or not setting.own]
        said += [_default(each, setting.name, _NOT_OWN) for each in found if each not in heeded]
        assert setting.option.name is not None
        if not heeded or setting.option.name in values:
            continue
        given = [_checked(each, setting) for each in heeded]
        several = setting.option.multiple
        values[setting.option.name] = given if several else given[-1]
        said += [_default(each, setting.name) for each in (heeded if several else heeded[-1:])]
    said += [_default(each, each.name, _UNKNOWN) for each in entries if each.name.lower() not in every.keys() | others]
    return values, tuple(sorted(said, key=lambda each: each.name))


def judged(root: click.Group, entries: Sequence[Entry]) -> tuple[Default, ...]:
    """All that is set, in git's order, with the reason for what is not heeded by any command."""
    every: dict[str, list[Setting]] = {}
    for path, command in commands(root):
        for setting in settings(command, path):
            every.setdefault(setting.name.lower(), []).append(setting)
    return tuple(_judged(each, every.get(each.name.lower(), ()), entries[at + 1 :]) for at, each in enumerate(entries))


def _judged(entry: Entry, meant: Sequence[Setting], later: Sequence[Entry]) -> Default:
    if not meant:
        return _default(entry, entry.name, _UNKNOWN)
    name, own = meant[0].name, meant[0].own
    if own and not entry.own:
        return _default(entry, name, _NOT_OWN)
    try:
        for each in meant:
            _checked(entry, each)
    except InputError as error:
        return _default(entry, name, str(error))
    nearer = [each for each in later if each.name.lower() == entry.name.lower() and (each.own or not own)]
    if nearer and not meant[0].option.multiple:
        return _default(entry, name, f"{nearer[-1].file} is nearer")
    return _default(entry, name)


class Listed(NamedTuple):
    """A setting as it is listed: the option, the paths of the commands that have it, its help and its default."""

    name: str
    option: str
    commands: tuple[str, ...]
    own: bool
    help: str


def listed(root: click.Group) -> tuple[Listed, ...]:
    """All that can be set: what is for several commands first, then by command."""
    found: dict[str, Listed] = {}
    for path, command in commands(root):
        for name, option, own in settings(command, path):
            known = found.get(name, Listed(name, max(option.opts, key=len), (), own, _help(option)))
            found[name] = known._replace(commands=(*known.commands, path))
    return tuple(sorted(found.values(), key=lambda each: ("." in each.name, each.name.lower())))


def _help(option: click.Option) -> str:
    context = click.Context(click.Command(""))
    record = option.get_help_record(context)
    text = record[1] if record else ""
    if isinstance(option.type, click.Choice):
        text = f"{text} One of {', '.join(map(str, option.type.choices))}.".lstrip()
    return text


def _default(entry: Entry, name: str, why_not: str = "") -> Default:
    from patcher.lint.model import Default

    return Default(name, entry.value, entry.file, entry.own, why_not)


def _checked(entry: Entry, setting: Setting) -> str:
    """A value as the option has it. Raises InputError where it is none."""
    option, text = setting.option, entry.value
    if option.is_flag:
        text = "false" if text.lower() in _NO else text.lower()
    elif isinstance(option.type, click.Path):
        text = str(Path(text).expanduser())
    context = click.Context(click.Command(setting.name))
    try:
        value = option.type_cast_value(context, (text,) if option.multiple else text)
        if option.callback and option.expose_value:
            option.callback(context, option, value)
    except (click.UsageError, InputError, RuntimeError) as error:  # the last: a home that is not there
        why = error.message if isinstance(error, click.UsageError) else str(error)
        raise InputError(f"{entry.file}: patcher.{setting.name} is {text[:100]!r}", why) from error
    return text


class Configured(dict[str, Any]):
    """The ``default_map`` of a command's context, read when the first default is asked for: then it is known which
    tree is meant."""

    def __init__(self, context: click.Context, arguments: Sequence[str]) -> None:
        super().__init__()
        self._context = context
        self._arguments = tuple(arguments)
        self._read = False
        self.said: tuple[Default, ...] = ()

    def fill(self) -> None:
        """Read the configuration, if it has not been. Raises InputError."""
        if self._read or self._context.resilient_parsing:
            return
        self._read = True
        from patcher.tree.gitconfig import entries

        place = next((self._context.params[name] for name in ("place", "tree") if self._context.params.get(name)), "")
        if found := entries(Path(place)):
            root = self._context.find_root().command
            assert isinstance(root, click.Group)
            command = self._context.command
            values, self.said = looked_up(root, command, path_of(self._context), found)
            given = command.make_parser(self._context).parse_args([*self._arguments])[0]
            self.update({name: each for name, each in values.items() if not _YIELDS_TO.get(name, set()) & given.keys()})

    def get(self, name: str, default: Any = None) -> Any:
        self.fill()
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.fill()
        return super().__contains__(name)


def path_of(context: click.Context) -> str:
    """The name of the command that is run, without ``patcher``: ``p2m.draw``."""
    names: list[str] = []
    while context.parent:
        names.insert(0, context.info_name or "")
        context = context.parent
    return ".".join(names)


def said(context: click.Context) -> tuple[Default, ...]:
    """What is to be told of the configuration that a command goes by."""
    found = context.default_map
    return found.said if isinstance(found, Configured) else ()
