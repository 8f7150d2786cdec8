"""Checks on the subject and the text of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint import locations
from patcher.lint.citations import UPSTREAM
from patcher.lint.job import Message
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.model import Kind, Patch

_REVERT = re.compile(r'(?:\S+: )?Revert "|.*\brevert\b', re.IGNORECASE)
_SUBSYSTEM = re.compile(r"(?:\[[^\]]+\]\s*)?(?P<prefix>[^\s:][^:]{0,60}):(?:\s|$)")
_FILE = re.compile(r"(?:[\w.+-]+/)*[\w.+-]+\.(?:c|h|S|dts|dtsi|rs|py|pl|sh|rst|txt)\Z")
_CODE_WORD = re.compile(r"[_()\d./*&<>\"'`\[\]-]|.+[A-Z]")
_URL = re.compile(r"\w+://\S+|<\S+@\S+>")
_QUOTED_OUTPUT = re.compile(
    r"\s|[>|+$#*=\[<{@-]|\d+[:.) ]|\w+(?:\.\w+)+:|[./~\w-]+/[./\w-]+:?|[0-9a-f]{8}|(?:EIP|RIP|Call|BUG|PID|CPU)\b"
)
_SECTION = re.compile(r"\(\.[a-z.]+\+0x[0-9a-f]+\)|\AWARNING: \S+[/.]")
_LOG = re.compile(r"\[\s*\d+\.\d{3,}\]|0x[0-9a-f]{6,}|\+0x[0-9a-f]+/0x|={4,}|-{6,}|\b(?:error|warning): |`[^']*'")
_WORD = re.compile(r"[A-Za-z][a-z']+")
_VERSIONS = re.compile(
    r"\s*(?:[-*]\s*)?(?:(?:changes|changed|changelog|differences|what's new)\s+(?:(?:in|since|from|for|to|between)\s+)?"
    r"\(?(?:patch\s*)?v(?:er(?:sion)?)?\s?\.?\d|\[?v\d+\]?\s*(?:->|=>|→|\.\.|to)\s*\[?v?\d|\[?[vV](?:er(?:sion)?\s?)?[2-9]\d?\]?\s*:)",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\[\s*(?P<who>[\w.+@-]+(?: [\w.+@-]+){0,3}):\s+\S")
_HOW_MADE = re.compile(
    r"\b(?:coccinelle|semantic patch|spatch|sed script|generated (?:by|with|using)|script below)\b", re.IGNORECASE
)


@check
def subject_missing(job: Message) -> Iterator[Hit]:
    """A patch without a summary."""
    if not job.patch.summary:
        yield Hit("it has no subject" if not job.patch.subject else "its subject has no summary", job.subject())


@check
def subject_no_patch(job: Message) -> Iterator[Hit]:
    """A mail whose subject does not say [PATCH]."""
    patch = job.patch
    if patch.path and patch.summary and not patch.prefix.patch and patch.sender.address:
        yield Hit("the subject does not begin with [PATCH]", job.subject())


@check
def subject_numbers(job: Message) -> Iterator[Hit]:
    """Numbers that are not padded to one width, or are not in range."""
    prefix = job.patch.prefix
    if prefix.total and prefix.number > prefix.total:
        location = job.subject(prefix.text)
        yield Hit(f"patch {prefix.number} of only {prefix.total}", location, level=Level.ERROR)
    elif prefix.width[0] != prefix.width[1]:
        padded = f"{prefix.number:0{prefix.width[1]}}/{prefix.total}"
        written = f"{prefix.number:0{prefix.width[0]}}/{prefix.total}"
        yield Hit(f"{written} does not sort in mail readers", job.subject(written), f"write {padded}")


@check
def summary_length(job: Message) -> Iterator[Hit]:
    """A summary that is too long. What git or a maintainer wrote around it is not counted: a revert, a number."""
    summary = job.patch.summary
    limit = 80 if job.profile == "kvm" else 75
    match = _SUBSYSTEM.match(summary)
    phrase = summary[match.end() :].strip() if match else summary
    if len(summary) <= limit or _REVERT.match(summary):
        return
    level = None if len(phrase) > limit or len(summary) > limit + 5 else Level.NOTE
    yield Hit(f"the summary has {len(summary)} characters", job.subject(summary[limit:]),
              f"say it in at most {limit}", level, key=summary)  # fmt: skip


@check
def summary_file_name(job: Message) -> Iterator[Hit]:
    """A summary that is the name of a file, or has the path of one for its prefix."""
    summary = job.patch.summary
    match = _SUBSYSTEM.match(summary)
    prefix = match.group("prefix").strip() if match else ""
    if _FILE.match(summary):
        yield Hit("the summary is the name of a file", job.subject(summary))
    elif _FILE.match(prefix) and (job.profile in ("tip", "kvm") or prefix.count("/") > 1):
        yield Hit("the path of a file is no prefix", job.subject(prefix))


@check
def summary_capital(job: Message) -> Iterator[Hit]:
    """The first word after the prefix in small letters (tip, kvm). A name from the code stays as it is."""
    match = _SUBSYSTEM.match(job.patch.summary)
    if not match:
        return
    phrase = job.patch.summary[match.end() :].strip()
    while (further := _SUBSYSTEM.match(phrase)) and " " not in further.group("prefix"):
        phrase = phrase[further.end() :].strip()
    first = phrase.partition(" ")[0]
    if first[:1].islower() and first.isalpha() and not _CODE_WORD.search(first):
        yield Hit(f"{first!r} begins with a small letter", job.subject(phrase), f"write {first.capitalize()}")


@check
def summary_kvm(job: Message) -> Iterator[Hit]:
    """A prefix that is not ``KVM: <topic>:`` in a patch for KVM."""
    summary = job.patch.summary
    files = [file.path for file in job.diff.files]
    if _REVERT.match(summary) or not files or all(path.startswith("tools/") for path in files):
        return
    if re.match(r"x86/kvm\b", summary):
        if any(path.startswith("arch/x86/kvm/") for path in files):
            yield Hit("x86/kvm is for Linux as a guest", job.subject("x86/kvm"))
    elif not summary.startswith("KVM: "):
        yield Hit("the summary does not begin with 'KVM: '", job.subject(summary))


@check
def body_missing(job: Message) -> Iterator[Hit]:
    """A message without text. A revert that git wrote has one; so has what only a handler noted."""
    if job.patch.kind is not Kind.PATCH or not job.patch.summary:
        return
    if not any(line.strip() for _, line in locations.prose(job.patch)):
        yield Hit("the message has no text", job.subject(), key="none")


@check
def body_wrap(job: Message) -> Iterator[Hit]:
    """Lines of prose of more than 75 characters; told once for a message."""
    patch = job.patch
    long = [
        (index, line)
        for index, line in locations.prose(patch)
        if len(line) > 75 and is_prose(patch, index) and len(_URL.sub("", line)) > 75
    ]
    if long:
        index, line = long[0]
        more = f", and {len(long) - 1} more" if len(long) > 1 else ""
        location = job.body(index, line[75:])
        yield Hit(f"a line of {len(line)} characters{more}", location)


def is_prose(patch: Patch, index: int) -> bool:
    """Whether line ``index`` of the message is a sentence: not indented or quoted output, a table, or a command."""
    line = patch.body[index]
    if _QUOTED_OUTPUT.match(line) or _SECTION.search(line) or _LOG.search(line) or "\t" in line:
        return False
    if re.search(r"  +\S+  +", line) or UPSTREAM.match(line):
        return False
    words = line.split()
    plain = sum(1 for word in words if _WORD.fullmatch(word.strip(".,;:()'\"!?")))
    return len(words) >= 8 and plain * 3 >= len(words) * 2


@check
def body_imperative(job: Message) -> Iterator[Hit]:
    """``This patch …`` where an order is wanted; told once."""
    for index, line in locations.prose(job.patch):
        match = re.match(r"(?:In )?[Tt]his (?:patch|commit|changeset|patchset)\b", line)
        above = job.patch.body[index - 1].rstrip() if index else ""
        begins = not above or above.endswith((".", ":", "!"))
        if match and begins:
            following = line[match.end() :].strip()
            if following.startswith(
                ("is required", "is based", "depends", "requires", "was ", "has been", "should be", "set")
            ):
                continue
            location = job.body(index, match.group())
            yield Hit(f"{match.group()!r} is not in the imperative mood", location)
            return


@check
def message_changelog(job: Message) -> Iterator[Hit]:
    """What changed between versions, in the message."""
    files = [file.path for file in job.diff.files]
    graphics = bool(files) and all(
        path.startswith(("drivers/gpu/", "include/drm/", "include/uapi/drm/")) for path in files
    )
    for index, line in enumerate(job.patch.body):
        if match := _VERSIONS.match(line):
            location = job.body(index, match.group().strip())
            level = Level.NOTE if graphics else None
            yield Hit("the history of versions is in the commit message", location, level=level)
            return


@check
def handler_note(job: Message) -> Iterator[Hit]:
    """A handler's note that does not stand between the text and the tags."""
    tags = [tag.line for tag in job.patch.tags if tag.area]
    if not tags:
        return
    for index, line in enumerate(job.patch.body):
        match = _NOTE.match(line)
        if not match or (
            "@" not in match.group("who")
            and not any(match.group("who").lower() in tag.value.lower() for tag in job.patch.tags)
        ):
            continue
        if index > min(tags):
            yield Hit("the handler's note stands among the tags", job.body(index))
        elif index and job.patch.body[index - 1].strip() and not _NOTE.match(job.patch.body[index - 1]):
            yield Hit("no empty line before the handler's note", job.body(index))


@check
def generated_input(job: Message) -> Iterator[Hit]:
    """A change made by a program, without the program's input."""
    prose = dict(locations.prose(job.patch))
    text = "\n".join(prose.get(index, "") for index in range(len(job.patch.body)))
    match = _HOW_MADE.search(text)
    if not match or job.diff.changed < 20:
        return
    shown = (
        re.search(r"^(?:[ \t]+|[@+-])\S", text, re.MULTILINE)
        or _URL.search(text)
        or re.search(r"\S+\.cocci\b|scripts/\S+|`[^`]+`", text)
        or re.search(r"[Gg]enerated (?:by|with|using) \S+ v?\d[\w.]*,", text)  # the tool's version, and its input
    )
    if not shown:
        index = text.count("\n", 0, match.start())
        yield Hit(f"{match.group()!r}, but not how", job.body(index, match.group()))


@check
def backport_line(job: Message) -> Iterator[Hit]:
    """A patch for a stable tree that does not name the upstream commit."""
    text = "\n".join(job.patch.body)
    match = UPSTREAM.search(text)
    if not match:
        if not re.search(r"upstream", text, re.IGNORECASE):
            yield Hit("no line names the upstream commit", job.subject(), key="none")
        return
    named = next(group for group in match.groups() if group)
    if len(named) < 40 and "cherry picked" not in match.group():
        index = text.count("\n", 0, match.start(0) + len(match.group()) - len(match.group().lstrip()))
        yield Hit("the upstream commit is abbreviated", job.body(index, named))
