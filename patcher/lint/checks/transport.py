"""Checks on the mail itself: what clients and servers do to patches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint.gate import C_FILES, has
from patcher.lint.job import Change, Message
from patcher.lint.model import Hit, Level
from patcher.lint.register import check

_FIX = {
    "charset": "send it as UTF-8",
    "truncated": "get the whole mail",
    "attachment": "send it inline, with git send-email",
    "html": "send plain text",
    "flowed": "turn format=flowed off, or use git send-email",
    "nul": "a kernel patch is text; look at where they come from",
    "crlf": "send it with LF line ends; git send-email does",
    "encoding": "use 7bit, 8bit, quoted-printable or base64",
    "nested": "send plain text",
    "too-large": "split the patch",
    "headers": "look at where they come from",
}


@check
def mail_format(job: Message) -> Iterator[Hit]:
    """What was wrong with the mail before any patch was looked at."""
    for problem in job.patch.problems:
        if problem.kind not in _FIX:
            continue  # of how the patch lies in the text: a rule of its own
        level = Level.WARNING if problem.kind in ("charset", "html") and job.diff.files and not job.diff.error else None
        yield Hit(f"the mail: {problem.detail}", job.mail(), _FIX.get(problem.kind, ""), level, problem.detail)


@check
def diff_malformed(job: Change) -> Iterator[Hit]:
    """A diff that cannot be parsed, and whether a mail client wrapped its lines."""
    diff = job.diff
    if not diff.error:
        return
    lines = diff.lines
    error_at = min(diff.error_at, len(lines) - 1)
    near = range(max(0, error_at - 40), error_at + 1)
    wrapped = next((index for index in near if _wrapped(lines, index)), None)
    index = error_at if wrapped is None else wrapped
    number = job.patch.diff_line + index if job.patch.path and job.patch.exact else 0
    text = lines[index]
    location = job.mail()._replace(line=number, excerpt=text[:400], column=1, width=len(text))
    if wrapped is not None:
        yield Hit("a mail client broke the lines of the diff", location, "send it with git send-email")
    else:
        yield Hit(f"the diff cannot be parsed ({diff.error[0].lower()}{diff.error[1:]})", location)


def _wrapped(lines: object, index: int) -> bool:
    """Whether a line of a hunk has no sign in front and follows one that has, as a wrapped one does."""
    assert isinstance(lines, list)
    line = lines[index]
    return (
        bool(re.match(r"[A-Za-z_(&|*{}\"]", line))
        and index > 0
        and lines[index - 1][:1] in "+- "
        and not re.match(r"diff |index |Index: |Binary |GIT |new |deleted |old |rename |similarity |copy ", line)
    )


@check(files=C_FILES)
def diff_whitespace(job: Change) -> Iterator[Hit]:
    """Tabs that a mail client turned into spaces, or spaces into no-break spaces."""
    for file in job.diff.files if has(job.patch.diff, ("        ", "\u00a0")) else ():
        if not file.path.endswith(C_FILES) or (job.misfits == () and job.context.base is not None):
            continue
        lines = [line for hunk in file.hunks for line in (*hunk.old, *hunk.new)]
        indented = [line for line in lines if line[:1] in (" ", "\t")]
        spaced = [line for line in indented if line.startswith("        ")]
        if len(spaced) >= 8 and len(spaced) == len([line for line in indented if not re.match(r" \*| {1,7}\S", line)]):
            yield Hit("its tabs have become spaces", job.file(file.path), "send it with git send-email", key="tabs")
        elif any(
            "\u00a0" in line and not line.strip().startswith(("*", "/*", "//")) and '"' not in line for line in lines
        ):
            yield Hit("it holds no-break spaces", job.file(file.path), "send it with git send-email", key="nbsp")
