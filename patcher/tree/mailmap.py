"""``.mailmap``, and addresses as scripts/get_maintainer.pl takes them to pieces."""

from __future__ import annotations

import re

from patcher.mail.model import Person

NAME = ".mailmap"
_NAMED = re.compile(r"([^<]+)<(.+@.*)>")
_BARE = re.compile(r"\s*<(.+@\S*)>")
_ADDRESS = re.compile(r"(.+@\S*)")
_MUST_QUOTE = re.compile(r"[^\w \-]", re.ASCII)
_LINE = re.compile(r"(?P<name>[^<]*)<(?P<address>[^>]+)>(?:\s*(?P<old_name>[^<]*)<(?P<old>[^>]+)>)?")
_LONG = 1000  # characters of a line that names people


def person(text: str) -> Person:
    """The person that a line names; without an address where there is none in it."""
    text = text[:_LONG]
    for pattern in (_NAMED, _BARE, _ADDRESS):
        if match := pattern.match(text):
            name, address = match.groups() if pattern is _NAMED else ("", match.group(1))
            return Person(_unquoted(name), address.strip())
    return Person("", "")


def _unquoted(name: str) -> str:
    return name.strip().removeprefix('"').removesuffix('"').replace('\\"', '"')


def formatted(who: Person) -> str:
    """A person as the script writes it: the name in quotes where it has more than letters, of ASCII."""
    if not who.name:
        return who.address
    name = who.name.replace('"', '\\"')
    return f'"{name}" <{who.address}>' if _MUST_QUOTE.search(who.name) else f"{name} <{who.address}>"


class Mailmap:
    """What ``.mailmap`` makes of persons. Lines that say nothing are passed over."""

    def __init__(self, text: str) -> None:
        self._names: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        for line in text.split("\n"):
            match = _LINE.fullmatch(line[:_LONG].partition("#")[0].strip())
            if not match:
                continue
            name, old = match.group("name").strip(), match.group("old")
            if old is None:
                self._add(match.group("address"), name, "")
            elif wrong := (match.group("old_name") or "").strip():
                self._add(formatted(Person(_unquoted(wrong), old)), name, match.group("address"))
            else:
                self._add(old, name, match.group("address"))

    def _add(self, key: str, name: str, address: str) -> None:
        if name:
            self._names[key] = _unquoted(name)
        if address:
            self._addresses[key] = address.strip()

    def __call__(self, who: Person) -> Person:
        """The person by the name and the address that are right today."""
        key = formatted(who)
        if key not in self._names and key not in self._addresses:
            key = who.address
        return Person(self._names.get(key, who.name), self._addresses.get(key, who.address))
