"""The end that all JSON reports share: what JSON cannot hold is replaced, what drives a terminal written out."""

from __future__ import annotations

from typing import Any

import msgspec

from patcher.escape import UNSAFE


def render(body: Any, indent: int = 2) -> str:
    """A value of plain types or msgspec structs as indented JSON, which drives no terminal."""
    text = msgspec.json.format(msgspec.json.encode(_clean(msgspec.to_builtins(body))), indent=indent)
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text.decode()) + "\n"


def _clean(value: Any) -> Any:
    """Paths may hold bytes that are no UTF-8; JSON may not."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return value
