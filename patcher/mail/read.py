"""Every mail behind what the user named, one at a time."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from patcher.errors import InputError
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.model import Kind, Patch
from patcher.mail.parse import parse

_ENDINGS = (".patch", ".eml", ".mbox", ".mbx", ".diff", ".txt", ".cover")
Progress = Callable[[str, int, int], None]


def files(names: Sequence[str]) -> tuple[str, ...]:
    """The files that the names stand for: themselves, ``-`` for standard input, and of a directory (one of
    ``git format-patch`` or a maildir) what it holds, in the order of the names.

    Raises InputError where there is no such file, or none in a directory.
    """
    found: list[str] = []
    for name in names:
        place = Path(name)
        if name == "-":
            found.append(name)
        elif place.is_dir():
            boxes = [
                each for sub in ("cur", "new") if (place / sub).is_dir() for each in sorted((place / sub).iterdir())
            ]
            inside = boxes or sorted(each for each in place.iterdir() if each.suffix in _ENDINGS)
            if not inside:
                raise InputError(f"{name} holds no patches", f"their names end in {', '.join(_ENDINGS)}")
            found += [str(each) for each in inside if each.is_file()]
        elif not place.exists():
            raise InputError(f"{name} does not exist", "name a patch, a mailbox, a directory of patches, or - ")
        else:
            found.append(name)
    return tuple(found)


def missing(word: str) -> bool:
    """Whether a word has the form of a path or the ending of a patch, so that no range is meant, and there is none."""
    return (word.startswith(("/", "./", "../")) or word.endswith(_ENDINGS)) and not Path(word).exists()


def patches(names: Sequence[str], progress: Progress | None = None) -> Iterator[Patch]:
    """Every mail of the files as a patch, cover letter or other mail, while reading. ``progress`` is told bytes.

    Raises InputError where a file cannot be read, or none holds a patch or any other mail.
    """
    any_mail = False
    total = sum(Path(name).stat().st_size for name in names if name != "-" and Path(name).is_file())
    before = 0
    alike = Counter(Path(name).name for name in names)
    for name in names:
        short = "stdin" if name == "-" else name if alike[Path(name).name] > 1 else Path(name).name
        try:
            with _opened(name) as stream:
                for patch in _patches(stream, name, short, progress, before, total):
                    any_mail = any_mail or _is_mail(patch)
                    yield patch
        except OSError as error:
            raise InputError(f"cannot read {name} ({error.strerror})") from error
        before += Path(name).stat().st_size if name != "-" and Path(name).is_file() else 0
    if names and not any_mail:
        named = "standard input" if names[0] == "-" else names[0]
        more = f" and {len(names) - 1} more hold" if len(names) > 1 else " holds"
        raise InputError(f"{named}{more} no patch", "give patches, an mbox, or a range A..B")


def _is_mail(patch: Patch) -> bool:
    """Whether it is what a file may hold: a patch, a cover letter, a reply; not just any text or program."""
    return patch.kind is not Kind.OTHER or bool(patch.subject or patch.sender.address)


def _opened(name: str) -> BinaryIO:
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb") if name == "-" else Path(name).open("rb")


def _patches(
    stream: BinaryIO, name: str, short: str, progress: Progress | None, before: int, total: int
) -> Iterator[Patch]:
    shown = "stdin" if name == "-" else name
    done = before
    mails = split(stream, shown)
    held = next(mails, None)
    number = 0
    while held is not None:
        following = next(mails, None)
        number += 1
        alone = number == 1 and following is None
        patch = parse(decode(held), short if alone else f"{short}:{held.line}")
        done += len(held.content)
        held = following
        yield patch
        if progress:
            progress("linting", done, max(done, total))
