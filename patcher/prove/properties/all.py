"""All properties, in the order of the design."""

from __future__ import annotations

from patcher.prove.properties import life, maps, ptes, ranges, rivals

PROPERTIES = tuple(
    sorted(
        (*ranges.PROPERTIES, *life.PROPERTIES, *maps.PROPERTIES, *rivals.PROPERTIES, *ptes.PROPERTIES),
        key=lambda each: each.number,
    )
)
