"""Text for a bug report, without what tells who and where one is: names, addresses, paths of one's own."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

_PERSONS = ("DEBFULLNAME", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "NAME")
_WORDS = ("root", "user", "nobody", "localhost")  # that are nobody's in particular
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"]+")
_MAIL = re.compile(r"<?[^\s<>\"'@=,;:()\[\]]+@(?!\{)[^\s<>\"'@,;:()\[\]]+\.[^\s<>\"'@,;:()\[\]]+>?")
_PERSON = re.compile(r"(?:[^\W\d_][\w.'-]* ){1,4}<mail>")
_TITLE = re.compile(r"(--(?:grep|author|committer)=)(?:'[^']*'|\S+)")
_PATH = re.compile(r"(?<![\w.~>/-])/(?:[^\s/:'\",=]+/)+([^\s/:'\",=]*)")
_BELOW_HOME = re.compile(r"~/(?:[^\s/:'\",=]+/)+([^\s/:'\",=]*)")
_OF_THE_SYSTEM = re.compile(r"/(?:bin|boot|dev|etc|lib\w*|opt|proc|run|sbin|sys|usr)/")


def redactor(places: Mapping[Path, str]) -> Callable[[str], str]:
    """What redacts a text.

    ``places`` are directories and what stands for them: ``<tree>``, for example. Beside these, the home directory is
    ``~``, mail addresses, URLs, the names of user and machine are words in angle brackets, and of other paths than the
    system's only the last part stays.
    """
    known: dict[str, str] = {}
    for place, name in {**places, **_places()}.items():
        for form in {str(place), os.path.realpath(place)} - {"/", "."}:
            known.setdefault(form, name)
    found = sorted(known, key=len, reverse=True)
    paths = re.compile("|".join(f"{re.escape(each)}(?![\\w.-])" for each in found))
    names = {name: label for name, label in _names().items() if len(name) > 2 and name not in _WORDS}
    words = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in sorted(names, key=len, reverse=True)))

    def redacted(text: str) -> str:
        text = paths.sub(lambda match: known[match[0]], text)
        text = _PERSON.sub("<person>", _MAIL.sub("<mail>", _URL.sub("<url>", text)))
        if names:
            text = words.sub(lambda match: names[match[0]], text)
        text = _BELOW_HOME.sub(r"~/…/\1", text)
        return _PATH.sub(_shortened, _TITLE.sub(r"\1<text>", text))

    return redacted


def _shortened(match: re.Match[str]) -> str:
    return match[0] if _OF_THE_SYSTEM.match(match[0]) else f"<path>/{match[1]}"


def _places() -> dict[Path, str]:
    found = {
        Path(__file__).parent: "<patcher>", Path(sys.prefix): "<python>", Path(tempfile.gettempdir()): "<tmp>",
        Path(sys.base_prefix): "<python>",
    }  # fmt: skip
    with contextlib.suppress(RuntimeError):
        found[Path.home()] = "~"
    return {place: name for place, name in found.items() if str(place) not in ("/usr", "/usr/local")}


def _names() -> dict[str, str]:
    import pwd

    host = os.uname().nodename
    found = {host: "<host>", host.partition(".")[0]: "<host>"}
    with contextlib.suppress(KeyError):  # a user without a name
        entry = pwd.getpwuid(os.getuid())
        found |= {entry.pw_name: "<user>", entry.pw_gecos.partition(",")[0]: "<person>"}
    for name in ("USER", "LOGNAME"):
        found[os.environ.get(name, "")] = "<user>"
    for name in _PERSONS:
        found[os.environ.get(name, "")] = "<person>"
    return found
