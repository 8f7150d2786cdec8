"""The cases that a seed means: the same with every Python, and on every machine."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from patcher.prove.choices import Choices, Random, drawn
from patcher.prove.context import Context
from patcher.prove.properties.all import PROPERTIES

# Of the miniature tree, by word size. If the way a case is drawn changes on purpose, so do these.
DRAWN = {64: "1cf12aeb27b3ad1e", 32: "daa5aecc17527fed"}


def test_the_generator_is_splitmix64() -> None:
    """The numbers that its authors publish for the seed 1234567."""
    random = Random(1234567)
    assert [random.word() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_a_seed_means_the_same_cases_everywhere(context: Context) -> None:
    digest = hashlib.sha256()
    for each in PROPERTIES:
        for number in range(50):
            digest.update(msgspec.json.encode(each.drawn(context, drawn(0, each.id, number)).value))
    assert digest.hexdigest()[:16] == DRAWN[context.facts["bits"]]


def test_a_case_is_its_choices_and_plain_data(context: Context) -> None:
    for each in PROPERTIES:
        for number in range(20):
            source = drawn(3, each.id, number)
            case = each.drawn(context, source).value
            assert each.drawn(context, Choices(source.taken)).value == case
            assert msgspec.json.decode(msgspec.json.encode(case), type=each.case) == case
            assert hash(case) == hash(each.drawn(context, Choices(source.taken)).value)


def test_seeds_properties_and_numbers_differ() -> None:
    def first(seed: int, name: str, number: int) -> int:
        return drawn(seed, name, number).integer(0, 2**64 - 1)

    assert len({first(0, "a", 1), first(1, "a", 1), first(0, "b", 1), first(0, "a", 2)}) == 4
    assert first(0, "a", 0) == first(1, "b", 0) == 0  # the simplest case comes first


def test_bounds_are_kept_and_reached() -> None:
    source = Choices(random=Random(7))
    assert {source.integer(3, 6) for _ in range(100)} == {3, 4, 5, 6}
    wide = [source.integer(10, 10**6) for _ in range(500)]
    assert min(wide) == 10 and max(wide) == 10**6 and len(set(wide)) > 400
    with pytest.raises(ValueError, match="nothing is from 4 to 3"):
        source.integer(4, 3)


def test_given_choices_are_cut_to_what_is_there() -> None:
    source = Choices((5, 9))
    assert [source.integer(1, 3), source.integer(0, 100), source.integer(2, 9)] == [3, 9, 2]
    assert source.taken == [2, 9, 0]


def test_several_are_as_many_as_wanted() -> None:
    counts = {len(drawn(0, "x", number).several(lambda: 0, 1, 4)) for number in range(200)}
    assert counts == {1, 2, 3, 4}
    assert Choices().several(lambda: 0, 2, 5) == (0, 0)


def test_an_order_is_one_of_all() -> None:
    orders = {tuple(drawn(0, "x", number).shuffled("abc")) for number in range(100)}
    assert len(orders) == 6
    assert Choices().shuffled("abc") == ["a", "b", "c"]
