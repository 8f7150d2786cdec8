"""Checks against MAINTAINERS: recipients, and who looks after new files."""

from __future__ import annotations

from collections.abc import Iterator

from patcher.lint import places
from patcher.lint.job import Job, TreeHit, TreeJob
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


def new_file_maintained(job: TreeJob) -> Iterator[TreeHit]:
    """A new file that no entry of MAINTAINERS covers once the whole series is there: the entry often comes last."""
    if not job.created:
        return
    there = job.context.after.blobs(job.created)
    text = job.context.after.read(["MAINTAINERS"]).get("MAINTAINERS")
    known = needed(Maintainers(text.decode("utf-8", "replace")) if text else None)
    if not known.tells_files:
        raise CannotTell("MAINTAINERS of this tree does not say which files its entries are about")
    for path, patch in job.created.items():
        if path in there and not known.of(path):
            hit = Hit("no entry of MAINTAINERS covers this new file", places.diff(patch, path), key="none")
            yield TreeHit(patch, hit)


CHECKS = (recipients,)
TREE_CHECKS = (new_file_maintained,)
