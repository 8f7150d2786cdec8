"""All properties, in the order of the design."""

from __future__ import annotations

from patcher.prove.properties import highmap, life, maps, memory, ptes, ranges, rivals, unmarked
from patcher.prove.properties.kind import AnyProperty

PROPERTIES: tuple[AnyProperty, ...] = tuple(
    sorted(
        (
            *ranges.PROPERTIES,
            *life.PROPERTIES,
            *maps.PROPERTIES,
            *memory.PROPERTIES,
            *rivals.PROPERTIES,
            *highmap.PROPERTIES,
            *ptes.PROPERTIES,
            *unmarked.PROPERTIES,
        ),
        key=lambda each: each.number,
    )
)
