"""Who gets what: few workers prepare for the same, and none is idle while there is much to do."""

from __future__ import annotations

from patcher.cluster.nearest import WORTH, Nearest


def waiting(**counts: int) -> Nearest[str]:
    found: Nearest[str] = Nearest()
    for near, count in counts.items():
        for number in range(count):
            found.add(near, f"{near}{number}")
    return found


def test_each_prepares_for_something_else_and_goes_on_with_it() -> None:
    queue = waiting(a=20, b=20)
    assert [queue.take("one"), queue.take("two"), queue.take("one"), queue.take("two")] == ["a0", "b0", "a1", "b1"]
    assert {(queue.take("one") or "")[:1] for _ in range(10)} == {"a"}


def test_one_worker_does_all() -> None:
    queue = waiting(a=2, b=3)
    assert sorted(filter(None, (queue.take("one") for _ in range(9)))) == ["a0", "a1", "b0", "b1", "b2"]
    assert not queue


def test_who_is_done_helps_where_much_is_left() -> None:
    queue = waiting(a=1, b=WORTH + 2)
    assert [queue.take("one"), queue.take("two")] == ["a0", "b0"]
    assert queue.take("one") == "b1", "nobody else would do so many soon"
    assert queue.take("three") is None, "to prepare takes longer than to wait for those who have"
    assert queue.take("two") == "b2"


def test_a_worker_that_is_gone_is_no_reason_to_wait() -> None:
    queue = waiting(a=2)
    assert queue.take("one") == "a0"
    assert queue.take("two") is None
    queue.keep(["two"])
    assert queue.take("two") == "a1"


def test_what_needs_no_preparing_is_for_all_but_not_ahead() -> None:
    queue = Nearest[int]()
    for number in range(3):
        queue.add("", number)
    assert [queue.take("one"), queue.take("one", busy=True), queue.take("two"), queue.take("one")] == [0, None, 1, 2]
    queue = Nearest[int]()
    queue.add("a", 1)
    assert queue.take("one", busy=True) is None and queue.take("one") == 1
    queue.add("a", 2)
    assert queue.take("one", busy=True) == 2
    queue.add("a", 3)
    queue.clear()
    assert not queue
