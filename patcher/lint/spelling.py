"""Which word a misspelt one stands for: by slips of the keyboard in long words, without a dictionary of mistakes.

Letters that changed places, one too many or one that is missing, in a word that is not known itself, of one that is.
The first and the last letter are taken to be right: most endings are other words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST = 7
_CHOICE = 2
# A word of prose: no name of code, no part of a path, an address or a compound.
WORD = re.compile(r"(?<![\w./@<>$\\'\"`~:=&%+-])[A-Za-z][a-z]{6,24}(?![\w/@<>'`~=&%+(-]|[.:]\w|->)")
# What people write and dictionaries have not, beside what the words of the list can make.
_PREFIXES = ("un", "re", "de", "dis", "pre", "non", "sub", "over", "under", "mis", "multi", "micro", "inter", "co")
_SUFFIXES = (
    "s", "ed", "d", "ing", "er", "r", "ers", "ly", "able", "ness", "less", "al", "ally", "ion", "ize", "ise",
)  # fmt: skip


@functools.cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    """All words that are right, and those that a misspelt one may stand for."""
    text = Path(__file__).with_name("words.txt").read_text("ascii")
    frequent, rare = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).split("\n\n")
    meant = frozenset(frequent.split())
    return meant | frozenset(rare.split()), meant


@functools.cache
def correction(word: str) -> str:
    """The word that a misspelt one stands for, or two, parted by " or "; "" where it may be right."""
    known, meant = _words()
    low = word.lower()
    if len(low) < _SHORTEST or _right(low, known):
        return ""
    found = {each for each in _slips(low) if each in meant}
    return " or ".join(sorted(found)) if len(found) <= _CHOICE else ""


def _right(word: str, known: frozenset[str]) -> bool:
    """Whether a word is known, or made of one that is with a prefix or an ending."""
    if word in known:
        return True
    stems = [word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix)]
    stems += [word.removesuffix(suffix) for suffix in _SUFFIXES if word.endswith(suffix)]
    if re.search(r"(?:[sxzo]|ch|sh|i)es\Z", word):
        stems.append(word.removesuffix("es"))
    stems += [f"{stem}e" for stem in stems] + [stem[:-1] for stem in stems if stem[-1:] == stem[-2:-1]]
    return any(stem in known for stem in stems)


def _slips(word: str) -> Iterator[str]:
    """The words that one slip makes this one of."""
    for at in range(1, len(word) - 2):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1 :]
    for at in range(1, len(word)):
        for letter in _LETTERS:
            yield word[:at] + letter + word[at:]
