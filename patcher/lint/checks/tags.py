"""Checks on tags: form, order, who signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from patcher.lint.citations import QUOTED, fixes
from patcher.lint.job import Tags, same_person
from patcher.lint.model import Hit, Level, Location
from patcher.lint.register import check
from patcher.mail.decode import people
from patcher.mail.model import Patch, Person, Tag

STANDARD = (
    "Fixes", "Reported-by", "Closes", "Originally-by", "Suggested-by", "Co-developed-by", "Signed-off-by", "Tested-by",
    "Reviewed-by", "Acked-by", "Cc", "Link", "Assisted-by", "Debugged-by", "Requested-by", "Reported-and-tested-by",
)  # fmt: skip
_PERSONAL = re.compile(r".*-by\Z", re.IGNORECASE)
_BY_PEOPLE = ("signed-off-by", "co-developed-by", "co-authored-by", "reviewed-by", "acked-by", "tested-by")
_NO_PERSON = ("assisted-by",)
ORDER = {
    "fixes": 0, "reported-by": 1, "closes": 1, "originally-by": 2, "suggested-by": 3, "co-developed-by": 4,
    "signed-off-by": 4, "tested-by": 5, "reviewed-by": 6, "acked-by": 7, "cc": 8, "link": 9,
}  # fmt: skip
_TOOLS = re.compile(
    r"\b(?:claude|chatgpt|gpt-?\d|copilot|gemini|codex|cursor(?: agent)?"
    r"|devin|llama|mistral|deepseek|qwen|grok|aider|openai|anthropic)\b",
    re.IGNORECASE,
)
_TOOL_ADDRESS = re.compile(r"(?:@anthropic\.com|@openai\.com|copilot|\[bot\]|cursoragent)", re.IGNORECASE)
_STABLE = re.compile(r"\bstable(?:\+[\w-]+)?@(?P<host>[\w.-]+)|\bstable\b", re.IGNORECASE)
_PRIVATE = (".local", ".internal", ".lan", ".corp", ".intranet", ".localhost")
_PUBLIC_HOST = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}\Z")


def _persons(patch: Patch, key: str) -> list[tuple[Tag, Person]]:
    """The persons of all tags of one name that can be read."""
    return [(tag, found[0]) for tag in patch.tags if tag.key == key and (found := people(tag.value))]


def _end(job: Tags) -> Location:
    """Where a tag would be added."""
    return job.body(len(job.patch.body) - 1) if job.patch.body else job.subject()


@check
def sign_off_missing(job: Tags) -> Iterator[Hit]:
    """No ``Signed-off-by:`` at all."""
    release = re.match(r"Linux v?\d", job.patch.summary) and not job.patch.path
    if not any(tag.key == "signed-off-by" for tag in job.patch.tags) and job.patch.summary and not release:
        misspelt = any(tag.name.lower().startswith("sign") for tag in job.patch.tags)
        if not misspelt:
            yield Hit("there is no Signed-off-by", _end(job), key="none")


@check
def sign_off_author(job: Tags) -> Iterator[Hit]:
    """The author did not sign off."""
    author, signers = job.patch.author, [person for _, person in _persons(job.patch, "signed-off-by")]
    if not signers or not (author.name or author.address):
        return
    if not any(same_person(author, signer) for signer in signers):
        yield Hit(f"the author, {author}, did not sign off", _end(job), key=str(author))


@check
def sign_off_differs(job: Tags) -> Iterator[Hit]:
    """The author signed off with another name or address."""
    author, signers = job.patch.author, _persons(job.patch, "signed-off-by")
    if any(str(author).lower() == str(person).lower() for _, person in signers):
        return
    for tag, person in signers:
        if same_person(author, person):
            yield Hit(f"the author is {author}, the sign-off {person}", job.tag(tag), "write both alike")
            return


@check
def sign_off_last(job: Tags) -> Iterator[Hit]:
    """The last sign-off is not that of the person who sends the patch."""
    patch = job.patch
    signers = _persons(patch, "signed-off-by")
    if not patch.path or not signers or not patch.sender.address or patch.sender == patch.author:
        return
    tag, last = signers[-1]
    if not same_person(last, patch.sender):
        yield Hit(f"{patch.sender} sends it, but {last} is the last to sign off", job.tag(tag))


@check
def sign_off_duplicate(job: Tags) -> Iterator[Hit]:
    """A tag that stands there twice, word for word."""
    seen: set[tuple[str, str]] = set()
    for tag in job.patch.tags:
        key = (tag.key, " ".join(tag.value.lower().split()))
        if key in seen and tag.area and _PERSONAL.match(tag.name):
            if tag.key == "signed-off-by" and _after_co_developed(job.patch, tag):
                continue
            yield Hit(f"{tag.name}: of the same person again", job.tag(tag), "remove one of them")
        seen.add(key)


def _after_co_developed(patch: Patch, tag: Tag) -> bool:
    before = [each for each in patch.tags if each.line < tag.line]
    return bool(before) and before[-1].key == "co-developed-by"


@check
def co_developed(job: Tags) -> Iterator[Hit]:
    """``Co-developed-by:`` that is not followed by its sign-off, or names the author."""
    tags = job.patch.tags
    for index, tag in enumerate(tags):
        if tag.key != "co-developed-by" or not (named := people(tag.value)):
            continue
        if _TOOLS.search(named[0].name) or _TOOL_ADDRESS.search(named[0].address):
            continue  # told by tool-sign-off
        following = tags[index + 1] if index + 1 < len(tags) else None
        signed = people(following.value) if following and following.key == "signed-off-by" else ()
        if named[0] == job.patch.author:
            yield Hit("the author is no co-author", job.tag(tag), "remove it: From: says so already")
        elif not signed or not same_person(signed[0], named[0]):
            yield Hit(f"not followed by the Signed-off-by of {named[0]}", job.tag(tag))


@check
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
        id_, rest = match.group("hash"), match.group("rest")
        if match.group("commit"):
            yield Hit("the word 'commit' does not belong there", job.tag(tag, match.group("commit").strip()))
        quoted = QUOTED.match(rest)
        if len(id_) < 12:
            yield Hit(f"{id_} has {len(id_)} digits, not 12 or more", job.tag(tag, id_))
        if not quoted:
            split = tag.line + 1 < len(patch.body) and rest.strip().startswith("(")
            what = "it is split over lines" if split else 'the subject in ("…") is missing'
            yield Hit(what, job.tag(tag, rest.strip()))
        elif quoted.group("quote") != '"' or quoted.group("closing") != '"' or not quoted.group("parenthesis"):
            if _continued(patch, tag):
                yield Hit("it is split over lines", job.tag(tag), "put it on one line, however long")
            else:
                yield Hit('the subject is not in ("…")', job.tag(tag, rest.strip()))


def _continued(patch: Patch, tag: Tag) -> bool:
    following = patch.body[tag.line + 1] if tag.line + 1 < len(patch.body) else ""
    return bool(following.strip()) and not any(each.line == tag.line + 1 for each in patch.tags) and ")" in following


@check
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


@check
def reported_by(job: Tags) -> Iterator[Hit]:
    """``Reported-by:`` without a ``Closes:`` or ``Link:`` after it."""
    tags = job.patch.tags
    links = any(tag.key in ("closes", "link", "bugzilla", "buglink") for tag in tags)
    for tag in tags:
        if tag.key in ("reported-by", "reported-and-tested-by") and not links:
            yield Hit("no Closes: says where it was reported", job.tag(tag))
            return


@check
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


@check
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


@check
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


@check
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
            if tag.key == "cc":
                continue  # people are named there, and lists
            level = None if tag.key == "signed-off-by" else Level.NOTE
            yield Hit(f"{tag.name}: has no address", job.tag(tag), "write Name <address>", level)
        elif "<" not in value and " " in value and tag.key == "signed-off-by":
            yield Hit("the address is not in <>", job.tag(tag), "write Name <address>")


@check
def assisted_by(job: Tags) -> Iterator[Hit]:
    """``Assisted-by:`` that is not ``NAME:VERSION [tool] …``."""
    for tag in job.patch.tags:
        if tag.key != "assisted-by":
            continue
        if "@" in tag.value or "<" in tag.value:
            yield Hit("Assisted-by: names a tool, not an address", job.tag(tag), "write NAME:VERSION [tool]")
        elif not re.match(r"[^\s:]+(?: [^\s:\[]+){0,2}:\S+(?: \[?[^\[\]]+\]?)*\Z", tag.value):
            yield Hit("Assisted-by: has no version", job.tag(tag), "write NAME:VERSION [tool]")


@check
def tool_sign_off(job: Tags) -> Iterator[Hit]:
    """A tool that signs off, or is named as a person that wrote or read the change."""
    for tag in job.patch.tags:
        if tag.key not in _BY_PEOPLE:
            continue
        for person in people(tag.value)[:1]:
            named = _TOOL_ADDRESS.search(person.address) or (_TOOLS.search(person.name) and _only_tool(person.name))
            if named:
                yield Hit(f"{person.name or person.address} is a tool and cannot {_cannot(tag)}", job.tag(tag))


def _only_tool(name: str) -> bool:
    """Whether a name is a tool's own, and not that of a person who is called like one (Claude Dupont)."""
    rest = re.sub(
        r"[\d.\-:()\[\]]+|\b(?:ai|code|sonnet|opus|haiku|pro|agent|bot|assistant|by|model|github|google)\b",
        " ",
        _TOOLS.sub(" ", name),
        flags=re.IGNORECASE,
    )
    return (not rest.split() and name.strip().lower() != "claude") or name.strip().lower() in ("copilot", "chatgpt")


def _cannot(tag: Tag) -> str:
    return "sign off" if tag.key == "signed-off-by" else f"give a {tag.name}"


@check
def netdev_fixes(job: Tags) -> Iterator[Hit]:
    """A fix for ``net`` without ``Fixes:``."""
    words = {word.lower() for word in job.patch.prefix.words}
    if "net" in words and not any(tag.key == "fixes" for tag in job.patch.tags):
        yield Hit("a patch for net has no Fixes:", _end(job), key="none")


@check
def netdev_tree(job: Tags) -> Iterator[Hit]:
    """No target tree in the brackets of a patch for netdev."""
    patch = job.patch
    named = {word.lower() for word in patch.prefix.words}
    if patch.path and patch.prefix.patch and not named and not patch.prefix.rfc:
        yield Hit("the subject does not say for which tree", job.subject(patch.prefix.text))
