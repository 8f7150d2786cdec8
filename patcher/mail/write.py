"""Patches and cover letters as mail, in the form ``git format-patch`` gives them and ``git am`` reads."""

from __future__ import annotations

from collections.abc import Iterable
from email.header import Header

from patcher.lazy import expression
from patcher.mail.mbox import FROM_LINE
from patcher.mail.model import Patch, Person

_NO_COMMIT = "0" * 40
_SPECIAL = expression(r"[^\w \-!#$%&'*+/=?^`{|}~]")


def person(who: Person) -> str:
    """A person as a header has it: quoted or encoded where the name needs it."""
    if not who.name:
        return who.address
    if not who.name.isascii():
        return f"{_encoded(who.name)} <{who.address}>"
    if _SPECIAL.search(who.name):
        quoted = who.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{who.address}>'
    return f"{who.name} <{who.address}>"


def _encoded(text: str) -> str:
    """A text as a header has it. Bytes that are no text stay as they are."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=200).encode(linesep="\n")


def mail(patch: Patch) -> str:
    """A patch as one mail of a mailbox. Bytes that are no text stay surrogates: write it with ``surrogateescape``."""
    subject = patch.subject if patch.path else f"[PATCH] {patch.subject}"
    sender = patch.sender if patch.path and patch.sender.address else patch.author
    lines = [f"From {patch.commit or _NO_COMMIT} Mon Sep 17 00:00:00 2001", f"From: {person(sender)}"]
    lines += [f"{name}: {value}" for name, value in (("Date", patch.date), ("Message-ID", patch.message_id)) if value]
    if patch.to:
        lines.append("To: " + ",\n ".join(person(each) for each in patch.to))
    if patch.in_reply_to:
        lines.append(f"In-Reply-To: {patch.in_reply_to}")
    if patch.references:
        lines.append("References: " + "\n ".join(patch.references))
    lines.append(f"Subject: {_encoded(subject)}")
    text = _text(patch, sender)
    if not text.isascii():
        lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"]
    head = "\n".join(line.replace("\r", " ") for line in lines)
    # Only what would begin another mail: git am takes no escapes away.
    lines = [
        f">{line}" if FROM_LINE.match(line.encode("utf-8", "surrogateescape")) else line for line in text.split("\n")
    ]
    return head + "\n\n" + "\n".join(lines)


def _text(patch: Patch, sender: Person) -> str:
    written_by = [f"From: {person(patch.author)}", ""] if sender != patch.author and patch.author.address else []
    text = "".join(f"{line}\n" for line in (*written_by, *patch.body))
    if patch.diff or patch.below:
        text += "---\n" + "".join(f"{line}\n" for line in patch.below)
        if patch.diff and not (patch.below and not patch.below[-1].strip()):
            text += "\n"
    return text + patch.diff + ("" if _ends(patch.diff) else "-- \npatcher\n\n")


def _ends(diff: str) -> bool:
    """Whether a diff, as it was read, brings its signature and the empty line after it."""
    return "\n-- \n" in diff[-400:]


def mbox(patches: Iterable[Patch]) -> str:
    """Several mails as one mailbox."""
    return "".join(mail(patch) for patch in patches)
