"""Checks against MAINTAINERS: recipients, and who looks after new files."""

from __future__ import annotations

from collections.abc import Iterator

from patcher.lint import places
from patcher.lint.job import Job
from patcher.lint.maintainers import Maintainers, addresses, needed
from patcher.lint.model import CannotTell, Hit

_FEW = 4


def recipients(job: Job) -> Iterator[Hit]:
    """Maintainers and lists of the touched files that the mail is not addressed to."""
    known = needed(job.context.maintainers)
    patch = job.patch
    if not patch.path:
        raise CannotTell("commits have no recipients yet")
    if not patch.to:
        raise CannotTell("the patches have no To: or Cc: yet")
    addressed = {person.address.lower() for person in (*patch.to, patch.sender, patch.author)}
    missing: dict[str, str] = {}
    for file in job.diff.files:
        if file.created and not known.of(file.path):
            continue
        for depth, section in known.of(file.path)[:1]:
            maintainers = addresses(section.maintainers)
            if depth > 1 and maintainers and not addressed & set(maintainers):
                missing.setdefault(maintainers[0], section.title)
            for address in section.lists:
                if address not in addressed:
                    missing.setdefault(address, section.title)
    for address, title in list(missing.items())[:_FEW]:
        yield Hit(f"{address} is not on To: or Cc:", places.whole(patch), f"add it (MAINTAINERS: {title})", key=address)


def new_file_maintained(job: Job) -> Iterator[Hit]:
    """A new file that no entry of MAINTAINERS covers, the patch's own change of it included."""
    created = [file for file in job.diff.files if file.created and not file.binary]
    if not created:
        return
    changed = job.context.after.changed.get("MAINTAINERS")
    known = Maintainers(changed.decode("utf-8", "replace")) if changed else needed(job.context.maintainers)
    for file in created:
        if not known.of(file.path):
            yield Hit("no entry of MAINTAINERS covers this new file", places.diff(job.patch, file.path), key="none")


CHECKS = (recipients, new_file_maintained)
