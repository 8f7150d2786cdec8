"""The model: what a lookup must answer, by the words of the design."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from patcher.prove.model import P2M, Foreign, Identity, Missing, Ram, inside, walk
from patcher.prove.scenario import ACPI, RAM, RESERVED, UNUSABLE, Machine

LIMIT, LEAF = 1 << 27, 512


def model(pages: int = 1000) -> P2M:
    machine = Machine(pages, True, ((600, 0x4000, 1), (pages - 600, 0x9000, 1)))
    return P2M(machine, LIMIT, Identity(), 1 << 25, LEAF)


def test_the_list_says_what_is_ram() -> None:
    assert [model().meaning(pfn) for pfn in (0, 599, 600, 999)] == [Ram(0x4000), Ram(0x4257), Ram(0x9000), Ram(0x918F)]


def test_behind_the_list_its_last_leaf_is_missing_and_the_rest_void() -> None:
    assert [model().meaning(pfn) for pfn in (1000, 1023, 1024, LIMIT - 1)] == [
        Missing(), Missing(), Identity(), Identity(),
    ]  # fmt: skip


def test_past_the_tree_everything_is_missing_whatever_was_said() -> None:
    found = model()
    found.say(LIMIT - 1, LIMIT + 9, Identity())
    assert [found.meaning(LIMIT - 1), found.meaning(LIMIT)] == [Identity(), Missing()]


def test_a_domain_is_cut_to_the_largest_that_the_kernel_is_built_for() -> None:
    found = P2M(Machine(1000, True, ((1000, 0, 1),)), LIMIT, Missing(), 512, LEAF)
    assert [found.meaning(511), found.meaning(512)] == [Ram(511), Missing()]


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 600), st.sampled_from("rimf")), max_size=6))
def test_the_last_word_counts(words: list[tuple[int, int, str]]) -> None:
    found = model()
    kinds: dict[str, Ram | Foreign | Missing | Identity] = {"i": Identity(), "m": Missing(), "f": Foreign(7)}
    plain: dict[int, object] = {}
    for start, length, kind in words:
        meaning = kinds.get(kind, Ram(0x100))
        found.say(start, start + length, meaning)
        for pfn in range(start, start + length):
            plain[pfn] = Ram(0x100 + pfn - start) if kind == "r" else meaning
    for pfn in {0, 999, 1000, 2500, *(edge + by for edge in found.edges() for by in (-1, 0) if edge + by >= 0)}:
        if pfn in plain:
            assert found.meaning(pfn) == plain[pfn]


def test_between_edges_the_meaning_does_not_change_its_kind() -> None:
    found = model()
    found.say(100, 200, Identity())
    found.say(150, 1200, Ram(0x777))
    edges = sorted(edge for edge in found.edges() if edge < 2000)
    for first, last in pairwise(edges):
        assert len({type(found.meaning(pfn)) for pfn in range(first, last)}) == 1


def test_gaps_and_regions_of_devices_are_identity_to_the_last_byte() -> None:
    sure, both, unclear = walk(
        ((0, 0x9FC00, RAM), (0x9FC00, 0x400, RESERVED), (0x100000, 0x10000, RAM), (0x120800, 8, ACPI))
    )
    assert not both and not unclear
    where = {pfn: inside(pfn, sure) for pfn in (0x9E, 0x9F, 0xA0, 0xFF, 0x100, 0x10F, 0x110, 0x120, 0x121)}
    assert where == {0x9E: False, 0x9F: True, 0xA0: True, 0xFF: True, 0x100: False, 0x10F: False, 0x110: True,
                     0x120: True, 0x121: False}  # fmt: skip


def test_unusable_memory_is_no_device_and_contradictions_are_left_open() -> None:
    regions = ((0, 0x10000, RAM), (0x10000, 0x10000, UNUSABLE), (0x8000, 0x1000, RESERVED), (0x12000, 1, RESERVED))
    assert walk((*regions, (0, 0, ACPI))) == ((), ((8, 9),), ((18, 19),))


@given(st.permutations([(0, 0x5000, RAM), (0x7000, 0x1000, RESERVED), (0x6000, 0x2000, RAM), (0xA000, 1, ACPI)]))
def test_the_order_of_regions_says_nothing(regions: list[tuple[int, int, int]]) -> None:
    assert walk(regions) == walk(sorted(regions))
