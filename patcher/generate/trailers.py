"""What of the trailers of a patch goes on to its next version.

Who has reviewed, acknowledged or tested a patch spoke of what it changed then. Where that is no longer the same, the
kernel's process/submitting-patches has their tags removed, and asks to say so. Who reported or suggested a change, and
what it fixes, stays.
"""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple

from patcher.escape import safe
from patcher.mail.model import Patch

_OF_THE_CHANGE = (  # whatever is made of it
    "fixes", "closes", "link", "bugzilla", "bug", "buglink", "cc", "reported-by", "suggested-by", "requested-by",
    "debugged-by", "diagnosed-by", "analyzed-by", "reported-and-suggested-by",
)  # fmt: skip
_OURS = ("assisted-by", "change-id", "message-id", "base-commit")  # are made anew
_MOST, _LONG = 100, 500


class Trailers(NamedTuple):
    """The lines that the next version has, in order, and those that it has not."""

    kept: tuple[str, ...]
    lost: tuple[str, ...]


def carried(patch: Patch, same: bool) -> Trailers:
    """The trailers of a patch as it was sent. ``same``: whether the next version makes the same change. The author's
    Signed-off-by is in neither row: it is there only if asked for."""
    kept: list[str] = []
    lost: list[str] = []
    for tag in patch.tags:
        if not tag.area or tag.key in _OURS or (tag.key == "signed-off-by" and patch.author.address in tag.value):
            continue
        behind = (patch.body[at] for at in range(tag.line + 1, len(patch.body)))
        more = [line.strip() for line in takewhile(lambda line: line[:1].isspace() and line.strip(), behind)]
        text = safe(" ".join((f"{tag.name}: {tag.value}", *more)))[:_LONG]
        (kept if same or tag.key in _OF_THE_CHANGE else lost).append(text)
    return Trailers(tuple(dict.fromkeys(kept))[:_MOST], tuple(dict.fromkeys(lost))[:_MOST])
