"""What the user says of where units are to be done: ``--on``."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import NamedTuple

from patcher.errors import InputError

_FORMS = "write tcp://HOST:PORT, tls://HOST:PORT, local:N or ssh:HOST,HOST…"
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})")
_MOST = 256
_HOST = re.compile(r"(?!-)[\w.@:-]+")


class Where(NamedTuple):
    """A scheduler's address; or how many workers to start here; or the machines to start them on by ssh."""

    address: str = ""
    local: int = 0
    hosts: tuple[str, ...] = ()


def parse(text: str) -> Where:
    """What ``--on`` names. Raises InputError for what it cannot be, and where what it takes is not installed."""
    where = _parse(text)
    needed = {"distributed": "dask.distributed", **({"asyncssh": "asyncssh"} if where.hosts else {})}
    for module, name in needed.items():
        if find_spec(module) is None:
            raise InputError(f"--on {text} needs {name}, which is not installed", "pip install 'patcher[cluster]'")
    return where


def _parse(text: str) -> Where:
    kind, _, rest = text.partition(":")
    if kind in ("tcp", "tls"):
        match = _ADDRESS.fullmatch(text)
        if match and 0 < int(match[1]) < 2**16:
            return Where(address=text)
    elif kind == "local":
        if rest.isascii() and rest.isdigit() and 0 < int(rest[:4]) <= _MOST and len(rest) < 4:
            return Where(local=int(rest))
        raise InputError(f"--on {text}: {rest!r} is no number of workers", f"give 1 to {_MOST}")
    elif kind == "ssh":
        hosts = tuple(host.strip() for host in rest.split(","))
        if all(_HOST.fullmatch(host) for host in hosts):
            return Where(hosts=hosts)
    raise InputError(f"--on {text}: that is no place to do work", _FORMS)
