"""Checks on who signs off: the author, who sends it, in which order, and no tool."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint.job import Tags, same_person
from patcher.lint.model import Hit, Level, Location
from patcher.lint.register import check
from patcher.mail.decode import person
from patcher.mail.model import Patch, Person, Tag

_PERSONAL = expression(r".*-by\Z", re.IGNORECASE)
_REVIEWS = ("reviewed-by", "acked-by", "tested-by", "reviewed-and-tested-by")
_BY_PEOPLE = ("signed-off-by", "co-developed-by", "co-authored-by", "reviewed-by", "acked-by", "tested-by")
_TOOLS = expression(
    r"\b(?:claude|chatgpt|gpt-?\d|copilot|gemini|codex|cursor(?: agent)?"
    r"|devin|llama|mistral|deepseek|qwen|grok|aider|openai|anthropic|windsurf|kimi|glm)\b",
    re.IGNORECASE,
)
# People work at the companies that make tools: only what is no person's address there.
_TOOL_ADDRESS = expression(
    r"(?:no-?reply|claude|codex|chatgpt|assistant)@(?:\w+\.)*(?:anthropic|openai)\.com|copilot@|\[bot\]|cursoragent"
    r"|(?:no-?reply|gemini)@google\.com",
    re.IGNORECASE,
)
_BESIDE_TOOL = expression(
    r"[\d.,\-:()\[\]/]+|\b(?:ai|code|sonnet|opus|haiku|fable|pro|flash|mini|max|turbo|agent|bot|assistant|assist|cli|by"
    r"|model|github|google|thinking|preview|context|llm|v?\d+\w*|\dm|the|using|with|via)\b",
    re.IGNORECASE,
)


def persons(patch: Patch, key: str) -> list[tuple[Tag, Person]]:
    """The persons of all tags of one name that can be read."""
    return [(tag, found) for tag in patch.tags if tag.key == key and (found := person(tag.value))]


def end(job: Tags) -> Location:
    """Where a tag would be added."""
    return job.body(len(job.patch.body) - 1) if job.patch.body else job.subject()


@functools.lru_cache(maxsize=512)
def is_tool(one: Person) -> bool:
    """Whether a name or an address is a tool's own, and not that of a person who is called like one (Claude Dupont)."""
    if _TOOL_ADDRESS.search(one.address):
        return True
    name = one.name.strip()
    if not _TOOLS.search(name):
        return False
    alone = not _BESIDE_TOOL.sub(" ", _TOOLS.sub(" ", name.replace("_", " "))).split()
    return alone and (name.lower() != "claude" or not one.address)


@check
def sign_off_missing(job: Tags) -> Iterator[Hit]:
    """No ``Signed-off-by:`` at all."""
    release = re.match(r"Linux v?\d", job.patch.summary) and not job.patch.path
    if job.patch.path and not job.diff.files and not job.diff.error:
        return  # that there is no diff is told
    if not any(tag.key == "signed-off-by" for tag in job.patch.tags) and job.patch.summary and not release:
        misspelt = any(re.match(r"s?i(?:gn|ng)e?d?-", tag.key) for tag in job.patch.tags)
        if not misspelt:
            yield Hit("there is no Signed-off-by", end(job), key="none")


@check
def sign_off_author(job: Tags) -> Iterator[Hit]:
    """The author did not sign off."""
    author, signers = job.patch.author, [one for _, one in persons(job.patch, "signed-off-by")]
    if not signers or not (author.name or author.address):
        return
    if not any(same_person(author, signer) for signer in signers):
        yield Hit(f"the author, {author}, did not sign off", end(job), key=str(author))


@check
def sign_off_differs(job: Tags) -> Iterator[Hit]:
    """The author signed off with another name or address."""
    author, signers = job.patch.author, persons(job.patch, "signed-off-by")
    alike = [(tag, one) for tag, one in signers if str(author).lower() == str(one).lower()]
    if alike and not any(author.name == one.name for _, one in alike):
        tag, one = alike[0]
        yield Hit(f"the author is {author.name}, the sign-off {one.name}", job.tag(tag), "write both alike", Level.NOTE)
    if alike:
        return
    for tag, one in signers:
        if same_person(author, one):
            yield Hit(f"the author is {author}, the sign-off {one}", job.tag(tag), "write both alike")
            return


@check
def sign_off_last(job: Tags) -> Iterator[Hit]:
    """The last sign-off is not that of the person who sends the patch."""
    patch = job.patch
    signers = persons(patch, "signed-off-by")
    if not signers or not _sent(patch):
        return
    tag, last = signers[-1]
    if not same_person(last, patch.sender) and not (_relayed(patch.sender) and same_person(last, patch.author)):
        if not patch.sender.name and same_person(last, patch.author):
            return  # who sends from an address without a name says with From: in the text who it is
        yield Hit(f"{patch.sender} sends it, but {last} is the last to sign off", job.tag(tag))


def _sent(patch: Patch) -> bool:
    """Whether From: tells who sends a patch. ``git format-patch`` writes the author there."""
    own = patch.sender == patch.author
    if any(problem.kind == "pasted" for problem in patch.problems):
        return False
    return bool(patch.path and patch.sender.address and not (own and (patch.commit or not patch.message_id)))


def _relayed(sender: Person) -> bool:
    """Whether a list or a service sends mail for people."""
    return " via " in sender.name or sender.address.startswith(("devnull+", "noreply", "no-reply"))


@check
def sign_off_order(job: Tags) -> Iterator[Hit]:
    """Somebody else signs off before the author, and is no co-author."""
    patch = job.patch
    signers = persons(patch, "signed-off-by")
    own = next((at for at, (_, one) in enumerate(signers) if same_person(one, patch.author)), 0)
    others = [one for key in ("co-developed-by", "co-authored-by") for _, one in persons(patch, key)]
    for tag, one in signers[:own]:
        if not any(same_person(one, each) for each in others):
            yield Hit(f"{one} signs off before the author, and is no co-author", job.tag(tag))


@check
def sign_off_name(job: Tags) -> Iterator[Hit]:
    """A sign-off by a name of one word, or an author who has one."""
    author = job.patch.author
    if re.fullmatch(r"[A-Za-z]+_[A-Za-z]+", author.name) and not is_tool(author):
        yield Hit(f"{author.name!r}, the author, is a login", job.subject(), key=author.name)
    for tag, one in persons(job.patch, "signed-off-by"):
        if re.fullmatch(r"[A-Za-z0-9_.@-]+", one.name) and not is_tool(one):
            yield Hit(f"{one.name!r} is one word", job.tag(tag, one.name))


@check
def sign_off_duplicate(job: Tags) -> Iterator[Hit]:
    """A tag that stands there twice, word for word."""
    seen: set[tuple[str, str]] = set()
    for tag in job.patch.tags:
        key = (tag.key, " ".join(tag.value.lower().split()))
        if key in seen and tag.area and _PERSONAL.match(tag.name):
            if tag.key == "signed-off-by" and (_after_co_developed(job.patch, tag) or _passed_on(job.patch, tag)):
                continue
            yield Hit(f"{tag.name}: of the same person again", job.tag(tag), "remove one of them")
        seen.add(key)


def _passed_on(patch: Patch, tag: Tag) -> bool:
    """Whether somebody else signed off in between, as in a backport by the author: who sends it signs again."""
    before = [each for each in patch.tags if each.key == "signed-off-by" and each.line < tag.line]
    return bool(before) and before[-1].value.lower() != tag.value.lower()


def _after_co_developed(patch: Patch, tag: Tag) -> bool:
    before = [each for each in patch.tags if each.line < tag.line]
    return bool(before) and before[-1].key == "co-developed-by"


@check
def tags_below_sign_off(job: Tags) -> Iterator[Hit]:
    """Reviews below the sign-off of who sends the patch; told once."""
    patch = job.patch
    signers = persons(patch, "signed-off-by")
    if not signers or not patch.path or not same_person(signers[-1][1], patch.sender):
        return
    last = signers[-1][0]
    for tag in patch.tags:
        if tag.line > last.line and tag.area and tag.key in _REVIEWS:
            yield Hit(f"{tag.name}: stands below the sign-off of {patch.sender}", job.tag(tag))
            return


@check(message=("co-developed-by",))
def co_developed(job: Tags) -> Iterator[Hit]:
    """``Co-developed-by:`` that is not followed by its sign-off, or names the author."""
    tags = job.patch.tags
    for index, tag in enumerate(tags):
        named = person(tag.value) if tag.key == "co-developed-by" else None
        if named is None or is_tool(named):
            continue  # a tool is told by tool-sign-off
        following = tags[index + 1] if index + 1 < len(tags) else None
        signed = person(following.value) if following and following.key == "signed-off-by" else None
        if named == job.patch.author:
            yield Hit("the author is no co-author", job.tag(tag), "remove it: From: says so already")
        elif not signed or not same_person(signed, named):
            yield Hit(f"not followed by the Signed-off-by of {named}", job.tag(tag))


@check
def tool_sign_off(job: Tags) -> Iterator[Hit]:
    """A tool that signs off, or is named as a person that wrote or read the change."""
    for tag in job.patch.tags:
        one = person(tag.value) if tag.key in _BY_PEOPLE else None
        if one and is_tool(one):
            yield Hit(f"{one.name or one.address} is a tool and cannot {_cannot(tag)}", job.tag(tag))


def _cannot(tag: Tag) -> str:
    return "sign off" if tag.key == "signed-off-by" else f"give a {tag.name}"
