"""``--on``: where units of work are done."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from patcher.units import Elsewhere

Command = TypeVar("Command", bound=Callable[..., Any])


def on_machines(command: Command) -> Command:
    places = "tcp://HOST:PORT or tls://HOST:PORT (dask's scheduler), local:N, ssh:HOST,HOST"
    return click.option("--on", metavar="WHERE", help=f"Have others do the work: {places}.")(command)


@contextlib.contextmanager
def elsewhere(on: str | None) -> Iterator[Elsewhere | None]:
    """Who does the work, None for this process. Raises InputError where nobody answers."""
    if on is None:
        yield None
        return
    from patcher.cluster.address import parse

    where = parse(on)
    from patcher.cluster.client import Cluster

    with Cluster(where) as cluster:
        yield cluster
