"""Regular expressions that are compiled when they are first asked: of the hundreds of a run most never are."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_PARTS = (
    "search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split",
    "pattern", "flags", "groups", "groupindex",
)  # fmt: skip


class _Expression:
    """What stands for a compiled expression. All that it has becomes its own once one part is asked for."""

    def __init__(self, text: object, flags: int) -> None:
        self._made_of = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        compiled = re.compile(*self._made_of)  # type: ignore[call-overload]
        self.__dict__ |= {each: getattr(compiled, each) for each in _PARTS}
        return getattr(compiled, name)


def expression(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As ``re.compile``, without its cost until it is used; then it raises ``re.error`` where the text is none."""
    return cast("re.Pattern[AnyStr]", _Expression(text, flags))
