"""Checks on documents: headings, where they are listed, and what the files of the ABI say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.hunks import shown
from patcher.lint.job import Change
from patcher.lint.model import Hit, Level
from patcher.lint.register import check

_UNDERLINE = expression(r"([=\-~^\"'`#*+.:_])\1{2,}\Z")
_MONTHS = {
    name: number + 1
    for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))
}
_LATE = 3  # months


@check(files=(".rst",))
def rst_form(job: Change) -> Iterator[Hit]:
    """A heading whose underline is too short, or a new document that no index lists."""
    paths = {file.path for file in job.diff.files}
    for file in job.diff.files:
        if not file.path.endswith(".rst") or file.path.startswith("Documentation/translations/"):
            continue
        for hunk in shown(job.diff, file):
            for at, (title, under) in enumerate(pairwise(hunk)):
                text, line = title.text.rstrip(), under.text.rstrip()
                above = hunk[at - 1].text.rstrip() if at else ""
                headed = not above or _UNDERLINE.match(above)
                plain = re.match(r"\w", text) and len(line) < len(text) and headed and not _UNDERLINE.match(text)
                if under.added and plain and _UNDERLINE.match(line):
                    yield Hit("an underline that is shorter than its heading", job.file(file.path, under.line))
        folder = file.path.rpartition("/")[0]
        listed = any(path.endswith("/index.rst") for path in paths) or file.path.endswith("/index.rst")
        orphan = any(re.match(r":orphan:", line.text) for line in file.added[:6])
        include = "Documentation/" in folder and not listed and not orphan
        if file.created and include and job.patch.prefix.total <= 1:
            yield Hit("no index lists the new document", job.file(file.path), "add it to an index.rst", key="index")


@check(files=("Documentation/ABI/",))
def abi_entry(job: Change) -> Iterator[Hit]:
    """An entry of Documentation/ABI that lacks something, or is of the past."""
    sent = parsedate(job.patch.date) if job.patch.date else None
    for file in job.diff.files:
        if not re.match(r"Documentation/ABI/(?:testing|stable)/", file.path):
            continue
        told: set[str] = set()
        for line in file.added:
            match = re.match(
                r"Date:\s+(?:\d+ )?(?P<month>[A-Za-z]{3})[a-z]*\.? +(?:\d+, *)?(?P<year>20\d\d)", line.text
            )
            month = _MONTHS.get(match.group("month").lower()) if match else None
            if match and month and sent and "date" not in told:
                late = (sent[0] - int(match.group("year"))) * 12 + sent[1] - month
                if late >= _LATE:
                    told.add("date")
                    what = f"an entry of {match.group('month')} {match.group('year')} in a mail of {sent[1]}/{sent[0]}"
                    yield Hit(what, job.file(file.path, line), "name the release that it will be in", Level.NOTE)
        for hunk in shown(job.diff, file):
            starts = [at for at, each in enumerate(hunk) if each.added and re.match(r"What:\s", each.text)]
            blocks = [at for at in starts if at + 1 >= len(hunk) or not re.match(r"What:|\t", hunk[at + 1].text)]
            ends = [*[at for at, each in enumerate(hunk) if re.match(r"What:\s", each.text)], len(hunk)]
            for at in blocks:
                end = min(each for each in ends if each > at)
                text = "\n".join(each.text for each in hunk[at:end])
                whole = end < len(hunk) or file.created
                lost = [name for name in ("Date:", "Contact:", "Description:") if name not in text]
                if whole and lost and "lost" not in told:
                    told.add("lost")
                    yield Hit(f"an entry without {', '.join(lost)}", job.file(file.path, hunk[at].line), key="lost")
        for above, each in pairwise(file.added):
            adjoins = re.match(r"What:\s", each.text) and each.number == above.number + 1 and "What" not in above.text
            if adjoins and above.text.strip() and "blank" not in told:
                told.add("blank")
                yield Hit("no blank line between entries", job.file(file.path, each), level=Level.NOTE)


_NO_DIRECTORY = expression(r"Makefile|Kconfig|Kbuild|README|TODO|COPYING|CREDITS|MAINTAINERS|Kconfig-\w+|\w*config\Z")


@check(files=("MAINTAINERS",))
def maintainers_entry(job: Change) -> Iterator[Hit]:
    """A directory in MAINTAINERS without a slash at its end."""
    for file in job.diff.files:
        for line in file.added if file.path == "MAINTAINERS" else ():
            match = re.match(r"[FX]:\s+(?P<path>[\w/-]+/(?P<last>[\w-]+))\s*\Z", line.text)
            if match and not _NO_DIRECTORY.match(match.group("last")) and not _file(match.group("path"), job):
                yield Hit(
                    f"{match.group('path')} looks like a directory", job.file(file.path, line, match.group("path"))
                )


def _file(path: str, job: Change) -> bool:
    """Whether a patch has a file of that path, or what stands beside it in Documentation/ABI."""
    return path.startswith("Documentation/ABI/") or any(file.path == path for file in job.diff.files)
