"""Checks on devicetree bindings: apart from drivers, before them, and there at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint import locations
from patcher.lint.bindings import BINDINGS, used
from patcher.lint.job import Change, ChangedTree, Series
from patcher.lint.model import CannotTell, Hit, Level, Location
from patcher.lint.register import check

_MANY = 5


@check(files=(BINDINGS, "include/dt-bindings/"))
def binding_apart(job: Change) -> Iterator[Hit]:
    """A binding in one patch with what uses it. Where words are corrected all over the tree, they stay together."""
    files = job.diff.files
    bindings = [file for file in files if file.path.startswith(BINDINGS) and not file.deleted]
    beside = ("Documentation/", "include/dt-bindings/", "MAINTAINERS", "scripts/", "tools/", "CREDITS")
    others = [file.path for file in files if not file.path.startswith(beside)]
    if files and all(file.path.startswith("include/dt-bindings/") for file in files):
        if job.patch.prefix.total > 1:
            what = "a header of a binding without the binding"
            yield Hit(what, job.file(files[0].path), "make it one patch with the binding", Level.NOTE, key="header")
    elif others and 0 < len(bindings) <= _MANY and len(others) <= 4 * _MANY:
        what = f"a binding together with {others[0]}"
        yield Hit(what, job.file(bindings[0].path), key="apart")


@check
def binding_order(series: Series) -> Iterator[Hit]:
    """A binding that comes after the patch that uses it."""
    for index, mail in enumerate(series.patches):
        for later in series.patches[index + 1 :]:
            late = mail.compatibles & later.documents - mail.documents
            if late and not any(late & other.documents for other in series.patches[:index]):
                what = f"{later.patch.label} documents {min(late)}, which this patch uses already"
                yield Hit(what, locations.mail(mail.patch), key=min(late), patch=mail.patch)
                break
    drivers = [at for at, mail in enumerate(series.patches) if any(path.startswith("drivers/") for path in mail.paths)]
    beside = (BINDINGS, "include/dt-bindings/", "MAINTAINERS")
    bindings = (
        at for at, mail in enumerate(series.patches)
        if mail.documents and all(path.startswith(beside) for path in mail.paths)
    )  # fmt: skip
    first = next(bindings, None)
    if drivers and first is not None and drivers[0] < first:
        mail = series.patches[first]
        what = "a binding behind drivers: bindings are the first patches of a series"
        yield Hit(what, locations.mail(mail.patch), level=Level.NOTE, key="behind", patch=mail.patch)


@check
def compatible_undocumented(job: ChangedTree) -> Iterator[Hit]:
    """A compatible string that no binding of the tree documents, once the series is there."""
    asked: dict[str, Location] = {}
    for path, lines in job.added.items():
        before = job.before.get(path, b"").decode("utf-8", "replace")
        for number, text in lines:
            for each in used(path, text):
                if f'"{each}"' not in before:
                    asked.setdefault(each, Location(path, number, text.find(each) + 1, len(each), text[:400]))
    if not asked:
        return
    tree = job.after.tree
    vendors = sorted({each.partition(",")[0] for each in asked})
    texts = tree.read(tree.search(vendors, (f"{BINDINGS}*",)))
    if not texts and not any(path.startswith(BINDINGS) for path in tree.paths()):
        raise CannotTell("the tree has no devicetree bindings")
    found = "\n".join(content.decode("utf-8", "replace") for content in texts.values())
    for each, location in asked.items():
        if each not in found and not _of_family(each, found):
            yield Hit(f"no binding documents {each}", location, key=each, patch=job.at_fault(location.path))


_PREFIXES = f"{BINDINGS}vendor-prefixes.yaml"


@check
def vendor_prefix(job: ChangedTree) -> Iterator[Hit]:
    """A compatible string of a binding whose vendor the tree does not list, once the series is there."""
    asked: dict[str, Location] = {}
    for path, lines in job.added.items():
        if not path.startswith(BINDINGS) or not path.endswith(".yaml") or path == _PREFIXES:
            continue
        for number, text in lines:
            if match := re.match(r"\s+(?:- )?(?:const: |- )[\"']?(?P<vendor>[a-z][a-z0-9-]*),[\w.-]+[\"']?\s*\Z", text):
                at = match.start("vendor")
                vendor = match.group("vendor")
                asked.setdefault(vendor, Location(path, number, at + 1, len(vendor), text[:400]))
    if not asked:
        return
    listed = job.after.tree.read([_PREFIXES]).get(_PREFIXES)
    if not listed:
        raise CannotTell("the tree has no list of vendors")
    known = listed.decode("utf-8", "replace")
    for vendor, location in asked.items():
        if f'"^{vendor},' not in known:
            yield Hit(
                f"{vendor} is not in vendor-prefixes.yaml", location, key=vendor, patch=job.at_fault(location.path)
            )


def _of_family(compatible: str, text: str) -> bool:
    """Whether a text documents a whole family, with a wildcard: ``vendor,<soc>-uart``, ``vendor,[a-z]+-uart``."""
    vendor, _, device = compatible.partition(",")
    end = re.escape(device[device.find("-") :]) if "-" in device else ""
    return re.search(re.escape(f"{vendor},") + r"(?:<[^>\n]+>|\*|\[)[\w*<>+\[\]-]*" + end, text) is not None
