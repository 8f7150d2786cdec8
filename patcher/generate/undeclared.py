"""What to do about a name that libclang does not know: the header that declares it."""

from __future__ import annotations

import re

from patcher.source.outline import Outline, Unreadable
from patcher.tree.kernel import KernelTree

_SAID = re.compile(
    r"(?:undeclared (?:function|identifier|library function)|declaration of function|unknown type name) '(\w+)'"
)
_PLACES = ("include/linux/*.h", "include/*.h")
_MOST = 200  # headers to look into


def advice(tree: KernelTree, message: str, option: str) -> str:
    """A sentence for a diagnostic about an unknown name, "" for any other; ``option``: how a header is asked for."""
    found = _SAID.search(message)
    if not found:
        return ""
    name = found.group(1)
    header = declaring(tree, name)
    if not header:
        return f"no header below include/ declares {name}; bring it in a step before"
    return f"{header} declares {name}: have the file include it ({option.format(header=header)})"


def declaring(tree: KernelTree, name: str) -> str:
    """The header of ``include/`` that declares or defines a name, as it is included; "" where there is none."""
    for place in _PLACES:
        paths = tree.search([name], [place])[:_MOST]
        for path, text in sorted(tree.read(paths).items(), key=lambda each: (len(each[0]), each[0])):
            if _declares(text, name):
                return f"<{path.removeprefix('include/')}>"
    return ""


def _declares(text: bytes, name: str) -> bool:
    try:
        return any(name in item.names and item.kind != "other" for item in Outline(text).items)
    except Unreadable:
        return False
