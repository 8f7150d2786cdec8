"""Checks against MAINTAINERS: recipients, and who looks after new files."""

from __future__ import annotations

from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint import locations
from patcher.lint.job import Change, ChangedTree
from patcher.lint.maintainers import needed
from patcher.lint.model import CannotTell, Hit
from patcher.lint.register import check
from patcher.tree.maintainers import Maintainers, addresses

_FEW = 4
_DEVICETREE = "devicetree@vger.kernel.org"
_OF_DEVICETREE = expression(r"Documentation/devicetree/bindings/|include/dt-bindings/|arch/\w+/boot/dts/")


@check
def devicetree_list(job: Change) -> Iterator[Hit]:
    """A binding or a devicetree source that is not sent to the devicetree list. Where MAINTAINERS is at hand, the rule
    on recipients tells it."""
    patch = job.patch
    if job.context.maintainers is not None or not patch.path or not patch.to:
        return
    told = {person.address.lower() for person in patch.to}
    file = next((file for file in job.diff.files if _OF_DEVICETREE.match(file.path)), None)
    if file and not any(address.startswith("devicetree") for address in told):
        yield Hit(f"{_DEVICETREE} is not on To: or Cc:", job.mail(), key=_DEVICETREE)


@check
def recipients(job: Change) -> Iterator[Hit]:
    """Maintainers and lists of the touched files that the mail is not addressed to."""
    maintainers = needed(job.context.maintainers)
    patch = job.patch
    if not patch.path:
        raise CannotTell("commits have no recipients yet")
    if not patch.to:
        raise CannotTell("the patches have no To: or Cc: yet")
    addressed = {person.address.lower() for person in (*patch.to, patch.sender, patch.author)}
    missing: dict[str, str] = {}
    for file in job.diff.files:
        if file.created and not maintainers.of(file.path):
            continue
        for depth, section in maintainers.of(file.path)[:1]:
            people = addresses(section.maintainers)
            if depth > 1 and people and not addressed & set(people):
                missing.setdefault(people[0], section.title)
            for address in section.open_lists:
                if address not in addressed:
                    missing.setdefault(address, section.title)
    for address, title in list(missing.items())[:_FEW]:
        yield Hit(f"{address} is not on To: or Cc:", job.mail(), f"add it (MAINTAINERS: {title})", key=address)


@check
def new_file_maintained(job: ChangedTree) -> Iterator[Hit]:
    """A new file that no entry of MAINTAINERS covers once the whole series is there: the entry often comes last."""
    if not job.created:
        return
    there = job.after.tree.blobs(job.created)
    text = job.after.tree.read(["MAINTAINERS"]).get("MAINTAINERS")
    maintainers = needed(Maintainers(text.decode("utf-8", "replace")) if text else None)
    if not maintainers.tells_files:
        raise CannotTell("MAINTAINERS of this tree does not say which files its entries are about")
    for path, patch in job.created.items():
        if path in there and not maintainers.of(path):
            what = "no entry of MAINTAINERS covers this new file"
            yield Hit(what, locations.file(path), key="none", patch=patch)
