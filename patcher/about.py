"""Which tools are at work: patcher, libclang, git, the compiler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from patcher import __version__
from patcher.errors import InputError

_NONE = "not found"
_PROGRAMS = ("gcc", "clang", "ld", "make", "bwrap", "qemu-system-x86_64", "sparse", "spatch", "perl", "b4", "man")

if TYPE_CHECKING:
    from patcher.cache import Cache


def tool(cache: Cache | None = None) -> dict[str, str]:
    """Name and versions, for reports. With a ``cache``, libclang is not loaded for it each time."""
    from patcher.source import libclang

    version = libclang.version_remembered(cache) if cache else libclang.version()
    return {"name": "patcher", "version": __version__, "libclang": version}


def lines() -> list[str]:
    """A line for each tool, with what is missing said."""
    import platform

    from patcher.source import libclang
    from patcher.tree.command import git_version

    found = [f"patcher {__version__} (Python {platform.python_version()})"]
    for name, version in (("libclang", libclang.version), ("git", git_version)):
        try:
            found.append(f"{name} {version()}")
        except InputError as error:
            found.append(str(error))
    found.append(_compiler())
    return found


def programs() -> list[str]:
    """A line for each program that some command starts, with what is missing said."""
    return [f"{name}: {_version(name)}" for name in _PROGRAMS]


def _compiler() -> str:
    command = os.environ.get("CC", "cc")
    version = _version(command)
    return f"compiler: {command} was {version}" if version == _NONE else f"compiler {version}"


def _version(command: str) -> str:
    """The first line of what a program says of its version."""
    import shutil
    import subprocess

    file = shutil.which(command)
    if file is None:
        return _NONE
    try:
        done = subprocess.run(
            [file, "--version"], capture_output=True, text=True, errors="replace", timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not say ({error})"
    said = [line for line in (done.stdout or done.stderr).splitlines() if line.strip()]
    return said[0] if said else file
