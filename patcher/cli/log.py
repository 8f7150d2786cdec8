"""Where the log of --debug goes, and what it does not tell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from patcher import debug
from patcher.files import home

_PACKAGES = ("click", "GitPython", "libclang", "msgspec", "regex")


def begin(named: str, tree: Path | None) -> None:
    """Begin the log in a file, "" for the usual one, and say which. Raises InputError where it cannot be written."""
    from patcher.redact import redactor

    file = Path(named) if named else _usual()
    debug.begin(file, redactor(places(tree)), _about())
    click.echo(f"patcher: --debug writes to {file}", err=True)


def places(tree: Path | None) -> dict[Path, str]:
    """What stands for the tree, and for the directory that one is in."""
    from patcher.tree.around import top

    here = Path()
    found = {here.absolute(): "<here>"}
    for place in (tree or here, here):
        found[top(place) or place.absolute()] = "<tree>"
    return found


def _usual() -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or home() / ".local/state") / "patcher"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state / "debug.log"


def _about() -> list[str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from patcher import __version__

    packages = []
    for name in _PACKAGES:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            packages.append(f"{name} missing")
    return [
        f"patcher {__version__}, Python {sys.version.split()[0]}, {platform.platform()}",
        ", ".join(packages),
    ]
