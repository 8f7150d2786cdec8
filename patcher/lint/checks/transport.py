"""Checks on the mail itself: what clients and servers do to patches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lint import places
from patcher.lint.job import Job
from patcher.lint.model import Hit, Level

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


def mail_format(job: Job) -> Iterator[Hit]:
    """What was wrong with the mail before any patch was looked at."""
    for problem in job.patch.problems:
        level = Level.WARNING if problem.kind in ("charset", "html") and job.diff.files and not job.diff.error else None
        yield Hit(
            f"the mail: {problem.detail}", places.whole(job.patch), _FIX.get(problem.kind, ""), level, problem.detail
        )


def diff_malformed(job: Job) -> Iterator[Hit]:
    """A diff that cannot be parsed, and whether a mail client wrapped its lines."""
    diff = job.diff
    if not diff.error:
        return
    lines = diff.lines
    at = min(diff.error_at, len(lines) - 1)
    wrapped = next((each for each in range(max(0, at - 40), at + 1) if _wrapped(lines, each)), None)
    line = job.patch.diff_line + at if job.patch.path and job.patch.exact else 0
    place = places.whole(job.patch)._replace(line=line, excerpt=lines[at][:400], column=1, width=len(lines[at]))
    if wrapped is not None:
        place = place._replace(
            line=job.patch.diff_line + wrapped if line else 0, excerpt=lines[wrapped][:400], width=len(lines[wrapped])
        )
        yield Hit("a mail client broke the lines of the diff", place, "send it with git send-email")
    else:
        yield Hit(f"the diff cannot be parsed ({diff.error[0].lower()}{diff.error[1:]})", place)


def _wrapped(lines: object, at: int) -> bool:
    """Whether a line of a hunk has no sign in front and follows one that has, as a wrapped one does."""
    assert isinstance(lines, list)
    line = lines[at]
    return (
        bool(re.match(r"[A-Za-z_(&|*{}\"]", line))
        and at > 0
        and lines[at - 1][:1] in "+- "
        and not re.match(r"diff |index |Index: |Binary |GIT |new |deleted |old |rename |similarity |copy ", line)
    )


def diff_whitespace(job: Job) -> Iterator[Hit]:
    """Tabs that a mail client turned into spaces, or spaces into no-break spaces."""
    for file in job.diff.files:
        if not file.path.endswith((".c", ".h")) or (job.misfits == () and job.context.base is not None):
            continue
        lines = [line for hunk in file.hunks for line in (*hunk.old, *hunk.new)]
        indented = [line for line in lines if line[:1] in (" ", "\t")]
        spaced = [line for line in indented if line.startswith("        ")]
        if len(spaced) >= 8 and len(spaced) == len([line for line in indented if not re.match(r" \*| {1,7}\S", line)]):
            yield Hit(
                "its tabs have become spaces",
                places.diff(job.patch, file.path),
                "send it with git send-email",
                key="tabs",
            )
        elif any(
            "\u00a0" in line and not line.strip().startswith(("*", "/*", "//")) and '"' not in line for line in lines
        ):
            yield Hit(
                "it holds no-break spaces", places.diff(job.patch, file.path), "send it with git send-email", key="nbsp"
            )


CHECKS = (mail_format, diff_malformed, diff_whitespace)
