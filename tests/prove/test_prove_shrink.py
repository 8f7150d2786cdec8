"""The smallest choices that still fail."""

from __future__ import annotations

from collections.abc import Callable

from patcher.prove.choices import Choices, Source, drawn
from patcher.prove.shrink import smallest

Numbers = tuple[int, ...]


def shrunk(
    draw: Callable[[Source], Numbers], wrong: Callable[[Numbers], bool], tries: int = 400
) -> tuple[Numbers, int]:
    """The smallest case drawn so for which ``wrong`` holds, and how many tries it took."""
    count = 0

    def attempt(given: Numbers) -> tuple[Numbers, Numbers] | None:
        nonlocal count
        count += 1
        source = Choices(given)
        case = draw(source)
        return (tuple(source.taken), case) if wrong(case) else None

    for number in range(1, 1000):
        source = drawn(0, "shrink", number)
        case = draw(source)
        if wrong(case):
            return smallest((tuple(source.taken), case), attempt, tries)[1], count
    raise AssertionError("no case is wrong")


def numbers(source: Source) -> Numbers:
    return source.several(lambda: source.integer(0, 100_000), 0, 10)


def test_what_does_not_matter_is_left_out_and_what_does_is_lowered() -> None:
    assert shrunk(numbers, lambda case: any(each >= 777 for each in case))[0] == (777,)
    assert shrunk(numbers, lambda case: len(case) >= 3)[0] == (0, 0, 0)
    assert shrunk(numbers, lambda case: sum(case) > 100 and len(case) > 1)[0] in ((0, 101), (101, 0))


def test_it_ends_after_so_many_tries() -> None:
    assert shrunk(numbers, lambda case: len(case) >= 3, tries=7)[1] == 7


def test_the_same_is_found_again() -> None:
    def odd(case: Numbers) -> bool:
        return sum(each % 7 for each in case) > 20

    assert shrunk(numbers, odd) == shrunk(numbers, odd)
