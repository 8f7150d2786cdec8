"""Whether programs of a tree may be run: the user says so, by option or in a configuration of their own."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from patcher.errors import InputError


class _Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    trust_tree: bool | tuple[str, ...] = False


def configuration() -> Path:
    """Where the user's own configuration is: ``$XDG_CONFIG_HOME/patcher/config.toml``, or below ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "patcher" / "config.toml"


def given(tree: Path) -> bool:
    """Whether the user trusts this tree once and for all: ``trust-tree = true``, or a list of directories.

    A file in the tree cannot say so. Raises InputError where the configuration is damaged.
    """
    file = configuration()
    if not file.is_file():
        return False
    try:
        found = msgspec.toml.decode(file.read_bytes(), type=_Config).trust_tree
    except OSError as error:
        raise InputError(f"cannot read {file} ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}", "it holds trust-tree = true, or a list of directories") from error
    if isinstance(found, bool):
        return found
    return any(Path(each).expanduser().resolve() == tree.resolve() for each in found)
