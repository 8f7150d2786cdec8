"""Every mail behind what the user named, one at a time, whether packed with gzip or not."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from patcher.errors import InputError
from patcher.files import files_in, is_directory, open_file, present, standard_input
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.model import Kind, Patch
from patcher.mail.packed import unpacked
from patcher.mail.parse import parse

_ENDINGS = (".patch", ".eml", ".mbox", ".mbox.gz", ".mbx", ".diff", ".txt", ".cover")
Progress = Callable[[str, int, int], None]


def files(names: Sequence[str], fetched: Mapping[str, bytes] = MappingProxyType({})) -> tuple[str, ...]:
    """The files that the names stand for: themselves, ``-`` for standard input, and of a directory (one of
    ``git format-patch`` or a maildir) what it holds, in the order of the names. What was ``fetched`` is none.

    Raises InputError where there is no such file, or none in a directory.
    """
    found: list[str] = []
    for name in names:
        place = Path(name)
        if name == "-" or name in fetched:
            found.append(name)
        elif is_directory(place):
            boxes = [each for sub in ("cur", "new") if is_directory(place / sub) for each in files_in(place / sub)]
            inside = boxes or files_in(place, _ENDINGS)
            if not inside:
                raise InputError(f"{name} holds no patches", f"their names end in {', '.join(_ENDINGS)}")
            found += map(str, inside)
        elif not present(place):
            raise InputError(f"{name} does not exist", "name a patch, a mailbox, a directory of patches, or - ")
        else:
            found.append(name)
    return tuple(found)


def missing(word: str) -> bool:
    """Whether a word has the form of a path or the ending of a patch, so that no range is meant, and there is none."""
    return (word.startswith(("/", "./", "../")) or word.endswith(_ENDINGS)) and not present(Path(word))


def patches(
    names: Sequence[str], progress: Progress | None = None, *, most: int | None = None,
    fetched: Mapping[str, bytes] = MappingProxyType({}),
) -> Iterator[Patch]:  # fmt: skip
    """Every mail of the files as a patch, cover letter or other mail, while reading. ``progress`` is told bytes;
    ``most`` is how many a mail may have (see ``mbox.split``); ``fetched`` is what was fetched under a name.

    Raises InputError where a file cannot be read, or none holds a patch or any other mail.
    """
    any_mail = False
    total = sum(map(_size, names))
    before = 0
    alike = Counter(Path(name).name for name in names)
    for name in names:
        short = "stdin" if name == "-" else name if alike[Path(name).name] > 1 else Path(name).name
        if len(fetched) == 1 and name in fetched:
            short = name.partition(":")[0]
        try:
            with io.BytesIO(fetched[name]) if name in fetched else _opened(name) as stream:
                for patch in _patches(stream, name, short, progress, before, total, most):
                    any_mail = any_mail or _is_mail(patch)
                    yield patch
        except OSError as error:
            raise InputError(f"cannot read {name} ({error.strerror})") from error
        before += _size(name)
    if names and not any_mail:
        named = "standard input" if names[0] == "-" else names[0]
        more = f" and {len(names) - 1} more hold" if len(names) > 1 else " holds"
        raise InputError(f"{named}{more} no patch", "give patches, an mbox, or a range A..B")


def _is_mail(patch: Patch) -> bool:
    """Whether it is what a file may hold: a patch, a cover letter, a reply; not just any text or program."""
    return patch.kind is not Kind.OTHER or bool(patch.subject or patch.sender.address)


def _size(name: str) -> int:
    """Bytes of a file, 0 where that is not known."""
    try:
        return 0 if name == "-" else Path(name).stat().st_size
    except (OSError, ValueError):
        return 0


def _opened(name: str) -> BinaryIO:
    stream = standard_input() if name == "-" else open_file(Path(name), pipe=True)
    try:
        return unpacked(stream, "standard input" if name == "-" else name)
    except BaseException:
        stream.close()
        raise


def _patches(
    stream: BinaryIO, name: str, short: str, progress: Progress | None, before: int, total: int, most: int | None
) -> Iterator[Patch]:
    shown = "stdin" if name == "-" else name
    done = before
    mails = split(stream, shown, most)
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
            progress("linting, bytes of mail", done, max(done, total))
