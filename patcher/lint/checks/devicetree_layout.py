"""Checks on how devicetree sources and examples are laid out: the order in a node, letters, numbers that have names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.bindings import BINDINGS
from patcher.lint.checks.sorting import natural
from patcher.lint.hunks import Shown, shown
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check

_ENDS = (".dts", ".dtsi", ".dtso")
_OPENS = expression(
    r"(?P<indent>\s*)(?:/\w[\w-]*/ )?(?:\w+:\s*)*(?P<name>&?[\w,.+-]+|/)(?:@(?P<unit>[\w,.]+))?\s*\{\s*\Z"
)
_CLOSES = expression(r"\s*\};?\s*\Z")
_ASSIGNS = expression(r"\s*(?P<name>[#\w][\w,.+?#-]*)\s*(?:=|;)")
_HEX = expression(r"\b0x(?=[0-9a-fA-F]*[A-F])[0-9A-F]+\b")
_INTERRUPT = expression(r"\s*interrupts(?:-extended)? = <(?:&gic )?(?P<kind>[01]|GIC_[SP]PI) \d+ (?P<flag>0x\w+|\d+)>")
_GPIO = expression(r"\s*(?:[\w,-]+-)?gpios? = <&\w*(?:gpio|pio|gpi|porta|pio\w)\w* \d+ [01]>")
_CODE = expression(r"\s*linux,(?:code|input-type) = <(?:0x\w+|\d+)>")
_TOP_LABEL = expression(r"&(?P<name>\w+) \{\s*\Z")
_OLD_NAMES = expression(
    r"(?:device_type|dr_mode|phy_type|phy_mode|phy_id|snps|linux|fsl|hnp|srp)\w*\Z|.*_(?:mode|type)\Z"
)
_CLOSE_TOGETHER = expression(r"(?:core|cluster|thread|endpoint|map|trip|opp)\w*\Z")
_NAMES = {"reg-names": "reg", "clock-names": "clocks", "interrupt-names": "interrupts", "reset-names": "resets",
          "dma-names": "dmas", "phy-names": "phys"}  # fmt: skip
_NO_BLANK = expression(r"\s*[\w#,.-]+ = [^/]*[\">],[\"<&]|\s+\"[^\"]*\"(?:, \"[^\"]*\")*,\"")
_TWO_BLANKS = expression(r"\s*[\w#,.-]+ = <[^>]*\w  +\w|\s*[\w#,.-]+  = |\s*[\w#,.-]+ =  +\S")
_FEW = 2
_MANY = 3
_LAST = expression(r"pinctrl|iomuxc|pio|tlmm|pfc|lpi_tlmm|\w*_gpios?\Z|\w*pin")  # customary at the end


@check(files=(".dts", BINDINGS))
def dts_layout(job: Change) -> Iterator[Hit]:
    """What stands in a node in another order than the style has it, capitals, and padded addresses; each told once a
    file."""
    for file in job.diff.files:
        example = file.path.startswith(BINDINGS) and file.path.endswith(".yaml")
        if file.deleted or not (file.path.endswith(_ENDS) or example):
            continue
        told: set[str] = set()
        for hunk in shown(job.diff, file):
            lines = _example(hunk) if example else hunk
            for what, each in (*_letters(lines), *_spaces(lines), *_pairs(lines),
                               *(() if example else (*_order(lines), *_labels(lines)))):  # fmt: skip
                if what not in told:
                    told.add(what)
                    yield Hit(what, job.file(file.path, each.line), key=f"{what} {each.text.strip()}")


def _example(hunk: Sequence[Shown]) -> Sequence[Shown]:
    """What a hunk shows of the examples of a binding."""
    start = next((at for at, each in enumerate(hunk) if each.text.startswith("examples:")), len(hunk))
    return hunk[start:]


def _order(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    """A status before other properties, a node without an empty line before it, a property behind nodes."""
    seen: list[tuple[bool, bool]] = []  # of the open nodes: whether a status, and whether a node was there
    for above, each in pairwise(hunk):
        opened = _OPENS.match(each.text)
        if opened:
            before = _ASSIGNS.match(above.text) and above.text.rstrip().endswith(";") and not _OPENS.match(above.text)
            if each.added and before and opened.group("name") != "endpoint" and not above.text.startswith("/"):
                yield "no empty line before a child node", each
            elif (
                each.added and re.match(r"\s+\};\s*\Z", above.text) and not _CLOSE_TOGETHER.match(opened.group("name"))
            ):
                yield "no empty line between two nodes", each
            if seen:
                seen[-1] = seen[-1][0], True
            seen.append((False, False))
        elif _CLOSES.match(each.text):
            if seen:
                seen.pop()
        elif seen and (match := _ASSIGNS.match(each.text)):
            status, child = seen[-1]
            if status and each.added:
                yield "status is not the last property", each
            if child and each.added:
                yield "a property behind a child node", each
            seen[-1] = match.group("name") == "status", child


def _spaces(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    """Blanks that are missing or too many, and lines that go on somewhere else than below the first value."""
    for above, each in pairwise(hunk):
        if not each.added:
            continue
        if _NO_BLANK.match(each.text):
            yield "no blank after a comma", each
        if _TWO_BLANKS.match(each.text):
            yield "two blanks in a property", each
        first = re.match(r"(?P<start>\s*[#\w,.+?-]+ = )[<\"&].*,\s*\Z", above.text) if above.added else None
        if first and re.match(r"\s+[<\"]", each.text):
            own = each.text[: len(each.text) - len(each.text.lstrip())]
            if len(first.group("start").expandtabs(8)) != len(own.expandtabs(8)):
                yield "a line that does not go on below the first value", each


def _pairs(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    """Names before what they are of."""
    seen: dict[str, Shown] = {}
    for each in hunk:
        if _OPENS.match(each.text) or _CLOSES.match(each.text):
            seen = {}
        elif match := _ASSIGNS.match(each.text):
            name = match.group("name")
            if name in _NAMES and each.added:
                seen[_NAMES[name]] = each
            elif name in seen:
                yield "names stand before what they are of", seen.pop(name)


def _letters(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    for each in hunk:
        if not each.added:
            continue
        if "<" in each.text and _HEX.search(each.text) and not re.match(r"\s*(?:/?\*|//)", each.text):
            yield "a hexadecimal number in capitals", each
        opened = _OPENS.match(each.text)
        unit = (opened.group("unit") or "") if opened else ""
        if re.match(r"0x|0[0-9a-f]", unit):
            yield "a unit address with 0x or leading zeros", each
        elif re.search(r"[A-F]", unit):
            yield "a unit address in capitals", each
        match = _ASSIGNS.match(each.text)
        named = match.group("name") if match and each.text[:1] in "\t " else ""
        if re.match(r"[a-z]\w*_\w*\Z", named) and not _OLD_NAMES.match(named):
            yield "a property with an underscore in its name", each


def _labels(hunk: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    """``&label {`` that is added where the labels around it are sorted otherwise."""
    found = [(match.group("name"), each) for each in hunk if (match := _TOP_LABEL.match(each.text))]
    old = [name for name, each in found if not each.added]
    if len(old) >= _FEW and old == sorted(old) and len(set(old)) == len(old):
        for (one, above), (other, below) in pairwise(found):
            if (above.added or below.added) and one > other:
                yield "the order of labels: they are sorted by name", below if below.added else above
    if not old:
        new = [(natural(name), each) for name, each in found if not _LAST.match(name)]
        wrong = [each for (one, _), (other, each) in pairwise(new) if one > other]
        if len(new) > _MANY and wrong:
            yield "the order of labels: those of a file are sorted by name", wrong[0]


@check(files=(".dts", BINDINGS))
def dts_numbers(job: Change) -> Iterator[Hit]:
    """A number where a constant of dt-bindings has a name: flags of interrupts and GPIOs, codes of keys; each told once
    a file."""
    for file in job.diff.files:
        example = file.path.startswith(BINDINGS) and file.path.endswith(".yaml")
        if file.deleted or not (file.path.endswith(_ENDS) or example):
            continue
        told: set[str] = set()
        for line in file.added:
            what = _number(line.text)
            if what and what not in told:
                told.add(what)
                yield Hit(what, job.file(file.path, line))


def _number(text: str) -> str:
    if "interrupts" in text and (match := _INTERRUPT.match(text)) and match.group("flag") != "0":
        return "an interrupt as numbers: GIC_SPI, IRQ_TYPE_LEVEL_HIGH and the like have names"
    if "gpio" in text and _GPIO.match(text):
        return "the flag of a GPIO as a number: GPIO_ACTIVE_HIGH, GPIO_ACTIVE_LOW"
    if "linux," in text and _CODE.match(text):
        return "the code of a key as a number: KEY_… has a name"
    return ""
