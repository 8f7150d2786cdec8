"""Which tools are at work: patcher, libclang, git, the compiler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from patcher import __version__
from patcher.errors import InputError

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


def _compiler() -> str:
    import shutil
    import subprocess

    command = os.environ.get("CC", "cc")
    file = shutil.which(command)
    if file is None:
        return f"compiler: {command} was not found"
    done = subprocess.run([file, "--version"], capture_output=True, text=True, timeout=10, check=False)
    return f"compiler {done.stdout.splitlines()[0] if done.stdout else file}"
