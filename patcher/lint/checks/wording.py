"""Checks on how the text of a message is laid out, and what does not belong into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint import locations, prose
from patcher.lint.gate import has
from patcher.lint.job import Message, Tags, same_person
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.decode import person
from patcher.mail.model import Kind

_NARROW = 60  # columns that are left free by who wraps too early
_NARROW_OF_TWO = 56
_GOES_ON = expression(r"[a-z]{1,12} \w")
_LINES = 3
_SHORT = 44  # columns: three lines of less may be meant so
_WORD = expression(r"[a-z]+[,;:]?\Z")
_NO_PROSE = (
    "git",
    "make",
    "echo",
    "perf",
    "dmesg",
    "modprobe",
    "insmod",
    "cat",
    "dtc",
    "gcc",
    "ethtool",
    "commit",
    "struct",
    "return",
)
_CONFIDENTIAL = expression(
    r"\b(?:this (?:e-?mail|message)|information (?:contained )?in this)\b.{0,120}"
    r"\b(?:confidential|privileged|intended only)"
    r"|\bconfidentiality (?:notice|note)\b|\bfor the sole use of the intended\b",
    re.IGNORECASE,
)
_BEFORE = expression(
    r"\b(?:(?:my|the|our|previous|first|last|earlier) )+(?:patch(?:set)?|version|series|submission)\b"
    r".{0,40}\b(?:can be (?:found|seen|reviewed)|was (?:sent|posted|rejected)|here\b)"
    r"|\bas (?:suggested|requested|discussed) (?:by \w+ )?(?:in|on|during) (?:the )?(?:review|v\d|last version)\b"
    r"|\b(?:since|in|from) (?:the )?(?:previous|last|first) (?:version|patch ?set|series|submission)\b",
    re.IGNORECASE,
)
_OF_VERSIONS = ("version", "patch", "series", "submission", "suggested", "requested", "discussed")
_VERSION = expression(
    r"(?:changes?|changed|changelog)\W{0,3}(?:in|since|for|from)?\W{0,3}v(\d{1,2})\b"
    r"|^\s*(?:[-*]\s*)?v\d{1,2}\s*(?:->|=>|-{1,2}>|→|to)\s*v(\d{1,2})\b|^\s*\[?v(\d{1,2})\]?\s*:",
    re.IGNORECASE,
)


@check
def body_layout(job: Message) -> Iterator[Hit]:
    """Text that ends lines far too early, or goes on behind the end of a paragraph without an empty line; told once."""
    if job.patch.kind is not Kind.PATCH:
        return
    literal = prose.literal_lines(job.patch.body)
    lines = dict(locations.prose(job.patch))
    for start, end in prose.paragraphs(job.patch.body):
        if any(index in literal or index not in lines for index in range(start, end)):
            continue
        block = [lines[index].rstrip() for index in range(start, end)]
        if any(re.match(r"\s|o |[-*+•(\[\d]|\w+:", line) or line.endswith(":") for line in block):
            continue
        widest = max(map(len, block), default=0)
        long = end - start > _LINES or (end - start == _LINES and widest > _SHORT)
        if long and widest < _NARROW and prose.to_fill(block):
            yield Hit(f"lines of {widest} columns end too early", job.body(start), "fill them up to 75", key="early")
            return
        short = len(block) == 2 and _SHORT < len(block[0]) < _NARROW_OF_TWO
        if short and block[0][-1].islower() and _GOES_ON.match(block[1]):
            yield Hit(f"a line of {len(block[0])} columns ends too early", job.body(start), key="early")
            return
        for at, (above, below) in enumerate(pairwise(block)):
            room = widest - len(above) > len(below.split(" ")[0]) + 12
            if room and widest > 65 and above.endswith(".") and re.match(r"[A-Z]\w* \w", below):
                yield Hit("a paragraph ends here, and no empty line follows", job.body(start + at), key="paragraph")
                return


@check
def body_capital(job: Message) -> Iterator[Hit]:
    """A text that begins with a small letter."""
    if job.patch.kind is not Kind.PATCH:
        return
    first = next(((index, line) for index, line in locations.prose(job.patch) if line.strip()), None)
    if first is None or first[0] in prose.literal_lines(job.patch.body):
        return
    words = first[1].split()
    code = {"kernel", *re.findall(r"\w+", " ".join(file.path for file in job.diff.files))}
    if len(words) > 3 and _WORD.match(words[0]) and words[0] not in _NO_PROSE and words[0] not in code:
        plain = sum(1 for word in words[:6] if re.fullmatch(r"[a-z',.;]+", word))
        if plain >= min(4, len(words[:6])) and first[1][:1] == words[0][:1]:
            yield Hit(f"{words[0]!r} begins the text with a small letter", job.body(first[0], words[0]))


_SMALL = expression(
    r" (?<=[a-z,(] )(?P<name>fifos?|cpus?|dma|gpios?|i2c|usb|pcie?|acpi|uart|pwm|cxl|nvmem|spi|ddr|hdmi|ufs|emmc"
    r"|el[0-3]|sata|mipi|lcd)"
    r"(?=[ ,.;)](?!\w+\())"
)
_WRITTEN = {
    "Ycbcr": "YCbCr", "Mhz": "MHz", "mhz": "MHz", "Ghz": "GHz", "Khz": "kHz", "khz": "kHz", "Soc": "SoC",
    "Socs": "SoCs", "SOCs": "SoCs", "I2c": "I2C", "Usb": "USB", "Pci": "PCI", "Pcie": "PCIe", "PCIE": "PCIe",
    "Dma": "DMA", "Gpio": "GPIO", "Spi": "SPI", "Uart": "UART", "Hdmi": "HDMI", "Acpi": "ACPI", "Uefi": "UEFI",
}  # fmt: skip
_MIXED = expression(rf"(?<![\w.\"'/<@:-])(?:{'|'.join(_WRITTEN)})(?![\w(\"'/@:-]|\.\w)")


@check
def body_acronym(job: Message) -> Iterator[Hit]:
    """An acronym in small letters, or with others in capitals than it is written with; told once."""
    if job.patch.kind is not Kind.PATCH:
        return
    literal = prose.literal_lines(job.patch.body)
    for index, line in locations.prose(job.patch):
        if index in literal and not prose.is_told(line):
            continue
        if index not in literal and (match := _SMALL.search(line)):
            yield Hit(f"{match.group('name')!r} in small letters", job.body(index, match.group("name")))
            return
        if match := _MIXED.search(line):
            name = match.group()
            yield Hit(f"{name!r} is written {_WRITTEN[name]}", job.body(index, name), f"write {_WRITTEN[name]}")
            return


@check
def body_full_stop(job: Message) -> Iterator[Hit]:
    """A text that ends without a full stop."""
    if job.patch.kind is not Kind.PATCH:
        return
    lines = [(index, line.rstrip()) for index, line in locations.prose(job.patch) if line.strip()]
    if not lines or lines[-1][0] in prose.literal_lines(job.patch.body):
        return
    index, last = lines[-1]
    block = [line for at, line in lines if at > index - 4]
    listed = any(re.match(r"\s|o |[-*+•(\[\d#$>]|\w+:", line) for line in block)
    words = len(" ".join(block).split())
    if (
        not listed
        and words > 6
        and re.search(r"[a-z]{2}[\"')]?\Z", last)
        and not re.search(r"[:/_=]|\b\w+\(", last.split()[-1])
    ):
        yield Hit("the last sentence ends without a full stop", job.body(index, last.split()[-1]))


@check
def body_versions(job: Message) -> Iterator[Hit]:
    """A version that the changelog tells of, and the subject has not; or talk of an earlier version in the message."""
    patch = job.patch
    if not patch.path or patch.kind is not Kind.PATCH:
        return
    speaks = has(job.texts.message, _OF_VERSIONS)
    for index, line in locations.prose(patch) if speaks else ():
        if match := _BEFORE.search(line):
            yield Hit(f"{match.group()!r} is of another version: nobody knows it later", job.body(index, match.group()),
                      "put it below the ---", key="before")  # fmt: skip
            break
    told = [(int(number), index) for index, line in enumerate(patch.below)
            for numbers in _VERSION.findall(line) for number in numbers if number]  # fmt: skip
    newest = max(told, default=(0, 0))
    if newest[0] > patch.prefix.version and newest[0] < 60 and not patch.prefix.resend:
        what = f"the changelog is of version {newest[0]}, the subject of version {patch.prefix.version}"
        yield Hit(what, locations.below(patch, newest[1]), "git format-patch -v", key="number")


@check
def confidential_footer(job: Message) -> Iterator[Hit]:
    """A notice that a mail is confidential: nobody may apply it."""
    patch = job.patch
    if not any(
        word in text for word in ("onfidential", "sole", "intended") for text in (job.texts.message, patch.diff)
    ):
        return
    text = [*patch.body, *patch.below, *job.diff.lines[-30:]]
    for line, following in zip(text, [*text[1:], ""], strict=True):
        here = f"{line} {following}"
        if ("onfidential" in here or "sole use" in here or "intended only" in here) and _CONFIDENTIAL.search(here):
            yield Hit("the mail says that it is confidential", job.mail(), key="confidential")
            return


@check(message=("reviewed", "acked", "tested"))
def review_own(job: Tags) -> Iterator[Hit]:
    """A review, an ack or a test by the author."""
    for tag in job.patch.tags:
        if tag.key in ("reviewed-by", "acked-by", "reviewed-and-tested-by", "tested-by") and tag.area:
            one = person(tag.value)
            if one and one.name and same_person(one, job.patch.author):
                yield Hit(f"{tag.name}: is of the author", job.tag(tag), "remove it")


@check
def tags_spread(job: Tags) -> Iterator[Hit]:
    """An empty line among the tags; told once."""
    patch = job.patch
    area = [tag for tag in patch.tags if tag.area]
    body = patch.body
    last = max((index for index, line in enumerate(body) if line.strip()), default=-1)
    lines = {tag.line for tag in patch.tags}
    if last not in lines:
        return
    start = last
    while start and (start - 1 in lines or not body[start - 1].strip()):
        start -= 1
    for index in range(start, last):
        if not body[index].strip() and index - 1 in lines and area:
            yield Hit("an empty line parts the tags", job.body(index - 1), key="spread")
            return
