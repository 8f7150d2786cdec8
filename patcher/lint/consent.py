"""Whether programs of a tree may be run: the user says so, by option or in a configuration of their own."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from patcher.errors import InputError
from patcher.files import SMALL, home, read_optional
from patcher.formats import from_toml


class _Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    trust_tree: bool | tuple[str, ...] = False


def configuration() -> Path:
    """Where the user's own configuration is: ``$XDG_CONFIG_HOME/patcher/config.toml``, or below ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME") or home() / ".config"
    return Path(base) / "patcher" / "config.toml"


def given(tree: Path) -> bool:
    """Whether the user trusts this tree once and for all: ``trust-tree = true``, or a list of directories.

    A file in the tree cannot say so. Raises InputError where the configuration is damaged.
    """
    file = configuration()
    content = read_optional(file, most=SMALL)
    if content is None:
        return False
    found = from_toml(content, _Config, file, "it holds trust-tree = true, or a list of directories").trust_tree
    if isinstance(found, bool):
        return found
    return any(_resolved(each) == tree.resolve() for each in found)


def _resolved(place: str) -> Path:
    try:
        return Path(place).expanduser().resolve()
    except (RuntimeError, ValueError, OSError) as error:  # no such user, or no such name
        raise InputError(
            f"{configuration()}: {place[:100]!r} is no directory ({error})", "correct trust-tree"
        ) from error
