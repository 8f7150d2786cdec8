"""What a patch changes in the P2M of a machine, in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from patcher.prove.picture import Kind, Picture, stretches
from patcher.prove.pictures import Change, differences
from patcher.report import p2m_rows as rows

MOST_SPANS = 3  # told by their PFNs


def changes_told(before: Picture, after: Picture) -> tuple[str, ...]:
    """What differs between two pictures of one machine: a sentence each, none where they are equal in what is told."""
    found = differences(before, after)
    return (*_otherwise(found), *_held(found), *_pages(before, after))


def meanings_text(picture: Picture) -> str:
    """How much of each kind there is, up to the end of what the machine has."""
    pages: dict[Kind, int] = defaultdict(int)
    end = rows.picture_end(picture)
    for start, stop, kind in stretches(picture):
        pages[kind] += max(0, min(stop, end) - start)
    told = [f"{rows.bytes_text(pages[kind] * rows.PAGE)} {kind.value}" for kind in Kind if pages[kind]]
    return f"{', '.join(told)} up to {rows.bytes_text(end * rows.PAGE)}"


def _otherwise(found: tuple[Change, ...]) -> Iterator[str]:
    """Of what lookups answer otherwise: one sentence for each pair of meanings."""
    spans: dict[tuple[Kind, Kind], list[tuple[int, int]]] = defaultdict(list)
    for each in found:
        if each.meaning:
            known = spans[each.before.kind, each.after.kind]
            if known and known[-1][1] == each.start:
                known[-1] = (known[-1][0], each.end)
            else:
                known.append((each.start, each.end))
    for (old, new), each_span in spans.items():
        size = rows.bytes_text(sum(end - start for start, end in each_span) * rows.PAGE)
        where = ", ".join(rows.pfns_text(start, end - start) for start, end in each_span[:MOST_SPANS])
        left = len(each_span) - MOST_SPANS
        more = f" and {left} more range{'s' * (left > 1)}" if left > 0 else ""
        yield f"{size}, so far {old.value}, is {new.value} now: PFN {where}{more}."


def _held(found: tuple[Change, ...]) -> Iterator[str]:
    """Of what means the same, by other pages."""
    size = sum(each.end - each.start for each in found if not each.meaning)
    if size:
        yield f"{rows.bytes_text(size * rows.PAGE)} means what it did, by other pages."


def _pages(before: Picture, after: Picture) -> Iterator[str]:
    old, new = {page.name for page in before.shared}, {page.name for page in after.shared}
    for names, what in ((sorted(new - old), "New"), (sorted(old - new), "No longer there:")):
        if names:
            yield f"{what} shared page{'s' * (len(names) > 1)} {', '.join(names)}."
    counts = (
        ("mid pages", before.pages.mids, after.pages.mids),
        ("leaves", before.pages.leaves, after.pages.leaves),
        ("pages of the list in use", before.pages.listed, after.pages.listed),
        ("pages allocated", before.pages.brk, after.pages.brk),
        ("pages reserved", before.pages.reserved, after.pages.reserved),
    )
    told = [f"{what} {was:,} → {now:,}" for what, was, now in counts if was != now]
    if told:
        text = "; ".join(told)
        yield f"{text[0].upper()}{text[1:]}."
    if before.balloon != after.balloon:
        was, now = (rows.bytes_text((end - start) * rows.PAGE) for start, end in (before.balloon, after.balloon))
        yield f"The balloon may fill {now}, it was {was}." if was != now else "The balloon's region is elsewhere."
