"""Manual pages, made of what --help says of commands and options, and of the topics of patcher help."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

import click

from patcher import __version__
from patcher.cli.common import CLEAN, deliver
from patcher.cli.settings import commands, settings
from patcher.errors import InputError
from patcher.report.topics import topic_text, topics

_EXIT = (
    ("0", "Clean."),
    ("1", "Findings that matter; what these are is told above."),
    ("2", "The call or its input is wrong: one line on standard error says what, where, and what to do."),
    ("70", "A fault in patcher itself, or a machine on which it does not work."),
    ("130", "Interrupted."),
)
_NOTES = {"": ("environment",), "config": (), "p2m.draw": ("p2m",)}  # topics that are not those of the command's name
_OF_GIT = "git-patcher"  # what "git patcher --help" asks man for


def pages(root: click.Group) -> Mapping[str, str]:
    """All pages by name, such as ``patcher-p2m-draw``: text for man, the same for the same sources."""
    found = {name: _page(root, name, "") for name in ("patcher", _OF_GIT)}
    for path, command in commands(root):
        found[_named(path)] = _page(command, _named(path), path)
    return found


def page(root: click.Group, words: tuple[str, ...]) -> str:
    """The page of a command, or that of all. Raises InputError where there is no such command."""
    every = pages(root)
    name = _named(".".join(words)) if words else "patcher"
    if name not in every:
        raise InputError(f"there is no manual page of {' '.join(words)!r}", f"there are {', '.join(sorted(every))}")
    return every[name]


def show(text: str) -> int:
    """Show a page as man does on a terminal, and as it is elsewhere. Raises InputError where there is no man."""
    if not sys.stdout.isatty():
        deliver(text, None)
        return CLEAN
    try:
        return subprocess.run(["man", "-l", "-"], input=text.encode(), check=False).returncode
    except FileNotFoundError as error:
        raise InputError("man was not found", "install man-db, or write the page to a file: … | cat") from error


def _named(path: str) -> str:
    return f"patcher-{path.replace('.', '-')}"


def _page(command: click.Command, name: str, path: str) -> str:
    """One page; ``path`` is the command's name, "" for the whole."""
    words = ["patcher", *path.split(".")] if path else name.split("-")
    context = click.Context(command, info_name=" ".join(words), help_option_names=["-h", "--help"])
    help_text = inspect.cleandoc(command.help or "")
    lines = [f'.TH {name.upper()} 1 "" "patcher {__version__}" "patcher manual"', ".nh", ".ad l", ".SH NAME"]
    lines.append(f"{_roff(name)} \\- {_roff(_first(help_text))}")
    lines += [".SH SYNOPSIS", f".B {_roff(' '.join(words))}", _roff(" ".join(command.collect_usage_pieces(context)))]
    lines += [".SH DESCRIPTION", *_paragraphs(help_text)]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for each, one in commands(command):
            lines += [".TP", f"\\fB{_roff(_named(each))}\\fR(1)", _roff(_first(inspect.cleandoc(one.help or "")))]
    lines.append(".SH OPTIONS")
    for option in command.get_params(context):
        if isinstance(option, click.Option) and (record := option.get_help_record(context)):
            lines += [".TP", _option(record[0]), _roff(record[1])]
    if of_config := [f"patcher.{each.name}" for each in settings(command, path)]:
        lines += [".SH CONFIGURATION", "Defaults from git config, see", "\\fBpatcher config --list-options\\fR:"]
        lines.append(_roff(f"{', '.join(of_config)}."))
    for topic in _NOTES.get(path, (path,) if path in topics() else ()):
        # The texts are 80 columns wide, so that nothing is left for man's indentation.
        lines += [".SH NOTES", ".nf", ".in 0", *map(_roff, topic_text(topic).rstrip("\n").split("\n")), ".in", ".fi"]
    lines.append(".SH EXIT STATUS")
    for code, meaning in _EXIT:
        lines += [".TP", f".B {code}", meaning]
    lines += [".SH SEE ALSO", *_see_also(path)]
    return "\n".join(lines) + "\n"


def _see_also(path: str) -> Iterator[str]:
    others = ("patcher-lint", "patcher-check", "patcher-plan", "patcher-apply", "patcher-config")
    named = [each for each in others if each != _named(path)] if not path else ["patcher"]
    for each in (*named, "git-format-patch"):
        yield f".BR {_roff(each)} (1),"
    yield _roff("'patcher help' for more on a topic.")


def _first(text: str) -> str:
    """The first sentence, as a line of apropos."""
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith("\b\n"):  # click's mark for lines that stay as they are
            yield from (".nf", *map(_roff, paragraph.removeprefix("\b\n").split("\n")), ".fi")
        else:
            yield _roff(" ".join(paragraph.split()))


def _option(text: str) -> str:
    """Names in bold, what they are given in italics."""
    shown = (
        f"\\fB{_escaped(word)}\\fR" if word.startswith("-") else word if word == "/" else f"\\fI{_escaped(word)}\\fR"
        for word in re.split(r"(?<!,) |(?<=,) ", text)
    )  # fmt: skip
    return " ".join(shown)


def _roff(text: str) -> str:
    """Text as a line of its own, in which man sees no request."""
    return f"\\&{_escaped(text)}" if text.startswith((".", "'")) else _escaped(text)


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti").replace('"', "\\(dq")
    return re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", text)
