"""What is asked of the front end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from patcher.tree.config import Config
from patcher.tree.includes import Includes

Progress = Callable[[str, int, int], None]  # what is done, how much of it is done, and of how much (0: nobody knows)


class Unit(NamedTuple):
    """A translation unit: the C file (or header) at ``main``, and the headers whose facts are read with it."""

    main: str
    headers: tuple[str, ...] = ()


class Batch(NamedTuple):
    """Units to read in one configuration, with the include graph of all of them."""

    config: Config
    units: tuple[Unit, ...]
    includes: Includes


def tell(progress: Progress | None, what: str) -> None:
    """Tell of work that is begun, and of which nobody knows how much it is."""
    if progress:
        progress(what, 0, 0)
