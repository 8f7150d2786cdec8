"""What libclang says of a file in the tree after a series."""

from __future__ import annotations

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.tree.kernel import KernelTree


def calls(tree: KernelTree, cache: Cache, path: str, name: str) -> bool:
    """Whether a shipped configuration compiles a call of the function in this file. False also where none can be read:
    an incomplete tree, another architecture, no libclang."""
    from patcher.source.read import include_graph, read_units
    from patcher.source.unit import Batch, Unit
    from patcher.tree import kconfig, profile
    from patcher.tree.config import from_profile

    if path.endswith(".S") or (path.startswith("arch/") and not path.startswith("arch/x86/")):
        return False
    try:
        config = from_profile(tree, profile.load(profile.DEFAULTS[0]), kconfig.read(tree))
        includes = include_graph(tree, config, [path], cache)
        facts = read_units(tree, [Batch(config, (Unit(path),), includes)], cache)
    except InputError:
        return False
    return any(call.callee == name for one in facts if one.path == path for call in one.calls)
