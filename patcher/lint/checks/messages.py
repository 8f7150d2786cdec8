"""Checks on the subject and the text of a message."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint import locations, prose
from patcher.lint.citations import UPSTREAM, prefix_paths
from patcher.lint.gate import C_FILES, has
from patcher.lint.job import Message
from patcher.lint.model import Hit, Level
from patcher.lint.register import check
from patcher.mail.model import Kind

_REVERT = expression(r'(?:\S+: )?Revert "|.*\brevert\b', re.IGNORECASE)
SUBSYSTEM = expression(r"(?:\[[^\]]+\]\s*)?(?P<prefix>[^\s:][^:]{0,60}):(?:\s|$)")
_NO_SUBSYSTEM_NEEDED = expression(
    r"\A\[[^\]]{1,40}\]\s*\S|\A(?:\S+: )?(?i:Revert \")|\b(?i:revert)\b|\ALinux [\d.]+|\AMerge |\Av?\d+\.\d"
    r"|\bMAINTAINERS\b|\A[A-Z]{2,8}(?:, [A-Z]{2,8})?, [A-Z][a-z]"  # ACPI, APEI, Fix
)
_FILE = expression(r"(?:[\w.+-]+/)*[\w.+-]+\.(?:c|h|S|dts|dtsi|rs|py|pl|sh|rst|txt)\Z")
_CODE_WORD = expression(r"[_()\d./*&<>\"'`\[\]-]|.+[A-Z]")
_VERSIONS = expression(
    r"\s*(?:[-*]\s*)?(?:(?:changes|changed|changelog|differences|what's new)\s+(?:(?:in|since|from|for|to"
    r"|between)\s+)?\(?(?:patch\s*)?v(?:er(?:sion)?)?\s?\.?\d|\[?v\d+\]?\s*(?:->|=>|→|\.\.|to)\s*\[?v?\d"
    r"|\[?[vV](?:er(?:sion)?\s?)?[2-9]\d?\]?\s*:)",
    re.IGNORECASE,
)
_NOTE = expression(r"\[\s*(?P<who>[\w.+@-]+(?: [\w.+@-]+){0,3}):\s+\S")
_LETTER = expression(
    r"(?:Hi|Hello|Hey|Dear|Greetings|Good (?:day|morning|evening))\b(?: [\w.@-]+){0,4}\s*[,!.:-]?\s*\Z"
    r"|(?:Hi|Hello|Dear) (?:all|everyone|maintainers?|\w+),"
    r"|(?:Many |Best |Kind |Warm |With best |With kind )?(?:thanks|thank you|regards|cheers|sincerely|BR"
    r"|greetings)\b(?: [\w-]+){0,3}\s*[,!.]?\s*\Z"
    r"|(?:Thanks|Thank you)(?: \w+)? for (?:your|the) (?:review|comment|feedback|time|help|suggestion)",
    re.IGNORECASE,
)
_REQUEST = expression(
    r"\bplease (?:kindly )?(?:review|apply|merge|pull|consider (?:apply|merg|this)|let me know|comment on"
    r"|help (?:to )?review|give me|find the patch)"
    r"|\b(?:any (?:comments?|feedback|suggestions?) (?:is|are|would be)|comments? (?:are )?welcome|I look forward to"
    r"|looking forward to your)\b",
    re.IGNORECASE,
)
_TWICE = expression(
    r"(?<![\w.\"'`<\[/-])(the|a|an|to|of|in|is|and|for|on|with|be|it|this|by|are|from|or|as|not|we|can|will|has|have"
    r"|was|at|but|if|when|its|should|which"
    r"|then|these|there|only|all|so|into|use|used|also|must|may|same|new)\s+(?P<again>\1)(?![\w.\"'`>\]/(-])",
    re.IGNORECASE,
)
_WORDS = expression(r"\w+")
_CALL = expression(r"\w\+0x[0-9a-f]+/0x[0-9a-f]+")
_MANY_CALLS = 15
_REGISTERS = expression(
    r"[\s>|]*(?:\[[\s\d.]+\]\s*)?(?:\[?\s*T\d+\]\s*)?"
    r"(?:Code: (?:\(?[0-9a-f]{2,8}\)? ){4}|Modules linked in:"
    r"|(?:RSP|RAX|RBP|EAX|x0|r0|x29|GPR00|R10)\s?: ?(?:\w+:)?[0-9a-f]{8,16})"
)
_SCISSORS = expression(r"[-\s]*(?:8<|>8|%<|>%)[-\s]*(?:cut here)?[-\s]*(?:(?:8<|>8)[-\s]*)?")
_TIME = expression(r"[\s>|]*\[ *\d+\.\d{6}\]")
_HOW_MADE = expression(
    r"\b(?:coccinelle|semantic patch|spatch|sed script|generated (?:by|with|using)|script below)\b", re.IGNORECASE
)


@check
def subject_missing(job: Message) -> Iterator[Hit]:
    """A patch without a summary."""
    if not job.patch.summary:
        yield Hit("it has no subject" if not job.patch.subject else "its subject has no summary", job.subject())


@check
def subject_no_patch(job: Message) -> Iterator[Hit]:
    """A mail whose subject does not say [PATCH]. RFC alone is not far from it."""
    patch = job.patch
    if patch.path and patch.summary and not patch.prefix.patch and patch.sender.address:
        level = Level.NOTE if patch.prefix.rfc else None
        yield Hit("the subject does not begin with [PATCH]", job.subject(), level=level)


@check
def subject_numbers(job: Message) -> Iterator[Hit]:
    """Numbers that are not padded to one width, or are not in range, as those of an addition to a series are."""
    prefix = job.patch.prefix
    if prefix.total and prefix.number > prefix.total:
        location = job.subject(prefix.text)
        yield Hit(f"patch {prefix.number} of only {prefix.total}", location, "say to what it is an addition")
    elif prefix.width[0] != prefix.width[1]:
        padded = f"{prefix.number:0{prefix.width[1]}}/{prefix.total}"
        written = f"{prefix.number:0{prefix.width[0]}}/{prefix.total}"
        yield Hit(f"{written} does not sort in mail readers", job.subject(written), f"write {padded}")


@check
def summary_length(job: Message) -> Iterator[Hit]:
    """A summary that is too long. What git or a maintainer wrote around it is not counted: a revert, a number."""
    summary = job.patch.summary
    limit = 80 if job.profile == "kvm" else 75
    match = SUBSYSTEM.match(summary)
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
    match = SUBSYSTEM.match(summary)
    prefix = match.group("prefix").strip() if match else ""
    if _FILE.match(summary):
        yield Hit("the summary is the name of a file", job.subject(summary))
        return
    of_tree = job.profile in ("tip", "kvm") or prefix.count("/") > 1
    if of_tree and _FILE.match(prefix) and not _calls_itself_so(job, prefix):
        yield Hit("the path of a file is no prefix", job.subject(prefix))


def _calls_itself_so(job: Message, prefix: str) -> bool:
    """Whether what a patch touches is known by the name of a file: a header of all, a script; or as its history has
    it."""
    if not prefix.endswith((".c", ".S", ".dts", ".dtsi")) and not prefix.startswith(
        ("arch/", "drivers/", "fs/", "net/")
    ):
        return True
    paths = prefix_paths(job.diff) if job.context.has_history else ()
    titled = job.context.history.subjects(list(paths)) if paths else {}
    return sum(subject.startswith(f"{prefix}:") for path in paths for subject in titled.get(path, ())) > 1


_TOP = expression(
    r"(?:Documentation|LICENSES|arch|block|certs|crypto|drivers|fs|include|init|io_uring|ipc|kernel"
    r"|lib|mm|net|rust|samples|scripts|security|sound|tools|usr|virt)/"
)


@check
def summary_no_subsystem(job: Message) -> Iterator[Hit]:
    """A summary without "subsystem: ", or without the blank in it."""
    summary = job.patch.summary
    paths = [file.path for file in job.diff.files]
    if paths and all(path.endswith((".py", ".man", ".rb")) and not _TOP.match(path) for path in paths):
        return  # of another project than the kernel
    if not summary or _NO_SUBSYSTEM_NEEDED.search(summary) or SUBSYSTEM.match(summary):
        return
    if match := re.match(r"(?:\[[^\]]+\]\s*)?(\w[\w/.,+ -]{0,40}:)(?!:)(?=\S)", summary):
        what = f"a blank is missing after {match.group(1)!r}"
        yield Hit(what, job.subject(match.group(1)), f"write '{match.group(1)} '")
    else:
        yield Hit("the summary names no subsystem", job.subject())


@check
def summary_capital(job: Message) -> Iterator[Hit]:
    """The first word after the prefix in small letters (tip, kvm). A name from the code stays as it is."""
    match = SUBSYSTEM.match(job.patch.summary)
    if not match:
        return
    phrase = job.patch.summary[match.end() :].strip()
    while (further := SUBSYSTEM.match(phrase)) and " " not in further.group("prefix"):
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
    if long := prose.long_lines(job.patch):
        line = job.patch.body[long[0]]
        more = f", and {len(long) - 1} more" if len(long) > 1 else ""
        yield Hit(f"a line of {len(line)} characters{more}", job.body(long[0], line[prose.WIDTH :]))


_PAST = expression(
    r"(?P<verb>(?:Add|Updat|Enabl|Disabl|Chang|Remov|Fix|Implement|Introduc|Convert|Mov|Renam|Replac|Correct|Delet"
    r"|Improv|Us|Mak|Creat|Allow|Document)(?:ed|s|es|ing))\b(?!-)",
    re.IGNORECASE,
)


_DONE = expression(r"(?:Added|Updated|Removed|Changed|Moved|Renamed|Replaced|Fixed|Enabled|Disabled)\b(?= \w)")
_WOULD = expression(
    r"(?:[Tt]his|[Tt]he) (?:(?:patch|commit|change|series|patchset) )?(?:would|will|shall) (?:add|introduce|remove|fix"
    r"|rename|move|convert|export|implement|replace|split)\b"
)
_THIS_PATCH = expression(r"(?:In )?[Tt]his (?:patch|commit|changeset|patchset)\b")


@check
def body_imperative(job: Message) -> Iterator[Hit]:
    """``This patch …`` where an order is wanted; told once. Other moods at the very beginning are a note."""
    for index, line in locations.prose(job.patch):
        match = _THIS_PATCH.match(line)
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
    yield from _other_mood(job)


def _other_mood(job: Message) -> Iterator[Hit]:
    """A summary or a text that begins with "Added", "Adds", "Adding" or the like, or with what the patch is."""
    if job.patch.kind is not Kind.PATCH:
        return
    phrase = job.patch.summary.rpartition(": ")[2]
    if match := _PAST.match(phrase):
        yield Hit(f"{match.group('verb')!r} is not in the imperative mood", job.subject(phrase), level=Level.NOTE)
        return
    first = next(((index, line) for index, line in locations.prose(job.patch) if line.strip()), (0, ""))
    for index, line in locations.prose(job.patch):
        if (done := _DONE.match(line)) and index and not job.patch.body[index - 1].strip():
            yield Hit(
                f"{done.group()!r} is not in the imperative mood", job.body(index, done.group()), level=Level.NOTE
            )
            return
        if would := _WOULD.match(line):
            yield Hit(
                f"{would.group()!r} is not in the imperative mood", job.body(index, would.group()), level=Level.NOTE
            )
            return
    match = _PAST.match(first[1]) or re.match(r"This (?:driver|series|change|adds|fixes)\b", first[1])
    if match and " " in first[1].strip() and not first[1].startswith("Fixes:"):
        yield Hit(
            f"{match.group()!r} is not in the imperative mood", job.body(first[0], match.group()), level=Level.NOTE
        )


@check
def subject_broken(job: Message) -> Iterator[Hit]:
    """A subject that goes on in the text, as a mail client broke it."""
    lines = [line for _, line in locations.prose(job.patch)]
    ends = re.search(
        r"\b(?:to|for|of|in|on|with|and|or|the|a|an|by|from|as|when|if|into|via|not|be|is|that|,)\Z", job.patch.summary
    )
    if not ends or not lines or not lines[0].strip() or (len(lines) > 1 and lines[1].strip()):
        return
    if len(lines[0].split()) <= 6 and not lines[0].rstrip().endswith(".") and not lines[0][0].isupper():
        yield Hit(
            f"the subject ends with {ends.group()!r}, and the text begins with its rest", job.subject(ends.group())
        )


_NAME = expression(r"(?<![\w./>\"'`*&:<-])(?P<name>[a-z](?=\w*_\w)\w+)(?![\w(./:\"'`*-]|->)")
_CALLED = expression(r"(?<![\w.>])(?<!struct )([a-z](?=\w*_\w)\w+)\(")
_NOT_CALLED = expression(r"\b([a-z](?=\w*_\w)\w+)\b(?!\()")


@check(message=("_",))
def function_parentheses(job: Message) -> Iterator[Hit]:
    """A function that the patch changes or calls, named without its parentheses; told once."""
    literal = prose.literal_lines(job.patch.body)
    places = [(job.patch.summary, None), *((line, at) for at, line in locations.prose(job.patch) if at not in literal)]
    named = [(match.group("name"), at) for line, at in places if "_" in line for match in _NAME.finditer(line)]
    named = [(name, at) for name, at in named if f"{name}(" in job.patch.diff]
    if not named:
        return
    text = "\n".join(line for file in job.diff.files if file.path.endswith(C_FILES)
                     for hunk in file.hunks for line in (*hunk.new, hunk.function))  # fmt: skip
    called, others = set(_CALLED.findall(text)), set(_NOT_CALLED.findall(text))
    for name, at in named:
        if name in called and name not in others:
            location = job.subject(name) if at is None else job.body(at, name)
            yield Hit(f"{name} is a function", location, f"write {name}()")
            return


@check
def body_letter(job: Message) -> Iterator[Hit]:
    """A greeting, thanks, or a request to reviewers in the message; told once."""
    if job.patch.kind is not Kind.PATCH:
        return
    start = _scissors(job.patch.body)
    asks = has(job.texts.message, ("please", "comment", "feedback", "suggestion", "look"))
    for index, line in locations.prose(job.patch):
        match = _LETTER.match(line) or (asks and _REQUEST.search(line)) if index >= start else None
        if match and index not in prose.literal_lines(job.patch.body):
            yield Hit(f"{match.group().strip()!r} is of a letter", job.body(index, match.group().strip()))
            return


def _scissors(body: Sequence[str]) -> int:
    """The line below the last one with scissors, above which ``git am --scissors`` drops everything; 0 without one."""
    return max((at + 1 for at, line in enumerate(body) if _SCISSORS.fullmatch(line)), default=0)


@check
def message_cut(job: Message) -> Iterator[Hit]:
    """A line at which ``git am`` ends the message, before its sign-off."""
    patch = job.patch
    cut = next((problem.detail for problem in patch.problems if problem.kind == "cut"), "")
    if cut:
        index = next((at for at, line in enumerate(patch.body) if line.rstrip() == cut), None)
        location = job.mail() if index is None else job.body(index)
        yield Hit(f"git am ends the message at the line {cut[:60]!r}", location, key=cut)


_HEADER = expression(r">?From [0-9a-f]{40} |Subject: \[[^\]]*PATCH|(?:Message-ID|In-Reply-To|MIME-Version): \S")


@check
def pasted_headers(job: Message) -> Iterator[Hit]:
    """The head of a file of ``git format-patch``, or of a mail, in the text of another."""
    patch = job.patch
    if any(problem.kind == "pasted" for problem in patch.problems):
        yield Hit("the head of a mail stands in the text of this one", job.mail(), key="pasted")
        return
    start = _scissors(patch.body)
    for index, line in enumerate(patch.body):
        if start and index < start + 3:
            continue  # that is how git am --scissors wants it
        if _HEADER.match(line):
            yield Hit("the head of a mail stands in the message", job.body(index))
            return


_LAST = expression(r"\b([A-Za-z]+)\s*\Z")
_FIRST = expression(r"[A-Za-z]+\b")
_COMMENT = expression(r"\s*(?:/?\*|//|#)|.*(?:/\*|//)")


@check
def repeated_word(job: Message) -> Iterator[Hit]:
    """A word that stands there twice, in the message or in added comments; told once."""
    literal = prose.literal_lines(job.patch.body)
    text = ""
    for index, line in locations.prose(job.patch):
        above, text = (text if line.strip() else ""), line
        if index in literal or not line.strip():
            text = ""
            continue
        if match := _twice(line):
            yield Hit(f"{match.group()!r}", job.body(index, match.group()))
            return
        last, first = _LAST.search(above), _FIRST.match(line)
        if last and first and last[1].lower() == first[0].lower() and _twice(f"{last[1]} {line}"):
            yield Hit(f"{last[1]!r} ends a line and begins the next", job.body(index, last[1]))
            return
    sentences: set[str] = set()
    running = "\n".join(line if index not in literal else "" for index, line in locations.prose(job.patch))
    for sentence in re.split(r"(?<=[.!?])\s+|\n\s*\n", running):
        words = " ".join(sentence.split())
        heading = words.endswith(":") or re.match(r"[\s\[(*\d-]|.*? [#$] ", words)
        if words in sentences and words.count(" ") > 4 and not heading:
            line = sentence.strip().split("\n")[-1]
            index = next((at for at, text in reversed(list(enumerate(job.patch.body))) if line in text), 0)
            yield Hit(f"the sentence {words[:40]!r} …", job.body(index, line))
            return
        sentences.add(words)
    for file in job.diff.files:
        document = file.path.endswith((".rst", ".txt"))
        for added in file.added if document or file.path.endswith((*C_FILES, ".S", ".yaml")) else ():
            if (document or _COMMENT.match(added.text)) and (match := _twice(added.text)):
                yield Hit(f"{match.group()!r}", job.file(file.path, added, match.group()))
                return


def _twice(text: str) -> re.Match[str] | None:
    """A word that stands twice in a text. CAN can be another word."""
    words = _WORDS.findall(text.lower())
    if not any(map(operator.eq, words, words[1:])):
        return None
    found = _TWICE.finditer(text)
    return next(
        (each for each in found if each.group(1) in (each.group("again"), each.group("again").capitalize())), None
    )


@check
def trace_long(job: Message) -> Iterator[Hit]:
    """What tells nothing in a trace: registers, bytes of code, the list of modules; told once."""
    timed, calls = [], []
    for index, line in locations.prose(job.patch):
        if match := _REGISTERS.match(line):
            yield Hit(f"a whole trace, with {match.group().strip(' :')}", job.body(index))
            return
        if "[" in line and _TIME.match(line):
            timed.append(index)
        if "+0x" in line and _CALL.search(line):
            calls.append(index)
    if len(timed) > 2:
        yield Hit("a log with time stamps", job.body(timed[0]), "remove them")
        return
    if len(calls) > _MANY_CALLS:
        yield Hit(f"a trace of {len(calls)} calls", job.body(calls[0]))


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


@check(message=("coccinelle", "semantic patch", "spatch", "sed script", "generated ", "script below"))
def generated_input(job: Message) -> Iterator[Hit]:
    """A change made by a program, without the program's input."""
    lines = dict(locations.prose(job.patch))
    text = "\n".join(lines.get(index, "") for index in range(len(job.patch.body)))
    match = _HOW_MADE.search(text)
    if not match or job.diff.changed < 20:
        return
    shown = (
        re.search(r"^(?:[ \t]+|[@+-])\S", text, re.MULTILINE)
        or prose.URL.search(text)
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
    if "net" in {word.lower() for word in job.patch.prefix.words}:
        return  # [PATCH net,stable]: new, and to be backported later
    if not match:
        if not re.search(r"upstream|\blinux-\d+\.\d+\.y|\bbackport", text, re.IGNORECASE):
            yield Hit("no line names the upstream commit", job.subject(), key="none")
        return
    named = next(group for group in match.groups() if group)
    if len(named) < 40 and "cherry picked" not in match.group():
        index = text.count("\n", 0, match.start(0) + len(match.group()) - len(match.group().lstrip()))
        yield Hit("the upstream commit is abbreviated", job.body(index, named))
