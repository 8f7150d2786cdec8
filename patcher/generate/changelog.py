"""What the letter of a next version says: a changelog to begin with, and git's range-diff.

Subjects, trailers and lines of a tree are quoted: control characters are written out, what is long is cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from patcher.escape import safe
from patcher.generate.earlier import Earlier
from patcher.generate.standing import Sign, Since, Standing, State

_LINK = "https://lore.kernel.org/r/{}"
_WIDTH = 72
_EACH = 40  # patches that are told of one kind
_PEOPLE = 12  # whose trailers are told
_LONG = 200  # characters of what is quoted
MOST_LINES, LONG_LINE = 400, 300  # of a range-diff: mails have lines of 998 bytes at most


def changes(earlier: Earlier, standings: Sequence[Standing], base: str, version: str) -> str:
    """What has changed since a version.

    Arguments:
        standings: of all patches, those that are made no more included
        base: the commit that the new version is made on; ``version``: of the kernel there
    """
    lines = [f"Changes since v{earlier.version}:"]
    same = [each for each in standings if each.since is Since.SAME]
    if base != earlier.base:
        lines += _item(f"Made anew on {quoted(version)} ({base[:12]}); v{earlier.version} was made on "
                       f"{earlier.base[:12]}.")  # fmt: skip
    for kind in (_dropped, _gone, _changed, _reworded, _again, _new):
        told = [item for each in standings for item in kind(each)]
        lines += [line for item in told[:_EACH] for line in _item(item)]
        lines += _item(f"... and {len(told) - _EACH} more.") if len(told) > _EACH else []
    if same:
        kept = list(dict.fromkeys(quoted(trailer) for each in same for trailer in each.kept))
        more = f" and {len(kept) - _PEOPLE} more" if len(kept) > _PEOPLE else ""
        given = f", with {', '.join(kept[:_PEOPLE])}{more}" if kept else ""
        lines += _item(f"Unchanged: {'one patch' if len(same) == 1 else f'{len(same)} patches'}{given}.")
    for version_, ids in list(earlier.history.items())[-1:]:
        lines += [f"- Link to {version_}: {_LINK.format(quoted(each.strip('<>')))}" for each in ids[-1:]]
    if earlier.changelog:
        lines += ["", *earlier.changelog]
    return "\n".join(lines)


def _dropped(each: Standing) -> Iterator[str]:
    if each.state is State.LANDED:
        by = " by its subject and author; look whether that is all of it" if each.sign is Sign.AUTHOR else ""
        yield f'Dropped, as it is in the tree: commit {each.commit[:12]} ("{quoted(each.title)}"){by and "," + by}.'


def _gone(each: Standing) -> Iterator[str]:
    if each.state is State.GONE:
        yield f'Dropped, as nothing is left to do: "{quoted(each.title)}": {quoted(each.reason)}.'
    if each.state is State.CONFLICTING:
        yield f'Left out: "{quoted(each.title)}": {quoted(each.reason)}.'


def _changed(each: Standing) -> Iterator[str]:
    if each.since is Since.CHANGED:
        lost = f" Without {', '.join(map(quoted, each.lost))}, as that was said of the patch before." * bool(each.lost)
        yield f'Changed: "{quoted(each.title)}": {"; ".join(map(quoted, each.differs))}.{lost}'


def _reworded(each: Standing) -> Iterator[str]:
    if each.since is Since.SAME and each.differs:
        yield f'Reworded: "{quoted(each.title)}".'


def _again(each: Standing) -> Iterator[str]:
    if each.state is State.NEEDED and each.commit:
        yield f'Needed again: commit {each.commit[:12]} made "{quoted(each.title)}", or a part of it.'


def _new(each: Standing) -> Iterator[str]:
    if each.since is Since.NEW:
        yield f'New: "{quoted(each.title)}".'


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False,
                         break_on_hyphens=False)  # fmt: skip


def quoted(text: str) -> str:
    """A text of a tree or a mail in one line."""
    line = safe(" ".join(text.split()))
    return line if len(line) <= _LONG else f"{line[:_LONG]}..."


def range_diff(told: bytes, earlier: Earlier) -> str:
    """What git range-diff has told, to stand in a letter."""
    lines = [safe(line) for line in told.decode("utf-8", "surrogateescape").split("\n")]
    lines = [line if len(line) <= LONG_LINE else f"{line[:LONG_LINE]}..." for line in lines]
    while lines and not lines[-1].strip():
        lines.pop()
    more = len(lines) - MOST_LINES
    if more > 0:
        lines = [*lines[:MOST_LINES], f"[{more} lines more]"]
    return "\n".join([f"Range-diff against v{earlier.version}:", *lines])
