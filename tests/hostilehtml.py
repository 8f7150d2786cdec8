"""Values that a report shows, with what means harm in each of their texts."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import msgspec

HOSTILE = (
    "'\"><script>alert(1)</script></title></style><img src=x onerror=alert(1)><!--&lt;&#60;{{ 7*7 }}{% raw %}"
    "\x1b[31m\x00\u061c\u202e\u2066\x9b\udc80\ud800]]>`${1}</pre></code></td></table></details></dialog>"
)


def hostile(value: Any, text: str = HOSTILE) -> Any:
    """The same value with every text in it followed by another; of a diff, paths and some names, so that it stays
    one."""
    if isinstance(value, str) and not isinstance(value, Enum):
        if value in ("", "lint", "mid", "leaf") or re.fullmatch(
            "([0-9a-f])\\1{39}|0{30}[0-9a-f]{10}", value
        ):  # what is looked up
            return value
        if value.startswith("diff --git "):
            return re.sub(r"(\b[\w/]+\.c|int a;|x_name|int f|value_\d+)", lambda match: f"{match.group()}{text}", value)
        return f"{value}{text}"
    if isinstance(value, msgspec.Struct):
        fields = {name: hostile(getattr(value, name), text) for name in value.__struct_fields__}
        return type(value)(**fields)
    if isinstance(value, tuple):
        found = [hostile(each, text) for each in value]
        return type(value)(*found) if hasattr(value, "_fields") else tuple(found)
    return (
        {hostile(key, text): hostile(each, text) for key, each in value.items()} if isinstance(value, dict) else value
    )
