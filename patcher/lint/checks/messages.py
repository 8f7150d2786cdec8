"""Checks on the subject and the text of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint import places
from patcher.lint.citations import UPSTREAM
from patcher.lint.job import Job
from patcher.lint.model import Hit, Level
from patcher.mail.model import Kind, Patch

_REVERT = re.compile(r'(?:\S+: )?Revert "|.*\brevert\b', re.IGNORECASE)
_SUBSYSTEM = re.compile(r"(?:\[[^\]]+\]\s*)?(?P<prefix>[^\s:][^:]{0,60}):(?:\s|$)")
_BRACKET = re.compile(r"\[[^\]]{1,40}\]\s*\S")
_FILE = re.compile(r"(?:[\w.+-]+/)*[\w.+-]+\.(?:c|h|S|dts|dtsi|rs|py|pl|sh|rst|txt)\Z")
_CODE_WORD = re.compile(r"[_()\d./*&<>\"'`\[\]-]|.+[A-Z]")
_URL = re.compile(r"\w+://\S+|<\S+@\S+>")
_QUOTED_OUTPUT = re.compile(
    r"\s|[>|+$#*=\[<{@-]|\d+[:.) ]|\w+(?:\.\w+)+:|[./~\w-]+/[./\w-]+:?|[0-9a-f]{8}|(?:EIP|RIP|Call|BUG|PID|CPU)\b"
)
_SECTION = re.compile(r"\(\.[a-z.]+\+0x[0-9a-f]+\)|\AWARNING: \S+[/.]")
_LOG = re.compile(r"\[\s*\d+\.\d{3,}\]|0x[0-9a-f]{6,}|\+0x[0-9a-f]+/0x|={4,}|-{6,}|\b(?:error|warning): |`[^']*'")
_WORD = re.compile(r"[A-Za-z][a-z']+")
_PRONOUN = re.compile(r"(?<![\w\"'`/.-])(?:I|I'm|I've|I'd|[Ww]e|[Ww]e're|[Ww]e've|[Ww]e'll|[Ll]et's)(?![\w/.-])")
_VERSIONS = re.compile(
    r"\s*(?:[-*]\s*)?(?:(?:changes|changed|changelog|differences|what's new)\s+(?:(?:in|since|from|for|to|between)\s+)?"
    r"\(?(?:patch\s*)?v(?:er(?:sion)?)?\s?\.?\d|\[?v\d+\]?\s*(?:->|=>|→|\.\.|to)\s*\[?v?\d|\[?[vV](?:er(?:sion)?\s?)?[2-9]\d?\]?\s*:)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\*\*\* (?:SUBJECT|BLURB) HERE \*\*\*|\bEDITME\b"
    r"|^# (?:Describe the purpose of this series|Please enter the commit)"
    r"|<(?:describe|insert|enter|your|fill in)\b[^>]*>"
    r"|\bTODO: (?:write|describe|add) (?:a )?(?:commit )?(?:message|description)"
)
_NOTE = re.compile(r"\[\s*(?P<who>[\w.+@-]+(?: [\w.+@-]+){0,3}):\s+\S")
_HOW_MADE = re.compile(
    r"\b(?:coccinelle|semantic patch|spatch|sed script|generated (?:by|with|using)|script below)\b", re.IGNORECASE
)


def subject_missing(job: Job) -> Iterator[Hit]:
    """A patch without a summary."""
    if not job.patch.summary:
        yield Hit(
            "it has no subject" if not job.patch.subject else "its subject has no summary", places.subject(job.patch)
        )


def subject_no_patch(job: Job) -> Iterator[Hit]:
    """A mail whose subject does not say [PATCH]."""
    patch = job.patch
    if patch.path and patch.summary and not patch.prefix.patch and patch.sender.address:
        yield Hit("the subject does not begin with [PATCH]", places.subject(patch))


def subject_numbers(job: Job) -> Iterator[Hit]:
    """Numbers that are not padded to one width, or are not in range."""
    prefix = job.patch.prefix
    if prefix.total and prefix.number > prefix.total:
        yield Hit(
            f"patch {prefix.number} of only {prefix.total}", places.subject(job.patch, prefix.text), level=Level.ERROR
        )
    elif prefix.width[0] != prefix.width[1]:
        padded = f"{prefix.number:0{prefix.width[1]}}/{prefix.total}"
        written = f"{prefix.number:0{prefix.width[0]}}/{prefix.total}"
        yield Hit(f"{written} does not sort in mail readers", places.subject(job.patch, written), f"write {padded}")


def summary_length(job: Job) -> Iterator[Hit]:
    """A summary that is too long. What git or a maintainer wrote around it is not counted: a revert, a number."""
    summary = job.patch.summary
    limit = 80 if job.profile == "kvm" else 75
    match = _SUBSYSTEM.match(summary)
    phrase = summary[match.end() :].strip() if match else summary
    if len(summary) <= limit or _REVERT.match(summary):
        return
    level = None if len(phrase) > limit or len(summary) > limit + 5 else Level.NOTE
    yield Hit(f"the summary has {len(summary)} characters", places.subject(job.patch, summary[limit:]),
              f"say it in at most {limit}", level, key=summary)  # fmt: skip


def summary_full_stop(job: Job) -> Iterator[Hit]:
    """A full stop at the end."""
    summary = job.patch.summary
    if (
        summary.endswith(".")
        and not summary.endswith("..")
        and not re.search(r"\b(?:etc|e\.g|i\.e|al|Inc|Ltd|Corp|vs)\.\Z", summary)
    ):
        place = places.subject(job.patch)
        yield Hit("the summary ends with a full stop", place._replace(column=len(place.excerpt.rstrip()), width=1))


def summary_no_subsystem(job: Job) -> Iterator[Hit]:
    """A summary that does not name the subsystem. ``[media] …`` and a revert do."""
    summary = job.patch.summary
    if not summary or _SUBSYSTEM.match(summary) or _BRACKET.match(summary) or _REVERT.match(summary):
        return
    if re.match(r"Linux [\d.]+|Merge |v?\d+\.\d", summary) or re.search(r"\bMAINTAINERS\b", summary):
        return
    yield Hit("the summary names no subsystem", places.subject(job.patch, summary))


def summary_file_name(job: Job) -> Iterator[Hit]:
    """A summary that is the name of a file, or has the path of one for its prefix."""
    summary = job.patch.summary
    match = _SUBSYSTEM.match(summary)
    prefix = match.group("prefix").strip() if match else ""
    if _FILE.match(summary):
        yield Hit("the summary is the name of a file", places.subject(job.patch, summary))
    elif _FILE.match(prefix) and (job.profile in ("tip", "kvm") or prefix.count("/") > 1):
        yield Hit("the path of a file is no prefix", places.subject(job.patch, prefix))


def summary_capital(job: Job) -> Iterator[Hit]:
    """The first word after the prefix in small letters (tip, kvm). A name from the code stays as it is."""
    match = _SUBSYSTEM.match(job.patch.summary)
    if not match:
        return
    phrase = job.patch.summary[match.end() :].strip()
    while (further := _SUBSYSTEM.match(phrase)) and " " not in further.group("prefix"):
        phrase = phrase[further.end() :].strip()
    first = phrase.partition(" ")[0]
    if first[:1].islower() and first.isalpha() and not _CODE_WORD.search(first):
        yield Hit(
            f"{first!r} begins with a small letter", places.subject(job.patch, phrase), f"write {first.capitalize()}"
        )


def summary_kvm(job: Job) -> Iterator[Hit]:
    """A prefix that is not ``KVM: <topic>:`` in a patch for KVM."""
    summary = job.patch.summary
    files = [file.path for file in job.diff.files]
    if _REVERT.match(summary) or not files or all(path.startswith("tools/") for path in files):
        return
    if re.match(r"x86/kvm\b", summary):
        if any(path.startswith("arch/x86/kvm/") for path in files):
            yield Hit("x86/kvm is for Linux as a guest", places.subject(job.patch, "x86/kvm"))
    elif not summary.startswith("KVM: "):
        yield Hit("the summary does not begin with 'KVM: '", places.subject(job.patch, summary))


def summary_fixup(job: Job) -> Iterator[Hit]:
    """A commit that git rebase --autosquash was to fold into another."""
    match = re.match(r"(?:fixup|squash|amend)! |\bWIP\b[: ]|wip: |tmp: |DROP ?ME\b", job.patch.summary)
    if match:
        yield Hit(
            f"{match.group().strip()!r} says that it is not ready", places.subject(job.patch, match.group().strip())
        )


def placeholder(job: Job) -> Iterator[Hit]:
    """Text that a tool left for a person to fill in."""
    patch = job.patch
    if match := _PLACEHOLDER.search(patch.subject):
        yield Hit("a text is still to be filled in", places.subject(patch, match.group()))
    for where, lines in ((places.body, patch.body), (places.below, patch.below)):
        for at, line in enumerate(lines):
            if match := _PLACEHOLDER.search(line):
                yield Hit("a text is still to be filled in", where(patch, at, match.group()))


def _prose(patch: Patch) -> Iterator[tuple[int, str]]:
    """The lines of the message that are neither tags nor below the first of the tags' area."""
    tags = {tag.line for tag in patch.tags}
    first_of_area = min((tag.line for tag in patch.tags if tag.area), default=len(patch.body))
    for at, line in enumerate(patch.body[:first_of_area]):
        if at not in tags:
            yield at, line


def body_missing(job: Job) -> Iterator[Hit]:
    """A message without text. A revert that git wrote has one; so has what only a handler noted."""
    if job.patch.kind is not Kind.PATCH or not job.patch.summary:
        return
    if not any(line.strip() for _, line in _prose(job.patch)):
        yield Hit("the message has no text", places.subject(job.patch), key="none")


def body_wrap(job: Job) -> Iterator[Hit]:
    """Lines of prose of more than 75 characters; told once for a message."""
    patch = job.patch
    long = [
        (at, line)
        for at, line in _prose(patch)
        if len(line) > 75 and is_prose(patch, at) and len(_URL.sub("", line)) > 75
    ]
    if long:
        at, line = long[0]
        more = f", and {len(long) - 1} more" if len(long) > 1 else ""
        place = places.body(patch, at, line[75:])
        yield Hit(f"a line of {len(line)} characters{more}", place)


def is_prose(patch: Patch, at: int) -> bool:
    """Whether line ``at`` of the message is a sentence: not indented or quoted output, a table, or a command."""
    line = patch.body[at]
    if _QUOTED_OUTPUT.match(line) or _SECTION.search(line) or _LOG.search(line) or "\t" in line:
        return False
    if re.search(r"  +\S+  +", line) or UPSTREAM.match(line):
        return False
    words = line.split()
    plain = sum(1 for word in words if _WORD.fullmatch(word.strip(".,;:()'\"!?")))
    return len(words) >= 8 and plain * 3 >= len(words) * 2


def body_imperative(job: Job) -> Iterator[Hit]:
    """``This patch …`` where an order is wanted; told once."""
    for at, line in _prose(job.patch):
        match = re.match(r"(?:In )?[Tt]his (?:patch|commit|changeset|patchset)\b", line)
        begins = (
            at == 0 or not job.patch.body[at - 1].strip() or job.patch.body[at - 1].rstrip().endswith((".", ":", "!"))
        )
        if match and begins:
            following = line[match.end() :].strip()
            if following.startswith(
                ("is required", "is based", "depends", "requires", "was ", "has been", "should be", "set")
            ):
                continue
            yield Hit(f"{match.group()!r} is not in the imperative mood", places.body(job.patch, at, match.group()))
            return


def body_pronoun(job: Job) -> Iterator[Hit]:
    """``I`` and ``we``; told once."""
    for at, line in _prose(job.patch):
        if line[:1] in (" ", "\t", ">", "[", "|") or _LOG.search(line):
            continue
        if match := _PRONOUN.search(line):
            yield Hit(f"{match.group()!r}: the message speaks of persons", places.body(job.patch, at, match.group()))
            return


def message_changelog(job: Job) -> Iterator[Hit]:
    """What changed between versions, in the message."""
    files = [file.path for file in job.diff.files]
    graphics = bool(files) and all(
        path.startswith(("drivers/gpu/", "include/drm/", "include/uapi/drm/")) for path in files
    )
    for at, line in enumerate(job.patch.body):
        if match := _VERSIONS.match(line):
            place = places.body(job.patch, at, match.group().strip())
            yield Hit("the history of versions is in the commit message", place, level=Level.NOTE if graphics else None)
            return


def handler_note(job: Job) -> Iterator[Hit]:
    """A handler's note that does not stand between the text and the tags."""
    tags = [tag.line for tag in job.patch.tags if tag.area]
    if not tags:
        return
    for at, line in enumerate(job.patch.body):
        match = _NOTE.match(line)
        if not match or (
            "@" not in match.group("who")
            and not any(match.group("who").lower() in tag.value.lower() for tag in job.patch.tags)
        ):
            continue
        if at > min(tags):
            yield Hit("the handler's note stands among the tags", places.body(job.patch, at))
        elif at and job.patch.body[at - 1].strip() and not _NOTE.match(job.patch.body[at - 1]):
            yield Hit("no empty line before the handler's note", places.body(job.patch, at))


def generated_input(job: Job) -> Iterator[Hit]:
    """A change made by a program, without the program's input."""
    prose = dict(_prose(job.patch))
    text = "\n".join(prose.get(at, "") for at in range(len(job.patch.body)))
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
        at = text.count("\n", 0, match.start())
        yield Hit(f"{match.group()!r}, but not how", places.body(job.patch, at, match.group()))


def backport_line(job: Job) -> Iterator[Hit]:
    """A patch for a stable tree that does not name the upstream commit."""
    text = "\n".join(job.patch.body)
    match = UPSTREAM.search(text)
    if not match:
        if not re.search(r"upstream", text, re.IGNORECASE):
            yield Hit("no line names the upstream commit", places.subject(job.patch), key="none")
        return
    named = next(group for group in match.groups() if group)
    if len(named) < 40 and "cherry picked" not in match.group():
        at = text.count("\n", 0, match.start(0) + len(match.group()) - len(match.group().lstrip()))
        yield Hit("the upstream commit is abbreviated", places.body(job.patch, at, named))


CHECKS = (
    subject_missing, subject_no_patch, subject_numbers, summary_length, summary_full_stop, summary_no_subsystem,
    summary_file_name, summary_capital, summary_kvm, summary_fixup, placeholder, body_missing, body_wrap,
    body_imperative, body_pronoun, message_changelog, handler_note, generated_input, backport_line,
)  # fmt: skip
