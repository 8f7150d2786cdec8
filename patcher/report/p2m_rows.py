"""What a picture of a P2M says, row by row, in words that the text and the SVG share; and what is folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from patcher.prove.picture import Kind, LeafRun, MidRun, Picture, Piece, Shared
from patcher.prove.scenario import RAM

PAGE = 4096
MOST_MIDS, MOST_LEAVES, MOST_MIXED, MOST_PIECES = 12, 14, 5, 8
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
Item = TypeVar("Item")


class About(NamedTuple):
    """What was drawn: the tree's name, and where the memory map comes from."""

    tree: str
    map: str


def fold(runs: Sequence[Item], most: int) -> tuple[list[Item], list[Item], list[Item]]:
    """The runs at the beginning, those in the middle that are too many, and those at the end."""
    if len(runs) <= most:
        return list(runs), [], []
    last = max(1, most // 3)
    first = most - 1 - last
    return list(runs[:first]), list(runs[first : len(runs) - last]), list(runs[len(runs) - last :])


def bytes_text(size: int) -> str:
    """A number of bytes for people: ``1.5 GiB``."""
    value, unit = size / 1024, 0
    while value >= 1024 and unit + 1 < len(UNITS):
        value, unit = value / 1024, unit + 1
    text = f"{value:.1f}" if value >= 100 else f"{value:.2f}"
    return f"{text.rstrip('0').rstrip('.')} {UNITS[unit]}"


def span_text(start: int, end: int) -> str:
    """PFNs [start, end) as addresses."""
    first, last = bytes_text(start * PAGE) if start else "0", bytes_text(end * PAGE)
    return f"{first} – {last}"


def slots_text(first: int, count: int) -> str:
    return f"{first}" if count == 1 else f"{first}–{first + count - 1}"


def pfns_text(first: int, count: int) -> str:
    return f"{first:#x}" if count == 1 else f"{first:#x}–{first + count - 1:#x}"


def times(count: int, what: str) -> str:
    return what if count == 1 else f"{count:,} × {what}"


def kinds_of(pieces: Iterable[Piece]) -> Counter[Kind]:
    """Entries by kind."""
    found: Counter[Kind] = Counter()
    for piece in pieces:
        found[piece.kind] += piece.count
    return found


def counts_text(counts: Counter[Kind]) -> str:
    return ", ".join(f"{count:,} {kind.value}" for kind, count in counts.items())


def is_mixed(run: LeafRun) -> bool:
    return not run.shared and len(run.pieces) > 1


def whose(run: LeafRun) -> str:
    return "list leaf" if run.listed else "leaf"


def leaf_text(run: LeafRun, told: bool = True) -> str:
    """What slots of a mid page lead to. ``told``: the entries of a mixed leaf are told elsewhere."""
    if run.shared:
        return times(run.count, run.shared)
    if is_mixed(run):
        counts = kinds_of(run.pieces)
        return f"{whose(run)}: {', '.join(kind.value for kind in counts)}" if told else f"leaf: {counts_text(counts)}"
    return f"{times(run.count, whose(run))}, {run.pieces[0].kind.value}"


def mid_text(run: MidRun) -> str:
    """What slots of the top page lead to."""
    return times(run.count, run.shared or "mid page")


def leaves_text(runs: Sequence[LeafRun]) -> str:
    """Leaves that are folded."""
    found: Counter[str] = Counter()
    for run in runs:
        found[run.shared or ("mixed" if is_mixed(run) else run.pieces[0].kind.value)] += run.count
    return ", ".join(f"{count:,} {what}" for what, count in found.items())


def mids_text(runs: Sequence[MidRun]) -> str:
    """Mid pages that are folded."""
    found: Counter[str] = Counter()
    for run in runs:
        found[run.shared or "mid page"] += run.count
    return ", ".join(times(count, what) for what, count in found.items())


def shared_text(page: Shared, fan_out: int) -> str:
    """What a shared page holds."""
    if page.level == "mid":
        return f"{fan_out:,} × {page.leads_to}" if page.leads_to else f"{fan_out:,} leaves"
    return f"{fan_out:,} × no frame, read as {page.kind.value}"


def pointers_text(page: Shared) -> str:
    """How many pointers lead to a shared page, but for those of shared mid pages."""
    above = "top page" if page.level == "mid" else "mid pages above"
    if not page.pointers:
        return f"no pointer in the {above}"
    return f"{page.pointers:,} pointer{'s' * (page.pointers > 1)} in the {above}"


def machine_lines(picture: Picture, about: About) -> Iterator[str]:
    """The machine, what was clamped, and what was allocated."""
    kind = "initial domain" if picture.initial else "unprivileged domain"
    yield (
        f"{kind}, {picture.given:,} pages ({bytes_text(picture.given * PAGE)}); {picture.arch}: {picture.fan_out} "
        f"entries a page, the tree holds PFNs up to {bytes_text(picture.limit * PAGE)}"
    )
    if picture.given < picture.asked:
        yield (
            f"clamped: {picture.asked:,} pages ({bytes_text(picture.asked * PAGE)}) were to be given, but the "
            f"kernel is built for {bytes_text(picture.given * PAGE)} at most (MAX_DOMAIN_PAGES): it has no more here"
        )
    end = max((addr + size for addr, size, _ in picture.regions), default=0)
    past = " (past the end of the tree)" if end > picture.limit * PAGE else ""
    count = len(picture.regions)
    regions = "1 region, it ends" if count == 1 else f"{count} regions, the last ends"
    yield f"memory map: {about.map}; {regions} at {bytes_text(end)}{past}"
    start, stop = picture.balloon
    if start < stop:
        yield f"balloon: PFN {start:#x} to {stop - 1:#x} ({bytes_text((stop - start) * PAGE)})"
    yield from _pages_lines(picture)


def _pages_lines(picture: Picture) -> Iterator[str]:
    pages = picture.pages
    other = pages.brk - 1 - pages.mids - pages.leaves - pages.shared - pages.tools
    parts = [
        "1 top", f"{pages.mids} mid", f"{pages.leaves} leaf", f"{pages.shared} shared", f"{pages.tools} MFN tree",
        *([f"{other} that nothing leads to"] if other else []),
    ]  # fmt: skip
    yield (
        f"allocated: {pages.brk:,} pages ({bytes_text(pages.brk * PAGE)}) of {pages.reserved:,} reserved: "
        f"{', '.join(parts)}"
    )
    yield f"list leaf: {pages.listed:,} of the {pages.list:,} pages of the domain builder's list, used where they are"
    fan, end = picture.fan_out, picture_end(picture)
    whole = 1 + fan + fan**2
    leaves = -(-end // fan)
    reached = 1 + -(-leaves // fan) + leaves
    now = 1 + pages.mids + pages.leaves + pages.shared + pages.listed
    yield (
        f"if nothing were shared: {whole:,} pages ({bytes_text(whole * PAGE)}) for the whole tree, {reached:,} "
        f"({bytes_text(reached * PAGE)}) up to {bytes_text(end * PAGE)}; as it is: {now:,} ({bytes_text(now * PAGE)}), "
        f"of which {pages.listed:,} are the list's"
    )


def picture_end(picture: Picture) -> int:
    """One past the last PFN that is RAM, given, or the balloon's; at least 4 GiB where a region of the map ends there.

    What lies behind, devices far up, would leave no room for the rest.
    """
    ends = [(addr + size) // PAGE for addr, size, kind in picture.regions if kind == RAM or addr + size <= 1 << 32]
    return min(picture.limit, max([picture.given, picture.balloon[1], *ends]))
