"""Checks of a message against the diff: names that it speaks of, and how many changes it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint import locations, prose
from patcher.lint.job import Message
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.model import Kind

_NAMED = expression(
    r"(?<![\w./>\"'`*&:<@-])([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)(?:\(\))?(?![\w(/\"'`*-]|\.\w|:[\w:]|->)"
)
_IN_CODE = expression(r"[A-Za-z]\w*_\w+")
_SHORTEST_NAME = 8
_LONG_PART = 5


@check(message=("_",))
def name_misspelt(job: Message) -> Iterator[Hit]:
    """A name in the message that the diff has not, but one a letter off, or with its parts in another order."""
    if job.patch.kind is not Kind.PATCH:
        return
    literal = prose.literal_lines(job.patch.body)
    texts = [(job.patch.summary, -1), *((line, at) for at, line in locations.prose(job.patch) if at not in literal)]
    named = {name: at for text, at in reversed(texts) if "_" in text for name in _NAMED.findall(text)}
    diff = job.patch.diff
    lost = {name: at for name, at in named.items() if len(name) >= _SHORTEST_NAME and name not in diff}
    if not lost:
        return
    others = {name for name in _IN_CODE.findall(diff) if len(name) >= _SHORTEST_NAME}
    told = "\n".join(text for text, _ in texts)
    for name, at in lost.items():
        near = [each for each in others if _alike(name, each) and not re.search(rf"\b{each}\b", told)]
        if len(near) == 1:
            location = job.subject(name) if at < 0 else job.body(at, name)
            yield Hit(f"the patch has no {name}", location, f"{near[0]} is in it")


def _alike(one: str, other: str) -> bool:
    """Whether two names differ by the order of their parts, or by one letter within a word of six letters or more that
    both have."""
    parts, others = one.split("_"), other.split("_")
    if parts != others and len(parts) > 2 and sorted(parts) == sorted(others):
        return True
    differing = [pair for pair in zip(parts, others, strict=False) if pair[0] != pair[1]]
    if len(parts) != len(others) or len(differing) != 1:
        return False
    short, long = sorted(differing[0], key=len)
    if len(long) < _LONG_PART or not (short.isalpha() and long.isalpha()) or short.lower() == long.lower():
        return False
    if len(short) == len(long):
        spots = [at for at in range(len(short)) if short[at] != long[at]]
        swapped = len(spots) == 2 and short[spots[0]] == long[spots[1]] and short[spots[1]] == long[spots[0]]
        return swapped and spots[1] - spots[0] == 1
    inside = [at for at in range(1, len(long) - 1) if long[:at] + long[at + 1 :] == short]
    return len(long) - len(short) == 1 and bool(inside)


_ORDER = expression(
    r"\s{0,4}\(?\d{1,2}[.)]\s+(?:add|remov|fix|chang|renam|us(?:e|ing)|mov|replac|updat|improv"
    r"|correct|delet|clean|mak|introduc"
    r"|implement|drop|enabl|disabl|split|convert|modif)(?:e|es|ed|s|ing)?\b",
    re.IGNORECASE,
)
_BOARDS = expression(
    r"arch/arm/boot/dts/(?:(?P<folder>[a-z]+)/|(?P<family>imx|omap|am3|am4|dra7|exynos|s5p"
    r"|at91|sama5|stm32|sun\d|rk3|rv1"
    r"|tegra|bcm|qcom|kirkwood|armada|socfpga|vf\d|berlin|meson|mt\d|r8a|zynq|ste|lpc|ls1|hi3|keystone|aspeed))"
    r"|arch/arm64/boot/dts/(?P<vendor>[a-z]+)/"
)
_SUBSYSTEM = expression(
    r"(?:drivers|sound)/(?!base/|firmware/|soc/|platform/|misc/"
    r"|staging/)(?P<name>[\w-]+)/.*\.c\Z"
)
_LISTED, _FAMILIES, _SUBSYSTEMS = 3, 3, 4


@check
def one_change(job: Message) -> Iterator[Hit]:
    """A list of changes, or changes of several subsystems or SoCs that do not depend on each other."""
    if job.patch.kind is not Kind.PATCH:
        return
    orders = [
        index for index, line in locations.prose(job.patch) if line.lstrip()[:2].strip("(.)") and _ORDER.match(line)
    ]
    if len(orders) >= _LISTED:
        yield Hit(f"a list of {len(orders)} changes", job.body(orders[0]), key="list")
        return
    paths = [file.path for file in job.diff.files]
    boards = [match for path in paths if (match := _BOARDS.match(path))]
    families = {next(filter(None, match.groups())) for match in boards}
    if len(families) >= _FAMILIES and len(boards) == len(paths):
        yield Hit(f"devicetree sources of {', '.join(sorted(families)[:4])}", job.subject(), key="families")
        return
    named = {match.group("name") for path in paths if (match := _SUBSYSTEM.match(path))}
    own = job.patch.summary.partition(":")[0].strip().lower()
    if (
        len(named) >= _SUBSYSTEMS
        and own not in named
        and not any(path.endswith(".h") and "include/" in path for path in paths)
    ):
        yield Hit(f"drivers of {', '.join(sorted(named)[:4])}", job.subject(), key="subsystems")
