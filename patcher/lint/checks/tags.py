"""Checks on tags: form, order, who signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from patcher.lazy import expression
from patcher.lint import locations
from patcher.lint.checks.signing import end, is_tool
from patcher.lint.citations import fixes, quoted
from patcher.lint.job import Tags
from patcher.lint.model import CannotTell, Hit, Level
from patcher.lint.register import check
from patcher.mail.decode import person
from patcher.mail.model import Kind, Patch, Tag
from patcher.mail.parse import ALMOST_FIXES, TAG

STANDARD = (
    "Fixes", "Reported-by", "Closes", "Originally-by", "Suggested-by", "Co-developed-by", "Signed-off-by", "Tested-by",
    "Reviewed-by", "Acked-by", "Cc", "Link", "Assisted-by", "Debugged-by", "Requested-by", "Reported-and-tested-by",
)  # fmt: skip
_PERSONAL = expression(r".*-by\Z", re.IGNORECASE)
_NO_PERSON = ("assisted-by",)
ORDER = {
    "fixes": 0, "reported-by": 1, "closes": 1, "originally-by": 2, "suggested-by": 3, "co-developed-by": 4,
    "signed-off-by": 4, "tested-by": 5, "reviewed-by": 6, "acked-by": 7, "cc": 8, "link": 9,
}  # fmt: skip
# What other trailers there are, in small letters.
_KNOWN = frozenset((
    "acked-and-tested-by", "acked-for-mfd-by", "addresses", "addresses-coverity", "addresses-coverity-id",
    "analyzed-by", "backported-by", "base-commit", "based-on-a-patch-by", "based-on-patch-by", "bisected-by", "bug",
    "buglink", "bugzilla", "change-id", "checked-by", "cherry-picked-from", "co-authored-by", "confirmed-by", "cve",
    "debian-bug", "diagnosed-by", "found-by", "git-dch", "improved-by", "inspired-by", "kernel-bug",
    "lore", "message-id", "message-link", "nacked-by", "noticed-by", "patchwork", "references",
    "reported-and-bisected-by", "reported-and-suggested-by", "revert", "reviewed-and-tested-by", "test-plan",
    "tested-on", "url",
))  # fmt: skip
_CODE = expression(r"\.(?:c|h|S|rs)\Z")
_FIX = expression(
    r"\b(?:fix(?:es|ed|ing)?|prevent|avoid|plug|resolve|correct)\b(?=.*\b(?:use.after.free|leaks?|leaking|null"
    r"|deref\w*|race|deadlock"
    r"|overflows?|underflow|out.of.bounds|oob|crash\w*|panic|oops|uninit\w*|double.free|refcount\w*|regression"
    r"|corruption|hang\w*"
    r"|lock\w*|irq|memory|error|bug|build|boot|probe|suspend|resume|unbind|remove|handling|check\w*|overrun|wrong"
    r"|incorrect"
    r"|invalid|missing|broken|failure|division|timeout|infinite|array|buffer|pointer|return|value)\b)"
    r"|\b(?:unregister|free|release|put|disable|destroy|cancel|undo)\b.*"
    r"\b(?:error paths?|on (?:probe )?(?:error|failure))\b"
    r"|\bfix(?:es|ed)?\b",
    re.IGNORECASE,
)
_FAULT = expression(  # what a text says where it speaks of a fault
    r"\b(?:caus(?:e|es|ed|ing)|lead(?:s|ing)? to|result(?:s|ing)? in)\b"
    r"(?:(?! (?:not|no)\b)[^.]){0,60}\b(?:crash|panic|oops|hang|deadlock|leak|corrupt|fail|fault|error"
    r"|dereference|overflow|race|warning|stuck|regress)"
    r"|\b(?:NULL pointer dereference|use[- ]after[- ]free|memory leak|kernel panic|kernel oops|regression)s?\b"
    r"|\b(?:fix|fixes|fixing) (?:the|this|that|these|a|an) (?:\w+ )?(?:issue|problem|bug|error|crash|leak|regression"
    r"|race|hang|failure)\b"
    r"|\b(?:to|and) (?:fix|avoid|prevent|solve|resolve) (?:this|that|the) (?:issue|problem|bug|crash|hang"
    r"|leak|failure|deadlock)\b"
    r"|\bmust be (?:freed|released|unregistered|disabled)\b|\bis never (?:freed|released|unregistered|disabled)\b"
    r"|\b(?:no longer|doesn't|does not|do not|don't|didn't|can't|cannot)"
    r" (?:work|boot|probe|resume|suspend|recover)(?:s|ed)?\b"
    r"|\bsubsequent attempts?\b[^.]{0,60}\b(?:will )?fail\b|\b(?:to|in) instabilit|\binstability in\b"
    r"|\b(?:was|were) (?:supposed|meant|expected) to\b[^.]{0,80}\bsince commit\b"
    r"|\bsince commit [0-9a-f]{8,40}\b[^.]{0,160}\b(?:no longer|fails?|broken|wrong|breaks)\b"
    r"|\b(?:lost|loses) (?:touch|interrupt)|\bissue\b.{0,20}\bgo(?:es|ne)? away\b|\bindefinitely\b",
    re.IGNORECASE,
)
_NEW = expression(
    r"(?:introduce|implement|support|convert|switch|move|rename|simplify|document|refactor|clean|unify|factor|split|provide"
    r"|extend|rework|add(?!.*\b(?:check|missing|error)))\b",
    re.IGNORECASE,
)
# What the kernel prints of a fault, and what people say of the commit that made it.
_SEEN = expression(
    r"\b(?:BUG: |KASAN: |KCSAN: |KMSAN: |UBSAN: |WARNING: (?:CPU|suspicious|possible|bad unlock|inconsistent)"
    r"|kernel BUG at"
    r"|Unable to handle kernel|general protection fault|Oops: |INFO: (?:task|rcu|trying)|unreferenced object 0x"
    r"|DMA-API: |refcount_t: |scheduling while atomic)"
    r"|\b(?i:(?:this|which) (?:regressed|broke)|(?:regression|broken|introduced|caused) (?:by|in|since|with) commit)\b"
)
_NO_FAULT = expression(
    r"\b(?:typos?|spelling|spello|comments?|indent\w*|white.?spaces?|blank lines?|checkpatch"
    r"|coding style|style|kernel.?doc|documentation|grammar|formatting|alignment of|warnings?|sparse|coccinelle"
    r"|coccicheck|cppcheck|smatch|header guard|fixup"
    r"|revert|prefix"
    r"|fixed(?:-| )\w+|names?|naming|wording|copyright|license|spdx|sorting|order of includes|email|maintainers)\b",
    re.IGNORECASE,
)
_CERTAIN = expression(r"\b(?:deadlock|leak|use.after.free|crash|race|null pointer|overflow)\b", re.IGNORECASE)
_STABLE = expression(r"\bstable(?:\+[\w-]+)?@(?P<host>[\w.-]+)|\bstable\b", re.IGNORECASE)
_ASK_FOR_STABLE = expression(r"drivers/(?:usb|tty|char|misc|thunderbolt|android|nvmem|interconnect|uio|w1)/")
_HARM = expression(
    r"\b(?:panic|crash|hang|oops|deadlock|use[- ]after[- ]free|double[- ]free|data corruption|NULL pointer dereference"
    r"|out[- ]of[- ]bounds|kernel BUG|BUG\(\))",
    re.IGNORECASE,
)
_PRIVATE = (".local", ".internal", ".lan", ".corp", ".intranet", ".localhost")
_PUBLIC_HOST = expression(r"(?:[\w-]+\.)+[A-Za-z]{2,}\Z")


@check(message=("fix",))
def fixes_form(job: Tags) -> Iterator[Hit]:
    """A ``Fixes:`` tag that tools cannot read: no id, an abbreviated one, no subject, broken quotes."""
    patch = job.patch
    readable = {tag.line for tag, _ in fixes(patch)}
    for tag in patch.tags:
        if tag.key == "fixes" and tag.area and tag.line not in readable:
            if tag.value.startswith(("http:", "https:")):
                yield Hit("Fixes: names a commit, not a report", job.tag(tag), "write Closes: for a report")
            elif tag.value.upper().startswith("HEAD"):
                yield Hit("HEAD is no name that others know", job.tag(tag, tag.value), level=Level.ERROR)
            else:
                yield Hit("Fixes: names no commit", job.tag(tag))
    for tag, match in fixes(patch):
        yield from _form(job, tag, match)
    tagged = {tag.line for tag in patch.tags if tag.key == "fixes"}
    for index, line in enumerate(patch.body):
        match_ = ALMOST_FIXES.match(line)
        if match_ and index not in tagged:
            name = match_.group("name").strip()
            yield Hit(f"{name} is not Fixes:", job.body(index, name), 'write Fixes: and the commit, id ("subject")')


def _form(job: Tags, tag: Tag, match: re.Match[str]) -> Iterator[Hit]:
    """What is wrong with a ``Fixes:`` that names a commit."""
    id_, rest = match.group("hash"), match.group("rest")
    if match.group("commit"):
        yield Hit("the word 'commit' does not belong there", job.tag(tag, match.group("commit").strip()))
    if len(id_) < 12:
        yield Hit(f"{id_} has {len(id_)} digits, not 12 or more", job.tag(tag, id_))
    found = quoted(rest)
    if not found:
        split = tag.line + 1 < len(job.patch.body) and rest.strip().startswith("(")
        what = "it is split over lines" if split else 'the subject in ("…") is missing'
        yield Hit(what, job.tag(tag, rest.strip()))
    elif found.group("quote") != '"' or found.group("closing") != '"' or not found.group("parenthesis"):
        if _continued(job.patch, tag):
            yield Hit("it is split over lines", job.tag(tag), "put it on one line, however long")
        else:
            yield Hit('the subject is not in ("…")', job.tag(tag, rest.strip()))
    elif not rest[0].isspace():
        yield Hit('a blank is missing before ("', job.tag(tag, rest[:2]))
    elif rest[:2].isspace():
        yield Hit('a blank too many before ("', job.tag(tag, rest[:3]), level=Level.NOTE)
    elif found.group("subject").count('"') % 2:
        yield Hit("a quote too many, or one too few", job.tag(tag, rest.strip()))
    elif found.group("subject").endswith(("...", "…")):
        yield Hit("the subject is cut", job.tag(tag, found.group("subject")), "write all of it, however long")


@check
def fixes_missing(job: Tags) -> Iterator[Hit]:
    """A fix of a fault in code that does not say which commit made it."""
    if hit := _unnamed(job):
        if not job.context.knows_fixes:
            raise CannotTell("the tree is older than the rule (its SubmittingPatches does not know Fixes:)")
        yield hit


def _unnamed(job: Tags) -> Hit | None:
    """Where a message speaks of the fault that its patch mends, and names no commit."""
    patch = job.patch
    code = any(_CODE.search(file.path) for file in job.diff.files)
    if not code or patch.kind is not Kind.PATCH or any(tag.key in ("fixes", "revert") for tag in patch.tags):
        return None
    phrase = patch.summary.rpartition(": ")[2]
    if "net" in (word.lower() for word in patch.prefix.words) or (
        _NO_FAULT.search(patch.summary) and not _CERTAIN.search(patch.summary)
    ):
        return None
    if any(ALMOST_FIXES.match(line) for line in patch.body):
        return None
    if match := _FIX.search(phrase):
        return Hit("a fix that does not say what it fixes (Fixes:)", job.subject(match.group()), key="none")
    text = " ".join(line.strip() for _, line in locations.prose(patch))
    if _NEW.match(phrase):
        return None
    if match := _FAULT.search(text):
        index = next((at for at, line in enumerate(patch.body) if match.group().split()[0] in line), 0)
        return Hit("it speaks of a fault, and does not say since when (Fixes:)", job.body(index), key="none")
    if seen := [at for at, line in enumerate(patch.body) if _SEEN.search(line)]:
        what = "it mends a fault that was seen, and does not say since when (Fixes:)"
        return Hit(what, job.body(seen[0]), key="none")
    return None


_ROBOT = expression(r"\blkp@intel\.com|\bkernel test robot\b|\bkbuild test robot\b")
_SOME_ROBOT = expression(r"\b[Rr]obot\b")
_NO_BUG = expression(
    r"(?:us(?:e|ing)|replace|convert|simplify|switch|clean ?up|refactor|remove (?:redundant|unneeded|unnecessary"
    r"|useless|duplicate\w*))\b",
    re.IGNORECASE,
)


@check(message=("reported-by",))
def robot_report(job: Tags) -> Iterator[Hit]:
    """A robot's ``Reported-by:`` on what is new: the robot found a fault in a version that was not merged. Or on what
    mends no fault."""
    patch = job.patch
    if any(tag.key in ("fixes", "revert") for tag in patch.tags):
        return
    phrase = patch.summary.rpartition(":")[2].strip()
    for tag in patch.tags:
        if tag.key != "reported-by":
            continue
        if patch.prefix.version > 1 and _ROBOT.search(tag.value):
            yield Hit(
                "a robot reports what is merged, and here is no Fixes:", job.tag(tag), "name it below --- instead"
            )
            return
        if _SOME_ROBOT.search(tag.value) and _NO_BUG.match(phrase) and not _FIX.search(phrase):
            yield Hit("Reported-by: is for a fault, and here is none", job.tag(tag), "remove it", key="none")
            return


@check(message=("stable@",))
def stable_version(job: Tags) -> Iterator[Hit]:
    """``Cc: stable`` with neither ``Fixes:`` nor a version, so that nobody knows how far back it goes."""
    if any(tag.key == "fixes" for tag in job.patch.tags):
        return
    for tag in job.patch.tags:
        to_stable = tag.key == "cc" and re.search(r"\bstable@(?:vger\.)?kernel\.org", tag.value, re.IGNORECASE)
        if to_stable and not re.search(r"#|\[|\d\.\d", tag.value):
            yield Hit("it does not say for which versions", job.tag(tag))
            return


@check(message=("fixes",))
def stable_missing(job: Tags) -> Iterator[Hit]:
    """``Fixes:`` without ``Cc: stable``, where the maintainers ask for it."""
    patch = job.patch
    paths = [file.path for file in job.diff.files]
    fixed = next((tag for tag in patch.tags if tag.key == "fixes"), None)
    if fixed is None:
        return
    told = re.search(r"\bstable\b", "\n".join((*patch.body, *patch.below, *(one.address for one in patch.to))))
    if fixed and paths and not told and all(_ASK_FOR_STABLE.match(path) for path in paths):
        yield Hit("a fix without Cc: stable", job.tag(fixed), key="none")
    elif fixed and paths and not told and patch.kind is Kind.PATCH and job.profile != "netdev":
        phrase = patch.summary.rpartition(": ")[2]
        match = _HARM.search(phrase) if re.match(r"(?:fix|avoid|prevent)", phrase, re.IGNORECASE) else None
        if match and not any(path.startswith(("net/", "drivers/net/", "tools/", "Documentation/")) for path in paths):
            what = f"users see it ({match.group()}), and nothing is said to stable"
            yield Hit(what, job.subject(match.group()), level=Level.NOTE, key="harm")


@check
def tag_unknown(job: Tags) -> Iterator[Hit]:
    """A tag that nobody knows, among those at the end."""
    known = {name.lower() for name in STANDARD} | _KNOWN
    area = [tag.line for tag in job.patch.tags if tag.area]
    for tag in job.patch.tags:
        if tag.area and tag.key not in known and not alike(tag.name) and not re.search(r"-and-", tag.key):
            yield Hit(f"{tag.name}: is no tag that others use", job.tag(tag, tag.name))
    lines = {tag.line for tag in job.patch.tags}
    begin = min(area, default=0)
    while begin and job.patch.body[begin - 1].strip():
        begin -= 1
    begin = next((index for index in sorted(lines) if index >= begin), begin)  # of the paragraph, the first that is one
    for index in range(begin, max(area, default=-1)):
        line = job.patch.body[index]
        match = TAG.match(line)
        if match and index not in lines and match.group(1).lower() not in known and not line.startswith("["):
            yield Hit(f"{match.group(1)}: is no tag that others use", job.body(index, match.group(1)))


def _continued(patch: Patch, tag: Tag) -> bool:
    following = patch.body[tag.line + 1] if tag.line + 1 < len(patch.body) else ""
    return bool(following.strip()) and not any(each.line == tag.line + 1 for each in patch.tags) and ")" in following


@check(message=("fixes",))
def tags_apart(job: Tags) -> Iterator[Hit]:
    """``Fixes:`` away from the other tags: followed by text, or by an empty line."""
    patch = job.patch
    signs = [tag.line for tag in patch.tags if tag.key == "signed-off-by" and tag.area]
    for tag in patch.tags:
        if tag.key != "fixes" or not signs or tag.line > signs[-1]:
            continue
        if not tag.area:
            if re.match(r"[0-9a-f]{7,}", tag.value):
                yield Hit("text follows this tag", job.tag(tag), "put it with the other tags, at the end")
        elif any(not line.strip() for line in patch.body[tag.line + 1 : max(signs)]):
            yield Hit("an empty line parts it from the other tags", job.tag(tag), "remove the empty line")


_REPORTS = expression(
    r"\b(?:bug|regression|crash|user|several|multiple) reports?\b|\breports? (?:about|of) (?:a |the )?(?:\w+ )?"
    r"(?:regressions?|crash(?:es)?|hangs?)\b"
)


@check(message=("reported-", " report"))
def reported_by(job: Tags) -> Iterator[Hit]:
    """``Reported-by:`` without a ``Closes:`` or ``Link:`` after it; or a text that speaks of reports, and of no place
    where they are."""
    tags = job.patch.tags
    links = any(tag.key in ("closes", "link", "bugzilla", "buglink") for tag in tags)
    people = any(tag.key.endswith("-by") and tag.key.startswith(("reported", "bisected")) for tag in tags)
    if not links and not people and "://" not in "\n".join(job.patch.body):
        for index, line in locations.prose(job.patch):
            if match := _REPORTS.search(line):
                yield Hit("it speaks of reports, and has no link to one", job.body(index, match.group()), "add Link:",
                          key="reports")  # fmt: skip
                return
    unwanted = {hit.location for hit in robot_report(job)}  # that one says to remove it
    for tag in tags:
        if tag.key in ("reported-by", "reported-and-tested-by") and not links and job.tag(tag) not in unwanted:
            yield Hit("no Closes: says where it was reported", job.tag(tag))
            return


@check(message=("closes", "link"))
def link_form(job: Tags) -> Iterator[Hit]:
    """A ``Closes:`` or ``Link:`` that is no public address."""
    for tag in job.patch.tags:
        if tag.key not in ("closes", "link") or not tag.area:
            continue
        target = tag.value.split("#")[0].strip().split(" ")[0].strip("<>")
        if "@" in target and "/" not in target:
            continue  # a message id
        try:
            address = urlsplit(target)
            host = address.hostname or ""
        except ValueError:
            yield Hit(f"{tag.name}: is no address", job.tag(tag, target))
            continue
        if address.scheme not in ("http", "https"):
            yield Hit(f"{tag.name}: is no http(s) address", job.tag(tag, target))
        elif not _PUBLIC_HOST.match(host) or host.endswith(_PRIVATE):
            yield Hit(f"{host or 'this'} is not public", job.tag(tag, target))


@check(message=("stable",))
def stable_form(job: Tags) -> Iterator[Hit]:
    """``Cc: stable`` that the stable team's scripts would not find or not understand."""
    for tag in job.patch.tags:
        if tag.key != "cc" or not (match := _STABLE.search(tag.value)):
            continue
        host = (match.group("host") or "").lower().rstrip(".")
        before, _, comment = tag.value.partition("#")
        if not host:
            if before.strip().lower() in ("stable", "<stable>", "stable@"):
                yield Hit("stable is no address", job.tag(tag), "write Cc: stable@vger.kernel.org")
            continue
        if host not in ("vger.kernel.org", "kernel.org"):
            if host.endswith("kernel.org") or "vger" in host:
                location = job.tag(tag, match.group())
                yield Hit(f"stable@{host} does not exist", location, "write Cc: stable@vger.kernel.org")
            continue
        if "noautosel" in match.group() and not comment.strip():
            yield Hit("noautosel needs a reason", job.tag(tag), "write it after '# '")
        after = before[match.end() :].strip(" >\t")
        if after and not after.startswith(("[", "(", ",")) and "," not in before:
            yield Hit("a comment on stable begins with '# '", job.tag(tag, after), level=Level.NOTE)


@check(message=("stable@",))
def stable_size(job: Tags) -> Iterator[Hit]:
    """A patch for stable with more than 100 lines."""
    tagged = next((tag for tag in job.patch.tags if tag.key == "cc" and "stable@" in tag.value.lower()), None)
    if tagged and job.diff.changed > 100:
        yield Hit(f"{job.diff.changed} changed lines are much for stable", job.tag(tagged))


@check
def tag_order(job: Tags) -> Iterator[Hit]:
    """Tags that are not in tip's order; told once."""
    last: Tag | None = None
    for tag in job.patch.tags:
        if not tag.area or tag.key not in ORDER:
            continue
        if last is not None and ORDER[tag.key] < ORDER[last.key] and tag.key != "signed-off-by":
            yield Hit(f"{tag.name}: comes before {last.name}:", job.tag(tag), "put it there")
            return
        if tag.key != "signed-off-by" or last is None:
            last = tag


@check(message=("-and-",))
def tag_combined(job: Tags) -> Iterator[Hit]:
    """Two tags in one."""
    for tag in job.patch.tags:
        if re.search(r"-and-.*-by\Z", tag.name, re.IGNORECASE):
            parts = [
                f"{part[:1].upper()}{part[1:]}-by:" for part in re.split(r"-and-", tag.name[:-3], flags=re.IGNORECASE)
            ]
            yield Hit(f"{tag.name}: is two tags in one", job.tag(tag, tag.name), f"write {' and '.join(parts)}")


def alike(name: str) -> str:
    """The tag that a misspelt one stands for, "" where it is like none."""
    low = name.lower()
    standard = {each.lower(): each for each in STANDARD}
    if low in standard or low.split("-")[0] in ("acted", "ported"):
        return ""
    likely = (right for right in standard if len(right) > 5 and _distance(low, right) <= (2 if len(right) > 9 else 1))
    return standard.get(next(likely, ""), "")


@check
def tag_name(job: Tags) -> Iterator[Hit]:
    """A tag misspelt, or with capitals where none belong."""
    lower = {name.lower(): name for name in STANDARD}
    for tag in job.patch.tags:
        right = lower.get(tag.key)
        if right:
            if tag.name != right and tag.key not in ("cc",) and tag.area:
                yield Hit(f"{tag.name}: is written {right}:", job.tag(tag, tag.name), f"write {right}:", Level.NOTE)
            continue
        near = alike(tag.name)
        if near and tag.area:
            yield Hit(f"{tag.name}: looks like {near}:", job.tag(tag, tag.name), f"write {near}:")


def _distance(one: str, other: str) -> int:
    """The number of letters to change (Levenshtein), 3 for more than 2."""
    if abs(len(one) - len(other)) > 2:
        return 3
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        following = [index]
        for column, against in enumerate(other, 1):
            following.append(min(row[column] + 1, following[-1] + 1, row[column - 1] + (letter != against)))
        row = following
    return min(row[-1], 3)


@check
def tag_person(job: Tags) -> Iterator[Hit]:
    """A tag that names no person with an address, or badly quoted."""
    for tag in job.patch.tags:
        if not tag.area or tag.key in _NO_PERSON or not (_PERSONAL.match(tag.name) or tag.key == "cc"):
            continue
        value = tag.value.split("#")[0].strip()
        if not value:
            yield Hit(f"{tag.name}: names nobody", job.tag(tag))
        elif value.count('"') % 2:
            yield Hit("a quote is missing", job.tag(tag))
        elif value.count("<") != value.count(">"):
            yield Hit("an angle bracket is missing", job.tag(tag), "write Name <address>")
        elif "@" not in value:
            named = person(value)
            if tag.key == "cc" or (named and is_tool(named)):
                continue  # people are named there, and lists; tools are told by tool-sign-off
            level = None if tag.key == "signed-off-by" else Level.NOTE
            yield Hit(f"{tag.name}: has no address", job.tag(tag), "write Name <address>", level)
        elif "<" not in value and " " in value and tag.key == "signed-off-by":
            yield Hit("the address is not in <>", job.tag(tag), "write Name <address>")


@check(message=("assisted-by",))
def assisted_by(job: Tags) -> Iterator[Hit]:
    """``Assisted-by:`` that is not ``AGENT:MODEL [tool] …``."""
    for tag in job.patch.tags:
        if tag.key != "assisted-by":
            continue
        if "@" in tag.value or "<" in tag.value:
            yield Hit("Assisted-by: names a tool, not an address", job.tag(tag), "write AGENT:MODEL [tool]")
        elif not re.match(r"[^\s:]+(?: [^\s:\[]+){0,2}:\S+(?: \[?[^\[\]]+\]?)*\Z", tag.value):
            yield Hit("Assisted-by: is not AGENT:MODEL", job.tag(tag, tag.value), "write AGENT:MODEL [tool]")


@check
def netdev_fixes(job: Tags) -> Iterator[Hit]:
    """A fix for ``net`` without ``Fixes:``."""
    words = {word.lower() for word in job.patch.prefix.words}
    if "net" in words and not any(tag.key == "fixes" for tag in job.patch.tags):
        yield Hit("a patch for net has no Fixes:", end(job), key="none")


@check
def netdev_tree(job: Tags) -> Iterator[Hit]:
    """No target tree in the brackets of a patch for netdev."""
    patch = job.patch
    named = {word.lower() for word in patch.prefix.words}
    if patch.path and patch.prefix.patch and not named and not patch.prefix.rfc:
        first = re.match(r"[\w/-]+(?=:)", patch.summary)
        others = first and not any(re.search(rf"\b{re.escape(first.group())}", file.path) for file in job.diff.files)
        level = Level.NOTE if patch.prefix.total > 1 and others else None  # it goes through the tree of its series
        yield Hit("the subject does not say for which tree", job.subject(patch.prefix.text), level=level)


_TREES = (  # by path, and what stands in the brackets of a patch for it
    (expression(r"net/(?:bridge/|ipv[46]/)?netfilter/|include/(?:uapi/)?(?:linux|net)/netfilter"), "nf or nf-next"),
    (expression(r"kernel/bpf/|net/bpf/|tools/lib/bpf/|tools/bpf/|tools/testing/selftests/bpf/|include/(?:uapi/)?linux/bpf"
                r"|arch/\w+/net/bpf_jit"), "bpf or bpf-next"),
    (expression(r"net/(?:mac80211|wireless)/|include/net/(?:mac80211|cfg80211)"),
     "wireless or wireless-next"),
)  # fmt: skip


@check
def tree_prefix(job: Tags) -> Iterator[Hit]:
    """No target tree in the brackets of a patch for one of the trees that ask for it."""
    patch, paths = job.patch, [file.path for file in job.diff.files]
    if not patch.path or not patch.prefix.patch or patch.prefix.words or patch.prefix.rfc or not paths:
        return
    for pattern, names in _TREES:
        if 2 * sum(pattern.match(path) is not None for path in paths) > len(paths):
            yield Hit("the subject does not say for which tree", job.subject(patch.prefix.text), f"write {names}")
