"""Which word a misspelt one stands for."""

from __future__ import annotations

import pytest

from patcher.lint.grammar import slips
from patcher.lint.spelling import _JARGON, _dictionary, _english, _words, alike, correction, guess


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("seprate", "separate"),  # by the dictionary
        ("Wich", "which"),
        ("zeors", "zeros"),  # the last letter's part of the dictionary
        ("abandonned", "abandoned"),  # the first's
        ("registration", ""),
        ("reenable", ""),  # the kernel writes it so
        ("inout", ""),
        ("stati", ""),  # may be too many things
    ],
)
def test_a_word(word: str, right: str) -> None:
    assert correction(word) == right


def test_a_slip_that_is_in_no_dictionary() -> None:
    assert correction("configuartions") == "configurations"


def test_the_dictionary_is_as_it_is_searched() -> None:
    """It is searched by halves, and not at all for words that are known to be right."""
    lines = _dictionary().removesuffix(b"\n").split(b"\n")
    assert len(lines) > 50_000 and lines == sorted(lines)
    misspelt = {line.partition(b"->")[0].decode() for line in lines}
    assert not _words().known & misspelt - _JARGON


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("chekc", "check"),  # the last letters changed places
        ("skipe", "skip"),
        ("brigde", "bridge"),
        ("bufer", "buffer"),
        ("quexe", "queue"),  # another letter
        ("glorp", ""),  # like nothing
        ("tuple", ""),  # English
        ("kprobe", ""),  # the kernel's
        ("untracked", ""),  # made of what is known
        ("fuse", ""),
    ],
)
def test_a_word_that_may_be_a_slip(word: str, right: str) -> None:
    assert guess(word) == right


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [("blog", "block", True), ("read", "write", False), ("fiter", "filter", False), ("reset", "reuse", False),
     ("page", "pages", False), ("stop", "start", False)],
)  # fmt: skip
def test_words_that_are_alike(one: str, other: str, are: bool) -> None:
    assert alike(one, other) == are


def test_the_english_dictionary_is_there_and_has_words_of_the_kernel() -> None:
    assert _english().count(b"\n") > 80_000
    assert b"\nthe " in _english() and b"\nsymspell " not in _english()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("the clock must has a parent", "must has"),
        ("it could not returns early", "could not returns"),
        ("this does not supports it", "does not supports"),
        ("they didn't tested it", "didn't tested"),
        ("it tries to removed the node", "tries to removed"),
        ("the pin should configured, it should called", "should called"),
        ("it can be remove later", "can be remove"),
        ("a flag for fix the race", "for fix"),
        ("speed it up by remove the lock", "by remove"),
        ("these device are new", "these device are"),
        ("this registers are new", "this registers"),
        ("one of the pin is wired", "one of the pin is"),
        ("it was due the change", "was due the change"),
        ("take another lock instead the mutex", "instead the"),
        ("the block is capable to wake it", "capable to"),
        ("now its the only user", "its the"),
        ("the driver frees it's buffer, and it's state", "it's state"),
        ("check weather it is set", "check weather"),
        ("it will effect the clock", "will effect the"),
        ("that has lead to a hang", "has lead to"),
        ("print the a value", "the a"),
        ("print some informations", "informations"),
        ("much more simpler", "more simpler"),
        ("wait for a interrupt", "a interrupt"),
        ("add a ADC", "a ADC"),
        ("with an page", "an page"),
        ("an GPIO of an useful kind", "an GPIO"),
        ("a queue who is full", "queue who is"),
        ("foo3 who also needs it", "foo3 who also"),
        ("it is sent.This is wrong", "."),
        ("it may crash,all of it", ","),
        ("if it is set , it is wrong", ","),
    ],
)
def test_a_slip_of_grammar(text: str, part: str) -> None:
    assert part in [match.group().strip() for match, _ in slips(text)]


@pytest.mark.parametrize(
    "text",
    [
        "what we should do is to wait, as it should not, as is done elsewhere",
        "it does not need it, does not exceed it, and does not always work",
        "all users who need it, and the person who wrote it",
        "a unit of a user, a one-shot timer, a European clock, an hour, an honest one, an SPI bus, a UART",
        "tasks a and b, or option a or b",
        "pointing to has been removed; whatever it refers to is gone",
        "make it have none; let it have one; those in it have one",
        "it was lead by others, and can lead to a leak",
        "its own, its users, its only user; it's gone",
        "these drivers are, these device tree nodes are, this series of registers is",
        "the CAN is up, and a CAN bus; an i2c bus; a use-after-free; will be use-after-free",
        "needs to be used, has to be done, should be used, must be set, could have been called",
        "linux,all-of-it and vendor,the-thing; see foo.The_name and a . b , c",
        "this function returns the a-priori one; use the a flag",
    ],
)
def test_what_is_right(text: str) -> None:
    assert not [match.group() for match, _ in slips(text)]
