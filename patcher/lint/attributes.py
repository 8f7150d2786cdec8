"""Files of sysfs and configfs that a patch adds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.mail.diff import Diff, FileDiff, Line

_ATTRIBUTE = expression(
    r"(?:static )?(?:"
    r"(?:DEVICE|BUS|CLASS|DRIVER)_ATTR(?:_RO|_RW|_WO)?\((?P<plain>\w+)"
    r"|(?:CONFIGFS|BTRFS)_ATTR(?:_RO|_RW|_WO)?\(\w*, *(?P<second>\w+)"
    r"|(?!IIO_|SENSOR_)[A-Z][A-Z0-9]+(?:_SYSFS)?_ATTR_(?:RO|RW|WO)\((?P<own>\w+)\);)"
)


def added(file: FileDiff) -> Iterator[tuple[str, Line]]:
    """The names of attributes that a file did not have, and the lines that add them."""
    found = [(match, line) for line in file.added if "_ATTR" in line.text and (match := _ATTRIBUTE.match(line.text))]
    gone = " ".join(line.text for line in file.removed) if found else ""
    for match, line in found:
        name = match.group("plain") or match.group("second") or match.group("own")
        if not re.search(rf"\b{name}\b", gone):
            yield name, line


def new(diff: Diff) -> frozenset[str]:
    """The names of attributes that the sources of a patch add, and do not move."""
    found = {name for file in diff.files if file.path.endswith(".c") for name, _ in added(file)}
    gone = " ".join(line.text for file in diff.files for line in file.removed) if found else ""
    return frozenset(name for name in found if not re.search(rf"\b{name}\b", gone))
