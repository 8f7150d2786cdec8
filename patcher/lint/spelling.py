"""Which word a misspelt one stands for: by codespell's dictionary of mistakes, and by slips of the keyboard in long
words that it does not have.

A slip is: letters that changed places, one too many or one that is missing, in a word that is not known itself, of one
that is. The first and the last letter are taken to be right: most endings are other words. What may be a slip in
shorter words, too, and by another letter, is told apart: there the word must be none of the 82,765 of symspellpy's
dictionary, either.
"""

from __future__ import annotations

import bisect
import codecs
import functools
import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from patcher.lazy import expression

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST = 7
_SHORTEST_GUESS = 5
_CHOICE = 2
# A word of prose: no name of code, no part of a path, an address or a compound.
WORD = expression(r"(?<![\w./@<>$\\'\"`~:=&%+-])[A-Za-z][a-z]{3,24}(?![\w/@<>'`~=&%+(-]|[.:]\w|->)")
# What people write and dictionaries have not, beside what the words of the list can make.
_PREFIXES = ("un", "re", "de", "dis", "pre", "non", "sub", "over", "under", "mis", "multi", "micro", "inter", "co")
_SUFFIXES = (
    "s", "ed", "d", "ing", "er", "r", "ers", "ly", "able", "ness", "less", "al", "ally", "ion", "ize", "ise",
)  # fmt: skip
# What codespell takes for a mistake, and the kernel's people write: names, and words of their own.
_JARGON = frozenset((
    "affinitized", "alle", "bootup", "classe", "collet", "conexant", "copie", "cros", "dout", "emac", "filp", "infor",
    "inout", "inport", "iput", "iputs", "mmaped", "oder", "opps", "padd", "paeth", "parm", "parms", "reding",
    "reenable", "reenabled", "requestor", "requestors", "serie", "sring", "stach", "synopsys", "termine", "trun",
    "uptodate", "useable",
))  # fmt: skip
_FEW = 5  # letters: so short a word may be a name, where it is not told what else it is


class _Words(NamedTuple):
    """``known`` are right, and of seven letters or more; a slip in one of those may stand for one of ``meant``, and one
    in a shorter word, too, for one of ``near``, if it is none of ``jargon``."""

    known: frozenset[str]
    meant: frozenset[str]
    near: frozenset[str]
    jargon: frozenset[str]


@functools.cache
def _words() -> _Words:
    text = Path(__file__).with_name("words.txt").read_text("ascii")
    parts = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).split("\n\n")
    meant, rare, short, jargon = (frozenset(part.split()) for part in parts)
    return _Words(meant | rare, meant, meant | short, jargon)


@functools.cache
def correction(word: str) -> str:
    """The word that a misspelt one stands for, or two, parted by " or "; "" where it may be right."""
    low = word.lower()
    words = _words()
    if low in words.known:
        return ""
    if listed := _listed(low):
        return listed
    if len(low) < _SHORTEST or _right(low, words.known.__contains__):
        return ""
    found = {each for each in _slips(low) if each in words.meant}
    return " or ".join(sorted(found)) if len(found) <= _CHOICE else ""


@functools.cache
def guess(word: str) -> str:
    """The word that one in small letters may stand for, or two, parted by " or ", where ``correction`` has none."""
    words = _words()
    if len(word) < _SHORTEST_GUESS or word in words.near or word in words.known or word in words.jargon:
        return ""
    found = {each for each in (*_slips(word), *_other_letters(word)) if each in words.near and each != word}
    if not 0 < len(found) <= _CHOICE or word in _JARGON or _right(word, _is_english):
        return ""
    return " or ".join(sorted(found))


def is_common(word: str) -> bool:
    """Whether a word is frequent in the kernel's comments and documents."""
    return word in _words().near


def alike(word: str, other: str) -> bool:
    """Whether two words begin alike and differ in at most two letters at one place."""
    begin = _in_common(word, other)
    rest, others = word[begin:], other[begin:]
    end = _in_common(rest[::-1], others[::-1])
    return begin > 1 and max(len(rest), len(others)) - end <= _CHOICE and min(len(rest), len(others)) > end


def _in_common(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (letter, against) in pairs if letter != against), min(len(one), len(other)))


@functools.cache
def _dictionary() -> bytes:
    """codespell's dictionary in small letters; its lines are sorted."""
    return _data("codespell_lib", "data", "dictionary.txt").lower()


@functools.cache
def _english() -> bytes:
    """symspellpy's dictionary: on each line a word and how often it is written."""
    return b"\n" + _data("symspellpy", "frequency_dictionary_en_82_765.txt").removeprefix(codecs.BOM_UTF8)


def _is_english(word: str) -> bool:
    return word in _words().near or word in _words().known or f"\n{word} ".encode() in _english()


def _data(package: str, *path: str) -> bytes:
    """A file of a package. To import the package would take longer than to read the file."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return b"".join(Path(place, *path).read_bytes() for place in places)


def _listed(word: str) -> str:
    """What the dictionary of mistakes has for a word, at most two; "" where it has none, or is not certain."""
    text, begin = _dictionary(), f"{word}->".encode()

    def start(at: int) -> int:
        return text.rfind(b"\n", 0, at) + 1

    # To divide it into lines would take as long as all else that a patch does.
    at = start(bisect.bisect_left(range(len(text)), begin, key=lambda at: text[start(at) : start(at) + len(begin)]))
    found = text[at : text.find(b"\n", at)]
    line = found.removeprefix(begin).decode().lower() if found.startswith(begin) else ""
    if not line or word in _JARGON:
        return ""
    meant = [each.strip() for each in line.split(",") if each.strip()]
    if "disabled" in line or len(meant) > _CHOICE or (len(meant) > 1 and len(word) <= _FEW):
        return ""
    return " or ".join(meant)


def _right(word: str, known: Callable[[str], bool]) -> bool:
    """Whether a word is known, or made of one that is with a prefix or an ending."""
    if known(word):
        return True
    stems = [word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix)]
    stems += [word.removesuffix(suffix) for suffix in _SUFFIXES if word.endswith(suffix)]
    if re.search(r"(?:[sxzo]|ch|sh|i)es\Z", word):
        stems.append(word.removesuffix("es"))
    stems += [f"{stem}e" for stem in stems] + [stem[:-1] for stem in stems if stem[-1:] == stem[-2:-1]]
    return any(known(stem) for stem in stems)


def _slips(word: str) -> Iterator[str]:
    """The words that one slip makes this one of."""
    for at in range(1, len(word) - 2):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1 :]
    for at in range(1, len(word)):
        for letter in _LETTERS:
            yield word[:at] + letter + word[at:]


def _other_letters(word: str) -> Iterator[str]:
    """The words that another letter than the first makes of this one, or one more or less at its end."""
    for at in range(1, len(word)):
        for letter in _LETTERS:
            yield word[:at] + letter + word[at + 1 :]
    yield word[:-1]
    yield from (word + letter for letter in _LETTERS)
    yield word[:-2] + word[-1] + word[-2]
