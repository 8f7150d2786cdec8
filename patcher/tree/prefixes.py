"""What patches to some files are titled with: learnt from those that were taken, or else from the path."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from patcher.tree.history import History

YEARS, MOST = 8, 20_000  # of history that is looked at for files
_ENOUGH = 2  # subjects that agree
_NEWEST = 40
_CHAIN = re.compile(r"((?:\[[^\]\s]{1,20}\] )?)((?:[^\s:\"'()][^:\"'()]{0,39}: +){1,3})")
_NOBODYS = re.compile(
    r"revert\b|merge\b|tree-?wide\b|drivers?:|fix\b|fixup!|cleanup\b|spdx\b|licenses?:", re.IGNORECASE
)
_FILE = re.compile(r"\.[chS]\b")
_WORDS = re.compile(r"[a-z0-9]+")
_DRIVER = re.compile(r"[\w.-]+")
_EVERYWHERE = frozenset(("driver", "drivers", "platform", "include", "linux", "kernel", "core", "c", "h"))
_BY_PATH = (
    (re.compile(r"drivers/gpu/drm/amd/(amd\w+)/"), "drm/{0}"),
    (re.compile(r"drivers/gpu/drm/([\w-]+)/"), "drm/{0}"),
    (re.compile(r"drivers/gpu/drm/"), "drm: {driver}"),
    (re.compile(r"drivers/accel/([\w-]+)/"), "accel/{0}"),
    (re.compile(r"drivers/infiniband/(?:hw|ulp)/([\w-]+)/"), "RDMA/{0}"),
    (re.compile(r"sound/soc/codecs/"), "ASoC: {driver}"),
    (re.compile(r"sound/soc/([\w-]+)/"), "ASoC: {0}"),
    (re.compile(r"drivers/power/supply/"), "power: supply: {driver}"),
    (re.compile(r"drivers/input/"), "Input: {driver}"),
    (re.compile(r"drivers/hid/"), "HID: {driver}"),
    (re.compile(r"drivers/pci/"), "PCI: {driver}"),
    (re.compile(r"drivers/acpi/"), "ACPI: {driver}"),
    (re.compile(r"sound/"), "ALSA: {driver}"),
    (re.compile(r"drivers/media/"), "media: {driver}"),
    (re.compile(r"drivers/net/"), "{driver}"),
    (re.compile(r"drivers/staging/([\w-]+)/"), "staging: {0}"),
    (re.compile(r"drivers/video/fbdev/"), "fbdev: {driver}"),
    (re.compile(r"drivers/platform/([\w-]+)/"), "platform/{0}: {driver}"),
    (re.compile(r"drivers/([\w-]+)/"), "{0}: {driver}"),
    (re.compile(r"arch/(\w+)/"), "{0}"),
    (re.compile(r"(?:fs|net)/([\w-]+)/"), "{0}"),
    (re.compile(r"([\w-]+)/"), "{0}"),
)


def learn(groups: Sequence[Sequence[str]], drivers: Sequence[str], history: History | None) -> tuple[str, ...]:
    """The prefix of a patch to each group of paths, with its colon: ``xen/mmu:``.

    Arguments:
        drivers: the name of the driver, or the like, that each group is of, for where history says nothing
        history: up to the tree at hand, None where there is none
    """
    if history is None:
        return tuple(f"{of_path(paths[0], driver)}:" for paths, driver in zip(groups, drivers, strict=True))
    files = sorted({path for paths in groups for path in paths})
    known = history.subjects(files, YEARS, MOST)
    found = [_usual(_together(paths, known), paths) for paths in groups]
    for number, (paths, driver) in enumerate(zip(groups, drivers, strict=True)):
        place = posixpath.dirname(paths[0])
        while not found[number] and place:
            above = history.subjects([place])[place]
            found[number] = _usual(_of_directory(above), paths)
            if found[number] and _related(driver, posixpath.dirname(paths[0])) < 1 and len(above) > _NEWEST:
                found[number] = f"{found[number].partition(': ')[0].rstrip(':')}: {driver}:"
            place = posixpath.dirname(place) if place.count("/") > 1 else ""
        found[number] = found[number] or f"{of_path(paths[0], driver)}:"
    return tuple(found)


def of_path(path: str, driver: str) -> str:
    """A prefix by the path alone, without its colon."""
    for pattern, form in _BY_PATH:
        if match := pattern.match(path):
            own = driver.removeprefix("snd-soc-").removeprefix("snd-") if _DRIVER.fullmatch(driver) else ""
            first, *last = form.format(*match.groups(), driver=own).split(": ")
            return ": ".join([first, *(part for part in last if part not in ("", first))]) or posixpath.basename(path)
    return posixpath.basename(path)


def _together(paths: Iterable[str], known: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(subject for path in paths for subject in known[path][:_NEWEST]))


def _of_directory(subjects: Sequence[str]) -> list[str]:
    """Of what touched a directory, the first parts: what comes behind is of some file in it."""
    return [f"{subject.partition(': ')[0]}: x" for subject in subjects if ": " in subject]


def _usual(subjects: Sequence[str], paths: Sequence[str]) -> str:
    """The prefix that most of the subjects have, "" where too few agree. One that has no word of the paths is taken
    only where the half have it: it may be of somebody who changed all of the tree."""
    chains = [_parts(subject) for subject in subjects[: 2 * _NEWEST]]
    chains = [chain for chain in chains if chain]
    place = " ".join(paths).lower()
    counted = Counter(chain[0].lower() for chain in chains)
    first = ""
    for name, count in counted.most_common():
        near = _related(name, place)
        if count >= (1 if near and len(chains) <= 3 else _ENOUGH) and (near or 2 * count >= len(chains)):
            first = name
            break
    if not first:
        return ""
    chains = [chain for chain in chains if chain[0].lower() == first]
    usual = [_spelt(chain[0] for chain in chains)]
    for depth in (1, 2):
        deeper = Counter(
            chain[depth].lower() for chain in chains if len(chain) > depth and _related(chain[depth], place)
        )
        name, count = deeper.most_common(1)[0] if deeper else ("", 0)
        if 2 * count < len(chains):
            break
        chains = [chain for chain in chains if len(chain) > depth and chain[depth].lower() == name]
        usual.append(_spelt(chain[depth] for chain in chains))
    return f"{': '.join(usual)}:"


def _parts(subject: str) -> tuple[str, ...]:
    match = _CHAIN.match(subject)
    if not match or _NOBODYS.match(subject):
        return ()
    parts = tuple(part.strip() for part in match.group(2).split(": ") if part.strip())
    if match.group(1):  # git am takes it away
        parts = (match.group(1).strip("[] "), *parts)
    return parts if not any(part.count(" ") > 1 or _FILE.search(part) for part in parts) else ()


def _spelt(names: Iterable[str]) -> str:
    return Counter(names).most_common(1)[0][0]


def _related(name: str, place: str) -> int:
    """How many words of a name are in a path."""
    words = set(_WORDS.findall(place))
    own = [word for word in _WORDS.findall(name.lower()) if word not in _EVERYWHERE]
    return sum(word in words or (len(word) > 2 and word in place) for word in own)
